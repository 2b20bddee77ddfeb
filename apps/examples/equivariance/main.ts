// Compares rotation-equivariant convolutions (p4, p4m) with plain ones.
import { loadDigits } from "../digits/digits.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { choice, type CommonOptions, commonOptions, integer, type Option } from "../runner/options.ts";
import { type ModelName, MODELS } from "./network.ts";
import { page } from "./page.ts";
import { errorChart, mapsPage, resultTable, rotatedPage, summary } from "./report.ts";
import { type Outcome, type Sets, train } from "./train.ts";
import { rotated } from "./rotated.ts";

interface EquivarianceOptions extends CommonOptions {
  model: Option<"all" | ModelName>;
  learn: Option<"rotated" | "upright">;
  repeat: Option<number>;
  testLimit: Option<number | null>;
  limit: Option<number>;
}

/** Digits that are tested after each epoch, for the curves. */
const WATCHED = 1_000;

/** The example; `start` runs it if this file is the main module. */
export const equivariance: Example<EquivarianceOptions> = {
  name: "equivariance",
  about: "Compares a convnet with p4 and p4m networks of similar size on rotated digits.",
  page,
  options: {
    model: choice(["all", ...MODELS], { help: "the network", default: "all" }),
    learn: choice(["rotated", "upright"], {
      help: "training digits: rotated by any angle, or upright",
      default: "rotated",
    }),
    repeat: integer({ help: "trainings of each network, with seeds from --seed on", default: 1, min: 1 }),
    ...commonOptions({
      name: "equivariance",
      epochs: 8,
      batch: 50,
      lr: 0.005,
      data: "generated digits",
    }),
    limit: integer({ help: "use at most N training digits; the paper has 12,000", default: 2_000, min: 1 }),
    testLimit: integer({ help: "use at most N test digits", default: null, min: 1, shown: "all" }),
  },

  async run(options, run) {
    const { seed, learn, dryRun } = options;
    const batch = options.batch ?? 50, lr = options.lr ?? 0.005;
    const models = options.model === "all" ? MODELS : [options.model];
    const epochs = dryRun ? 1 : options.epochs, repeats = dryRun ? 1 : options.repeat;
    const { train: digits, test, source } = await loadDigits(options.data, dryRun ? batch : null);
    const tests = options.testLimit ?? Infinity;
    const sets: Sets = {
      train: await rotated(digits, learn === "rotated" ? "any angle" : "upright", options.limit, seed),
      upright: await rotated(test, "upright", tests, seed + 1),
      anyAngle: await rotated(test, "any angle", tests, seed + 1),
      quarterTurns: await rotated(test, "quarter turns", tests, seed + 1),
      watched: await rotated(test, "any angle", Math.min(WATCHED, tests), seed + 1),
    };
    const count = ({ length }: { length: number }): string => length.toLocaleString("en-US");
    const learned = learn === "rotated" ? "digits rotated by any angle" : "upright digits";
    run.print(source);
    run.print(`Used: ${count(sets.train)} ${learned} for training, ${count(sets.upright)} for testing.`);
    run.print(
      `Device "${run.device.name}", ${repeats > 1 ? `seeds ${seed} to ${seed + repeats - 1}` : `seed ${seed}`}\n`,
    );

    run.out.picture("turned.svg", await rotatedPage(sets));
    const steps = epochs * Math.ceil(sets.train.length / batch);
    const progress = run.progress(models.length * repeats * steps);
    const outcomes: Outcome[] = [];
    // Seed by seed, so that partial results are comparable.
    for (let i = 0; i < repeats; i++) {
      for (const model of models) {
        const { network, outcome } = await train({ model, seed: seed + i, epochs, batch, lr }, sets, run, progress);
        outcomes.push(outcome);
        if (i === 0) run.out.picture(`maps-${model}.svg`, await mapsPage(network, sets.upright));
        run.out.picture("error.svg", errorChart(outcomes, learn));
        run.showSoFar();
      }
    }
    progress.end();
    const results = models.map((model) => summary(outcomes.filter((outcome) => outcome.model === model)));
    run.print(resultTable(results));
    return { ...deviceFigures(run.device), learn, digits: sets.train.length, epochs, results };
  },
};

await start(import.meta.url, equivariance);
