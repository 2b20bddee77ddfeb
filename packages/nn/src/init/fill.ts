/** Initialisers that draw every element from one distribution. */
import { noGrad } from "@heddle/autograd";
import { emptyLike, type Generator, type Tensor, tidy } from "@heddle/tensor";
import { checkOptions, isHalf } from "@heddle/tensor/engine";
import { checkNoOptions } from "../surplus_arguments.ts";

/** Source of random numbers. */
export interface DrawOptions {
  /** By default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** Fills with uniform numbers in [a, b). */
export function uniform_<T extends Tensor>(tensor: T, a = 0, b = 1, options: DrawOptions = {}): T {
  checkOptions("uniform_", options, ["generator"]);
  noGrad(() => tensor.uniform_(a, b, options));
  return tensor;
}

/** Fills with normally distributed numbers. */
export function normal_<T extends Tensor>(tensor: T, mean = 0, std = 1, options: DrawOptions = {}): T {
  checkOptions("normal_", options, ["generator"]);
  noGrad(() => tensor.normal_(mean, std, options));
  return tensor;
}

/** Fills with one value. */
export function constant_<T extends Tensor>(tensor: T, value: number): T {
  checkNoOptions("constant_", arguments, 2);
  noGrad(() => tensor.fill_(value));
  return tensor;
}

/** Zeros. */
export function zeros_<T extends Tensor>(tensor: T): T {
  checkNoOptions("zeros_", arguments, 1);
  return constant_(tensor, 0);
}

/** Ones. */
export function ones_<T extends Tensor>(tensor: T): T {
  checkNoOptions("ones_", arguments, 1);
  return constant_(tensor, 1);
}

/** Options of {@link truncNormal_}. */
export interface TruncNormalOptions extends DrawOptions {
  readonly mean?: number;
  readonly std?: number;
  /** Lower bound; -2 by default. An absolute value, not a number of standard deviations. */
  readonly a?: number;
  /** Upper bound; 2 by default. */
  readonly b?: number;
}

/**
 * Fills from a normal distribution truncated to [a, b].
 *
 * @throws RangeError when the bounds are not in order, or the distribution has almost no mass between them.
 *
 * @example
 * ```ts
 * import { init } from "@heddle/nn";
 * import { empty } from "@heddle/tensor";
 * init.truncNormal_(empty([64, 64]), { std: 0.02 });
 * ```
 */
export function truncNormal_<T extends Tensor>(tensor: T, options: TruncNormalOptions = {}): T {
  checkOptions("truncNormal_", options, ["a", "b", "generator", "mean", "std"]);
  const { mean = 0, std = 1, a = -2, b = 2, generator } = options;
  if (!(a < b) || !(std > 0)) {
    throw new RangeError(`truncNormal_: a ${a}, b ${b} and std ${std} need a < b and std > 0`);
  }
  // By inverse transform sampling: erf of the bounds gives the interval to draw from.
  const [low, high] = [a, b].map((bound) => erf((bound - mean) / (std * Math.SQRT2))) as [number, number];
  if (!(high - low > 1e-7)) {
    throw new RangeError(
      `truncNormal_: hardly anything of a normal distribution of mean ${mean} and std ${std} lies within ${a} to ${b}`,
    );
  }
  if (isHalf(tensor)) {
    noGrad(() => tidy(() => void tensor.copy_(truncNormal_(emptyLike(tensor, { dtype: "float32" }), options))));
    return tensor;
  }
  noGrad(() =>
    tensor.uniform_(low, high, { generator }).erfinv_().mul_(std * Math.SQRT2).add_(mean).clamp_({ min: a, max: b })
  );
  return tensor;
}

/** The error function to about 1e-15, by its series near 0 and its continued fraction (Lentz) beyond; Abramowitz & Stegun 7.1.5, 7.1.14. */
function erf(x: number): number {
  const t = Math.abs(x);
  if (t > 6) return Math.sign(x);
  if (t < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return sum * 2 / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (t + fraction);
  return Math.sign(x) * (1 - Math.exp(-t * t) / (Math.sqrt(Math.PI) * (t + fraction)));
}
