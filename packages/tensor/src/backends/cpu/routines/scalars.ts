/** Single elements of every dtype in generated code, but for float16, which has no scalar form. */
import type { DType } from "../../../dtype.ts";
import { type Code, i32, memory, op, type ValueType } from "../../../wasm/assembler.ts";
import type { memoryOpcodes } from "../../../wasm/opcodes.ts";

type Access = keyof typeof memoryOpcodes;

/** Types of elements by which generated code differs. */
export type ScalarDType = Exclude<DType, "float16">;

interface Row {
  readonly type: Exclude<ValueType, "v128">;
  readonly load: Access;
  readonly store: Access;
}

const rows: { readonly [D in ScalarDType]: Row } = {
  float32: { type: "f32", load: "f32.load", store: "f32.store" },
  float64: { type: "f64", load: "f64.load", store: "f64.store" },
  int8: { type: "i32", load: "i32.load8_s", store: "i32.store8" },
  int16: { type: "i32", load: "i32.load16_s", store: "i32.store16" },
  int32: { type: "i32", load: "i32.load", store: "i32.store" },
  int64: { type: "i64", load: "i64.load", store: "i64.store" },
  uint8: { type: "i32", load: "i32.load8_u", store: "i32.store8" },
  bool: { type: "i32", load: "i32.load8_u", store: "i32.store8" },
};

/** What a value of the dtype is on the stack. */
export function scalarType(dtype: ScalarDType): Row["type"] {
  return rows[dtype].type;
}

/** The element at an address. */
export function loadScalar(dtype: ScalarDType, address: Code): Code {
  return memory(rows[dtype].load, 0, address);
}

/** Writes an element; integers wrap around, bools become 0 or 1. */
export function storeScalar(dtype: ScalarDType, address: Code, value: Code): Code {
  return memory(rows[dtype].store, 0, address, dtype === "bool" ? op("i32.ne", value, i32(0)) : value);
}

/** The dtype by which elements of a size are moved, whatever they are. */
export function movedAs(bytes: number): ScalarDType {
  return bytes === 1 ? "uint8" : bytes === 2 ? "int16" : bytes === 4 ? "int32" : "int64";
}
