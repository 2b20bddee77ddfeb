/** Comparisons of vectors. AVX-512 compares into mask registers; AVX2 into lanes of ones and zeros. */
import type { Code, Node } from "@heddle/tensor/code";
import type { VectorInstructionName } from "../x86/instructions.ts";
import { rowOf } from "./linear_code.ts";
import { unwrap } from "./code_tree.ts";
import { inMemory, type Lowering } from "./lower.ts";

interface Comparison {
  /** The bytes of a lane. */
  readonly bytes: 4 | 8;
  /** The instruction of AVX-512, and its predicate. The predicate plus (or minus) 4 is the contrary. */
  readonly evex: VectorInstructionName;
  readonly predicate: number;
  readonly inverse: number;
  /** The instruction of AVX2; whether its operands change places, and whether its result is inverted. */
  readonly vex: VectorInstructionName;
  readonly swapped: boolean;
  readonly inverted: boolean;
  /** Signed comparison of operands with their signs flipped compares unsigned. */
  readonly unsigned: boolean;
}

/** Predicates, and their contraries, which are true for NaN where those are false. */
const floatPredicates = { eq: [0, 4], lt: [1, 5], le: [2, 6], ne: [4, 0], ge: [13, 9], gt: [14, 10] } as const;
/** Predicates; for AVX2: whether it is equality, whether operands change places, whether the result is inverted. */
const integerPredicates = {
  eq: [0, 4, true, false, false],
  ne: [4, 0, true, false, true],
  lt_s: [1, 5, false, true, false],
  le_s: [2, 6, false, false, true],
  gt_s: [6, 2, false, false, false],
  ge_s: [5, 1, false, true, true],
  gt_u: [6, 2, false, false, false],
} as const;

const comparisons: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ...([["f32x", "ps", 4], ["f64x", "pd", 8]] as const).flatMap(([lane, suffix, bytes]) =>
    Object.entries(floatPredicates).map(([what, [predicate, inverse]]): [string, Comparison] => [`${lane}.${what}`, {
      bytes,
      evex: `kcmp${suffix}`,
      predicate,
      inverse,
      vex: `cmp${suffix}`,
      swapped: false,
      inverted: false,
      unsigned: false,
    }])
  ),
  ...([["i32x", "d", 4], ["i64x", "q", 8]] as const).flatMap(([lane, suffix, bytes]) =>
    Object.entries(integerPredicates).map(
      ([what, [predicate, inverse, equality, swapped, inverted]]): [string, Comparison] => [`${lane}.${what}`, {
        bytes,
        evex: what === "gt_u" ? "kcmpud" : `kcmp${suffix}`,
        predicate,
        inverse,
        vex: `pcmp${equality ? "eq" : "gt"}${suffix}`,
        swapped,
        inverted,
        unsigned: what === "gt_u",
      }],
    )
  ),
]);

/** The bytes of the lanes of a value whose lanes are all ones or all zeros by its operation; 0 for other values. */
export function maskedLanes(code: Code, depth: number = 6): 0 | 4 | 8 {
  const node = unwrap(code);
  if (node === null || node.kind !== "op" || depth === 0) return 0;
  switch (node.name) {
    case "vector.not":
      return maskedLanes(node.args[0]!, depth - 1);
    case "vector.and":
    case "vector.or":
    case "vector.xor":
    case "vector.andnot": {
      const bytes = maskedLanes(node.args[0]!, depth - 1);
      return bytes > 0 && maskedLanes(node.args[1]!, depth - 1) === bytes ? bytes : 0;
    }
    default:
      return comparisons.get(node.name)?.bytes ?? 0;
  }
}

/** The mask register of a value with {@link maskedLanes} (AVX-512), or of its contrary. */
export function mask(l: Lowering, code: Code, inverse: boolean = false): number {
  const node = unwrap(code) as Extract<Node, { kind: "op" }>;
  const [x, y] = node.args as [Code, Code];
  const join = (name: "kandw" | "korw" | "kxorw", first: boolean, second: boolean): number => {
    l.hold(mask(l, x, first));
    const b = mask(l, y, second);
    return l.vector(name, l.register("mask"), l.release(), b);
  };
  switch (node.name) {
    case "vector.not":
      return mask(l, x, !inverse);
    case "vector.and":
      return join(inverse ? "korw" : "kandw", inverse, inverse);
    case "vector.or":
      return join(inverse ? "kandw" : "korw", inverse, inverse);
    case "vector.xor":
      return join("kxorw", inverse, false);
    case "vector.andnot":
      return join(inverse ? "korw" : "kandw", inverse, !inverse);
  }
  const comparison = comparisons.get(node.name)!;
  l.hold(l.value(x));
  const b = l.operand(y, comparison.evex);
  const a = l.release();
  return l.vector(comparison.evex, l.register("mask"), a, b, inverse ? comparison.inverse : comparison.predicate);
}

/** The vector of a comparison, or of a combination of them if mask registers do it; or null for other values. */
export function laneMask(l: Lowering, node: Extract<Node, { kind: "op" }>, target: number): number | null {
  if (l.evex) {
    const bytes = maskedLanes(node);
    if (bytes === 0) return null;
    return l.vector(bytes === 4 ? "pmovm2d" : "pmovm2q", l.result("vector", target), -1, mask(l, node));
  }
  const comparison = comparisons.get(node.name);
  if (comparison === undefined) return null;
  const { vex, swapped, inverted, unsigned, predicate } = comparison;
  const [x, y] = node.args as [Code, Code];
  l.hold(l.value(x));
  let b = swapped || unsigned ? l.value(y) : l.operand(y, vex);
  let a = l.release();
  if (unsigned) {
    const flipped = (v: number): number => {
      l.constantOperand(rowOf.pxor, -(2 ** 31), -(2 ** 31));
      return l.vector("pxor", l.register("vector"), v, inMemory);
    };
    [a, b] = [flipped(a), flipped(b)];
  }
  const [first, second] = swapped ? [b, a] : [a, b];
  const compared = inverted ? l.register("vector") : l.result("vector", target);
  l.vector(vex, compared, first, second, predicate);
  if (!inverted) return compared;
  l.constantOperand(rowOf.pxor, -1, -1);
  return l.vector("pxor", l.result("vector", target), compared, inMemory);
}
