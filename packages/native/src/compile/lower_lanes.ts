/** Single lanes, lanes in another order, and the operations of wide vectors. */
import type { Node } from "@heddle/tensor/code";
import type { VectorInstructionName } from "../x86/instructions.ts";
import { flag, kinds } from "./linear_code.ts";
import { inMemory, type Lowering } from "./lower.ts";
import { isTileOperation, tile } from "./lower_tiles.ts";
import { Unsupported } from "./target.ts";

/** The mask register with some bits. */
function constantMask(l: Lowering, bits: number): number {
  const r = l.register("i32");
  l.emit(kinds.integer, 0, r, -1, -1, bits);
  return l.vector("kmovwFrom", l.register("mask"), -1, r);
}

/** The 16 bytes with a lane as the low ones, and the lane's number in them. */
function pieceOf(l: Lowering, a: number, lane: number, bytes: number): readonly [number, number] {
  const piece = Math.floor(lane * bytes / 16);
  const within = lane % (16 / bytes);
  if (piece === 0) return [a, within];
  return [l.vector("extractf128", l.register("vector"), a, -1, piece), within];
}

export function lane(l: Lowering, node: Extract<Node, { kind: "lane" }>, target: number): number {
  const { name, args } = node;
  const bytes = name.startsWith("i32") || name.startsWith("f32") ? 4 : 8;
  if (node.lane >= l.bytes / bytes) throw new Unsupported(`lane ${node.lane} of vectors of ${l.bytes} bytes`);
  if (name.endsWith("extract_lane")) {
    const [a, k] = pieceOf(l, l.value(args[0]!), node.lane, bytes);
    switch (name) {
      case "i32x.extract_lane":
        if (k === 0) return l.vector("movdTo", l.result("i32", target), a, -1);
        return l.vector("pextrd", l.result("i32", target), a, -1, k);
      case "i64x.extract_lane":
        if (k === 0) return l.vector("movqTo", l.result("i64", target), a, -1);
        return l.vector("pextrq", l.result("i64", target), a, -1, k);
      case "f32x.extract_lane":
        return l.vector("pshufd", l.result("f32", target), -1, a, k, -1, -1, 0);
      default:
        return l.vector("pshufd", l.result("f64", target), -1, a, k === 0 ? 0xe4 : 0xee, -1, -1, 0);
    }
  }
  l.hold(l.value(args[0]!));
  const value = l.value(args[1]!);
  const a = l.release();
  if (l.bytes === 16) {
    const d = l.result("vector", target);
    switch (name) {
      case "i32x.replace_lane":
        return l.vector("pinsrd", d, a, value, node.lane);
      case "i64x.replace_lane":
        return l.vector("pinsrq", d, a, value, node.lane);
      case "f32x.replace_lane":
        return l.vector("insertps", d, a, value, node.lane << 4);
      default:
        return l.vector(node.lane === 0 ? "movsdLow" : "unpcklpd", d, a, value);
    }
  }
  // The value in all lanes, of which one is chosen.
  const integer = name.startsWith("i");
  let low = value;
  if (integer) low = l.vector(bytes === 4 ? "movd" : "movq", l.register("f64"), -1, value);
  const all = l.vector(bytes === 4 ? "broadcastss" : "pbroadcastq", l.register("vector"), -1, low);
  return chooseLanes(l, target, a, all, bytes, 1 << node.lane);
}

/** b in the lanes whose bits are set, a elsewhere. */
function chooseLanes(l: Lowering, target: number, a: number, b: number, bytes: number, bits: number): number {
  if (l.evex) {
    const chosen = constantMask(l, bits);
    return l.vector(bytes === 4 ? "blendmps" : "blendmpd", l.result("vector", target), a, b, 0, -1, chosen);
  }
  let words = bits;
  if (bytes === 8) words = [0, 1, 2, 3].reduce((sum, lane) => sum | (bits >> lane & 1) * (3 << 2 * lane), 0);
  return l.vector("pblendd", l.result("vector", target), a, b, words);
}

/** Bytes of two vectors of 16 bytes. */
export function shuffle(l: Lowering, node: Extract<Node, { kind: "shuffle" }>, target: number): number {
  if (l.bytes !== 16) throw new Unsupported("shuffle on vectors of more than 16 bytes");
  const [a, b] = l.two(node.args[0]!, node.args[1]!);
  const bytes = a === b ? node.bytes.map((byte) => byte & 15) : node.bytes;
  const single = bytes.every((byte) => byte < 16) ? a : bytes.every((byte) => byte >= 16) ? b : -1;
  const words = [0, 1, 2, 3].map((i) => bytes[4 * i]! / 4);
  const byWords = words.every(Number.isInteger) && bytes.every((byte, i) => byte === 4 * words[i >> 2]! + i % 4);
  if (byWords) {
    const found = shuffleWords(l, target, words, a, b, single);
    if (found !== null) return found;
  }
  // Bytes in a row of one or of both.
  if (bytes.every((byte, i) => byte === bytes[0]! + i)) {
    return l.vector("palignr", l.result("vector", target), b, a, bytes[0]!);
  }
  const pick = (v: number, first: number, into: number): number => {
    const indices = bytes.map((byte) => byte >= first && byte < first + 16 ? byte - first : 0x80);
    l.wholeConstant(
      [0, 1, 2, 3].map((i) =>
        indices[4 * i]! | indices[4 * i + 1]! << 8 | indices[4 * i + 2]! << 16 | indices[4 * i + 3]! << 24
      ),
    );
    return l.vector("pshufb", into, v, inMemory);
  };
  if (single >= 0) return pick(single, single === b && single !== a ? 16 : 0, l.result("vector", target));
  const [x, y] = [pick(a, 0, l.register("vector")), pick(b, 16, l.register("vector"))];
  return l.vector("por", l.result("vector", target), x, y);
}

/** Words 0 to 7 of two vectors, if there is a short way. */
function shuffleWords(
  l: Lowering,
  target: number,
  words: readonly number[],
  a: number,
  b: number,
  single: number,
): number | null {
  const pick = (list: readonly number[]): number => list.reduce((sum, word, i) => sum | (word & 3) << 2 * i, 0);
  const d = (): number => l.result("vector", target);
  if (single >= 0) {
    if (words.every((word, i) => (word & 3) === i)) return single;
    return l.vector("pshufd", d(), -1, single, pick(words));
  }
  const text = words.join("");
  const zips: { readonly [words: string]: readonly [VectorInstructionName, number, number] } = {
    "0415": ["unpcklps", a, b],
    "4051": ["unpcklps", b, a],
    "2637": ["unpckhps", a, b],
    "6273": ["unpckhps", b, a],
  };
  const zip = zips[text];
  if (zip !== undefined) return l.vector(zip[0], d(), zip[1], zip[2]);
  const fromB = words.map((word) => word >= 4);
  if (!fromB[0] && !fromB[1] && fromB[2] && fromB[3]) return l.vector("shufps", d(), a, b, pick(words));
  if (fromB[0] && fromB[1] && !fromB[2] && !fromB[3]) return l.vector("shufps", d(), b, a, pick(words));
  const bits = fromB.reduce((sum, isB, i) => sum | Number(isB) << i, 0);
  if (l.evex) {
    const order = l.constant("vector", -1, words);
    const result = l.result("vector", target, a, b);
    return l.vector("permi2d", result, a, b, 0, order, -1, 3 | flag.late);
  }
  const moved = (v: number): number =>
    words.every((word, i) => (v === b) !== fromB[i] || (word & 3) === i)
      ? v
      : l.vector("pshufd", l.register("vector"), -1, v, pick(words));
  const [x, y] = [moved(a), moved(b)];
  return l.vector("pblendd", d(), x, y, bits);
}

/** The mask of the first lanes: a mask register, or a vector of ones and zeros. */
function firstLanes(l: Lowering, count: number, bytes: number): number {
  if (l.evex) {
    const ones = l.register("i32");
    l.emit(kinds.integer, 0, ones, -1, -1, -1);
    const bits = l.vector("bzhi", l.register("i32"), ones, count);
    return l.vector("kmovwFrom", l.register("mask"), -1, bits);
  }
  const low = l.vector("movd", l.register("f64"), -1, count);
  const all = l.vector(bytes === 4 ? "pbroadcastd" : "pbroadcastq", l.register("vector"), -1, low);
  const lanes = l.bytes / bytes;
  const indices = Array.from({ length: lanes }, (_, i) => bytes === 4 ? [i] : [i, 0]).flat();
  const order = l.constant("vector", -1, indices);
  return l.vector(bytes === 4 ? "pcmpgtd" : "pcmpgtq", l.register("vector"), all, order);
}

/** Instructions within each 16 bytes, or of pieces of 16 bytes. */
const pairs: { readonly [name: string]: VectorInstructionName } = {
  shuffle_quads: "shufps",
  zip_low32: "unpcklps",
  zip_high32: "unpckhps",
  zip_low64: "unpcklpd",
  zip_high64: "unpckhpd",
  multiply_even32: "pmuludq",
};

export function wide(l: Lowering, node: Extract<Node, { kind: "wide" }>, target: number): number {
  const { name, immediate, args } = node;
  if (isTileOperation(name)) return tile(l, node);
  const bytes = name.endsWith("64") ? 8 : 4;
  const unary = (): number => l.value(args[0]!);
  switch (name) {
    case "load_first32":
    case "load_first64": {
      l.hold(l.addressRegister(args[0]!));
      const count = l.value(args[1]!);
      const chosen = firstLanes(l, count, bytes);
      l.setAddress(l.release(), immediate, bytes, count);
      const d = l.result("vector", target);
      if (l.evex) {
        return l.vector(bytes === 4 ? "movups" : "movupd", d, -1, inMemory, 0, -1, chosen, 3 | flag.zeroing);
      }
      return l.vector(bytes === 4 ? "pmaskmovd" : "pmaskmovq", d, chosen, inMemory);
    }
    case "store_first32":
    case "store_first64": {
      l.hold(l.addressRegister(args[0]!));
      l.hold(l.value(args[1]!));
      const count = l.value(args[2]!);
      const chosen = firstLanes(l, count, bytes);
      const value = l.release();
      l.setAddress(l.release(), immediate, bytes, count);
      if (l.evex) {
        return l.vector(bytes === 4 ? "movupsStore" : "movupdStore", -1, value, inMemory, 0, -1, chosen);
      }
      return l.maskedStore(bytes === 4 ? "pmaskmovdStore" : "pmaskmovqStore", value, chosen);
    }
    case "prefetch":
    case "prefetch_written": {
      l.setAddress(l.addressRegister(args[0]!), immediate, 0);
      const [opcode, extension] = name === "prefetch" ? [0x0f18, 2] : [0x0f0d, 1]; // into the second level, or for writing
      l.emitOperand(kinds.prefetch, opcode, -1, -1, inMemory, extension);
      return -1;
    }
    case "choose_first32":
    case "choose_first64": {
      l.hold(l.value(args[0]!));
      l.hold(l.value(args[1]!));
      const b = l.value(args[2]!);
      const a = l.release();
      const chosen = firstLanes(l, l.release(), bytes);
      const d = l.result("vector", target);
      if (l.evex) return l.vector(bytes === 4 ? "blendmps" : "blendmpd", d, b, a, 0, -1, chosen);
      return l.vector("blendvps", d, b, a, 0, chosen);
    }
    case "turn": {
      const a = unary();
      const lanes = l.bytes / 4;
      const by = immediate % lanes;
      if (l.bytes === 16) return l.vector("pshufd", l.result("vector", target), -1, a, [0xe4, 0x39, 0x4e, 0x93][by]!);
      if (l.evex) return l.vector("alignd", l.result("vector", target), a, a, by);
      if (by === 4) return l.vector("perm2f128", l.result("vector", target), a, a, 1);
      if (by === 2 || by === 6) return l.vector("permq", l.result("vector", target), -1, a, by === 2 ? 0x39 : 0x93);
      const order = l.constant("vector", -1, Array.from({ length: lanes }, (_, i) => (i + by) % lanes));
      return l.vector("permd", l.result("vector", target), order, a);
    }
    case "repeat_quarter": {
      if (l.bytes === 16) return unary();
      const a = l.operand(args[0]!, "broadcastf128");
      if (a === inMemory) return l.vector("broadcastf128", l.result("vector", target), -1, a);
      return pieces(l, target, a, a, 0);
    }
    case "quarter": {
      const a = unary();
      if (immediate === 0) return a;
      return l.vector("extractf128", l.result("vector", target), a, -1, immediate);
    }
    case "with_quarter": {
      if (l.bytes === 16) return l.two(args[0]!, args[1]!)[1];
      l.hold(l.value(args[0]!));
      const b = l.operand(args[1]!, "insertf128");
      return l.vector("insertf128", l.result("vector", target), l.release(), b, immediate);
    }
    case "narrow64": {
      const a = unary();
      if (l.evex) return l.vector("pmovqd", l.result("vector", target), a, -1);
      const low = l.vector("pshufd", l.register("vector"), -1, a, 0x08);
      const half = l.bytes === 16 ? low : l.vector("permq", l.register("vector"), -1, low, 0x08);
      l.wholeConstant(Array.from({ length: l.bytes / 4 }, (_, i) => 2 * i < l.bytes / 4 ? -1 : 0));
      return l.vector("pand", l.result("vector", target), half, inMemory);
    }
    case "spread32":
    case "spread64":
      return l.vector(bytes === 4 ? "broadcastss" : "pbroadcastq", l.result("vector", target), -1, unary());
    case "shuffle_pieces": {
      const [a, b] = l.two(args[0]!, args[1]!);
      return pieces(l, target, a, b, immediate);
    }
    case "round_both": {
      if (!l.evex || l.bytes !== 64) throw new Unsupported(`${name} on vectors of ${l.bytes} bytes`);
      const [a, b] = l.two(args[0]!, args[1]!);
      return l.vector("cvtne2ps2bf16", l.result("vector", target), b, a);
    }
    case "zip_halves16": {
      if (!l.evex || l.bytes !== 64) throw new Unsupported(`${name} on vectors of ${l.bytes} bytes`);
      const order = l.constant("vector", -1, Array.from({ length: 16 }, (_, i) => i | (16 + i) << 16));
      return l.vector("permw", l.result("vector", target), order, unary());
    }
    default: {
      const instruction = pairs[name];
      if (instruction === undefined) throw new Unsupported(name);
      const [a, b] = l.two(args[0]!, args[1]!);
      return l.vector(instruction, l.result("vector", target), a, b, immediate);
    }
  }
}

/** Pieces of 16 bytes: two of a, then two of b; on 32 bytes one of each. */
function pieces(l: Lowering, target: number, a: number, b: number, selection: number): number {
  if (l.bytes === 16) throw new Unsupported("pieces of vectors of 16 bytes");
  if (l.evex) return l.vector("shuff32x4", l.result("vector", target), a, b, selection);
  return l.vector("perm2f128", l.result("vector", target), a, b, selection & 1 | (2 + (selection >> 1 & 1)) << 4);
}
