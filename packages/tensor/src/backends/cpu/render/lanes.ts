/** Loads, stores and conversions of elements of all dtypes as vector lanes. */
import { type DType, itemSize } from "../../../dtype.ts";
import type { FunctionBuilder } from "../../../code/module.ts";
import {
  type Code,
  get,
  i32,
  i32x,
  lane,
  type Local,
  memory,
  memoryLane,
  op,
  set,
  shuffle,
  wide,
} from "../../../code/tree.ts";
import type { MemoryOperation } from "../../../code/operations.ts";

/**
 * The kind of a lane. Narrow integers and bool are widened to 32 bits, and stay within their dtype's range. bfloat16 is widened to
 * float32, and has zeros in the lower half.
 */
export type LaneKind = "f32" | "i32" | "f64" | "i64";

/** The lane kind of a dtype, or null if there is no vector form for it. */
export function laneKind(dtype: DType): LaneKind | null {
  switch (dtype) {
    case "float32":
    case "bfloat16":
      return "f32";
    case "float64":
      return "f64";
    case "int64":
      return "i64";
    case "float16":
      return null;
    default:
      return "i32";
  }
}

/** The dtype whose elements are as wide as a lane of the kind. */
export function laneDType(kind: LaneKind): DType {
  return kind === "f32" ? "float32" : kind === "f64" ? "float64" : kind === "i32" ? "int32" : "int64";
}

/** What code computes at once: a vector of elements, one element in every lane, or the first elements of an incomplete vector. */
export type Extent = "vector" | "element" | { readonly first: Local };

/** The access pattern of a vector: adjacent elements, one element in all lanes, or elements at a stride. */
export type Step = "unit" | "zero" | "strided";

const first = (code: Code): Code => op("i32x.splat", code);

/** One element in every lane. */
export function loadSplat(dtype: DType, address: Code): Code {
  switch (dtype) {
    case "float32":
    case "int32":
      return memory("vector.load32_splat", 0, address);
    case "float64":
    case "int64":
      return memory("vector.load64_splat", 0, address);
    case "int16":
      return first(memory("i32.load16_s", 0, address));
    case "bfloat16":
      return first(op("i32.shl", memory("i32.load16_u", 0, address), i32(16)));
    case "int8":
      return first(memory("i32.load8_s", 0, address));
    default:
      return first(memory("i32.load8_u", 0, address));
  }
}

/**
 * Loads adjacent elements, one per lane, `offset` bytes after an address. If something in the kernel has 64 bits, lanes of 32 bits
 * are in the low half of a vector.
 */
export function loadUnit(f: FunctionBuilder, dtype: DType, lanes: number, address: Code, offset: number = 0): Code {
  const loaded = loadLow(f, lanes * itemSize(dtype), address, offset);
  switch (dtype) {
    case "float64":
    case "int64":
    case "float32":
    case "int32":
      return loaded;
    case "int16":
      return op("i32x.extend_low_i16x_s", loaded);
    case "bfloat16":
      return op("i32x.shl", op("i32x.extend_low_i16x_u", loaded), i32(16));
    case "int8":
      return op("i32x.extend_low_i16x_s", op("i16x.extend_low_i8x_s", loaded));
    default:
      return op("i32x.extend_low_i16x_u", op("i16x.extend_low_i8x_u", loaded));
  }
}

/** Loads so many bytes into the low lanes of a vector. */
function loadLow(f: FunctionBuilder, bytes: number, address: Code, offset: number): Code {
  const whole = ({ 1: "vector.load", 2: "vector.load_half", 4: "vector.load_quarter" } as const)[
    f.vectorBytes / bytes as 1 | 2 | 4
  ];
  if (whole !== undefined) return memory(whole, offset, address);
  if (bytes === 2) return first(memory("i32.load16_u", offset, address));
  return memory(bytes === 4 ? "vector.load32_splat" : "vector.load64_splat", offset, address);
}

/** Loads elements `stride` bytes apart, one by one. */
export function loadStrided(f: FunctionBuilder, dtype: DType, lanes: number, address: Local, stride: Local): Code {
  const at = f.local("i32");
  const vector = f.local("vector");
  const inPiece = Math.min(lanes, 16 / laneBytes(dtype));
  const whole = lanes > inPiece ? f.local("vector") : vector;
  const code: Code[] = [set(at, get(address))];
  for (let i = 0; i < lanes; i++) {
    if (i > 0) code.push(set(at, op("i32.add", get(at), get(stride))));
    const lane = i % inPiece;
    code.push(set(vector, lane === 0 ? loadSplat(dtype, get(at)) : loadLane(dtype, lane, get(at), get(vector))));
    if (whole !== vector && lane === inPiece - 1) {
      const piece = (i - lane) / inPiece;
      code.push(set(whole, piece === 0 ? get(vector) : wide("with_quarter", piece, get(whole), get(vector))));
    }
  }
  return [...code, get(whole)];
}

function loadLane(dtype: DType, index: number, address: Code, vector: Code): Code {
  switch (dtype) {
    case "float32":
    case "int32":
      return memoryLane("vector.load32_lane", 0, index, address, vector);
    case "float64":
    case "int64":
      return memoryLane("vector.load64_lane", 0, index, address, vector);
    case "int16":
      return lane("i32x.replace_lane", index, vector, memory("i32.load16_s", 0, address));
    case "bfloat16": {
      const value = op("i32.shl", memory("i32.load16_u", 0, address), i32(16));
      return lane("i32x.replace_lane", index, vector, value);
    }
    case "int8":
      return lane("i32x.replace_lane", index, vector, memory("i32.load8_s", 0, address));
    default:
      return lane("i32x.replace_lane", index, vector, memory("i32.load8_u", 0, address));
  }
}

/** Packs 32-bit lanes into bytes or 16-bit words in the low lanes. */
function packed(dtype: DType, value: Code): Code {
  if (dtype === "bfloat16") return op("i16x.narrow_i32x_u", op("i32x.shr_u", value, i32(16)), i32x(0));
  const halves = op("i16x.narrow_i32x_s", value, i32x(0));
  if (dtype === "int16") return halves;
  return op(dtype === "int8" ? "i8x.narrow_i16x_s" : "i8x.narrow_i16x_u", halves, i32x(0));
}

/** The bytes of a lane that holds an element. */
const laneBytes = (dtype: DType): number => dtype === "float64" || dtype === "int64" ? 8 : 4;

const parts: Readonly<Record<number, MemoryOperation>> = {
  1: "vector.store",
  2: "vector.store_half",
  4: "vector.store_quarter",
  8: "vector.store_eighth",
  16: "vector.store_sixteenth",
};

/** Stores the `count` low lanes to adjacent elements, `offset` bytes after an address. */
export function storeUnit(
  f: FunctionBuilder,
  dtype: DType,
  count: number,
  address: Code,
  value: Code,
  offset: number = 0,
): Code {
  const size = itemSize(dtype);
  if (count === 1 && f.vectorBytes > 16) return storeOne(dtype, address, value, offset);
  const bytes = size * count;
  const low = size < 4 ? packed(dtype, value) : value;
  const part = parts[f.vectorBytes / bytes];
  if (part !== undefined) return memory(part, offset, address, low);
  return memoryLane(bytes === 2 ? "vector.store16_lane" : "vector.store32_lane", offset, 0, address, low);
}

/** Stores the first lane of a wide vector. */
function storeOne(dtype: DType, address: Code, value: Code, offset: number): Code {
  switch (dtype) {
    case "float32":
      return memory("f32.store", offset, address, lane("f32x.extract_lane", 0, value));
    case "float64":
      return memory("f64.store", offset, address, lane("f64x.extract_lane", 0, value));
    case "int64":
      return memory("i64.store", offset, address, lane("i64x.extract_lane", 0, value));
    case "bfloat16":
      return memory("i32.store16", offset, address, op("i32.shr_u", lane("i32x.extract_lane", 0, value), i32(16)));
    default: {
      const name = ({ 4: "i32.store", 2: "i32.store16", 1: "i32.store8" } as const)[itemSize(dtype) as 1 | 2 | 4];
      return memory(name, offset, address, lane("i32x.extract_lane", 0, value));
    }
  }
}

/** Whether the first elements of an incomplete vector can be loaded and stored on their own. */
export function isMaskable(dtype: DType): boolean {
  return itemSize(dtype) >= 4;
}

/** Loads the first `count` of adjacent elements into a wide vector, and zeros. */
export function loadFirst(dtype: DType, address: Code, count: Code, offset: number = 0): Code {
  return wide(itemSize(dtype) === 8 ? "load_first64" : "load_first32", offset, address, count);
}

/** Stores the first `count` lanes of a wide vector to adjacent elements. */
export function storeFirst(dtype: DType, address: Code, value: Code, count: Code, offset: number = 0): Code {
  return wide(itemSize(dtype) === 8 ? "store_first64" : "store_first32", offset, address, value, count);
}

/** Stores lanes to elements `stride` bytes apart. */
export function storeStrided(
  f: FunctionBuilder,
  dtype: DType,
  lanes: number,
  address: Local,
  stride: Local,
  value: Code,
): Code {
  const vector = f.local("vector");
  const at = f.local("i32");
  const size = itemSize(dtype);
  const name = ({
    8: "vector.store64_lane",
    4: "vector.store32_lane",
    2: "vector.store16_lane",
    1: "vector.store8_lane",
  } as const)[
    size as 1 | 2 | 4 | 8
  ];
  const inPiece = 16 / size;
  const piece = lanes > inPiece ? f.local("vector") : vector;
  const code: Code[] = [set(vector, size < 4 ? packed(dtype, value) : value), set(at, get(address))];
  for (let i = 0; i < lanes; i++) {
    if (piece !== vector && i % inPiece === 0) code.push(set(piece, wide("quarter", i / inPiece, get(vector))));
    code.push(memoryLane(name, 0, i % inPiece, get(at), get(piece)));
    if (i + 1 < lanes) code.push(set(at, op("i32.add", get(at), get(stride))));
  }
  return code;
}

/** Rounds float32 lanes to bfloat16: to the nearest, ties to even. */
export function roundedToBfloat16(f: FunctionBuilder, value: Code): Code {
  const x = f.local("vector");
  const odd = op("vector.and", op("i32x.shr_u", get(x), i32(16)), i32x(1));
  const rounded = op("i32x.add", op("i32x.add", get(x), i32x(0x7fff)), odd);
  // Rounding the bits of NaN could give infinity.
  const chosen = op("vector.bitselect", i32x(0x7fc00000), rounded, op("f32x.ne", get(x), get(x)));
  return [set(x, value), op("vector.and", chosen, i32x(0xffff0000 | 0))];
}

/** Narrows a 64-bit mask to 32-bit masks in the low lanes. */
export function narrowMask(f: FunctionBuilder, mask: Code): Code {
  if (f.vectorBytes > 16) return wide("narrow64", 0, mask);
  return shuffle([0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11], mask, mask);
}

/** Wraps results of 32-bit arithmetic to a narrow dtype. */
export function wrapped(dtype: DType, value: Code): Code {
  switch (dtype) {
    case "int8":
      return op("i32x.shr_s", op("i32x.shl", value, i32(24)), i32(24));
    case "int16":
      return op("i32x.shr_s", op("i32x.shl", value, i32(16)), i32(16));
    case "uint8":
      return op("vector.and", value, i32x(255));
    default:
      return value;
  }
}
