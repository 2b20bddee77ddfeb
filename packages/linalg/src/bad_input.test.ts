import { eye, ones, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import {
  cholesky,
  choleskyInverse,
  choleskySolve,
  cond,
  det,
  eig,
  eigh,
  eigvals,
  eigvalsh,
  inv,
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
  solveTriangular,
  svd,
  svdvals,
  tensorinv,
  tensorsolve,
  vander,
  vecdot,
  vectorNorm,
} from "./mod.ts";
import * as linalg from "./mod.ts";

describe("bad input", () => {
  test("matrices that are not square, or no matrices", () => {
    for (
      const [name, fn] of Object.entries({ solve: (a: Tensor) => solve(a, a), inv, det, slogdet, cholesky, eig, eigh })
    ) {
      expect(() => fn(zeros([2, 3]))).toThrow(`${name}: expected square matrices, [..., n, n], got shape [2, 3]`);
    }
    for (const [name, fn] of Object.entries({ inv, svd, qr, pinv, svdvals, eigvals, eigvalsh, matrixRank })) {
      expect(() => fn(zeros([3]))).toThrow(`${name}: expected a matrix or a batch of them`);
    }
    expect(() => solve(zeros([2, 3]), zeros([2]))).toThrow("use lstsq");
    expect(() => inv(zeros([2, 3]))).toThrow("use pinv");
  });

  test("integers", () => {
    expect(() => inv(eye(2).int())).toThrow('inv: needs a floating-point tensor, got int32; cast with .to("float64")');
    expect(() => solve(eye(2), ones([2]).int())).toThrow("solve: needs a floating-point tensor, got int32");
    expect(() => solve(eye(2), ones([2]).double())).toThrow("solve: dtypes float32 and float64 differ");
  });

  test("right sides that do not fit", () => {
    expect(() => solve(eye(2), ones([3]))).toThrow("matrices of shape [2, 2] and right sides of shape [3] do not fit");
    expect(() => lstsq(ones([3, 2]), ones([2, 1]))).toThrow("with the same m, here 3");
    expect(() => solve(zeros([2, 2, 2]), zeros([3, 2, 1]))).toThrow("do not fit");
    expect(() => solve(eye(2), tensor(1))).toThrow("do not fit");
  });

  test("singular and indefinite matrices are named", () => {
    const batch = tensor([[[1, 0], [0, 1]], [[1, 2], [2, 4]]]);
    expect(() => inv(batch)).toThrow("inv: matrix 1 of the batch is singular: its pivot 1 is 0; use lstsq or pinv");
    expect(() => solve(batch.select(0, 1), ones([2]))).toThrow("solve: matrix is singular");
    expect(() => matrixPower(batch.select(0, 1), -1)).toThrow("inv: matrix is singular");
    expect(() => cholesky(batch.sub(eye(2).mul(0.5)))).toThrow(
      "cholesky: matrix 1 of the batch is not positive definite",
    );
    expect(() => cholesky(zeros([1, 1]))).toThrow("not positive definite");
  });

  test("options with other values", () => {
    const one = eye(2);
    expect(() => eigh(one, { UPLO: "l" as "L" })).toThrow('eigh: UPLO is "l"; it must be "L" or "U"');
    expect(() => eigvalsh(one, { UPLO: 1 as never })).toThrow('eigvalsh: UPLO is "1"');
    expect(() => pinv(one, { rtol: -1 })).toThrow("pinv: rtol is -1; it must be at least 0");
    expect(() => matrixRank(one, { atol: tensor([1, 2]) })).toThrow(/expand/);
    expect(() => matrixRank(zeros([2, 3]), { hermitian: true })).toThrow("matrixRank: expected square matrices");
    expect(() => solve(one, ones([2]), { left: false })).toThrow(
      "solve: with left: false, matrices of shape [2, 2] need left sides of shape [..., k, 2], got [2]",
    );
  });

  test("triangles", () => {
    const [a, b] = [eye(2), ones([2, 1])];
    expect(() => solveTriangular(a, b, undefined as never)).toThrow("solveTriangular: say which triangle");
    expect(() => solveTriangular(a, b, { upper: "no" as never })).toThrow("{ upper: true } or { upper: false }");
    expect(() => solveTriangular(a, ones([2]), { upper: true })).toThrow("unsqueeze(-1) makes one of a vector");
    expect(() => solveTriangular(a, ones([3, 1]), { upper: true })).toThrow("do not fit");
    expect(() => solveTriangular(zeros([2, 3]), b, { upper: true })).toThrow(
      "solveTriangular: expected square matrices",
    );
    expect(() => solveTriangular(a, ones([2, 1]), { upper: true, left: false })).toThrow(
      "left sides of shape [..., k, 2]",
    );
    expect(() => choleskySolve(b, zeros([2, 3]))).toThrow("choleskySolve: expected square matrices");
    expect(() => choleskyInverse(zeros([2, 3]))).toThrow("choleskyInverse: expected square matrices");
  });

  test("norms", () => {
    const x = ones([2, 3, 4]);
    expect(() => norm(x, 1)).toThrow("norm: with ord 1 and shape [2, 3, 4] give a dim");
    expect(() => norm(x, null, { dim: [0, 1, 2] })).toThrow("norm: dim is [0, 1, 2]; it must be one dim");
    expect(() => norm(x, "fro", { dim: 1 })).toThrow('norm: ord "fro" is for matrices');
    expect(() => norm(tensor(3), 2)).toThrow("give a dim");
    expect(() => vectorNorm(x, "fro" as never)).toThrow("vectorNorm: ord is fro; it must be a number");
    expect(() => vectorNorm(x, NaN)).toThrow("vectorNorm: ord is NaN");
    expect(() => vectorNorm(x.int())).toThrow("vectorNorm: needs a floating-point tensor, got int32");
    expect(() => vectorNorm(x, 2, { dtype: "int32" })).toThrow("got int32");
    expect(() => vectorNorm(x, 2, { dim: 3 })).toThrow(/dim 3/);
    expect(() => vectorNorm(zeros([0, 3]), Infinity, { dim: 0 })).toThrow(
      "vectorNorm: vectors without elements have no Infinity-norm, got shape [0, 3] along dims [0]",
    );
    expect(() => vectorNorm(zeros([0]), -1)).toThrow("have no -1-norm");
    expect(() => matrixNorm(x, 3)).toThrow('matrixNorm: ord is 3; it must be "fro", "nuc"');
    expect(() => matrixNorm(ones([3]))).toThrow("matrixNorm: expected a matrix");
    for (const dim of [[0, 0], [0, -3], [0, 3], [0], [0.5, 1]]) {
      expect(() => matrixNorm(x, "fro", { dim: dim as never })).toThrow(
        "it must be two different dims of shape [2, 3, 4]",
      );
    }
    expect(() => matrixNorm(zeros([3, 0]), 1)).toThrow("matrixNorm: matrices without elements have no norm of ord 1");
    expect(() => matrixNorm(zeros([0, 3]), 2)).toThrow("no norm of ord 2");
    expect(() => cond(zeros([2, 3]), 1)).toThrow("cond: expected square matrices");
    expect(() => cond(eye(2), 3)).toThrow("matrixNorm: ord is 3");
  });

  test("products, equations of tensors and others", () => {
    expect(() => multiDot([ones([2])])).toThrow("multiDot: expected at least 2 matrices, got 1");
    expect(() => multiDot([ones([2, 2]), ones([2]), ones([2, 2])])).toThrow("multiDot: tensor 1 has shape [2]");
    expect(() => multiDot([ones([2, 3]), ones([2, 3])])).toThrow(
      "tensors 0 and 1 of shapes [2, 3] and [2, 3] do not fit",
    );
    expect(() => vander(ones([2]), { N: 1 })).toThrow("vander: N is 1");
    expect(() => tensorinv(ones([2, 3]), { ind: 1 })).toThrow(
      "tensorinv: shape [2, 3] with ind 1 has 2 rows and 3 columns",
    );
    expect(() => tensorinv(ones([2, 3]), { ind: 0 })).toThrow("tensorinv: ind is 0");
    expect(() => tensorsolve(ones([2, 3]), ones([2]))).toThrow("tensorsolve: shapes [2, 3] and [2] do not fit");
    const { LU, pivots } = luFactor(eye(2));
    expect(() => luSolve(LU, pivots, ones([3, 1]))).toThrow("do not fit");
    expect(() => luSolve(LU, ones([3]).int(), ones([2, 1]))).toThrow("luSolve: pivots of shape [3] do not fit factors");
    expect(() => luSolve(LU, zeros([2]).int(), ones([2, 1]))).toThrow(
      "luSolve: a pivot is 0; pivots are rows from 1 to 2",
    );
    expect(() => luSolve(zeros([2, 3]), pivots, ones([2, 1]))).toThrow("luSolve: expected square matrices");
    expect(() => lu(ones([3]))).toThrow("lu: expected a matrix");
    expect(() => luFactor(eye(2).int())).toThrow("luFactor: needs a floating-point tensor");
    expect(() => matrixExp(zeros([2, 3]))).toThrow("matrixExp: expected square matrices");
    expect(() => matrixExp(eye(2).int())).toThrow("matrixExp: needs a floating-point tensor");
  });

  test("NaN and infinities", () => {
    const bad = tensor([[1, NaN], [NaN, 3]]);
    for (const [name, fn] of Object.entries({ svd, eig, eigh, qr, cholesky, pinv, matrixRank })) {
      expect(() => fn(bad)).toThrow(`${name}: the input has NaN among its elements (at 1 in row-major order)`);
    }
    expect(() => svd(tensor([[Infinity]]))).toThrow("has Infinity");
    expect(det(bad).item()).toBeNaN();
    expect(inv(bad).isnan().any().item()).toBe(1);
  });

  test("freed tensors and unknown modes", () => {
    const a = eye(2);
    a.dispose();
    expect(() => inv(a)).toThrow("was freed");
    expect(() => qr(eye(2), { mode: "r" as "reduced" })).toThrow('mode is "r"');
  });
});

test.each(Object.entries(linalg).filter(([, value]) => typeof value === "function"))(
  "%s refuses what is no tensor and names itself",
  (name, fn) => {
    const call = fn as (...args: readonly unknown[]) => unknown;
    for (const bad of [undefined, null, 1, "a", {}, [1]]) {
      const rest = name === "solveTriangular"
        ? [eye(2), { upper: true }]
        : name === "luSolve"
        ? [ones([2]), eye(2)]
        : [];
      const args = name === "multiDot" ? [[bad, bad]] : [bad, ...rest.length > 0 ? rest : [eye(2)]];
      const last = name === "matrixPower" || name === "vectorNorm" ? [bad, 2] : args;
      const single = fn.length === 1 && name !== "multiDot" ? [bad] : last;
      expect(() => call(...single), `${name} of ${String(bad)}`).toThrow(new RegExp(`^${name}: `));
    }
  },
);

test("dims that are no array of numbers", () => {
  expect(() => matrixNorm(eye(2), "fro", { dim: 0 as never })).toThrow(
    "matrixNorm: expected dim to be an array of numb",
  );
  expect(() => tensorsolve(eye(2), ones([2]), { dims: 0 as never })).toThrow("write [0]");
  expect(() => vectorNorm(eye(2), 2, { dim: 7 })).toThrow("vectorNorm: dim 7 is out of range");
  expect(() => vecdot(eye(2), eye(2), { dim: 7 })).toThrow("vecdot: dim 7 is out of range");
});
