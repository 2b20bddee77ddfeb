/** Optimisers, schedules and clipping against PyTorch's trajectories. */
import "@heddle/autograd";
import * as optim from "@heddle/optim";
import { clipGradNorm_, clipGradValue_, type LRScheduler, type Optimizer } from "@heddle/optim";
import { arange, memory, scope, type Tensor, zerosLike } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { callValues, type FixtureCase, type FixtureTensor, loadFixtures } from "./load.ts";
import { expectTensor, fromFixture, toTensor } from "./recorded_tensors.ts";
import { start, type Trajectory } from "./trajectories.ts";

/** Steps of LBFGS, which evaluates an objective several times in each. */
interface Search {
  name: string;
  optimizer: string;
  objective: string;
  options: Record<string, unknown>;
  params: FixtureTensor[];
  steps: { params: FixtureTensor[]; loss: number; funcEvals: number; nIter: number }[];
}

const cases = loadFixtures<Trajectory | Search | FixtureCase>("optimisers").cases;
const trajectories = cases.filter((each): each is Trajectory => "trajectory" in each);
const searches = cases.filter((each): each is Search => "objective" in each);
const clippings = cases.filter((each): each is FixtureCase => "call" in each);

function setGradients(params: Tensor[], grads: (FixtureTensor | null)[]): void {
  for (const [i, param] of params.entries()) param.grad = grads[i] ? fromFixture(grads[i]!) : null;
}

describe("optimisers", () => {
  test.each(trajectories)("$name", (each) => {
    const { params, made } = start(each);
    for (const [step, grads] of each.grads.entries()) {
      setGradients(params, grads);
      made.step();
      for (const [i, param] of params.entries()) {
        expectTensor(param, each.trajectory[step]![i]!, `step ${step}, parameter ${i}`);
      }
    }
  });

  test.each(trajectories)("$name, saved and resumed after 7 steps, to the same bits", (each) => {
    const whole = start(each);
    const [first, second] = [start(each), start(each)];
    for (const [step, grads] of each.grads.entries()) {
      setGradients(whole.params, grads);
      whole.made.step();
      if (step === 7) {
        second.params.forEach((param, i) => param.detach().copy_(first.params[i]!.detach()));
        second.made.loadStateDict(first.made.stateDict());
      }
      const { params, made } = step < 7 ? first : second;
      setGradients(params, grads);
      made.step();
      for (const [i, param] of params.entries()) {
        expect(param.toTypedArray(), `step ${step}`).toEqual(whole.params[i]!.toTypedArray());
      }
    }
  });

  test.each(trajectories)("$name, inside scopes, without leaks", (each) => {
    const { params, made } = start(each);
    let live = 0;
    for (const [step, grads] of each.grads.entries()) {
      const open = scope();
      setGradients(params, grads);
      made.step();
      open.end();
      for (const param of params) param.grad = null;
      // From step 6 on every parameter has had a gradient and all state exists.
      if (step === 7) live = memory().storages;
      if (step > 7) expect(memory().storages, `step ${step}`).toBeLessThanOrEqual(live);
    }
    for (const [i, param] of params.entries()) expectTensor(param, each.trajectory.at(-1)![i]!, `parameter ${i}`);
  });
});

/** The functions of tools/oracle/optimisers.py. */
const objectives: { readonly [name: string]: (a: Tensor, b: Tensor) => Tensor } = {
  bowl: (a, b) =>
    a.square().mul(arange(1, 5, { dtype: "float64" }).reshape(2, 2)).sum().add(b.sub(1).square().sum().mul(3)),
  rosenbrock: (a, b) => {
    const [x, y] = [a.select(1, 0), a.select(1, 1)];
    return a.neg().add(1).square().sum().add(y.sub(x.square()).square().sum().mul(100)).add(b.pow(4).sum());
  },
  cosines: (a, b) => a.cos().add(a.square().mul(0.1)).sum().add(b.sin().mul(b).sum()),
};

describe("LBFGS", () => {
  function follow(each: Search, resumeAt: number): void {
    let { params, made } = start(each);
    for (const [step, { params: wanted, loss, funcEvals, nIter }] of each.steps.entries()) {
      if (step === resumeAt) {
        const next = start(each);
        next.params.forEach((param, i) => param.detach().copy_(params[i]!.detach()));
        next.made.loadStateDict(made.stateDict());
        ({ params, made } = next);
      }
      const open = scope();
      const found = made.step(() => {
        made.zeroGrad();
        const value = objectives[each.objective]!(params[0]!, params[1]!);
        value.backward();
        return value;
      });
      expect(Math.abs(found.item() / loss - 1), `step ${step}: loss ${found.item()}, not ${loss}`).toBeLessThan(1e-9);
      expect(made.stateDict().state[0], `step ${step}`).toMatchObject({ funcEvals, nIter });
      for (const [i, param] of params.entries()) {
        expectTensor(param, wanted[i]!, `step ${step}, parameter ${i}`, { rtol: 1e-7, atol: 1e-8 });
      }
      open.end();
    }
  }

  test.each(searches)("$name", (each) => follow(each, -1));

  test.each(searches)("$name, saved and resumed", (each) => [1, 3].forEach((step) => follow(each, step)));
});

describe("clipping", () => {
  test.each(clippings)("$name", (each) => {
    const params = each.inputs.map((input) => {
      const gradient = fromFixture(input as FixtureTensor);
      const param = zerosLike(gradient).requiresGrad_();
      param.grad = gradient;
      return param;
    });
    const args = callValues(each, [], toTensor) as [number, Record<string, unknown>?];
    const run = () =>
      each.call === "clipGradNorm_" ? [clipGradNorm_(params, ...args)] : clipGradValue_(params, args[0]) ?? [];
    if (each.error) {
      expect(run).toThrow(/clipGradNorm_: the norm/);
      return;
    }
    const found = [...run(), ...params.map((param) => param.grad!)];
    expect(found.length).toBe(each.outputs.length);
    for (const [i, output] of each.outputs.entries()) expectTensor(found[i]!, output, `output ${i}`);
  });
});

interface Schedule {
  name: string;
  scheduler: string;
  baseLr: number;
  momentum: number;
  options: Record<string, unknown>;
  lrs: number[];
  momenta?: number[];
  metrics?: number[];
}

interface ScheduleRecipe {
  scheduler: string;
  options: Record<string, unknown>;
}

/** What the recordings call the functions given to LambdaLR. */
const formulas: Record<string, (epoch: number) => number> = {
  inverseTime: (epoch) => 1 / (1 + 0.1 * epoch),
  warmUp: (epoch) => Math.min(1, (epoch + 1) / 10),
  inverseSquareRoot: (epoch) => Math.min((epoch + 1) ** -0.5, (epoch + 1) * 8 ** -1.5),
};

type AnyScheduler = Pick<LRScheduler, "getLastLr" | "stateDict" | "loadStateDict"> & { step(metric?: number): void };
type MakeScheduler = new (optimizer: Optimizer, options: Record<string, unknown>) => AnyScheduler;

function makeScheduler({ scheduler, options }: ScheduleRecipe, on: Optimizer): AnyScheduler {
  if (scheduler === "LambdaLR") return new optim.LambdaLR(on, { lrLambda: formulas[options.formula as string]! });
  const given = { ...options };
  if (Array.isArray(options.schedulers)) {
    given.schedulers = (options.schedulers as ScheduleRecipe[]).map((recipe) => makeScheduler(recipe, on));
  }
  if (scheduler === "ChainedScheduler") return new optim.ChainedScheduler(given.schedulers as LRScheduler[]);
  return new (optim as unknown as Record<string, MakeScheduler>)[scheduler]!(on, given);
}

describe("schedules", () => {
  const recorded = loadFixtures<Schedule>("schedules").cases;

  function sgd({ baseLr, momentum }: Schedule): optim.SGD {
    return new optim.SGD([fromFixture(trajectories[0]!.params[0]!).requiresGrad_()], { lr: baseLr, momentum });
  }

  function follow(each: Schedule, resumeAt: number): void {
    let on = sgd(each);
    let scheduler = makeScheduler(each, on);
    for (const [epoch, lr] of each.lrs.entries()) {
      if (epoch > 0) scheduler.step(each.metrics?.[epoch - 1]);
      const group = on.paramGroups[0]!;
      expect(Math.abs(group.lr - lr), `epoch ${epoch}: lr is ${group.lr}, PyTorch has ${lr}`).toBeLessThanOrEqual(
        1e-12 + 1e-10 * lr,
      );
      expect(scheduler.getLastLr()).toEqual([group.lr]);
      if (each.momenta) expect(group.momentum, `epoch ${epoch}: momentum`).toBeCloseTo(each.momenta[epoch]!, 12);
      if (epoch === resumeAt) {
        const saved = JSON.stringify([on.stateDict(), scheduler.stateDict()]);
        const [optimizerState, schedulerState] = JSON.parse(saved);
        on = sgd(each);
        scheduler = makeScheduler(each, on);
        on.loadStateDict(optimizerState);
        scheduler.loadStateDict(schedulerState);
      }
    }
  }

  test.each(recorded)("$name", (each) => follow(each, -1));

  test.each(recorded)("$name, saved as JSON and resumed", (each) => {
    for (const epoch of [3, 12, 25]) follow(each, epoch);
  });

  test("InverseTimeLR is LambdaLR's inverse time", () => {
    const each = recorded.find(({ options }) => options.formula === "inverseTime")!;
    follow({ ...each, scheduler: "InverseTimeLR", options: { decayRate: 0.1 } }, 9);
  });

  test("MultiplicativeLR with a constant is ExponentialLR", () => {
    const each = recorded.find(({ scheduler }) => scheduler === "ExponentialLR")!;
    follow({ ...each, scheduler: "MultiplicativeLR", options: { lrLambda: () => each.options.gamma as number } }, 9);
  });
});
