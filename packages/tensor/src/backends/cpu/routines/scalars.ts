/** Loads and stores of single elements in generated code, for all dtypes but float16 and bfloat16, which have no scalar form. */
import type { DType, HalfDType } from "../../../dtype.ts";
import { type Code, i32, memory, op } from "../../../code/tree.ts";
import type { MemoryOperation, ValueType } from "../../../code/operations.ts";

type Access = MemoryOperation;

/** The dtypes that generated scalar code handles. */
export type ScalarDType = Exclude<DType, HalfDType>;

interface Row {
  readonly type: Exclude<ValueType, "vector">;
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

/** The type of a value of the dtype on the stack. */
export function scalarType(dtype: ScalarDType): Row["type"] {
  return rows[dtype].type;
}

/** Loads the element at an address. */
export function loadScalar(dtype: ScalarDType, address: Code): Code {
  return memory(rows[dtype].load, 0, address);
}

/** Stores an element. Integers wrap, bools become 0 or 1. */
export function storeScalar(dtype: ScalarDType, address: Code, value: Code): Code {
  return memory(rows[dtype].store, 0, address, dtype === "bool" ? op("i32.ne", value, i32(0)) : value);
}

/** A dtype with which elements of this size are copied. */
export function movedAs(bytes: number): ScalarDType {
  return bytes === 1 ? "uint8" : bytes === 2 ? "int16" : bytes === 4 ? "int32" : "int64";
}
