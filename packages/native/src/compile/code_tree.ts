/** Questions about trees of code, and the bits of constants in them. */
import type { Code, Node } from "@heddle/tensor/code";

const scratch = new DataView(new ArrayBuffer(8));

/** The bits of a float. */
export function singleBits(value: number): number {
  scratch.setFloat32(0, value, true);
  return scratch.getInt32(0, true);
}

/** The two words of a double. */
export function doubleBits(value: number): readonly [number, number] {
  scratch.setFloat64(0, value, true);
  return [scratch.getInt32(0, true), scratch.getInt32(4, true)];
}

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

/** Whether code only reads locals and memory and computes from them, in a few operations, so that it may be done a little earlier. */
export function quiet(code: Code, depth: number = 5): boolean {
  const node = unwrap(code);
  if (node === null || depth === 0) return false;
  switch (node.kind) {
    case "i32":
    case "i64":
    case "f32":
    case "f64":
    case "splat":
    case "lanes":
    case "get":
      return true;
    case "op":
    case "lane":
    case "shuffle":
    case "memoryLane":
    case "memory":
      return !("name" in node && node.name.includes("store")) && node.args.every((arg) => quiet(arg, depth - 1));
    default:
      return false;
  }
}
