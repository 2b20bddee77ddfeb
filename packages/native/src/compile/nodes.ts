/** Lists in trees of code. */
import type { Code, Node } from "@heddle/tensor/code";

export function isList(code: Code): code is readonly Code[] {
  return Array.isArray(code);
}

/** A list of one node is that node. */
export function unwrap(code: Code): Node | null {
  let inner = code;
  while (isList(inner)) {
    if (inner.length !== 1) return null;
    inner = inner[0]!;
  }
  return inner;
}
