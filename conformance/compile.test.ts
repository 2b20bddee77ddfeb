import { expect, test } from "vitest";
import { compile, type CompileOptions } from "@heddle/compile";
import { Dropout, functional as F, Linear, ReLU, Sequential } from "@heddle/nn";
import { Adam, SGD, StepLR } from "@heddle/optim";
import { manualSeed, ones, randn, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { begin, trainings } from "./compile_models.ts";

/** The losses of some steps, then the parameters, their gradients and buffers, as bits. */
function train(
  name: string,
  steps: number,
  compiled: boolean,
  options: CompileOptions = { passes: [] },
): { bits: number[][]; replays: number; kernels: number[] } {
  const { model, step, batch } = begin(name);
  const own = compile(step, options);
  const bits: number[][] = [];
  const put = (x: Tensor): void => void bits.push([...x.detach().toTypedArray()].map(Number));
  for (let i = 0; i < steps; i++) {
    using _ = scope();
    put((compiled ? own : step)(...batch()));
  }
  for (const parameter of model.parameters()) {
    put(parameter);
    if (parameter.grad) put(parameter.grad);
  }
  for (const buffer of model.buffers()) put(buffer);
  const { replays, captures } = own.report();
  own.dispose();
  return { bits, replays, kernels: captures[0]?.passes.map(({ kernels }) => kernels) ?? [] };
}

test.each(Object.keys(trainings))("a compiled step equals the eager one to the bit: %s", (name) => {
  const eager = train(name, 9, false);
  const compiled = train(name, 9, true);
  expect(compiled.replays).toBe(6);
  expect(compiled.bits.length).toBe(eager.bits.length);
  const differing = eager.bits.findIndex((values, i) =>
    values.some((value, n) => !Object.is(value, compiled.bits[i]![n]))
  );
  expect(differing).toBe(-1);
});

test.each(Object.keys(trainings))(
  "with passes, losses and parameters are those of eager mode but for rounding: %s",
  (name) => {
    const eager = train(name, 9, false);
    const compiled = train(name, 9, true, {});
    expect(compiled.replays).toBe(6);
    for (const [i, values] of eager.bits.entries()) {
      const largest = Math.max(...values.map(Math.abs));
      const furthest = Math.max(...values.map((value, n) => Math.abs(value - compiled.bits[i]![n]!)));
      expect(furthest / (largest || 1)).toBeLessThan(i < 9 ? 1e-6 : 1e-4);
    }
    const [recorded, ...left] = compiled.kernels;
    expect(recorded).toBeGreaterThan(left.at(-1)!);
  },
);

/** Losses of steps that may do something before each. */
function losses(
  make: () => { readonly step: () => Tensor; readonly before?: (i: number) => void },
  compiled: boolean,
  steps = 12,
): { losses: number[]; report: ReturnType<ReturnType<typeof compile>["report"]> } {
  manualSeed(7);
  const { step, before } = make();
  const own = compile(step, { passes: [] });
  const found: number[] = [];
  for (let i = 0; i < steps; i++) {
    using _ = scope();
    before?.(i);
    found.push((compiled ? own() : step()).item());
  }
  const report = own.report();
  own.dispose();
  return { losses: found, report };
}

function small(device?: string): { model: Sequential; x: Tensor; labels: Tensor } {
  const options = device === undefined ? {} : { device };
  const model = new Sequential(new Linear(4, 8, options), new ReLU(), new Dropout(0.2), new Linear(8, 3, options));
  return { model, x: randn([5, 4], options), labels: tensor([0, 1, 2, 1, 0], { dtype: "int32", ...options }) };
}

/** A step with an optimiser's schedule in it. */
const scheduled = () => {
  const { model, x, labels } = small();
  const optimizer = new SGD(model.parameters(), { lr: 0.2, momentum: 0.9 });
  const schedule = new StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
  return {
    step: () => {
      const loss = F.crossEntropy(model.forward(x), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      schedule.step();
      return loss;
    },
  };
};

test("schedules within the step go on", () => {
  const compiled = losses(scheduled, true);
  expect(compiled.report.replays).toBe(9);
  expect(compiled.losses).toEqual(losses(scheduled, false).losses);
});

test("rates that are set between steps, gradients that are cleared there, the mode of modules, and frozen parameters", () => {
  const make = () => {
    const { model, x, labels } = small();
    const optimizer = new Adam(model.parameters(), { lr: 0.05 });
    return {
      before: (i: number) => {
        optimizer.zeroGrad();
        optimizer.paramGroups[0]!.lr = 0.05 / (1 + i);
        model.train(i < 5 || i > 8);
        if (i === 12) model.parameters()[0]!.requiresGrad = false;
      },
      step: () => {
        const loss = F.crossEntropy(model.forward(x), labels);
        loss.backward();
        optimizer.step();
        return loss;
      },
    };
  };
  const compiled = losses(make, true, 18);
  expect(compiled.losses).toEqual(losses(make, false, 18).losses);
  expect(Object.keys(compiled.report.missed).join()).toMatch(/the mode \(train or eval\) of a Dropout.*requiresGrad/);
  expect(compiled.report.replays).toBeGreaterThan(7);
});

test("gradients that add up over steps", () => {
  const make = () => {
    const { model, x, labels } = small();
    const total = zeros([]);
    return {
      step: () => {
        F.crossEntropy(model.forward(x), labels).backward();
        return total.add(model.parameters()[0]!.grad!.abs().sum());
      },
    };
  };
  const compiled = losses(make, true);
  expect(compiled.report.replays).toBe(9);
  expect(compiled.losses).toEqual(losses(make, false).losses);
});

test("a label out of range is an error before anything runs, as in eager mode", () => {
  const { model } = small();
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const step = compile((x: Tensor, labels: Tensor) => {
    const loss = F.crossEntropy(model.forward(x), labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const labels = (last: number) => tensor([0, 1, last], { dtype: "int32" });
  for (let i = 0; i < 5; i++) step(ones([3, 4]), labels(2));
  const before = model.parameters()[0]!.toArray();
  expect(() => step(ones([3, 4]), labels(3))).toThrow(
    "crossEntropy: label 3 is out of range for 3 classes; expected 0 to 2",
  );
  expect(model.parameters()[0]!.toArray()).toEqual(before);
  step(ones([3, 4]), labels(2));
  expect(step.report().replays).toBe(3);
  step.dispose();
});

test("on a backend without replays the steps are dispatched one by one", () => {
  const make = () => {
    const { model, x, labels } = small("reference");
    const optimizer = new Adam(model.parameters());
    return {
      step: () => {
        const loss = F.crossEntropy(model.forward(x), labels);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
      },
    };
  };
  const compiled = losses(make, true);
  expect(compiled.report.replays).toBe(9);
  expect(compiled.losses).toEqual(losses(make, false).losses);
});
