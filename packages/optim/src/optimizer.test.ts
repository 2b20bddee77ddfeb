import "@heddle/autograd";
import { isGradEnabled } from "@heddle/autograd";
import { memory, ones, scope, type Tensor, tensor, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  ASGD,
  Lion,
  Muon,
  NAdam,
  type Optimizer,
  RAdam,
  RMSprop,
  Rprop,
  SGD,
} from "./mod.ts";

const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });

/** One step down the square of a parameter. */
function descend(optimizer: Optimizer, param: Tensor): void {
  optimizer.zeroGrad();
  tidy(() => param.square().sum().backward());
  optimizer.step();
}

type Make = new (params: Tensor[], options?: Record<string, unknown>) => Optimizer;
const all = {
  SGD,
  Adam,
  AdamW,
  Adamax,
  Adagrad,
  RMSprop,
  Adadelta,
  NAdam,
  RAdam,
  Rprop,
  ASGD,
  Lion,
} as unknown as Record<string, Make>;

describe.each(Object.entries(all))("%s", (name, Make) => {
  test("descends, and climbs with maximize", () => {
    const [down, up] = [leaf(1, -2), leaf(1, -2)];
    const optimizers = [new Make([down]), new Make([up], { maximize: true })] as const;
    for (let i = 0; i < 5; i++) {
      descend(optimizers[0], down);
      descend(optimizers[1], up);
    }
    const [below, above] = [down.abs().toArray<number[]>(), up.abs().toArray<number[]>()];
    expect(below[0]).toBeLessThan(1);
    expect(below[1]).toBeLessThan(2);
    if (name === "AdamW") return; // its weight decay pulls down as fast as this climbs
    expect(above[0]).toBeGreaterThan(1);
    expect(above[1]).toBeGreaterThan(2);
  });

  test("refuses negative rates and unknown options", () => {
    expect(() => new Make([leaf(1)], { lr: -0.1 })).toThrow(`${name}: lr is -0.1`);
    expect(() => new Make([leaf(1)], { lr: NaN })).toThrow(`${name}: lr is NaN`);
    if (name !== "Rprop") { // the one without weight decay
      expect(() => new Make([leaf(1)], { weightDecay: -1 })).toThrow(`${name}: weightDecay is -1`);
    }
    expect(() => new Make([leaf(1)], { learningRate: 1 })).toThrow(/unknown option "learningRate", did you mean "lr"/);
  });

  test("state survives scopes, and its temporaries do not", () => {
    const param = leaf(1, 2, 3);
    const optimizer = new Make([param]);
    for (let i = 0; i < 2; i++) descend(optimizer, param);
    const before = memory().storages;
    for (let i = 0; i < 3; i++) {
      const open = scope();
      descend(optimizer, param);
      open.end();
    }
    expect(memory().storages).toBeLessThanOrEqual(before);
    expect(optimizer.stateDict().paramGroups).toMatchObject([{ params: [0] }]);
  });

  test("float64 parameters have state of their dtype, float16 ones of float32", () => {
    for (const dtype of ["float16", "float64"] as const) {
      const param = ones([2], { dtype, requiresGrad: true });
      const optimizer = new Make([param], name === "SGD" ? { momentum: 0.9 } : {});
      param.grad = ones([2], { dtype });
      optimizer.step();
      expect(param.dtype).toBe(dtype);
      for (const value of Object.values(optimizer.stateDict().state[0]!)) {
        if (typeof value === "object") expect((value as Tensor).dtype).toBe(dtype === "float16" ? "float32" : dtype);
      }
    }
  });
});

describe("parameters and groups", () => {
  test("a module, or nothing, in place of parameters is an error", () => {
    const module = { parameters: () => [leaf(1)] };
    expect(() => new SGD(module as never, { lr: 0.1 })).toThrow(
      "SGD: expected parameters or groups of them, got an object of class Object; give its parameters()",
    );
    expect(() => new SGD(undefined as never, { lr: 0.1 })).toThrow(
      "SGD: expected parameters or groups of them, got undefined; give model.parameters(), or an array",
    );
  });

  test("options of a group win over the defaults", () => {
    const [a, b] = [leaf(1), leaf(1)];
    const optimizer = new SGD([{ params: [a] }, { params: b, lr: 0.5, name: "head" }], { lr: 0.25 });
    for (const param of [a, b]) param.grad = ones([1]);
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.75, 0.5]);
    expect(optimizer.paramGroups[1]!.name).toBe("head");
    optimizer.paramGroups[1]!.lr = 0;
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.5, 0.5]);
  });

  test("a generator of parameters, and one tensor", () => {
    function* parameters(): Generator<Tensor> {
      yield leaf(1);
      yield leaf(2);
    }
    expect(new SGD(parameters()).paramGroups[0]!.params.length).toBe(2);
  });

  test("groups are added later", () => {
    const optimizer = new Adam([leaf(1)]);
    optimizer.addParamGroup({ params: [leaf(2)], lr: 7 });
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([1e-3, 7]);
    expect(() => optimizer.addParamGroup({ params: [leaf(2)], betas: [0.9, 1] })).toThrow("betas are [0.9,1]");
    expect(optimizer.paramGroups.length).toBe(2);
  });

  test("what cannot be optimised", () => {
    const a = leaf(1);
    expect(() => new SGD([])).toThrow("SGD: got no parameters");
    expect(() => new SGD([a, a])).toThrow("parameter 1 of shape [1] is given twice");
    expect(() => new SGD([{ params: [a] }, { params: [a] }])).toThrow("given twice");
    expect(() => new SGD([a.mul(2)])).toThrow(/parameter 0 of shape \[1\] was computed \(by mul\)/);
    expect(() => new SGD([3 as unknown as Tensor])).toThrow("parameter 0 is 3, not a tensor");
    expect(() => new SGD([{ params: [a], momentun: 1 } as unknown as { params: Tensor[] }])).toThrow('"momentun"');
  });

  test("undefined options mean the default", () => {
    expect(new SGD([leaf(1)], { lr: undefined }).defaults.lr).toBe(1e-3);
  });
});

describe("step and zeroGrad", () => {
  test("parameters without gradient stay as they are, and have no state", () => {
    const [a, b] = [leaf(1), leaf(1)];
    const optimizer = new Adam([a, b]);
    a.grad = ones([1]);
    optimizer.step();
    expect(b.item()).toBe(1);
    expect(Object.keys(optimizer.stateDict().state)).toEqual(["0"]);
  });

  test("a closure is run with gradients on, and its loss returned", () => {
    const a = leaf(3);
    const optimizer = new SGD([a], { lr: 0.5 });
    const loss = optimizer.step(() => {
      expect(isGradEnabled()).toBe(true);
      optimizer.zeroGrad();
      const value = a.square().sum();
      value.backward();
      return value.item();
    });
    expect(loss).toBe(9);
    expect(a.item()).toBe(0);
  });

  test("updates are not recorded", () => {
    const a = leaf(3);
    descend(new SGD([a], { lr: 0.5, momentum: 0.9, weightDecay: 0.1 }), a);
    expect(a.isLeaf && a.requiresGrad).toBe(true);
  });

  test("zeroGrad frees gradients, or fills them", () => {
    const a = leaf(3);
    const optimizer = new SGD([a]);
    a.square().sum().backward();
    const gradient = a.grad!;
    optimizer.zeroGrad({ setToNone: false });
    expect(a.grad!.toArray()).toEqual([0]);
    optimizer.zeroGrad();
    expect(a.grad).toBe(null);
    expect(gradient.isDisposed).toBe(true);
  });

  test("zeroGrad cuts off a gradient with a history", () => {
    const a = leaf(3);
    a.pow(3).sum().backward(undefined, { createGraph: true });
    expect(a.grad!.requiresGrad).toBe(true);
    new SGD([a]).zeroGrad({ setToNone: false });
    expect(a.grad!.requiresGrad).toBe(false);
    expect(a.grad!.toArray()).toEqual([0]);
  });
});

describe("state dicts", () => {
  test("the layout is PyTorch's", () => {
    const [a, b] = [leaf(1), leaf(1, 2)];
    const optimizer = new Adam([{ params: [a] }, { params: [b], lr: 0.5 }]);
    for (const param of [a, b]) param.grad = ones(param.shape);
    optimizer.step();
    const { state, paramGroups } = optimizer.stateDict();
    expect(Object.keys(state)).toEqual(["0", "1"]);
    expect(Object.keys(state[1]!).sort()).toEqual(["expAvg", "expAvgSq", "step"]);
    expect(paramGroups).toEqual([
      { params: [0], lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false },
      { params: [1], lr: 0.5, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false },
    ]);
  });

  test("loading copies, so that two optimisers share nothing", () => {
    const [a, b] = [leaf(1), leaf(1)];
    const [first, second] = [new SGD([a], { lr: 0.1, momentum: 0.9 }), new SGD([b])];
    descend(first, a);
    second.loadStateDict(first.stateDict());
    expect(second.paramGroups[0]).toMatchObject({ lr: 0.1, momentum: 0.9 });
    descend(second, b);
    expect((first.stateDict().state[0]!.momentumBuffer as Tensor).toArray()).toEqual([2]);
  });

  test("a state that does not fit is refused, and changes nothing", () => {
    const a = leaf(1, 2);
    const optimizer = new SGD([a], { lr: 0.1, momentum: 0.9 });
    descend(optimizer, a);
    const saved = optimizer.stateDict();
    const before = JSON.stringify(saved.paramGroups);
    const other = new SGD([leaf(1)], { lr: 3 });
    expect(() => other.loadStateDict(saved)).toThrow(
      /momentumBuffer of parameter 0 has shape \[2\], the parameter \[1\]/,
    );
    expect(other.paramGroups[0]!.lr).toBe(3);
    expect(() => new SGD([leaf(1), leaf(2)]).loadStateDict(saved)).toThrow("saved groups have [1] parameters");
    expect(() => new Adam([a]).loadStateDict(saved)).toThrow('Adam: unknown option "momentum"');
    expect(JSON.stringify(optimizer.stateDict().paramGroups)).toBe(before);
  });
});

describe("states with parts missing", () => {
  test.each(Object.entries(all))("%s names the first of them", (name, Make) => {
    const param = leaf(1, 2);
    const optimizer = new Make([param], name === "SGD" ? { momentum: 0.9 } : {});
    descend(optimizer, param);
    const { state, paramGroups } = optimizer.stateDict();
    const before = memory().storages;
    for (const key of Object.keys(state[0]!)) {
      const { [key]: lost, ...rest } = state[0]!;
      const load = (): void => new Make([leaf(1, 2)]).loadStateDict({ state: { 0: rest }, paramGroups });
      if (name === "SGD") expect(load).not.toThrow(); // without momentum there is nothing to remember
      else {
        const kind = typeof lost === "number" ? "number" : "tensor";
        expect(load).toThrow(`${name}.loadStateDict: the saved state of parameter 0 has no ${kind} "${key}", but `);
      }
    }
    // What was made to compare with is gone; the two leaves of SGD's load and its options remain.
    if (name !== "SGD") expect(memory().storages - before).toBeLessThanOrEqual(Object.keys(state[0]!).length);
  });

  test("what an option asks for later may be absent", () => {
    const param = leaf(1, 2);
    const optimizer = new Adam([param]);
    descend(optimizer, param);
    optimizer.paramGroups[0]!.amsgrad = true;
    const other = new Adam([leaf(1, 2)]);
    other.loadStateDict(optimizer.stateDict());
    expect(other.paramGroups[0]!.amsgrad).toBe(true);
    descend(optimizer, param);
    expect(Object.keys(optimizer.stateDict().state[0]!)).toContain("maxExpAvgSq");
  });
});

test("an optimiser prints its groups", () => {
  expect(String(new SGD([leaf(1)], { lr: 0.1 }))).toBe(
    "SGD (\n  group 0: 1 parameters, lr 0.1, momentum 0, dampening 0, weightDecay 0, nesterov false, maximize false\n)",
  );
});

test("options that exclude each other", () => {
  expect(() => new SGD([leaf(1)], { nesterov: true })).toThrow("nesterov needs a momentum above 0");
  expect(() => new Adam([leaf(1)], { betas: [1, 0.9] })).toThrow("Adam: betas are [1,0.9]");
  expect(() => new Adadelta([leaf(1)], { rho: 1.5 })).toThrow("rho is 1.5");
  expect(() => new Adagrad([leaf(1)], { initialAccumulatorValue: -1 })).toThrow("initialAccumulatorValue is -1");
  expect(() => new RMSprop([leaf(1)], { momentum: -1 })).toThrow("momentum is -1");
  expect(() => new Lion([leaf(1)], { betas: [0.9, 1] })).toThrow("Lion: betas are [0.9,1]");
  expect(() => new Muon([leaf(1)], { momentum: -1 })).toThrow("Muon: momentum is -1");
});

test("Rprop refuses factors and sizes that make no sense", () => {
  const make = (options: object) => () => new Rprop([leaf(1)], options);
  expect(make({ etas: [1.2, 0.5] })).toThrow("Rprop: etas are [1.2,0.5]; they must be a number between 0 and 1");
  expect(make({ etas: 0.5 })).toThrow("Rprop: etas is 0.5; it must be a list");
  expect(make({ stepSizes: [1, 0.1] })).toThrow("Rprop: stepSizes are [1,0.1]; they must be two numbers of at least 0");
  expect(make({ stepSizes: [NaN, 1] })).toThrow("Rprop: stepSizes are [NaN,1]");
});

test("ASGD averages the parameters from t0 on", () => {
  const w = tensor([1, -2], { dtype: "float64", requiresGrad: true });
  const optimizer = new ASGD([w], { lr: 0.1, t0: 2, lambd: 0.01 });
  let average = [0, 0];
  for (let step = 1; step <= 6; step++) {
    w.grad = ones([2], { dtype: "float64" }).mul(step);
    optimizer.step();
    // The weight was set by the step before.
    const weight = 1 / Math.max(1, step - 1 - 2);
    average = (w.toArray() as number[]).map((value, i) => average[i]! + (value - average[i]!) * weight);
    const found = (optimizer.stateDict().state[0]!.ax as Tensor).toArray() as number[];
    found.forEach((value, i) => expect(value).toBeCloseTo(average[i]!, 12));
  }
});
