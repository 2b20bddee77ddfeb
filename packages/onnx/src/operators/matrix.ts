/** Products of matrices. */
import { functional as F } from "@heddle/nn";
import { einsum, type Tensor } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { float, int, type Operator, type Operators, required, string } from "./operator.ts";

/** `alpha · A · B + beta · C`, each factor transposed where an attribute says so. */
function gemm(c: Call): Tensor {
  const [a, b] = [c.tensor(0), c.tensor(1)];
  const left = c.num("transA") === 1 ? a.t() : a;
  const weight = c.num("transB") === 1 ? b : b.t();
  const [alpha, beta] = [c.num("alpha"), c.num("beta")];
  const bias = c.maybe(2);
  const plain = alpha === 1 && beta === 1 && bias?.ndim === 1 && bias.shape[0] === weight.shape[0];
  if (plain) return F.linear(left, weight, bias);
  let y = left.matmul(weight.t());
  if (alpha !== 1) y = y.mul(alpha);
  if (bias === null || beta === 0) return y.to(a.dtype);
  return y.add(beta === 1 ? bias : bias.mul(beta)).to(a.dtype);
}

const attributes = { alpha: float(1), beta: float(1), transA: int(0), transB: int(0) };
const product: Operator = {
  inputs: [2, 2],
  weights: [0, 1],
  run: (c) => c.tensor(0).matmul(c.tensor(1)),
};

/** The products. */
export const matrix: Operators = {
  MatMul: { 1: product },
  Gemm: {
    7: { inputs: [3, 3], weights: [0, 1, 2], attributes, run: gemm },
    11: { inputs: [2, 3], weights: [0, 1, 2], attributes, run: gemm },
  },
  Einsum: {
    12: {
      inputs: [1, Infinity],
      weights: [0, 1, 2, 3],
      attributes: { equation: required(string()) },
      run: (c) => einsum(c.text("equation").replaceAll(" ", ""), ...c.tensors()),
    },
  },
};
