/** Dropout: random zeros while training. */
import { fused, type FusedFunction, type Generator, rand, type Tensor, whereSymbolic } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { shown, showSizes } from "../sizes.ts";

const dropoutOptions = ["generator", "training"] as const;

/** Options of the dropout functions. */
export interface DropoutOptions {
  /** Whether dropout is applied; true by default. */
  readonly training?: boolean;
  /** Source of random numbers; by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** @throws RangeError for a probability outside 0 to 1. */
export function checkProbability(operation: string, p: number): void {
  if (typeof p === "number" && p >= 0 && p <= 1) return;
  throw new RangeError(`${operation}: probability ${shown(p)} is not within 0 to 1`);
}

/** From draws between 0 and 1: x · factor where the draw is at least p, else 0. */
export const drop: FusedFunction = fused(
  "dropout",
  (x, draws, p, factor) => whereSymbolic(draws.lt(p), 0, x.mul(factor)),
);

/** Zeros with probability p, one draw for each element of `shape`, which broadcasts to the input's; the rest is scaled up to keep the mean. */
function dropped(operation: string, x: Tensor, p: number, shape: readonly number[], options: DropoutOptions): Tensor {
  checkProbability(operation, p);
  const { training = true, generator } = options;
  if (!training || p === 0) return x;
  if (p === 1) return x.mul(0);
  return drop([x, rand(shape, { generator, device: x.device }), p, 1 / (1 - p)]);
}

/**
 * Each element zero at probability `p`, the others divided by 1 − p: Srivastava et al., "Dropout" (2014). PyTorch:
 * `torch.nn.functional.dropout`.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * F.dropout(ones([100]), 0.5).mean().item(); // close to 1
 * F.dropout(ones([100]), 0.5, { training: false }).mean().item(); // 1
 * ```
 */
export function dropout(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkOptions("dropout", options, dropoutOptions);
  return dropped("dropout", x, p, x.shape, options);
}

function channels(operation: string, x: Tensor, p: number, dims: number, options: DropoutOptions): Tensor {
  checkOptions(operation, options, dropoutOptions);
  if (x.ndim !== dims + 2 && x.ndim !== dims + 1) {
    throw new RangeError(
      `${operation}: expected [N, C, ${["L", "H, W", "D, H, W"][dims - 1]}] or, without a batch, [C, …], got shape ${
        showSizes(x.shape)
      }; ` +
        `dropout works on any shape`,
    );
  }
  return dropped(operation, x, p, [...x.shape.slice(0, -dims), ...Array<number>(dims).fill(1)], options);
}

/** {@link dropout} of whole channels of `[N, C, L]` or `[C, L]`. PyTorch: `dropout1d`. */
export function dropout1d(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  return channels("dropout1d", x, p, 1, options);
}

/** {@link dropout} of whole channels of `[N, C, H, W]` or `[C, H, W]`. PyTorch: `dropout2d`. */
export function dropout2d(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  return channels("dropout2d", x, p, 2, options);
}

/** {@link dropout} of whole channels of `[N, C, D, H, W]` or `[C, D, H, W]`. PyTorch: `dropout3d`. */
export function dropout3d(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  return channels("dropout3d", x, p, 3, options);
}

/** From draws between 0 and 1: x · factor + kept where the draw is at least p, else a constant. */
const dropToLowest: FusedFunction = fused(
  "alphaDropout",
  (x, draws, p, factor, kept, dropped) => whereSymbolic(draws.lt(p), dropped, x.mul(factor).add(kept)),
);

/** The limit of SELU towards −∞, negated. */
const alpha = 1.7580993408473766;

function alphaDropped(
  operation: string,
  x: Tensor,
  p: number,
  shape: readonly number[],
  options: DropoutOptions,
): Tensor {
  checkProbability(operation, p);
  const { training = true, generator } = options;
  if (!training || p === 0) return x;
  if (p === 1) return x.mul(0);
  const factor = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p));
  const shift = alpha * factor * p;
  const draws = rand(shape, { generator, device: x.device });
  return dropToLowest([x, draws, p, factor, shift, shift - alpha * factor]);
}

/**
 * Dropout that keeps mean and variance of inputs that have mean 0 and variance 1, as SELU makes them: dropped elements become the limit of
 * SELU, and all are scaled and shifted. Klambauer et al., "Self-normalizing neural networks" (2017). PyTorch:
 * `torch.nn.functional.alpha_dropout`.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * F.alphaDropout(randn([1000]), 0.5).std().item(); // close to 1
 * ```
 */
export function alphaDropout(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkOptions("alphaDropout", options, dropoutOptions);
  return alphaDropped("alphaDropout", x, p, x.shape, options);
}

/** {@link alphaDropout} of whole channels of `[N, C, …]`. PyTorch: `torch.nn.functional.feature_alpha_dropout`. */
export function featureAlphaDropout(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkOptions("featureAlphaDropout", options, dropoutOptions);
  if (x.ndim < 2) {
    throw new RangeError(`featureAlphaDropout: expected [N, C, …], got shape ${showSizes(x.shape)}`);
  }
  const shape = x.shape.map((size, d) => d < 2 ? size : 1);
  return alphaDropped("featureAlphaDropout", x, p, shape, options);
}
