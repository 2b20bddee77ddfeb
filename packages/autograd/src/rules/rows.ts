/** Gradients of the row primitives: row kernels, or plain operations where the gradient will itself be differentiated. */
import { fused, type Tensor } from "@heddle/tensor";
import { apply, applyAll, fusedSum, normalizeGradients, type RowPrim } from "@heddle/tensor/engine";
import { isGradEnabled } from "../grad_mode.ts";
import { type Context, reading, type Rules } from "./rule.ts";

/** Row kernels need gradients with their own memory: those of sums are a single expanded number. */
const settled = (g: Tensor): Tensor => g.strides.includes(0) ? g.contiguous() : g;

/** The dimensions along which a weight is broadcast to the input. */
function repeated(weight: readonly number[], shape: readonly number[]): number[] {
  const lead = shape.length - weight.length;
  return shape.map((_, d) => d).filter((d) => d < lead || (weight[d - lead] === 1 && shape[d] !== 1));
}

const scaleOf = fused("normalize gradient", (variance, eps) => variance.add(eps).rsqrt());
const alongWeight = fusedSum("normalize gradient", (g, x, mean, scale) => x.sub(mean).mul(scale).mul(g));
const alongScaled = fusedSum("rmsNormalize gradient", (g, x, scale) => x.mul(scale).mul(g));

/** The needed gradients of the input, the weight, the bias and the residual. */
function gradientsOfNormalize(
  incoming: Tensor,
  context: Context<"normalize">,
  wanted: readonly boolean[],
): readonly (Tensor | null)[] {
  const { a, b, out, second: mean, third: variance, attrs: { dims, eps, activation = "none" }, inputs } = context;
  const affine = inputs.length > 1;
  const rectified = activation === "relu";
  const through = (g: Tensor): Tensor => rectified ? g.maskedFill(out.detach().le(0), 0) : g;
  if (isGradEnabled()) {
    const g = through(incoming);
    const centred = a.sub(a.mean(dims, { keepdim: true }));
    const scale = centred.square().mean(dims, { keepdim: true }).add(eps).rsqrt();
    const unit = centred.mul(scale);
    const scaled = affine ? g.mul(b) : g;
    const along = unit.mul(scaled.mul(unit).mean(dims, { keepdim: true }));
    return [scaled.sub(scaled.mean(dims, { keepdim: true })).sub(along).mul(scale), g.mul(unit), g, g];
  }
  const weight = affine ? inputs[1]!.shape : [];
  const lead = a.ndim - weight.length;
  // One number for each row: the gradients are the sums that the input's gradient needs anyway.
  const perRow = affine && dims.every((d) => d < lead || weight[d - lead] === 1);
  if (perRow) {
    // With the rectified result, the kernel binds nine buffers, and ten with the gradient of the addend.
    const buffers = wanted[3] === true ? 10 : 9;
    const together = rectified && buffers <= (a.device.backend.mostBuffers ?? Infinity);
    const addend = together && wanted[3] === true;
    const g = together ? incoming : through(incoming);
    const attrs = { dims, eps, perRow, ...(together ? { activation } : {}), ...(addend ? { addend } : {}) };
    const given = [settled(g), a, mean, variance, b, ...together ? [out] : []];
    const [input, along, sum, passed] = applyAll("normalizeGrad", given, attrs);
    return [input!, along!, sum!, passed ?? g];
  }
  const g = through(incoming);
  if (wanted[0] && (wanted[1] || wanted[2])) {
    const together = normalizeGradients({ gradient: settled(g), x: a, mean, variance, weight: b, dims, eps });
    if (together !== null) return [...together, g];
  }
  const input = wanted[0]
    ? apply("normalizeGrad", [settled(g), a, mean, variance, ...affine ? [b] : []], { dims, eps, perRow })
    : null;
  const along = wanted[1]
    ? alongWeight([g, a, mean, scaleOf([variance, eps])], repeated(weight, a.shape)).to(a.dtype)
    : null;
  return [input, along, g, g];
}

/** The gradients of the input and the weight. */
function rmsNormalizeGradients(
  incoming: Tensor,
  { a, b, second: scale, attrs: { dims, eps }, inputs }: Context<"rmsNormalize">,
  wanted: readonly boolean[],
): readonly (Tensor | null)[] {
  const affine = inputs.length > 1;
  if (isGradEnabled()) {
    const factor = a.square().mean(dims, { keepdim: true }).add(eps).rsqrt();
    const unit = a.mul(factor);
    const g = affine ? incoming.mul(b) : incoming;
    return [g.sub(unit.mul(g.mul(unit).mean(dims, { keepdim: true }))).mul(factor), incoming.mul(unit)];
  }
  const g = settled(incoming);
  const along = wanted[1] ? alongScaled([g, a, scale], repeated(inputs[1]!.shape, a.shape)).to(a.dtype) : null;
  return [wanted[0] ? apply("rmsNormalizeGrad", [g, a, scale, ...affine ? [b] : []], { dims }) : null, along];
}

/** By primitive. Not used for gradients of gradients: see above. */
export const rowRules: Rules<RowPrim> = {
  softmax: [
    reading(
      "out",
      (g, { out, attrs: { dim, scale } }) =>
        apply("softmaxGrad", [g, out], scale === undefined ? { dim } : { dim, scale }),
    ),
    null,
  ],
  softmaxGrad: null,
  logSoftmax: [reading("out", (g, { out, attrs }) => apply("logSoftmaxGrad", [g, out], attrs))],
  logSoftmaxGrad: null,
  labelLoss: [
    reading(
      "a b second third",
      (g, { a, b, second, third, attrs }) => apply("labelLossGrad", [g, a, b, second, third], attrs),
    ),
    null,
  ],
  labelLossGrad: null,
  normalize: {
    reads: (inputs, { activation }) => [
      "a",
      ...(inputs > 1 ? ["b"] as const : []),
      "second",
      "third",
      ...(activation === "relu" ? ["out"] as const : []),
    ],
    gradients: gradientsOfNormalize,
  },
  normalizeGrad: null,
  rmsNormalize: {
    reads: (inputs) => ["a", ...(inputs > 1 ? ["b"] as const : []), "second"],
    gradients: rmsNormalizeGradients,
  },
  rmsNormalizeGrad: null,
};
