import { expect, test } from "vitest";
import type { Case } from "./case.ts";
import type { Outcome, Row } from "./measure.ts";
import { rowLines, summary } from "./report.ts";

const product: Case = {
  family: "matmul",
  name: "matmul 512",
  kind: "matmul",
  sizes: {},
  tolerance: 0,
  amount: { of: 2 * 512 ** 3, unit: "GFLOP/s" },
};

function outcome(team: string, threads: number, median: number): Outcome {
  const times = {
    median,
    min: median,
    quartiles: [median, median] as const,
    runs: 9,
  };
  return {
    contender: `${team}-${threads}`,
    team,
    threads,
    difference: 0,
    ...times,
    rate: product.amount!.of / median / 1e6,
  };
}

function row(heddle: readonly number[], torch: readonly number[]): Row {
  const outcomes = [
    ...heddle.map((time, i) => outcome("heddle", i + 1, time)),
    ...torch.map((time, i) => outcome("torch", i + 1, time)),
  ];
  return { case: product, outcomes, reference: 100 };
}

test("the ratio is of the best of either, over their numbers of threads", () => {
  // PyTorch's best is on one thread, Heddle's on two.
  expect(summary([row([10, 6], [8, 9])]).at(-1)).toBe(
    "| matmul 512 | 10.0 ms (26.8 GFLOP/s) | 6.00 ms (44.7 GFLOP/s) | 27% | 8.00 ms (33.6 GFLOP/s) | 9.00 ms (29.8 GFLOP/s) | 0.75 |",
  );
  expect(rowLines(row([10, 6], [8, 9]))).toContain(
    "  heddle's best ÷ PyTorch's best: 0.75",
  );
});

test("a row where Heddle is slower says so", () => {
  const slow = row([10, 6], [8, 3]);
  expect(summary([slow]).at(-1)).toMatch(/\| 2\.00, slower \|$/);
  expect(rowLines(slow)).toContain(
    "  heddle's best ÷ PyTorch's best: 2.00, slower",
  );
  expect(summary([row([3], [3])]).at(-1)).toMatch(/\| 1\.00 \|$/);
});

test("without PyTorch there is no ratio", () => {
  expect(summary([row([3], [])]).at(-1)).toMatch(/\| – \| – \| – \|$/);
  expect(rowLines(row([3], [])).join()).not.toContain("best ÷");
});
