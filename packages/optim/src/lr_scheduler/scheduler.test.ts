import "@heddle/autograd";
import { ones } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import {
  Adagrad,
  Adam,
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  InverseTimeLR,
  LambdaLR,
  LinearLR,
  linearWarmup,
  LRScheduler,
  MultiplicativeLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  type ScheduledOptimizer,
  SequentialLR,
  SGD,
  StepLR,
} from "../mod.ts";

const leaf = () => ones([1], { requiresGrad: true });
const sgd = (lr = 1, momentum = 0.9) => new SGD([leaf()], { lr, momentum });

/** The learning rates of the first group, before and after each step. */
function rates(scheduler: { step(): void; readonly optimizer: ScheduledOptimizer }, steps: number): number[] {
  const found = [scheduler.optimizer.paramGroups[0]!.lr];
  for (let i = 0; i < steps; i++) {
    scheduler.step();
    found.push(scheduler.optimizer.paramGroups[0]!.lr);
  }
  return found.map((lr) => Number(lr.toPrecision(12)));
}

test("every group keeps its own rate", () => {
  const optimizer = new SGD([{ params: [leaf()] }, { params: [leaf()], lr: 4 }], { lr: 1 });
  const scheduler = new StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
  scheduler.step();
  expect(scheduler.getLastLr()).toEqual([0.5, 2]);
  expect(optimizer.paramGroups.map(({ initialLr }) => initialLr)).toEqual([1, 4]);
});

test("a change by hand stays, where the schedule is recursive", () => {
  const optimizer = sgd();
  const scheduler = new ExponentialLR(optimizer, { gamma: 0.5 });
  optimizer.paramGroups[0]!.lr = 10;
  expect(rates(scheduler, 1)).toEqual([10, 5]);
});

test("step(epoch) jumps, in closed form", () => {
  const jump = (make: (on: SGD) => LRScheduler, epoch: number): number => {
    const scheduler = make(sgd());
    scheduler.step(epoch);
    return Number(scheduler.getLastLr()[0]!.toPrecision(12));
  };
  const walk = (make: (on: SGD) => LRScheduler, epoch: number): number => rates(make(sgd()), epoch).at(-1)!;
  const makers: ((on: SGD) => LRScheduler)[] = [
    (on) => new StepLR(on, { stepSize: 3 }),
    (on) => new MultiStepLR(on, { milestones: [2, 2, 5] }),
    (on) => new ExponentialLR(on, { gamma: 0.9 }),
    (on) => new InverseTimeLR(on, { decayRate: 0.5 }),
    (on) => new LambdaLR(on, { lrLambda: (epoch) => 1 / (1 + epoch) }),
    (on) => new ConstantLR(on, { totalIters: 4 }),
    (on) => new LinearLR(on, { totalIters: 4 }),
    (on) => new PolynomialLR(on, { totalIters: 8, power: 2 }),
    (on) => new CosineAnnealingLR(on, { tMax: 6, etaMin: 0.1 }),
    (on) => new CosineAnnealingWarmRestarts(on, { t0: 2, tMult: 2 }),
    (on) => new OneCycleLR(on, { maxLr: 1, totalSteps: 20 }),
  ];
  for (const make of makers) {
    for (const epoch of [0, 1, 5, 7]) expect(jump(make, epoch)).toBeCloseTo(walk(make, epoch), 10);
    const scheduler = make(sgd());
    const before = JSON.stringify(scheduler.stateDict());
    const fractions = scheduler instanceof CosineAnnealingWarmRestarts ? [] : [0.5];
    for (const epoch of [...fractions, -1, NaN, Infinity, "1" as never]) {
      expect(() => scheduler.step(epoch)).toThrow(
        `${scheduler.constructor.name}.step: epoch is ${epoch}; it must be a`,
      );
      expect(JSON.stringify(scheduler.stateDict())).toBe(before);
    }
  }
});

test("a run that goes on needs the optimiser's state", () => {
  expect(() => new StepLR(sgd(), { stepSize: 2, lastEpoch: 3 })).toThrow("group 0 has no initialLr");
  const first = sgd();
  const whole = rates(new CosineAnnealingLR(first, { tMax: 8 }), 6);
  const optimizer = sgd();
  optimizer.loadStateDict(first.stateDict());
  const resumed = new CosineAnnealingLR(optimizer, { tMax: 8, lastEpoch: 5 });
  expect(resumed.lastEpoch).toBe(6);
  expect(optimizer.paramGroups[0]!.lr).toBeCloseTo(whole[6]!, 12);
  const restarts = new CosineAnnealingWarmRestarts(sgd(), { t0: 2, tMult: 2 });
  const after = rates(restarts, 5)[5]!;
  const again = new CosineAnnealingWarmRestarts(restarts.optimizer, { t0: 2, tMult: 2, lastEpoch: 4 });
  expect(again.getLastLr()[0]).toBeCloseTo(after, 12);
});

test("the state of another schedule is refused", () => {
  const scheduler = new StepLR(sgd(), { stepSize: 2 });
  expect(() => scheduler.loadStateDict(new ExponentialLR(sgd(), { gamma: 1 }).stateDict())).toThrow(
    '"stepSize" is in this schedule only',
  );
  expect(() => new ReduceLROnPlateau(sgd()).loadStateDict({})).toThrow('"mode" is in this schedule only');
  const chained = new ChainedScheduler([scheduler]);
  expect(() => chained.loadStateDict({ schedulers: [], lastLrs: [] })).toThrow(
    '"lastLrs" must be a list of 1',
  );
});

describe("one schedule each", () => {
  test("InverseTimeLR", () => {
    expect(rates(new InverseTimeLR(sgd(), { decayRate: 1 }), 3)).toEqual([
      1,
      0.5,
      Number((1 / 3).toPrecision(12)),
      0.25,
    ]);
    expect(rates(new InverseTimeLR(sgd(), { decayRate: 1, decaySteps: 2, staircase: true }), 4))
      .toEqual([1, 1, 0.5, 0.5, Number((1 / 3).toPrecision(12))]);
    expect(() => new InverseTimeLR(sgd(), { decayRate: -1 })).toThrow("decayRate is -1");
  });

  test("LambdaLR and MultiplicativeLR by group", () => {
    const optimizer = new SGD([{ params: [leaf()] }, { params: [leaf()] }], { lr: 1 });
    const scheduler = new LambdaLR(optimizer, { lrLambda: [(epoch) => 1 + epoch, () => 0.5] });
    scheduler.step();
    expect(scheduler.getLastLr()).toEqual([2, 0.5]);
    expect(() => new MultiplicativeLR(optimizer, { lrLambda: [() => 1] })).toThrow("got 1 values of lrLambda for 2");
  });

  test("CosineAnnealingWarmRestarts takes fractions", () => {
    const scheduler = new CosineAnnealingWarmRestarts(sgd(), { t0: 2, tMult: 2 });
    scheduler.step(3.5); // the second cycle runs from 2 to 6
    expect(scheduler.getLastLr()[0]).toBeCloseTo((1 + Math.cos(Math.PI * 1.5 / 4)) / 2, 12);
    expect(scheduler.lastEpoch).toBe(3);
    expect(() => scheduler.step(-1)).toThrow("epoch is -1");
  });

  test("OneCycleLR cycles β₁ of Adam, and ends", () => {
    const optimizer = new Adam([leaf()]);
    const scheduler = new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10, annealStrategy: "linear" });
    expect(optimizer.paramGroups[0]!.betas).toEqual([0.95, 0.999]);
    expect(optimizer.paramGroups[0]!.lr).toBe(0.04);
    scheduler.step();
    scheduler.step();
    expect(optimizer.paramGroups[0]!.betas[0]).toBeCloseTo(0.85, 12);
    expect(optimizer.paramGroups[0]!.lr).toBeCloseTo(1, 12);
    for (let i = 0; i < 8; i++) scheduler.step();
    expect(() => scheduler.step()).toThrow("this is step 11 of a cycle of 10");
  });

  test("OneCycleLR's demands", () => {
    expect(() => new OneCycleLR(sgd(), { maxLr: 1 })).toThrow("give totalSteps, or both epochs and stepsPerEpoch");
    expect(() => new OneCycleLR(sgd(), { maxLr: 1, totalSteps: 0 })).toThrow("the number of steps is 0");
    expect(() => new OneCycleLR(sgd(), { maxLr: 1, totalSteps: 9, pctStart: 2 })).toThrow("pctStart is 2");
    expect(() => new OneCycleLR(sgd(), { maxLr: [1, 2], totalSteps: 9 })).toThrow("got 2 values of maxLr for 1");
    const plain = new Adagrad([leaf()]);
    expect(() => new OneCycleLR(plain, { maxLr: 1, totalSteps: 9 })).toThrow("set cycleMomentum to false");
    expect(new OneCycleLR(plain, { maxLr: 1, totalSteps: 9, cycleMomentum: false }).getLastLr()).toEqual([0.04]);
  });

  test("ReduceLROnPlateau with NaN, minLr by group, and its demands", () => {
    const scheduler = new ReduceLROnPlateau(sgd(), { patience: 1, factor: 0.5, minLr: [0.3] });
    for (let i = 0; i < 8; i++) scheduler.step(NaN);
    expect(scheduler.getLastLr()).toEqual([0.3]);
    expect(scheduler.lastEpoch).toBe(8);
    expect(() => new ReduceLROnPlateau(sgd(), { factor: 1 })).toThrow("factor is 1");
    expect(() => new ReduceLROnPlateau(sgd(), { mode: "low" as "min" })).toThrow('mode is "low"');
    expect(() => new ReduceLROnPlateau(sgd(), { minLr: [1, 2] })).toThrow("got 2 values of minLr for 1");
  });

  test("options out of range", () => {
    expect(() => new StepLR(sgd(), { stepSize: 0 })).toThrow("StepLR: stepSize is 0");
    expect(() => new MultiStepLR(sgd(), { milestones: [1.5] })).toThrow("a milestone is 1.5");
    expect(() => new ConstantLR(sgd(), { factor: 0 })).toThrow("factor is 0");
    expect(() => new LinearLR(sgd(), { startFactor: 0 })).toThrow("startFactor is 0");
    expect(() => new LinearLR(sgd(), { endFactor: 2 })).toThrow("endFactor is 2");
    expect(() => new CosineAnnealingWarmRestarts(sgd(), { t0: 0 })).toThrow("t0 is 0");
    expect(() => new CosineAnnealingLR(sgd(), { tMax: 0 })).toThrow("tMax is 0");
  });
});

describe("several schedules", () => {
  test("linear warm-up, then another schedule from its beginning", () => {
    const steady = linearWarmup(sgd(), { steps: 4 });
    expect(rates(steady, 6)).toEqual([0.2, 0.4, 0.6, 0.8, 1, 1, 1]);
    const then = linearWarmup(sgd(), {
      steps: 2,
      startFactor: 0.5,
      then: (o) => new StepLR(o, { stepSize: 2, gamma: 0.5 }),
    });
    expect(rates(then, 6)).toEqual([0.5, 0.75, 1, 1, 0.5, 0.5, 0.25]);
  });

  test("what does not fit together", () => {
    const [one, other] = [sgd(), sgd()];
    const [a, b] = [new StepLR(one, { stepSize: 1 }), new StepLR(other, { stepSize: 1 })];
    expect(() => new ChainedScheduler([])).toThrow("got no schedules");
    expect(() => new ChainedScheduler([a, b])).toThrow("schedule 1 belongs to another optimiser");
    expect(() => new SequentialLR(other, { schedulers: [a], milestones: [] })).toThrow(
      "another optimiser than the one given",
    );
    expect(() => new SequentialLR(one, { schedulers: [a], milestones: [3] })).toThrow(
      "got 1 milestones for 1 schedules",
    );
    const c = new StepLR(one, { stepSize: 1 });
    expect(() => new SequentialLR(one, { schedulers: [a, c, c], milestones: [3, 3] })).toThrow("a milestone is 3");
  });
});

describe("CyclicLR", () => {
  test("a function of the cycle or of the step gives the height", () => {
    const options = { baseLr: 0, maxLr: 1, stepSizeUp: 2, cycleMomentum: false };
    expect(rates(new CyclicLR(sgd(), { ...options, scaleFn: (cycle) => 1 / cycle }), 8)).toEqual(
      [0, 0.5, 1, 0.5, 0, 0.25, 0.5, 0.25, 0],
    );
    const steps = new CyclicLR(sgd(), { ...options, scaleFn: (step) => step, scaleMode: "iterations" });
    expect(rates(steps, 4)).toEqual([0, 0.5, 2, 1.5, 0]);
  });

  test("cycles β₁ of Adam, and each group by itself", () => {
    const adam = new Adam([{ params: [leaf()] }, { params: [leaf()] }]);
    const scheduler = new CyclicLR(adam, { baseLr: [0, 1], maxLr: 3, stepSizeUp: 2, baseMomentum: [0.5, 0.7] });
    expect(adam.paramGroups.map(({ betas }) => betas)).toEqual([[0.9, 0.999], [0.9, 0.999]]);
    scheduler.step();
    scheduler.step();
    expect(scheduler.getLastLr()).toEqual([3, 3]);
    expect(adam.paramGroups.map(({ betas }) => betas[0])).toEqual([0.5, 0.7]);
  });

  test("errors", () => {
    const bounds = { baseLr: 0, maxLr: 1 };
    expect(() => new CyclicLR(sgd(), { maxLr: 1 } as never)).toThrow("CyclicLR: baseLr is missing");
    expect(() => new CyclicLR(sgd(), { ...bounds, stepSizeUp: 0 })).toThrow("stepSizeUp is 0; it must be above 0");
    expect(() => new CyclicLR(sgd(), { ...bounds, stepSizeDown: NaN })).toThrow("stepSizeDown is NaN");
    expect(() => new CyclicLR(sgd(), { ...bounds, mode: "exp_range" as never })).toThrow('mode is "exp_range"');
    expect(() => new CyclicLR(sgd(), { ...bounds, maxLr: [1, 2] })).toThrow("got 2 values of maxLr for 1 parameter");
    expect(() => new CyclicLR(new Adagrad([leaf()]), bounds)).toThrow("set cycleMomentum to false");
  });
});

test.each<[string, () => unknown, string]>([
  ["gamma", () => new ExponentialLR(sgd(), {} as never), "ExponentialLR: gamma is undefined; it must be a number"],
  ["gamma", () => new StepLR(sgd(), { stepSize: 1, gamma: NaN }), "StepLR: gamma is NaN"],
  ["gamma", () => new MultiStepLR(sgd(), { milestones: [1], gamma: null as never }), "MultiStepLR: gamma is null"],
  ["milestones", () => new MultiStepLR(sgd(), { milestones: 3 as never }), "milestones is 3; it must be a list"],
  ["power", () => new PolynomialLR(sgd(), { power: NaN }), "PolynomialLR: power is NaN"],
  ["etaMin", () => new CosineAnnealingLR(sgd(), { tMax: 2, etaMin: NaN }), "CosineAnnealingLR: etaMin is NaN"],
  ["etaMin", () => new CosineAnnealingWarmRestarts(sgd(), { t0: 2, etaMin: NaN }), "WarmRestarts: etaMin is NaN"],
  ["maxLr", () => new OneCycleLR(sgd(), { totalSteps: 5 } as never), "OneCycleLR: maxLr is undefined"],
  ["baseLr", () => new CyclicLR(sgd(), { baseLr: [NaN], maxLr: 1 }), "CyclicLR: baseLr is NaN"],
  ["scaleFn", () => new CyclicLR(sgd(), { baseLr: 0, maxLr: 1, scaleFn: 3 as never }), "scaleFn is 3; it must be a f"],
  ["lrLambda", () => new LambdaLR(sgd(), {} as never), "LambdaLR: lrLambda is undefined; it must be a function"],
  ["lrLambda", () => new MultiplicativeLR(sgd(), { lrLambda: [0.5] as never }), "MultiplicativeLR: lrLambda is 0.5"],
  ["minLr", () => new ReduceLROnPlateau(sgd(), { minLr: [NaN] }), "ReduceLROnPlateau: minLr is NaN"],
  [
    "list",
    () => new ChainedScheduler(new StepLR(sgd(), { stepSize: 1 }) as never),
    "schedulers is an object of class S",
  ],
  [
    "optimiser",
    () => new StepLR([leaf()] as never, { stepSize: 1 }),
    "StepLR: expected an optimiser first, got an obj",
  ],
  ["optimiser", () => new OneCycleLR({} as never, { maxLr: 1, totalSteps: 2 }), "OneCycleLR: expected an optimiser"],
  [
    "optimiser",
    () => new CyclicLR(null as never, { baseLr: 0, maxLr: 1 }),
    "CyclicLR: expected an optimiser first, got n",
  ],
  [
    "optimiser",
    () => new ReduceLROnPlateau(undefined as never),
    "ReduceLROnPlateau: expected an optimiser first, got u",
  ],
])("refuses a wrong %s", (_, make, message) => expect(make).toThrow(message));
