/** Loads, stores and conversions of elements of all dtypes as vector lanes. */
import type { DType } from "../../../dtype.ts";
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
} from "../../../code/tree.ts";

/** The kind of a lane. Narrow integers and bool are widened to 32 bits, and stay within their dtype's range. */
export type LaneKind = "f32" | "i32" | "f64" | "i64";

/** The lane kind of a dtype, or null if there is no vector form for it. */
export function laneKind(dtype: DType): LaneKind | null {
  switch (dtype) {
    case "float32":
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
    case "int8":
      return first(memory("i32.load8_s", 0, address));
    default:
      return first(memory("i32.load8_u", 0, address));
  }
}

/** Loads adjacent elements, one per lane (4, or 2 if something in the kernel has 64 bits), `offset` bytes after an address. */
export function loadUnit(dtype: DType, lanes: number, address: Code, offset: number = 0): Code {
  const four = lanes === 4;
  switch (dtype) {
    case "float64":
    case "int64":
      return memory("vector.load", offset, address);
    case "float32":
    case "int32":
      return four ? memory("vector.load", offset, address) : memory("vector.load_half", offset, address);
    case "int16":
      return op("i32x.extend_low_i16x_s", memory(four ? "vector.load_half" : "vector.load_quarter", offset, address));
    case "int8": {
      const bytes = four
        ? memory("vector.load_quarter", offset, address)
        : first(memory("i32.load16_u", offset, address));
      return op("i32x.extend_low_i16x_s", op("i16x.extend_low_i8x_s", bytes));
    }
    default: {
      const bytes = four
        ? memory("vector.load_quarter", offset, address)
        : first(memory("i32.load16_u", offset, address));
      return op("i32x.extend_low_i16x_u", op("i16x.extend_low_i8x_u", bytes));
    }
  }
}

/** Loads elements `stride` bytes apart, one by one. */
export function loadStrided(f: FunctionBuilder, dtype: DType, lanes: number, address: Local, stride: Local): Code {
  const at = f.local("i32");
  const vector = f.local("vector");
  const code: Code[] = [set(at, get(address)), set(vector, loadSplat(dtype, get(at)))];
  for (let i = 1; i < lanes; i++) {
    code.push(set(at, op("i32.add", get(at), get(stride))));
    code.push(set(vector, loadLane(dtype, i, get(at), get(vector))));
  }
  return [...code, get(vector)];
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
    case "int8":
      return lane("i32x.replace_lane", index, vector, memory("i32.load8_s", 0, address));
    default:
      return lane("i32x.replace_lane", index, vector, memory("i32.load8_u", 0, address));
  }
}

/** Packs 32-bit lanes into bytes or 16-bit words in the low lanes. */
function packed(dtype: DType, value: Code): Code {
  const halves = op("i16x.narrow_i32x_s", value, i32x(0));
  if (dtype === "int16") return halves;
  return op(dtype === "int8" ? "i8x.narrow_i16x_s" : "i8x.narrow_i16x_u", halves, i32x(0));
}

const bytesOf = (dtype: DType): number =>
  dtype === "float64" || dtype === "int64"
    ? 8
    : dtype === "float32" || dtype === "int32"
    ? 4
    : dtype === "int16"
    ? 2
    : 1;

/** Stores the `count` (1, 2 or 4) low lanes to adjacent elements, `offset` bytes after an address. */
export function storeUnit(dtype: DType, count: 1 | 2 | 4, address: Code, value: Code, offset: number = 0): Code {
  const size = bytesOf(dtype);
  const vector = size < 4 ? packed(dtype, value) : value;
  const part = ({ 16: "", 8: "_half", 4: "_quarter", 2: "_eighth", 1: "_sixteenth" } as const)[size * count];
  return memory(`vector.store${part!}`, offset, address, vector);
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
  const size = bytesOf(dtype);
  const name = size === 8
    ? "vector.store64_lane"
    : size === 4
    ? "vector.store32_lane"
    : size === 2
    ? "vector.store16_lane"
    : "vector.store8_lane";
  const code: Code[] = [set(vector, size < 4 ? packed(dtype, value) : value), set(at, get(address))];
  for (let i = 0; i < lanes; i++) {
    code.push(memoryLane(name, 0, i, get(at), get(vector)));
    if (i + 1 < lanes) code.push(set(at, op("i32.add", get(at), get(stride))));
  }
  return code;
}

/** Narrows a 64-bit mask to two 32-bit masks in the low lanes. */
export function narrowMask(mask: Code): Code {
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
