/** Loads and stores. */
import type { Code, Node } from "@heddle/tensor/code";
import type { VectorInstructionName } from "../x86/instructions.ts";
import { flag, kinds, rows } from "./linear_code.ts";
import { doubleBits, quiet, singleBits, unwrap } from "./code_tree.ts";
import { inMemory, type Lowering } from "./lower.ts";
import { Unsupported } from "./target.ts";

/** The bytes that a load reads, as a part of the vector's if negative; `broadcast` is what EVEX can do in an instruction. */
interface Foldable {
  readonly memoryBytes: number;
  readonly broadcast: number;
}

const foldableLoads: { readonly [name: string]: Foldable } = {
  "vector.load": { memoryBytes: -1, broadcast: 0 },
  "vector.load_half": { memoryBytes: -2, broadcast: 0 },
  "vector.load_quarter": { memoryBytes: -4, broadcast: 0 },
  "vector.load32_splat": { memoryBytes: 4, broadcast: 4 },
  "vector.load64_splat": { memoryBytes: 8, broadcast: 8 },
  "f32.load": { memoryBytes: 4, broadcast: 0 },
  "f64.load": { memoryBytes: 8, broadcast: 0 },
};

/** Whether an instruction can read the value of the code from memory. */
export function isFoldable(l: Lowering, code: Code, row: number): boolean {
  const node = unwrap(code);
  if (node === null) return false;
  const { memoryBytes, broadcast, reads } = rows[row]!;
  if (!reads) return false;
  switch (node.kind) {
    case "splat":
      return memoryBytes === -1 && (node.low !== 0 || node.high !== 0);
    case "f32":
      return memoryBytes === 4;
    case "f64":
      return memoryBytes === 8;
    case "memory": {
      const load = foldableLoads[node.name];
      if (load === undefined) return false;
      if (load.broadcast > 0) return l.evex && broadcast === load.broadcast;
      return memoryBytes === load.memoryBytes || memoryBytes === 16 && load.memoryBytes * memoryBytes === -l.bytes;
    }
    default:
      return false;
  }
}

/**
 * Whether an instruction can read the value of the code from memory although other operands are computed between: neither the address
 * nor those operands change anything.
 */
export function isFoldableLater(l: Lowering, code: Code, row: number, ...between: readonly Code[]): boolean {
  return isFoldable(l, code, row) && (isConstant(code) || quiet(code) && between.every((other) => quiet(other)));
}

/** Whether the code is a constant. */
export function isConstant(code: Code): boolean {
  const node = unwrap(code);
  return node !== null && ["i32", "i64", "f32", "f64", "splat", "lanes"].includes(node.kind);
}

/** Sets the memory operand, and returns true, if the instruction can read the value of the code from memory. */
export function fold(l: Lowering, code: Code, row: number): boolean {
  if (!isFoldable(l, code, row)) return false;
  const node = unwrap(code)!;
  switch (node.kind) {
    case "splat":
      l.constantOperand(row, node.low, node.high);
      return true;
    case "f32":
      l.wholeConstant([singleBits(node.value)]);
      return true;
    case "f64":
      l.wholeConstant(doubleBits(node.value));
      return true;
    case "memory": {
      const { memoryBytes, broadcast } = foldableLoads[node.name]!;
      l.address(node.args[0]!, node.offset, memoryBytes < 0 ? l.bytes / -memoryBytes : memoryBytes);
      if (broadcast > 0) l.memoryFlags |= flag.broadcast;
      return true;
    }
  }
  return false;
}

/** Loads into general registers: the opcode, 1 for 64 bits, and the bytes read. */
const integerLoads: { readonly [name: string]: readonly [opcode: number, wide: number, bytes: number] } = {
  "i32.load": [0x8b, 0, 4],
  "i64.load": [0x8b, 1, 8],
  "i32.load8_s": [0x0fbe, 0, 1],
  "i32.load8_u": [0x0fb6, 0, 1],
  "i32.load16_s": [0x0fbf, 0, 2],
  "i32.load16_u": [0x0fb7, 0, 2],
};

const integerStores: { readonly [name: string]: readonly [opcode: number, wide: number, bytes: number] } = {
  "i32.store": [0x89, 0, 4],
  "i64.store": [0x89, 1, 8],
  "i32.store8": [0x88, 0, 1],
  "i32.store16": [0x660089, 0, 2],
};

/** Loads into vector registers, which set the rest to zero or repeat the lane. Negative bytes are a part of the vector's. */
const vectorLoads: { readonly [name: string]: readonly [name: VectorInstructionName, bytes: number] } = {
  "f32.load": ["movss", 4],
  "f64.load": ["movsd", 8],
  "vector.load": ["movups", -1],
  "vector.load8x8_s": ["pmovsxbw", -2],
  "vector.load8x8_u": ["pmovzxbw", -2],
  "vector.load16x4_s": ["pmovsxwd", -2],
  "vector.load16x4_u": ["pmovzxwd", -2],
  "vector.load32x2_s": ["pmovsxdq", -2],
  "vector.load8_splat": ["pbroadcastb", 1],
  "vector.load16_splat": ["pbroadcastw", 2],
  "vector.load32_splat": ["broadcastss", 4],
  "vector.load64_splat": ["pbroadcastq", 8],
};

/** Loads and stores of so many low bytes: the instructions, and the vector's length in their prefix. */
const parts: {
  readonly [bytes: number]: readonly [load: VectorInstructionName, store: VectorInstructionName, length: number];
} = {
  1: ["movss", "pextrb", 0],
  2: ["movss", "pextrw", 0],
  4: ["movss", "movssStore", 0],
  8: ["movsd", "movsdStore", 0],
  16: ["movups", "movupsStore", 0],
  32: ["movups", "movupsStore", 1],
  64: ["movups", "movupsStore", 2],
};

const fractions: { readonly [name: string]: number } = {
  "vector.load_half": 2,
  "vector.load_quarter": 4,
  "vector.store": 1,
  "vector.store_half": 2,
  "vector.store_quarter": 4,
  "vector.store_eighth": 8,
  "vector.store_sixteenth": 16,
};

export function memory(l: Lowering, node: Extract<Node, { kind: "memory" }>, target: number): number {
  const { name, offset, args } = node;
  if (name.includes("store")) return store(l, node);
  const integer = integerLoads[name];
  if (integer !== undefined) {
    const [opcode, wide, bytes] = integer;
    l.address(args[0]!, offset, bytes);
    const d = l.result(wide ? "i64" : "i32", target);
    l.emitOperand(kinds.load, opcode, d, -1, inMemory, wide);
    return d;
  }
  const fraction = fractions[name];
  if (fraction !== undefined) {
    const bytes = l.bytes / fraction;
    l.address(args[0]!, offset, bytes);
    const [load, , length] = parts[bytes]!;
    return l.vector(load, l.result("vector", target), -1, inMemory, 0, -1, -1, length);
  }
  const found = vectorLoads[name];
  if (found === undefined) throw new Unsupported(name);
  const [load, bytes] = found;
  l.address(args[0]!, offset, bytes < 0 ? l.bytes / -bytes : bytes);
  const type = name === "f32.load" ? "f32" : name === "f64.load" ? "f64" : "vector";
  return l.vector(load, l.result(type, target), -1, inMemory);
}

function store(l: Lowering, { name, offset, args }: Extract<Node, { kind: "memory" }>): number {
  const [at, code] = args as [Code, Code];
  l.hold(l.addressRegister(at));
  const value = l.value(code);
  const address = l.release();
  const integer = integerStores[name];
  if (integer !== undefined) {
    const [opcode, wide, bytes] = integer;
    l.setAddress(address, offset, bytes);
    l.emitOperand(kinds.store, opcode, -1, value, inMemory, wide);
    return -1;
  }
  const bytes = name === "f32.store" ? 4 : name === "f64.store" ? 8 : l.bytes / fractions[name]!;
  l.setAddress(address, offset, bytes);
  const [, instruction, length] = parts[bytes]!;
  return l.vector(instruction, -1, value, inMemory, 0, -1, -1, length);
}

/** Loads into and stores from one lane of the low 16 bytes of a vector. Loads set the bytes above to zero. */
export function memoryLane(l: Lowering, node: Extract<Node, { kind: "memoryLane" }>, target: number): number {
  const { name, offset, lane, args } = node;
  const bytes = Number(/\d+/.exec(name)![0]) / 8;
  const stores = name.includes("store");
  l.hold(l.addressRegister(args[0]!));
  const value = l.value(args[1]!);
  l.setAddress(l.release(), offset, bytes);
  if (stores) {
    if (lane === 0 && bytes >= 4) {
      return l.vector(bytes === 4 ? "movssStore" : "movsdStore", -1, value, inMemory);
    }
    if (bytes === 8) return l.vector("movhpsStore", -1, value, inMemory);
    const name = ({ 1: "pextrb", 2: "pextrw", 4: "pextrd" } as const)[bytes as 1 | 2 | 4];
    return l.vector(name, -1, value, inMemory, lane);
  }
  const d = l.result("vector", target);
  if (bytes === 8) return l.vector(lane === 0 ? "movlps" : "movhps", d, value, inMemory);
  const insert = ({ 1: "pinsrb", 2: "pinsrw", 4: "pinsrd" } as const)[bytes as 1 | 2 | 4];
  return l.vector(insert, d, value, inMemory, lane);
}
