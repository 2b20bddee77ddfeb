/** In-place filling with random numbers. */
import { checkNumber, checkWritable } from "../engine/checks.ts";
import { drawInto, type Generator } from "../random.ts";
import { activeTape } from "../engine/tape.ts";
import { type DType, finfo, integerRange, isFloat } from "../dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { isHalf } from "../engine/upcast.ts";
import { checkOptions } from "../options.ts";
import { randint } from "./random.ts";

/** Options of random operations: the generator, by default the one that `manualSeed` seeds. */
export interface RandomOptions {
  /** The generator to draw from. */
  readonly generator?: Generator;
}

export function uniform_(x: Tensor, from = 0, to = 1, options: RandomOptions = {}): Tensor {
  checkOptions("uniform_", options, ["generator"]);
  checkNumber("uniform_", "from", from);
  checkNumber("uniform_", "to", to);
  if (!(from <= to)) throw new RangeError(`uniform_: from ${from} is above to ${to}`);
  const { max } = finfo(isFloat(x.dtype) ? x.dtype as "float32" : "float32");
  if (!(from >= -max && to <= max && to - from <= max)) {
    throw new RangeError(
      `uniform_: from ${from} to ${to} is wider than ${x.dtype} can hold, whose largest number is ${max}; use finite bounds`,
    );
  }
  return filled("uniform_", x, (x) => {
    drawInto(x, "uniform", options.generator);
    if (from !== 0 || to !== 1) spread(x, to - from, from);
  });
}

export function normal_(x: Tensor, mean = 0, std = 1, options: RandomOptions = {}): Tensor {
  checkOptions("normal_", options, ["generator"]);
  checkNumber("normal_", "mean", mean);
  checkNumber("normal_", "std", std);
  if (!(std >= 0)) throw new RangeError(`normal_: standard deviation ${std} is negative`);
  return filled("normal_", x, (x) => {
    drawInto(x, "normal", options.generator);
    if (mean !== 0 || std !== 1) spread(x, std, mean);
  });
}

export function bernoulli_(x: Tensor, p = 0.5, options: RandomOptions = {}): Tensor {
  checkOptions("bernoulli_", options, ["generator"]);
  checkNumber("bernoulli_", "p", p);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`bernoulli_: probability ${p} is not within 0 to 1`);
  const draws = x.detach().to("float32").clone();
  drawInto(draws, "uniform", options.generator);
  return x.copy_(draws.lt(p));
}

/** The end of the range in which a dtype holds every integer, and a number does too. */
function largestInteger(dtype: DType): number {
  if (dtype === "bool") return 1;
  const largest = isFloat(dtype) ? 2 / finfo(dtype as "float32").eps : Number(integerRange(dtype)[1]);
  return Math.min(largest, Number.MAX_SAFE_INTEGER - 1);
}

export function random_(
  x: Tensor,
  first?: number | RandomOptions,
  second?: number | RandomOptions,
  third: RandomOptions = {},
): Tensor {
  const bounds = [first, second].filter((bound) => typeof bound === "number");
  const options = typeof first === "object" ? first : typeof second === "object" ? second : third;
  checkOptions("random_", options, ["generator"]);
  for (const bound of [first, second]) {
    if (bound !== undefined && bound !== options) checkNumber("random_", "a bound", bound);
  }
  const [from, to] = bounds.length === 2 ? bounds as [number, number] : [0, bounds[0] ?? largestInteger(x.dtype) + 1];
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from >= to) {
    throw new RangeError(`random_: from ${from} to ${to} there is no integer; from must be below to`);
  }
  checkWritable("random_", x);
  return x.copy_(randint(from, to, x.shape, { dtype: x.dtype, device: x.device, ...options }));
}

/** Computes x · factor + shift in place. */
function spread(x: Tensor, factor: number, shift: number): void {
  if (isHalf(x)) x.copy_(x.float().mul_(factor).add_(shift));
  else x.mul_(factor).add_(shift);
}

function filled(operation: string, x: Tensor, fill: (x: Tensor) => void): Tensor {
  checkWritable(operation, x);
  if (!isFloat(x.dtype)) {
    throw new TypeError(`${operation}: fills floating-point tensors, got ${x.dtype}; use randint for integers`);
  }
  const tape = activeTape();
  if (tape === null || !tape.enabled || !x.requiresGrad) {
    fill(x.detach());
    return x;
  }
  // The old values no longer matter. Write through an operation, so that the tape records it.
  const fresh = tape.paused(() => {
    const made = x.detach().clone();
    fill(made);
    return made;
  });
  return x.copy_(fresh);
}

export function cauchy_(x: Tensor, median = 0, sigma = 1, options: RandomOptions = {}): Tensor {
  checkOptions("cauchy_", options, ["generator"]);
  checkNumber("cauchy_", "median", median);
  checkNumber("cauchy_", "sigma", sigma);
  if (!(sigma > 0)) throw new RangeError(`cauchy_: sigma is ${sigma}; it must be above 0`);
  return fromUniform("cauchy_", x, options, (u) => u.sub(0.5).mul(Math.PI).tan().mul(sigma).add(median));
}

export function exponential_(x: Tensor, rate = 1, options: RandomOptions = {}): Tensor {
  checkOptions("exponential_", options, ["generator"]);
  checkNumber("exponential_", "the rate", rate);
  if (!(rate > 0)) throw new RangeError(`exponential_: the rate is ${rate}; it must be above 0`);
  return fromUniform("exponential_", x, options, (u) => u.neg().log1p().div(-rate));
}

export function logNormal_(x: Tensor, mean = 1, std = 2, options: RandomOptions = {}): Tensor {
  checkOptions("logNormal_", options, ["generator"]);
  checkNumber("logNormal_", "mean", mean);
  checkNumber("logNormal_", "std", std);
  if (!(std > 0)) throw new RangeError(`logNormal_: the standard deviation is ${std}; it must be above 0`);
  return filled("logNormal_", x, (x) => {
    const draws = x.to(x.dtype === "float16" ? "float32" : x.dtype).clone();
    x.copy_(draws.normal_(mean, std, options).exp());
  });
}

export function geometric_(x: Tensor, p: number, options: RandomOptions = {}): Tensor {
  checkOptions("geometric_", options, ["generator"]);
  checkNumber("geometric_", "p", p);
  if (!(p > 0 && p < 1)) throw new RangeError(`geometric_: probability ${p} is not between 0 and 1`);
  checkWritable("geometric_", x);
  const draws = x.detach().to(x.dtype === "float64" ? "float64" : "float32").clone();
  drawInto(draws, "uniform", options.generator);
  return x.copy_(draws.neg().log1p().div(Math.log1p(-p)).ceil().clamp({ min: 1 }).to(x.dtype));
}

/** Fills by a function of uniform numbers in [0, 1), which float16 has too few of. */
function fromUniform(
  operation: string,
  x: Tensor,
  options: RandomOptions,
  change: (draws: Tensor) => Tensor,
): Tensor {
  return filled(operation, x, (x) => {
    const draws = x.to(x.dtype === "float16" ? "float32" : x.dtype).clone();
    drawInto(draws, "uniform", options.generator);
    x.copy_(change(draws));
  });
}
