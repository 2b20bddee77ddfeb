/** Gradients of gradients against PyTorch's: for functions f and directions v, f, its gradients g, and those of Σ g · v. */
import { grad } from "@heddle/autograd";
import { inv, slogdet, solve } from "@heddle/linalg";
import { functional as F } from "@heddle/nn";
import { avgPool2d, conv2d, convTranspose2d, einsum, maxPool2d, type Tensor, where } from "@heddle/tensor";
import { expect } from "vitest";
import { testEach } from "./sampled.ts";
import { callValues, type FixtureCase, type FixtureTensor, loadFixtures } from "./load.ts";
import { difference, fromFixture, toTensor } from "./recorded_tensors.ts";
import { inDTypes } from "./narrow.ts";
import type { Setting } from "./replay.ts";

interface SecondOrder extends FixtureCase {
  directions: FixtureTensor[];
  secondGrads: FixtureTensor[];
}

type Functions = { readonly [call: string]: (x: Tensor, y: Tensor, z: Tensor, v: Tensor) => Tensor };

/** The functions of the recordings, by the names under which tools/oracle/README.md defines them. */
const functions: Functions = {
  tanhSumSquared: (x) => x.tanh().sum().square(),
  expSinSum: (x) => x.sin().exp().sum(),
  quotientCubed: (x, y) => x.div(y.mul(y).add(1)).pow(3).sum(),
  powSum: (x, y) => x.pow(y).sum(),
  erfTimesAtan: (x, y) => x.erf().mul(y.atan()).sum(),
  sincSquared: (x) => x.sinc().square().sum(),
  logaddexpCubed: (x, y) => x.logaddexp(y).pow(3).sum(),
  sqrtLogSum: (x) => x.sqrt().mul(x.log()).add(x.rsqrt()).add(x.reciprocal()).sum(),
  sigmoidSoftplus: (x) => x.sigmoid().mul(F.softplus(x)).sum(),
  geluSiluSum: (x) => F.gelu(x).mul(F.silu(x)).sum(),
  softmaxEntropy: (x) => x.softmax(1).mul(x.logSoftmax(1)).sum().neg(),
  logsumexpSquared: (x) => x.logsumexp(1).square().sum(),
  normCubed: (x) => x.norm().pow(3),
  varTimesStd: (x) => x.var(1).mul(x.std()).sum(),
  prodOfRows: (x) => x.prod(1).square().sum(),
  cumsumSquared: (x) => x.cumsum(1).square().sum(),
  cumprodSum: (x) => x.cumprod(1).sum(),
  maxTimesMean: (x) => x.amax(1).mul(x.mean(1)).square().sum(),
  matmulTanhSquared: (x, y) => x.matmul(y).tanh().square().sum(),
  batchMatmulCubed: (x, y) => x.matmul(y).pow(3).sum(),
  einsumSquared: (x, y) => einsum("ij,jk->ik", x, y).square().sum(),
  mlpLoss: (x, w, b, v) => x.matmul(w).add(b).tanh().matmul(v).square().mean(),
  crossEntropyLogits: (x, target) => F.crossEntropy(x, target),
  layerNormCubed: (x, w) => F.layerNorm(x, [4], { weight: w }).pow(3).sum(),
  conv2dTanhSquared: (x, w) => conv2d(x, w, { stride: 2, padding: 1 }).tanh().square().sum(),
  convTranspose2dCubed: (x, w) => convTranspose2d(x, w, { stride: 2 }).pow(3).sum(),
  avgPoolCubed: (x) => avgPool2d(x, 2).pow(3).sum(),
  maxPoolCubed: (x) => maxPool2d(x, 2).pow(3).sum(),
  gatherCubed: (x, index) => x.gather(1, index).pow(3).sum(),
  indexSelectCubed: (x, index) => x.indexSelect(0, index).pow(3).sum(),
  whereMixed: (x) => where(x.gt(0), x.pow(3), x.sin()).sum(),
  viewsMultiplied: (x) => x.t().narrow(0, 1, 2).mul(x.select(1, 0)).square().sum(),
  writeThroughView(x, y) {
    const z = x.clone();
    z.narrow(1, 0, 2).mul_(y);
    return z.pow(3).sum();
  },
  inverseSum: (x) => inv(x).square().sum(),
  logDeterminant: (x) => slogdet(x).logabsdet.square(),
  solveSquared: (a, b) => solve(a, b).square().sum(),
};

/** One test for each function. */
export function testSecondDerivatives({ device, tolerances, replayAs, excused = [] }: Setting, sample: number): void {
  const { cases } = loadFixtures<SecondOrder>("second_order");
  testEach(cases.filter(({ name }) => !excused.includes(`second_order/${name}`)), sample, (recorded) => {
    const each = replayAs ? inDTypes(recorded, replayAs) : recorded;
    const inputs = each.inputs.map((input) => fromFixture(input as FixtureTensor, device));
    const leaves = inputs.map((input) => input.requiresGrad_());
    const values = callValues(each, leaves, (decoded) => toTensor(decoded, device)) as Parameters<Functions[string]>;
    const check = (found: Tensor | null, recorded: FixtureTensor, where: string): void => {
      if (found === null) expect.fail(`${where} is missing`);
      const wrong = difference(found, recorded, { tolerance: tolerances[recorded.dtype as keyof typeof tolerances] });
      if (wrong !== null) expect.fail(`${where}: ${wrong}`);
    };

    const value = functions[each.call]!(...values);
    check(value, each.outputs[0]!, "the value");
    const first = grad([value], leaves, { createGraph: true });
    first.forEach((gradient, i) => check(gradient, each.grads![i]!, `gradient ${i}`));
    const products = first.map((gradient, i) => gradient!.mul(fromFixture(each.directions[i]!, device)).sum());
    const second = grad(products, leaves, { allowUnused: true });
    second.forEach((gradient, i) => check(gradient, each.secondGrads[i]!, `second gradient ${i}`));
  });
}
