/** @module-tag once */
import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { eye, manualSeed, randn, type Tensor, tensor } from "@heddle/tensor";
import { beforeEach, describe, expect, test } from "vitest";
import {
  cholesky,
  choleskyEx,
  choleskyInverse,
  choleskySolve,
  cond,
  det,
  eig,
  eigh,
  eigvalsh,
  inv,
  invEx,
  kron,
  logdet,
  lstsq,
  lu,
  luFactor,
  luSolve,
  matrixExp,
  matrixNorm,
  matrixPower,
  multiDot,
  pinv,
  qr,
  slogdet,
  solve,
  solveEx,
  solveTriangular,
  svd,
  svdvals,
  tensorinv,
  tensorsolve,
  vander,
  vecdot,
  vectorNorm,
} from "./mod.ts";

beforeEach(() => void manualSeed(7));

const mT = (x: Tensor) => x.transpose(-2, -1);
const leaf = (...shape: number[]) => randn(shape, { dtype: "float64", requiresGrad: true });
/** Far from singular. */
const regular = (...shape: number[]) =>
  randn(shape, { dtype: "float64" }).add(eye(shape.at(-1)!, { dtype: "float64" }).mul(3)).requiresGrad_();
const symmetric = (x: Tensor) => x.add(mT(x)).mul(0.5);
const positive = (x: Tensor) => x.matmul(mT(x)).add(eye(x.shape.at(-1)!, { dtype: "float64" }));

type Row = [name: string, fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[], inputs: () => Tensor[]];

const rows: Row[] = [
  ["solve", (a, b) => solve(a!, b!), () => [regular(3, 3), leaf(3, 2)]],
  ["solve of a vector", (a, b) => solve(a!, b!), () => [regular(3, 3), leaf(3)]],
  ["solve with broadcast batches", (a, b) => solve(a!, b!), () => [regular(2, 1, 2, 2), leaf(3, 2, 1)]],
  ["inv", (a) => inv(a!), () => [regular(2, 3, 3)]],
  ["det", (a) => det(a!), () => [leaf(2, 3, 3)]],
  ["det of singular matrices", (a) => det(a!), () => [
    tensor([[[1, 2, 3], [4, 5, 6], [5, 7, 9]], [[1, 2, 3], [2, 4, 6], [3, 6, 9]]], {
      dtype: "float64",
      requiresGrad: true,
    }),
  ]],
  ["det of zeros", (a) => det(a!), () => [tensor([[0, 0], [0, 0]], { dtype: "float64", requiresGrad: true })]],
  ["det of one element", (a) => det(a!), () => [tensor([[0]], { dtype: "float64", requiresGrad: true })]],
  ["slogdet", (a) => slogdet(a!).logabsdet, () => [regular(2, 3, 3)]],
  ["cholesky", (a) => cholesky(positive(a!)), () => [leaf(2, 3, 3)]],
  ["cholesky, upper", (a) => cholesky(positive(a!), { upper: true }), () => [leaf(3, 3)]],
  ["qr of tall matrices", (a) => Object.values(qr(a!)), () => [leaf(2, 4, 3)]],
  ["qr of square matrices", (a) => Object.values(qr(a!)), () => [leaf(3, 3)]],
  ["qr of wide matrices", (a) => Object.values(qr(a!)), () => [leaf(2, 4)]],
  ["eigh's values", (a) => eigvalsh(symmetric(a!)), () => [leaf(2, 3, 3)]],
  ["eigh's vectors without their sign", (a) => eigh(symmetric(a!)).eigenvectors.square(), () => [leaf(3, 3)]],
  ["a function of matrices by eigh", (a) => {
    const { eigenvalues, eigenvectors } = eigh(symmetric(a!));
    return eigenvectors.mul(eigenvalues.sin().unsqueeze(-2)).matmul(mT(eigenvectors));
  }, () => [leaf(2, 3, 3)]],
  ["singular values of tall matrices", (a) => svdvals(a!), () => [leaf(2, 4, 3)]],
  ["singular values of wide matrices", (a) => svdvals(a!), () => [leaf(2, 3)]],
  ...([[3, 3], [4, 2], [2, 4]] as const).map(([m, n]): Row => [
    `a function of ${m}×${n} matrices by svd`,
    (a) => {
      const { U, S, Vh } = svd(a!, { fullMatrices: false });
      return [U.mul(S.sin().unsqueeze(-2)).matmul(Vh), U.square(), Vh.square()];
    },
    () => [leaf(m, n)],
  ]),
  ["full svd of square matrices", (a) => {
    const { U, S, Vh } = svd(a!);
    return U.mul(S.exp().unsqueeze(-2)).matmul(Vh);
  }, () => [leaf(2, 3, 3)]],
  ["pinv of tall matrices", (a) => pinv(a!), () => [leaf(2, 4, 2)]],
  ["pinv of wide matrices", (a) => pinv(a!), () => [leaf(2, 4)]],
  ["pinv of rank 1", (a, b) => pinv(a!.matmul(b!)), () => [leaf(3, 1), leaf(1, 3)]],
  ["lstsq of tall matrices", (a, b) => lstsq(a!, b!).solution, () => [leaf(4, 2), leaf(4, 2)]],
  ["lstsq of wide matrices", (a, b) => lstsq(a!, b!).solution, () => [leaf(2, 3), leaf(2)]],
  ["lstsq with broadcast batches", (a, b) => lstsq(a!, b!).solution, () => [leaf(3, 2), leaf(2, 3, 1)]],
  ["matrixPower", (a) => matrixPower(a!, 3), () => [leaf(2, 2, 2)]],
  ["eigh of the upper triangle", (a) => eigvalsh(symmetric(a!), { UPLO: "U" }), () => [leaf(2, 3, 3)]],
  ["invEx", (a) => invEx(a!).inverse, () => [regular(3, 3)]],
  ["solveEx", (a, b) => solveEx(a!, b!).result, () => [regular(2, 3, 3), leaf(3, 1)]],
  ["choleskyEx", (a) => choleskyEx(positive(a!)).L, () => [leaf(2, 2)]],
  ["logdet", (a) => logdet(positive(a!)), () => [leaf(2, 3, 3)]],
  ["solve from the right", (a, b) => solve(a!, b!, { left: false }), () => [regular(2, 1, 3, 3), leaf(3, 2, 3)]],
  ...[true, false].flatMap((upper) =>
    [true, false].flatMap((left) =>
      [true, false].map((unitriangular): Row => [
        `solveTriangular, ${JSON.stringify({ upper, left, unitriangular })}`,
        (a, b) => solveTriangular(a!, b!, { upper, left, unitriangular }),
        () => [regular(2, 3, 3), left ? leaf(3, 2) : leaf(2, 3)],
      ])
    )
  ),
  ["choleskySolve", (b, l) => choleskySolve(b!, l!), () => [leaf(3, 2), regular(2, 3, 3)]],
  ["choleskySolve, upper", (b, l) => choleskySolve(b!, l!, { upper: true }), () => [leaf(2, 3, 1), regular(3, 3)]],
  ["choleskyInverse", (l) => choleskyInverse(l!), () => [regular(2, 2)]],
  ["pinv of symmetric matrices", (a) => pinv(symmetric(a!), { hermitian: true }), () => [leaf(2, 3, 3)]],
  ["pinv with tolerances", (a) => pinv(a!, { atol: 1e-3, rtol: 1e-3 }), () => [leaf(2, 3, 2)]],
  ...[0.5, 1, 2, 3, -1].map((ord): Row => [
    `the ${ord}-norm of vectors`,
    (x) => vectorNorm(x!, ord, { dim: [0, 2] }),
    () => [leaf(2, 3, 2)],
  ]),
  ...(["fro", "nuc", 1, -1, 2, -2, Infinity, -Infinity] as const).map((ord): Row => [
    `the ${ord}-norm of matrices`,
    (x) => matrixNorm(x!, ord, { dim: [2, 0], keepdim: true }),
    () => [leaf(3, 2, 2)],
  ]),
  ...([null, -2, "fro", "nuc", 1, -1, Infinity, -Infinity] as const).map((p): Row => [
    `cond by ${p}`,
    (x) => cond(x!, p),
    () => [regular(2, 3, 3)],
  ]),
  ...([[3, 3], [2, 4, 2], [2, 4]] as const).flatMap((shape): Row[] => [
    [`lu of ${shape}`, (a) => [lu(a!).L, lu(a!).U], () => [leaf(...shape)]],
    [`luFactor of ${shape}`, (a) => luFactor(a!).LU, () => [leaf(...shape)]],
  ]),
  ...[true, false].flatMap((left) =>
    [true, false].map((adjoint): Row => [
      `luSolve, ${JSON.stringify({ left, adjoint })}`,
      (a, b) => {
        const { LU, pivots } = luFactor(a!);
        return luSolve(LU, pivots, b!, { left, adjoint });
      },
      () => [leaf(2, 3, 3), left ? leaf(3, 2) : leaf(2, 3)],
    ])
  ),
  ["matrixExp", (a) => matrixExp(a!), () => [leaf(2, 3, 3)]],
  ["matrixExp of one element", (a) => matrixExp(a!), () => [leaf(1, 1)]],
  ["kron", (a, b) => kron(a!, b!), () => [leaf(2, 2), leaf(3)]],
  ["multiDot", (a, b, c, d) => multiDot([a!, b!, c!, d!]), () => [leaf(2), leaf(2, 3), leaf(3, 1), leaf(1, 2)]],
  ["vecdot", (a, b) => vecdot(a!, b!, { dim: 0 }), () => [leaf(3, 2), leaf(3, 1)]],
  ["vander", (x) => vander(x!, { N: 4 }), () => [leaf(2, 3)]],
  ["tensorinv", (a) => tensorinv(a!, { ind: 1 }), () => [regular(4, 4).detach().reshape(4, 2, 2).requiresGrad_()]],
  ["tensorsolve", (a, b) => tensorsolve(a!, b!), () => [
    regular(4, 4).detach().reshape(2, 2, 4).requiresGrad_(),
    leaf(2, 2),
  ]],
  ["matrixPower of the inverse", (a) => matrixPower(a!, -2), () => [regular(2, 2)]],
];

describe("gradients against finite differences", () => {
  test.each(rows)("%s", (_, fn, inputs) => void expect(gradcheck(fn, inputs())).toBe(true));
});

describe("second derivatives against finite differences", () => {
  test.each(rows)("%s", (_, fn, inputs) => void expect(gradgradcheck(fn, inputs(), { atol: 1e-4 })).toBe(true));
});

describe("where gradients are not to be had", () => {
  const gradientOf = (x: Tensor, y: Tensor) => {
    y.backward();
    return x.grad!;
  };

  test("equal values do no harm to those who use the values alone", () => {
    const identity = () => eye(3, { dtype: "float64" }).requiresGrad_();
    const [a, b] = [identity(), identity()];
    expect(gradientOf(a, eigvalsh(a).sum()).toArray()).toEqual(eye(3).toArray());
    expect(gradientOf(b, svdvals(b).sum()).toArray()).toEqual(eye(3).toArray());
    const tall = tensor([[1, 0], [0, 0], [0, 0]], { dtype: "float64", requiresGrad: true });
    expect(gradientOf(tall, svdvals(tall).select(0, 0)).toArray()).toEqual([[1, 0], [0, 0], [0, 0]]);
  });

  test("equal eigenvalues make gradients of eigenvectors NaN or infinite, not wrong", () => {
    const a = eye(2, { dtype: "float64" }).requiresGrad_();
    expect(gradientOf(a, eigh(a).eigenvectors.sum()).isfinite().all().item()).toBe(0);
  });

  test("errors that say why", () => {
    const singular = tensor([[1, 2], [2, 4]], { requiresGrad: true });
    expect(() => slogdet(singular).logabsdet.backward()).toThrow("slogdet: the gradient at a singular matrix");
    expect(() => eig(leaf(2, 2)).eigenvalues.real.sum().backward()).toThrow("eig: eigenvalues of general matrices");
    expect(() => qr(leaf(3, 2), { mode: "complete" }).R.sum().backward()).toThrow('use mode "reduced"');
  });

  test("the sign of slogdet, ranks and residuals are constants", () => {
    const a = leaf(3, 3);
    expect(slogdet(a).sign.requiresGrad).toBe(false);
    const found = lstsq(leaf(3, 2), leaf(3));
    expect([found.residuals, found.rank, found.singularValues].map(({ requiresGrad }) => requiresGrad))
      .toEqual([false, false, false]);
  });
});
