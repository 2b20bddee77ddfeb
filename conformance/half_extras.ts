/** Calls and layers without a recording, for the comparison of the half formats with float32. */
import { grad } from "@heddle/autograd";
import {
  AveragedModel,
  CRF,
  FeatureLPPool,
  functional as F,
  getEmaMultiAvgFn,
  GroupConv2d,
  InstanceNorm1d,
  LiftingConv2d,
  Linear,
  type Module,
  RotaryPositions,
  SinusoidalPositions,
} from "@heddle/nn";
import { l1Penalty, l2Penalty } from "@heddle/optim";
import {
  convTranspose2d,
  convTranspose3d,
  einsum,
  manualSeed,
  normal,
  randn,
  type Tensor,
  tensor,
  where,
} from "@heddle/tensor";
import { linear, maskedSoftmax, normalize, rmsNormalize } from "@heddle/tensor/engine";

/** A call on tensors of some shapes, whose outputs and gradients are compared. It may add tensors to `wanted` whose gradients are compared too. */
export interface Extra {
  readonly shapes: readonly (readonly number[])[];
  readonly run: (inputs: Tensor[], wanted: Tensor[]) => Tensor | readonly Tensor[];
}

const extra = (
  shapes: readonly (readonly number[])[],
  run: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
): Extra => ({
  shapes,
  run: (inputs) => run(...inputs),
});

/** A layer with its parameters, which are the same in both dtypes. */
const layer = <M extends Module & { forward(...args: never[]): Tensor }>(
  make: () => M,
  shape: readonly number[],
  forward: (module: M, x: Tensor) => Tensor = (module, x) => (module.forward as (x: Tensor) => Tensor)(x),
): Extra => ({
  shapes: [shape],
  run([x], wanted) {
    manualSeed(5);
    const module = make().to("bfloat16").to("float16").to(x!.dtype) as M;
    wanted.push(...module.parameters());
    return forward(module, x!);
  },
});

/** Values that both half formats hold. */
const held = (x: Tensor): Tensor => x.to("bfloat16").to("float16");

const labels = (...values: number[]): Tensor => tensor(values, { dtype: "int32" });

const signs = (x: Tensor): Tensor => where(x.detach().gt(0), 1, -1).to(x.dtype);

/** The gradient of a function, which can be differentiated again. */
const gradientOf = (f: (x: Tensor) => Tensor) => (x: Tensor): Tensor => {
  const y = f(x);
  const [g] = grad([y], [x], { gradOutputs: [held(randn(y.shape)).to(y.dtype)], createGraph: true });
  return g!;
};

/** By name. */
export const halfExtras: { readonly [name: string]: Extra } = {
  "add with alpha": extra([[3, 4], [4]], (x, y) => x.add(y, { alpha: 0.3 })),
  "sub with alpha": extra([[3, 4], [3, 1]], (x, y) => x.sub(y, { alpha: 700 })),
  "add_ with alpha": extra([[3, 4], [4]], (x, y) => x.clone().add_(y, { alpha: 0.3 })),
  "a number that float16 does not hold": extra([[3, 4]], (x) => x.mul(1e-5)),
  "a broadcast operand": extra([[200, 4], [4]], (x, y) => x.mul(y)),
  "a broadcast sum": extra([[200, 4], [1]], (x, y) => x.add(y)),
  "div, truncated": extra([[3, 4], [4]], (x, y) => x.div(y.abs().add(0.5), { roundingMode: "trunc" })),
  "lerp by a tensor": extra([[3, 4], [3, 4], [4]], (x, y, w) => x.lerp(y, w)),
  "lerp_": extra([[3, 4], [3, 4]], (x, y) => x.clone().lerp_(y, 0.001)),
  "rsqrt": extra([[3, 4]], (x) => x.abs().add(0.1).rsqrt()),
  "rsqrt_": extra([[3, 4]], (x) => x.abs().add(0.1).rsqrt_()),
  "round to decimals": extra([[3, 4]], (x) => x.round({ decimals: 2 })),
  "frac": extra([[3, 4]], (x) => x.frac()),
  "exp2": extra([[3, 4]], (x) => x.exp2()),
  "isclose": extra([[30], [30]], (x, y) => x.isclose(y, { rtol: 0.3, atol: 0.1 })),
  "logaddexp": extra([[3, 4], [3, 4]], (x, y) => x.logaddexp(y)),
  "mean of many": extra([[3000, 2]], (x) => x.abs().mean(0)),
  "var": extra([[300, 2]], (x) => x.var(0)),
  "std": extra([[300, 2]], (x) => x.std(0, { keepdim: true })),
  "cumsum": extra([[300]], (x) => x.cumsum(0)),
  "prod": extra([[6]], (x) => x.prod()),
  "norm of the fourth power": extra([[30, 2]], (x) => x.norm(4, 0)),
  "logsumexp": extra([[30, 2]], (x) => x.logsumexp(0)),
  "indexAdd with alpha": extra([[3, 4], [2, 4]], (x, y) => x.indexAdd(0, labels(1, 1), y, { alpha: 0.3 })),
  "scatterAdd": extra([[3], [300]], (x, y) => x.scatterAdd(0, labels(...Array(300).fill(1)), y)),
  "einsum of three": extra([[3, 4], [4, 5], [5, 2]], (a, b, c) => einsum("ij,jk,kl->il", a, b, c)),
  "einsum with sums of its own": extra([[3, 40], [4, 50]], (a, b) => einsum("ij,kl->k", a, b)),
  "a product with a vector": extra([[5, 3, 4], [4]], (a, b) => a.matmul(b)),
  "linear with a bias that broadcasts": extra([[3, 4], [5, 4], [1]], (x, w, bias) => linear(x, w, { bias })),
  "convTranspose2d": extra([[1, 2, 4, 4], [2, 3, 3, 3], [3]], (x, w, bias) => convTranspose2d(x, w, { bias })),
  "convTranspose3d": extra([[1, 2, 2, 3, 3], [2, 3, 2, 2, 2], [3]], (x, w, bias) => convTranspose3d(x, w, { bias })),
  "normal": extra([[3, 4], [3, 4]], (mean, std) => normal(mean.detach(), std.detach().abs())),
  "normal_": extra([[3, 4]], (x) => x.detach().clone().normal_(0.3, 700)),
  "softmax": extra([[3, 400]], (x) => x.softmax(1)),
  "logSoftmax": extra([[3, 400]], (x) => x.logSoftmax(1)),
  "softmax over columns": extra([[40, 3]], (x) => x.softmax(0)),
  "maskedSoftmax": extra([[3, 4], [4]], (x, mask) => maskedSoftmax(x, { masks: [mask], causalOffset: 1, scale: 0.3 })),
  "maskedSoftmax, a mask without gradient": extra(
    [[3, 4], [4]],
    (x, mask) => maskedSoftmax(x, { masks: [mask.detach()] }),
  ),
  "normalize": extra(
    [[3, 40], [40], [40], [3, 40]],
    (x, weight, bias, residual) => normalize(x, [1], { weight, bias, residual, eps: 1e-5, activation: "relu" }).result,
  ),
  "normalize over rows": extra([[30, 4]], (x) => normalize(x, [0], { eps: 1e-5 }).result),
  "rmsNormalize": extra([[3, 40], [40]], (x, weight) => rmsNormalize(x, [1], { weight, eps: 1e-6 })),
  "F.batchNorm": extra(
    [[4, 3, 5], [3], [3], [3], [3]],
    (x, mean, variance, weight, bias) => F.batchNorm(x, mean.detach(), variance.detach().abs(), { weight, bias }),
  ),
  "F.batchNorm, training": extra([[4, 3, 5], [3], [3], [3], [3]], (x, given, spread, weight, bias) => {
    const [mean, variance] = [given.detach().clone(), spread.detach().abs()];
    return [F.batchNorm(x, mean, variance, { weight, bias, training: true }), mean, variance];
  }),
  "F.instanceNorm": extra([[4, 3, 5], [3], [3]], (x, weight, bias) => F.instanceNorm(x, { weight, bias })),
  "F.featureLpPool": extra([[2, 6, 5]], (x) => F.featureLpPool(x, 2, 3)),
  "F.glu": extra([[3, 4]], (x) => F.glu(x)),
  "F.hardshrink": extra([[3, 4]], (x) => F.hardshrink(x, 0.3)),
  "F.softshrink": extra([[3, 4]], (x) => F.softshrink(x, 0.3)),
  "F.threshold": extra([[3, 4]], (x) => F.threshold(x, 0.3, 0.1)),
  "F.prelu": extra([[50, 4], [4]], (x, slope) => F.prelu(x, slope)),
  "F.hingeLoss": extra([[3, 4]], (x) => F.hingeLoss(x, signs(x))),
  "F.multilabelSoftMarginLoss": extra(
    [[3, 4], [4]],
    (x, weight) => F.multilabelSoftMarginLoss(x, signs(x).add(1).div(2), { weight: weight.detach() }),
  ),
  "F.multiMarginLoss": extra([[3, 4]], (x) => F.multiMarginLoss(x, labels(0, 2, 1), { p: 2 })),
  "F.poissonNllLoss": extra([[3, 4], [3, 4]], (x, y) => F.poissonNllLoss(x, y.detach().abs(), { full: true })),
  "F.poissonNllLoss of rates": extra(
    [[3, 4], [3, 4]],
    (x, y) => F.poissonNllLoss(x.abs(), y.detach().abs(), { logInput: false }),
  ),
  "F.gaussianNllLoss": extra([[3, 4], [3, 4], [3, 1]], (x, y, v) => F.gaussianNllLoss(x, y, v.abs(), { full: true })),
  "F.pairwiseDistance": extra([[3, 4], [3, 4]], (x, y) => F.pairwiseDistance(x, y)),
  "F.cosineSimilarity": extra([[3, 4], [3, 4]], (x, y) => F.cosineSimilarity(x, y)),
  "F.cosineEmbeddingLoss": extra(
    [[3, 4], [3, 4]],
    (x, y) => F.cosineEmbeddingLoss(x, y, tensor([1, -1, 1], { dtype: x.dtype })),
  ),
  "F.tripletMarginLoss": extra([[3, 4], [3, 4], [3, 4]], (a, p, n) => F.tripletMarginLoss(a, p, n, { swap: true })),
  "F.mseLoss": extra([[300], [300]], (x, y) => F.mseLoss(x, y)),
  "F.crossEntropy": extra([[3, 4]], (x) => F.crossEntropy(x, labels(0, 3, 2), { labelSmoothing: 0.1 })),
  "F.crossEntropy with weights": extra(
    [[3, 4], [4]],
    (x, weight) => F.crossEntropy(x, labels(0, 3, 2), { weight: weight.detach().abs() }),
  ),
  "F.binaryCrossEntropyWithLogits": extra(
    [[3, 4], [4]],
    (x, weight) => F.binaryCrossEntropyWithLogits(x, signs(x).add(1).div(2), { posWeight: weight.detach().abs() }),
  ),
  "F.dropout": extra([[3, 40]], (x) => F.dropout(x, 0.3)),
  "F.embedding with maxNorm": extra(
    [[5, 4]],
    (table) => F.embedding(labels(0, 3, 3), table.detach().clone(), { maxNorm: 0.7 }),
  ),
  "F.adaptiveAvgPool3d": extra([[1, 2, 5, 4, 3]], (x) => F.adaptiveAvgPool3d(x, [2, 3, 2])),
  "F.localResponseNorm": extra([[2, 6, 5]], (x) => F.localResponseNorm(x, 3)),
  "F.adaptiveMaxPool2d": extra([[1, 2, 5, 4]], (x) => F.adaptiveMaxPool2d(x, [3, 3])),
  "Σ|w|": extra([[300], [20]], (x, y) => l1Penalty([x, y])),
  "Σw²": extra([[300], [20]], (x, y) => l2Penalty([x, y])),
  "AveragedModel": layer(() => new Linear(4, 3), [2, 4], (module) => {
    const averaged = new AveragedModel(module, { multiAvgFn: getEmaMultiAvgFn(0.9) });
    averaged.updateParameters(module);
    module.weight.detach().mul_(2);
    averaged.updateParameters(module);
    return averaged.module.weight.detach();
  }),
  "CRF": layer(
    () => new CRF(3),
    [4, 2, 3],
    (module, x) =>
      module.forward(x, tensor([[0, 1], [2, 0], [1, 1], [0, 2]], { dtype: "int32" }), { reduction: "mean" }),
  ),
  "FeatureLPPool": layer(() => new FeatureLPPool(2, 3), [2, 6, 5]),
  "InstanceNorm1d": layer(() => new InstanceNorm1d(3, { affine: true }), [4, 3, 5]),
  "LiftingConv2d": layer(() => new LiftingConv2d(2, 3, 3), [1, 2, 5, 5]),
  "GroupConv2d": layer(() => new GroupConv2d(2, 3, 3), [1, 2, 4, 5, 5]),
  "RotaryPositions": layer(() => new RotaryPositions(8), [2, 5, 8]),
  "SinusoidalPositions": layer(() => new SinusoidalPositions(8), [2, 5, 8]),
  "the gradient of tanh": extra([[3, 4]], gradientOf((x) => x.tanh())),
  "the gradient of gelu": extra([[3, 4]], gradientOf((x) => F.gelu(x))),
  "the gradient of a norm": extra([[30]], gradientOf((x) => x.norm())),
  "the gradient of softmax": extra([[3, 4]], gradientOf((x) => x.softmax(1))),
  "the gradient of layerNorm": extra([[3, 4]], gradientOf((x) => F.layerNorm(x, [4]))),
  "the gradient of crossEntropy": extra([[3, 4]], gradientOf((x) => F.crossEntropy(x, labels(0, 3, 2)))),
};
