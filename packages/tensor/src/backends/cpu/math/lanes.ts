/** Straight-line vector code: named values, constants in locals, and fused multiply-add if the runtime has it. */
import type { FunctionBuilder } from "../../../code/module.ts";
import { type Code, f32x, f64x, get, i32, i32x, type Local, op, set, when } from "../../../code/tree.ts";
import { features } from "../features.ts";

/** Writes code that computes a function of a vector of floats. It uses the code of its argument once. */
export type UnaryExpander = (f: FunctionBuilder, x: Code, fused?: boolean) => Code;
/** An {@link UnaryExpander} of two vectors. */
export type BinaryExpander = (f: FunctionBuilder, x: Code, y: Code, fused?: boolean) => Code;

/** The constants of a function, each in a local that is set before later code (usually a loop). */
const constantsOf: WeakMap<FunctionBuilder, Map<string, Local>> = new WeakMap();

function constant(f: FunctionBuilder, key: string, code: Code): Code {
  let known = constantsOf.get(f);
  if (known === undefined) constantsOf.set(f, known = new Map());
  let local = known.get(key);
  if (local === undefined) {
    local = f.local("vector");
    known.set(key, local);
    f.emit(set(local, code));
  }
  return get(local);
}

/**
 * A sequence of definitions that ends in one value, on lanes of 32 bits.
 *
 * V8 builds an inline vector constant again, with four instructions, in every iteration of a loop: exp took 1.6 ns per element with
 * inline constants and 0.7 with constants in locals. So {@link c}, {@link i} and {@link d} immediately emit statements that set
 * locals. The code they return must be emitted later, which is the case if a loop's body is built before the loop is emitted. Use
 * inline constants in code that runs rarely.
 */
export class Lanes {
  /** Whether {@link madd} rounds once. */
  readonly fused: boolean;
  private readonly f: FunctionBuilder;
  private readonly statements: Code[] = [];

  constructor(f: FunctionBuilder, fused: boolean = f.targetBytes > 16 || features().relaxedMadd) {
    this.f = f;
    this.fused = fused;
  }

  /** Computes a value once, for any number of uses. */
  let(value: Code): Code {
    const local = this.f.local("vector");
    this.statements.push(set(local, value));
    return get(local);
  }

  /** Like {@link let}, with a local that may change. */
  variable(value: Code): Local {
    const local = this.f.local("vector");
    this.statements.push(set(local, value));
    return local;
  }

  /** The bytes of a vector. */
  get vectorBytes(): number {
    return this.f.vectorBytes;
  }

  /** A local vector. */
  vector(): Local {
    return this.f.local("vector");
  }

  /** A local of a scalar type. */
  scalar(type: "i32" | "i64" | "f64"): Local {
    return this.f.local(type);
  }

  /** A condition (i32), for any number of uses. */
  condition(value: Code): Code {
    const local = this.f.local("i32");
    this.statements.push(set(local, value));
    return get(local);
  }

  /** Statements that run if a condition (i32) is true, which is rare. */
  rarely(condition: Code, ...statements: Code[]): void {
    this.statements.push(when(condition, statements));
  }

  /** The whole sequence as one expression. */
  result(value: Code): Code {
    return [...this.statements, value];
  }

  /** A float in every lane. */
  c(value: number): Code {
    const single = Math.fround(value);
    return constant(this.f, Object.is(single, -0) ? "f-0" : `f${single}`, f32x(single));
  }

  /** An integer in every lane. */
  i(value: number): Code {
    return constant(this.f, `i${value | 0}`, i32x(value));
  }

  /** A float64 in every lane. */
  d(value: number): Code {
    return constant(this.f, `d${value}`, f64x(value));
  }

  /** `a · b + c`, rounded once or twice. */
  madd(a: Code, b: Code, c: Code): Code {
    return this.fused ? op("f32x.relaxed_madd", a, b, c) : op("f32x.add", op("f32x.mul", a, b), c);
  }

  /** `c − a · b`, rounded once or twice. */
  nmadd(a: Code, b: Code, c: Code): Code {
    return this.fused ? op("f32x.relaxed_nmadd", a, b, c) : op("f32x.sub", c, op("f32x.mul", a, b));
  }

  /** Horner's scheme, with coefficients from the constant term up. The code of x is repeated, so it must be cheap. */
  horner(x: Code, coefficients: readonly number[]): Code {
    let sum = this.c(coefficients[coefficients.length - 1]!);
    for (let i = coefficients.length - 2; i >= 0; i--) sum = this.madd(sum, x, this.c(coefficients[i]!));
    return sum;
  }
}

/** `a · b + c` on lanes of 64 bits. */
export function maddWide(v: Lanes, a: Code, b: Code, c: Code): Code {
  return v.fused ? op("f64x.relaxed_madd", a, b, c) : op("f64x.add", op("f64x.mul", a, b), c);
}

/** Horner's scheme on lanes of 64 bits. */
export function hornerWide(v: Lanes, x: Code, coefficients: readonly number[]): Code {
  let sum = v.d(coefficients[coefficients.length - 1]!);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = maddWide(v, sum, x, v.d(coefficients[i]!));
  return sum;
}

/** `a + b`. */
export const add = (a: Code, b: Code): Code => op("f32x.add", a, b);
/** `a − b`. */
export const sub = (a: Code, b: Code): Code => op("f32x.sub", a, b);
/** `a · b`. */
export const mul = (a: Code, b: Code): Code => op("f32x.mul", a, b);
/** `a / b`. */
export const div = (a: Code, b: Code): Code => op("f32x.div", a, b);
/** `b < a ? b : a`. If either is NaN, the result is the first. One instruction on x86, unlike f32x.min. */
export const lesser = (a: Code, b: Code): Code => op("f32x.pmin", a, b);
/** `a < b ? b : a`. If either is NaN, the result is the first. */
export const greater = (a: Code, b: Code): Code => op("f32x.pmax", a, b);
/** Bitwise and. */
export const and = (a: Code, b: Code): Code => op("vector.and", a, b);
/** `a & ~b`. */
export const andNot = (a: Code, b: Code): Code => op("vector.andnot", a, b);
/** Bitwise or. */
export const or = (a: Code, b: Code): Code => op("vector.or", a, b);
/** Bitwise exclusive or. */
export const xor = (a: Code, b: Code): Code => op("vector.xor", a, b);
/** `then` where the mask has ones, else `otherwise`. */
export const select = (mask: Code, then: Code, otherwise: Code): Code => op("vector.bitselect", then, otherwise, mask);
/** Integer sum. */
export const iadd = (a: Code, b: Code): Code => op("i32x.add", a, b);
/** Integer difference. */
export const isub = (a: Code, b: Code): Code => op("i32x.sub", a, b);
/** Left shift. */
export const shl = (a: Code, bits: number): Code => op("i32x.shl", a, i32(bits));
/** Logical right shift. */
export const shr = (a: Code, bits: number): Code => op("i32x.shr_u", a, i32(bits));
/** Arithmetic right shift. */
export const sar = (a: Code, bits: number): Code => op("i32x.shr_s", a, i32(bits));
/** The mask of a comparison. */
export const compare = (how: "eq" | "ne" | "lt" | "gt" | "le" | "ge", a: Code, b: Code): Code =>
  op(`f32x.${how}`, a, b);
/** Whether any lane's sign bit is set (i32). */
export const anySign = (a: Code): Code => op("i32x.bitmask", a);
/** The sign bits. */
export const signOf = (v: Lanes, x: Code): Code => and(x, v.c(-0));
/** The absolute value. */
export const magnitude = (v: Lanes, x: Code): Code => and(x, v.i(0x7fffffff));
