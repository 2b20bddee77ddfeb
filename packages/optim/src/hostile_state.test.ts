/** What is not a state is refused, and what was there stays: optimisers, schedules, early stopping. */
import "@heddle/autograd";
import { ones, Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import * as optim from "./mod.ts";

const { Adam, SGD } = optim;
const leaf = (...xs: number[]) => tensor(xs, { requiresGrad: true });

/** Everything in a plain structure, with tensors as arrays. */
const frozen = (value: unknown): string =>
  JSON.stringify(value, (_, v) => v === Infinity ? "Infinity" : v instanceof Tensor ? v.toArray() : v);

/** Each way to write something else for one entry of a structure: `[path, the structure with it]`. */
function* spoilt(value: unknown, lies: (own: unknown) => unknown[], path = ""): Generator<[string, unknown]> {
  for (const lie of lies(value)) yield [`${path} = ${String(lie)}`, lie];
  if (typeof value !== "object" || value === null || value instanceof Tensor) return;
  for (const key of Object.keys(value)) {
    for (const [where, other] of spoilt((value as Record<string, unknown>)[key], lies, `${path}.${key}`)) {
      const copy: Record<string, unknown> = (Array.isArray(value) ? [...value] : { ...value }) as never;
      copy[key] = other;
      yield [where, copy];
    }
  }
}

function trained(make: (params: Tensor[]) => optim.Optimizer<never, never>): optim.Optimizer<never, never> {
  const params = [leaf(1, 2), leaf(3)];
  const optimizer = make(params);
  for (const param of params) param.grad = ones(param.shape);
  optimizer.step();
  return optimizer;
}

const optimizers: [string, (params: Tensor[]) => optim.Optimizer<never, never>][] = [
  ["SGD", (params) => new SGD(params, { lr: 0.1, momentum: 0.9 }) as never],
  ["Adam", (params) => new Adam(params, { amsgrad: true }) as never],
  ["Adagrad", (params) => new optim.Adagrad(params) as never],
  ["RMSprop", (params) => new optim.RMSprop(params, { momentum: 0.9, centered: true }) as never],
  ["Rprop", (params) => new optim.Rprop(params) as never],
  ["ASGD", (params) => new optim.ASGD(params) as never],
];

describe.each(optimizers)("%s.loadStateDict", (name, make) => {
  test("refuses each entry that is something else, and stays as it was", () => {
    const saved = trained(make).stateDict();
    const other = trained(make);
    const before = frozen(other.stateDict());
    const lies = (own: unknown) => {
      if (own instanceof Tensor) return [null, { 0: 1 }, "7", [1, 2], ones([9])];
      if (typeof own === "number") return [null, "0.1", NaN, {}, ones([1])];
      if (typeof own === "boolean") return ["false", null, 1];
      return [null, 7, "x"];
    };
    let count = 0;
    for (const [where, state] of spoilt(saved, lies)) {
      count++;
      expect(() => other.loadStateDict(state as never), where).toThrow(new RegExp(`^${name}(\\.loadStateDict)?: `));
      expect(frozen(other.stateDict()), where).toBe(before);
    }
    expect(count).toBeGreaterThan(30);
    other.loadStateDict(saved);
  });

  test("refuses a state that went through JSON, freed tensors, and parameters that no group has", () => {
    const optimizer = trained(make);
    const saved = optimizer.stateDict();
    expect(() => optimizer.loadStateDict(JSON.parse(JSON.stringify(saved)))).toThrow(
      /neither a tensor nor a number; tensor\(/,
    );
    expect(() => optimizer.loadStateDict({ ...saved, state: { ...saved.state, 7: saved.state[0]! } })).toThrow(
      "there is a state of parameter 7, which no group has",
    );
    const twice = saved.paramGroups.map((group) => ({ ...group, params: [0, 0] }));
    expect(() => optimizer.loadStateDict({ ...saved, paramGroups: twice })).toThrow("a parameter is named twice");
    const [key, gone] = Object.entries(saved.state[1]!).find(([, value]) => value instanceof Tensor) as [
      string,
      Tensor,
    ];
    const copy = gone.clone();
    copy.dispose();
    expect(() =>
      optimizer.loadStateDict({ ...saved, state: { ...saved.state, 1: { ...saved.state[1], [key]: copy } } })
    )
      .toThrow("was freed");
  });

  test("is not written as JSON itself", () => {
    expect(() => JSON.stringify({ optimizer: trained(make) })).toThrow(`${name}: an optimiser is not written as JSON`);
  });
});

describe.each([...optimizers, ["AdamW", (params: Tensor[]) => new optim.AdamW(params) as never] as const])(
  "%s.loadStateDict of values that are none",
  (name, make) => {
    const load = (change: (own: Record<string, Tensor | number>) => object): () => void => {
      const optimizer = trained(make as (params: Tensor[]) => optim.Optimizer<never, never>);
      const saved = optimizer.stateDict();
      return () =>
        optimizer.loadStateDict({ ...saved, state: { ...saved.state, 1: change({ ...saved.state[1] }) as never } });
    };

    test("steps are whole numbers of at least 0", () => {
      for (const step of [-1, 1.5, Infinity, 2 ** 53]) {
        const run = load((own) => "step" in own ? { ...own, step } : own);
        if (/Ada|prop$|ASGD/.test(name) && name !== "RMSprop") {
          expect(run).toThrow(`step of parameter 1 is ${step}; it counts steps`);
        } else run();
      }
    });

    test("tensors are floating-point", () => {
      for (const dtype of ["int32", "bool"] as const) {
        const run = load((own) =>
          Object.fromEntries(Object.entries(own).map(([k, v]) => [k, v instanceof Tensor ? v.to(dtype) : v]))
        );
        expect(run).toThrow(new RegExp(`of parameter 1 is ${dtype}; .* floating-point`));
      }
    });

    test("a promise and the optimiser in place of its state are named", () => {
      const optimizer = make([ones([1])]);
      expect(() => optimizer.loadStateDict(Promise.resolve(optimizer.stateDict()) as never)).toThrow(
        `${name}.loadStateDict: the state is a Promise; await it`,
      );
      expect(() => optimizer.loadStateDict(optimizer as never)).toThrow(
        `${name}.loadStateDict: expected a state, got an object of class ${name}; give its stateDict()`,
      );
    });

    test("parts that it does not remember are refused", () => {
      expect(load((own) => ({ ...own, strange: ones([1]) }))).toThrow(
        `has "strange", which ${name} does not remember`,
      );
      expect(load((own) => ({ ...own, toString: 3 }))).toThrow('has "toString"');
      expect(load((own) => own)).not.toThrow();
    });
  },
);

test("arrays among the options are copied", () => {
  const betas: [number, number] = [0.9, 0.999];
  const adam = new Adam([leaf(1)], { betas });
  adam.addParamGroup({ params: [leaf(2)], betas });
  adam.addParamGroup({ params: [leaf(3)] });
  betas[0] = 5;
  expect(adam.defaults.betas).toEqual([0.9, 0.999]);
  expect(adam.paramGroups.map((group) => group.betas)).toEqual([[0.9, 0.999], [0.9, 0.999], [0.9, 0.999]]);
  expect(adam.paramGroups[2]!.betas).not.toBe(adam.defaults.betas);
});

test("lastEpoch is a whole number of at least -1", () => {
  for (const lastEpoch of [-2, 1.5, NaN, Infinity, "3"]) {
    const optimizer = made();
    for (const group of optimizer.paramGroups) group.initialLr = 0.1;
    expect(() => new optim.StepLR(optimizer, { stepSize: 2, lastEpoch: lastEpoch as number })).toThrow(
      typeof lastEpoch === "string"
        ? `StepLR: option lastEpoch is the string "3"`
        : `StepLR: lastEpoch is ${lastEpoch}; it must be a whole number of at least -1`,
    );
    const schedule = new optim.StepLR(optimizer, { stepSize: 2 });
    expect(() => schedule.loadStateDict({ ...schedule.stateDict(), lastEpoch })).toThrow('"lastEpoch" must be');
  }
});

test("options of another type are refused, from the start", () => {
  expect(() => new Adam([leaf(1)], { amsgrad: "false" as never })).toThrow(
    "Adam: amsgrad is false; it must be a boolean",
  );
  expect(() => new SGD([leaf(1)], { lr: "0.1" as never })).toThrow("SGD: lr is 0.1; it must be a number");
  expect(() => new SGD([{ params: [leaf(1)], nesterov: 1 as never }])).toThrow(
    "SGD: nesterov is 1; it must be a boolean",
  );
});

const made = (): optim.ScheduledOptimizer =>
  new SGD([leaf(1), leaf(2)].map((p) => ({ params: [p] })), { lr: 0.1, momentum: 0.9 });
interface Schedule {
  step(metric: number): void;
  stateDict(): object;
  loadStateDict(state: never): void;
}
const schedules: [string, () => Schedule][] = [
  ["StepLR", () => new optim.StepLR(made(), { stepSize: 2 })],
  ["MultiStepLR", () => new optim.MultiStepLR(made(), { milestones: [2, 4] })],
  ["CosineAnnealingLR", () => new optim.CosineAnnealingLR(made(), { tMax: 5 })],
  ["OneCycleLR", () => new optim.OneCycleLR(made(), { maxLr: 1, totalSteps: 10 })],
  ["CyclicLR", () => new optim.CyclicLR(made(), { baseLr: 0.1, maxLr: 1, stepSizeUp: 3 })],
  ["ReduceLROnPlateau", () => new optim.ReduceLROnPlateau(made())],
  ["SequentialLR", () => {
    const optimizer = made();
    const [a, b] = [new optim.ConstantLR(optimizer), new optim.ExponentialLR(optimizer, { gamma: 0.9 })];
    return new optim.SequentialLR(optimizer, { schedulers: [a, b], milestones: [2] });
  }],
  ["ChainedScheduler", () => {
    const optimizer = made();
    return new optim.ChainedScheduler([
      new optim.ConstantLR(optimizer),
      new optim.ExponentialLR(optimizer, { gamma: 0.9 }),
    ]);
  }],
];

describe.each(schedules)("%s.loadStateDict", (name, make) => {
  test("refuses each entry that is something else, or strange, and stays as it was", () => {
    const source = make();
    for (let i = 0; i < 3; i++) source.step(1);
    const saved = JSON.parse(JSON.stringify(source.stateDict()));
    const other = make();
    const before = frozen(other.stateDict());
    const lies = (own: unknown) => {
      if (typeof own === "number") return ["0.1", {}, [], true];
      if (typeof own === "boolean" || typeof own === "string") return [7, {}, null];
      return own === null ? ["x", {}] : ["x", 7, null];
    };
    const broken: [string, unknown][] = [...spoilt(saved, lies)];
    for (const key of ["optimizer", "step", "__proto__x", "constructor"]) {
      broken.push([`+${key}`, { ...saved, [key]: 1 }]);
    }
    for (const key of Object.keys(saved)) {
      const { [key]: _, ...rest } = saved;
      broken.push([`-${key}`, rest]);
      if (/lrs$/i.test(key)) broken.push([`${key} shorter`, { ...saved, [key]: saved[key].slice(1) }]);
    }
    for (const [where, state] of broken) {
      expect(() => other.loadStateDict(state as never), where).toThrow(/loadStateDict: /);
      expect(frozen(other.stateDict()), where).toBe(before);
    }
    other.loadStateDict(saved as never);
    expect(frozen(other.stateDict())).toBe(frozen(saved));
    expect(() => JSON.stringify(other)).toThrow(`${name}: a schedule is not written as JSON; write its stateDict()`);
  });
});

test("EarlyStopping.loadStateDict takes over all or nothing", () => {
  const weights = { w: ones([1]) };
  const model = { stateDict: () => weights, loadStateDict: () => {} };
  const stopping = new optim.EarlyStopping({ model });
  stopping.step(2);
  const before = frozen(stopping.stateDict());
  const state = { best: 1, bestEpoch: 5, epoch: 6, bestState: { w: ones([1]) } };
  for (const w of [null, 7, [1], { 0: 1 }, undefined]) {
    expect(() => stopping.loadStateDict({ ...state, bestState: { w } as never })).toThrow(
      'the weight "w" is no tensor',
    );
    expect(frozen(stopping.stateDict())).toBe(before);
  }
  for (const wrong of [null, undefined, 7, {}, { ...state, best: "1" }, { ...state, epoch: 1.5 }]) {
    expect(() => stopping.loadStateDict(wrong as never)).toThrow("EarlyStopping.loadStateDict: ");
    expect(frozen(stopping.stateDict())).toBe(before);
  }
});
