/** Linear algebra against PyTorch, through what does not depend on free signs and orders. */
import { grad } from "@heddle/autograd";
import * as linalg from "@heddle/linalg";
import { cat, eye, stack, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { callValues, type FixtureCase, loadFixtures } from "./load.ts";
import { expectTensor, fromFixture, toTensor } from "./recorded_tensors.ts";

const transposed = (a: Tensor): Tensor => a.transpose(-2, -1);
const symmetrised = (a: Tensor): Tensor => a.add(transposed(a)).div(2);
/** U·diag(s)·W */
const product = (u: Tensor, s: Tensor, w: Tensor): Tensor => u.mul(s.unsqueeze(-2)).matmul(w);

function ofEigenvalues(a: Tensor, fn: (values: Tensor) => Tensor): Tensor {
  const { eigenvalues, eigenvectors } = linalg.eigh(a);
  return product(eigenvectors, fn(eigenvalues), transposed(eigenvectors));
}

/** [..., n, 2]: real and imaginary parts, in order of both. */
function sortedEigenvalues(a: Tensor): Tensor {
  const { real, imag } = linalg.eigvals(a);
  const pairs = stack([real, imag], -1);
  const rows = pairs.reshape(-1, ...pairs.shape.slice(-2)).toArray<number[][][]>();
  const round = (value: number): number => Math.round(value * 1e9);
  const order = rows.map((row) =>
    row.map((_, i) => i).sort((i, j) => {
      const [p, q] = [row[i]!, row[j]!];
      return round(p[0]!) - round(q[0]!) || round(p[1]!) - round(q[1]!);
    })
  );
  const flat = pairs.reshape(-1, ...pairs.shape.slice(-2));
  const sorted = order.map((indices, b) => cat(indices.map((i) => flat.select(0, b).narrow(0, i, 1)), 0));
  return stack(sorted).reshape(pairs.shape);
}

/** Functions of `@heddle/linalg` that are called with a recording's arguments as they are. */
const direct = [
  ...[
    "vectorNorm",
    "matrixNorm",
    "norm",
    "cond",
    "pinv",
    "matrixRank",
    "matrixExp",
    "multiDot",
    "kron",
    "vecdot",
    "vander",
  ],
  ...["solveTriangular", "choleskySolve", "choleskyInverse", "logdet", "eigvalsh", "tensorinv", "tensorsolve"],
];
type Call = (...values: unknown[]) => Tensor | readonly Tensor[];

/** The others. */
const calls: { readonly [call: string]: (...inputs: Tensor[]) => Tensor | readonly Tensor[] } = {
  solve: (a, b, options?: unknown) => linalg.solve(a!, b!, options as linalg.SolveOptions),
  invEx: (a) => linalg.invEx(a!).inverse,
  inv: (a) => linalg.inv(a!),
  det: (a) => linalg.det(a!),
  slogdet: (a) => {
    const { sign, logabsdet } = linalg.slogdet(a!);
    return [sign, logabsdet];
  },
  lu: (a) => {
    const { P, L, U } = linalg.lu(a!);
    return [P, L, U];
  },
  luFactor: (a) => {
    const { LU, pivots } = linalg.luFactor(a!);
    return [LU, pivots];
  },
  luSolve: (a, b, options?: unknown) => {
    const { LU, pivots } = linalg.luFactor(a!);
    return linalg.luSolve(LU, pivots, b!, options as linalg.LUSolveOptions);
  },
  lstsq: (a, b) => linalg.lstsq(a!, b!).solution,
  cholesky: (a) => linalg.cholesky(a!),
  choleskySymmetrised: (a) => linalg.cholesky(symmetrised(a!)),
  eighValues: (a) => linalg.eigvalsh(a!),
  eighValuesSymmetrised: (a) => linalg.eigvalsh(symmetrised(a!)),
  eighReconstruct: (a) => ofEigenvalues(a!, (values) => values),
  eighExpSymmetrised: (a) => ofEigenvalues(symmetrised(a!), (values) => values.exp()),
  qrPositiveR: (a) => {
    const { R } = linalg.qr(a!);
    return R.mul(R.diagonal({ dim1: -2, dim2: -1 }).sign().detach().unsqueeze(-1));
  },
  qrReconstruct: (a) => {
    const { Q, R } = linalg.qr(a!);
    return Q.matmul(R);
  },
  svdValues: (a) => linalg.svdvals(a!),
  svdReconstruct: (a) => {
    const { U, S, Vh } = linalg.svd(a!, { fullMatrices: false });
    return product(U, S, Vh);
  },
  eigValuesSorted: (a) => sortedEigenvalues(a!),
};

const { cases } = loadFixtures("linear_algebra");

/** Inputs, of which those in lists are one argument. */
const inputsOf = (each: FixtureCase): (Tensor | Tensor[])[] =>
  each.inputs.map((input) => "list" in input ? input.list.map((item) => fromFixture(item)) : fromFixture(input));

function runOn(each: FixtureCase, inputs: readonly (Tensor | Tensor[])[]): readonly Tensor[] {
  const call = calls[each.call] ?? (linalg as unknown as Record<string, Call>)[each.call]!;
  const result = (call as Call)(...callValues(each, inputs, toTensor));
  return Array.isArray(result) ? result as Tensor[] : [result as Tensor];
}

describe("linear algebra", () => {
  test.each(cases)("$name", (each: FixtureCase) => {
    const given = inputsOf(each);
    const inputs = given.flat();
    if (each.grads) { for (const input of inputs) input.requiresGrad_(); }
    if (each.error) {
      expect(() => runOn(each, given)).toThrow(/^[a-zA-Z]+: /);
      return;
    }
    const outputs = runOn(each, given);
    expect(outputs.length).toBe(each.outputs.length);
    for (const [i, output] of each.outputs.entries()) expectTensor(outputs[i]!, output, `output ${i}`, each.tol);
    if (!each.grads) return;
    // PyTorch tracks the sign of slogdet but passes no gradient on; here it is a constant.
    const seeded = outputs.map((output, i) => ({ output, seed: each.gradOutputs![i] }))
      .filter(({ output, seed }) => seed && output.requiresGrad);
    const found = grad(seeded.map(({ output }) => output), inputs, {
      gradOutputs: seeded.map(({ seed }) => fromFixture(seed!)),
      allowUnused: true,
    });
    for (const [i, wanted] of each.grads.entries()) {
      if (wanted) expectTensor(found[i]!, wanted, `gradient ${i}`, each.tol);
      else expect(found[i]?.numel ?? 0, `gradient ${i}`).toBe(0);
    }
  });

  const inFloat32 = cases.filter(({ error, call, outputs }) =>
    !error && call !== "eigValuesSorted" && outputs.every(({ dtype }) => dtype === "float64")
  );
  test.each(inFloat32)("$name, in float32", (each) => {
    const inputs = inputsOf(each).map((input) => Array.isArray(input) ? input.map((x) => x.float()) : input.float());
    for (const [i, output] of runOn(each, inputs).entries()) {
      expect(output.dtype).toBe("float32");
      expectTensor(output.double(), each.outputs[i]!, `output ${i}`, { rtol: 1e-3, atol: 1e-4 });
    }
  });

  test("every call of the recordings is made", () => {
    expect(new Set(cases.map(({ call }) => call))).toEqual(new Set([...Object.keys(calls), ...direct]));
    expect(eye(2).equal(linalg.inv(eye(2)))).toBe(true);
  });
});
