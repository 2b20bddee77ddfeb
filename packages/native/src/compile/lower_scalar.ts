/** Floating-point scalars, which are the first lanes of vector registers. */
import type { Code } from "@heddle/tensor/code";
import { conditions } from "../x86/assembler.ts";
import type { VectorInstructionName } from "../x86/instructions.ts";
import { equalOrdered, flag, kinds, notEqualOrUnordered } from "./linear_code.ts";
import { doubleBits, singleBits } from "./code_tree.ts";
import { inMemory, type Lowering, type Rule } from "./lower.ts";
import { extremum, truncateSingles } from "./lower_vector.ts";
import { truths } from "./lower_integer.ts";

type Float = "f32" | "f64";

/** The constant with all bits but the sign's, and the sign's. */
const signs = {
  f32: { magnitude: [0x7fff_ffff, 0x7fff_ffff], sign: [-(2 ** 31), -(2 ** 31)] },
  f64: { magnitude: [-1, 0x7fff_ffff], sign: [0, -(2 ** 31)] },
} as const;

function binary(type: Float, name: VectorInstructionName): Rule {
  return (l, [x, y], target) => {
    l.hold(l.value(x!));
    const b = l.operand(y!, name);
    return l.vector(name, l.result(type, target), l.release(), b);
  };
}

/** An instruction of vectors with a constant of the pool, on the first lanes. */
function withConstant(type: Float, name: "pand" | "pxor", which: "magnitude" | "sign"): Rule {
  return (l, [x], target) => {
    const a = l.value(x!);
    const [low, high] = signs[type][which];
    l.wholeConstant([low, high, low, high]);
    return l.vector(name, l.result(type, target), a, inMemory, 0, -1, -1, 0);
  };
}

/** An instruction with one operand, in the place of both operands of scalar instructions. */
function twice(type: Float, name: VectorInstructionName): Rule {
  return (l, [x], target) => {
    const a = l.value(x!);
    return l.vector(name, l.result(type, target), a, a);
  };
}

function round(type: Float, how: number): Rule {
  return (l, [x], target) => {
    const a = l.value(x!);
    return l.vector(type === "f32" ? "roundps" : "roundpd", l.result(type, target), -1, a, how, -1, -1, 0);
  };
}

function extreme(type: Float, which: "min" | "max"): Rule {
  return (l, [x, y], target) => {
    const [a, b] = l.two(x!, y!);
    return extremum(l, which, type, type, target, a, b, 0);
  };
}

/** An integer as a float: the instruction keeps the upper lanes of another register, for which there is a zero. */
function convert(type: Float, name: VectorInstructionName): Rule {
  return (l, [x], target) => {
    const a = l.value(x!);
    const zero = l.register(type);
    l.emit(kinds.zero, 0, zero, -1, -1, 0);
    return l.vector(name, l.result(type, target), zero, a);
  };
}

/** An unsigned integer of 32 bits has zeros above it in its register. */
function reinterpret(type: "i32" | "i64" | Float, name: VectorInstructionName): Rule {
  return (l, [x], target) => {
    const a = l.value(x!);
    const out = name === "movdTo" || name === "movqTo";
    return l.vector(name, l.result(type, target), out ? a : -1, out ? -1 : a);
  };
}

/** Integers of 32 bits from floats: NaN becomes 0, and what is beyond the range the nearest integer. */
const truncate32: Rule = (l, [x], target) => {
  const t = truncateSingles(l, "f32", -1, l.value(x!), 0);
  return l.vector("movdTo", l.result("i32", target), t, -1);
};

const truncate32Double: Rule = (l, [x], target) => {
  const a = zeroNaN(l, "f64", l.value(x!));
  l.wholeConstant([...doubleBits(2147483647), ...doubleBits(2147483647)]);
  const limited = l.vector("minpd", l.register("f64"), a, inMemory, 0, -1, -1, 0);
  const t = l.vector("cvttpd2dq", l.register("f64"), -1, limited, 0, -1, -1, 0);
  return l.vector("movdTo", l.result("i32", target), t, -1);
};

/** 0 in the place of NaN. */
function zeroNaN(l: Lowering, type: Float, a: number): number {
  const name = type === "f32" ? "ps" : "pd";
  if (l.evex) {
    const ordered = l.vector(`kcmp${name}`, l.register("mask"), a, a, 7, -1, -1, 0);
    const move = type === "f32" ? "movups" : "movupd";
    return l.vector(move, l.register(type), -1, a, 0, -1, ordered, flag.zeroing);
  }
  const ordered = l.vector(`cmp${name}`, l.register(type), a, a, 7, -1, -1, 0);
  return l.vector("pand", l.register(type), ordered, a, 0, -1, -1, 0);
}

function truncate64(type: Float): Rule {
  return (l, [x], target) => {
    const a = zeroNaN(l, type, l.value(x!));
    const t = l.register("i64");
    l.vector(type === "f32" ? "cvttss2si64" : "cvttsd2si64", t, -1, a);
    const largest = l.register("i64");
    l.emit(kinds.integer, 0, largest, -1, -1, -1, -1, 0x7fff_ffff);
    l.wholeConstant(type === "f32" ? [singleBits(2 ** 63)] : doubleBits(2 ** 63));
    l.vector(type === "f32" ? "ucomiss" : "ucomisd", -1, a, inMemory);
    const d = l.result("i64", target);
    l.emit(kinds.select, conditions.ae, d, largest, t, 0);
    return d;
  };
}

/** Condition codes of comparisons, and whether the operands change their places. */
const floatConditions: Readonly<Record<string, readonly [condition: number, swapped: boolean]>> = {
  eq: [equalOrdered, false],
  ne: [notEqualOrUnordered, false],
  lt: [conditions.a, true],
  gt: [conditions.a, false],
  le: [conditions.ae, true],
  ge: [conditions.ae, false],
};

/** Sets flags by a comparison of floats, and returns the condition code under which it holds; or null for other operations. */
export function compareFloats(l: Lowering, name: string, args: readonly Code[]): number | null {
  const [type, what] = name.split(".") as [Float, string];
  const found = floatConditions[what];
  if (type !== "f32" && type !== "f64" || found === undefined) return null;
  const [a, b] = l.two(args[0]!, args[1]!);
  const [first, second] = found[1] ? [b, a] : [a, b];
  l.vector(type === "f32" ? "ucomiss" : "ucomisd", -1, first, second);
  return found[0];
}

/** The rules of operations on floats. */
export const scalarOperations: { readonly [name: string]: Rule } = {
  ...Object.fromEntries(
    ([["f32", "ss"], ["f64", "sd"]] as const).flatMap(([type, suffix]): [string, Rule][] => [
      [`${type}.add`, binary(type, `add${suffix}`)],
      [`${type}.sub`, binary(type, `sub${suffix}`)],
      [`${type}.mul`, binary(type, `mul${suffix}`)],
      [`${type}.div`, binary(type, `div${suffix}`)],
      [`${type}.sqrt`, twice(type, `sqrt${suffix}`)],
      [`${type}.abs`, withConstant(type, "pand", "magnitude")],
      [`${type}.neg`, withConstant(type, "pxor", "sign")],
      [`${type}.nearest`, round(type, 8)],
      [`${type}.floor`, round(type, 9)],
      [`${type}.ceil`, round(type, 10)],
      [`${type}.trunc`, round(type, 11)],
      [`${type}.min`, extreme(type, "min")],
      [`${type}.max`, extreme(type, "max")],
    ]),
  ),
  "f32.convert_i32_s": convert("f32", "cvtsi2ss"),
  "f32.convert_i64_s": convert("f32", "cvtsi2ss64"),
  "f64.convert_i32_s": convert("f64", "cvtsi2sd"),
  "f64.convert_i32_u": convert("f64", "cvtsi2sd64"),
  "f64.convert_i64_s": convert("f64", "cvtsi2sd64"),
  "f32.demote_f64": twice("f32", "cvtsd2ss"),
  "f64.promote_f32": twice("f64", "cvtss2sd"),
  "i32.reinterpret_f32": reinterpret("i32", "movdTo"),
  "i64.reinterpret_f64": reinterpret("i64", "movqTo"),
  "f32.reinterpret_i32": reinterpret("f32", "movd"),
  "f64.reinterpret_i64": reinterpret("f64", "movq"),
  "i32.trunc_sat_f32_s": truncate32,
  "i32.trunc_sat_f64_s": truncate32Double,
  "i64.trunc_sat_f32_s": truncate64("f32"),
  "i64.trunc_sat_f64_s": truncate64("f64"),
  ...truths((["f32", "f64"] as const).flatMap((type) => Object.keys(floatConditions).map((what) => `${type}.${what}`))),
};
