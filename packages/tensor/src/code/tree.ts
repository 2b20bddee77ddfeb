/**
 * Generated code as a tree of typed operations. It is written as nested expressions, as in WebAssembly's folded text format:
 * `op("i32.add", get(i), i32(4))`. A statement is an expression without a value. A list of statements may end with a value.
 *
 * Nothing here depends on the number of lanes of a vector, which belongs to the function. A renderer turns the tree into
 * WebAssembly, where vectors have 16 bytes; a package of native code may render it for wider ones.
 */
import type { LaneOperation, MemoryLaneOperation, MemoryOperation, Operation, ValueType } from "./operations.ts";

/** A tree of code: an operation, or a list of statements, the last of which may be a value. */
export type Code = Node | readonly Code[];

/** A local variable. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** A tuple of `Count` locals. */
export type Locals<Count extends number, Those extends Local[] = []> = Those["length"] extends Count ? Those
  : Locals<Count, [...Those, Local]>;

/** An operation. Operands are evaluated in their order. */
export type Node =
  | { readonly kind: "op"; readonly name: Operation; readonly args: readonly Code[] }
  /** Lanes are counted within the low 16 bytes. The others keep their values. */
  | { readonly kind: "lane"; readonly name: LaneOperation; readonly lane: number; readonly args: readonly Code[] }
  /** Offsets are in bytes, at least 0, and added to the address. */
  | {
    readonly kind: "memory";
    readonly name: MemoryOperation;
    readonly offset: number;
    readonly args: readonly Code[];
  }
  /** Lanes are counted within the low 16 bytes. In wider vectors the others become undefined. */
  | {
    readonly kind: "memoryLane";
    readonly name: MemoryLaneOperation;
    readonly offset: number;
    readonly lane: number;
    readonly args: readonly Code[];
  }
  | { readonly kind: "wide"; readonly name: WideOperation; readonly immediate: number; readonly args: readonly Code[] }
  | { readonly kind: "i32" | "f32" | "f64"; readonly value: number }
  | { readonly kind: "i64"; readonly value: bigint }
  /** The same 64 bits (two words of 32) in all lanes. */
  | { readonly kind: "splat"; readonly low: number; readonly high: number }
  /** A vector of 32-bit words, lane by lane. */
  | { readonly kind: "lanes"; readonly words: readonly number[] }
  /** Bytes 0 to 31 of two vectors of 16 bytes. */
  | { readonly kind: "shuffle"; readonly bytes: readonly number[]; readonly args: readonly Code[] }
  | { readonly kind: "get"; readonly local: Local }
  | { readonly kind: "set" | "tee"; readonly local: Local; readonly value: Code }
  | { readonly kind: "call"; readonly callee: { readonly index: number }; readonly args: readonly Code[] }
  | { readonly kind: "block" | "loop"; readonly body: readonly Code[] }
  | { readonly kind: "branch"; readonly depth: number; readonly condition: Code | null }
  | {
    readonly kind: "if";
    /** The type of the value, or null for a statement. */
    readonly type: ValueType | null;
    readonly condition: Code;
    readonly then: Code;
    readonly otherwise: Code | null;
  };

/**
 * Operations on vectors of more than 16 bytes, which WebAssembly does not have. Counts of lanes are i32 values from 0 to the number of
 * lanes; `immediate` is explained with each.
 */
export type WideOperation =
  /** `(address, count)`: the first `count` lanes of 32 (or 64) bits, and zeros. Nothing else is read. Immediate: the offset. */
  | "load_first32"
  | "load_first64"
  /** `(address, value, count)`: stores the first `count` lanes, and nothing else. Immediate: the offset. */
  | "store_first32"
  | "store_first64"
  /** `(address)`: a hint that the cache line will soon be read (or written). Any address is allowed. Immediate: the offset. */
  | "prefetch"
  | "prefetch_written"
  /** `(count, a, b)`: the first `count` lanes of a, the rest of b. */
  | "choose_first32"
  | "choose_first64"
  /** `(a)`: lane i becomes lane i + immediate, in circles. Lanes have 32 bits. */
  | "turn"
  /** `(a)`: the low 16 bytes, repeated. */
  | "repeat_quarter"
  /** `(a)`: the 16 bytes at 16 · immediate, as the low bytes of the result. The others are undefined. */
  | "quarter"
  /** `(a, b)`: a with the low 16 bytes of b at 16 · immediate. */
  | "with_quarter"
  /** `(a)`: the low 32 bits of each 64-bit lane, in the low half, and zeros. */
  | "narrow64"
  /** `(a)`: the first lane of 32 (or 64) bits in all lanes. */
  | "spread32"
  | "spread64"
  /** `(a, b)`: within each 16 bytes, four lanes of 32 bits: two of a, then two of b, by two bits each of the immediate. */
  | "shuffle_quads"
  /** `(a, b)`: within each 16 bytes, the low (or high) lanes of a and b in turns. */
  | "zip_low32"
  | "zip_high32"
  | "zip_low64"
  | "zip_high64"
  /** `(a, b)`: the products of the lanes 0, 2, … of 32 bits, unsigned, in lanes of 64 bits. */
  | "multiply_even32"
  /** `(a, b)`: 16-byte pieces: two of a, then two of b, by two bits each of the immediate. On 32 bytes: one and one, by one bit. */
  | "shuffle_pieces"
  /**
   * `(a, b)`: lanes of float32 rounded to bfloat16, ties to even, in lanes of 16 bits: those of a, then those of b. Numbers below the
   * least normal one become zero. On 64 bytes, for targets with tiles.
   */
  | "round_both"
  /** `(a)`: lanes of 16 bits: the low half of the vector and the high half in turns. On 64 bytes. */
  | "zip_halves16"
  | TileOperation;

/**
 * Operations on tiles, for targets that have them. There are eight, of 16 rows of 64 bytes, between `tiles_begin` and `tiles_end`.
 * No function may be called in between.
 */
export type TileOperation =
  /** `()`: tiles may be used from here on. Their contents are zeros. */
  | "tiles_begin"
  /** `()`: tiles are no longer used. */
  | "tiles_end"
  /** `()`: clears the tile with the number of the immediate. */
  | "tile_zero"
  /** `(address)`: loads (or stores) a tile, row after row. Immediate: the offset, a multiple of 8, plus the tile's number. */
  | "tile_load"
  | "tile_store"
  /**
   * `()`: adds to the tile s, of float32, the product of a and b. The rows of a are 32 numbers of bfloat16, k = 0 to 31. Row i of b has
   * pairs, the numbers for k = 2i and 2i + 1, of 16 columns. Immediate: s + 8 · a + 64 · b. For each element, the products of even k and
   * those of odd k are summed, and then both sums are added. Numbers below the least normal one count as zero, in results too.
   */
  | "tile_multiply";

/** An operation on values. */
export function op(name: Operation, ...args: Code[]): Node {
  return { kind: "op", name, args };
}

/** A constant. */
export function i32(value: number): Node {
  return { kind: "i32", value: value | 0 };
}

/** A constant. */
export function i64(value: bigint): Node {
  return { kind: "i64", value: BigInt.asIntN(64, value) };
}

/** A constant. */
export function f32(value: number): Node {
  return { kind: "f32", value };
}

/** A constant. */
export function f64(value: number): Node {
  return { kind: "f64", value };
}

const scratch = new DataView(new ArrayBuffer(8));

/** A vector constant of equal 32-bit integers. */
export function i32x(value: number): Node {
  return { kind: "splat", low: value | 0, high: value | 0 };
}

/** A vector constant of equal floats. */
export function f32x(value: number): Node {
  scratch.setFloat32(0, value, true);
  return i32x(scratch.getInt32(0, true));
}

/** A vector constant of equal doubles. */
export function f64x(value: number): Node {
  scratch.setFloat64(0, value, true);
  return { kind: "splat", low: scratch.getInt32(0, true), high: scratch.getInt32(4, true) };
}

/** A vector constant of equal 64-bit integers. */
export function i64x(value: bigint): Node {
  scratch.setBigInt64(0, value, true);
  return { kind: "splat", low: scratch.getInt32(0, true), high: scratch.getInt32(4, true) };
}

/** A vector constant of 32-bit integers, one per lane. */
export function lanes(words: readonly number[]): Node {
  return { kind: "lanes", words };
}

/** Selects bytes of two vectors of 16 bytes by index (0 to 31). */
export function shuffle(bytes: readonly number[], a: Code, b: Code): Node {
  return { kind: "shuffle", bytes, args: [a, b] };
}

/** A load, or a store with the value as the last operand. The offset is in bytes. */
export function memory(name: MemoryOperation, offset: number, ...args: Code[]): Node {
  return { kind: "memory", name, offset, args };
}

/** A load into, or a store from, one lane of a vector of 16 bytes. */
export function memoryLane(name: MemoryLaneOperation, offset: number, lane: number, ...args: Code[]): Node {
  return { kind: "memoryLane", name, offset, lane, args };
}

/** Reads or replaces a lane. */
export function lane(name: LaneOperation, lane: number, ...args: Code[]): Node {
  return { kind: "lane", name, lane, args };
}

/** An operation on wide vectors; see {@link WideOperation}. */
export function wide(name: WideOperation, immediate: number, ...args: Code[]): Node {
  return { kind: "wide", name, immediate, args };
}

/** The value of a local. */
export function get(local: Local): Node {
  return { kind: "get", local };
}

/** Sets a local. */
export function set(local: Local, value: Code): Node {
  return { kind: "set", local, value };
}

/** Sets a local, and has its value. */
export function tee(local: Local, value: Code): Node {
  return { kind: "tee", local, value };
}

/** Calls a function of the module, or an imported one. */
export function call(callee: { readonly index: number }, ...args: Code[]): Node {
  return { kind: "call", callee, args };
}

/** A block. `branch(depth)` leaves it. */
export function block(...body: Code[]): Node {
  return { kind: "block", body };
}

/** A loop. `branch(depth)` repeats it. */
export function loop(...body: Code[]): Node {
  return { kind: "loop", body };
}

/** Leaves (or repeats) the block at a nesting depth. */
export function branch(depth: number): Node {
  return { kind: "branch", depth, condition: null };
}

/** {@link branch} when the condition holds. */
export function branchIf(depth: number, condition: Code): Node {
  return { kind: "branch", depth, condition };
}

/** Statements that run if a condition is true. */
export function when(condition: Code, then: Code, otherwise: Code | null = null): Node {
  return { kind: "if", type: null, condition, then, otherwise };
}

/** One of two values, by a condition. Only the chosen one is computed. */
export function choose(type: ValueType, condition: Code, then: Code, otherwise: Code): Node {
  return { kind: "if", type, condition, then, otherwise };
}

/** `while (condition) body`. */
export function whileLoop(condition: Code, ...body: Code[]): Node {
  return block(loop(branchIf(1, op("i32.eqz", condition)), ...body, branch(0)));
}
