import { eye, ones, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import {
  cholesky,
  det,
  eig,
  eigh,
  eigvals,
  eigvalsh,
  inv,
  lstsq,
  matrixPower,
  matrixRank,
  pinv,
  qr,
  slogdet,
  solve,
  svd,
  svdvals,
} from "./mod.ts";

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

  test("options that PyTorch has and these functions do not", () => {
    const none = eye(2);
    const given = (call: unknown, ...args: unknown[]) => (call as (...args: unknown[]) => unknown)(...args);
    expect(() => given(eigh, none, { UPLO: "U" })).toThrow(
      new TypeError(
        "eigh: has no options, got { UPLO }; the lower triangle is read; give a.transpose(-2, -1) to have the upper one read",
      ),
    );
    expect(() => given(eigvalsh, none, { UPLO: "U" })).toThrow("eigvalsh: has no options, got { UPLO }");
    expect(() => given(solve, none, none, { left: false })).toThrow("solve: has no options, got { left }");
    expect([none, none].map(eigvalsh).map((values) => values.toArray())).toEqual([[1, 1], [1, 1]]);
  });

  test("NaN and infinities", () => {
    const bad = tensor([[1, NaN], [2, 3]]);
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
