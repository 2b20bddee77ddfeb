/** Scalar functions that JavaScript's `Math` lacks, in float64, and int64 arithmetic on bigints. Called by rendered kernels. */
import { halfTable, toHalfBits } from "../../half.ts";

/** Error function: Taylor series up to 1, the continued fraction of erfc beyond (Abramowitz & Stegun 7.1.5, 7.1.14). */
function erf(x: number): number {
  if (x !== x) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a > 1) return Math.sign(x) * (1 - erfc(a));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 200; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return sum * 2 / Math.sqrt(Math.PI);
}

function erfc(x: number): number {
  if (x <= 1) return 1 - erf(x);
  if (x > 27.3) return 0;
  // erfc(x) = exp(-x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))), evaluated from the tail.
  // The error of n steps is about exp(-2x√(2n)).
  let fraction = x;
  for (let k = x < 2.5 ? 250 : 120; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** Inverse error function: Winitzki's approximation (2008) for a start, then Halley's method. */
function erfinv(y: number): number {
  if (!(Math.abs(y) <= 1)) return NaN;
  if (Math.abs(y) === 1) return y * Infinity;
  if (y === 0) return y;
  const logTerm = Math.log1p(-y * y);
  const a = 0.147;
  const b = 2 / (Math.PI * a) + logTerm / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(b * b - logTerm / a) - b);
  for (let i = 0; i < 4; i++) {
    // The complement keeps its digits where erf is close to 1.
    const error = Math.abs(y) > 0.5 ? Math.sign(y) * ((1 - Math.abs(y)) - erfc(Math.abs(x))) : erf(x) - y;
    const step = error / (2 / Math.sqrt(Math.PI) * Math.exp(-x * x));
    x -= step / (1 + x * step);
  }
  return x;
}

/** Round half to even, as IEEE and PyTorch. */
function round(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  const nearest = rest < 0.5 || (rest === 0.5 && floor % 2 === 0) || floor === x ? floor : floor + 1;
  return nearest === 0 ? x * 0 : nearest; // with the sign of x
}

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** Remainder with the sign of the divisor. */
function remainder(a: number, b: number): number {
  const r = a % b;
  return r !== 0 && (r < 0) !== (b < 0) ? r + b : r;
}

/** Quotient rounded down, corrected as Python does it so that it agrees with {@link remainder}. */
function floorDivide(a: number, b: number): number {
  if (b === 0) return a / b;
  const r = a % b;
  let q = (a - r) / b;
  if (r !== 0 && (b < 0) !== (r < 0)) q -= 1;
  if (q === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(q);
  return q - floor > 0.5 ? floor + 1 : floor;
}

/** `**` but 1 for 1 to the NaN and (±1) to the ±infinity, as C's pow. */
function pow(a: number, b: number): number {
  if (a === 1 || b === 0) return 1;
  if (a === -1 && (b === Infinity || b === -Infinity)) return 1;
  return a ** b;
}

function maximum(a: number, b: number): number {
  return a > b || a !== a ? a : b;
}

function minimum(a: number, b: number): number {
  return a < b || a !== a ? a : b;
}

/** Integer division by zero is an error in PyTorch too. */
function nonZero(operation: string, divisor: number | bigint): void {
  if (divisor == 0) {
    throw new RangeError(`${operation}: integer division by zero; test the divisor, or divide as float32`);
  }
}

function intRemainder(a: number, b: number): number {
  nonZero("remainder", b);
  return remainder(a, b);
}

function intFmod(a: number, b: number): number {
  nonZero("fmod", b);
  return a % b;
}

function intFloorDivide(a: number, b: number): number {
  nonZero("floorDivide", b);
  return Math.floor(a / b);
}

function intPow(a: number, b: number): number {
  return Number(BigInt.asIntN(64, bigPow(BigInt(a), BigInt(b))) & 0xffffffffn) | 0;
}

function bigPow(a: bigint, b: bigint): bigint {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
  let result = 1n;
  for (let base = a, e = b; e > 0n; e >>= 1n, base = BigInt.asIntN(64, base * base)) {
    if (e & 1n) result = BigInt.asIntN(64, result * base);
  }
  return result;
}

function bigRemainder(a: bigint, b: bigint): bigint {
  nonZero("remainder", b);
  const r = a % b;
  return r !== 0n && (r < 0n) !== (b < 0n) ? r + b : r;
}

function bigFmod(a: bigint, b: bigint): bigint {
  nonZero("fmod", b);
  return a % b;
}

function bigFloorDivide(a: bigint, b: bigint): bigint {
  nonZero("floorDivide", b);
  return (a - bigRemainder(a, b)) / b;
}

/** A float as an int64; what has no integer becomes the lowest, as on x86. */
function toBig(x: number): bigint {
  return Number.isFinite(x) ? BigInt.asIntN(64, BigInt(Math.trunc(x))) : -(2n ** 63n);
}

/** Everything a rendered kernel may call, under the name it calls it by. */
export interface Special {
  readonly erf: (x: number) => number;
  readonly erfc: (x: number) => number;
  readonly erfinv: (y: number) => number;
  readonly round: (x: number) => number;
  readonly sigmoid: (x: number) => number;
  readonly remainder: (a: number, b: number) => number;
  readonly floorDivide: (a: number, b: number) => number;
  readonly pow: (a: number, b: number) => number;
  readonly maximum: (a: number, b: number) => number;
  readonly minimum: (a: number, b: number) => number;
  readonly intRemainder: (a: number, b: number) => number;
  readonly intFmod: (a: number, b: number) => number;
  readonly intFloorDivide: (a: number, b: number) => number;
  readonly intPow: (a: number, b: number) => number;
  readonly bigPow: (a: bigint, b: bigint) => bigint;
  readonly bigRemainder: (a: bigint, b: bigint) => bigint;
  readonly bigFmod: (a: bigint, b: bigint) => bigint;
  readonly bigFloorDivide: (a: bigint, b: bigint) => bigint;
  readonly toBig: (x: number) => bigint;
  readonly toHalf: (x: number) => number;
  readonly fromHalf: Float32Array;
}

/** The functions, made once a kernel is rendered (the table of halves is large). */
export function specialFunctions(): Special {
  return {
    erf,
    erfc,
    erfinv,
    round,
    sigmoid,
    remainder,
    floorDivide,
    pow,
    maximum,
    minimum,
    intRemainder,
    intFmod,
    intFloorDivide,
    intPow,
    bigPow,
    bigRemainder,
    bigFmod,
    bigFloorDivide,
    toBig,
    toHalf: toHalfBits,
    fromHalf: halfTable(),
  };
}
