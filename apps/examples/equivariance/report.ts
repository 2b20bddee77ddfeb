/** The table and the pictures of the comparison. */
import { noGrad } from "@heddle/autograd";
import { cat, stack, tidy } from "@heddle/tensor";
import { textTable } from "@heddle/train/text";
import { batchPixels, type Digits } from "../digits/digits.ts";
import { scientific } from "../runner/numbers.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { greyPixels, mosaic, type Pixels } from "../runner/pictures/png.ts";
import { median, spread } from "../runner/statistics.ts";
import { MODELS, type RotationNetwork } from "./network.ts";
import type { Outcome, Sets } from "./train.ts";
import { rotatedByQuarters, rotatedMaps } from "./rotated.ts";

/** Digits per row. */
const SHOWN = 16;
/** Feature maps per row. */
const MAPS = 8;

/** Test digits upright and rotated in both ways. */
export async function rotatedPage({ upright, anyAngle, quarterTurns }: Sets): Promise<string> {
  const indices = Array.from({ length: Math.min(SHOWN, upright.length) }, (_, i) => i);
  const rows: Pixels[] = [];
  for (const digits of [upright, anyAngle, quarterTurns]) {
    const [images, labels] = digits.getBatch!(indices);
    rows.push(...await batchPixels(images));
    for (const tensor of [images, labels]) tensor.dispose();
  }
  return imageGrid({
    title: "Test digits",
    subtitle: "upright; rotated by any angle; rotated by 90°, 180° or 270°",
    images: [{ pixels: mosaic(rows, indices.length, 4) }],
    columns: 1,
  });
}

/**
 * The maps of a digit, the same maps rotated by 90°, and the maps of the rotated digit: in an equivariant network the
 * last two rows are equal.
 */
export async function mapsPage(network: RotationNetwork, digits: Digits): Promise<string> {
  const [images, labels] = digits.getBatch!([0]);
  network.eval();
  const parts = noGrad(() =>
    tidy(() => {
      const turnedImage = rotatedByQuarters(images, 1);
      const maps = network.maps(images), found = network.maps(turnedImage);
      const expected = rotatedMaps(maps);
      const difference = found.sub(expected).abs().amax().div(maps.amax());
      // The channels that respond most to this digit.
      const [, channels, order] = maps.shape as [number, number, number];
      const best = maps.std([0, 2, 3, 4]).topk(Math.min(channels, MAPS / order)).indices;
      // Each channel from white, its minimum, to black; its orientations and rows share one scale.
      const shown = stack([maps, expected, found]).squeeze(1).indexSelect(1, best);
      const least = shown.amin([0, 2, 3, 4], { keepdim: true }), most = shown.amax([0, 2, 3, 4], { keepdim: true });
      const shades = shown.sub(least).div(most.sub(least).add(1e-12)).flatten(1, 2);
      return { seen: cat([images, turnedImage, turnedImage]), shades, difference };
    })
  );
  network.train();
  const seen = await batchPixels(parts.seen);
  const shades = await parts.shades.data("float32");
  const [difference] = await parts.difference.data("float32");
  const [, count, height, width] = parts.shades.shape as [number, number, number, number];
  for (const tensor of [images, labels, ...Object.values(parts)]) tensor.dispose();
  const rows = ["digit", "expected", "found"].flatMap((caption, row) => {
    const maps = Array.from({ length: count }, (_, i) => {
      const from = (row * count + i) * height * width;
      const values = shades.subarray(from, from + height * width);
      return { pixels: greyPixels(values, { width, height }, { invert: true }) };
    });
    return [{ pixels: seen[row]!, caption }, ...maps];
  });
  const share = difference! < 1e-3 ? scientific(difference!) : difference!.toFixed(2);
  return imageGrid({
    title: `${network.title}: feature maps of a digit and of the rotated digit`,
    subtitle:
      `expected: the maps of the digit, rotated too; found: the maps of the rotated digit; they differ by up to ${share}, ` +
      `where 1 is the largest value`,
    images: rows,
    columns: count + 1,
    scale: 3,
  });
}

/** Test error by epoch: the median over the seeds, with the range from the best to the worst. */
export function errorChart(outcomes: readonly Outcome[], learn: "rotated" | "upright"): string {
  const own = MODELS.map((model) => outcomes.filter((outcome) => outcome.model === model));
  const least = Math.min(...outcomes.flatMap(({ curve }) => curve));
  return lineChart({
    title: `Test error on digits rotated by any angle${learn === "upright" ? ", learned upright" : ""}`,
    x: { label: "epoch", whole: true },
    y: least > 0 ? { label: "test error (%)", scale: "log" } : { label: "test error (%)", include: 0 },
    series: own.filter(({ length }) => length > 0).map((runs) => {
      const epochs = runs[0]!.curve.map((_, i) => i + 1);
      const spreads = epochs.map((epoch) => spread(runs.map(({ curve }) => curve[epoch - 1]!)));
      return {
        name: runs[0]!.model,
        x: epochs,
        y: spreads.map(({ median }) => median),
        band: { low: spreads.map(({ best }) => best), high: spreads.map(({ worst }) => worst) },
        marks: true,
      };
    }),
  });
}

/** The results of all trainings of one network. */
export interface Summary extends Omit<Outcome, "curve" | "seed"> {
  /** By training, on digits rotated by any angle. */
  errors: number[];
}

/** The medians over the seeds; the largest value of `turnDifference`. */
export function summary(outcomes: readonly Outcome[]): Summary {
  const { model, parameters, paper } = outcomes[0]!;
  const middle = (value: (outcome: Outcome) => number): number => median(outcomes.map(value));
  return {
    ...{ model, parameters, paper },
    upright: middle(({ upright }) => upright),
    anyAngle: middle(({ anyAngle }) => anyAngle),
    quarterTurns: middle(({ quarterTurns }) => quarterTurns),
    turnDifference: Math.max(...outcomes.map(({ turnDifference }) => turnDifference)),
    seconds: middle(({ seconds }) => seconds),
    errors: outcomes.map(({ anyAngle }) => anyAngle),
  };
}

/** One row per network. */
export function resultTable(results: readonly Summary[]): string {
  const percent = (value: number): string => `${value.toFixed(2)}%`;
  return textTable(
    [
      "network",
      "parameters",
      "upright",
      "any angle",
      "quarter turns",
      "a turn changes",
      "seconds",
      "paper, 12,000 rotated",
    ],
    results.map((result) => [
      ...[result.model, result.parameters, percent(result.upright), percent(result.anyAngle)],
      ...[percent(result.quarterTurns), result.turnDifference.toExponential(0), result.seconds.toFixed(1)],
      result.paper === null ? "" : percent(result.paper),
    ]),
  );
}
