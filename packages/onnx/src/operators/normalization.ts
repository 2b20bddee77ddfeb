/** Normalisations. */
import { functional as F } from "@heddle/nn";
import { noGrad } from "@heddle/autograd";
import { type Tensor } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { float, int, ints, type Operator, type Operators, required } from "./operator.ts";
import { Outputs } from "./value.ts";

/** A vector for the channels of `[N, C, …]`. */
function alongChannels(vector: Tensor, ndim: number): Tensor {
  return vector.reshape([1, -1, ...Array<number>(ndim - 2).fill(1)]);
}

/**
 * In training mode batches are normalised by their own statistics, and the buffers follow them; ONNX's momentum is the share of the old
 * value. Results beyond the first are the statistics after that.
 */
function batchNorm(c: Call, training: boolean): Outputs {
  const x = c.tensor(0);
  const [weight, bias, mean, variance] = [c.tensor(1), c.tensor(2), c.tensor(3), c.tensor(4)];
  const eps = c.num("epsilon");
  const momentum = 1 - c.num("momentum");
  if (!training) return new Outputs([F.batchNorm(x, mean, variance, { weight, bias, eps })]);
  if (c.runner.isBuffer(mean) && c.runner.isBuffer(variance)) {
    const y = F.batchNorm(x, mean, variance, { weight, bias, eps, momentum, training: true });
    return new Outputs([y, mean, variance].slice(0, c.node.outputs.length));
  }
  const y = F.batchNorm(x, null, null, { weight, bias, eps, training: true });
  if (c.node.outputs.length === 1) return new Outputs([y]);
  const [m, v] = noGrad(() => {
    const dims = x.shape.map((_, d) => d).filter((d) => d !== 1);
    const now = x.varMean(dims, { correction: 0 });
    return [mean.lerp(now.mean, momentum), variance.lerp(now.var, momentum)];
  });
  return new Outputs([y, m!, v!]);
}

function layerNorm(c: Call): Outputs {
  const x = c.tensor(0);
  const axis = c.axis(c.num("axis"), x.ndim);
  const shape = x.shape.slice(axis);
  const eps = c.num("epsilon");
  const fits = (affine: Tensor | null): boolean => affine === null || affine.shape.join() === shape.join();
  const [weight, bias] = [c.tensor(1), c.maybe(2)];
  const y = fits(weight) && fits(bias)
    ? F.layerNorm(x, shape, { weight, bias, eps })
    : F.layerNorm(x, shape, { eps }).mul(weight).add(bias ?? 0);
  if (c.node.outputs.length === 1) return new Outputs([y]);
  const dims = shape.map((_, d) => d + axis);
  const { var: variance, mean } = x.varMean(dims, { correction: 0, keepdim: true });
  return new Outputs([y, mean, variance.add(eps).rsqrt()].slice(0, c.node.outputs.length));
}

/** Before operator set 21 the scale and bias are by group, since then by channel. */
function groupNorm(c: Call, byChannel: boolean): Tensor {
  const [x, scale, bias] = [c.tensor(0), c.tensor(1), c.tensor(2)];
  const groups = c.num("num_groups");
  const eps = c.num("epsilon");
  if (byChannel) return F.groupNorm(x, groups, { weight: scale, bias, eps });
  const each = x.shape[1]! / groups;
  const spread = (vector: Tensor): Tensor => alongChannels(vector.repeatInterleave(each), x.ndim);
  return F.groupNorm(x, groups, { eps }).mul(spread(scale)).add(spread(bias));
}

function localResponse(c: Call): Tensor {
  const x = c.tensor(0);
  const size = c.num("size");
  const [alpha, beta, bias] = [c.num("alpha"), c.num("beta"), c.num("bias")];
  // The window of channels, of which the one after the centre is longer.
  const squares = x.square();
  const channels = x.shape[1]!;
  let sums: Tensor | null = null;
  for (let by = -Math.floor((size - 1) / 2); by <= Math.ceil((size - 1) / 2); by++) {
    if (Math.abs(by) >= channels) continue;
    const part = squares.narrow(1, Math.max(0, by), channels - Math.abs(by));
    const amounts = Array<number>(2 * (x.ndim - 1)).fill(0);
    amounts[amounts.length - 2] = Math.max(0, -by);
    amounts[amounts.length - 1] = Math.max(0, by);
    const placed = F.pad(part, amounts);
    sums = sums === null ? placed : sums.add(placed);
  }
  return x.div(sums!.mul(alpha / size).add(bias).pow(beta));
}

function lpNormalize(c: Call): Tensor {
  const x = c.tensor(0);
  const axis = c.axis(c.num("axis"), x.ndim);
  const norm = c.num("p") === 1 ? x.abs().sum(axis, { keepdim: true }) : x.square().sum(axis, { keepdim: true }).sqrt();
  return x.div(norm);
}

function meanVariance(c: Call): Tensor {
  const x = c.tensor(0);
  const { var: variance, mean } = x.varMean([...c.list("axes")!], { correction: 0, keepdim: true });
  return x.sub(mean).div(variance.sqrt().add(1e-9));
}

function rmsNorm(c: Call): Tensor {
  const x = c.tensor(0);
  const dims = x.shape.map((_, d) => d).slice(c.axis(c.num("axis"), x.ndim));
  return x.mul(x.square().mean(dims, { keepdim: true }).add(c.num("epsilon")).rsqrt()).mul(c.tensor(1));
}

const batchAttributes = { epsilon: float(1e-5), momentum: float(0.9) };
const five = { inputs: [5, 5], weights: [1, 2], affine: [1, 2], statistics: [3, 4] } as const satisfies Partial<
  Operator
>;
const note = "training mode: batch statistics; the buffers follow";

/** The normalisations. */
export const normalization: Operators = {
  BatchNormalization: {
    7: {
      ...five,
      outputs: 1,
      attributes: { ...batchAttributes, spatial: int(1, [1]) },
      note,
      run: (c) => batchNorm(c, c.training),
    },
    9: { ...five, outputs: 1, attributes: batchAttributes, note, run: (c) => batchNorm(c, c.training) },
    14: {
      ...five,
      outputs: 3,
      attributes: { ...batchAttributes, training_mode: int(0) },
      note,
      run: (c) => batchNorm(c, c.training),
    },
  },
  InstanceNormalization: {
    6: {
      inputs: [3, 3],
      weights: [1, 2],
      affine: [1, 2],
      attributes: { epsilon: float(1e-5) },
      run: (c) => F.instanceNorm(c.tensor(0), { weight: c.tensor(1), bias: c.tensor(2), eps: c.num("epsilon") }),
    },
  },
  LayerNormalization: {
    17: {
      inputs: [2, 3],
      outputs: 3,
      weights: [1, 2],
      affine: [1, 2],
      attributes: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
      run: layerNorm,
    },
  },
  GroupNormalization: {
    18: {
      inputs: [3, 3],
      weights: [1, 2],
      affine: [1, 2],
      attributes: { epsilon: float(1e-5), num_groups: required(int()) },
      run: (c) => groupNorm(c, false),
    },
    21: {
      inputs: [3, 3],
      weights: [1, 2],
      affine: [1, 2],
      attributes: { epsilon: float(1e-5), num_groups: required(int()), stash_type: int(1) },
      run: (c) => groupNorm(c, true),
    },
  },
  LRN: {
    1: {
      inputs: [1, 1],
      attributes: { alpha: float(1e-4), beta: float(0.75), bias: float(1), size: required(int()) },
      run: localResponse,
    },
  },
  LpNormalization: { 1: { inputs: [1, 1], attributes: { axis: int(-1), p: int(2, [1, 2]) }, run: lpNormalize } },
  MeanVarianceNormalization: { 9: { inputs: [1, 1], attributes: { axes: ints([0, 2, 3]) }, run: meanVariance } },
  RMSNormalization: {
    23: {
      inputs: [2, 2],
      weights: [1],
      affine: [1],
      attributes: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
      run: rmsNorm,
    },
  },
};
