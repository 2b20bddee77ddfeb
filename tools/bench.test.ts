import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { Case } from "../bench/case.ts";
import { heddle, ownRuntime } from "../bench/contenders.ts";
import { ContenderProcess } from "../bench/contender_process.ts";
import { readBatches, writeDigits } from "../bench/digit_batches.ts";
import { families } from "../bench/families/mod.ts";
import { gpuCosts } from "../bench/gpu_costs.ts";
import { uniform } from "../bench/inputs.ts";
import { measure } from "../bench/measure.ts";
import { best, duration, gpuSummary, rowLines } from "../bench/report.ts";
import { sample } from "../bench/serve.ts";
import { difference, median, quartiles } from "../bench/statistics.ts";

const scratch = mkdtempSync(join(tmpdir(), "heddle-bench-test-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A minimal contender, which returns `outputs` for every case and takes `ms` for it. */
function fake(name: string, outputs: number[], ms: number): ContenderProcess {
  const script = join(scratch, `${name}.mjs`);
  writeFileSync(
    script,
    `import { writeFileSync } from "node:fs"; import { createInterface } from "node:readline"; import process from "node:process";
console.log("a greeting");
createInterface({ input: process.stdin }).on("line", (line) => {
  const question = JSON.parse(line);
  if (question.do === "check") writeFileSync(question.file, new Uint8Array(Float32Array.from(${
      JSON.stringify(outputs)
    }).buffer));
  const answer = question.do === "time" ? { times: [${ms}, ${ms}, ${
      3 * ms
    }] } : question.do === "reference" ? { times: [2] } : question.do === "costs" ? { costs: ${
      JSON.stringify({ kernels: 32, submits: 1, recording: 4.5, thread: null })
    } } : {};
  console.log(JSON.stringify({ answer }));
});`,
  );
  const args = ownRuntime() === "deno" ? ["run", "-A", "--no-config", script] : [script];
  return new ContenderProcess({ name, team: name, threads: 1, command: process.execPath, args, cwd: scratch });
}

const tiny: Case = {
  family: "matmul",
  name: "matmul 3×4 to 5",
  kind: "matmul",
  sizes: { m: 3, k: 4, n: 5, right: true },
  tolerance: 1e-6,
  amount: { of: 2 * 3 * 4 * 5, unit: "GFLOP/s" },
};

describe("statistics", () => {
  test("median of an odd and an even number of values", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quartiles([5, 4, 3, 2, 1])).toEqual([2, 4]);
  });

  test("differences are shares of the largest value", () => {
    expect(difference(Float32Array.of(1, 2.5), Float32Array.of(1, 2))).toBe(0.25);
    expect(difference(Float32Array.of(1, 2.5), Float32Array.of(1, 2), 4)).toBe(0.125);
    expect(difference(Float32Array.of(0), Float32Array.of(0))).toBe(0);
    expect(difference(Float32Array.of(NaN), Float32Array.of(1))).toBe(Infinity);
    expect(difference(Float32Array.of(1), Float32Array.of(1, 2))).toBe(Infinity);
  });
});

describe("cases", () => {
  test("have names of their own", () => {
    const names = families.flatMap((family) => family.cases.map((of) => of.name));
    expect(new Set(names).size).toBe(names.length);
  });

  test("inputs are spread over -1 to 1 and differ by seed", () => {
    const [a, b] = [uniform(1, 10_000), uniform(2, 10_000)];
    const mean = a.reduce((sum, value) => sum + value, 0) / a.length;
    const square = a.reduce((sum, value) => sum + value * value, 0) / a.length;
    const product = a.reduce((sum, value, i) => sum + value * b[i]!, 0) / a.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(square - 1 / 3)).toBeLessThan(0.02);
    expect(Math.abs(product)).toBeLessThan(0.02);
  });

  test("without MNIST the digits are random, with labels from 0 to 9", () => {
    const file = join(scratch, "digits");
    expect(writeDigits(file, join(scratch, "nowhere"))).toContain("random");
    const batches = readBatches(file, 100);
    expect(batches.length).toBe(10);
    const labels = new Set(batches.flatMap(({ labels }) => [...labels]));
    expect([...labels].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(batches[9]!.images.length).toBe(78_400);
  });
});

test("work is run until its time is over, once at least", async () => {
  let runs = 0;
  const work = { run: () => void runs++, outputs: () => [] };
  expect((await sample(work, 0)).length).toBe(1);
  expect((await sample(work, 0.01)).length).toBe(runs - 1);
  expect(runs).toBeGreaterThan(2);
});

test("what a GPU's kernels cost is counted at WebGPU's own methods, which are themselves again afterwards", async () => {
  const names = ["GPUQueue", "GPUComputePassEncoder"] as const;
  const own = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  class Queue {
    submit(): void {}
  }
  class Pass {
    dispatchWorkgroups(): void {}
  }
  const { submit } = Queue.prototype;
  let clock = 0;
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock);
  const wait = (ms: number): void => void (clock += ms);
  [Queue, Pass].forEach((value, i) => Object.defineProperty(globalThis, names[i]!, { value, configurable: true }));
  try {
    // Two operations of two kernels each: 2 ms of recording, then waiting, which is not counted.
    const run = (): void => {
      for (let kernel = 0; kernel < 4; kernel++) new Pass().dispatchWorkgroups();
      wait(2);
      new Queue().submit();
      new Queue().submit();
      wait(20);
    };
    const costs = await gpuCosts(run, 0, 2);
    expect(costs).toMatchObject({ kernels: 2, submits: 1 });
    expect(costs.recording).toBe(500);
    expect(Queue.prototype.submit).toBe(submit);
  } finally {
    now.mockRestore();
    names.forEach((name, i) => {
      if (own[i]) Object.defineProperty(globalThis, name, own[i]);
      else Reflect.deleteProperty(globalThis, name);
    });
  }
});

describe("measuring", () => {
  const effort = { rounds: 2, seconds: 0.001, warmUp: 0, counting: 0 };

  test("takes turns, compares outputs, and gives medians, rates and ratios", async () => {
    const contenders = [fake("heddle-1", [1, 2], 4), fake("torch", [1, 2], 2), fake("wrong", [1, 3], 1)];
    try {
      const row = await measure(tiny, contenders, effort, scratch);
      const [first, second, wrong] = row.outcomes;
      expect(first).toMatchObject({ median: 4, min: 4, runs: 6, difference: 0, rate: 120 / 4e6 });
      expect(second).toMatchObject({ median: 2, difference: 0 });
      expect(wrong!.error).toContain("differ");
      expect(wrong!.median).toBeUndefined();
      expect(row.reference).toBe(2);
      expect(best(row, "torch")).toBe(second);
      const lines = rowLines(row).join("\n");
      expect(lines).toMatch(/heddle-1 .*4\.00 ms.* 2\.00/);
      expect(lines).toMatch(/wrong .*left out/);
    } finally {
      for (const contender of contenders) contender.close();
    }
  });

  test("a contender that ends is left out, the others go on", async () => {
    const gone = new ContenderProcess({
      ...{ name: "gone", team: "gone", threads: 1, cwd: scratch },
      ...{ command: join(scratch, "no such program"), args: [] },
    });
    const there = fake("there", [1], 1);
    try {
      const row = await measure(tiny, [gone, there], effort, scratch);
      expect(row.outcomes[0]!.error).toBeDefined();
      expect(row.outcomes[1]!.median).toBe(1);
    } finally {
      there.close();
    }
  });

  test("on a GPU ratios are to jax-js, with the costs of a step", async () => {
    const contenders = [fake("heddle", [1], 2), fake("jax-js", [1], 12)];
    try {
      const row = await measure({ ...tiny, epoch: 600 }, contenders, { ...effort, counting: 1 }, scratch);
      expect(row.outcomes[0]!.costs).toMatchObject({ kernels: 32, submits: 1 });
      const lines = rowLines(row, "gpu").join("\n");
      expect(lines).toContain("÷ jax-js");
      expect(lines).toMatch(/heddle .* 0\.17/);
      expect(lines).toContain("heddle: 32.0 kernels and 1.00 submissions a step, recording 4.5 µs a kernel");
      expect(gpuSummary([row]).at(-1)).toMatch(
        /2\.00 ms .*12\.0 ms .* 6\.0 \| 32 \/ 32 \| 1 \/ 1 \| 4\.5 \/ 4\.5 \| – \/ –/,
      );
    } finally {
      for (const contender of contenders) contender.close();
    }
  });

  test("Heddle itself does the work it is asked for", async () => {
    const contender = new ContenderProcess(heddle(ownRuntime(), false)[0]!);
    try {
      expect((await contender.ask({ do: "hello" })).about).toMatch(/^Heddle on (Deno|Bun|Node) \d/);
      expect((await contender.ask({ do: "prepare", case: { ...tiny, kind: "no such" } })).error).toBeDefined();
      const row = await measure(tiny, [contender], effort, scratch);
      expect(row.outcomes[0]!.error).toBeUndefined();
      expect(row.outcomes[0]!.runs).toBeGreaterThanOrEqual(2);
      expect(row.reference).toBeGreaterThan(0);
      const outputs = new Float32Array(new Uint8Array(readFileSync(join(scratch, "outputs"))).buffer);
      const [a, b] = [uniform(1, 12), uniform(2, 20)];
      const expected = Float32Array.from({ length: 15 }, (_, at) => {
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += a[4 * Math.floor(at / 5) + k]! * b[4 * (at % 5) + k]!;
        return sum;
      });
      expect(difference(outputs, expected)).toBeLessThan(1e-6);
      if (existsSync("/proc/self/status")) expect(contender.peakResident()).toBeGreaterThan(2 ** 20);
    } finally {
      contender.close();
    }
  });
});

test("durations have three digits", () => {
  expect([0.00123, 0.5, 12.345, 1234.5, 123_456].map(duration)).toEqual([
    "1.23 µs",
    "0.500 ms",
    "12.3 ms",
    "1.23 s",
    "123 s",
  ]);
});
