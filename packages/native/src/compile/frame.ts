/** The frame of a function in machine code, and where its values are. */
import { type Assembler, conditions, inMemory, registers } from "../x86/assembler.ts";
import { type VectorInstruction, vectorInstructions } from "../x86/instructions.ts";
import { classOf, field, flag, type LinearCode, types } from "./linear_code.ts";
import type { Liveness } from "./liveness.ts";
import type { Allocation } from "./registers.ts";
import type { Target } from "./target.ts";

const { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r12, r13, r14, r15 } = registers;
/** Holds the base of the memory. */
export const memoryBase: number = rbx;
/** In code that checks addresses: holds the address of the run's parameters. */
export const checkedSlot: number = r15;
/** General registers that virtual ones may have. The others serve spilled operands, divisions and the memory's base. */
export const generalRegisters: readonly number[] = [rsi, rdi, 8, 9, 10, 11, rbp, r12, r13, r14, r15];
/** Mask registers that virtual ones may have; the others serve spilled masks. */
export const maskRegisters: readonly number[] = [1, 2, 3, 4, 5];
/** The vector registers of a target. The last ones serve spilled vectors if there are any. */
export const vectorRegisters: { readonly [T in Target]: number } = { avx512: 32, avx2: 16 };
export const scratchVectors = 2;
export const mask0 = 6;
export const mask1 = 7;
/** What the System V calling convention wants back. */
export const calleeSaved: readonly number[] = [rbx, rbp, r12, r13, r14, r15];

/** What a function needs to know of its surroundings. */
export interface FunctionFrame {
  readonly target: Target;
  readonly vectorBytes: number;
  /** The function that is called from outside. */
  readonly entry: boolean;
  readonly base: bigint;
  /** Whether every address is checked. */
  readonly checked: boolean;
  /** The label behind the entry's last instruction, where failed checks leave to. */
  readonly leave: number;
  /** How functions are called that may not be compiled yet; null if calls are direct. */
  readonly lazy: LazyFrame | null;
}

/** Calls through a table of addresses: see lazy.ts. */
export interface LazyFrame {
  /** The address of the table. */
  readonly table: bigint;
  /** The label of the code that continues a run that was left. */
  readonly resume: number;
}

/** Offsets in the record of a run's parameters: whether a check failed, the memory's size in pages, and the entry's stack pointer. */
export const failedOffset = 16;
export const pagesOffset = 20;
export const stackOffset: number = 24;
/** For calls through a table: the end of the entry's frame, the number of the function that is missing, and the size of the stack's copy. */
export const bottomOffset = 32;
export const missingOffset = 40;
export const copyBytesOffset = 44;
/** The copy of the stack. */
export const copyOffset = 64;

/**
 * What encoding an instruction needs: the function's frame, and operands in registers or in memory. `rax`, `rcx`, `rdx` and the last
 * vectors and masks are free within an instruction.
 */
export class FrameEncoder {
  protected readonly asm: Assembler;
  protected readonly words: Int32Array;
  protected readonly code: LinearCode;
  protected readonly live: Liveness;
  protected readonly allocation: Allocation;
  protected readonly place: Int8Array;
  protected readonly frame: FunctionFrame;
  protected readonly evex: boolean;
  /** The vectors' length in prefixes. */
  protected readonly length: number;
  protected readonly scratch0: number;
  protected readonly scratch1: number;
  /** The bytes of the frame, saved registers not counted; and the saved registers. */
  protected frameBytes = 0;
  protected saved: readonly number[] = [];
  /** Where the address of the run's parameters is, as an offset from the stack pointer; for calls through a table. */
  protected runOffset = 0;
  protected at = 0;

  constructor(asm: Assembler, code: LinearCode, live: Liveness, allocation: Allocation, frame: FunctionFrame) {
    this.asm = asm;
    this.code = code;
    this.words = code.words;
    this.live = live;
    this.allocation = allocation;
    this.place = allocation.place;
    this.frame = frame;
    this.evex = frame.target === "avx512";
    this.length = frame.vectorBytes === 16 ? 0 : frame.vectorBytes === 32 ? 1 : 2;
    this.scratch0 = vectorRegisters[frame.target] - 1;
    this.scratch1 = this.scratch0 - 1;
  }

  // The frame

  protected prologue(): void {
    const { asm, frame, allocation } = this;
    const general = allocation.used[0]!;
    const keepsRun = frame.lazy !== null && this.code.calls;
    this.runOffset = allocation.frame;
    const local = allocation.frame + (keepsRun ? 8 : 0);
    if (frame.entry) {
      const checked = frame.checked;
      if (frame.lazy !== null) {
        asm.memory(rdi, missingOffset);
        asm.integer(0, 0x83, 7, inMemory, 1);
        asm.byte(0);
        asm.jumpIf(conditions.ne, frame.lazy.resume);
      }
      this.saved = calleeSaved.filter((r) =>
        frame.lazy !== null || r === rbx || r === rbp || checked && r === checkedSlot || general & 1 << r
      );
      for (const r of this.saved) asm.push(r);
      // rbp may be in use, so the old stack pointer lies at the end of the frame.
      this.frameBytes = Math.ceil((local + 8) / 64) * 64;
      asm.integer(1, 0x8b, rax, rsp);
      asm.immediate(1, 4, rsp, -64);
      if (frame.lazy !== null) {
        asm.memory(rdi, bottomOffset);
        asm.integer(1, 0x89, rsp, inMemory);
      }
      asm.immediate(1, 5, rsp, this.frameBytes);
      this.stack(this.frameBytes - 8);
      asm.integer(1, 0x89, rax, inMemory);
      asm.moveImmediate64(memoryBase, Number(frame.base & 0xffff_ffffn) | 0, Number(frame.base >> 32n) | 0);
      asm.integer(1, 0x8b, rdx, rdi);
      if (checked) {
        asm.integer(1, 0x8b, checkedSlot, rdi);
        asm.memory(checkedSlot, stackOffset);
        asm.integer(1, 0x89, rsp, inMemory);
      }
    } else {
      this.saved = generalRegisters.filter((r) => general & 1 << r);
      for (const r of this.saved) asm.push(r);
      // The stack pointer is a multiple of 64 in every body; a call pushes 8 bytes.
      const pushed = 8 + 8 * this.saved.length;
      this.frameBytes = Math.ceil((local + pushed) / 64) * 64 - pushed;
      asm.immediate(1, 5, rsp, this.frameBytes);
    }
    if (keepsRun) {
      this.stack(this.runOffset);
      asm.integer(1, 0x89, rdx, inMemory);
    }
    for (const v of this.live.entry) {
      if (this.code.types[v]! <= types.i64) {
        asm.moveImmediate(rax, 0);
        this.putGeneral(v, rax);
      } else if (this.code.types[v] !== types.mask) {
        const d = this.resultVector(v);
        this.clear(d);
        this.putVector(v, d);
      }
    }
  }

  protected epilogue(): void {
    const { asm, frame } = this;
    if (frame.entry) {
      asm.bind(frame.leave);
      asm.vzeroupper();
      this.stack(this.frameBytes - 8);
      asm.integer(1, 0x8b, rsp, inMemory);
    } else {
      asm.immediate(1, 0, rsp, this.frameBytes);
    }
    for (let i = this.saved.length - 1; i >= 0; i--) asm.pop(this.saved[i]!);
    asm.ret();
  }

  /** Sets the memory operand to an offset from the stack pointer. */
  protected stack(offset: number): void {
    this.asm.memory(rsp, offset);
  }

  /** The offset of the parameters from the stack pointer. */
  protected get parameters(): number {
    return this.frameBytes + 8 * this.saved.length + 8;
  }

  /** Sets the memory operand to where a spilled register is. */
  protected spilled(v: number): void {
    const slot = this.allocation.slot[v]!;
    if (slot < 0) this.asm.constant(-1 - slot);
    else this.stack(slot);
  }

  // Registers

  protected is64(v: number): number {
    return this.code.types[v] === types.i64 ? 1 : 0;
  }

  /** A general register with the value. */
  protected general(v: number, scratch: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    this.spilled(v);
    this.asm.integer(this.is64(v), 0x8b, scratch, inMemory);
    return scratch;
  }

  /** The register, or the memory operand where it is. */
  protected generalOperand(v: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    this.spilled(v);
    return inMemory;
  }

  protected putGeneral(v: number, from: number): void {
    const place = this.place[v]!;
    if (place === from) return;
    if (place >= 0) return this.asm.integer(this.is64(v), 0x8b, place, from);
    // All 64 bits, as instructions may read the zeros above 32.
    this.spilled(v);
    this.asm.integer(1, 0x89, from, inMemory);
  }

  protected resultGeneral(v: number): number {
    const place = this.place[v]!;
    return place >= 0 ? place : rax;
  }

  protected resultVector(v: number): number {
    const place = this.place[v]!;
    return place >= 0 ? place : this.scratch0;
  }

  /** Loads or stores all bytes of a register of vectors, by its type. */
  protected wholeVector(v: number, register: number, store: boolean): void {
    const type = this.code.types[v]!;
    const { movss, movssStore, movsd, movsdStore, movups, movupsStore } = vectorInstructions;
    if (type === types.vector) this.raw(store ? movupsStore : movups, this.length, register, 0, inMemory);
    else if (type === types.f32) this.raw(store ? movssStore : movss, 0, register, 0, inMemory);
    else this.raw(store ? movsdStore : movsd, 0, register, 0, inMemory);
  }

  protected vector(v: number, scratch: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    this.spilled(v);
    this.wholeVector(v, scratch, false);
    return scratch;
  }

  protected putVector(v: number, from: number): void {
    const place = this.place[v]!;
    if (place === from) return;
    if (place >= 0) return this.moveVector(v, place, from);
    this.spilled(v);
    this.wholeVector(v, from, true);
  }

  protected moveVector(v: number, to: number, from: number): void {
    if (to === from) return;
    this.raw(vectorInstructions.movups, this.code.types[v] === types.vector ? this.length : 0, to, 0, from);
  }

  protected mask(v: number, scratch: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    this.spilled(v);
    this.raw(vectorInstructions.kmovwLoad, 0, scratch, 0, inMemory);
    return scratch;
  }

  protected putMask(v: number, from: number): void {
    const place = this.place[v]!;
    if (place === from) return;
    if (place >= 0) return this.raw(vectorInstructions.kmovw, 0, place, 0, from);
    this.spilled(v);
    this.raw(vectorInstructions.kmovwStore, 0, from, 0, inMemory);
  }

  /** A register of any class. */
  protected any(v: number, general: number, vector: number, mask: number): number {
    const group = classOf[this.code.types[v]!]!;
    return group === 0 ? this.general(v, general) : group === 1 ? this.vector(v, vector) : this.mask(v, mask);
  }

  protected put(v: number, from: number): void {
    const group = classOf[this.code.types[v]!]!;
    if (group === 0) this.putGeneral(v, from);
    else if (group === 1) this.putVector(v, from);
    else this.putMask(v, from);
  }

  protected result(v: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    const group = classOf[this.code.types[v]!]!;
    return group === 0 ? rax : group === 1 ? this.scratch0 : mask0;
  }

  /** A vector instruction without a mask, with the target's prefix. */
  protected raw(
    instruction: VectorInstruction,
    length: number,
    reg: number,
    v: number,
    rm: number,
    trailing = 0,
  ): void {
    const fixed = instruction.length >= 0 ? instruction.length : length;
    if (this.evex && instruction.evex) {
      this.asm.evex(instruction, fixed, reg, v, rm, trailing, false, 0, false);
    } else {
      this.asm.vex(instruction, fixed, reg, v, rm, trailing);
    }
  }

  protected clear(d: number): void {
    this.raw(vectorInstructions.pxor, 0, d, d, d);
  }

  /** Sets the instruction's memory operand. */
  protected operand(flags: number): void {
    const { words, at } = this;
    const displacement = words[at + field.disp]!;
    if (flags & flag.pool) return this.asm.constant(displacement);
    const index = words[at + field.index]!;
    if (index < 0) return this.asm.memory(memoryBase, displacement);
    const register = this.general(index, rcx);
    this.asm.memory(memoryBase, displacement, register);
  }
}
