/** Training with several seeds, with one augmentation or two: whether a difference is more than chance. */
import { textTable } from "@heddle/train/text";
import type { ColourSets } from "../colour_images/colour_images.ts";
import type { Figures, Run } from "../runner/example.ts";
import { lineChart, type Series } from "../runner/pictures/line_chart.ts";
import { mean, spread } from "../runner/statistics.ts";
import { errorPercent } from "../classification/predictions.ts";
import { type AugmentationName, augmentName } from "./augment.ts";
import { RECIPES } from "./networks/mod.ts";
import { train, type TrainSettings } from "./train.ts";

/** The results of one augmentation, by seed. */
interface Outcome {
  augment: string;
  trainErrorPercent: number[];
  testErrorPercent: number[];
  seconds: number[];
  /** Test errors by epoch, for each seed. */
  curves: { x: number[]; y: number[] }[];
}

/**
 * Trains with each augmentation and `count` seeds, starting at the settings' seed, each in its own folder, and compares
 * the test errors. With two augmentations, the margin is the difference of their mean errors, first minus second.
 */
export async function compare(
  count: number,
  augmentations: readonly (readonly AugmentationName[])[],
  settings: TrainSettings,
  sets: ColourSets,
  run: Run,
): Promise<Figures> {
  const seeds = Array.from({ length: count }, (_, i) => settings.seed + i);
  const outcomes: Outcome[] = augmentations.map((augment) => ({
    augment: augmentName(augment),
    ...{ trainErrorPercent: [], testErrorPercent: [], seconds: [], curves: [] },
  }));
  // Seed by seed, so that partial results are comparable.
  for (const seed of seeds) {
    for (const [i, augment] of augmentations.entries()) {
      const outcome = outcomes[i]!;
      run.print(`Seed ${seed}, augmentation ${outcome.augment}`);
      const folder = run.out.within(`${outcome.augment}/seed-${seed}`);
      const { history, tested } = await train({ ...settings, augment, seed }, sets, run, folder);
      outcome.testErrorPercent.push(errorPercent(tested));
      outcome.trainErrorPercent.push(history.values("errorPercent").at(-1)!);
      outcome.seconds.push(history.values("seconds").reduce((sum, value) => sum + value, 0));
      outcome.curves.push(history.curve("testErrorPercent"));
      run.print();
    }
  }
  const summaries = outcomes.map(({ curves: _, ...outcome }) => ({
    ...outcome,
    mean: mean(outcome.testErrorPercent),
    ...spread(outcome.testErrorPercent),
  }));
  const percent = (value: number): string => `${value.toFixed(2)}%`;
  run.print(textTable(["", ...summaries.map(({ augment }) => `test error, ${augment}`)], [
    ...seeds.map((
      seed,
      i,
    ) => [`seed ${seed}`, ...summaries.map(({ testErrorPercent }) => percent(testErrorPercent[i]!))]),
    ...(count > 1 ? ["mean", "worst", "median", "best"] as const : []).map((name) => [
      name,
      ...summaries.map((summary) => percent(summary[name])),
    ]),
  ]));
  const [first, second] = summaries;
  const margin = second === undefined ? {} : {
    marginPercent: first!.mean - second.mean,
    bestOfFirstMinusWorstOfSecond: first!.best - second.worst,
  };
  if (second !== undefined) {
    run.print(
      `\nThe error with ${second.augment} is ${(first!.mean - second.mean).toFixed(2)} points lower than with ${
        first!.augment
      }.`,
    );
  }
  run.out.picture("compare.svg", chart(RECIPES[settings.model].title, seeds.length, outcomes));
  return { seeds, outcomes: summaries, ...margin };
}

/** The mean over the seeds of each augmentation, with the range from the best to the worst. */
function chart(title: string, seeds: number, outcomes: readonly Outcome[]): string {
  const series = outcomes.map(({ augment, curves }): Series => {
    // Early stopping makes some curves shorter.
    const epochs = curves.map(({ x }) => x).reduce((a, b) => a.length <= b.length ? a : b);
    const columns = epochs.map((_, i) => curves.map(({ y }) => y[i]!));
    const band = {
      low: columns.map((errors) => Math.min(...errors)),
      high: columns.map((errors) => Math.max(...errors)),
    };
    return { name: `augmentation ${augment}`, x: epochs, y: columns.map(mean), band, marks: true };
  });
  return lineChart({
    title: `${title}: test error, ${seeds === 1 ? "one seed" : `mean and range of ${seeds} seeds`}`,
    x: { label: "epoch", whole: true },
    y: { label: "test error (%)" },
    series,
  });
}
