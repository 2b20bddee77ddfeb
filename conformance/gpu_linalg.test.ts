/** Linear algebra of tensors on a GPU, which is done on the host: results and gradients come back to the GPU, in float32. */
import { grad } from "@heddle/autograd";
import * as linalg from "@heddle/linalg";
import { Generator, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("the tests of linear algebra on the GPU");

const transposed = (a: Tensor): Tensor => a.transpose(-2, -1);
const positive = (a: Tensor): Tensor => a.matmul(transposed(a)).add(linalg.matrixPower(a.detach(), 0));

/** Functions of a matrix `[2, 4, 4]` and a right side `[2, 4, 3]` that do not depend on free signs. */
const functions: { readonly [name: string]: (a: Tensor, b: Tensor) => Tensor } = {
  solve: (a, b) => linalg.solve(a, b),
  inv: (a) => linalg.inv(a),
  pinv: (a) => linalg.pinv(a.narrow(2, 0, 3)),
  det: (a) => linalg.det(a),
  slogdet: (a) => linalg.slogdet(a).logabsdet,
  lstsq: (a, b) => linalg.lstsq(a.narrow(2, 0, 3), b).solution,
  cholesky: (a) => linalg.cholesky(positive(a)),
  qr: (a) => {
    const { Q, R } = linalg.qr(a);
    return Q.matmul(R);
  },
  eigh: (a) => linalg.eigh(positive(a)).eigenvalues,
  svd: (a) => linalg.svd(a).S,
  matrixPower: (a) => linalg.matrixPower(a, 3),
  matrixExp: (a) => linalg.matrixExp(a),
  solveTriangular: (a, b) => linalg.solveTriangular(a.tril(-1), b, { upper: false, unitriangular: true }),
  choleskySolve: (a, b) => linalg.choleskySolve(b, linalg.cholesky(positive(a))),
  invEx: (a) => linalg.invEx(a).inverse,
  logdet: (a) => linalg.logdet(positive(a)),
  vectorNorm: (a) => linalg.vectorNorm(a, 3, { dim: [0, 2] }),
  matrixNorm: (a) => linalg.matrixNorm(a, "nuc").add(linalg.matrixNorm(a, -1)),
  cond: (a) => linalg.cond(a).add(linalg.cond(a, "fro")),
  lu: (a) => linalg.lu(a).U,
  luSolve: (a, b) => linalg.luSolve(linalg.luFactor(a).LU, linalg.luFactor(a).pivots, b),
  kron: (a, b) => linalg.kron(a, b),
  multiDot: (a, b) => linalg.multiDot([a.select(0, 0), a.select(0, 1), b.select(0, 0)]),
  vander: (a) => linalg.vander(a),
};

describe.skipIf(gpu === null)("linear algebra on a GPU", () => {
  test.each(Object.keys(functions))("%s, and its gradients", (name) => {
    const generator = new Generator(5);
    const draws = [randn([2, 4, 4], { generator, device: "cpu" }), randn([2, 4, 3], { generator, device: "cpu" })];
    const [wanted, found] = ["cpu", gpu!].map((device) => {
      const [a, b] = draws.map((x) => x.to(device).detach().requiresGrad_()) as [Tensor, Tensor];
      const result = functions[name]!(a, b);
      const gradients = grad(result.square().sum(), [a, b], { allowUnused: true });
      return [result, ...gradients];
    });
    found!.forEach((tensor, i) => {
      const other = wanted![i]!;
      if (other === null) return expect(tensor).toBe(null);
      expect(tensor!.device).toBe(gpu);
      expect(tensor!.dtype).toBe("float32");
      const scale = Math.max(1, other.abs().amax().item());
      expect(tensor!.detach().to("cpu").sub(other.detach()).abs().amax().item() / scale).toBeLessThan(1e-4);
    });
  });
});
