import { eye, fromTypedArray, manualSeed, memory, ones, randn, type Tensor, tensor, tidy, zeros } from "@heddle/tensor";
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
  eigvals,
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
  matrixRank,
  multiDot,
  norm,
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

beforeEach(() => void manualSeed(3));

const mT = (x: Tensor) => x.transpose(-2, -1);
const random = (...shape: number[]) => randn(shape, { dtype: "float64" });

function expectClose(found: Tensor, wanted: Tensor, atol = 1e-10): void {
  expect(found.shape).toEqual(wanted.shape);
  const gap = found.numel === 0 ? 0 : found.sub(wanted).abs().max().item();
  expect(gap).toBeLessThan(atol);
}

describe("decompositions multiply back to their matrices", () => {
  const shapes = [[1, 1], [4, 4], [5, 3], [3, 5], [2, 3, 4, 2], [1, 4], [4, 1]] as const;

  test.each(shapes.map((shape) => ({ shape })))("svd of $shape", ({ shape }) => {
    const a = random(...shape);
    const [m, n] = [a.size(-2), a.size(-1)];
    const k = Math.min(m, n);
    const reduced = svd(a, { fullMatrices: false });
    expectClose(reduced.U.mul(reduced.S.unsqueeze(-2)).matmul(reduced.Vh), a);
    const { U, S, Vh } = svd(a);
    expect([U.size(-1), Vh.size(-2), S.size(-1)]).toEqual([m, n, k]);
    expectClose(U.narrow(-1, 0, k).mul(S.unsqueeze(-2)).matmul(Vh.narrow(-2, 0, k)), a);
    expectClose(mT(U).matmul(U), eye(m, { dtype: "float64" }).expand(U.shape));
    expectClose(Vh.matmul(mT(Vh)), eye(n, { dtype: "float64" }).expand(Vh.shape));
    expect(S.numel === 0 || S.narrow(-1, 0, k - 1).ge(S.narrow(-1, 1, k - 1)).all().item()).toBeTruthy();
  });

  test.each(shapes.map((shape) => ({ shape })))("qr of $shape", ({ shape }) => {
    const a = random(...shape);
    const [m, n] = [a.size(-2), a.size(-1)];
    for (const mode of ["reduced", "complete"] as const) {
      const { Q, R } = qr(a, { mode });
      const k = mode === "complete" ? m : Math.min(m, n);
      expect([Q.shape.slice(-2), R.shape.slice(-2)]).toEqual([[m, k], [k, n]]);
      expectClose(Q.matmul(R), a);
      expectClose(mT(Q).matmul(Q), eye(k, { dtype: "float64" }).expand([...a.shape.slice(0, -2), k, k]));
      expect(R.tril(-1).abs().sum().item()).toBe(0);
    }
  });

  test("eigh", () => {
    const a = random(2, 4, 4);
    const s = a.add(mT(a));
    const { eigenvalues, eigenvectors } = eigh(s);
    expectClose(eigenvectors.mul(eigenvalues.unsqueeze(-2)).matmul(mT(eigenvectors)), s);
    expectClose(eigvalsh(s), eigenvalues);
    expect(eigenvalues.narrow(-1, 0, 3).le(eigenvalues.narrow(-1, 1, 3)).all().item()).toBe(1);
  });

  test("cholesky", () => {
    const a = random(3, 4, 4);
    const s = a.matmul(mT(a)).add(eye(4, { dtype: "float64" }));
    const l = cholesky(s);
    expectClose(l.matmul(mT(l)), s);
    expectClose(cholesky(s, { upper: true }), mT(l));
    expect(l.triu(1).abs().sum().item()).toBe(0);
  });

  test("eig: A·v = λ·v, vectors of length 1 whose largest component is real", () => {
    const a = random(5, 6, 6);
    const { eigenvalues: l, eigenvectors: v } = eig(a);
    const [re, im] = [l.real.unsqueeze(-2), l.imag.unsqueeze(-2)];
    expectClose(a.matmul(v.real), v.real.mul(re).sub(v.imag.mul(im)));
    expectClose(a.matmul(v.imag), v.real.mul(im).add(v.imag.mul(re)));
    const squares = v.real.square().add(v.imag.square());
    expectClose(squares.sum(-2), ones([5, 6], { dtype: "float64" }));
    expectClose(
      v.imag.gather(-2, squares.argmax(-2, { keepdim: true })),
      zeros([5, 1, 6], { dtype: "float64" }),
      1e-15,
    );
    expect(l.imag.abs().max().item()).toBeGreaterThan(0.1);
    expectClose(eigvals(a).real, l.real);
  });
});

describe("signs are LAPACK's", () => {
  test("qr reflects no column that is zero below the diagonal", () => {
    expect(qr(eye(2)).R.toArray()).toEqual([[1, 0], [0, 1]]);
    expect(qr(tensor([[-3, 1], [0, -2], [0, 0]])).R.toArray()).toEqual([[-3, 1], [0, -2]]);
    const { Q, R } = qr(tensor([[3, 1], [4, 2]], { dtype: "float64" }));
    expectClose(R, tensor([[-5, -2.2], [0, 0.4]], { dtype: "float64" }));
    expectClose(Q, tensor([[-0.6, -0.8], [-0.8, 0.6]], { dtype: "float64" }));
    expect(Object.is(R.toArray<number[][]>()[1]![0], 0)).toBe(true);
    const zero = qr(zeros([3, 2]));
    expect([zero.Q.abs().toArray(), zero.R.abs().toArray()]).toEqual([[[1, 0], [0, 1], [0, 0]], [[0, 0], [0, 0]]]);
  });
});

describe("solutions", () => {
  test("vectors, matrices and batches", () => {
    const a = random(2, 3, 3);
    const [vectors, matrices, one] = [random(2, 3), random(2, 3, 4), random(3)];
    expectClose(a.matmul(solve(a, matrices)), matrices);
    expectClose(a.matmul(solve(a, vectors).unsqueeze(-1)).squeeze(-1), vectors);
    expectClose(a.matmul(solve(a, one).unsqueeze(-1)).squeeze(-1), one.expand([2, 3]));
    expectClose(a.matmul(inv(a)), eye(3, { dtype: "float64" }).expand([2, 3, 3]));
  });

  test("least squares are orthogonal to the columns; their residuals, rank and singular values", () => {
    const [a, b] = [random(2, 6, 3), random(2, 6, 2)];
    const { solution, residuals, rank, singularValues } = lstsq(a, b);
    const error = a.matmul(solution).sub(b);
    expectClose(mT(a).matmul(error), zeros([2, 3, 2], { dtype: "float64" }));
    expectClose(residuals, error.square().sum(-2));
    expect([rank.toArray(), rank.dtype]).toEqual([[3, 3], "int32"]);
    expectClose(singularValues, svdvals(a));
    const single = lstsq(a.select(0, 0), b.select(0, 0).select(1, 0));
    expect([single.solution.shape, single.residuals.shape, single.rank.shape]).toEqual([[3], [1], []]);
  });

  test("least squares of deficient rank have the least norm, and no residuals", () => {
    const { solution, residuals, rank } = lstsq(tensor([[1, 1], [1, 1], [1, 1]]), tensor([1, 2, 3]));
    expectClose(solution, tensor([1, 1]), 1e-6);
    expect([residuals.numel, rank.item()]).toEqual([0, 1]);
    expect(lstsq(tensor([[1, 0], [0, 1e-3]]), tensor([1, 1]), { rcond: 0.01 }).rank.item()).toBe(1);
  });

  test("pseudo-inverse and rank", () => {
    const a = random(4, 2).matmul(random(2, 5));
    const p = pinv(a);
    expectClose(a.matmul(p).matmul(a), a);
    expectClose(p.matmul(a).matmul(p), p);
    expectClose(mT(a.matmul(p)), a.matmul(p));
    expect(matrixRank(a).item()).toBe(2);
    expect(matrixRank(a, { rtol: 0.999 }).item()).toBe(1);
    expect(matrixRank(zeros([2, 3, 3])).toArray()).toEqual([0, 0]);
  });

  test("determinants beyond the range of the dtype", () => {
    const small = eye(60).mul(1e-3);
    expect(det(small).item()).toBe(0);
    expect(slogdet(small).logabsdet.item()).toBeCloseTo(60 * Math.log(1e-3), 3);
    expect(slogdet(tensor([[0, 2], [1, 0]])).sign.item()).toBe(-1);
    expect(slogdet(tensor([[0, 1, 0], [0, 0, 1], [1, 0, 0]])).sign.item()).toBe(1);
    expect([slogdet(zeros([2, 2])).sign.item(), slogdet(zeros([2, 2])).logabsdet.item()]).toEqual([0, -Infinity]);
  });

  test("powers", () => {
    const a = random(2, 3, 3);
    expectClose(matrixPower(a, 5), a.matmul(a).matmul(a).matmul(a).matmul(a));
    expectClose(matrixPower(a, -2).matmul(a).matmul(a), eye(3, { dtype: "float64" }).expand([2, 3, 3]), 1e-8);
    expectClose(matrixPower(a, 0), eye(3, { dtype: "float64" }).expand([2, 3, 3]));
    const first = matrixPower(a, 1);
    first.zero_();
    expect(a.abs().sum().item()).toBeGreaterThan(0);
    expect(() => matrixPower(a, 0.5)).toThrow("the power is 0.5");
  });
});

describe("triangles, factors, tolerances", () => {
  const double = { dtype: "float64" } as const;

  test("only one triangle is read", () => {
    const a = tensor([[4, 99], [2, 3]], double);
    expectClose(eigvalsh(a.transpose(0, 1), { UPLO: "U" }), eigvalsh(a));
    const nan = tensor([[4, NaN], [2, 3]], double);
    expectClose(eigh(nan).eigenvalues, eigvalsh(a));
    expectClose(pinv(nan, { hermitian: true }), inv(tensor([[4, 2], [2, 3]], double)));
    expect(matrixRank(nan, { hermitian: true }).item()).toBe(2);
    const b = random(2, 1);
    expectClose(solveTriangular(nan, b, { upper: false }), solve(tensor([[4, 0], [2, 3]], double), b));
    const unit = solveTriangular(tensor([[NaN, 0], [2, NaN]], double), b, { upper: false, unitriangular: true });
    expectClose(unit, solve(tensor([[1, 0], [2, 1]], double), b));
  });

  test("zeros on the diagonal make infinities and NaN", () => {
    expect(solveTriangular(zeros([2, 2]), ones([2, 1]), { upper: true }).toArray()).toEqual([[NaN], [Infinity]]);
  });

  test("solutions by Cholesky's factor", () => {
    const m = random(2, 3, 3);
    const a = m.matmul(mT(m)).add(eye(3, double));
    const b = random(3, 2);
    for (const upper of [false, true]) {
      const l = cholesky(a, { upper });
      expectClose(choleskySolve(b, l, { upper }), solve(a, b));
      expectClose(choleskyInverse(l, { upper }), inv(a));
    }
  });

  test("solutions by LU, also of a singular matrix", () => {
    const [a, b] = [random(2, 4, 4), random(4, 2)];
    const { P, L, U } = lu(a);
    expectClose(P.matmul(L).matmul(U), a);
    const { LU, pivots } = luFactor(a);
    expect(pivots.dtype).toBe("int32");
    expectClose(luSolve(LU, pivots, b), solve(a, b));
    expectClose(luSolve(LU, pivots, b, { adjoint: true }), solve(mT(a), b));
    expectClose(luSolve(LU, pivots, mT(b), { left: false }), solve(a, mT(b), { left: false }));
    const singular = luFactor(tensor([[1, 2], [2, 4]]));
    expect(singular.LU.toArray()).toEqual([[2, 4], [0.5, 0]]);
    expect(luSolve(singular.LU, singular.pivots, ones([2, 1])).isfinite().any().item()).toBe(0);
  });

  test("from the right, also where the left sides have the shape of vectors of a batch", () => {
    const [a, b] = [random(3, 3, 3), random(3, 3)];
    expectClose(solve(a, b, { left: false }).matmul(a), b.expand([3, 3, 3]));
    expectClose(solveTriangular(a, b, { upper: true, left: false }).matmul(a.triu()), b.expand([3, 3, 3]));
  });

  test("what has no inverse or factor is reported", () => {
    const batch = tensor([[[2, 0], [0, 4]], [[1, 2], [2, 4]], [[0, 0], [0, 0]]], double);
    const { inverse, info } = invEx(batch);
    expect([info.dtype, info.toArray()]).toEqual(["int32", [0, 2, 1]]);
    expectClose(inverse.select(0, 0), inv(batch.select(0, 0)));
    expect(inverse.narrow(0, 1, 2).isnan().all().item()).toBe(1);
    const b = random(2, 1);
    const { result, info: ofSolve } = solveEx(batch, b);
    expect([ofSolve.dtype, ofSolve.toArray(), result.shape]).toEqual(["int32", [0, 2, 1], [3, 2, 1]]);
    expectClose(result.select(0, 0), solve(batch.select(0, 0), b));
    expect(result.narrow(0, 1, 2).isnan().all().item()).toBe(1);
    expect(solveEx(batch, mT(b), { left: false }).info.toArray()).toEqual([0, 2, 1]);
    const factors = choleskyEx(tensor([[[4, 2], [2, 5]], [[1, 2], [2, 1]]]), { upper: true });
    expect([factors.info.toArray(), factors.L.select(0, 0).toArray()]).toEqual([[0, 1], [[2, 1], [0, 2]]]);
  });

  test("tolerances: absolute, relative, one for each matrix", () => {
    const a = tensor([[1, 0], [0, 1e-3]], double);
    expect(matrixRank(a, { atol: 0.01 }).item()).toBe(1);
    expect(matrixRank(a.mul(100), { atol: 0.01 }).item()).toBe(2);
    expect(matrixRank(a.mul(100), { atol: 0.01, rtol: 0.01 }).item()).toBe(1);
    expect(matrixRank(a.expand([2, 2, 2]), { atol: tensor([1e-4, 1e-2]) }).toArray()).toEqual([2, 1]);
    // An absolute tolerance above 0 replaces the relative one.
    expect(matrixRank(tensor([[1, 0], [0, 1e-9]]), { atol: 1e-10 }).item()).toBe(2);
    expect(matrixRank(tensor([[1, 0], [0, 1e-9]]), { atol: 0 }).item()).toBe(1);
    expectClose(pinv(a, { atol: 0.01 }), tensor([[1, 0], [0, 0]], double));
  });
});

describe("norms and condition", () => {
  const double = { dtype: "float64" } as const;

  test("singular and empty matrices", () => {
    const ps = ["fro", 1, -1, Infinity, -Infinity] as const;
    for (const p of ps) {
      expect(cond(tensor([[[1, 2], [2, 4]], [[0, 0], [0, 0]]]), p).toArray()).toEqual([Infinity, Infinity]);
    }
    expect(cond(zeros([2, 2])).item()).toBeNaN();
    for (const p of [null, "nuc", ...ps] as const) {
      expect(cond(zeros([3, 0, 0]), p).toArray()).toEqual([0, 0, 0]);
      expect(cond(zeros([0, 2, 2]), p).shape).toEqual([0]);
    }
  });

  test("dims in any order, kept or not", () => {
    const x = random(2, 3, 4, 5);
    for (const ord of ["fro", "nuc", 1, -1, 2, -2, Infinity, -Infinity] as const) {
      const wanted = matrixNorm(x.permute(1, 2, 3, 0), ord);
      expectClose(matrixNorm(x, ord, { dim: [3, 0] }), wanted);
      expectClose(matrixNorm(x, ord, { dim: [-1, 0], keepdim: true }), wanted.reshape(1, 3, 4, 1));
    }
    expect(norm(x, null, { keepdim: true }).shape).toEqual([1, 1, 1, 1]);
    expectClose(norm(x, 1, { dim: [2, 3] }), matrixNorm(x, 1));
    expectClose(norm(x, 3, { dim: 1 }), vectorNorm(x, 3, { dim: 1 }));
  });

  test("the dtype to compute in", () => {
    const half = tensor([300, 400], { dtype: "float16" });
    expect([vectorNorm(half).item(), vectorNorm(half, 2, { dtype: "float64" }).dtype]).toEqual([500, "float64"]);
    expect(matrixNorm(tensor([[6e4, 6e4], [0, -1e4]], { dtype: "float16" }), -Infinity).item()).toBe(
      tensor(1e4, { dtype: "float16" }).item(),
    );
  });

  test("gradients at zero are zero", () => {
    const x = zeros([2, 2], { ...double, requiresGrad: true });
    vectorNorm(x).add(matrixNorm(x)).backward();
    expect(x.grad!.toArray()).toEqual([[0, 0], [0, 0]]);
  });
});

describe("exponentials and products", () => {
  const double = { dtype: "float64" } as const;

  test("exponentials of rotations, of large and of special matrices", () => {
    const turn = tensor([[0, -1], [1, 0]], double);
    for (const angle of [0.01, 1, 30, 1e4]) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      expectClose(matrixExp(turn.mul(angle)), tensor([[c, -s], [s, c]], double), 1e-8);
    }
    expect(matrixExp(zeros([2, 2])).toArray()).toEqual([[1, 0], [0, 1]]);
    expect(matrixExp(tensor([[2]])).item()).toBeCloseTo(Math.E ** 2, 5);
    for (const value of [NaN, Infinity]) {
      expect(matrixExp(tensor([[value, 1], [0, 0]])).isnan().all().item()).toBe(1);
    }
    const a = random(2, 3, 3);
    expectClose(matrixExp(a).matmul(matrixExp(a.neg())), eye(3, double).expand([2, 3, 3]));
    expectClose(det(matrixExp(a)), a.diagonal({ dim1: -2, dim2: -1 }).sum(-1).exp());
  });

  test("the cheapest order is taken", () => {
    const tensors = [random(30, 35), random(35, 15), random(15, 5), random(5, 10), random(10, 20)];
    expectClose(multiDot(tensors), tensors.reduce((product, next) => product.matmul(next)), 1e-9);
    // The product of the first two would have 10^12 elements.
    expect(multiDot([ones([1e6, 1]), ones([1, 1e6]), ones([1e6])]).select(0, 7).item()).toBe(1e6);
    expect(multiDot([ones([3]), ones([3])]).shape).toEqual([]);
    expect(multiDot([ones([2, 0]), zeros([0, 3])]).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]);
  });

  test("Kronecker's product of any dimensions and dtypes", () => {
    expect(kron(tensor([1, 2]), tensor([[1, 10, 100]])).toArray()).toEqual([[1, 10, 100, 2, 20, 200]]);
    expect(kron(tensor(3), ones([2], { dtype: "int32" })).dtype).toBe("float32");
    expect(kron(ones([0, 2]), ones([3, 3])).shape).toEqual([0, 6]);
  });

  test("equations of tensors", () => {
    const [a, b] = [random(2, 3, 6), random(2, 3)];
    const x = tensorsolve(a, b);
    expectClose(a.mul(x).sum(-1), b);
    expectClose(tensorsolve(a.permute(2, 0, 1), b, { dims: [0] }), x);
    expectClose(tensorinv(a).mul(b).sum([1, 2]), x);
  });
});

describe("dtypes, layouts and sizes", () => {
  const every: [string, (a: Tensor) => Tensor][] = [
    ["solve", (a) => solve(a, a)],
    ["inv", inv],
    ["det", det],
    ["slogdet", (a) => slogdet(a).logabsdet],
    ["cholesky", cholesky],
    ["qr", (a) => qr(a).R],
    ["qr complete", (a) => qr(a, { mode: "complete" }).R],
    ["svd", (a) => svd(a).U],
    ["svdvals", svdvals],
    ["eig", (a) => eig(a).eigenvectors.imag],
    ["eigvals", (a) => eigvals(a).real],
    ["eigh", (a) => eigh(a).eigenvectors],
    ["lstsq", (a) => lstsq(a, a).solution],
    ["pinv", (a) => pinv(a)],
    ["matrixPower", (a) => matrixPower(a, 2)],
    ["matrixExp", matrixExp],
    ["lu", (a) => lu(a).U],
    ["luFactor", (a) => luFactor(a).LU],
    ["luSolve", (a) => luSolve(luFactor(a).LU, luFactor(a).pivots, a)],
    ["solveTriangular", (a) => solveTriangular(a, a, { upper: true })],
    ["choleskySolve", (a) => choleskySolve(a, a)],
    ["choleskyInverse", (a) => choleskyInverse(a)],
    ["invEx", (a) => invEx(a).inverse],
    ["choleskyEx", (a) => choleskyEx(a).L],
    ["logdet", logdet],
    ["cond", (a) => cond(a)],
    ["cond by 1", (a) => cond(a, 1)],
    ["the nuclear norm", (a) => matrixNorm(a, "nuc")],
    ["norm", (a) => vectorNorm(a, 2, { dim: [-1] })],
    ["kron", (a) => kron(a, a)],
    ["vander", (a) => vander(a)],
    ["vecdot", (a) => vecdot(a, a)],
  ];

  test.each(every)("%s keeps the dtype, reads any layout, takes matrices of no size", (_, fn) => {
    const a = tensor([[4, 1], [1, 3]]);
    for (const dtype of ["float32", "float64", "float16"] as const) expect(fn(a.to(dtype)).dtype).toBe(dtype);
    const strided = fromTypedArray(Float32Array.of(9, 4, 0, 1, 0, 1, 0, 3, 0), [9]).narrow(0, 1, 8).view(2, 2, 2)
      .select(2, 0);
    expect(strided.isContiguous()).toBe(false);
    expect(fn(strided).toArray()).toEqual(fn(a).toArray());
    const [none, noBatch] = [fn(zeros([0, 0])), fn(zeros([0, 2, 2]))];
    expect(none.numel).toBeLessThanOrEqual(1);
    expect(noBatch.shape[0]).toBe(0);
  });

  test("rectangles without rows or columns", () => {
    for (const shape of [[0, 3], [3, 0], [2, 0, 3]]) {
      const a = zeros(shape);
      const [m, n] = [a.size(-2), a.size(-1)];
      expect(svd(a).U.shape.slice(-2)).toEqual([m, m]);
      expect(svd(a).Vh.shape.slice(-2)).toEqual([n, n]);
      expect(qr(a).Q.shape.slice(-2)).toEqual([m, 0]);
      expect(qr(a, { mode: "complete" }).Q.shape.slice(-2)).toEqual([m, m]);
      expect(pinv(a).shape.slice(-2)).toEqual([n, m]);
      expect(lstsq(a, zeros([m, 2])).solution.abs().sum().item()).toBe(0);
    }
  });

  test("very large and very small elements", () => {
    const a = random(4, 4);
    for (const size of [1e200, 1e-200]) {
      const { U, S, Vh } = svd(a.mul(size));
      expectClose(U.mul(S).matmul(Vh).div(size), a);
      expectClose(eigvalsh(a.add(mT(a)).mul(size)).div(size), eigvalsh(a.add(mT(a))));
      expectClose(eigvals(a.mul(size)).real.div(size), eigvals(a).real);
    }
  });

  test("temporaries are freed by scopes", () => {
    const a = random(4, 4);
    const before = memory().storages;
    tidy(() => {
      svd(a);
      lstsq(a, a);
      det(a);
      eig(a);
    });
    expect(memory().storages).toBeLessThanOrEqual(before);
  });
});

describe("eigenvalues that are hard to come by", () => {
  const sorted = (a: Tensor) => {
    const { real, imag } = eigvals(a);
    const [x, y] = [real.toArray<number[]>(), imag.toArray<number[]>()];
    return x.map((value, i) => [value, y[i]!]).sort((p, q) => p[0]! - q[0]! || p[1]! - q[1]!);
  };

  test("a singular matrix of zeros and ones on which the bare iteration never ends", () => {
    const rows = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0], [1, 1, 0, 0, 1], [1, 0, 1, 0, 1]];
    const golden = (1 + Math.sqrt(5)) / 2;
    const wanted = [[1 - golden, 0], [0, -1], [0, 0], [0, 1], [golden, 0]];
    const found = sorted(tensor(rows, { dtype: "float64" })).map(([x, y]) => [Math.round(x! * 1e6) / 1e6 + 0, y!]);
    for (const [i, [x, y]] of found.sort((p, q) => p[0]! - q[0]! || p[1]! - q[1]!).entries()) {
      expect(x).toBeCloseTo(wanted[i]![0]!, 5);
      expect(y).toBeCloseTo(wanted[i]![1]!, 5);
    }
  });

  test("triangles, Jordan blocks, rotations and roots of unity", () => {
    expect(sorted(tensor([[1, 5, 6], [0, 2, 7], [0, 0, 1e-9]], { dtype: "float64" }))).toEqual([[1e-9, 0], [1, 0], [
      2,
      0,
    ]]);
    expect(sorted(tensor([[0, 1], [0, 0]]))).toEqual([[0, 0], [0, 0]]);
    expect(sorted(tensor([[0, -1], [1, 0]]))).toEqual([[0, -1], [0, 1]]);
    const cycle = eye(6, { dtype: "float64" }).roll(1, 1);
    const { real, imag } = eigvals(cycle);
    expectClose(real.square().add(imag.square()), ones([6], { dtype: "float64" }));
    expectClose(real.sum(), tensor(0, { dtype: "float64" }));
  });
});
