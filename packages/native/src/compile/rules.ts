/** The rules that lower operations, by kind. */
import type { Code } from "@heddle/tensor/code";
import { unwrap } from "./code_tree.ts";
import { type Lowering, type Rules } from "./lower.ts";
import { compareIntegers, integerOperations } from "./lower_integer.ts";
import { lane, shuffle, wide } from "./lower_lanes.ts";
import { fold, memory, memoryLane } from "./lower_memory.ts";
import { compareFloats, scalarOperations } from "./lower_scalar.ts";
import { testVector, vectorOperations } from "./lower_vector.ts";

/** Sets flags by a condition, and returns the condition code under which it holds. */
function condition(l: Lowering, code: Code): number {
  const node = unwrap(code);
  if (node !== null && node.kind === "op") {
    const { name, args } = node;
    const found = compareIntegers(l, name, args) ?? compareFloats(l, name, args) ?? testVector(l, name, args);
    if (found !== null) return found;
  }
  return l.test(l.value(code));
}

export const rules: Rules = {
  operations: { ...integerOperations, ...scalarOperations, ...vectorOperations },
  lane,
  memory,
  memoryLane,
  wide,
  shuffle,
  condition,
  fold,
};
