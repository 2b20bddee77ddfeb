import "@heddle/autograd";
import { manualSeed, ones, randn, type Tensor, zeros } from "@heddle/tensor";
import { beforeEach, describe, expect, test } from "vitest";
import { AdamW, Muon, type MuonOptions } from "./mod.ts";

beforeEach(() => void manualSeed(11));

const leaf = (...shape: number[]): Tensor => randn(shape, { dtype: "float64", requiresGrad: true });

type Rows = number[][];
const times = (a: Rows, b: Rows): Rows =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((s, v, k) => s + v * b[k]![j]!, 0)));
const turned = (a: Rows): Rows => a[0]!.map((_, j) => a.map((row) => row[j]!));
const mixed = (x: number, a: Rows, y: number, b: Rows): Rows =>
  a.map((row, i) => row.map((v, j) => x * v + y * b[i]![j]!));

/** The algorithm of the reference, on arrays: https://kellerjordan.github.io/posts/muon. */
function orthogonalised(g: Rows): Rows {
  const tall = g.length > g[0]!.length;
  let x = tall ? turned(g) : g;
  const norm = Math.hypot(...x.flat());
  x = mixed(1 / norm, x, 0, x);
  for (let i = 0; i < 5; i++) {
    const gram = times(x, turned(x));
    x = mixed(3.4445, x, 1, times(mixed(-4.775, gram, 2.0315, times(gram, gram)), x));
  }
  return tall ? turned(x) : x;
}

function referenceRun(w: Rows, grads: Rows[], nesterov: boolean, factor: number): Rows {
  let mean: Rows = mixed(0, w, 0, w);
  for (const g of grads) {
    mean = mixed(0.95, mean, 0.05, g);
    const step = nesterov ? mixed(0.05, g, 0.95, mean) : mean;
    w = mixed(1 - 0.02 * 0.1, w, -0.02 * factor, orthogonalised(step));
  }
  return w;
}

const factors = {
  original: (m: number, n: number): number => Math.sqrt(Math.max(1, m / n)),
  matchRmsAdamw: (m: number, n: number): number => 0.2 * Math.sqrt(Math.max(m, n)),
};

describe.each([[3, 3], [5, 2], [2, 4], [1, 3]])("matrices of %i rows and %i columns", (m, n) => {
  test.each(["original", "matchRmsAdamw"] as const)("follow the reference, %s", (adjustLrFn) => {
    for (const nesterov of [true, false]) {
      const w = leaf(m, n);
      const before = w.toArray() as Rows;
      const optimizer = new Muon([w], { lr: 0.02, nesterov, adjustLrFn });
      const grads: Rows[] = [];
      for (let i = 0; i < 4; i++) {
        w.grad = randn([m, n], { dtype: "float64" });
        grads.push(w.grad.toArray() as Rows);
        optimizer.step();
      }
      const wanted = referenceRun(before, grads, nesterov, factors[adjustLrFn](m, n));
      const found = w.toArray() as Rows;
      for (const [i, row] of wanted.entries()) {
        for (const [j, value] of row.entries()) expect(found[i]![j]).toBeCloseTo(value, 10);
      }
    }
  });
});

test("singular values of the step are close to 1", () => {
  const w = zeros([6, 4], { dtype: "float64", requiresGrad: true });
  w.grad = randn([6, 4], { dtype: "float64" });
  new Muon([w], { lr: 1, weightDecay: 0 }).step();
  const step = w.detach().div(Math.sqrt(6 / 4));
  // Their squares add up to the number of columns.
  const total = step.square().sum().item();
  expect(total).toBeGreaterThan(4 * 0.6);
  expect(total).toBeLessThan(4 * 1.5);
});

test("kernels of convolutions are matrices of their first dimension by the others", () => {
  const [kernel, matrix] = [leaf(4, 3, 2, 2), leaf(4, 12)];
  kernel.detach().copy_(matrix.detach().reshape(4, 3, 2, 2));
  matrix.grad = randn([4, 12], { dtype: "float64" });
  kernel.grad = matrix.grad.reshape(4, 3, 2, 2).clone();
  new Muon([kernel, matrix], { lr: 0.1 }).step();
  expect(kernel.reshape(4, 12).toArray()).toEqual(matrix.toArray());
});

test("a group without Muon steps as AdamW does", () => {
  const [a, b] = [leaf(3), leaf(3)];
  b.detach().copy_(a.detach());
  const options: Partial<MuonOptions> = { lr: 0.1, weightDecay: 0.05, betas: [0.8, 0.9], eps: 1e-6 };
  const muon = new Muon([{ params: [a], useMuon: false, ...options }]);
  const adam = new AdamW([b], options);
  for (let i = 0; i < 3; i++) {
    a.grad = randn([3], { dtype: "float64" });
    b.grad = a.grad.clone();
    muon.step();
    adam.step();
  }
  expect(a.toArray()).toEqual(b.toArray());
});

test("zero gradients, empty matrices, float16", () => {
  const [still, none, half] = [leaf(2, 2), leaf(0, 3), ones([2, 3], { dtype: "float16", requiresGrad: true })];
  const before = still.toArray();
  const optimizer = new Muon([still, none, half], { weightDecay: 0, lr: 0.1 });
  still.grad = zeros([2, 2], { dtype: "float64" });
  none.grad = zeros([0, 3], { dtype: "float64" });
  half.grad = ones([2, 3], { dtype: "float16" }).mul(6e4);
  optimizer.step();
  expect(still.toArray()).toEqual(before);
  expect(half.isfinite().all().item()).toBe(1);
  expect((optimizer.stateDict().state[2]!.momentumBuffer as Tensor).dtype).toBe("float32");
});

test("saved and resumed, with both kinds of state", () => {
  const make = (): [Tensor, Tensor, Muon] => {
    const [w, b] = [ones([2, 3], { requiresGrad: true }), ones([3], { requiresGrad: true })];
    return [w, b, new Muon([{ params: [w] }, { params: [b], useMuon: false }], { lr: 0.1 })];
  };
  const step = ([w, b, optimizer]: [Tensor, Tensor, Muon]): void => {
    w.grad = w.detach().cos();
    b.grad = b.detach().sin();
    optimizer.step();
  };
  const [first, second] = [make(), make()];
  step(first);
  [0, 1].forEach((i) => (second[i] as Tensor).detach().copy_((first[i] as Tensor).detach()));
  second[2].loadStateDict(first[2].stateDict());
  step(first);
  step(second);
  expect([second[0].toArray(), second[1].toArray()]).toEqual([first[0].toArray(), first[1].toArray()]);
  const one = ones([3], { requiresGrad: true });
  one.grad = ones([3]);
  const adam = new AdamW([one]);
  adam.step();
  expect(() => first[2].loadStateDict(adam.stateDict() as never)).toThrow(/Muon/);
});

test("errors that say what to do", () => {
  expect(() => new Muon([leaf(2, 2), leaf(3)])).toThrow(
    "Muon: parameter 1 of shape [3] is no matrix; give it in a group of its own, { params: [...], useMuon: false }",
  );
  const optimizer = new Muon([leaf(2, 2)]);
  expect(() => optimizer.addParamGroup({ params: [leaf(3)] })).toThrow("no matrix");
  expect(optimizer.paramGroups.length).toBe(1);
  expect(() => new Muon([leaf(2, 2)], { nsSteps: 1.5 })).toThrow("Muon: nsSteps is 1.5");
  expect(() => new Muon([leaf(2, 2)], { nsCoefficients: [1, 2] as never })).toThrow("nsCoefficients are [1,2]");
  expect(() => new Muon([leaf(2, 2)], { adjustLrFn: "match_rms_adamw" as never })).toThrow('"matchRmsAdamw"');
});
