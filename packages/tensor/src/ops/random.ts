/** Functions that make random tensors. */
import { checkOperands, checkTensor } from "../checks.ts";
import { isFloat, type Scalar } from "../dtype.ts";
import { checkOptions } from "../options.ts";
import { defaultGenerator, drawInto, type Generator } from "../random.ts";
import { checkValue } from "../scalar.ts";
import { checkShape, type Shape, showShape } from "../shape.ts";
import { type TensorOptions, tensorOptions } from "../tensor/core.ts";
import { optionDType } from "../tensor/reading.ts";
import { Tensor } from "../tensor/tensor.ts";
import { empty, fromTypedArray } from "./creation.ts";

/** Options of tensors drawn from a generator. */
export interface RandomTensorOptions extends TensorOptions {
  /** By default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

const known = [...tensorOptions, "generator"] as const;

function drawn(operation: string, distribution: "uniform" | "normal", shape: Shape, options: RandomTensorOptions): Tensor {
  checkOptions(operation, options, known);
  checkShape(operation, shape);
  const { requiresGrad = false, generator, ...rest } = options;
  if (!isFloat(optionDType(operation, rest.dtype, "float32"))) {
    throw new TypeError(`${operation}: makes floating-point tensors, not ${rest.dtype}; use randint`);
  }
  const result = empty(shape, rest);
  drawInto(result, distribution, generator);
  if (requiresGrad) result.requiresGrad = true;
  return result;
}

/** Numbers evenly distributed over [0, 1). */
export function rand(shape: Shape, options: RandomTensorOptions = {}): Tensor {
  return drawn("rand", "uniform", shape, options);
}

/** Numbers of the standard normal distribution. */
export function randn(shape: Shape, options: RandomTensorOptions = {}): Tensor {
  return drawn("randn", "normal", shape, options);
}

/** {@link rand} in the shape, dtype and device of another tensor. */
export function randLike(x: Tensor, options: RandomTensorOptions = {}): Tensor {
  checkTensor("randLike", x);
  return drawn("randLike", "uniform", x.shape, { dtype: x.dtype, device: x.device, ...options });
}

/** {@link randn} in the shape, dtype and device of another tensor. */
export function randnLike(x: Tensor, options: RandomTensorOptions = {}): Tensor {
  checkTensor("randnLike", x);
  return drawn("randnLike", "normal", x.shape, { dtype: x.dtype, device: x.device, ...options });
}

/** Integers evenly distributed from `low` up to but not including `high`; int32 by default. */
export function randint(low: number, high: number, shape: Shape, options: RandomTensorOptions = {}): Tensor {
  checkShape("randint", shape);
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low >= high) {
    throw new RangeError(`randint: from ${low} to ${high} there is no integer; low must be below high`);
  }
  checkOptions("randint", options, known);
  const { generator = defaultGenerator, ...rest } = options;
  const dtype = optionDType("randint", rest.dtype, "int32");
  checkValue("randint", low, dtype);
  checkValue("randint", high - 1, dtype);
  const count = shape.reduce((n, size) => n * size, 1);
  const values = generator.uniforms(count).map((u) => low + Math.floor(u * (high - low)));
  return fromTypedArray(values, shape, { ...rest, dtype });
}

/** The integers from 0 to n − 1 in random order (int32); Fisher and Yates's shuffle. */
export function randperm(n: number, options: RandomTensorOptions = {}): Tensor {
  checkShape("randperm", [n]);
  checkOptions("randperm", options, known);
  const { generator = defaultGenerator, ...rest } = options;
  const dtype = optionDType("randperm", rest.dtype, "int32");
  if (n > 0) checkValue("randperm", n - 1, dtype);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const draws = generator.uniforms(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draws[i]! * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return fromTypedArray(order, [n], { ...rest, dtype });
}

/** 1 with the probability that each element gives, else 0, in the dtype of the probabilities. */
export function bernoulli(p: Tensor, options: { readonly generator?: Generator } = {}): Tensor {
  checkTensor("bernoulli", p);
  checkOptions("bernoulli", options, ["generator"]);
  return randLike(p.detach(), options).lt(p.detach()).to(p.dtype);
}

/**
 * Indices (int32) drawn in proportion to weights: from a vector `[n]` of them, or from each row of a matrix `[m, n]`. The
 * weights need not sum to 1.
 *
 * @throws RangeError for negative or vanishing weights, or more draws than non-zero weights without replacement.
 */
export function multinomial(
  weights: Tensor,
  count: number,
  options: { readonly replacement?: boolean; readonly generator?: Generator } = {},
): Tensor {
  checkTensor("multinomial", weights);
  checkOptions("multinomial", options, ["replacement", "generator"]);
  const { replacement = false, generator = defaultGenerator } = options;
  if (weights.ndim < 1 || weights.ndim > 2) {
    throw new RangeError(`multinomial: expected weights [n] or [m, n], got shape ${showShape(weights.shape)}`);
  }
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`multinomial: ${count} is not a non-negative number of draws`);
  }
  const width = weights.shape.at(-1)!;
  const rows = weights.numel / Math.max(width, 1);
  const values = weights.toTypedArray();
  const draws = generator.uniforms(rows * count);
  const result = new Int32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const left = Float64Array.from({ length: width }, (_, i) => Number(values[row * width + i]));
    let total = 0;
    for (const weight of left) {
      if (!(weight >= 0 && weight < Infinity)) {
        throw new RangeError(`multinomial: weight ${weight} is not a non-negative finite number`);
      }
      total += weight;
    }
    for (let k = 0; k < count; k++) {
      if (!(total > 0)) {
        throw new RangeError(
          `multinomial: no weight is left for draw ${k + 1} of ${count}; draw fewer, or with { replacement: true }`,
        );
      }
      let at = draws[row * count + k]! * total;
      let chosen = -1;
      for (let i = 0; i < width; i++) {
        if (left[i] === 0) continue;
        chosen = i;
        at -= left[i]!;
        if (at < 0) break;
      }
      result[row * count + k] = chosen;
      if (!replacement) {
        left[chosen] = 0;
        total = left.reduce((sum, weight) => sum + weight, 0);
      }
    }
  }
  return fromTypedArray(result, [...weights.shape.slice(0, -1), count], { device: weights.device });
}

/** Normal numbers of a mean and a standard deviation, which may be tensors (broadcast) or numbers with a shape. */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  shape?: Shape,
  options: RandomTensorOptions = {},
): Tensor {
  checkOperands("normal", [mean, std]);
  checkOptions("normal", options, known);
  if (mean instanceof Tensor || std instanceof Tensor) {
    const like =
      (mean instanceof Tensor && std instanceof Tensor ? mean.add(std) : mean instanceof Tensor ? mean : std as Tensor)
        .detach();
    return randnLike(like, options).mul(std as Tensor | Scalar).add(mean as Tensor | Scalar);
  }
  if (shape === undefined) {
    throw new TypeError("normal: with a mean and a standard deviation that are numbers, give a shape");
  }
  return randn(shape, options).mul(std).add(mean);
}
