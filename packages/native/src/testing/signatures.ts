/** The types of operations, from their names. */
import type { ValueType } from "@heddle/tensor/code";

const isVector = (type: string): boolean => type.includes("x") || type === "vector";

/** The types of an operation's operands. */
export function operandTypes(name: string): ValueType[] {
  const [type, what] = name.split(".") as [string, string];
  const own = (isVector(type) ? "vector" : type) as ValueType;
  if (what === "bitselect" || what.startsWith("relaxed_")) return ["vector", "vector", "vector"];
  if (what === "splat") return [/^i(8|16)/.test(type) ? "i32" : type.split("x")[0] as ValueType];
  if (isVector(type) && /^sh[lr]/.test(what)) return ["vector", "i32"];
  if (what.startsWith("extmul")) return ["vector", "vector"];
  const from = what.match(/_(?:low_|high_)?([if]\d+x?)(?:_|$)/)?.[1];
  if (from !== undefined) {
    return what.startsWith("narrow") ? ["vector", "vector"] : [(isVector(from) ? "vector" : from) as ValueType];
  }
  const unary = /^(eqz|clz|ctz|abs|neg|ceil|floor|trunc|nearest|sqrt|not|any_true|all_true|bitmask)$/.test(what);
  return unary ? [own] : [own, own];
}

/** The type of an operation's result. */
export function resultType(name: string): ValueType {
  const [type, what] = name.split(".") as [string, string];
  if (/any_true|all_true|bitmask/.test(what)) return "i32";
  if (isVector(type)) return "vector";
  if (/^(eqz|eq|ne|[lg][te](_[su])?)$/.test(what)) return "i32";
  return type as ValueType;
}

/**
 * The bytes of the floats in an operation's result, where NaN may have any bits; 0 for other results.
 *
 * @param exact whether operations that only move bits must keep those of NaN
 */
export function floatBytes(name: string, exact: boolean): 0 | 4 | 8 {
  const [type, what] = name.split(".") as [string, string];
  if (exact && /^(eq|ne|[lg][te]|abs|neg|pmin|pmax|splat|reinterpret.*)$/.test(what)) return 0;
  return type.startsWith("f32") ? 4 : type.startsWith("f64") ? 8 : 0;
}
