/** The element types of matrix products and convolutions, as vector lanes. */
import type { DType } from "../../../dtype.ts";
import type { FunctionBuilder } from "../../../code/module.ts";
import {
  type Code,
  f32,
  f32x,
  f64,
  get,
  i32,
  type Local,
  memory,
  memoryLane,
  op,
  set,
  shuffle,
  wide,
} from "../../../code/tree.ts";

/** The type of a lane. */
export type ElementKind = "f32" | "f64" | "i32" | "i64";

/** An element type, for generated code on vectors. */
export interface Element {
  readonly kind: ElementKind;
  readonly bytes: 4 | 8;
  /** The bytes of a vector, and the number of its elements. */
  readonly vectorBytes: number;
  readonly lanes: number;
  /** Whether multiply-add is fused. */
  readonly fused: boolean;
  /**
   * Whether left panels hold each element once per lane, so that tiles need not broadcast it. This pays if a multiply-add takes two
   * instructions, which compete with shuffles: 42 GFLOP/s against 34 on JavaScriptCore and V8 of Node 20.
   */
  readonly spread: boolean;
  readonly packing: Packing;
}

/** How products pack elements: as they are, rounded to bfloat16, or as bfloat16 for tiles. */
export type Packing = "exact" | "rounded" | "tiles";

/**
 * The element type of a kind, in vectors of `vectorBytes` bytes. `fused` is whether WebAssembly has fused multiply-add; native code
 * always has it. It does not apply to integers.
 */
export function element(
  kind: ElementKind,
  fused: boolean,
  vectorBytes: number = 16,
  packing: Packing = "exact",
): Element {
  const bytes = kind === "f64" || kind === "i64" ? 8 : 4;
  const float = kind.startsWith("f");
  const fuses = fused || vectorBytes > 16;
  const lanes = vectorBytes / bytes;
  return { kind, bytes, vectorBytes, lanes, fused: fuses && float, spread: float && !fuses, packing };
}

/** The same elements in vectors of at most `vectorBytes` bytes. */
export function narrowed(e: Element, vectorBytes: number): Element {
  const narrower = Math.min(e.vectorBytes, vectorBytes);
  return { ...e, vectorBytes: narrower, lanes: narrower / e.bytes };
}

/** The element type in which products of a dtype are computed. Narrow integers and bool wrap when they are stored. */
export function computeKind(dtype: DType): ElementKind {
  switch (dtype) {
    case "float32":
    case "float16":
    case "bfloat16":
      return "f32";
    case "float64":
      return "f64";
    case "int64":
      return "i64";
    default:
      return "i32";
  }
}

/** The dtype of an element type. */
export function dtypeOf(kind: ElementKind): DType {
  return kind === "f32" ? "float32" : kind === "f64" ? "float64" : kind === "i32" ? "int32" : "int64";
}

/** Zeros. */
export const zeros: Code = f32x(0);

/** `a + b`. */
export function add(e: Element, a: Code, b: Code): Code {
  switch (e.kind) {
    case "f32":
      return op("f32x.add", a, b);
    case "f64":
      return op("f64x.add", a, b);
    case "i32":
      return op("i32x.add", a, b);
    case "i64":
      return op("i64x.add", a, b);
  }
}

/** `a · b + c`. */
export function madd(e: Element, a: Code, b: Code, c: Code): Code {
  switch (e.kind) {
    case "f32":
      return e.fused ? op("f32x.relaxed_madd", a, b, c) : op("f32x.add", c, op("f32x.mul", a, b));
    case "f64":
      return e.fused ? op("f64x.relaxed_madd", a, b, c) : op("f64x.add", c, op("f64x.mul", a, b));
    case "i32":
      return op("i32x.add", c, op("i32x.mul", a, b));
    case "i64":
      return op("i64x.add", c, op("i64x.mul", a, b));
  }
}

/** `c − a · b`. Floats only. */
export function nmadd(e: Element, a: Code, b: Code, c: Code): Code {
  if (e.kind === "f32") return e.fused ? op("f32x.relaxed_nmadd", a, b, c) : op("f32x.sub", c, op("f32x.mul", a, b));
  return e.fused ? op("f64x.relaxed_nmadd", a, b, c) : op("f64x.sub", c, op("f64x.mul", a, b));
}

/** The bound for `atLeast`: zeros if `rectifies`, else a bound that leaves every value unchanged. Floats only. */
export function floorOf(e: Element, rectifies: Code): Code {
  const [type, splat] = e.kind === "f64" ? ["f64", "f64x.splat"] as const : ["f32", "f32x.splat"] as const;
  const [zero, least] = type === "f64" ? [f64(0), f64(-Infinity)] : [f32(0), f32(-Infinity)];
  return op(splat, op("select", zero, least, rectifies));
}

/** The larger of a value and a bound, lane by lane. NaN stays. Integers have no activation, and are unchanged. */
export function atLeast(e: Element, value: Code, bound: Code): Code {
  if (!e.kind.startsWith("f")) return value;
  return op(e.kind === "f32" ? "f32x.pmax" : "f64x.pmax", value, bound);
}

/**
 * Code to run before results are stored, and a function that maps a result to the stored value: negative ones become zero if
 * `rectifies` is not 0. The bound is computed each time, because otherwise it would occupy a register during the preceding loop.
 */
export function finishing(f: FunctionBuilder, e: Element, rectifies: Local): [Code, (value: Code) => Code] {
  if (!e.kind.startsWith("f")) return [[], (value) => value];
  const floor = f.local("vector");
  return [set(floor, floorOf(e, get(rectifies))), (value) => atLeast(e, value, get(floor))];
}

/** Loads one element into every lane. */
export function loadSplat(e: Element, offset: number, address: Code): Code {
  return memory(e.bytes === 4 ? "vector.load32_splat" : "vector.load64_splat", offset, address);
}

/** Loads one element into lane 0, and zeros into the others. */
export function loadOne(e: Element, offset: number, address: Code): Code {
  if (e.vectorBytes > 16) return loadFirst(e, offset, address, i32(1));
  return memory(e.bytes === 4 ? "vector.load_quarter" : "vector.load_half", offset, address);
}

/** Stores lane 0. */
export function storeOne(e: Element, offset: number, address: Code, value: Code): Code {
  return e.vectorBytes > 16 ? storeFirst(e, offset, address, value, i32(1)) : storeLane(e, offset, 0, address, value);
}

/** Loads the first `count` elements, and zeros into the other lanes. Wide vectors only. */
export function loadFirst(e: Element, offset: number, address: Code, count: Code): Code {
  return wide(e.bytes === 4 ? "load_first32" : "load_first64", offset, address, count);
}

/** Stores the first `count` lanes. Wide vectors only. */
export function storeFirst(e: Element, offset: number, address: Code, value: Code, count: Code): Code {
  return wide(e.bytes === 4 ? "store_first32" : "store_first64", offset, address, value, count);
}

/** The first `count` lanes of a, and the others of b. Wide vectors only. */
export function chooseFirst(e: Element, count: Code, a: Code, b: Code): Code {
  return wide(e.bytes === 4 ? "choose_first32" : "choose_first64", 0, count, a, b);
}

/** Stores one lane. Vectors of 16 bytes only, as with what follows. */
export function storeLane(e: Element, offset: number, lane: number, address: Code, value: Code): Code {
  return memoryLane(e.bytes === 4 ? "vector.store32_lane" : "vector.store64_lane", offset, lane, address, value);
}

/** Broadcasts one lane of a vector. */
export function splatLane(e: Element, lane: number, vector: Local): Code {
  return shuffle(Array.from({ length: 16 }, (_, i) => lane * e.bytes + i % e.bytes), get(vector), get(vector));
}

/** Selects lanes of two vectors by index: 0 to lanes − 1 from the first, the rest from the second. */
export function pick(e: Element, lanes: readonly number[], a: Code, b: Code): Code {
  const bytes = lanes.flatMap((lane) => Array.from({ length: e.bytes }, (_, i) => lane * e.bytes + i));
  return shuffle(bytes, a, b);
}
