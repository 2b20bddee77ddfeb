/** An assembler for x86-64: integer instructions, and vector instructions with VEX (AVX2) and EVEX (AVX-512) prefixes. */
import type { VectorInstruction } from "./instruction_rows.ts";

/** General registers by name. */
export const registers = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
} as const;

/** The condition codes of jumps, `setcc` and `cmovcc`. The lowest bit inverts a condition. */
export const conditions = {
  o: 0,
  no: 1,
  b: 2,
  ae: 3,
  e: 4,
  ne: 5,
  be: 6,
  a: 7,
  s: 8,
  ns: 9,
  p: 10,
  np: 11,
  l: 12,
  ge: 13,
  le: 14,
  g: 15,
} as const;

/** Stands for a register in a method's `rm` operand: the memory operand that was set last. */
export const inMemory = -1;

/** The memory operands that an EVEX instruction multiplies an 8-bit displacement by. */
function displacementUnit(instruction: VectorInstruction, length: number, broadcast: boolean): number {
  if (broadcast) return instruction.broadcast;
  const { memoryBytes } = instruction;
  return memoryBytes > 0 ? memoryBytes : (16 << length) / -memoryBytes;
}

/** Instructions that take the place of `nop`s, by their size. */
const nops: readonly (readonly number[])[] = [
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

/** How an EVEX instruction uses a mask. */
export interface Masking {
  /** The mask register, 1 to 7; 0 for no mask. */
  readonly mask: number;
  /** Lanes that are masked out become zero instead of keeping their values. */
  readonly zeroing: boolean;
}

/**
 * Writes instructions one after the other.
 *
 * A memory operand is set first, by {@link memory} or {@link constant}; the next instruction with {@link inMemory} as its `rm` operand
 * uses it. So no object is created for an operand.
 */
export class Assembler {
  /** The number of bytes so far. */
  length = 0;
  private bytes = new Uint8Array(1 << 12);
  /** The memory operand: base + index · scale + displacement, or an offset into the pool of constants if that is not negative. */
  private base = 0;
  private index = -1;
  private scale = 0;
  private displacement = 0;
  private poolOffset = -1;
  /** The positions of labels; -1 before they are bound. */
  private readonly positions: number[] = [];
  /** Jumps whose target is patched in: the displacement's position, and the label. */
  private readonly jumps: number[] = [];
  /** References to the pool: the displacement's position, the offset, and the number of bytes from the displacement to the next instruction. */
  private readonly references: number[] = [];

  /** Sets the memory operand. The index may be -1; the scale is a power of two from 0 to 3. */
  memory(base: number, displacement: number, index: number = -1, scale: number = 0): void {
    this.base = base;
    this.index = index;
    this.scale = scale;
    this.displacement = displacement;
    this.poolOffset = -1;
  }

  /** Sets the memory operand to an offset into the pool of constants. */
  constant(offset: number): void {
    this.poolOffset = offset;
    this.base = 0;
    this.index = -1;
  }

  // Bytes

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.length + count));
    grown.set(this.bytes);
    this.bytes = grown;
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(16);
    this.bytes[this.length++] = value;
  }

  word32(value: number): void {
    this.reserve(4);
    const { bytes } = this;
    bytes[this.length++] = value;
    bytes[this.length++] = value >> 8;
    bytes[this.length++] = value >> 16;
    bytes[this.length++] = value >> 24;
  }

  private patch(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.bytes[at + i] = value >> 8 * i;
  }

  /** Fills up to a multiple of `size` with instructions that do nothing. */
  align(size: number): void {
    for (let left = (size - this.length % size) % size; left > 0;) {
      const nop = nops[Math.min(left, nops.length) - 1]!;
      for (const byte of nop) this.byte(byte);
      left -= nop.length;
    }
  }

  // Labels

  /** A new label. */
  label(): number {
    return this.positions.push(-1) - 1;
  }

  bind(label: number): void {
    this.positions[label] = this.length;
  }

  private target(label: number): void {
    this.jumps.push(this.length, label);
    this.word32(0);
  }

  /** Jumps back to a label within 128 bytes take two bytes. */
  private near(label: number): number | null {
    const at = this.positions[label]!;
    const distance = at - (this.length + 2);
    return at >= 0 && distance >= -128 ? distance : null;
  }

  jump(label: number): void {
    const near = this.near(label);
    this.byte(near === null ? 0xe9 : 0xeb);
    if (near === null) this.target(label);
    else this.byte(near);
  }

  jumpIf(condition: number, label: number): void {
    const near = this.near(label);
    if (near === null) {
      this.byte(0x0f);
      this.byte(0x80 | condition);
      this.target(label);
    } else {
      this.byte(0x70 | condition);
      this.byte(near);
    }
  }

  call(label: number): void {
    this.byte(0xe8);
    this.target(label);
  }

  /** The code, followed by the pool of constants at the next multiple of 64 bytes. */
  finish(pool: Uint8Array): Uint8Array<ArrayBuffer> {
    this.align(64);
    const start = this.length;
    for (let i = 0; i < this.jumps.length; i += 2) {
      const at = this.jumps[i]!;
      const position = this.positions[this.jumps[i + 1]!]!;
      if (position < 0) throw new Error("assembler: a jump to a label that is not bound");
      this.patch(at, position - (at + 4));
    }
    for (let i = 0; i < this.references.length; i += 3) {
      const at = this.references[i]!;
      this.patch(at, start + this.references[i + 1]! - (at + this.references[i + 2]!));
    }
    const code = new Uint8Array(start + pool.length);
    code.set(this.bytes.subarray(0, start));
    code.set(pool, start);
    return code;
  }

  // Operands

  /**
   * The bytes that name the operands. `unit` is what an 8-bit displacement is multiplied by. `trailing` bytes of the instruction follow.
   */
  private operands(reg: number, rm: number, unit: number, trailing: number): void {
    const r = (reg & 7) << 3;
    if (rm >= 0) return this.byte(0xc0 | r | rm & 7);
    if (this.poolOffset >= 0) {
      this.byte(r | 5);
      this.references.push(this.length, this.poolOffset, 4 + trailing);
      return this.word32(0);
    }
    const { displacement, index } = this;
    const base = this.base & 7;
    const short = displacement / unit;
    const mod = displacement === 0 && base !== 5
      ? 0
      : Number.isInteger(short) && short >= -128 && short < 128
      ? 0x40
      : 0x80;
    if (index >= 0 || base === 4) {
      this.byte(mod | r | 4);
      this.byte(this.scale << 6 | (index < 0 ? 4 : index & 7) << 3 | base);
    } else {
      this.byte(mod | r | base);
    }
    if (mod === 0x40) this.byte(short);
    else if (mod === 0x80) this.word32(displacement);
  }

  /** Bit 3 of the operand's base (or register), and of its index. */
  private highBase(rm: number): number {
    return (rm >= 0 ? rm : this.base) >> 3 & 1;
  }

  private highIndex(rm: number): number {
    return rm >= 0 || this.index < 0 ? 0 : this.index >> 3 & 1;
  }

  // Integers

  /**
   * An integer instruction.
   *
   * @param wide 1 for 64 bits, 0 for 32
   * @param opcode one byte, or two with 0x0f as the first; a mandatory prefix comes before them, as in 0xf30fbd
   * @param trailing the number of bytes that the caller appends
   * @param low whether `reg` names a byte register
   */
  integer(wide: number, opcode: number, reg: number, rm: number, trailing: number = 0, low: boolean = false): void {
    this.reserve(16);
    if (opcode > 0xffff) this.byte(opcode >>> 16);
    const rex = 0x40 | wide << 3 | (reg >> 3 & 1) << 2 | this.highIndex(rm) << 1 | this.highBase(rm);
    if (rex !== 0x40 || low && reg >= 4) this.byte(rex);
    if ((opcode >>> 8 & 0xff) === 0x0f) this.byte(0x0f);
    this.byte(opcode & 0xff);
    this.operands(reg, rm, 1, trailing);
  }

  /** An instruction of the group add 0, or 1, and 4, sub 5, xor 6, cmp 7 with a constant of 32 bits. */
  immediate(wide: number, operation: number, rm: number, value: number): void {
    const short = value >= -128 && value < 128;
    this.integer(wide, short ? 0x83 : 0x81, operation, rm, short ? 1 : 4);
    if (short) this.byte(value);
    else this.word32(value);
  }

  /** `r = value`; the flags stay. */
  moveImmediate(r: number, value: number): void {
    if (r >= 8) this.byte(0x41);
    this.byte(0xb8 | r & 7);
    this.word32(value);
  }

  /** `r = high · 2^32 + low`. */
  moveImmediate64(r: number, low: number, high: number): void {
    if (high === 0) return this.moveImmediate(r, low);
    this.byte(0x48 | r >> 3);
    this.byte(0xb8 | r & 7);
    this.word32(low);
    this.word32(high);
  }

  push(r: number): void {
    if (r >= 8) this.byte(0x41);
    this.byte(0x50 | r & 7);
  }

  pop(r: number): void {
    if (r >= 8) this.byte(0x41);
    this.byte(0x58 | r & 7);
  }

  ret(): void {
    this.byte(0xc3);
  }

  // Vectors

  /**
   * An instruction with a VEX prefix.
   *
   * @param length 0 for 128 bits, 1 for 256
   * @param v the second operand, or 0 where there is none
   */
  vex(instruction: VectorInstruction, length: number, reg: number, v: number, rm: number, trailing: number): void {
    this.reserve(16);
    const { map, prefix, vexW } = instruction;
    const notReg = reg & 8 ? 0 : 0x80;
    const rest = (~v & 15) << 3 | length << 2 | prefix;
    const [index, base] = [this.highIndex(rm), this.highBase(rm)];
    if (map === 1 && vexW === 0 && index === 0 && base === 0) {
      this.byte(0xc5);
      this.byte(notReg | rest);
    } else {
      this.byte(0xc4);
      this.byte(notReg | (index ? 0 : 0x40) | (base ? 0 : 0x20) | map);
      this.byte(vexW << 7 | rest);
    }
    this.byte(instruction.opcode);
    this.operands(reg, rm, 1, trailing);
  }

  /**
   * An instruction with an EVEX prefix.
   *
   * @param length 0 for 128 bits, 1 for 256, 2 for 512
   * @param broadcast whether the memory operand is one lane, for all lanes
   * @param mask the mask register; 0 for no mask
   * @param zeroing whether lanes that are masked out become zero
   */
  evex(
    instruction: VectorInstruction,
    length: number,
    reg: number,
    v: number,
    rm: number,
    trailing: number,
    broadcast: boolean,
    mask: number,
    zeroing: boolean,
  ): void {
    this.reserve(16);
    // A register's bit 4 is where an index has its bit 3.
    const high = rm >= 0 ? rm >> 4 & 1 : this.highIndex(rm);
    this.byte(0x62);
    this.byte(
      (reg & 8 ? 0 : 0x80) | (high ? 0 : 0x40) | (this.highBase(rm) ? 0 : 0x20) | (reg & 16 ? 0 : 0x10) |
        instruction.map,
    );
    this.byte(instruction.w << 7 | (~v & 15) << 3 | 4 | instruction.prefix);
    this.byte((zeroing ? 0x80 : 0) | length << 5 | (broadcast ? 0x10 : 0) | (v & 16 ? 0 : 8) | mask);
    this.byte(instruction.opcode);
    this.operands(reg, rm, displacementUnit(instruction, length, broadcast), trailing);
  }

  vzeroupper(): void {
    this.byte(0xc5);
    this.byte(0xf8);
    this.byte(0x77);
  }
}
