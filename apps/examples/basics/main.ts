// The basics in code: runs all examples of this folder and collects their results on one page.
import { manualSeed, scope } from "@heddle/tensor";
import { GrowingTable } from "@heddle/train/text";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { choice, type Option, type RunOptions, runOptions } from "../runner/options.ts";
import { approximation } from "./approximation.ts";
import { backpropByHand } from "./backprop_by_hand.ts";
import type { Basic } from "./basic.ts";
import { equivariance1d } from "./equivariance_1d.ts";
import { evaluation } from "./evaluation.ts";
import { generativeClassifier } from "./generative_classifier.ts";
import { linearRegression } from "./linear_regression.ts";
import { logisticRegression } from "./logistic_regression.ts";
import { nearestNeighbours } from "./nearest_neighbours.ts";
import { optimisers } from "./optimisers.ts";
import { page } from "./pages.ts";
import { perceptron } from "./perceptron.ts";
import { polynomialRegression } from "./polynomial_regression.ts";
import { regularisation } from "./regularisation.ts";
import { svm } from "./svm.ts";
import { tensors } from "./tensors.ts";
import { xor } from "./xor.ts";

/** The examples in the order of a course. */
export const EXAMPLES: readonly Basic[] = [
  tensors,
  linearRegression,
  polynomialRegression,
  nearestNeighbours,
  generativeClassifier,
  perceptron,
  svm,
  logisticRegression,
  xor,
  approximation,
  backpropByHand,
  optimisers,
  regularisation,
  evaluation,
  equivariance1d,
];

interface BasicsOptions extends RunOptions {
  only: Option<string>;
}

/** The example; `start` runs it if this file is the main module. */
export const basics: Example<BasicsOptions> = {
  name: "basics",
  command: "deno task basics",
  about: "From tensors to backpropagation: short examples, and one page with all results.",
  page,
  options: {
    only: choice(["all", ...EXAMPLES.map(({ name }) => name)], { help: "run only this one", default: "all" }),
    ...runOptions({ name: "basics", data: "generated digits" }),
  },

  async run(options, run) {
    const chosen = EXAMPLES.filter(({ name }) => options.only === "all" || options.only === name);
    const seconds: { example: string; seconds: number }[] = [];
    const results: Record<string, unknown> = {};
    for (const [i, { name, about, page: plan, run: runExample }] of chosen.entries()) {
      run.print(`\n[${i + 1}/${chosen.length}] ${name}: ${about}\n`);
      manualSeed(options.seed);
      const out = run.out.within(name);
      const lines: string[] = [];
      const print = (text = ""): void => {
        lines.push(text);
        run.print(text);
      };
      const started = performance.now();
      // Frees the digits of one example before the next loads its own.
      using _ = scope();
      results[name] = await runExample(options, {
        ...run,
        out,
        print,
        table: (titles) => new GrowingTable(titles, print),
      });
      seconds.push({ example: name, seconds: +((performance.now() - started) / 1000).toFixed(2) });
      const figures = results[name] as Record<string, unknown>;
      run.out.section(name, out, { plan, figures, said: lines.join("\n") });
      run.showSoFar();
    }
    const total = seconds.reduce((sum, each) => sum + each.seconds, 0);
    run.print(`\n${chosen.length} examples in ${total.toFixed(1)} s`);
    return { ...deviceFigures(run.device), seconds: total, examples: seconds, ...results };
  },
};

await start(import.meta.url, basics);
