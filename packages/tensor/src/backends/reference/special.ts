/** The functions that rendered kernels call: functions in float64, integer and bigint arithmetic, conversions. */
import type { HalfDType } from "../../dtype.ts";
import { type HalfFormat, halfFormats } from "../../half.ts";
import type { IntegerFunction } from "../../prims/elementwise.ts";
import { type Functions, functions } from "./functions.ts";

const { remainder } = functions;

/** Rounds half to even, as IEEE 754 and PyTorch do. */
function round(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  const nearest = rest < 0.5 || (rest === 0.5 && floor % 2 === 0) || floor === x ? floor : floor + 1;
  return nearest === 0 ? x * 0 : nearest; // with the sign of x
}

function maximum(a: number, b: number): number {
  return a > b || a !== a ? a : b;
}

function minimum(a: number, b: number): number {
  return a < b || a !== a ? a : b;
}

function gcd(a: number, b: number): number {
  for (; b !== 0; [a, b] = [b, a % b]);
  return Math.abs(a);
}

function bigGcd(a: bigint, b: bigint): bigint {
  for (; b !== 0n; [a, b] = [b, a % b]);
  return a < 0n ? -a : a;
}

const bits = new BigInt64Array(1);
const doubles = new Float64Array(bits.buffer);
const words = new Int32Array(bits.buffer);
const singles = new Float32Array(bits.buffer);

/** The number next to `a` on the way to `b`, as a float64 or a float32. */
function nextafter(a: number, b: number, wide: boolean): number {
  if (a !== a || b !== b) return NaN;
  if (a === b) return b;
  const up = b > a;
  // The bits of positive floats, read as an integer, grow with them; those of negative ones fall.
  if (wide) {
    if (a === 0) return up ? 5e-324 : -5e-324;
    doubles[0] = a;
    bits[0]! += up === a > 0 ? 1n : -1n;
    return doubles[0]!;
  }
  if (a === 0) return up ? 2 ** -149 : -(2 ** -149);
  singles[0] = a;
  words[0]! += up === a > 0 ? 1 : -1;
  return singles[0]!;
}

/** @throws RangeError for an integer division by zero, as PyTorch does. */
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

/** A float as an int64. A value that has no int64 becomes the lowest one, as on x86. */
function toBig(x: number): bigint {
  return Number.isFinite(x) ? BigInt.asIntN(64, BigInt(Math.trunc(x))) : -(2n ** 63n);
}

/** Functions of integers below 64 bits, named `int` and the primitive's name. */
type SmallFunctions = { readonly [P in IntegerFunction as `int${Capitalize<P>}`]: (a: number, b: number) => number };
/** The same for int64, named `big` and the primitive's name. */
type LargeFunctions = { readonly [P in IntegerFunction as `big${Capitalize<P>}`]: (a: bigint, b: bigint) => bigint };

/** The values of each half format's bits, and the bits of a value. */
type HalfFunctions = {
  readonly [D in HalfDType]: { readonly values: Float32Array; readonly toBits: HalfFormat["toBits"] };
};

/** All functions that a rendered kernel may call. */
export type Special = Functions & SmallFunctions & LargeFunctions & HalfFunctions & {
  readonly round: (x: number) => number;
  readonly maximum: (a: number, b: number) => number;
  readonly minimum: (a: number, b: number) => number;
  readonly gcd: (a: number, b: number) => number;
  readonly bigGcd: (a: bigint, b: bigint) => bigint;
  readonly nextafter: (a: number, b: number, wide: boolean) => number;
  readonly toBig: (x: number) => bigint;
};

/** Creates the functions, when the first kernel is rendered: the tables of halves are large. */
export function specialFunctions(): Special {
  return {
    ...functions,
    round,
    maximum,
    minimum,
    gcd,
    bigGcd,
    nextafter,
    intRemainder,
    intFmod,
    intFloorDivide,
    intPow,
    bigPow,
    bigRemainder,
    bigFmod,
    bigFloorDivide,
    toBig,
    float16: { ...halfFormats.float16, values: halfFormats.float16.values() },
    bfloat16: { ...halfFormats.bfloat16, values: halfFormats.bfloat16.values() },
  };
}
