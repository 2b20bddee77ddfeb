/**
 * Code as a list of instructions of the processor, with virtual registers. Instructions are rows of integers, so that thousands of
 * them cost little.
 */
import { type VectorInstruction, type VectorInstructionName, vectorInstructions } from "../x86/instructions.ts";
import { type TileInstructionName, tileInstructions } from "../x86/tile_instructions.ts";

/** Types of virtual registers. */
export const types = { i32: 0, i64: 1, f32: 2, f64: 3, vector: 4, mask: 5 } as const;

/** The classes of registers, by type: general, vector and mask registers. */
export const classOf: readonly number[] = [0, 0, 1, 1, 1, 2];
export const classes = 3;

/** Kinds of instructions. */
export const kinds = {
  /** A vector instruction of the table: see {@link Fields}. */
  vector: 0,
  /** d = a · b + c (or −a · b + c); `row` is one of {@link fmaRows}. Memory takes the place of b (or of c, if `imm` is 1). */
  fma: 1,
  /** d = a. */
  move: 2,
  /** d = the constant of the pool at `disp`, with all of its bytes. */
  constant: 3,
  /** d = 0. */
  zero: 4,
  /** d = imm (i32), or disp · 2^32 + imm (i64). */
  integer: 5,
  /** d = the memory operand; `row` is the opcode, `imm` 1 for 64 bits. */
  load: 6,
  /** The memory operand = a; `row` is the opcode, `imm` 1 for 64 bits. */
  store: 7,
  /** d = a op b, where b may be memory or the constant imm; `row` is the number of the operation; c is 1 for 64 bits. */
  alu: 8,
  aluImmediate: 9,
  multiply: 10,
  multiplyImmediate: 11,
  /** d = a shifted by imm; `row` is the opcode's extension. */
  shift: 12,
  /** d = a / b, or the remainder; `row` is a sum of {@link divisions}. */
  divide: 13,
  /** d = f(a); `row` is the opcode. */
  unary: 14,
  /** Sets flags by a − b; b may be memory or imm. */
  compare: 15,
  compareImmediate: 16,
  /** Sets flags by a & a. */
  test: 17,
  /** d = whether the condition `row` holds. */
  setIf: 18,
  /** d = the condition `row` holds ? a : b. */
  select: 19,
  /** The label `imm`, at a multiple of `row` bytes. */
  label: 20,
  jump: 21,
  jumpIf: 22,
  /** The outgoing argument at `imm` bytes = a. */
  argument: 23,
  call: 24,
  /** d = the result of the call before. */
  result: 25,
  /** d = the parameter number `row`, at `imm` bytes. */
  parameter: 26,
  /** Returns a, or nothing. */
  ret: 27,
  /** Stops the run unless the memory operand's first `imm` bytes (times b, if there is one) lie in the memory. */
  check: 28,
  /** d = a + b · 2^imm + disp. */
  address: 29,
  /** A hint that the memory operand is needed soon; `row` is the opcode, `imm` its extension. */
  prefetch: 30,
  /**
   * An instruction on tiles; `row` is one of {@link tileRows}, `imm` the numbers of three tiles, 3 bits each. Its memory operand, if it has
   * one, is a tile's rows, one after the other, or a constant.
   */
  tile: 31,
} as const;

/** Parts of `row` of `divide`. */
export const divisions = { signed: 1, remainder: 2, safe: 4 } as const;

/** Conditions of two flags: equal and ordered, and its contrary. Others are those of {@link conditions}. */
export const equalOrdered = 16;
export const notEqualOrUnordered = 17;

/** The fields of an instruction. */
export const field = {
  kind: 0,
  row: 1,
  /** The register that is defined, or -1. */
  d: 2,
  /** From here to `index`: registers that are used, or -1. c is the old value of d, or the fourth register of a blend. */
  a: 3,
  b: 4,
  c: 5,
  /** The mask of a vector instruction, or -1. */
  mask: 6,
  /** The memory operand: a register and a displacement. */
  index: 7,
  disp: 8,
  imm: 9,
  flags: 10,
} as const;
export const stride = 11;

/** Bits of the field `flags`. The lowest two are the length of vectors in the prefix. */
export const flag = {
  memory: 4,
  /** The memory operand is in the pool of constants, at `disp`. */
  pool: 8,
  /** The memory operand is one lane, for all. */
  broadcast: 16,
  zeroing: 32,
  /** a, b, index and mask are used after d is written: they get other registers. */
  late: 64,
} as const;

/** The rows of vector instructions. */
export const rows: readonly VectorInstruction[] = Object.values(vectorInstructions);

/** The index of every vector instruction. */
export const rowOf: { readonly [Name in VectorInstructionName]: number } = Object.fromEntries(
  Object.keys(vectorInstructions).map((name, i) => [name, i]),
) as Record<VectorInstructionName, number>;

/** The forms of multiply-add that differ in the operand that they overwrite: 132, 213, 231. */
export const fmaRows: readonly (readonly [number, number, number])[] = [
  [rowOf.fmadd132ps, rowOf.fmadd213ps, rowOf.fmadd231ps],
  [rowOf.fmadd132pd, rowOf.fmadd213pd, rowOf.fmadd231pd],
  [rowOf.fnmadd132ps, rowOf.fnmadd213ps, rowOf.fnmadd231ps],
  [rowOf.fnmadd132pd, rowOf.fnmadd213pd, rowOf.fnmadd231pd],
];

/** The instructions on tiles, and the index of every one. */
export const tileRows: readonly VectorInstruction[] = Object.values(tileInstructions);
export const tileRowOf: { readonly [Name in TileInstructionName]: number } = Object.fromEntries(
  Object.keys(tileInstructions).map((name, i) => [name, i]),
) as Record<TileInstructionName, number>;

/** The instructions of a function. */
export class LinearCode {
  words: Int32Array = new Int32Array(stride * 256);
  /** The number of instructions. */
  length = 0;
  /** The types of virtual registers. */
  readonly types: number[] = [];
  /** The nesting of loops at every instruction. */
  depths: Uint8Array = new Uint8Array(256);
  depth = 0;
  /** Whether it calls functions. */
  calls = false;

  /** A new virtual register. */
  register(type: number): number {
    return this.types.push(type) - 1;
  }

  emit(
    kind: number,
    row: number,
    d: number,
    a: number,
    b: number,
    c: number,
    index: number,
    disp: number,
    imm: number,
    mask: number,
    flags: number,
  ): void {
    if (this.length === this.depths.length) this.grow();
    const { words } = this;
    this.depths[this.length] = this.depth;
    const at = this.length++ * stride;
    words[at] = kind;
    words[at + 1] = row;
    words[at + 2] = d;
    words[at + 3] = a;
    words[at + 4] = b;
    words[at + 5] = c;
    words[at + 6] = mask;
    words[at + 7] = index;
    words[at + 8] = disp;
    words[at + 9] = imm;
    words[at + 10] = flags;
  }

  private grow(): void {
    const words = new Int32Array(2 * this.words.length);
    words.set(this.words);
    this.words = words;
    const depths = new Uint8Array(2 * this.depths.length);
    depths.set(this.depths);
    this.depths = depths;
  }
}
