/**
 * A training run that is interrupted, saved to a file, and resumed by a process that knows only its options, ends with
 * the same bits as an uninterrupted one: model, optimiser, schedule, averages, early stopping, generators and the
 * loader's position.
 *
 * @module-tag once
 */
import { DataLoader, TensorDataset } from "@heddle/data";
import {
  AveragedModel,
  BatchNorm1d,
  Dropout,
  functional as F,
  getEmaMultiAvgFn,
  Linear,
  ReLU,
  Sequential,
  type StateDict,
} from "@heddle/nn";
import * as optim from "@heddle/optim";
import {
  type ChainedScheduler,
  clipGradNorm_,
  EarlyStopping,
  type LRScheduler,
  type Optimizer,
  ReduceLROnPlateau,
  type ScheduledOptimizer,
  type SchedulerStateDict,
} from "@heddle/optim";
import { fromTypedArray, Generator, randint, randn, scope, Tensor } from "@heddle/tensor";
import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

type AnyScheduler = LRScheduler | ReduceLROnPlateau | ChainedScheduler;

interface Recipe {
  readonly optimizer: (params: Tensor[]) => Optimizer;
  readonly scheduler: (optimizer: Optimizer) => AnyScheduler;
}

const batches = 6;
const epochs = 2;
const data = new Generator(99);
const dataset = new TensorDataset(randn([36, 5], { generator: data }), randint(0, 3, [36], { generator: data }));

/** A training run with everything that has a state; a seed determines its random numbers. */
class Training {
  readonly dropout: Generator;
  readonly model: Sequential;
  readonly optimizer: Optimizer;
  readonly scheduler: AnyScheduler;
  readonly average: AveragedModel<Sequential>;
  readonly stopping: EarlyStopping;
  readonly loader: DataLoader<[Tensor, Tensor]>;
  losses: number[] = [];

  constructor(recipe: Recipe, seed: number) {
    const generator = new Generator(seed);
    this.dropout = new Generator(seed + 1);
    this.model = new Sequential(
      ...[new Linear(5, 8, { generator }), new BatchNorm1d(8), new ReLU()],
      ...[new Dropout(0.3, { generator: this.dropout }), new Linear(8, 3, { generator })],
    );
    this.optimizer = recipe.optimizer(this.model.parameters());
    this.scheduler = recipe.scheduler(this.optimizer);
    this.average = new AveragedModel(this.model, {
      multiAvgFn: getEmaMultiAvgFn(0.9, { warmup: true }),
      useBuffers: true,
    });
    this.stopping = new EarlyStopping({ patience: 100, model: this.model });
    this.loader = new DataLoader(dataset, { batchSize: 6, shuffle: true, generator: new Generator(seed + 2) });
  }

  /** Continues until the end, or for a number of steps. */
  run(until = epochs * batches): this {
    while (this.losses.length < until) {
      for (const [x, y] of this.loader) {
        const open = scope();
        const value = this.optimizer.step(() => {
          const loss = F.crossEntropy(this.model.forward(x), y, { labelSmoothing: 0.1 });
          this.optimizer.zeroGrad();
          loss.backward();
          clipGradNorm_(this.model.parameters(), 1);
          return loss.item();
        });
        // A metric rather than an epoch for ReduceLROnPlateau alone.
        if (this.scheduler instanceof ReduceLROnPlateau) this.scheduler.step(value);
        else this.scheduler.step();
        this.average.updateParameters(this.model);
        this.stopping.step(value);
        this.losses.push(value);
        open.end();
        if (this.losses.length >= until) return this;
      }
    }
    return this;
  }

  state(): object {
    return {
      model: this.model.stateDict(),
      optimizer: this.optimizer.stateDict(),
      scheduler: this.scheduler.stateDict(),
      average: this.average.stateDict(),
      stopping: this.stopping.stateDict(),
      dropout: this.dropout.getState(),
      loader: this.loader.stateDict(),
      losses: this.losses,
    };
  }

  load(state: ReturnType<Training["state"]>): this {
    const saved = state as {
      model: StateDict;
      optimizer: ReturnType<Optimizer["stateDict"]>;
      scheduler: SchedulerStateDict;
      average: StateDict;
      stopping: ReturnType<EarlyStopping["stateDict"]>;
      dropout: ReturnType<Generator["getState"]>;
      loader: ReturnType<DataLoader<unknown>["stateDict"]>;
      losses: number[];
    };
    this.model.loadStateDict(saved.model);
    this.optimizer.loadStateDict(saved.optimizer);
    this.scheduler.loadStateDict(saved.scheduler);
    this.average.loadStateDict(saved.average);
    this.stopping.loadStateDict(saved.stopping);
    this.dropout.setState(saved.dropout);
    this.loader.loadStateDict(saved.loader);
    this.losses = saved.losses;
    return this;
  }

  /** Every bit of a training run's result. */
  bits(): unknown {
    return JSON.parse(write(this.state()));
  }
}

/** As JSON, the elements of tensors as their bytes. */
function write(state: object): string {
  return JSON.stringify(state, function (this: Record<string, unknown>, key, json) {
    // What comes as `json` is an array already.
    const value = this[key];
    if (!(value instanceof Tensor)) return json;
    const elements = value.toTypedArray();
    const bytes = Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength).toString("base64");
    return { dtype: value.dtype, shape: value.shape, bytes };
  });
}

function read(text: string): object {
  return JSON.parse(text, (_, value) => {
    if (typeof value?.bytes !== "string") return value;
    const { buffer } = Uint8Array.from(Buffer.from(value.bytes, "base64"));
    const elements = value.dtype === "int32" ? new Int32Array(buffer) : new Float32Array(buffer);
    return fromTypedArray(elements, value.shape, { dtype: value.dtype });
  });
}

const steady = (optimizer: Optimizer): AnyScheduler => new optim.StepLR(optimizer, { stepSize: 4, gamma: 0.5 });
const momentum = (params: Tensor[]): Optimizer => new optim.SGD(params, { lr: 0.1, momentum: 0.9, weightDecay: 1e-3 });

const optimizers: { readonly [name: string]: Recipe["optimizer"] } = {
  "SGD": (params) => new optim.SGD(params, { lr: 0.1 }),
  "SGD with Nesterov's momentum": (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true }),
  "SGD with groups": (params) => new optim.SGD(optim.weightDecayGroups(params, 0.1), { lr: 0.1, momentum: 0.9 }),
  "Adam": (params) => new optim.Adam(params, { lr: 0.01 }),
  "Adam with amsgrad": (params) => new optim.Adam(params, { lr: 0.01, amsgrad: true }),
  "AdamW": (params) => new optim.AdamW(params, { lr: 0.01, weightDecay: 0.1 }),
  "Adamax": (params) => new optim.Adamax(params, { lr: 0.01 }),
  "NAdam": (params) => new optim.NAdam(params, { lr: 0.01 }),
  "RAdam": (params) => new optim.RAdam(params, { lr: 0.01 }),
  "Rprop": (params) => new optim.Rprop(params, { lr: 0.01 }),
  "Adagrad": (params) => new optim.Adagrad(params, { lr: 0.1, lrDecay: 0.1 }),
  "Adadelta": (params) => new optim.Adadelta(params),
  "RMSprop": (params) => new optim.RMSprop(params, { lr: 0.01 }),
  "ASGD": (params) => new optim.ASGD(params, { lr: 0.1, t0: 3 }),
  "Lion": (params) => new optim.Lion(params, { lr: 0.01, weightDecay: 0.1 }),
  "Muon": (params) =>
    new optim.Muon([
      { params: params.filter(({ ndim }) => ndim > 1) },
      { params: params.filter(({ ndim }) => ndim < 2), useMuon: false },
    ], { lr: 0.02 }),
  "LBFGS": (params) => new optim.LBFGS(params, { lr: 0.1, maxIter: 3, historySize: 2 }),
  "LBFGS with a line search": (params) => new optim.LBFGS(params, { lineSearchFn: "strongWolfe", maxIter: 2 }),
  "RMSprop centred with momentum": (params) => new optim.RMSprop(params, { lr: 0.01, centered: true, momentum: 0.9 }),
};

const factor = (epoch: number): number => 1 / (1 + 0.3 * epoch);
const schedulers: { readonly [name: string]: (on: Optimizer) => AnyScheduler } = {
  "StepLR": steady,
  "MultiStepLR": (on) => new optim.MultiStepLR(on, { milestones: [3, 7], gamma: 0.3 }),
  "ExponentialLR": (on) => new optim.ExponentialLR(on, { gamma: 0.8 }),
  "InverseTimeLR": (on) => new optim.InverseTimeLR(on, { decayRate: 0.5 }),
  "LinearLR": (on) => new optim.LinearLR(on, { startFactor: 0.2, totalIters: 9 }),
  "ConstantLR": (on) => new optim.ConstantLR(on, { factor: 0.3, totalIters: 6 }),
  "PolynomialLR": (on) => new optim.PolynomialLR(on, { totalIters: 12, power: 2 }),
  "CosineAnnealingLR": (on) => new optim.CosineAnnealingLR(on, { tMax: 5, etaMin: 0.01 }),
  "CosineAnnealingWarmRestarts": (on) => new optim.CosineAnnealingWarmRestarts(on, { t0: 2, tMult: 2 }),
  "OneCycleLR": (on) => new optim.OneCycleLR(on, { maxLr: 0.5, totalSteps: 12 }),
  "CyclicLR": (on) => new optim.CyclicLR(on, { baseLr: 0.01, maxLr: 0.3, stepSizeUp: 3, mode: "triangular2" }),
  "LambdaLR": (on) => new optim.LambdaLR(on, { lrLambda: factor }),
  "MultiplicativeLR": (on) => new optim.MultiplicativeLR(on, { lrLambda: factor }),
  "ReduceLROnPlateau": (on) => new optim.ReduceLROnPlateau(on, { patience: 0, cooldown: 1, factor: 0.5 }),
  "ChainedScheduler": (on) =>
    new optim.ChainedScheduler([
      new optim.ConstantLR(on, { factor: 0.3, totalIters: 6 }),
      new optim.ExponentialLR(on, { gamma: 0.8 }),
    ]),
  "SequentialLR": (on) =>
    new optim.SequentialLR(on, {
      schedulers: [new optim.LinearLR(on, { totalIters: 4 }), new optim.CosineAnnealingLR(on, { tMax: 8 })],
      milestones: [4],
    }),
  "linearWarmup": (on) =>
    optim.linearWarmup(on, {
      steps: 4,
      then: (under: ScheduledOptimizer) => new optim.StepLR(under, { stepSize: 3, gamma: 0.5 }),
    }),
};

describe("resumed trainings", () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-resume-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs with interruptions after so many steps, each time from the file alone, in objects made from another seed. */
  function interrupted(recipe: Recipe, stops: readonly number[]): Training {
    const file = join(folder, "training.json");
    let training = new Training(recipe, 0);
    for (const [i, stop] of stops.entries()) {
      writeFileSync(file, write(training.run(stop).state()));
      training = new Training(recipe, 1000 * (i + 1)).load(read(readFileSync(file, "utf8")));
    }
    return training.run();
  }

  function check(recipe: Recipe): void {
    const whole = new Training(recipe, 0).run().bits();
    // Before the first step, in the middle of an epoch, at its end, and near the end.
    expect(interrupted(recipe, [0, 3, 4]).bits()).toEqual(whole);
    expect(interrupted(recipe, [6]).bits()).toEqual(whole);
    expect(interrupted(recipe, [2, 7, 11]).bits()).toEqual(whole);
    expect(new Training(recipe, 1000).run().bits(), "another seed gives other bits").not.toEqual(whole);
  }

  test.each(Object.entries(optimizers))("%s", (_, optimizer) => check({ optimizer, scheduler: steady }));
  test.each(Object.entries(schedulers))("%s", (_, scheduler) => check({ optimizer: momentum, scheduler }));

  test("every optimiser and every schedule that there is stands above", () => {
    const used = [...Object.keys(optimizers), ...Object.keys(schedulers)].join(" ");
    const isOurs = (name: string): boolean =>
      /(LR|Scheduler|WarmRestarts|Plateau)$/.test(name) ||
      (optim as unknown as Record<string, { prototype?: unknown }>)[name]!.prototype instanceof optim.Optimizer;
    const there = Object.keys(optim).filter((name) => isOurs(name) && name !== "LRScheduler");
    expect(there.length).toBeGreaterThan(20);
    expect(there.filter((name) => !new RegExp(`\\b${name}\\b`).test(used))).toEqual([]);
  });
});
