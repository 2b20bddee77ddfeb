// Optimisers: full, mini-batch and online gradient descent; momentum, Adagrad, RMSprop and Adam on the same loss
// surfaces; learning rate schedules.
import { grad } from "@heddle/autograd";
import { ExponentialLR, InverseTimeLR, SGD, StepLR } from "@heddle/optim";
import { solve } from "@heddle/linalg";
import { ones, rand, randint, randn, stack, type Tensor, tensor, tidy, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { panels } from "../runner/pictures/panels.ts";
import { planePlot } from "../runner/pictures/plane_plot.ts";
import { type Basic, basic } from "./basic.ts";
import { planeGrid } from "./plane.ts";
import { RULES } from "./update_rules.ts";

const POINTS = 100, EPOCHS = 5, STEPS = 150, DECAY_STEPS = 1_000, RUNS = 200;
/** Rules are compared with the library's for this many steps; later, rounding may send an unstable path elsewhere. */
const COMPARED = 30;
/** Cells across the pictures of loss surfaces. */
const CELLS = 100;
const dtype = "float64";

/** The loss [n] of weights [n, 2], the starting point, and a suitable learning rate for each rule. */
interface Landscape {
  name: string;
  loss(w: Tensor): Tensor;
  from: [number, number];
  rates: Record<string, number>;
}

const first = (w: Tensor): Tensor => w.select(1, 0), second = (w: Tensor): Tensor => w.select(1, 1);
const valley = (w: Tensor): Tensor => first(w).square().mul(0.05).add(second(w).square().mul(2.5));
/** Rotated by 45°: the valley follows neither axis. */
const turned = (w: Tensor): Tensor => w.matmul(tensor([[1, -1], [1, 1]], { dtype }).mul(Math.SQRT1_2));
const LANDSCAPES: readonly Landscape[] = [
  {
    name: "A valley",
    loss: valley,
    from: [-3.5, 1],
    rates: { descent: 0.37, momentum: 0.04, Adagrad: 0.8, RMSprop: 0.1, Adam: 0.3 },
  },
  {
    name: "The valley, rotated",
    loss: (w) => valley(turned(w)),
    // The rotated starting point of the first.
    from: [-4.5 * Math.SQRT1_2, -2.5 * Math.SQRT1_2],
    rates: { descent: 0.37, momentum: 0.04, Adagrad: 0.8, RMSprop: 0.1, Adam: 0.3 },
  },
  {
    name: "A saddle",
    loss: (w) => first(w).square().mul(0.5).add(second(w).square().sub(1).square().mul(0.25)),
    from: [-3.5, 0.001],
    rates: { descent: 0.2, momentum: 0.04, Adagrad: 0.8, RMSprop: 0.1, Adam: 0.3 },
  },
];

/** The weights along the path. */
type Path = [number, number][];

/**
 * The weights of a rule at every step, the number of steps to 1% of the initial loss, and the library's optimiser for
 * comparison.
 */
function walk({ loss, from, rates }: Landscape, name: string, steps: number) {
  const { rule, optimizer } = RULES[name]!, rate = rates[name]!;
  const change = rule(rate), path = [tensor([from], { dtype, requiresGrad: true })];
  const theirs = path[0]!.clone().detach().requiresGrad_(), follower = optimizer(theirs, rate);
  const losses: number[] = [];
  let difference = 0;
  for (let step = 1; step <= steps; step++) {
    const w = path.at(-1)!, value = loss(w).sum();
    losses.push(value.item());
    path.push(w.sub(change(grad(value, [w])[0]!, step)).detach().requiresGrad_());
    if (step > COMPARED) continue;
    follower.zeroGrad();
    loss(theirs).sum().backward();
    follower.step();
    difference = Math.max(difference, theirs.sub(path.at(-1)!).abs().amax().item());
  }
  const there = losses.findIndex((value) => value < 0.01 * losses[0]!);
  return {
    path: path.map((w) => w.flatten().toArray<[number, number]>()),
    stepsToOnePercent: there < 0 ? null : there,
    lastLoss: losses.at(-1)!,
    differenceFromLibrary: difference,
  };
}

interface Line {
  /** 1 and the coordinate of each point: [n, 2]. */
  x: Tensor;
  /** Their heights: [n]. */
  y: Tensor;
}
const points = (): Line => {
  const at = rand([POINTS], { dtype }).mul(2);
  return { x: stack([ones([POINTS], { dtype }), at], 1), y: at.mul(2).add(1).add(randn([POINTS], { dtype })) };
};
const squares = ({ x, y }: Line, w: Tensor): Tensor => x.matmul(w.t()).sub(y.unsqueeze(1)).square().mean(0).div(2);

/**
 * Least squares by stochastic gradient descent from zero, one step per rate: weights [runs, 2] after each step. Every
 * run draws `batch` points per step; a batch of all points needs no draw.
 */
function stochastic({ x, y }: Line, batch: number, rates: readonly number[], runs = 1): Tensor[] {
  const path = [zeros([runs, 2], { dtype })];
  for (const rate of rates) {
    path.push(tidy(() => {
      const w = path.at(-1)!, drawn = randint(0, POINTS, [runs, batch]);
      const [xs, ys] = batch < POINTS ? [x.at(drawn), y.at(drawn)] : [x.unsqueeze(0), y.unsqueeze(0)];
      const residual = xs.mul(w.unsqueeze(1)).sum(2).sub(ys);
      return w.sub(xs.mul(residual.unsqueeze(2)).mean(1).mul(rate));
    }));
  }
  return path;
}

/** The learning rates of a schedule of the library for as many steps. */
function ratesOf(steps: number, lr: number, schedule: (optimizer: SGD) => { step(): void } | null): number[] {
  const optimizer = new SGD([zeros([1], { requiresGrad: true })], { lr });
  const scheduler = schedule(optimizer);
  return Array.from({ length: steps }, () => {
    const { lr } = optimizer.paramGroups[0]!;
    scheduler?.step();
    return lr;
  });
}

/** The example; `start` runs it if this file is the main module. */
export const optimisers: Basic = basic(
  "optimisers",
  "Full-batch, mini-batch and online gradient descent; momentum, Adagrad, RMSprop and Adam; learning rate schedules.",
  ({ dryRun }, run) => {
    const line = points();
    // At the minimum the gradient is 0: a system of two equations.
    const best = solve(line.x.t().matmul(line.x), line.x.t().matmul(line.y));
    const excess = (w: Tensor): number => squares(line, w).sub(squares(line, best.unsqueeze(0))).mean().item();
    const share = dryRun ? 0.02 : 1;

    const ways = [
      { way: "full batch", batch: POINTS, rate: 0.5 },
      { way: "mini-batches", batch: 10, rate: 0.2 },
      { way: "online", batch: 1, rate: 0.05 },
    ].map(({ way, batch, rate }) => {
      const steps = Math.ceil(share * EPOCHS * POINTS / batch);
      const path = stochastic(line, batch, Array(steps).fill(rate));
      return { way, batch, rate, steps, lossAboveSmallest: excess(path.at(-1)!), path };
    });
    run.print(`A line fitted to ${POINTS} points, each visited ${EPOCHS} times:\n`);
    run.print(recordTable(ways.map(({ path: _, ...way }) => way)));

    const walks = LANDSCAPES.map((landscape) =>
      Object.keys(RULES).map((rule) => ({ rule, ...walk(landscape, rule, Math.ceil(share * STEPS)) }))
    );
    const rules = walks.flatMap((each, i) =>
      each.map(({ path: _, ...figures }) => ({ landscape: LANDSCAPES[i]!.name, ...figures }))
    );
    run.print("\nUpdate rules, each from the same starting point:\n");
    run.print(recordTable(rules));

    const schedules = Object.entries<(optimizer: SGD) => { step(): void } | null>({
      "constant": () => null,
      "inverse time": (optimizer) => new InverseTimeLR(optimizer, { decayRate: 1, decaySteps: 20 }),
      "exponential": (optimizer) => new ExponentialLR(optimizer, { gamma: 0.995 }),
      "step": (optimizer) => new StepLR(optimizer, { stepSize: DECAY_STEPS / 4, gamma: 0.25 }),
    }).map(([name, schedule]) => {
      const rates = ratesOf(Math.ceil(share * DECAY_STEPS), 0.2, schedule);
      const losses = stochastic(line, 1, rates, RUNS).map(excess);
      return { name, rates, losses };
    });
    const decays = schedules.map(({ name, rates, losses }) => ({
      schedule: name,
      lastRate: rates.at(-1)!,
      lossAboveSmallest: losses.at(-1)!,
    }));
    run.print(`\nOnline gradient descent on the line, the mean of ${RUNS} runs of ${DECAY_STEPS} steps:\n`);
    run.print(recordTable(decays));

    const middle = best.toArray<[number, number]>();
    run.out.picture(
      "batches.svg",
      panels(
        "Batch sizes",
        ways.map(({ way, batch, path }) =>
          landscape(`${way}: ${batch} per step`, (w) => squares(line, w), { middle, side: 5 }, {
            "": path.map((w) => w.flatten().toArray<[number, number]>()),
          })
        ),
      ),
    );
    run.out.picture(
      "rules.svg",
      panels(
        "Update rules",
        LANDSCAPES.map(({ name, loss }, i) =>
          landscape(
            ...[name, loss, { middle: [0, 0], side: 8 }] as const,
            Object.fromEntries(walks[i]!.map(({ rule, path }) => [rule, path])),
          )
        ),
      ),
    );
    const steps = schedules[0]!.rates.map((_, step) => step + 1);
    const chart = (title: string, label: string, values: (of: typeof schedules[0]) => number[]): string =>
      lineChart({
        title,
        x: { label: "step" },
        y: { label, scale: "log" },
        series: schedules.map((of) => ({ name: of.name, x: steps, y: values(of) })),
        size: { width: 620, height: 400 },
      });
    run.out.picture(
      "schedules.svg",
      panels("Learning rate schedules", [
        chart("Schedules", "rate", ({ rates }) => rates),
        chart("Online gradient descent", "loss above the minimum", ({ losses }) => losses.slice(1)),
      ]),
    );
    return { best: best.toArray(), batches: ways.map(({ path: _, ...way }) => way), rules, decays };
  },
);

/** A square section of a loss surface with named paths; the points of unnamed ones are marked. */
function landscape(
  title: string,
  loss: (w: Tensor) => Tensor,
  { middle: [x, y], side }: { middle: readonly [number, number]; side: number },
  paths: Record<string, Path>,
): string {
  const losses = tidy(() => loss(planeGrid(side, CELLS).add(tensor([x, y], { dtype }))).flatten().toArray<number[]>());
  // The square root shows the bottom better.
  const low = Math.min(...losses), values = losses.map((each) => Math.sqrt(each - low)), top = Math.max(...values);
  const contours = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8].map((share) => share * top);
  return planePlot({
    title,
    x: { label: "first weight", range: [x - side / 2, x + side / 2] },
    y: { label: "second weight", range: [y - side / 2, y + side / 2] },
    field: { values, columns: CELLS, rows: CELLS, colours: "levels", contours },
    lines: Object.entries(paths).map(([name, path]) => ({
      ...{ name, x: path.map(([x]) => x), y: path.map(([, y]) => y) },
      marks: name === "" && path.length < 100,
    })),
    size: { width: 440, height: 490 },
  });
}

await start(import.meta.url, optimisers);
