/** Operations on vectors. */
import type { Code, ValueType } from "@heddle/tensor/code";
import { conditions } from "../x86/assembler.ts";
import type { VectorInstructionName } from "../x86/instructions.ts";
import { flag, kinds, rowOf } from "./linear_code.ts";
import { doubleBits, singleBits, unwrap } from "./code_tree.ts";
import { inMemory, type Lowering, type Rule } from "./lower.ts";
import { isFoldable, isFoldableLater } from "./lower_memory.ts";
import { laneMask, mask, maskedLanes } from "./lower_masks.ts";
import { immediate } from "./lower_integer.ts";
import { Unsupported } from "./target.ts";

type Lane = "f32" | "f64";

/** An instruction of two vectors. */
function binary(name: VectorInstructionName, commutes: boolean = false): Rule {
  return (l, [x, y], target) => {
    const swap = commutes && isFoldableLater(l, x!, rowOf[name], y!);
    const [first, second] = swap ? [y!, x!] : [x!, y!];
    l.hold(l.value(first));
    const b = l.operand(second, name);
    return l.vector(name, l.result("vector", target), l.release(), b);
  };
}

function unary(name: VectorInstructionName, imm: number = 0): Rule {
  return (l, [x], target) => {
    const b = l.operand(x!, name);
    return l.vector(name, l.result("vector", target), -1, b, imm);
  };
}

/** An instruction of a vector and a constant of equal lanes. */
function withConstant(name: VectorInstructionName, low: number, high: number): Rule {
  return (l, [x], target) => {
    const a = l.value(x!);
    l.constantOperand(rowOf[name], low, high);
    return l.vector(name, l.result("vector", target), a, inMemory);
  };
}

export function zero(l: Lowering): number {
  const d = l.register("vector");
  l.emit(kinds.zero, 0, d, -1, -1, 0);
  return d;
}

/** 0 - x. */
function negated(name: "psubd" | "psubq"): Rule {
  return (l, [x], target) => {
    const b = l.value(x!);
    return l.vector(name, l.result("vector", target), zero(l), b);
  };
}

/**
 * WebAssembly's minimum or maximum: NaN if an operand is NaN, and -0 is less than 0.
 *
 * @param type the type of the registers
 * @param length the length of vectors in the prefix; 3 for the function's
 */
export function extremum(
  l: Lowering,
  which: "min" | "max",
  lane: Lane,
  type: ValueType,
  target: number,
  a: number,
  b: number,
  length: number,
): number {
  const suffix = lane === "f32" ? "ps" : "pd";
  const fresh = (): number => l.register(type);
  const step = (name: VectorInstructionName, x: number, y: number, imm = 0): number =>
    l.vector(name, fresh(), x, y, imm, -1, -1, length);
  if (l.evex) {
    // The range instruction knows that -0 is less than 0. A sum with NaN is NaN.
    const unordered = l.vector(`kcmp${suffix}`, l.register("mask"), a, b, 3, -1, -1, length);
    const ranged = step(`range${suffix}`, a, b, which === "min" ? 4 : 5);
    const d = l.result(type, target, a, b);
    return l.vector(`add${suffix}`, d, a, b, 0, ranged, unordered, length | flag.late);
  }
  // Both orders, put together so that NaN and the sign of zero come through.
  const [first, second] = [step(`${which}${suffix}`, a, b), step(`${which}${suffix}`, b, a)];
  let both: number;
  if (which === "min") {
    const joined = step("por", first, second);
    // Signaling NaN becomes quiet. In a maximum, the subtraction does so.
    both = step("por", joined, step(`cmp${suffix}`, joined, joined, 3));
  } else {
    const different = step("pxor", first, second);
    both = step(`sub${suffix}`, step("por", first, different), different);
  }
  // NaN loses its payload.
  const nan = step(`cmp${suffix}`, both, both, 3);
  const payload = l.vector(
    lane === "f32" ? "psrld" : "psrlq",
    fresh(),
    -1,
    nan,
    lane === "f32" ? 10 : 13,
    -1,
    -1,
    length,
  );
  return l.vector("pandn", l.result(type, target), payload, both, 0, -1, -1, length);
}

function extreme(which: "min" | "max", lane: Lane): Rule {
  return (l, [x, y], target) => {
    const [a, b] = l.two(x!, y!);
    return extremum(l, which, lane, "vector", target, a, b, 3);
  };
}

/** `y < x ? y : x`: the processor's minimum with its operands exchanged. */
function pseudo(name: VectorInstructionName): Rule {
  return (l, [x, y], target) => {
    const [a, b] = l.two(x!, y!);
    return l.vector(name, l.result("vector", target), b, a);
  };
}

/** Integers from floats by truncation: NaN becomes 0, and what is beyond the range the nearest integer. */
export function truncateSingles(l: Lowering, type: ValueType, target: number, a: number, length: number): number {
  const largest = singleBits(2 ** 31);
  const bits = (value: number): void => l.wholeConstant(new Array(l.bytes / 4).fill(value));
  if (l.evex) {
    const ordered = l.vector("kcmpps", l.register("mask"), a, a, 7, -1, -1, length);
    const x = l.vector("movups", l.register(type), -1, a, 0, -1, ordered, length | flag.zeroing);
    const t = l.vector("cvttps2dq", l.register(type), -1, x, 0, -1, -1, length);
    l.constantOperand(rowOf.kcmpps, largest, largest);
    const beyond = l.vector("kcmpps", l.register("mask"), x, inMemory, 13, -1, -1, length);
    l.constantOperand(rowOf.blendmps, 0x7fff_ffff, 0x7fff_ffff);
    return l.vector("blendmps", l.result(type, target), t, inMemory, 0, -1, beyond, length);
  }
  const ordered = l.vector("cmpps", l.register(type), a, a, 7, -1, -1, length);
  const x = l.vector("pand", l.register(type), ordered, a, 0, -1, -1, length);
  const t = l.vector("cvttps2dq", l.register(type), -1, x, 0, -1, -1, length);
  bits(largest);
  const beyond = l.vector("cmpps", l.register(type), x, inMemory, 13, -1, -1, length);
  return l.vector("pxor", l.result(type, target), t, beyond, 0, -1, -1, length);
}

const truncateSingle: Rule = (l, [x], target) => truncateSingles(l, "vector", target, l.value(x!), 3);

const truncateDoubles: Rule = (l, [x], target) => {
  const a = l.value(x!);
  let number: number;
  if (l.evex) {
    const ordered = l.vector("kcmppd", l.register("mask"), a, a, 7);
    number = l.vector("movupd", l.register("vector"), -1, a, 0, -1, ordered, 3 | flag.zeroing);
  } else {
    const ordered = l.vector("cmppd", l.register("vector"), a, a, 7);
    number = l.vector("pand", l.register("vector"), ordered, a);
  }
  const [low, high] = doubleBits(2147483647);
  l.constantOperand(rowOf.minpd, low, high);
  const limited = l.vector("minpd", l.register("vector"), number, inMemory);
  return l.vector("cvttpd2dq", l.result("vector", target), -1, limited);
};

/** Floats of unsigned integers, from their halves on AVX2. */
const convertUnsigned: Rule = (l, [x], target) => {
  if (l.evex) return unary("cvtudq2ps")(l, [x!], target);
  const a = l.value(x!);
  const fresh = (): number => l.register("vector");
  l.constantOperand(rowOf.pand, 0xffff, 0xffff);
  const low = l.vector("cvtdq2ps", fresh(), -1, l.vector("pand", fresh(), a, inMemory));
  const high = l.vector("cvtdq2ps", fresh(), -1, l.vector("psrld", fresh(), -1, a, 16));
  l.constantOperand(rowOf.mulps, singleBits(65536), singleBits(65536));
  const scaled = l.vector("mulps", fresh(), high, inMemory);
  return l.vector("addps", l.result("vector", target), scaled, low);
};

const convertLowUnsigned: Rule = (l, [x], target) => {
  if (l.evex) return unary("cvtudq2pd")(l, [x!], target);
  // The low bits of 2^52 + n are n.
  const a = l.vector("pmovzxdq", l.register("vector"), -1, l.value(x!));
  const [low, high] = doubleBits(2 ** 52);
  l.constantOperand(rowOf.por, low, high);
  const sum = l.vector("por", l.register("vector"), a, inMemory);
  l.constantOperand(rowOf.subpd, low, high);
  return l.vector("subpd", l.result("vector", target), sum, inMemory);
};

/** A vector of equal lanes from a scalar. */
function splat(lane: "i8" | "i16" | "i32" | "i64" | "f32" | "f64"): Rule {
  const broadcast = {
    i8: "pbroadcastb",
    i16: "pbroadcastw",
    i32: "pbroadcastd",
    i64: "pbroadcastq",
    f32: "broadcastss",
    f64: "pbroadcastq",
  } as const;
  const name = broadcast[lane];
  return (l, [x], target) => {
    const node = unwrap(x!);
    if (node !== null && node.kind === "memory" && node.name === `${lane}.load`) {
      l.address(node.args[0]!, node.offset, lane.endsWith("32") ? 4 : 8);
      return l.vector(name, l.result("vector", target), -1, inMemory);
    }
    if (node !== null && node.kind === lane) {
      if (node.kind === "i32") return l.splat(node.value, node.value, target);
      if (node.kind === "f32") return l.splat(singleBits(node.value), singleBits(node.value), target);
      if (node.kind === "f64") return l.splat(...doubleBits(node.value), target);
    }
    const a = l.value(x!);
    if (lane[0] === "f") return l.vector(name, l.result("vector", target), -1, a);
    if (l.evex) {
      const from = `${name as "pbroadcastd"}From` as const;
      return l.vector(from, l.result("vector", target), -1, a);
    }
    const low = l.vector(lane === "i64" ? "movq" : "movd", l.register("f64"), -1, a);
    return l.vector(name, l.result("vector", target), -1, low);
  };
}

/** Shifts of all lanes. WebAssembly takes the count modulo the bits of a lane. */
function shift(bits: 32 | 64, name: "pslld" | "psrld" | "psrad" | "psllq" | "psrlq" | "psraq"): Rule {
  return (l, [x, y], target) => {
    const constant = immediate(y!);
    const missing = name === "psraq" && !l.evex;
    if (constant !== null) {
      const by = constant & bits - 1;
      const a = l.value(x!);
      if (!missing) return l.vector(name, l.result("vector", target), -1, a, by);
      // The sign's bit is moved down, and extended by an exclusive or and a subtraction.
      const t = l.vector("psrlq", l.register("vector"), -1, a, by);
      const sign = 1n << BigInt(63 - by);
      const [low, high] = [Number(sign & 0xffff_ffffn) | 0, Number(sign >> 32n) | 0];
      l.constantOperand(rowOf.pxor, low, high);
      const flipped = l.vector("pxor", l.register("vector"), t, inMemory);
      l.constantOperand(rowOf.psubq, low, high);
      return l.vector("psubq", l.result("vector", target), flipped, inMemory);
    }
    const [a, count] = l.two(x!, y!);
    const modulo = l.register("i32");
    l.emit(kinds.aluImmediate, 4, modulo, count, -1, bits - 1);
    const by = l.vector("movd", l.register("f64"), -1, modulo);
    if (!missing) return l.vector(`${name}By`, l.result("vector", target), a, by);
    const t = l.vector("psrlqBy", l.register("vector"), a, by);
    const sign = l.vector("psrlqBy", l.register("vector"), l.splat(0, -(2 ** 31)), by);
    const flipped = l.vector("pxor", l.register("vector"), t, sign);
    return l.vector("psubq", l.result("vector", target), flipped, sign);
  };
}

const multiply64: Rule = (l, [x, y], target) => {
  const [a, b] = l.two(x!, y!);
  if (l.evex) return l.vector("pmullq", l.result("vector", target), a, b);
  const fresh = (): number => l.register("vector");
  const low = l.vector("pmuludq", fresh(), a, b);
  const [highA, highB] = [l.vector("psrlq", fresh(), -1, a, 32), l.vector("psrlq", fresh(), -1, b, 32)];
  const cross = l.vector(
    "paddq",
    fresh(),
    l.vector("pmuludq", fresh(), highA, b),
    l.vector("pmuludq", fresh(), a, highB),
  );
  return l.vector("paddq", l.result("vector", target), low, l.vector("psllq", fresh(), -1, cross, 32));
};

const absolute64: Rule = (l, [x], target) => {
  if (l.evex) return unary("pabsq")(l, [x!], target);
  const a = l.value(x!);
  const negative = l.vector("pcmpgtq", l.register("vector"), zero(l), a);
  const flipped = l.vector("pxor", l.register("vector"), a, negative);
  return l.vector("psubq", l.result("vector", target), flipped, negative);
};

/** Products of 64 bits of the low or high lanes of 32 bits. */
function wideProduct(high: boolean): Rule {
  return (l, [x, y], target) => {
    const [a, b] = l.two(x!, y!);
    const lanes = (v: number): number => {
      if (!high) return l.vector("pmovzxdq", l.register("vector"), -1, v);
      // The even lanes are what the multiplication reads.
      if (l.bytes === 16) return l.vector("pshufd", l.register("vector"), -1, v, 0xfa);
      const half = l.register("vector");
      if (l.bytes === 32) l.vector("extractf128", half, v, -1, 1);
      else l.vector("extractf64x4", half, v, -1, 1);
      return l.vector("pmovzxdq", l.register("vector"), -1, half);
    };
    const first = lanes(a);
    return l.vector("pmuludq", l.result("vector", target), first, lanes(b));
  };
}

/** Lanes of half the bits: those of a, then those of b. The instructions do so in every 16 bytes. */
function narrow(name: VectorInstructionName): Rule {
  return (l, [x, y], target) => {
    const [a, b] = l.two(x!, y!);
    if (l.bytes === 16) return l.vector(name, l.result("vector", target), a, b);
    const packed = l.vector(name, l.register("vector"), a, b);
    if (l.bytes === 32) return l.vector("permq", l.result("vector", target), -1, packed, 0xd8);
    const order = l.constant("vector", -1, [0, 2, 4, 6, 1, 3, 5, 7].flatMap((lane) => [lane, 0]));
    return l.vector("permqBy", l.result("vector", target), order, packed);
  };
}

/** Bytes of a by the indices in b; 0 where an index is not below 16. */
const swizzle: Rule = (l, [x, y], target) => {
  if (l.bytes !== 16) throw new Unsupported("i8x.swizzle on vectors of more than 16 bytes");
  const [a, b] = l.two(x!, y!);
  // Indices from 16 on get their highest bit, which the instruction takes for zero.
  l.wholeConstant(new Array(4).fill(0x70707070));
  const indices = l.vector("paddusb", l.register("vector"), b, inMemory);
  return l.vector("pshufb", l.result("vector", target), a, indices);
};

/** a · b + c, or c - a · b. */
function multiplyAdd(form: number, lane: Lane): Rule {
  const name = lane === "f32" ? "fmadd231ps" : "fmadd231pd";
  return (l, [x, y, z], target) => {
    const emit = (a: number, b: number, c: number, addend: number): number => {
      const d = l.result("vector", target);
      const memory = b === inMemory || c === inMemory;
      l.code.emit(
        kinds.fma,
        form,
        d,
        a,
        b === inMemory ? -1 : b,
        c === inMemory ? -1 : c,
        memory ? l.index : -1,
        memory ? l.disp : 0,
        addend,
        -1,
        l.length | (memory ? l.memoryFlags : 0),
      );
      return d;
    };
    const row = rowOf[name];
    const swap = isFoldableLater(l, x!, row, y!, z!) && !isFoldable(l, y!, row);
    const [first, second] = swap ? [y!, x!] : [x!, y!];
    if (swap || isFoldableLater(l, second, row, z!)) {
      l.hold(l.value(first));
      const c = l.value(z!);
      const a = l.release();
      l.operand(second, name);
      return emit(a, inMemory, c, 0);
    }
    l.hold(l.value(x!));
    l.hold(l.value(y!));
    const c = l.operand(z!, name);
    const [b, a] = [l.release(), l.release()];
    return emit(a, b, c, c === inMemory ? 1 : 0);
  };
}

/** a where the bits of m are 1, b where they are 0. */
const bitselect: Rule = (l, [x, y, m], target) => {
  const bytes = maskedLanes(m!);
  if (bytes > 0 && l.evex) {
    const name = bytes === 4 ? "blendmps" : "blendmpd";
    const later = isFoldableLater(l, x!, rowOf[name], y!, m!);
    l.hold(later ? -1 : l.value(x!));
    l.hold(l.value(y!));
    const chosen = mask(l, m!);
    const b = l.release();
    const held = l.release();
    const a = later ? l.operand(x!, name) : held;
    return l.vector(name, l.result("vector", target), b, a, 0, -1, chosen);
  }
  l.hold(l.value(x!));
  l.hold(l.value(y!));
  const chosen = l.value(m!);
  const [b, a] = [l.release(), l.release()];
  if (bytes > 0) return l.vector("blendvps", l.result("vector", target), b, a, 0, chosen);
  if (l.evex) {
    const d = l.result("vector", target, a, b);
    return l.vector("pternlogd", d, a, b, 0xca, chosen, -1, 3 | flag.late);
  }
  const fromA = l.vector("pand", l.register("vector"), chosen, a);
  const fromB = l.vector("pandn", l.register("vector"), chosen, b);
  return l.vector("por", l.result("vector", target), fromA, fromB);
};

/** x where a mask holds (or does not), 0 elsewhere. */
function masked(l: Lowering, x: Code, m: Code, inverse: boolean, maskFirst: boolean, target: number): number {
  const [first, second] = maskFirst ? [m, x] : [x, m];
  const compute = (code: Code): number => code === m ? mask(l, m, inverse) : l.value(code);
  l.hold(compute(first));
  const b = compute(second);
  const a = l.release();
  const [chosen, value] = maskFirst ? [a, b] : [b, a];
  const name = maskedLanes(m) === 4 ? "movups" : "movupd";
  return l.vector(name, l.result("vector", target), -1, value, 0, -1, chosen, 3 | flag.zeroing);
}

const plainAnd = binary("pand", true);

const and: Rule = (l, args, target) => {
  const [x, y] = args as [Code, Code];
  const [maskX, maskY] = [maskedLanes(x), maskedLanes(y)];
  if (l.evex && maskX > 0 !== maskY > 0) {
    return maskX > 0 ? masked(l, y, x, false, true, target) : masked(l, x, y, false, false, target);
  }
  return laneMask(l, { kind: "op", name: "vector.and", args }, target) ?? plainAnd(l, args, target);
};

/** a & ~b. */
const andnot: Rule = (l, args, target) => {
  const [x, y] = args as [Code, Code];
  if (l.evex && maskedLanes(y) > 0 && maskedLanes(x) === 0) return masked(l, x, y, true, false, target);
  const whole = laneMask(l, { kind: "op", name: "vector.andnot", args }, target);
  if (whole !== null) return whole;
  const later = isFoldableLater(l, x, rowOf.pandn, y);
  l.hold(later ? -1 : l.value(x));
  const b = l.value(y);
  const held = l.release();
  const a = later ? l.operand(x, "pandn") : held;
  return l.vector("pandn", l.result("vector", target), b, a);
};

/** Or, exclusive or and not: of masks in mask registers, if both are. */
function logic(name: "vector.or" | "vector.xor" | "vector.not", plain: Rule): Rule {
  return (l, args, target) => laneMask(l, { kind: "op", name, args }, target) ?? plain(l, args, target);
}

const compare = (name: string): Rule => (l, args, target) =>
  laneMask(l, { kind: "op", name: name as "f32x.eq", args }, target)!;

/** Sets flags by a test of a vector, and returns the condition code under which it holds; or null for other operations. */
export function testVector(l: Lowering, name: string, args: readonly Code[]): number | null {
  if (name === "vector.any_true") {
    if (l.evex && maskedLanes(args[0]!) > 0) {
      const chosen = mask(l, args[0]!);
      l.vector("kortestw", -1, chosen, chosen);
    } else {
      const a = l.value(args[0]!);
      if (l.evex) {
        const some = l.vector("ptestmd", l.register("mask"), a, a);
        l.vector("kortestw", -1, some, some);
      } else {
        l.vector("ptest", -1, a, a);
      }
    }
    return conditions.ne;
  }
  if (name !== "i32x.all_true") return null;
  const a = l.value(args[0]!);
  if (l.evex) {
    const none = l.vector("ptestnmd", l.register("mask"), a, a);
    l.vector("kortestw", -1, none, none);
  } else {
    const none = l.vector("pcmpeqd", l.register("vector"), a, zero(l));
    l.vector("ptest", -1, none, none);
  }
  return conditions.e;
}

/** The sign of every lane as a bit. */
const bitmask: Rule = (l, [x], target) => {
  if (l.evex) {
    const chosen = maskedLanes(x!) === 4 ? mask(l, x!) : l.vector("pmovd2m", l.register("mask"), -1, l.value(x!));
    return l.vector("kmovwTo", l.result("i32", target), -1, chosen);
  }
  const a = l.value(x!);
  return l.vector("movmskps", l.result("i32", target), -1, a);
};

const test = (name: string): Rule => (l, args, target) => {
  const condition = testVector(l, name, args)!;
  const d = l.result("i32", target);
  l.emit(kinds.setIf, condition, d, -1, -1, 0);
  return d;
};

const comparisons = [
  ...["f32x", "f64x"].flatMap((lane) => ["eq", "ne", "lt", "gt", "le", "ge"].map((what) => `${lane}.${what}`)),
  ...["i32x", "i64x"].flatMap((lane) => ["eq", "ne", "lt_s", "gt_s", "le_s", "ge_s"].map((what) => `${lane}.${what}`)),
  "i32x.gt_u",
];

/** The rules of operations on vectors. */
export const vectorOperations: { readonly [name: string]: Rule } = {
  ...Object.fromEntries(
    ([["f32", "ps"], ["f64", "pd"]] as const).flatMap(([lane, suffix]): [string, Rule][] => [
      [`${lane}x.add`, binary(`add${suffix}`, true)],
      [`${lane}x.sub`, binary(`sub${suffix}`)],
      [`${lane}x.mul`, binary(`mul${suffix}`, true)],
      [`${lane}x.div`, binary(`div${suffix}`)],
      [`${lane}x.sqrt`, unary(`sqrt${suffix}`)],
      [`${lane}x.nearest`, unary(`round${suffix}`, 8)],
      [`${lane}x.floor`, unary(`round${suffix}`, 9)],
      [`${lane}x.ceil`, unary(`round${suffix}`, 10)],
      [`${lane}x.trunc`, unary(`round${suffix}`, 11)],
      [`${lane}x.min`, extreme("min", lane)],
      [`${lane}x.max`, extreme("max", lane)],
      [`${lane}x.pmin`, pseudo(`min${suffix}`)],
      [`${lane}x.pmax`, pseudo(`max${suffix}`)],
    ]),
  ),
  ...Object.fromEntries(comparisons.map((name) => [name, compare(name)])),
  "f32x.abs": withConstant("pand", 0x7fff_ffff, 0x7fff_ffff),
  "f32x.neg": withConstant("pxor", -(2 ** 31), -(2 ** 31)),
  "f64x.abs": withConstant("pand", -1, 0x7fff_ffff),
  "f64x.neg": withConstant("pxor", 0, -(2 ** 31)),
  "f32x.relaxed_madd": multiplyAdd(0, "f32"),
  "f64x.relaxed_madd": multiplyAdd(1, "f64"),
  "f32x.relaxed_nmadd": multiplyAdd(2, "f32"),
  "f64x.relaxed_nmadd": multiplyAdd(3, "f64"),
  "vector.not": logic("vector.not", withConstant("pxor", -1, -1)),
  "vector.and": and,
  "vector.andnot": andnot,
  "vector.or": logic("vector.or", binary("por", true)),
  "vector.xor": logic("vector.xor", binary("pxor", true)),
  "vector.bitselect": bitselect,
  "vector.any_true": test("vector.any_true"),
  "i32x.all_true": test("i32x.all_true"),
  "i32x.bitmask": bitmask,
  "i32x.abs": unary("pabsd"),
  "i32x.neg": negated("psubd"),
  "i32x.add": binary("paddd", true),
  "i32x.sub": binary("psubd"),
  "i32x.mul": binary("pmulld", true),
  "i32x.min_s": binary("pminsd", true),
  "i32x.max_s": binary("pmaxsd", true),
  "i32x.max_u": binary("pmaxud", true),
  "i32x.shl": shift(32, "pslld"),
  "i32x.shr_s": shift(32, "psrad"),
  "i32x.shr_u": shift(32, "psrld"),
  "i64x.abs": absolute64,
  "i64x.neg": negated("psubq"),
  "i64x.add": binary("paddq", true),
  "i64x.sub": binary("psubq"),
  "i64x.mul": multiply64,
  "i64x.shl": shift(64, "psllq"),
  "i64x.shr_s": shift(64, "psraq"),
  "i64x.shr_u": shift(64, "psrlq"),
  "i64x.extmul_low_i32x_u": wideProduct(false),
  "i64x.extmul_high_i32x_u": wideProduct(true),
  "i8x.splat": splat("i8"),
  "i16x.splat": splat("i16"),
  "i32x.splat": splat("i32"),
  "i64x.splat": splat("i64"),
  "f32x.splat": splat("f32"),
  "f64x.splat": splat("f64"),
  "i8x.swizzle": swizzle,
  "i8x.narrow_i16x_s": narrow("packsswb"),
  "i8x.narrow_i16x_u": narrow("packuswb"),
  "i16x.narrow_i32x_s": narrow("packssdw"),
  "i16x.narrow_i32x_u": narrow("packusdw"),
  "i16x.extend_low_i8x_s": unary("pmovsxbw"),
  "i16x.extend_low_i8x_u": unary("pmovzxbw"),
  "i32x.extend_low_i16x_s": unary("pmovsxwd"),
  "i32x.extend_low_i16x_u": unary("pmovzxwd"),
  "i64x.extend_low_i32x_s": unary("pmovsxdq"),
  "i64x.extend_low_i32x_u": unary("pmovzxdq"),
  "f32x.convert_i32x_s": unary("cvtdq2ps"),
  "f32x.convert_i32x_u": convertUnsigned,
  "f64x.convert_low_i32x_s": unary("cvtdq2pd"),
  "f64x.convert_low_i32x_u": convertLowUnsigned,
  "f32x.demote_f64x_zero": unary("cvtpd2ps"),
  "f64x.promote_low_f32x": unary("cvtps2pd"),
  "i32x.trunc_sat_f32x_s": truncateSingle,
  "i32x.trunc_sat_f64x_s_zero": truncateDoubles,
};
