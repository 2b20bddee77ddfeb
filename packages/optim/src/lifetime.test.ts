import { noGrad } from "@heddle/autograd";
import { defaultDevice, memory, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  ASGD,
  clipGradNorm_,
  clipGradValue_,
  Lion,
  Muon,
  NAdam,
  type Optimizer,
  RAdam,
  RMSprop,
  Rprop,
  SGD,
} from "./mod.ts";

afterEach(() => vi.restoreAllMocks());

const live = (): [number, number] => [memory().liveBytes, memory().storages];

const makers: Record<string, (params: Tensor[]) => Optimizer> = {
  "SGD": (params) => new SGD(params, { lr: 0.1, weightDecay: 0.1 }),
  "SGD with momentum": (params) => new SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
  "Adam": (params) => new Adam(params, { lr: 0.1, weightDecay: 0.1 }),
  "Adam with amsgrad": (params) => new Adam(params, { lr: 0.1, amsgrad: true, maximize: true }),
  "AdamW": (params) => new AdamW(params, { lr: 0.1 }),
  "Adamax": (params) => new Adamax(params, { weightDecay: 0.1 }),
  "Adagrad": (params) => new Adagrad(params, { lr: 0.1 }),
  "RMSprop": (params) => new RMSprop(params, { centered: true, momentum: 0.9 }),
  "Adadelta": (params) => new Adadelta(params, { weightDecay: 0.1 }),
  "NAdam": (params) => new NAdam(params, { weightDecay: 0.1 }),
  "Rprop": (params) => new Rprop(params, { lr: 0.1 }),
  "RAdam": (params) => new RAdam(params, { lr: 0.1 }),
  "ASGD": (params) => new ASGD(params, { lr: 0.1, t0: 1, weightDecay: 0.1 }),
  "Lion": (params) => new Lion(params, { lr: 0.1, weightDecay: 0.1 }),
  "Muon": ([first, ...others]) => new Muon([{ params: others }, { params: [first!], useMuon: false }], { lr: 0.1 }),
};

/** Parameters of two dtypes, one of them not contiguous, with gradients. */
function parameters(): Tensor[] {
  const params = [
    tensor([1, -2, 3], { requiresGrad: true }),
    tensor([[1, 2], [3, 4]], { dtype: "float64", requiresGrad: true }),
    tensor([[1, 2, 3], [4, 5, 6]]).t().detach().requiresGrad_(),
  ];
  for (const param of params) param.square().mul(0.5).sum().backward();
  return params;
}

/** Runs with the n-th allocation refused. Returns whether it came to that. */
function refusing(n: number, run: () => void): boolean {
  const { backend } = defaultDevice();
  const { alloc } = backend;
  let count = 0;
  const spy = vi.spyOn(backend, "alloc").mockImplementation((bytes) => {
    if (count++ === n) throw new RangeError("out of memory: on purpose");
    return alloc.call(backend, bytes);
  });
  try {
    run();
    return false;
  } catch (error) {
    expect(String(error)).toContain("out of memory: on purpose");
    return true;
  } finally {
    spy.mockRestore();
  }
}

describe.each(Object.entries(makers))("%s", (_, make) => {
  test("state of a parameter that was made in a scope goes with the scope", () => {
    const step = (): void => {
      using _ = scope();
      const params = parameters();
      const optimizer = make(params);
      for (let i = 0; i < 3; i++) {
        optimizer.step();
        optimizer.zeroGrad({ setToNone: i === 0 });
        for (const param of params) param.square().sum().backward();
      }
      optimizer.loadStateDict(optimizer.stateDict());
      optimizer.step();
      clipGradNorm_(params, 1);
      clipGradValue_(params, 0.1);
    };
    step();
    const before = live();
    for (let i = 0; i < 20; i++) step();
    expect(live()).toEqual(before);
  });

  test("state of a parameter that was made outside stays, and is not made twice", () => {
    using _ = scope();
    const params = parameters();
    const optimizer = make(params);
    const steps = (count: number): void => {
      for (let i = 0; i < count; i++) {
        using _ = scope();
        optimizer.zeroGrad();
        for (const param of params) param.square().sum().backward();
        optimizer.step();
      }
    };
    steps(2);
    const before = live();
    steps(10);
    expect(live()).toEqual(before);
    for (const state of Object.values(optimizer.stateDict().state)) {
      for (const value of Object.values(state)) if (typeof value !== "number") expect(value.isDisposed).toBe(false);
    }
  });

  test("a step in which memory runs out can be tried again, whichever allocation fails", () => {
    const run = (refused: number | null): { failed: boolean; result: unknown } => {
      using _ = scope();
      const params = parameters();
      const optimizer = make(params);
      let failed = false;
      for (let i = 0; i < 2; i++) {
        if (refused === null || (i === 0 && (failed = refusing(refused, () => optimizer.step()))) || i > 0) {
          optimizer.step();
        }
        for (const param of params) param.square().sum().backward();
      }
      return { failed, result: [params.map((param) => param.toArray()), numbersOf(optimizer)] };
    };
    const before = live();
    const { result } = run(null);
    for (let n = 0; n < 1000; n++) {
      const again = run(n);
      expect(again.result).toEqual(result);
      expect(live()).toEqual(before);
      if (!again.failed) return;
    }
    expect.fail("endless");
  });
});

function numbersOf(optimizer: Optimizer): unknown {
  return Object.values(optimizer.stateDict().state).map((state) =>
    Object.entries(state).map(([key, value]) => [key, typeof value === "number" ? value : value.toArray()])
  );
}

test("a step that failed does not spare parameters whose gradients are others now", () => {
  using _ = scope();
  const params = [tensor([1], { requiresGrad: true }), tensor([1, 1], { requiresGrad: true })];
  const optimizer = new SGD(params, { lr: 0.5, weightDecay: 1 });
  const differentiate = (): void => {
    optimizer.zeroGrad();
    for (const param of params) param.mul(0).sum().backward();
  };
  differentiate();
  expect(refusing(1, () => optimizer.step())).toBe(true);
  expect(params.map((param) => param.toArray())).toEqual([[0.5], [1, 1]]);
  differentiate();
  optimizer.step();
  expect(params.map((param) => param.toArray())).toEqual([[0.25], [0.5, 0.5]]);
  differentiate();
  expect(refusing(1, () => optimizer.step())).toBe(true);
  noGrad(() => params[0]!.copy_(zeros([1]).add(1)));
  optimizer.step();
  expect(params.map((param) => param.toArray())).toEqual([[0.5], [0.25, 0.25]]);
});
