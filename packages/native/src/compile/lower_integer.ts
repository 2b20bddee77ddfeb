/** Integers: i32 and i64. */
import type { Code } from "@heddle/tensor/code";
import { conditions } from "../x86/assembler.ts";
import { divisions, kinds } from "./linear_code.ts";
import { quiet, unwrap } from "./code_tree.ts";
import { inMemory, type Lowering, type Rule } from "./lower.ts";

type Integer = "i32" | "i64";

/** The value of a constant that an instruction can hold: 32 bits with a sign. */
export function immediate(code: Code): number | null {
  const node = unwrap(code);
  if (node === null) return null;
  if (node.kind === "i32") return node.value;
  if (node.kind === "i64" && BigInt.asIntN(32, node.value) === node.value) return Number(node.value);
  return null;
}

/** Loads whose value an instruction can read from memory. */
const wholeLoad = { i32: "i32.load", i64: "i64.load" } as const;

/** A second operand: a register or memory. */
function operand(l: Lowering, type: Integer, code: Code): number {
  const node = unwrap(code);
  if (node === null || node.kind !== "memory" || node.name !== wholeLoad[type]) return l.value(code);
  l.address(node.args[0]!, node.offset, type === "i32" ? 4 : 8);
  return inMemory;
}

/** An operation of the group add 0, or 1, and 4, sub 5, xor 6. */
function alu(type: Integer, operation: number): Rule {
  return (l, [x, y], target) => {
    const commutes = operation !== 5;
    const [first, second] = commutes && immediate(x!) !== null ? [y!, x!] : [x!, y!];
    const constant = immediate(second);
    const a = l.value(first);
    if (constant !== null) {
      const d = l.result(type, target);
      // x - c is x + -c, which needs no move.
      const negated = operation === 5 && constant !== -(2 ** 31);
      l.emit(kinds.aluImmediate, negated ? 0 : operation, d, a, -1, negated ? -constant : constant);
      return d;
    }
    l.hold(a);
    const b = operand(l, type, second);
    const d = l.result(type, target);
    l.emitOperand(kinds.alu, operation, d, l.release(), b, 0);
    return d;
  };
}

function multiply(type: Integer): Rule {
  return (l, [x, y], target) => {
    const [first, second] = immediate(x!) !== null ? [y!, x!] : [x!, y!];
    const constant = immediate(second);
    const a = l.value(first);
    if (constant !== null) {
      const d = l.result(type, target);
      const isPower = constant > 0 && (constant & constant - 1) === 0;
      if (isPower) l.emit(kinds.shift, 4, d, a, -1, 31 - Math.clz32(constant));
      else l.emit(kinds.multiplyImmediate, 0, d, a, -1, constant);
      return d;
    }
    l.hold(a);
    const b = operand(l, type, second);
    const d = l.result(type, target);
    l.emitOperand(kinds.multiply, 0, d, l.release(), b, 0);
    return d;
  };
}

function shift(type: Integer, extension: number, by: "shlx" | "sarx" | "shrx"): Rule {
  return (l, [x, y], target) => {
    const constant = immediate(y!);
    if (constant !== null) {
      const a = l.value(x!);
      const d = l.result(type, target);
      l.emit(kinds.shift, extension, d, a, -1, constant & (type === "i32" ? 31 : 63));
      return d;
    }
    const [a, b] = l.two(x!, y!);
    return l.vector(type === "i32" ? by : `${by}64`, l.result(type, target), a, b);
  };
}

function divide(type: Integer, row: number): Rule {
  return (l, [x, y], target) => {
    const constant = immediate(y!);
    const a = l.value(x!);
    if (constant !== null && constant > 0 && (constant & constant - 1) === 0 && (row & divisions.signed) === 0) {
      const d = l.result(type, target);
      if (row & divisions.remainder) l.emit(kinds.aluImmediate, 4, d, a, -1, constant - 1);
      else l.emit(kinds.shift, 5, d, a, -1, 31 - Math.clz32(constant));
      return d;
    }
    l.hold(a);
    const b = l.value(y!);
    const safe = constant !== null && constant !== 0 && constant !== -1 ? divisions.safe : 0;
    const d = l.result(type, target);
    l.emit(kinds.divide, row | safe, d, l.release(), b, 0);
    return d;
  };
}

/** An instruction with one operand. */
function unary(type: Integer, opcode: number, wide: number): Rule {
  return (l, [x], target) => {
    const a = l.value(x!);
    const d = l.result(type, target);
    l.emit(kinds.unary, opcode, d, a, -1, wide);
    return d;
  };
}

/** Condition codes of comparisons of integers. */
const integerConditions: Readonly<Record<string, number>> = {
  eq: conditions.e,
  ne: conditions.ne,
  lt_s: conditions.l,
  lt_u: conditions.b,
  gt_s: conditions.g,
  gt_u: conditions.a,
  le_s: conditions.le,
  le_u: conditions.be,
  ge_s: conditions.ge,
  ge_u: conditions.ae,
};

/** Sets flags by a comparison of integers, and returns the condition code under which it holds; or null for other operations. */
export function compareIntegers(l: Lowering, name: string, args: readonly Code[]): number | null {
  const [type, what] = name.split(".") as [Integer, string];
  if (type !== "i32" && type !== "i64") return null;
  if (what === "eqz") {
    if (type === "i32") return l.rules.condition(l, args[0]!) ^ 1;
    return l.test(l.value(args[0]!)) ^ 1;
  }
  const condition = integerConditions[what];
  if (condition === undefined) return null;
  const constant = immediate(args[1]!);
  const a = l.value(args[0]!);
  if (constant === 0 && (condition === conditions.e || condition === conditions.ne)) {
    l.test(a);
  } else if (constant !== null) {
    l.emit(kinds.compareImmediate, 0, -1, a, -1, constant);
  } else {
    l.hold(a);
    const b = operand(l, type, args[1]!);
    l.emitOperand(kinds.compare, 0, -1, l.release(), b, 0);
  }
  return condition;
}

/** A condition as 0 or 1. */
const truth = (name: string): Rule => (l, args, target) => {
  const condition = l.rules.condition(l, { kind: "op", name: name as "i32.eqz", args });
  const d = l.result("i32", target);
  l.emit(kinds.setIf, condition, d, -1, -1, 0);
  return d;
};

export const truths = (names: readonly string[]): { [name: string]: Rule } =>
  Object.fromEntries(names.map((name) => [name, truth(name)]));

const wrap: Rule = (l, [x], target) => {
  const a = l.value(x!);
  const d = l.result("i32", target);
  l.emit(kinds.unary, 0x8b, d, a, -1, 0);
  return d;
};

/** A choice between two values of any type. */
const select: Rule = (l, [x, y, condition], target) => {
  l.hold(l.value(x!));
  l.hold(l.value(y!));
  const code = l.rules.condition(l, condition!);
  const [b, a] = [l.release(), l.release()];
  const type = l.typeOf(a);
  if (type <= 1) {
    const d = target >= 0 ? target : l.code.register(type);
    l.emit(kinds.select, code, d, a, b, 0);
    return d;
  }
  // The second value is read after the first is written.
  const d = target >= 0 && target !== b ? target : l.code.register(type);
  l.code.emit(kinds.select, code, d, -1, b, a, -1, 0, 0, -1, 64);
  return d;
};

/** The rules of operations on integers, and of choices. */
export const integerOperations: { readonly [name: string]: Rule } = {
  "i32.add": addition("i32"),
  "i32.sub": alu("i32", 5),
  "i32.mul": multiply("i32"),
  "i32.div_s": divide("i32", divisions.signed),
  "i32.div_u": divide("i32", 0),
  "i32.rem_s": divide("i32", divisions.signed | divisions.remainder),
  "i32.rem_u": divide("i32", divisions.remainder),
  "i32.and": alu("i32", 4),
  "i32.or": alu("i32", 1),
  "i32.xor": alu("i32", 6),
  "i32.shl": shift("i32", 4, "shlx"),
  "i32.shr_s": shift("i32", 7, "sarx"),
  "i32.shr_u": shift("i32", 5, "shrx"),
  "i32.clz": unary("i32", 0xf30fbd, 0),
  "i32.ctz": unary("i32", 0xf30fbc, 0),
  "i64.add": addition("i64"),
  "i64.sub": alu("i64", 5),
  "i64.mul": multiply("i64"),
  "i64.div_s": divide("i64", divisions.signed),
  "i64.rem_s": divide("i64", divisions.signed | divisions.remainder),
  "i64.and": alu("i64", 4),
  "i64.or": alu("i64", 1),
  "i64.xor": alu("i64", 6),
  "i64.shl": shift("i64", 4, "shlx"),
  "i64.shr_s": shift("i64", 7, "sarx"),
  "i64.shr_u": shift("i64", 5, "shrx"),
  "i32.wrap_i64": wrap,
  "i64.extend_i32_s": unary("i64", 0x63, 1),
  "i64.extend_i32_u": unary("i64", 0x8b, 0),
  select,
  ...truths(
    (["i32", "i64"] as const).flatMap((type) =>
      ["eqz", ...Object.keys(integerConditions)].map((what) => `${type}.${what}`)
    ),
  ),
};

/** Addition: x + (y << n) is one instruction for n up to 3. */
function addition(type: Integer): Rule {
  const plain = alu(type, 0);
  return (l, args, target) => {
    const [x, y] = args as [Code, Code];
    const scaled = scale(type, y);
    if (scaled !== null) {
      const [a, b] = l.two(x, scaled.code);
      const d = l.result(type, target);
      l.emit(kinds.address, 0, d, a, b, scaled.shift);
      return d;
    }
    const first = scale(type, x);
    if (first !== null && immediate(y) === null && quiet(y)) {
      const [b, a] = l.two(first.code, y);
      const d = l.result(type, target);
      l.emit(kinds.address, 0, d, a, b, first.shift);
      return d;
    }
    return plain(l, args, target);
  };
}

/** A value times 2, 4 or 8. */
function scale(type: Integer, code: Code): { code: Code; shift: number } | null {
  const node = unwrap(code);
  if (node === null || node.kind !== "op") return null;
  if (node.name !== `${type}.shl` && node.name !== `${type}.mul`) return null;
  const constant = immediate(node.args[1]!);
  if (constant === null) return null;
  const shift = node.name.endsWith("shl") ? constant : [2, 4, 8].indexOf(constant) + 1;
  return shift >= 1 && shift <= 3 ? { code: node.args[0]!, shift } : null;
}
