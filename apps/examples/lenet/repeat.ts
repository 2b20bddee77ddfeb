/** Training with several seeds: how much the test error varies. */
import { textTable } from "@heddle/train/text";
import type { DigitSets } from "../digits/digits.ts";
import type { Figures, Run } from "../runner/example.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { spread } from "../runner/statistics.ts";
import { OptionError } from "../runner/options.ts";
import { RECIPES } from "./networks/mod.ts";
import { train, type TrainSettings } from "./train.ts";

/**
 * Trains with `count` seeds, starting at the settings' seed, each in its own folder, and summarises the test errors.
 */
export async function repeat(count: number, settings: TrainSettings, sets: DigitSets, run: Run): Promise<Figures> {
  const seeds = Array.from({ length: count }, (_, i) => settings.seed + i);
  const curves: number[][] = [], seconds: number[] = [];
  for (const seed of seeds) {
    run.print(`Seed ${seed}`);
    const { history, ending } = await train({ ...settings, seed }, sets, run, run.out.within(`seed-${seed}`));
    if (ending === "interrupted") throw new OptionError("interrupted; --resume goes on");
    curves.push(history.testErrorPercent);
    seconds.push(history.secondsPerEpoch.reduce((sum, value) => sum + value, 0));
    run.print();
  }
  const errors = curves.map((curve) => curve.at(-1)!);
  const { worst, median, best } = spread(errors);
  const percent = (value: number): string => `${value.toFixed(2)}%`;
  run.print(textTable(["seed", "test error", "seconds"], [
    ...seeds.map((seed, i) => [String(seed), percent(errors[i]!), seconds[i]!.toFixed(1)]),
    ["worst", percent(worst), ""],
    ["median", percent(median), ""],
    ["best", percent(best), ""],
  ]));
  run.out.picture("repeat.svg", repeatChart(settings, seeds, curves));
  return { seeds, seconds, testErrorPercent: errors, worst, median, best };
}

/** The median over the seeds, with the range from the best to the worst. */
function repeatChart(settings: TrainSettings, seeds: readonly number[], curves: readonly number[][]): string {
  const epochs = curves[0]!.map((_, i) => i + 1);
  const spreads = epochs.map((epoch) => spread(curves.map((curve) => curve[epoch - 1]!)));
  const band = { low: spreads.map(({ best }) => best), high: spreads.map(({ worst }) => worst) };
  const log = Math.min(...band.low) > 0;
  return lineChart({
    title: `${RECIPES[settings.model].title}: test error over ${seeds.length} seeds`,
    x: { label: "epoch", whole: true },
    y: log ? { label: "test error (%)", scale: "log" } : { label: "test error (%)", include: 0 },
    series: [{
      name: "median, with the range from the best to the worst",
      x: epochs,
      y: spreads.map(({ median }) => median),
      band,
      marks: true,
    }],
  });
}
