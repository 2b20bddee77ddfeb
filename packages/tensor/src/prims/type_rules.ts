/** Type rules of element-wise primitives and reductions, by name. */
import { type DType, isFloat } from "../dtype.ts";

/** The dtypes of an element-wise operation: the one it computes in, and that of its result. */
export interface OpTypes {
  readonly compute: DType;
  readonly result: DType;
}

/** The type rule of an element-wise primitive or a reduction: a function of the promoted dtype. */
export type TypeRule = (operation: string, promoted: DType) => OpTypes;

/** Name of a type rule. */
export type TypeRuleName =
  | "same"
  | "notBool"
  | "float"
  | "compare"
  | "logical"
  | "integral"
  | "shift"
  | "accumulate"
  | "index";

const notBool: TypeRule = (operation, dtype) => {
  if (dtype === "bool") {
    throw new TypeError(`${operation}: not defined on bool; cast with .to("int32"), or use a logical operation`);
  }
  return { compute: dtype, result: dtype };
};

const integral: TypeRule = (operation, dtype) => {
  if (isFloat(dtype)) {
    throw new TypeError(`${operation}: defined on integers and bool, got ${dtype}; cast with .to("int32")`);
  }
  return { compute: dtype, result: dtype };
};

/** The rules. */
export const typeRules: { readonly [R in TypeRuleName]: TypeRule } = {
  same: (_, dtype) => ({ compute: dtype, result: dtype }),
  notBool,
  /** Integers are computed as float32, the default float. */
  float: (_, dtype) => {
    const compute = isFloat(dtype) ? dtype : "float32";
    return { compute, result: compute };
  },
  compare: (_, dtype) => ({ compute: dtype, result: "bool" }),
  logical: () => ({ compute: "bool", result: "bool" }),
  integral,
  shift: (operation, dtype) => notBool(operation, integral(operation, dtype).compute),
  /** Sums of narrow integers are int32 on every backend (PyTorch: int64, which GPUs lack). */
  accumulate: (_, dtype) => {
    const compute = isFloat(dtype) || dtype === "int64" ? dtype : "int32";
    return { compute, result: compute };
  },
  index: (_, dtype) => ({ compute: dtype, result: "int32" }),
};
