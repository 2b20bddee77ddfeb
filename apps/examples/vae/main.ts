// A variational autoencoder of digits: encodes images as a few numbers, and decodes any such numbers into images.
import { DataLoader } from "@heddle/data";
import { Adam } from "@heddle/optim";
import { encode } from "@heddle/store";
import { keep, randn } from "@heddle/tensor";
import { fit } from "@heddle/train";
import { type Digits, loadDigits } from "../digits/digits.ts";
import { Filmstrip } from "../digits/filmstrip.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import {
  type CheckpointOptions,
  checkpointOptions,
  type CommonOptions,
  commonOptions,
  integer,
  type Option,
} from "../runner/options.ts";
import { recorded, whole } from "../runner/recorded.ts";
import { between, drawReport, generated } from "./report.ts";
import { Vae } from "./vae.ts";
import { page } from "./page.ts";

interface VaeOptions extends CommonOptions, CheckpointOptions {
  latent: Option<number>;
}

/** Images in a row of the film strips. */
const SHOWN = 16;

/** The example; `start` runs it if this file is the main module. */
export const vae: Example<VaeOptions> = {
  name: "vae",
  about: "Trains a variational autoencoder on handwritten digits and draws new ones.",
  page,
  options: {
    latent: integer({ help: "dimension of the codes; 2 also draws the map of all codes", default: 20, min: 1 }),
    ...checkpointOptions(),
    ...commonOptions({ name: "vae", epochs: 20, batch: 128, lr: 1e-3, data: "generated digits" }),
  },

  async run(options, run) {
    const { latent, seed, dryRun } = options;
    const about = { latent, seed, batch: options.batch ?? 128, lr: options.lr ?? 1e-3 };
    const epochs = dryRun ? 1 : options.epochs;
    const { train, test, source } = await loadDigits(options.data, dryRun ? about.batch : options.limit);
    const network = new Vae(latent);
    network.to(run.device);
    run.print(`${source}\nVAE with codes of ${latent} on device "${run.device.name}", seed ${seed}\n`);

    const loader = new DataLoader(train, { batchSize: about.batch, shuffle: true });
    // The same codes after every epoch: random ones, and those between two test digits.
    const drawn = keep(randn([SHOWN, latent]));
    const [first, second] = differentDigits(test);
    const samples = new Filmstrip(), interpolations = new Filmstrip();
    const history = whole(
      await fit(network, loader, {
        // The negative ELBO of an image, and its terms.
        step(_, [images]) {
          const count = images.shape[0]!, cost = network.cost(images);
          const loss = cost.reconstruction.add(cost.divergence).div(count);
          const figures = { reconstruction: cost.reconstruction.div(count), divergence: cost.divergence.div(count) };
          return { loss, figures, weight: count };
        },
        ...{ optimizer: new Adam(network.parameters(), { lr: about.lr }), epochs },
        validation: new DataLoader(test, { batchSize: 500 }),
        async evaluate(_, epoch) {
          samples.add(`epoch ${epoch}`, await generated(network, drawn));
          interpolations.add(`epoch ${epoch}`, await between(network, test, first, second, SHOWN));
          return {};
        },
        ...recorded(run, {
          about: { example: "vae", samples: train.length, ...about },
          ...{ resume: options.resume, checkpointEvery: options.checkpointEvery, parts: { samples, interpolations } },
          draw: (history) => drawReport({ out: run.out, network, latent, test, history, samples, interpolations }),
          row: ({ epoch, loss, validationLoss, validationReconstruction, validationDivergence }) => ({
            epoch,
            "train ELBO": (-loss).toFixed(2),
            "test ELBO": (-(validationLoss as number)).toFixed(2),
            reconstruction: (validationReconstruction as number).toFixed(2),
            divergence: (validationDivergence as number).toFixed(2),
          }),
        }),
      }),
    );

    await drawReport({ out: run.out, network, latent, test, history, samples, interpolations });
    const weights = await encode(network, {
      format: "safetensors",
      metadata: { model: `vae ${latent}`, framework: "heddle" },
    });
    run.out.file("vae.safetensors", weights, "the weights, in the safetensors format");
    const last = (name: string): number => history.values(name).at(-1)!;
    return {
      latent,
      ...deviceFigures(run.device),
      epochs,
      steps: history.losses.length,
      testElbo: history.values("validationLoss").map((loss) => -loss),
      reconstruction: last("validationReconstruction"),
      divergence: last("validationDivergence"),
    };
  },
};

/** The first test digit, and the first one of another class. */
function differentDigits(digits: Digits): [number, number] {
  for (let other = 1; other < digits.length; other++) if (digits.get(other)[1] !== digits.get(0)[1]) return [0, other];
  return [0, 0];
}

await start(import.meta.url, vae);
