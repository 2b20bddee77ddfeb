/**
 * The row primitives composed of plain operations: for devices and tensors without a suitable row kernel, and for gradients of
 * gradients.
 */
import { hasHalfGradient } from "../engine/upcast.ts";
import type { RowComposites } from "../engine/row_composite.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { arange } from "./creation.ts";
import { where } from "./join.ts";

/** Whether all inputs have one dtype, as row kernels need. */
function hasOneDType([x, ...others]: readonly Tensor[]): boolean {
  return others.every(({ dtype }) => dtype === x!.dtype);
}

/** The composites. Inputs and outputs are those of the row kernels in `engine/row_rules.ts`. */
export const rowComposites: RowComposites = {
  softmax: {
    // The gradient is computed from the result, which must not be rounded to float16 first. The row kernel gives masks no gradient.
    suits: ([x, ...masks]) => !hasHalfGradient(x!) && masks.every(({ requiresGrad }) => !requiresGrad),
    compute([x, ...masks], { dim, scale = 1, limited = false }) {
      if (x!.numel === 0) return [x!.clone()];
      let scores = scale === 1 ? x! : x!.mul(scale);
      masks.forEach((mask, i) => {
        if (limited && i === 0) {
          const columns = arange(x!.shape[dim]!, { dtype: "int32", device: x!.device });
          scores = where(columns.le(mask), scores, -Infinity);
        } else scores = mask.dtype === "bool" ? where(mask, scores, -Infinity) : scores.add(mask);
      });
      let high = scores.detach().amax(dim, { keepdim: true });
      // Rows that are masked everywhere are made constant first and then set to zero, so that no gradient is NaN.
      const nothing = masks.length === 0 ? null : high.eq(-Infinity);
      if (nothing !== null) [scores, high] = [where(nothing, 0, scores), where(nothing, 0, high)];
      const power = scores.sub(high).exp();
      const result = power.div(power.sum(dim, { keepdim: true }));
      return [nothing === null ? result : where(nothing, 0, result)];
    },
  },
  softmaxGrad: {
    differentiable: false,
    compute([g, y], { dim, scale = 1 }) {
      const result = y!.mul(g!.sub(g!.mul(y!).sum(dim, { keepdim: true })));
      return [scale === 1 ? result : result.mul(scale)];
    },
  },
  logSoftmax: {
    suits: ([x]) => !hasHalfGradient(x!),
    compute([x], { dim }) {
      if (x!.numel === 0) return [x!.clone()];
      const shifted = x!.sub(x!.detach().amax(dim, { keepdim: true }));
      return [shifted.sub(shifted.exp().sum(dim, { keepdim: true }).log())];
    },
  },
  logSoftmaxGrad: {
    differentiable: false,
    compute: ([g, y], { dim }) => [g!.sub(y!.exp().mul(g!.sum(dim, { keepdim: true })))],
  },
  labelLoss: {
    compute([scores, labels], { dim, ignoreIndex }) {
      const high = scores!.detach().amax(dim, { keepdim: true });
      const shifted = scores!.sub(high);
      const log = shifted.exp().sum(dim, { keepdim: true }).log();
      const valid = labels!.ge(0).logicalAnd(labels!.lt(scores!.shape[dim]!));
      const loss = log.sub(shifted.gather(dim, labels!.maskedFill(valid.logicalNot(), 0)));
      return [where(labels!.eq(ignoreIndex), 0, where(valid, loss, NaN)), high, log.detach()];
    },
  },
  labelLossGrad: {
    differentiable: false,
    compute([g, scores, labels], { dim, ignoreIndex }) {
      const { shape, dtype, device } = scores!;
      const classes = arange(shape[dim]!, { dtype: "int32", device })
        .reshape(shape.map((size, d) => d === dim ? size : 1));
      const valid = labels!.ge(0).logicalAnd(labels!.lt(shape[dim]!));
      const incoming = where(labels!.eq(ignoreIndex), 0, where(valid, g!, NaN));
      return [scores!.softmax(dim).sub(classes.eq(labels!).to(dtype)).mul(incoming)];
    },
  },
  normalize: {
    suits: hasOneDType,
    compute([x, weight = null, bias = null, residual = null], { dims, eps, activation }) {
      const mean = x!.mean(dims, { keepdim: true });
      const centred = x!.sub(mean);
      const variance = centred.square().mean(dims, { keepdim: true });
      const scale = variance.add(eps).rsqrt();
      // The smaller factors are multiplied first.
      const small = weight !== null && weight.numel <= scale.numel;
      let result = centred.mul(small ? scale.mul(weight) : scale);
      if (weight !== null && !small) result = result.mul(weight);
      if (bias !== null) result = result.add(bias);
      if (residual !== null) result = result.add(residual);
      return [activation === "relu" ? result.relu() : result, mean, variance];
    },
  },
  // For gradients of gradients, the rule in @heddle/autograd computes them from the input.
  normalizeGrad: null,
  rmsNormalize: {
    suits: hasOneDType,
    compute([x, weight = null], { dims, eps }) {
      const scale = x!.square().mean(dims, { keepdim: true }).add(eps).rsqrt();
      const unit = x!.mul(scale);
      return [weight === null ? unit : unit.mul(weight), scale];
    },
  },
  rmsNormalizeGrad: null,
};
