/** Several ways to learn classes from few examples, compared. */
import type { Layer } from "@heddle/nn";
import { Generator, manualSeed } from "@heddle/tensor";
import { predict } from "../classification/predict.ts";
import { errorPercent } from "../classification/predictions.ts";
import { type ClassifierSettings, trainClassifier } from "../digits/classifier.ts";
import type { Digits } from "../digits/digits.ts";
import type { Run } from "../runner/example.ts";
import { OptionError } from "../runner/options.ts";
import { mean } from "../runner/statistics.ts";
import type { Result } from "./report.ts";

/** A way to learn. */
export interface Way {
  readonly name: string;
  /** The initial learning rate; it falls to 0. */
  readonly lr: number;
  /** A network that is ready to learn: the parameters that require gradients are trained. */
  begin(): Layer;
}

/** What all ways get. */
export interface Trials extends Omit<ClassifierSettings, "lr" | "parameters"> {
  /** Examples per class. */
  readonly sizes: readonly number[];
  readonly repeats: number;
  readonly seed: number;
  /** A choice of so many examples per class. */
  draw(perClass: number, generator: Generator): Digits;
  readonly test: Digits;
  readonly advance: (text: string) => void;
  /** Draws the results so far, after each number of examples. */
  readonly show: (results: readonly Result[]) => void;
}

/**
 * The numbers of examples per class that the data suffice for.
 *
 * @throws OptionError if they suffice for none
 */
export function sizesWithin(sizes: readonly number[], available: number): number[] {
  const found = sizes.filter((size) => size <= available);
  if (found.length > 0) return found;
  throw new OptionError(
    `--limit leaves ${Math.floor(available)} training images of each new class; at least ${
      sizes[0]
    } are needed, so raise it`,
  );
}

/** Learns in each way from each number of examples, prints a row for each, and returns the errors and the last network of each way. */
export async function compareWays(
  ways: readonly Way[],
  { sizes, repeats, seed, draw, test, advance, show, ...settings }: Trials,
  run: Run,
): Promise<{ results: Result[]; networks: Layer[] }> {
  const table = run.table(["a class", ...ways.map(({ name }) => name)]);
  const results: Result[] = [], networks: Layer[] = [];
  for (const perClass of sizes) {
    const row = ways.map(({ name }): Result => ({ perClass, way: name, trained: 0, errors: [], mean: NaN }));
    for (let i = 0; i < repeats; i++) {
      // All ways learn from the same examples.
      const few = draw(perClass, new Generator(seed + i));
      for (const [w, { name, lr, begin }] of ways.entries()) {
        manualSeed(seed + i);
        const network = begin().to(run.device);
        const parameters = network.parameters().filter(({ requiresGrad }) => requiresGrad);
        await trainClassifier(
          network,
          few,
          { ...settings, lr, parameters },
          () => advance(`${perClass} per class, ${name}`),
        );
        row[w]!.trained = parameters.reduce((sum, { numel }) => sum + numel, 0);
        row[w]!.errors.push(errorPercent(await predict(network, test)));
        networks[w] = network;
      }
    }
    for (const result of row) result.mean = mean(result.errors);
    results.push(...row);
    show(results);
    table.row(perClass, ...row.map((result) => `${result.mean.toFixed(2)}%`));
  }
  return { results, networks };
}
