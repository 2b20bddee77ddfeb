import { gradient, rand, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { grad, gradcheck, gradgradcheck } from "../mod.ts";

const from = (low: number, high: number, ...shape: number[]): Tensor =>
  rand(shape, { dtype: "float64" }).mul(high - low).add(low).requiresGrad_();
const normal = (...shape: number[]): Tensor => randn(shape, { dtype: "float64", requiresGrad: true });
const index = tensor([2, 0, 2], { dtype: "int32" });
const mask = tensor([[true, false, true], [false, true, true]]);

const functions: readonly [string, (...inputs: Tensor[]) => Tensor | Tensor[], () => Tensor[]][] = [
  ["i0", (x) => x!.i0(), () => [from(-4, 4, 5)]],
  ["i1", (x) => x!.i1(), () => [from(-4, 4, 5)]],
  ["zeta of its second operand", (q) => tensor([2, 3, 5], { dtype: "float64" }).zeta(q!), () => [from(0.3, 6, 3)]],
  ["igamma of its second operand", (x) => tensor([0.5, 2, 30], { dtype: "float64" }).igamma(x!), () => [
    from(0.5, 6, 3),
  ]],
  ["igammac of its second operand", (x) => tensor([0.5, 2, 30], { dtype: "float64" }).igammac(x!), () => [
    from(0.5, 6, 3),
  ]],
  ["polygamma", (x) => x!.polygamma(2), () => [from(0.6, 5, 4)]],
  ["mvlgamma", (x) => x!.mvlgamma(3), () => [from(1.5, 6, 4)]],
  ["logaddexp2", (x, y) => x!.logaddexp2(y!), () => [normal(3), normal(2, 1)]],
  ["ldexp", (x, y) => x!.ldexp(y!), () => [normal(3), normal(3)]],
  ["floatPower", (x, y) => x!.floatPower(y!), () => [from(0.5, 3, 3), normal(3)]],
  ["deg2rad and rad2deg", (x) => x!.deg2rad().rad2deg().mul(x!), () => [normal(3)]],
  ["heaviside of its values", (v) => tensor([0, 1, -1], { dtype: "float64" }).heaviside(v!), () => [normal(3)]],
  ["aminmax", (x) => Object.values(x!.aminmax(1)), () => [normal(3, 4)]],
  ["sumToSize", (x) => x!.sumToSize(3, 1).square(), () => [normal(2, 3, 4)]],
  ["diagflat", (x) => x!.diagflat(1).square(), () => [normal(2, 2)]],
  ["diagonalScatter", (x, y) => x!.diagonalScatter(y!).square(), () => [normal(3, 3), normal(3)]],
  ["selectScatter", (x, y) => x!.selectScatter(y!, 1, 0).square(), () => [normal(3, 2), normal(3)]],
  ["sliceScatter", (x, y) => x!.sliceScatter(y!, 0, { step: 2 }).square(), () => [normal(3, 2), normal(2, 2)]],
  ["fillDiagonal_", (x) => x!.clone().fillDiagonal_(2).square(), () => [normal(3, 3)]],
  ["indexPut", (x, y) => x!.indexPut([index], y!, { accumulate: true }).square(), () => [normal(3), normal(3)]],
  ["put", (x, y) => x!.put(index, y!, { accumulate: true }).square(), () => [normal(3, 2), normal(3)]],
  ["indexCopy", (x, y) => x!.indexCopy(0, index.narrow(0, 0, 2), y!).square(), () => [normal(3), normal(2)]],
  ["indexFill", (x, v) => x!.indexFill(0, index, v!).square(), () => [normal(3), normal()]],
  ["maskedScatter", (x, y) => x!.maskedScatter(mask, y!).square(), () => [normal(2, 3), normal(5)]],
  ...(["prod", "mean", "amax", "amin"] as const).map((how) =>
    [`indexReduce ${how}`, (x, y) => x!.indexReduce(0, index, y!, how), () => [normal(3, 2), normal(3, 2)]] as [
      string,
      (...inputs: Tensor[]) => Tensor,
      () => Tensor[],
    ]
  ),
  ["trapezoid", (y, x) => y!.trapezoid(x!), () => [normal(2, 4), normal(4)]],
  ["cumulativeTrapezoid", (y, x) => y!.cumulativeTrapezoid(x!), () => [normal(2, 4), normal(4)]],
  ["gradient", (x) => gradient(x!, { edgeOrder: 2 }).map((each) => each.square()), () => [normal(3, 4)]],
  ["pdist", (x) => x!.pdist(), () => [normal(4, 3)]],
  ["pdist with p 3", (x) => x!.pdist(3), () => [normal(4, 3)]],
  ["renorm", (x) => x!.renorm(2, 0, 0.5), () => [normal(3, 4)]],
  ["cdist by products", (x, y) => x!.cdist(y!, 2, { computeMode: "products" }), () => [normal(3, 4), normal(2, 4)]],
];

describe("derivatives of composites and special functions", () => {
  test.each(functions)("%s", (_, compute, inputs) => {
    const made = inputs();
    expect(gradcheck(compute as never, made)).toBe(true);
    expect(gradgradcheck(compute as never, made)).toBe(true);
  });
});

test("an operand without a formula has no gradient, and says so", () => {
  const a = from(1, 2, 2);
  expect(() => a.igamma(1).sum().backward()).toThrow("igamma: there is no gradient of its first operand; detach it");
});

test("the derivatives of Bessel's functions at 0", () => {
  const x = tensor([0, 0], { dtype: "float64", requiresGrad: true });
  const [first] = grad([x.i0().sum()], [x], { createGraph: true });
  const [second] = grad([first!.sum()], [x]);
  expect([first!.toArray(), second!.toArray()]).toEqual([[0, 0], [0.5, 0.5]]);
});
