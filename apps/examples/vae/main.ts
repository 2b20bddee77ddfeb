// A variational autoencoder of digits: encodes images as a few numbers, and decodes any such numbers into images.
import { noGrad } from "@heddle/autograd";
import { DataLoader } from "@heddle/data";
import { Adam } from "@heddle/optim";
import { encode } from "@heddle/store";
import { keep, randn, scope, stack, tidy } from "@heddle/tensor";
import { plainState } from "@heddle/train";
import { type Digits, loadDigits } from "../digits/digits.ts";
import { Filmstrip } from "../digits/filmstrip.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { Metrics } from "../runner/metrics.ts";
import {
  type CheckpointOptions,
  checkpointOptions,
  type CommonOptions,
  commonOptions,
  integer,
  type Option,
} from "../runner/options.ts";
import { checkpointIn, resumeFrom } from "../runner/resume.ts";
import { page } from "./page.ts";
import { between, drawReport, generated } from "./report.ts";
import { Vae } from "./vae.ts";

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
    const optimizer = new Adam(network.parameters(), { lr: about.lr });
    // The same codes after every epoch: random ones, and those between two test digits.
    const drawn = keep(randn([SHOWN, latent]));
    const [first, second] = differentDigits(test);
    const metrics = new Metrics(run.out);
    const samples = new Filmstrip(), interpolations = new Filmstrip();
    const tally = { steps: 0, reconstruction: 0, divergence: 0 };
    const checkpoint = checkpointIn(run.out, { example: "vae", samples: train.length, ...about }, {
      network,
      optimizer,
      loader,
      metrics,
      samples,
      interpolations,
      tally: plainState(tally),
    });
    if (options.resume) await resumeFrom(checkpoint, run);

    const progress = run.progress(epochs * loader.length, tally.steps);
    const table = run.table(["epoch", "train ELBO", "test ELBO", "reconstruction", "divergence"]);
    for (let epoch = loader.epoch + 1; epoch <= epochs; epoch++) {
      for (const [images] of loader) {
        {
          using _ = scope();
          const { reconstruction, divergence } = network.cost(images);
          const loss = reconstruction.add(divergence).div(images.shape[0]!);
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
          const costs = await stack([reconstruction.detach(), divergence.detach()]).data("float32");
          tally.reconstruction += costs[0]!;
          tally.divergence += costs[1]!;
          const each = (costs[0]! + costs[1]!) / images.shape[0]!;
          progress.advance(`epoch ${epoch}/${epochs}  ELBO ${(-each).toFixed(1)}`);
        }
        if (++tally.steps % (options.checkpointEvery ?? Infinity) === 0) await checkpoint.save();
      }
      progress.say(`epoch ${epoch}/${epochs}  testing`);
      const trainElbo = -(tally.reconstruction + tally.divergence) / train.length;
      const { elbo, reconstruction, divergence } = await testCost(network, test);
      metrics.add({ step: tally.steps, epoch, trainElbo, testElbo: elbo, reconstruction, divergence });
      samples.add(`epoch ${epoch}`, await generated(network, drawn));
      interpolations.add(`epoch ${epoch}`, await between(network, test, first, second, SHOWN));
      {
        using _ = scope();
        await drawReport({ out: run.out, network, latent, test, metrics, samples, interpolations });
      }
      table.row(epoch, ...[trainElbo, elbo, reconstruction, divergence].map((value) => value.toFixed(2)));
      tally.reconstruction = tally.divergence = 0;
      await checkpoint.save();
    }
    progress.end();

    await drawReport({ out: run.out, network, latent, test, metrics, samples, interpolations });
    const weights = await encode(network, {
      format: "safetensors",
      metadata: { model: `vae ${latent}`, framework: "heddle" },
    });
    run.out.file("vae.safetensors", weights, "the weights, in the safetensors format");
    const last = (name: string): number => metrics.values(name).at(-1)!;
    return {
      latent,
      ...deviceFigures(run.device),
      epochs,
      steps: tally.steps,
      testElbo: metrics.values("testElbo"),
      reconstruction: last("reconstruction"),
      divergence: last("divergence"),
    };
  },
};

/** The mean loss terms of the test digits and the ELBO, in nats. */
async function testCost(
  network: Vae,
  digits: Digits,
): Promise<{ elbo: number; reconstruction: number; divergence: number }> {
  let reconstruction = 0, divergence = 0;
  for (const [images] of new DataLoader(digits, { batchSize: 500 })) {
    const costs = noGrad(() =>
      tidy(() => {
        const cost = network.cost(images);
        return stack([cost.reconstruction, cost.divergence]);
      })
    );
    const [r, d] = await costs.data("float32");
    costs.dispose();
    reconstruction += r! / digits.length;
    divergence += d! / digits.length;
  }
  return { elbo: -reconstruction - divergence, reconstruction, divergence };
}

/** The first test digit, and the first one of another class. */
function differentDigits(digits: Digits): [number, number] {
  for (let other = 1; other < digits.length; other++) if (digits.get(other)[1] !== digits.get(0)[1]) return [0, other];
  return [0, 0];
}

await start(import.meta.url, vae);
