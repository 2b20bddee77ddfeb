/** Functions that create random tensors. */
import { checkOperands, checkTensor } from "../engine/checks.ts";
import { allocate } from "../engine/launch.ts";
import { isFloat } from "../dtype.ts";
import { checkOptions } from "../options.ts";
import { defaultGenerator, drawInto, type Generator } from "../random.ts";
import { tidy } from "../memory/scope.ts";
import { checkValue } from "../scalar.ts";
import { checkHostSize, checkShape, type Shape, showShape, sizeOf } from "../shape.ts";
import { widened } from "../engine/upcast.ts";
import { readsAtOnce } from "../engine/recorder.ts";
import { isTensor, type Operand, type TensorOptions, tensorOptions } from "../tensor/core.ts";
import { optionDType } from "./conversion.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromTypedArray } from "./creation.ts";
import { checkFloat } from "./reduction.ts";
import { SumTree } from "./sum_tree.ts";
import { deviceOf, fromElements, withOptions } from "./from_elements.ts";

/** Options of random tensors. */
export interface RandomTensorOptions extends TensorOptions {
  /** The generator; by default the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

const known = [...tensorOptions, "generator"] as const;

function drawn(
  operation: string,
  distribution: "uniform" | "normal",
  shape: Shape,
  options: RandomTensorOptions,
): Tensor {
  checkOptions(operation, options, known);
  checkShape(operation, shape);
  const { requiresGrad = false } = options;
  const dtype = optionDType(operation, options.dtype, "float32");
  if (!isFloat(dtype)) throw new TypeError(`${operation}: makes floating-point tensors, not ${dtype}; use randint`);
  const result = allocate(operation, deviceOf(options), dtype, [...shape]);
  drawInto(result, distribution, options.generator);
  if (requiresGrad) result.requiresGrad = true;
  return result;
}

/** Random numbers of the uniform distribution over [0, 1). */
export function rand(shape: Shape, options: RandomTensorOptions = {}): Tensor {
  return drawn("rand", "uniform", shape, options);
}

/** Random numbers of the standard normal distribution. */
export function randn(shape: Shape, options: RandomTensorOptions = {}): Tensor {
  return drawn("randn", "normal", shape, options);
}

/** {@link rand} in the shape, dtype and device of another tensor. */
export function randLike(x: Tensor, options: RandomTensorOptions = {}): Tensor {
  checkOptions("randLike", options, known);
  checkTensor("randLike", x);
  return drawn("randLike", "uniform", x.shape, { dtype: x.dtype, device: x.device, ...options });
}

/** {@link randn} in the shape, dtype and device of another tensor. */
export function randnLike(x: Tensor, options: RandomTensorOptions = {}): Tensor {
  checkOptions("randnLike", options, known);
  checkTensor("randnLike", x);
  return drawn("randnLike", "normal", x.shape, { dtype: x.dtype, device: x.device, ...options });
}

/** Uniformly distributed integers from `low` up to but excluding `high`; int32 by default. */
export function randint(low: number, high: number, shape: Shape, options: RandomTensorOptions = {}): Tensor {
  checkOptions("randint", options, known);
  checkShape("randint", shape);
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low >= high) {
    throw new RangeError(`randint: from ${low} to ${high} there is no integer; low must be below high`);
  }
  const { generator = defaultGenerator, ...rest } = options;
  const dtype = optionDType("randint", rest.dtype, "int32");
  checkValue("randint", low, dtype);
  checkValue("randint", high - 1, dtype);
  let draw: (() => number) | null = null;
  const value = (): number => {
    draw ??= generator.draws(sizeOf(shape));
    return low + Math.floor(draw() * (high - low));
  };
  return withOptions(fromElements("randint", dtype, [...shape], deviceOf(rest), value, true), rest);
}

/**
 * {@link randint} in the shape, dtype and device of another tensor.
 *
 * @throws RangeError when there is no integer between the bounds, or the dtype cannot hold them.
 *
 * @example
 * ```ts
 * import { randintLike, zeros } from "@heddle/tensor";
 * randintLike(zeros([2, 3]), 5, 6).toArray(); // [[5, 5, 5], [5, 5, 5]]
 * ```
 */
export function randintLike(x: Tensor, low: number, high: number, options: RandomTensorOptions = {}): Tensor {
  checkOptions("randintLike", options, known);
  checkTensor("randintLike", x);
  return randint(low, high, x.shape, { dtype: x.dtype, device: x.device, ...options });
}

/** A random permutation of the integers 0 to n − 1 (int32), by the Fisher-Yates shuffle. */
export function randperm(n: number, options: RandomTensorOptions = {}): Tensor {
  checkOptions("randperm", options, known);
  checkShape("randperm", [n]);
  checkHostSize("randperm", [n]);
  const { generator = defaultGenerator, ...rest } = options;
  const dtype = optionDType("randperm", rest.dtype, "int32");
  if (n > 0) checkValue("randperm", n - 1, dtype);
  let order: Int32Array | null = null;
  const result = fromElements(
    "randperm",
    dtype,
    [n],
    deviceOf(rest),
    (i) => (order ??= shuffled(n, generator))[i]!,
    true,
  );
  return withOptions(result, rest);
}

function shuffled(n: number, generator: Generator): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  const draws = generator.uniforms(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draws[i]! * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** @throws RangeError that names a value out of range. Does not check on devices that cannot be read synchronously. */
function checkWithin(operation: string, x: Tensor, what: string, least: number, most: number, limits: string): void {
  if (!readsAtOnce(x) || x.numel === 0) return;
  tidy(() => {
    const values = x.detach();
    const fits = most === Infinity ? values.ge(least) : values.ge(least).logicalAnd(values.le(most));
    if (fits.all().item()) return;
    const wrong = [...values.toTypedArray()].find((value) => !(value >= least && value <= most));
    throw new RangeError(`${operation}: ${what} ${wrong} ${limits}`);
  });
}

/**
 * Draws 1 with the probability in each element, else 0. The dtype is that of the probabilities.
 *
 * @throws RangeError for a probability outside 0 to 1, on devices that can be read synchronously.
 */
export function bernoulli(p: Tensor, options: { readonly generator?: Generator } = {}): Tensor {
  checkOptions("bernoulli", options, ["generator"]);
  checkTensor("bernoulli", p);
  checkWithin("bernoulli", p, "probability", 0, 1, "is not within 0 to 1");
  return randLike(p.detach(), options).lt(p.detach()).to(p.dtype);
}

/**
 * Draws indices (int32) in proportion to weights: from a vector `[n]`, or from each row of a matrix `[m, n]`. The weights need not
 * sum to 1.
 *
 * @throws RangeError for negative weights, for weights that are all zero, or for more draws than non-zero weights without replacement.
 */
export function multinomial(
  weights: Tensor,
  count: number,
  options: { readonly replacement?: boolean; readonly generator?: Generator } = {},
): Tensor {
  checkOptions("multinomial", options, ["replacement", "generator"]);
  checkTensor("multinomial", weights);
  const { replacement = false, generator = defaultGenerator } = options;
  if (weights.ndim < 1 || weights.ndim > 2) {
    throw new RangeError(`multinomial: expected weights [n] or [m, n], got shape ${showShape(weights.shape)}`);
  }
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`multinomial: ${count} is not a non-negative number of draws`);
  }
  checkHostSize("multinomial", [...weights.shape.slice(0, -1), count]);
  const width = weights.shape.at(-1)!;
  const rows = weights.ndim === 1 ? 1 : weights.shape[0]!;
  const values = weights.toTypedArray();
  const draws = generator.uniforms(rows * count);
  const result = new Int32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const left = new SumTree(width, (i) => weightOf(values[row * width + i]!));
    for (let k = 0; k < count; k++) {
      if (!(left.total > 0)) {
        throw new RangeError(
          `multinomial: no weight is left for draw ${k + 1} of ${count}; draw fewer, or with { replacement: true }`,
        );
      }
      if (left.total === Infinity) {
        throw new RangeError("multinomial: the weights add up to Infinity; divide them all by the largest");
      }
      const chosen = left.find(draws[row * count + k]! * left.total);
      result[row * count + k] = chosen;
      if (!replacement) left.clear(chosen);
    }
  }
  return fromTypedArray(result, [...weights.shape.slice(0, -1), count], { device: weights.device });
}

function weightOf(value: number | bigint): number {
  const weight = Number(value);
  if (weight >= 0 && weight < Infinity) return weight;
  throw new RangeError(`multinomial: weight ${weight} is not a non-negative finite number`);
}

/**
 * Random numbers of the normal distribution with a mean and a standard deviation: tensors (which broadcast), or numbers with a shape.
 *
 * @throws RangeError for a standard deviation that is negative or NaN; in a tensor, only on devices that can be read synchronously.
 */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  shape?: Shape,
  options: RandomTensorOptions = {},
): Tensor {
  checkOptions("normal", options, known);
  checkOperands("normal", [mean, std]);
  const limits = "is not a number of at least 0";
  if (isTensor(std)) checkWithin("normal", std, "standard deviation", 0, Infinity, limits);
  else if (!(std >= 0)) throw new RangeError(`normal: standard deviation ${std} ${limits}`);
  if (isTensor(mean) || isTensor(std)) {
    const like = (isTensor(mean) && isTensor(std) ? mean.add(std) : isTensor(mean) ? mean : std as Tensor)
      .detach();
    const wide = [std, mean].map((x) => isTensor(x) ? widened(x) : x);
    return widened(randnLike(like, options)).mul(wide[0] as Operand).add(wide[1] as Operand).to(like.dtype);
  }
  if (shape === undefined) {
    throw new TypeError("normal: with a mean and a standard deviation that are numbers, give a shape");
  }
  const drawn = randn(shape, options);
  return widened(drawn).mul(std).add(mean).to(drawn.dtype);
}

/**
 * Draws from the Poisson distribution whose rate is each element (PyTorch's `torch.poisson`). The dtype is that of the rates.
 *
 * @throws TypeError unless the rates are floating-point.
 * @throws RangeError for a rate that is negative or NaN, on devices that can be read synchronously.
 *
 * @example
 * ```ts
 * import { poisson, tensor } from "@heddle/tensor";
 * poisson(tensor([0, 0])).toArray(); // [0, 0]
 * ```
 */
export function poisson(rates: Tensor, options: { readonly generator?: Generator } = {}): Tensor {
  checkOptions("poisson", options, ["generator"]);
  checkTensor("poisson", rates);
  checkFloat("poisson", rates);
  checkWithin("poisson", rates, "rate", 0, Infinity, "is not a number of at least 0");
  return tidy(() => {
    const rate = widened(rates.detach());
    const drawn = randLike(rate, options);
    // The least k for which at most k events are more likely than the number drawn. It is sought within ten deviations, where
    // the distribution function, which is that of the gamma distribution, is 0 or 1 to every digit of float32.
    const reach = rate.sqrt().mul(10).add(20).ceil();
    let low = rate.sub(reach).clamp({ min: 0 }).floor();
    let high = rate.add(reach).ceil();
    for (let i = 0; i < poissonSteps; i++) {
      const middle = low.add(high).div(2).floor();
      const enough = middle.add(1).igammac(rate).gt(drawn);
      [low, high] = [
        low.where(enough, middle.add(1).minimum(high)),
        middle.where(enough, high),
      ];
    }
    return rate.sub(rate).add(high).to(rates.dtype);
  });
}

/** Halves an interval of 2²⁴ numbers, and so that of rates up to 10¹¹, to one. */
const poissonSteps = 24;
