import { afterEach, describe, expect, test, vi } from "vitest";
import { Generator, manualSeed, memory, ones, rand, scope, type Tensor, tensor, where, zeros } from "@heddle/tensor";
import { compile, live } from "./mod.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The values of calls. */
function values(step: (...args: never[]) => Tensor, ...calls: unknown[][]): unknown[] {
  return calls.map((args) => {
    using _ = scope();
    return (step as (...args: unknown[]) => Tensor)(...args).toArray();
  });
}

const numbers = (n: number): Tensor[][] => Array.from({ length: n }, (_, i) => [tensor([i, 2])]);

describe("replays", () => {
  test("the fourth call is the first replay, and results are never overwritten", () => {
    const step = compile((x: Tensor) => x.mul(2).add(1));
    const results = numbers(6).map(([x]) => step(x!));
    expect(results.map((result) => result.toArray())).toEqual([[1, 5], [3, 5], [5, 5], [7, 5], [9, 5], [11, 5]]);
    expect(step.report()).toMatchObject({ replays: 3, eager: 3, missed: {}, eagerBecause: null });
    expect(step.report().captures[0]!.passes[0]).toMatchObject({ pass: "capture", kernels: 2 });
    step.dispose();
  });

  test("results keep their structure; numbers and tensors from outside are themselves", () => {
    const outside = ones([2]);
    const step = compile(({ x, n }: { x: Tensor; n: number }) => ({ sums: [x.add(n)], outside, n, x }));
    for (let i = 0; i < 5; i++) {
      const { sums, outside: same, n, x } = step({ x: tensor([i]), n: 7 });
      expect([sums[0]!.toArray(), same === outside, n, x.toArray()]).toEqual([[i + 7], true, 7, [i]]);
    }
    expect(step.report().replays).toBe(2);
    step.dispose();
  });

  test("random draws go on in the stream", () => {
    const draw = (): Tensor => rand([5]).add(rand([2, 5]));
    manualSeed(4);
    const eager = values(draw, [], [], [], [], [], []);
    manualSeed(4);
    const step = compile(draw);
    expect(values(step, [], [], [], [], [], [])).toEqual(eager);
    expect(step.report().replays).toBe(3);
    step.dispose();
  });

  test("draws of a stream that the step makes are the same in each run", () => {
    const step = compile((x: Tensor) => rand([3], { generator: new Generator(5) }).add(x));
    const expected = rand([3], { generator: new Generator(5) }).toArray();
    for (let i = 0; i < 5; i++) expect(step(zeros([3])).toArray()).toEqual(expected);
    expect(step.report().replays).toBe(2);
    step.dispose();
  });

  test("live numbers are read before each run", () => {
    let factor = 0;
    const step = compile((x: Tensor) => x.mul(live(() => factor)));
    for (factor = 1; factor < 7; factor++) expect(step(tensor([1, 2])).toArray()).toEqual([factor, 2 * factor]);
    expect(step.report().replays).toBe(3);
    step.dispose();
  });

  test("tensors that the step makes from constants keep their values, also if it writes to them", () => {
    const step = compile((x: Tensor) => tensor([1, 2]).add_(x));
    expect(values(step, ...numbers(5))).toEqual([[1, 4], [2, 4], [3, 4], [4, 4], [5, 4]]);
    expect(step.report().replays).toBe(2);
    step.dispose();
  });

  test("writes to tensors from outside stay, and count as versions", () => {
    const total = zeros([2]);
    const step = compile((x: Tensor) => {
      total.add_(x);
      return total.sum();
    });
    expect(values(step, ...numbers(6))).toEqual([2, 5, 9, 14, 20, 27]);
    const { version } = total.storage;
    step(tensor([0, 0]));
    expect(total.storage.version).toBeGreaterThan(version);
    step.dispose();
  });

  test("a compiled step within another is part of it", () => {
    const inner = compile((x: Tensor) => x.mul(3));
    const outer = compile((x: Tensor) => inner(x).add(1));
    expect(values(outer, ...numbers(5))).toEqual([[1, 7], [4, 7], [7, 7], [10, 7], [13, 7]]);
    expect(outer.report().replays).toBe(2);
    outer.dispose();
    inner.dispose();
  });
});

describe("guards", () => {
  test("another shape, another number: another capture; the first is kept", () => {
    const step = compile((x: Tensor, n: number) => x.sum().mul(n));
    for (let i = 0; i < 5; i++) expect(step(ones([2]), 2).item()).toBe(4);
    for (let i = 0; i < 5; i++) expect(step(ones([3]), 2).item()).toBe(6);
    for (let i = 0; i < 5; i++) expect(step(ones([3]), 5).item()).toBe(15);
    expect(step(ones([2]), 2).item()).toBe(4);
    expect(step.report()).toMatchObject({ replays: 7, eager: 9 });
    expect(step.report().captures).toHaveLength(3);
    step.dispose();
  });

  test("beyond the most captures the step is eager, with one warning", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const step = compile((x: Tensor, n: number) => x.mul(n), { captures: 1 });
    for (let n = 0; n < 3; n++) for (let i = 0; i < 4; i++) expect(step(ones([1]), n).item()).toBe(n);
    expect(step.report().eagerBecause).toMatch(/captured 1 times/);
    expect(warn).toHaveBeenCalledTimes(1);
    step.dispose();
  });
});

describe("errors", () => {
  test("a number that changes names the operation and the remedy", () => {
    let n = 1;
    const step = compile((x: Tensor) => x.mul(n++));
    step(ones([1]));
    step(ones([1]));
    expect(() => step(ones([1]))).toThrow(
      /operation 1, mul, was 2 in one step and 3 in the next.*live\(\(\) => value\)/,
    );
  });

  test("host data that changes", () => {
    let n = 1;
    const step = compile((x: Tensor) => x.mul(tensor([n++, 2])));
    step(ones([2]));
    step(ones([2]));
    expect(() => step(ones([2]))).toThrow(/makes from values of the host/);
  });

  test("reads are refused, with the line to change", () => {
    const step = compile((x: Tensor) => x.sum().item() > 0 ? x : x.neg());
    step(ones([2]));
    expect(() => step(ones([2]))).toThrow(/the step reads a tensor of shape \[\], by item\(\).*where/);
    const other = compile((x: Tensor) => where(x.sum().gt(0), x, x.neg()));
    expect(values(other, ...numbers(5)).at(-1)).toEqual([4, 2]);
    other.dispose();
  });

  test("writes to arguments", () => {
    const step = compile((x: Tensor) => x.add_(1));
    step(ones([2]));
    expect(() => step(ones([2]))).toThrow(/writes to an argument of the step/);
  });

  test("arguments that require gradients, functions that are none, promises", () => {
    const step = compile((x: Tensor) => x.add(1));
    expect(() => compile(3 as never)).toThrow("compile: expected a function");
    expect(() => compile(() => 1, { passess: [] } as never)).toThrow(/passess/);
    const slow = compile(async (x: Tensor) => await Promise.resolve(x));
    expect(() => slow(ones([1]))).toThrow(/compile/);
    step.dispose();
  });

  test("a step whose operations differ stays eager, with a warning that names the first difference", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    let n = 0;
    const step = compile((x: Tensor) => n++ % 2 === 0 ? x.add(1) : x.mul(2).add(1));
    for (let i = 0; i < 8; i++) expect(step(tensor([3])).item()).toBe(i % 2 === 0 ? 4 : 7);
    expect(step.report().eagerBecause).toMatch(/operation 1 was mul, then add|operation 1 was add, then mul/);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test("a step that runs nothing stays eager", () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const step = compile((n: number) => n + 1);
    for (let i = 0; i < 5; i++) expect(step(2)).toBe(3);
    expect(step.report().eagerBecause).toBe("the step runs nothing on a device");
  });

  test("a step that throws while it is recorded begins again", () => {
    let fails = false;
    const step = compile((x: Tensor) => {
      const y = x.add(1);
      if (fails) throw new Error("no");
      return y;
    });
    step(ones([1]));
    fails = true;
    expect(() => step(ones([1]))).toThrow("no");
    fails = false;
    for (let i = 0; i < 4; i++) expect(step(tensor([i])).item()).toBe(i + 1);
    expect(step.report().replays).toBe(2);
    step.dispose();
  });
});

test("replays allocate nothing that stays, and dispose frees all", () => {
  const before = memory().liveBytes;
  const weight = ones([8, 8]);
  const step = compile((x: Tensor) => x.matmul(weight).relu().sum(1));
  const run = (): void => {
    using _ = scope();
    step(ones([4, 8]));
  };
  for (let i = 0; i < 4; i++) run();
  const held = memory().liveBytes;
  for (let i = 0; i < 100; i++) run();
  expect(memory().liveBytes).toBeLessThanOrEqual(held);
  expect(step.report().replays).toBe(101);
  step.dispose();
  weight.dispose();
  expect(memory().liveBytes).toBeLessThanOrEqual(before);
});

describe("results that are arguments, where the step stays eager", () => {
  const warned = (run: () => void): string => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      run();
      return warn.mock.calls.flat().join();
    } finally {
      warn.mockRestore();
    }
  };

  test("a step that runs nothing", () => {
    const step = compile((x: Tensor) => [x, x.reshape([2, 1])]);
    const says = warned(() => {
      for (let i = 0; i < 5; i++) {
        expect(step(tensor([i, 1])).map((each) => each.toArray())).toEqual([[i, 1], [[i], [1]]]);
      }
    });
    expect(says).toMatch(/runs nothing on a device/);
  });

  test("a step that does not repeat", () => {
    let calls = 0;
    const step = compile((x: Tensor) => [x, calls++ % 2 === 0 ? x.add(1) : x.neg()]);
    const says = warned(() => {
      for (let i = 0; i < 7; i++) {
        expect(step(tensor([i])).map((each) => each.toArray())).toEqual([[i], [i % 2 === 0 ? i + 1 : -i]]);
      }
    });
    expect(says).toMatch(/does not repeat/);
  });
});
