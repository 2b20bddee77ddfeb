/** What each operation of generated code computes, in JavaScript. */
import { fusedMultiplyAdd, fusedMultiplyAdd32 } from "./fused.ts";

/** A vector, as lanes of every type. Their arrays are created when they are first used, as most vectors need one or two. */
export class Vector {
  private readonly buffer: ArrayBuffer;
  private u8Lanes: Uint8Array | undefined;
  private i8Lanes: Int8Array | undefined;
  private u16Lanes: Uint16Array | undefined;
  private i16Lanes: Int16Array | undefined;
  private u32Lanes: Uint32Array | undefined;
  private i32Lanes: Int32Array | undefined;
  private f32Lanes: Float32Array | undefined;
  private f64Lanes: Float64Array | undefined;
  private i64Lanes: BigInt64Array | undefined;

  constructor(bytes: number) {
    this.buffer = new ArrayBuffer(bytes);
  }
  get u8(): Uint8Array {
    return this.u8Lanes ??= new Uint8Array(this.buffer);
  }
  get i8(): Int8Array {
    return this.i8Lanes ??= new Int8Array(this.buffer);
  }
  get u16(): Uint16Array {
    return this.u16Lanes ??= new Uint16Array(this.buffer);
  }
  get i16(): Int16Array {
    return this.i16Lanes ??= new Int16Array(this.buffer);
  }
  get u32(): Uint32Array {
    return this.u32Lanes ??= new Uint32Array(this.buffer);
  }
  get i32(): Int32Array {
    return this.i32Lanes ??= new Int32Array(this.buffer);
  }
  get f32(): Float32Array {
    return this.f32Lanes ??= new Float32Array(this.buffer);
  }
  get f64(): Float64Array {
    return this.f64Lanes ??= new Float64Array(this.buffer);
  }
  get i64(): BigInt64Array {
    return this.i64Lanes ??= new BigInt64Array(this.buffer);
  }
}

export type Value = number | bigint | Vector;

const clampInt = (x: number): number =>
  Number.isNaN(x) ? 0 : x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : Math.trunc(x);
const clampLong = (x: number): bigint =>
  Number.isNaN(x) ? 0n : x >= 2 ** 63 ? 2n ** 63n - 1n : x <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(x));
const nearest = (x: number): number => {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const floor = Math.floor(x);
  const rest = x - floor;
  const whole = rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  return whole === 0 && (x < 0 || Object.is(x, -0)) ? -0 : whole;
};

const floatUnary: Readonly<Record<string, (x: number) => number>> = {
  abs: Math.abs,
  neg: (x) => -x,
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  nearest,
  sqrt: Math.sqrt,
};
const floatBinary: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: Math.min,
  max: Math.max,
  pmin: (x, y) => y < x ? y : x,
  pmax: (x, y) => x < y ? y : x,
};
const compare: Readonly<Record<string, (x: number | bigint, y: number | bigint) => boolean>> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  gt: (x, y) => x > y,
  le: (x, y) => x <= y,
  ge: (x, y) => x >= y,
};
const intBinary: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y | 0,
  sub: (x, y) => x - y | 0,
  mul: Math.imul,
  // Division by zero traps in WebAssembly. Native code returns anything, so that no test may depend on it.
  div_s: (x, y) => y === 0 ? trap() : x / y | 0,
  div_u: (x, y) => y === 0 ? trap() : (x >>> 0) / (y >>> 0) | 0,
  rem_s: (x, y) => y === 0 ? trap() : x % y | 0,
  rem_u: (x, y) => y === 0 ? trap() : (x >>> 0) % (y >>> 0) | 0,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: (x, y) => x << y,
  shr_s: (x, y) => x >> y,
  shr_u: (x, y) => x >>> y | 0,
  min_s: Math.min,
  max_s: Math.max,
  max_u: (x, y) => Math.max(x >>> 0, y >>> 0) | 0,
};
const wrap = (x: bigint): bigint => BigInt.asIntN(64, x);
const longBinary: Readonly<Record<string, (x: bigint, y: bigint) => bigint>> = {
  add: (x, y) => wrap(x + y),
  sub: (x, y) => wrap(x - y),
  mul: (x, y) => wrap(x * y),
  div_s: (x, y) => y === 0n ? trap() : wrap(x / y),
  rem_s: (x, y) => y === 0n ? trap() : x % y,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: (x, y) => wrap(x << (y & 63n)),
  shr_s: (x, y) => x >> (y & 63n),
  shr_u: (x, y) => wrap(BigInt.asUintN(64, x) >> (y & 63n)),
};

/** What traps in WebAssembly. */
export function trap(): never {
  throw new Error("trap");
}

/** The operation of a name, on values. Vectors have `bytes` bytes. */
export function operation(name: string, bytes: number): (args: readonly Value[]) => Value {
  const [type, what] = name.split(".") as [string, string | undefined];
  if (what === undefined) {
    if (name === "select") return ([a, b, c]) => (c as number) !== 0 ? a! : b!;
    throw new Error(`interpreter: no operation ${name}`);
  }
  const vector = (fill: (into: Vector, args: readonly Vector[]) => void) => (args: readonly Value[]): Value => {
    const into = new Vector(bytes);
    fill(into, args as readonly Vector[]);
    return into;
  };
  const lanes = bytes / 4;
  const wide = bytes / 8;
  if (type === "vector") {
    switch (what) {
      case "not":
        return vector((z, [a]) => z.i32.forEach((_, i) => z.i32[i] = ~a!.i32[i]!));
      case "and":
        return vector((z, [a, b]) => z.i32.forEach((_, i) => z.i32[i] = a!.i32[i]! & b!.i32[i]!));
      case "andnot":
        return vector((z, [a, b]) => z.i32.forEach((_, i) => z.i32[i] = a!.i32[i]! & ~b!.i32[i]!));
      case "or":
        return vector((z, [a, b]) => z.i32.forEach((_, i) => z.i32[i] = a!.i32[i]! | b!.i32[i]!));
      case "xor":
        return vector((z, [a, b]) => z.i32.forEach((_, i) => z.i32[i] = a!.i32[i]! ^ b!.i32[i]!));
      case "bitselect":
        return vector((z, [a, b, c]) =>
          z.i32.forEach((_, i) => z.i32[i] = (a!.i32[i]! & c!.i32[i]!) | (b!.i32[i]! & ~c!.i32[i]!))
        );
      case "any_true":
        return ([a]) => (a as Vector).u8.some((x) => x !== 0) ? 1 : 0;
    }
  }
  const arrays = { f32x: "f32", f64x: "f64", i32x: "i32", i64x: "i64", i16x: "i16", i8x: "i8" } as const;
  if (type in arrays) {
    const array = arrays[type as keyof typeof arrays];
    const each = (f: (...xs: never[]) => number | bigint | boolean) =>
      vector((z, args) => {
        const into = z[array];
        const [x, y, w] = args.map((arg) => arg[array] as unknown as ArrayLike<never>);
        for (let i = 0; i < into.length; i++) {
          const value = w ? f(x![i]!, y![i]!, w[i]!) : y ? f(x![i]!, y[i]!) : f(x![i]!);
          if (typeof value !== "boolean") into[i] = value;
          else if (array === "f64" || array === "i64") z.i64[i] = value ? -1n : 0n;
          else z.i32[i] = value ? -1 : 0;
        }
      });
    switch (what) {
      case "splat":
        return ([x]) => {
          const z = new Vector(bytes);
          (z[array] as Float32Array).fill(x as never);
          return z;
        };
      case "relaxed_madd":
        return each(array === "f32" ? fusedMultiplyAdd32 : fusedMultiplyAdd);
      case "relaxed_nmadd": {
        const fused = array === "f32" ? fusedMultiplyAdd32 : fusedMultiplyAdd;
        return each((a: number, b: number, c: number) => fused(-a, b, c));
      }
      case "all_true":
        return ([a]) => [...(a as Vector)[array]].every((x) => x != 0) ? 1 : 0;
      case "bitmask":
        return ([a]) => (a as Vector).i32.reduce((bits, x, i) => x < 0 ? bits | 1 << i : bits, 0);
      case "shl":
      case "shr_s":
      case "shr_u":
        return ([a, by]) => {
          const z = new Vector(bytes);
          const count = by as number;
          if (array === "i64") {
            z.i64.forEach((_, i) => z.i64[i] = longBinary[what]!((a as Vector).i64[i]!, BigInt(count & 63)));
          } else z.i32.forEach((_, i) => z.i32[i] = intBinary[what]!((a as Vector).i32[i]!, count & 31));
          return z;
        };
      case "demote_f64x_zero":
        return vector((z, [a]) => a!.f64.forEach((x, i) => z.f32[i] = x));
      case "promote_low_f32x":
        return vector((z, [a]) => z.f64.forEach((_, i) => z.f64[i] = a!.f32[i]!));
      case "trunc_sat_f32x_s":
        return vector((z, [a]) => z.i32.forEach((_, i) => z.i32[i] = clampInt(a!.f32[i]!)));
      case "trunc_sat_f64x_s_zero":
        return vector((z, [a]) => a!.f64.forEach((x, i) => z.i32[i] = clampInt(x)));
      case "convert_i32x_s":
        return vector((z, [a]) => z.f32.forEach((_, i) => z.f32[i] = a!.i32[i]!));
      case "convert_i32x_u":
        return vector((z, [a]) => z.f32.forEach((_, i) => z.f32[i] = a!.u32[i]!));
      case "convert_low_i32x_s":
        return vector((z, [a]) => z.f64.forEach((_, i) => z.f64[i] = a!.i32[i]!));
      case "convert_low_i32x_u":
        return vector((z, [a]) => z.f64.forEach((_, i) => z.f64[i] = a!.u32[i]!));
      case "extend_low_i8x_s":
        return vector((z, [a]) => z.i16.forEach((_, i) => z.i16[i] = a!.i8[i]!));
      case "extend_low_i8x_u":
        return vector((z, [a]) => z.i16.forEach((_, i) => z.i16[i] = a!.u8[i]!));
      case "extend_low_i16x_s":
        return vector((z, [a]) => z.i32.forEach((_, i) => z.i32[i] = a!.i16[i]!));
      case "extend_low_i16x_u":
        return vector((z, [a]) => z.i32.forEach((_, i) => z.i32[i] = a!.u16[i]!));
      case "extend_low_i32x_s":
        return vector((z, [a]) => z.i64.forEach((_, i) => z.i64[i] = BigInt(a!.i32[i]!)));
      case "extend_low_i32x_u":
        return vector((z, [a]) => z.i64.forEach((_, i) => z.i64[i] = BigInt(a!.u32[i]!)));
      case "extmul_low_i32x_u":
        return vector((z, [a, b]) => z.i64.forEach((_, i) => z.i64[i] = wrap(BigInt(a!.u32[i]!) * BigInt(b!.u32[i]!))));
      case "extmul_high_i32x_u":
        return vector((z, [a, b]) =>
          z.i64.forEach((_, i) => z.i64[i] = wrap(BigInt(a!.u32[wide + i]!) * BigInt(b!.u32[wide + i]!)))
        );
      case "narrow_i32x_s":
      case "narrow_i32x_u": {
        const [low, high] = what.endsWith("s") ? [-32768, 32767] : [0, 65535];
        return vector((z, both) =>
          both.forEach((a, k) => a.i32.forEach((x, i) => z.i16[k * lanes + i] = Math.max(low!, Math.min(high!, x))))
        );
      }
      case "narrow_i16x_s":
      case "narrow_i16x_u": {
        const [low, high] = what.endsWith("s") ? [-128, 127] : [0, 255];
        return vector((z, both) =>
          both.forEach((a, k) => a.i16.forEach((x, i) => z.i8[2 * k * lanes + i] = Math.max(low!, Math.min(high!, x))))
        );
      }
    }
    if (array === "f32" || array === "f64") {
      if (floatUnary[what]) return each(floatUnary[what]!);
      if (floatBinary[what]) return each(floatBinary[what]!);
    } else if (array === "i64") {
      if (what === "abs") return each((x: bigint) => x < 0n ? wrap(-x) : x);
      if (what === "neg") return each((x: bigint) => wrap(-x));
      if (longBinary[what]) return each(longBinary[what]!);
    } else {
      if (what === "abs") return each((x: number) => x < 0 ? -x | 0 : x);
      if (what === "neg") return each((x: number) => -x | 0);
      if (what === "gt_u") return each((x: number, y: number) => x >>> 0 > y >>> 0);
      if (intBinary[what]) return each(intBinary[what]!);
    }
    const relation = compare[what.replace(/_s$/, "")];
    if (relation) return each(relation as (x: never, y: never) => boolean);
    throw new Error(`interpreter: no operation ${name}`);
  }
  return scalarOperation(type, what);
}

const bits = new DataView(new ArrayBuffer(8));

function scalarOperation(type: string, what: string): (args: readonly Value[]) => Value {
  const number = (f: (...xs: number[]) => number | bigint | boolean) => (args: readonly Value[]): Value => {
    const value = f(...args as number[]);
    return typeof value === "boolean" ? (value ? 1 : 0) : value;
  };
  const long = (f: (...xs: bigint[]) => number | bigint | boolean) => (args: readonly Value[]): Value => {
    const value = f(...args as bigint[]);
    return typeof value === "boolean" ? (value ? 1 : 0) : value;
  };
  const round = type === "f32" ? Math.fround : (x: number): number => x;
  switch (`${type}.${what}`) {
    case "i32.eqz":
      return number((x) => x === 0);
    case "i32.clz":
      return number(Math.clz32);
    case "i32.ctz":
      return number((x) => x === 0 ? 32 : 31 - Math.clz32(x & -x));
    case "i64.eqz":
      return long((x) => x === 0n);
    case "i32.wrap_i64":
      return long((x) => Number(BigInt.asIntN(32, x)));
    case "i64.extend_i32_s":
      return number((x) => BigInt(x));
    case "i64.extend_i32_u":
      return number((x) => BigInt(x >>> 0));
    case "f32.convert_i32_s":
    case "f64.convert_i32_s":
      return number((x) => round(x));
    case "f64.convert_i32_u":
      return number((x) => x >>> 0);
    case "f32.convert_i64_s":
      return long((x) => roundedFloat(x));
    case "f64.convert_i64_s":
      return long((x) => Number(x));
    case "f32.demote_f64":
      return number(Math.fround);
    case "f64.promote_f32":
      return number((x) => x);
    case "i32.trunc_sat_f32_s":
    case "i32.trunc_sat_f64_s":
      return number(clampInt);
    case "i64.trunc_sat_f32_s":
    case "i64.trunc_sat_f64_s":
      return number(clampLong);
    case "i32.reinterpret_f32":
      return number((x) => (bits.setFloat32(0, x), bits.getInt32(0)));
    case "f32.reinterpret_i32":
      return number((x) => (bits.setInt32(0, x), bits.getFloat32(0)));
    case "i64.reinterpret_f64":
      return number((x) => (bits.setFloat64(0, x), bits.getBigInt64(0)));
    case "f64.reinterpret_i64":
      return long((x) => (bits.setBigInt64(0, x), bits.getFloat64(0)));
  }
  const relation = compare[what.replace(/_[su]$/, "")];
  if (type === "f32" || type === "f64") {
    if (floatUnary[what]) return number((x) => round(floatUnary[what]!(x)));
    if (floatBinary[what]) return number((x, y) => round(floatBinary[what]!(x, y)));
    if (relation) return number(relation);
  } else if (type === "i32") {
    if (intBinary[what]) return number(intBinary[what]!);
    if (relation) return what.endsWith("_u") ? number((x, y) => relation(x >>> 0, y >>> 0)) : number(relation);
  } else if (type === "i64") {
    if (longBinary[what]) return long(longBinary[what]!);
    if (relation) return long(relation);
  }
  throw new Error(`interpreter: no operation ${type}.${what}`);
}

/** A 64-bit integer, rounded once to a float. */
function roundedFloat(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  if (magnitude < 1n << 53n) return Math.fround(Number(x));
  // Keeps 40 leading bits and whether anything was below them, so that the second rounding sees what it must.
  const kept = (magnitude >> 13n) << 13n;
  const sticky = kept === magnitude ? kept : kept | 1n << 13n;
  return Math.fround(Number(x < 0n ? -sticky : sticky));
}
