/**
 * Runs generated code in JavaScript, with vectors of any width: the model that renderers are compared with, and a stand-in for
 * native code where there is none. It is slow.
 */
import type { Run } from "../../backends/cpu/compiled_module.ts";
import type { NativeCode } from "../../backends/cpu/native_code.ts";
import type { CodeModule, FunctionBuilder } from "../module.ts";
import type { Code, Node } from "../tree.ts";
import { fusedMultiplyAdd, fusedMultiplyAdd32 } from "./fused.ts";

/** A vector, as lanes of every type. */
export class Vector {
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;

  constructor(bytes: number) {
    const buffer = new ArrayBuffer(bytes);
    this.u8 = new Uint8Array(buffer);
    this.i8 = new Int8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
  }
}

type Value = number | bigint | Vector;
type Locals = Value[];
/** Computes a value. */
type Compute = (locals: Locals) => Value;
/** Runs a statement. Returns the number of blocks that a branch still has to leave, or -1. */
type Perform = (locals: Locals) => number;

const next = -1;
const returned = 1 << 20;

/** What the interpreted code works on. */
export interface Machine {
  /** The memory, read again after it may have grown. */
  memory(): ArrayBufferLike;
  /** Imported functions. */
  readonly imports?: Readonly<Record<string, (...args: number[]) => number>>;
}

const isList = (code: Code): code is readonly Code[] => Array.isArray(code);

/** Whether code leaves no value. */
function isStatement(code: Code, results: (index: number) => number): boolean {
  if (isList(code)) return code.length === 0 || isStatement(code[code.length - 1]!, results);
  switch (code.kind) {
    case "set":
    case "block":
    case "loop":
    case "branch":
      return true;
    case "if":
      return code.type === null;
    case "memory":
    case "memoryLane":
    case "wide":
      return code.name.includes("store");
    case "op":
      return ["drop", "return", "unreachable"].includes(code.name);
    case "call":
      return results(code.callee.index) === 0;
    default:
      return false;
  }
}

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

function trap(): never {
  throw new Error("trap");
}

/** An operation whose name is `type.what`, on values. */
function operation(name: string, bytes: number): (args: readonly Value[]) => Value {
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
        for (let i = 0; i < into.length; i++) {
          const value = f(...args.map((arg) => arg[array][i]!) as never[]);
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

/** One function of a module. */
class Interpreted {
  private readonly built: FunctionBuilder;
  private readonly module: CodeModule;
  private readonly machine: Machine;
  private readonly call: (index: number, args: readonly Value[]) => Value | undefined;
  private readonly body: Perform;
  private readonly result: Compute | null;
  private view: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    built: FunctionBuilder,
    module: CodeModule,
    machine: Machine,
    call: (index: number, args: readonly Value[]) => Value | undefined,
  ) {
    this.built = built;
    this.module = module;
    this.machine = machine;
    this.call = call;
    const [statements, result] = built.results.length === 0
      ? [built.body, null]
      : [built.body.slice(0, -1), built.body.at(-1)!];
    this.body = this.perform(statements);
    this.result = result === null ? null : this.compute(result);
  }

  run(args: readonly Value[]): Value | undefined {
    const locals: Locals = [...args];
    for (const type of this.built.locals) {
      locals.push(type === "vector" ? new Vector(this.built.vectorBytes) : type === "i64" ? 0n : 0);
    }
    this.body(locals);
    return this.result?.(locals);
  }

  private data(): DataView {
    const buffer = this.machine.memory();
    if (this.view.buffer !== buffer) this.view = new DataView(buffer);
    return this.view;
  }

  private results(index: number): number {
    const { imports, functions } = this.module;
    return (index < imports.length ? imports[index]! : functions[index - imports.length]!).results.length;
  }

  private perform(code: Code): Perform {
    if (isList(code)) {
      const all = code.map((item) => this.perform(item));
      return (locals) => {
        for (const one of all) {
          const depth = one(locals);
          if (depth !== next) return depth;
        }
        return next;
      };
    }
    switch (code.kind) {
      case "set": {
        const { index } = code.local;
        const value = this.compute(code.value);
        return (locals) => (locals[index] = value(locals), next);
      }
      case "block": {
        const body = this.perform(code.body);
        return (locals) => {
          const depth = body(locals);
          return depth === returned || depth === next ? depth : depth - 1;
        };
      }
      case "loop": {
        const body = this.perform(code.body);
        return (locals) => {
          for (;;) {
            const depth = body(locals);
            if (depth === 0) continue;
            return depth === returned || depth === next ? depth : depth - 1;
          }
        };
      }
      case "branch": {
        const { depth } = code;
        if (code.condition === null) return () => depth;
        const condition = this.compute(code.condition);
        return (locals) => condition(locals) !== 0 ? depth : next;
      }
      case "if": {
        if (code.type !== null) break;
        const condition = this.compute(code.condition);
        const then = this.perform(code.then);
        const otherwise = code.otherwise === null ? null : this.perform(code.otherwise);
        return (locals) => {
          const depth = condition(locals) !== 0 ? then(locals) : otherwise === null ? next : otherwise(locals);
          return depth === returned || depth === next ? depth : depth - 1;
        };
      }
      case "op": {
        if (code.name === "return") return () => returned;
        if (code.name === "unreachable") return trap;
        if (code.name !== "drop") break;
        const value = this.compute(code.args[0]!);
        return (locals) => (value(locals), next);
      }
      case "memory":
      case "memoryLane":
      case "wide":
        if (code.name.includes("store")) return this.store(code);
        break;
      case "call":
        if (this.results(code.callee.index) > 0) break;
        return this.invocation(code) as unknown as Perform;
    }
    throw new Error(`interpreter: ${code.kind} is not a statement`);
  }

  private invocation(code: Extract<Node, { kind: "call" }>): Compute {
    const args = code.args.map((arg) => this.compute(arg));
    const { index } = code.callee;
    const some = this.results(index) > 0;
    return (locals) => {
      const result = this.call(index, args.map((arg) => arg(locals)));
      return some ? result! : next;
    };
  }

  private compute(code: Code): Compute {
    if (isList(code)) {
      if (code.length === 1) return this.compute(code[0]!);
      const statements = code.slice(0, -1).filter((item) => !isList(item) || item.length > 0);
      const first = statements.map((item) => this.perform(item));
      const value = this.compute(code.at(-1)!);
      return (locals) => {
        for (const one of first) if (one(locals) !== next) throw new Error("interpreter: a branch out of a value");
        return value(locals);
      };
    }
    const bytes = this.built.vectorBytes;
    switch (code.kind) {
      case "i32":
      case "f64":
      case "i64": {
        const { value } = code;
        return () => value;
      }
      case "f32": {
        const value = Math.fround(code.value);
        return () => value;
      }
      case "splat": {
        const z = new Vector(bytes);
        z.i32.forEach((_, i) => z.i32[i] = i % 2 === 0 ? code.low : code.high);
        return () => z;
      }
      case "lanes": {
        if (code.words.length !== bytes / 4) throw new Error("interpreter: a constant of another width");
        const z = new Vector(bytes);
        z.i32.set(code.words);
        return () => z;
      }
      case "get": {
        const { index } = code.local;
        return (locals) => locals[index]!;
      }
      case "tee": {
        const { index } = code.local;
        const value = this.compute(code.value);
        return (locals) => locals[index] = value(locals);
      }
      case "if": {
        const condition = this.compute(code.condition);
        const [then, otherwise] = [this.compute(code.then), this.compute(code.otherwise!)];
        return (locals) => condition(locals) !== 0 ? then(locals) : otherwise(locals);
      }
      case "call":
        return this.invocation(code);
      case "shuffle": {
        if (bytes !== 16) throw new Error("interpreter: a shuffle of bytes in a wide function");
        const [a, b] = code.args.map((arg) => this.compute(arg)) as [Compute, Compute];
        return (locals) => {
          const [x, y, z] = [a(locals) as Vector, b(locals) as Vector, new Vector(16)];
          code.bytes.forEach((from, i) => z.u8[i] = from < 16 ? x.u8[from]! : y.u8[from - 16]!);
          return z;
        };
      }
      case "lane":
        return this.lane(code);
      case "op": {
        const args = code.args.map((arg) => this.compute(arg));
        if (code.name === "memory.grow") return () => trap();
        const f = operation(code.name, bytes);
        return (locals) => f(args.map((arg) => arg(locals)));
      }
      case "memory":
      case "memoryLane":
        return this.load(code);
      case "wide":
        return this.wide(code);
    }
    throw new Error(`interpreter: ${code.kind} has no value`);
  }

  private lane({ name, lane, args }: Extract<Node, { kind: "lane" }>): Compute {
    const type = name.slice(0, 3) as "i32" | "i64" | "f32" | "f64";
    const [a, b] = args.map((arg) => this.compute(arg)) as [Compute, Compute | undefined];
    if (b === undefined) return (locals) => (a(locals) as Vector)[type][lane]!;
    return (locals) => {
      const z = new Vector(this.built.vectorBytes);
      z.i32.set((a(locals) as Vector).i32);
      z[type][lane] = b(locals) as never;
      return z;
    };
  }

  private load(code: Extract<Node, { kind: "memory" | "memoryLane" }>): Compute {
    const bytes = this.built.vectorBytes;
    const [address, vector] = code.args.map((arg) => this.compute(arg)) as [Compute, Compute | undefined];
    const at = (locals: Locals): number => (address(locals) as number >>> 0) + code.offset;
    const name = code.name as string;
    const copied = (count: number) => (locals: Locals): Value => {
      const z = new Vector(bytes);
      z.u8.set(new Uint8Array(this.data().buffer, at(locals), count));
      return z;
    };
    const spread = (size: number) => (locals: Locals): Value => {
      const z = new Vector(bytes);
      const from = new Uint8Array(this.data().buffer, at(locals), size);
      for (let i = 0; i < bytes; i += size) z.u8.set(from, i);
      return z;
    };
    const lane = /^vector\.load(\d+)_lane$/.exec(name);
    if (lane !== null) {
      const size = Number(lane[1]) / 8;
      const index = (code as Extract<Node, { kind: "memoryLane" }>).lane;
      return (locals) => {
        const from = at(locals);
        const z = new Vector(bytes);
        z.u8.set((vector!(locals) as Vector).u8);
        z.u8.set(new Uint8Array(this.data().buffer, from, size), index * size);
        return z;
      };
    }
    const splat = /^vector\.load(\d+)_splat$/.exec(name);
    if (splat !== null) return spread(Number(splat[1]) / 8);
    const extended = /^vector\.load(8|16|32)x\d_([su])$/.exec(name);
    if (extended !== null) {
      const size = Number(extended[1]) / 8;
      const signed = extended[2] === "s";
      return (locals) => {
        const z = new Vector(bytes);
        const [data, from] = [this.data(), at(locals)];
        for (let i = 0; i < bytes / 2 / size; i++) {
          const p = from + i * size;
          if (size === 1) z.i16[i] = signed ? data.getInt8(p) : data.getUint8(p);
          else if (size === 2) z.i32[i] = signed ? data.getInt16(p, true) : data.getUint16(p, true);
          else z.i64[i] = BigInt(data.getInt32(p, true));
        }
        return z;
      };
    }
    switch (name) {
      case "vector.load":
        return copied(bytes);
      case "vector.load_half":
        return copied(bytes / 2);
      case "vector.load_quarter":
        return copied(bytes / 4);
      case "i32.load":
        return (locals) => this.data().getInt32(at(locals), true);
      case "i64.load":
        return (locals) => this.data().getBigInt64(at(locals), true);
      case "f32.load":
        return (locals) => this.data().getFloat32(at(locals), true);
      case "f64.load":
        return (locals) => this.data().getFloat64(at(locals), true);
      case "i32.load8_s":
        return (locals) => this.data().getInt8(at(locals));
      case "i32.load8_u":
        return (locals) => this.data().getUint8(at(locals));
      case "i32.load16_s":
        return (locals) => this.data().getInt16(at(locals), true);
      case "i32.load16_u":
        return (locals) => this.data().getUint16(at(locals), true);
    }
    throw new Error(`interpreter: no operation ${name}`);
  }

  private store(code: Extract<Node, { kind: "memory" | "memoryLane" | "wide" }>): Perform {
    const bytes = this.built.vectorBytes;
    const [address, value, count] = code.args.map((arg) => this.compute(arg)) as [Compute, Compute, Compute?];
    const offset = code.kind === "wide" ? code.immediate : code.offset;
    const put = (from: number, size: (locals: Locals) => number): Perform => (locals) => {
      const at = (address(locals) as number >>> 0) + offset;
      const { u8 } = value(locals) as Vector;
      new Uint8Array(this.data().buffer).set(u8.subarray(from, from + size(locals)), at);
      return next;
    };
    if (code.kind === "wide") {
      const size = code.name === "store_first64" ? 8 : 4;
      return put(0, (locals) => size * (count!(locals) as number));
    }
    if (code.kind === "memoryLane") {
      const size = Number(/store(\d+)_lane/.exec(code.name)![1]) / 8;
      return put(code.lane * size, () => size);
    }
    const part = { "": 1, _half: 2, _quarter: 4, _eighth: 8, _sixteenth: 16 }[code.name.replace("vector.store", "")];
    if (part !== undefined) return put(0, () => bytes / part);
    const scalar = (write: (data: DataView, at: number, value: never) => void): Perform => (locals) => {
      const at = (address(locals) as number >>> 0) + offset;
      const stored = value(locals);
      write(this.data(), at, stored as never);
      return next;
    };
    switch (code.name) {
      case "i32.store":
        return scalar((data, at, x) => data.setInt32(at, x, true));
      case "i64.store":
        return scalar((data, at, x) => data.setBigInt64(at, x, true));
      case "f32.store":
        return scalar((data, at, x) => data.setFloat32(at, x, true));
      case "f64.store":
        return scalar((data, at, x) => data.setFloat64(at, x, true));
      case "i32.store8":
        return scalar((data, at, x) => data.setInt8(at, x));
      case "i32.store16":
        return scalar((data, at, x) => data.setInt16(at, x, true));
    }
    throw new Error(`interpreter: no operation ${code.name}`);
  }

  private wide({ name, immediate, args }: Extract<Node, { kind: "wide" }>): Compute {
    const bytes = this.built.vectorBytes;
    if (bytes === 16) throw new Error(`interpreter: ${name} in a function with vectors of 16 bytes`);
    const operands = args.map((arg) => this.compute(arg));
    const vectors = (fill: (z: Vector, a: Vector, b: Vector) => void): Compute => (locals) => {
      const [a, b] = operands.map((operand) => operand(locals)) as [Vector, Vector];
      const z = new Vector(bytes);
      fill(z, a, b);
      return z;
    };
    const size = name.endsWith("64") ? 8 : 4;
    switch (name) {
      case "load_first32":
      case "load_first64":
        return (locals) => {
          const at = (operands[0]!(locals) as number >>> 0) + immediate;
          const z = new Vector(bytes);
          z.u8.set(new Uint8Array(this.data().buffer, at, size * (operands[1]!(locals) as number)));
          return z;
        };
      case "choose_first32":
      case "choose_first64":
        return (locals) => {
          const [count, a, b] = operands.map((operand) => operand(locals)) as [number, Vector, Vector];
          const z = new Vector(bytes);
          z.u8.set(b.u8);
          z.u8.set(a.u8.subarray(0, size * count));
          return z;
        };
      case "turn":
        return vectors((z, a) => z.i32.forEach((_, i) => z.i32[i] = a.i32[(i + immediate) % (bytes / 4)]!));
      case "repeat_quarter":
        return vectors((z, a) => z.i32.forEach((_, i) => z.i32[i] = a.i32[i % 4]!));
      case "quarter":
        return vectors((z, a) => {
          z.i32.fill(0x7fc0dead); // undefined
          z.u8.set(a.u8.subarray(16 * immediate, 16 * immediate + 16));
        });
      case "with_quarter":
        return vectors((z, a, b) => {
          z.u8.set(a.u8);
          z.u8.set(b.u8.subarray(0, 16), 16 * immediate);
        });
      case "spread32":
        return vectors((z, a) => z.i32.fill(a.i32[0]!));
      case "spread64":
        return vectors((z, a) => z.i64.fill(a.i64[0]!));
      case "shuffle_quads":
        return vectors((z, a, b) =>
          z.i32.forEach((_, i) => {
            const from = i % 4 < 2 ? a : b;
            z.i32[i] = from.i32[i - i % 4 + (immediate >> 2 * (i % 4) & 3)]!;
          })
        );
      case "zip_low32":
      case "zip_high32":
        return vectors((z, a, b) =>
          z.i32.forEach((_, i) => {
            const from = i - i % 4 + (name === "zip_low32" ? 0 : 2) + (i % 4 >> 1);
            z.i32[i] = (i % 2 === 0 ? a : b).i32[from]!;
          })
        );
      case "zip_low64":
      case "zip_high64":
        return vectors((z, a, b) =>
          z.i64.forEach((_, i) => z.i64[i] = (i % 2 === 0 ? a : b).i64[i - i % 2 + (name === "zip_low64" ? 0 : 1)]!)
        );
      case "shuffle_pieces":
        return vectors((z, a, b) => {
          const pieces = bytes / 16;
          for (let i = 0; i < pieces; i++) {
            const from = 2 * i < pieces ? a : b;
            const piece = pieces === 4 ? immediate >> 2 * i & 3 : immediate >> i & 1;
            z.u8.set(from.u8.subarray(16 * piece, 16 * piece + 16), 16 * i);
          }
        });
      default:
        throw new Error(`interpreter: no operation ${name}`);
    }
  }
}

/** The functions that a module exports, interpreted. */
export function interpret(
  module: CodeModule,
  machine: Machine,
): Readonly<Record<string, (...args: Value[]) => Value | undefined>> {
  const { imports, functions } = module;
  const call = (index: number, args: readonly Value[]): Value | undefined => {
    if (index < imports.length) return machine.imports![imports[index]!.name]!(...args as number[]);
    return run(index - imports.length, args);
  };
  const interpreted: Interpreted[] = [];
  const run = (i: number, args: readonly Value[]): Value | undefined => {
    interpreted[i] ??= new Interpreted(functions[i]!, module, machine, call);
    return interpreted[i]!.run(args);
  };
  return Object.fromEntries(
    module.exports.map(({ name, index }) => [name, (...args: Value[]) => run(index - imports.length, args)]),
  );
}

/** Native code that is interpreted, for engines of one thread. */
export function interpretedNative(vectorBytes: 16 | 32 | 64): NativeCode {
  return {
    target: { name: `interpreted, ${vectorBytes} bytes`, vectorBytes },
    afterRuns: 1,
    workerSource: '() => () => { throw new Error("workers do not interpret"); }',
    compile(module, _key, memory) {
      if (module.imports.length > 0) return null;
      const { run } = interpret(module, { memory: () => memory.buffer });
      return { address: 0n, run: run as unknown as Run };
    },
  };
}
