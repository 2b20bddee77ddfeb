import "@heddle/autograd";
import { memory, ones, scope, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { LBFGS, type LBFGSOptions, StepLR } from "./mod.ts";

const leaf = (...values: number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });
const wolfe = { lineSearchFn: "strongWolfe" } as const;

/** Rosenbrock's function of two parameters, as a closure. */
function valley(optimizer: LBFGS, a: Tensor, b: Tensor): () => Tensor {
  return () => {
    optimizer.zeroGrad();
    const loss = a.neg().add(1).square().add(b.sub(a.square()).square().mul(100)).sum();
    loss.backward();
    return loss;
  };
}

function made(
  options: Partial<LBFGSOptions> = wolfe,
): { optimizer: LBFGS; closure: () => Tensor; a: Tensor; b: Tensor } {
  const [a, b] = [leaf(-1), leaf(2)];
  const optimizer = new LBFGS([a, b], options);
  return { optimizer, closure: valley(optimizer, a, b), a, b };
}

test("finds the minimum of Rosenbrock's function", () => {
  const { optimizer, closure, a, b } = made({ ...wolfe, maxIter: 100 });
  optimizer.step(closure);
  expect(a.item()).toBeCloseTo(1, 5);
  expect(b.item()).toBeCloseTo(1, 5);
});

test("returns the first loss, and does nothing where the gradient is small", () => {
  const { optimizer, a, closure } = made();
  expect(optimizer.step(closure).item()).toBe(104);
  const flat = leaf(0);
  const resting = new LBFGS([flat]);
  resting.step(() => {
    resting.zeroGrad();
    const loss = flat.square().sum();
    loss.backward();
    return loss.item();
  });
  expect(resting.stateDict().state).toEqual({ 0: { funcEvals: 1, nIter: 0 } });
  expect(a.isLeaf).toBe(true);
});

test("maximize climbs what is minimised upside down", () => {
  const run = (maximize: boolean): unknown => {
    const x = leaf(0.5, -2);
    const optimizer = new LBFGS([x], { ...wolfe, maximize });
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = x.sub(3).square().sum().mul(maximize ? -1 : 1);
      loss.backward();
      return loss;
    });
    return x.toArray();
  };
  expect(run(true)).toEqual(run(false));
});

test("parameters without a gradient stay; the loss may be a number; empty parameters are fine", () => {
  const [x, y, none] = [leaf(3), leaf(4), ones([0], { dtype: "float64", requiresGrad: true })];
  const optimizer = new LBFGS([x, y, none], wolfe);
  const loss = optimizer.step(() => {
    optimizer.zeroGrad();
    const value = x.square().sum();
    value.backward();
    return value.item();
  });
  expect([loss, y.item()]).toEqual([9, 4]);
  expect(x.item()).toBeCloseTo(0, 6);
});

test("float16 parameters are followed in float32", () => {
  const x = tensor([1.5, -2], { dtype: "float16", requiresGrad: true });
  const optimizer = new LBFGS([x], wolfe);
  optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = x.float().sub(0.25).square().sum();
    loss.backward();
    return loss;
  });
  expect(x.dtype).toBe("float16");
  expect((optimizer.stateDict().state[0]!.d as Tensor).dtype).toBe("float32");
  for (const value of x.toArray() as number[]) expect(value).toBeCloseTo(0.25, 2);
});

test("a schedule sets its rate", () => {
  const { optimizer } = made();
  new StepLR(optimizer, { stepSize: 1, gamma: 0.5 }).step();
  expect(optimizer.paramGroups[0]!.lr).toBe(0.5);
});

test("what it makes goes with the step, what it remembers does not", () => {
  const { optimizer, closure } = made({ ...wolfe, maxIter: 2, historySize: 2, toleranceChange: 0, toleranceGrad: 0 });
  const counts = Array.from({ length: 6 }, () => {
    using _ = scope();
    optimizer.step(closure);
    return 0;
  }).map(() => memory().storages);
  expect(new Set(counts.slice(2)).size).toBe(1);
  const before = memory().storages;
  {
    using _ = scope();
    optimizer.step(closure);
    optimizer.loadStateDict(optimizer.stateDict());
    optimizer.step(closure);
  }
  expect(memory().storages).toBeLessThanOrEqual(before);
});

test("a step whose closure fails leaves parameters and state as they were", () => {
  const { optimizer, closure, a, b } = made({ ...wolfe, maxIter: 3 });
  optimizer.step(closure);
  const before = JSON.stringify([a.toArray(), b.toArray(), Object.keys(optimizer.stateDict().state[0]!)]);
  const counts = optimizer.stateDict().state[0]!.funcEvals;
  let calls = 0;
  expect(() =>
    optimizer.step(() => {
      if (++calls === 3) throw new Error("on purpose");
      return closure();
    })
  ).toThrow("on purpose");
  expect(JSON.stringify([a.toArray(), b.toArray(), Object.keys(optimizer.stateDict().state[0]!)])).toBe(before);
  expect(optimizer.stateDict().state[0]!.funcEvals).toBe(counts);
});

describe("errors", () => {
  test("without a closure, without a loss, asynchronous", () => {
    const { optimizer } = made();
    expect(() => optimizer.step()).toThrow("LBFGS.step: needs a function that computes the loss and its gradients");
    expect(() => optimizer.step(() => undefined)).toThrow("LBFGS.step: expected the loss from the closure, a number");
    expect(() => optimizer.step(() => Promise.resolve(1))).toThrow(
      "compute the loss and its gradients without awaiting",
    );
  });

  test("groups and options", () => {
    expect(() => new LBFGS([{ params: [leaf(1)] }, { params: [leaf(2)] }])).toThrow("all parameters are in one group");
    expect(() => new LBFGS([leaf(1)], { maxIter: 0 })).toThrow("LBFGS: maxIter is 0");
    expect(() => new LBFGS([leaf(1)], { maxEval: 1.5 })).toThrow("LBFGS: maxEval is 1.5");
    expect(() => new LBFGS([leaf(1)], { historySize: Infinity })).toThrow("LBFGS: historySize is Infinity");
    expect(() => new LBFGS([leaf(1)], { lineSearchFn: "strong_wolfe" as never })).toThrow(
      'lineSearchFn is strong_wolfe; it must be "strongWolfe" or null',
    );
  });

  test("states that do not fit change nothing", () => {
    const { optimizer, closure } = made({ ...wolfe, maxIter: 3, maxEval: 50 });
    optimizer.step(closure);
    const saved = optimizer.stateDict();
    const state = saved.state[0]!;
    const other = made();
    const broken: [object, string | RegExp][] = [
      [{ 0: { ...state, d: ones([3]) } }, "d has shape [3], expected [2]"],
      [{ 0: { ...state, oldStps: ones([1, 2]) } }, "oldStps has shape [1, 2], expected [2, 2]"],
      [{ 0: { ...state, oldDirs: 7 } }, 'has no tensor "oldDirs"'],
      [{ 0: { ...state, nIter: 1.5 } }, "nIter is 1.5; it counts"],
      [{ 0: { ...state, funcEvals: -1 } }, "funcEvals is -1; it counts"],
      [{ 0: { ...state, expAvg: ones([2]) } }, 'has "expAvg", which LBFGS does not remember'],
      [{ 0: { ...state, t: "1" } }, "t of parameter 0 is 1, neither a tensor nor a number"],
      [{ 0: { funcEvals: 3, nIter: 2 } }, 'has no number "t"'],
      [{ 0: state, 1: state }, 'state of parameter 1 has "funcEvals", which LBFGS does not remember'],
    ];
    for (const [wrong, message] of broken) {
      expect(() => other.optimizer.loadStateDict({ ...saved, state: wrong as never }), String(message)).toThrow(
        message,
      );
      expect(other.optimizer.stateDict().state).toEqual({});
    }
    other.optimizer.loadStateDict(saved);
    expect((other.optimizer.stateDict().state[0]!.d as Tensor).toArray()).toEqual((state.d as Tensor).toArray());
  });
});
