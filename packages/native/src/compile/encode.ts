/** Linear code with its registers assigned, as machine code. */
import { type Assembler, conditions, inMemory, registers } from "../x86/assembler.ts";
import { type VectorInstruction, vectorInstructions } from "../x86/instructions.ts";
import {
  classOf,
  divisions,
  equalOrdered,
  field,
  flag,
  fmaRows,
  kinds,
  type LinearCode,
  notEqualOrUnordered,
  rows,
  stride,
  types,
} from "./linear_code.ts";
import type { Liveness } from "./liveness.ts";
import type { Allocation } from "./registers.ts";
import type { Target } from "./target.ts";

const { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r12, r13, r14, r15 } = registers;
/** Holds the base of the memory. */
const memoryBase = rbx;
/** In code that checks addresses: holds the address of the run's parameters. */
export const checkedSlot: number = r15;
/** General registers that virtual ones may have. The others serve spilled operands, divisions and the memory's base. */
export const generalRegisters: readonly number[] = [rsi, rdi, 8, 9, 10, 11, rbp, r12, r13, r14, r15];
/** Mask registers that virtual ones may have; the others serve spilled masks. */
export const maskRegisters: readonly number[] = [1, 2, 3, 4, 5];
/** The vector registers of a target. The last ones serve spilled vectors if there are any. */
export const vectorRegisters: { readonly [T in Target]: number } = { avx512: 32, avx2: 16 };
export const scratchVectors = 2;
const [mask0, mask1] = [6, 7];
/** What the System V calling convention wants back. */
const calleeSaved = [rbx, rbp, r12, r13, r14, r15];

/** What a function needs to know of its surroundings. */
export interface FunctionFrame {
  readonly target: Target;
  readonly vectorBytes: number;
  /** The function that is called from outside. */
  readonly entry: boolean;
  readonly base: bigint;
  /** The address in the memory of the word that holds its size in pages, or null for no checks. */
  readonly checked: number | null;
  /** The label behind the entry's last instruction, where failed checks leave to. */
  readonly leave: number;
}

/** Offsets in the record of a run's parameters: whether a check failed, and the entry's stack pointer. */
export const failedOffset = 16;
const stackOffset = 24;

export function encodeFunction(
  asm: Assembler,
  code: LinearCode,
  live: Liveness,
  allocation: Allocation,
  frame: FunctionFrame,
): void {
  new Encoder(asm, code, live, allocation, frame).run();
}

class Encoder {
  private readonly asm: Assembler;
  private readonly words: Int32Array;
  private readonly code: LinearCode;
  private readonly live: Liveness;
  private readonly allocation: Allocation;
  private readonly place: Int8Array;
  private readonly frame: FunctionFrame;
  private readonly evex: boolean;
  /** The vectors' length in prefixes. */
  private readonly length: number;
  private readonly scratch0: number;
  private readonly scratch1: number;
  /** The bytes of the frame, saved registers not counted; and the saved registers. */
  private frameBytes = 0;
  private saved: readonly number[] = [];
  private at = 0;

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

  run(): void {
    this.prologue();
    const { words, code } = this;
    for (let i = 0; i < code.length; i++) {
      this.at = i * stride;
      this.instruction(words[this.at]!, i);
    }
  }

  // The frame

  private prologue(): void {
    const { asm, frame, allocation } = this;
    const general = allocation.used[0]!;
    if (frame.entry) {
      const checked = frame.checked !== null;
      this.saved = calleeSaved.filter((r) =>
        r === rbx || r === rbp || checked && r === checkedSlot || general & 1 << r
      );
      for (const r of this.saved) asm.push(r);
      // rbp may be in use, so the old stack pointer lies at the end of the frame.
      this.frameBytes = Math.ceil((allocation.frame + 8) / 64) * 64;
      asm.integer(1, 0x8b, rax, rsp);
      asm.immediate(1, 4, rsp, -64);
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
      this.frameBytes = Math.ceil((allocation.frame + pushed) / 64) * 64 - pushed;
      asm.immediate(1, 5, rsp, this.frameBytes);
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

  private epilogue(): void {
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
  private stack(offset: number): void {
    this.asm.memory(rsp, offset);
  }

  /** The offset of the parameters from the stack pointer. */
  private get parameters(): number {
    return this.frameBytes + 8 * this.saved.length + 8;
  }

  /** Sets the memory operand to where a spilled register is. */
  private spilled(v: number): void {
    const slot = this.allocation.slot[v]!;
    if (slot < 0) this.asm.constant(-1 - slot);
    else this.stack(slot);
  }

  // Registers

  private is64(v: number): number {
    return this.code.types[v] === types.i64 ? 1 : 0;
  }

  /** A general register with the value. */
  private general(v: number, scratch: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    this.spilled(v);
    this.asm.integer(this.is64(v), 0x8b, scratch, inMemory);
    return scratch;
  }

  /** The register, or the memory operand where it is. */
  private generalOperand(v: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    this.spilled(v);
    return inMemory;
  }

  private putGeneral(v: number, from: number): void {
    const place = this.place[v]!;
    if (place === from) return;
    if (place >= 0) return this.asm.integer(this.is64(v), 0x8b, place, from);
    // All 64 bits, as instructions may read the zeros above 32.
    this.spilled(v);
    this.asm.integer(1, 0x89, from, inMemory);
  }

  private resultGeneral(v: number): number {
    const place = this.place[v]!;
    return place >= 0 ? place : rax;
  }

  private resultVector(v: number): number {
    const place = this.place[v]!;
    return place >= 0 ? place : this.scratch0;
  }

  /** Loads or stores all bytes of a register of vectors, by its type. */
  private wholeVector(v: number, register: number, store: boolean): void {
    const type = this.code.types[v]!;
    const { movss, movssStore, movsd, movsdStore, movups, movupsStore } = vectorInstructions;
    if (type === types.vector) this.raw(store ? movupsStore : movups, this.length, register, 0, inMemory);
    else if (type === types.f32) this.raw(store ? movssStore : movss, 0, register, 0, inMemory);
    else this.raw(store ? movsdStore : movsd, 0, register, 0, inMemory);
  }

  private vector(v: number, scratch: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    this.spilled(v);
    this.wholeVector(v, scratch, false);
    return scratch;
  }

  private putVector(v: number, from: number): void {
    const place = this.place[v]!;
    if (place === from) return;
    if (place >= 0) return this.moveVector(v, place, from);
    this.spilled(v);
    this.wholeVector(v, from, true);
  }

  private moveVector(v: number, to: number, from: number): void {
    if (to === from) return;
    this.raw(vectorInstructions.movups, this.code.types[v] === types.vector ? this.length : 0, to, 0, from);
  }

  private mask(v: number, scratch: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    this.spilled(v);
    this.raw(vectorInstructions.kmovwLoad, 0, scratch, 0, inMemory);
    return scratch;
  }

  private putMask(v: number, from: number): void {
    const place = this.place[v]!;
    if (place === from) return;
    if (place >= 0) return this.raw(vectorInstructions.kmovw, 0, place, 0, from);
    this.spilled(v);
    this.raw(vectorInstructions.kmovwStore, 0, from, 0, inMemory);
  }

  /** A register of any class. */
  private any(v: number, general: number, vector: number, mask: number): number {
    const group = classOf[this.code.types[v]!]!;
    return group === 0 ? this.general(v, general) : group === 1 ? this.vector(v, vector) : this.mask(v, mask);
  }

  private put(v: number, from: number): void {
    const group = classOf[this.code.types[v]!]!;
    if (group === 0) this.putGeneral(v, from);
    else if (group === 1) this.putVector(v, from);
    else this.putMask(v, from);
  }

  private result(v: number): number {
    const place = this.place[v]!;
    if (place >= 0) return place;
    const group = classOf[this.code.types[v]!]!;
    return group === 0 ? rax : group === 1 ? this.scratch0 : mask0;
  }

  /** A vector instruction without a mask, with the target's prefix. */
  private raw(instruction: VectorInstruction, length: number, reg: number, v: number, rm: number, trailing = 0): void {
    const fixed = instruction.length >= 0 ? instruction.length : length;
    if (this.evex && instruction.evex) {
      this.asm.evex(instruction, fixed, reg, v, rm, trailing, false, 0, false);
    } else {
      this.asm.vex(instruction, fixed, reg, v, rm, trailing);
    }
  }

  private clear(d: number): void {
    this.raw(vectorInstructions.pxor, 0, d, d, d);
  }

  /** Sets the instruction's memory operand. */
  private operand(flags: number): void {
    const { words, at } = this;
    const displacement = words[at + field.disp]!;
    if (flags & flag.pool) return this.asm.constant(displacement);
    const index = words[at + field.index]!;
    if (index < 0) return this.asm.memory(memoryBase, displacement);
    const register = this.general(index, rcx);
    this.asm.memory(memoryBase, displacement, register);
  }

  // Instructions

  private instruction(kind: number, i: number): void {
    const { asm, words, at } = this;
    const row = words[at + field.row]!;
    const d = words[at + field.d]!;
    const a = words[at + field.a]!;
    const b = words[at + field.b]!;
    const imm = words[at + field.imm]!;
    const flags = words[at + field.flags]!;
    switch (kind) {
      case kinds.vector:
        return this.vectorInstruction(rows[row]!, d, a, b, imm, flags);
      case kinds.fma:
        return this.multiplyAdd(row, d, a, b, words[at + field.c]!, imm, flags);
      case kinds.move: {
        const group = classOf[this.code.types[d]!]!;
        const to = this.place[d]!;
        if (to >= 0 && this.place[a]! < 0) {
          this.spilled(a);
          if (group === 0) asm.integer(this.is64(a), 0x8b, to, inMemory);
          else if (group === 1) this.wholeVector(a, to, false);
          else this.putMask(d, this.mask(a, to));
          return;
        }
        return this.put(d, this.any(a, rax, this.scratch0, mask0));
      }
      case kinds.constant: {
        // One that is in memory is in the pool already, unless it is defined twice.
        if (this.place[d]! < 0 && this.allocation.slot[d]! < 0) return;
        const to = this.resultVector(d);
        asm.constant(words[at + field.disp]!);
        this.wholeVector(d, to, false);
        return this.putVector(d, to);
      }
      case kinds.zero: {
        const to = this.resultVector(d);
        this.clear(to);
        return this.putVector(d, to);
      }
      case kinds.integer: {
        const to = this.resultGeneral(d);
        if (this.is64(d)) asm.moveImmediate64(to, imm, words[at + field.disp]!);
        else asm.moveImmediate(to, imm);
        return this.putGeneral(d, to);
      }
      case kinds.load: {
        const to = this.resultGeneral(d);
        this.operand(flags);
        asm.integer(imm, row, to, inMemory);
        return this.putGeneral(d, to);
      }
      case kinds.store: {
        const from = this.general(a, rax);
        this.operand(flags);
        return asm.integer(imm, row, from, inMemory, 0, row === 0x88);
      }
      case kinds.alu:
        return this.alu(row, d, a, b, flags);
      case kinds.aluImmediate: {
        const wide = this.is64(d);
        const to = this.resultGeneral(d);
        if (row === 0 && this.place[a]! >= 0 && this.place[a] !== to) {
          asm.memory(this.place[a]!, imm);
          asm.integer(wide, 0x8d, to, inMemory);
        } else {
          const from = this.generalOperand(a);
          if (from !== to) asm.integer(wide, 0x8b, to, from);
          asm.immediate(wide, row, to, imm);
        }
        return this.putGeneral(d, to);
      }
      case kinds.multiply: {
        const wide = this.is64(d);
        const place = this.place[d]!;
        const to = place >= 0 && this.secondPlace(b) !== place ? place : rax;
        const from = this.generalOperand(a);
        if (from !== to) asm.integer(wide, 0x8b, to, from);
        if (b < 0) this.operand(flags);
        asm.integer(wide, 0x0faf, to, b < 0 ? inMemory : this.generalOperand(b));
        return this.putGeneral(d, to);
      }
      case kinds.multiplyImmediate: {
        const to = this.resultGeneral(d);
        asm.integer(this.is64(d), 0x69, to, this.generalOperand(a), 4);
        asm.word32(imm);
        return this.putGeneral(d, to);
      }
      case kinds.shift: {
        const wide = this.is64(d);
        const to = this.resultGeneral(d);
        const from = this.generalOperand(a);
        if (from !== to) asm.integer(wide, 0x8b, to, from);
        asm.integer(wide, 0xc1, row, to, 1);
        asm.byte(imm);
        return this.putGeneral(d, to);
      }
      case kinds.divide:
        return this.divide(row, d, a, b);
      case kinds.unary: {
        const to = this.resultGeneral(d);
        asm.integer(imm, row, to, this.generalOperand(a));
        return this.putGeneral(d, to);
      }
      case kinds.address: {
        const to = this.resultGeneral(d);
        const [x, y] = [this.general(a, rax), b < 0 ? -1 : this.general(b, rcx)];
        asm.memory(x, words[at + field.disp]!, y, imm);
        asm.integer(this.is64(d), 0x8d, to, inMemory);
        return this.putGeneral(d, to);
      }
      case kinds.compare: {
        const x = this.general(a, rax);
        if (b < 0) this.operand(flags);
        return asm.integer(this.is64(a), 0x3b, x, b < 0 ? inMemory : this.generalOperand(b));
      }
      case kinds.compareImmediate:
        return asm.immediate(this.is64(a), 7, this.generalOperand(a), imm);
      case kinds.test: {
        const x = this.general(a, rax);
        return asm.integer(this.is64(a), 0x85, x, x);
      }
      case kinds.setIf:
        return this.setIf(row, d);
      case kinds.select:
        if (classOf[this.code.types[d]!] === 0) return this.selectGeneral(row, d, a, b);
        return this.selectVector(row, d, words[at + field.c]!, b);
      case kinds.label:
        if (row > 1) asm.align(row);
        return asm.bind(imm);
      case kinds.jump:
        // Nothing but labels may be between.
        for (let next = i + 1; next < this.code.length && words[next * stride] === kinds.label; next++) {
          if (words[next * stride + field.imm] === imm) return;
        }
        return asm.jump(imm);
      case kinds.jumpIf:
        return this.jumpIf(row, imm);
      case kinds.argument: {
        const from = this.any(a, rax, this.scratch0, mask0);
        this.stack(imm);
        if (classOf[this.code.types[a]!] === 0) asm.integer(this.is64(a), 0x89, from, inMemory);
        else this.wholeVector(a, from, true);
        return;
      }
      case kinds.call:
        return this.call(imm, i);
      case kinds.result:
        this.stack(0);
        return this.fetch(d);
      case kinds.parameter: {
        if (this.live.end[d]! <= 2 * i + 1) return;
        if (this.frame.entry) asm.memory(rdx, 4 * row);
        else this.stack(this.parameters + imm);
        return this.fetch(d);
      }
      case kinds.ret: {
        if (a >= 0) {
          const from = this.any(a, rax, this.scratch0, mask0);
          this.stack(this.parameters);
          if (classOf[this.code.types[a]!] === 0) asm.integer(this.is64(a), 0x89, from, inMemory);
          else this.wholeVector(a, from, true);
        }
        return this.epilogue();
      }
      case kinds.check:
        return this.check(b, imm);
    }
  }

  /** Loads a register from the memory operand. */
  private fetch(d: number): void {
    const to = this.result(d);
    if (classOf[this.code.types[d]!] === 0) this.asm.integer(this.is64(d), 0x8b, to, inMemory);
    else this.wholeVector(d, to, false);
    this.put(d, to);
  }

  private vectorInstruction(
    row: VectorInstruction,
    d: number,
    a: number,
    b: number,
    imm: number,
    flags: number,
  ): void {
    const { words, at } = this;
    const memory = (flags & (flag.memory | flag.pool)) !== 0;
    const c = words[at + field.c]!;
    const k = words[at + field.mask]!;
    const to = d < 0 ? -1 : this.result(d);
    let [reg, v, rm] = [0, 0, inMemory];
    switch (row.form) {
      case "three":
      case "blend":
        if (c >= 0 && row.form === "three") this.moveVector(d, to, this.vector(c, to));
        reg = to;
        v = this.any(a, rcx, c >= 0 && row.form === "three" ? this.scratch1 : this.scratch0, mask0);
        break;
      case "two":
        if (c >= 0) this.moveVector(d, to, this.vector(c, to));
        reg = to;
        break;
      case "shift":
        reg = row.extension;
        v = to;
        break;
      case "out":
        reg = this.any(a, rax, this.scratch0, mask0);
        if (b >= 0) v = this.vector(b, this.scratch1);
        break;
      case "flags":
        reg = this.any(a, rax, this.scratch0, mask0);
        break;
      case "reversed":
        reg = to;
        v = this.general(b, rdx);
        break;
    }
    const fourth = row.form === "blend" ? this.vector(c, this.scratch1) : 0;
    const mask = k < 0 ? 0 : this.mask(k, mask1);
    if (memory) {
      this.operand(flags);
    } else if (row.form === "out") {
      rm = to;
    } else {
      const last = row.form === "reversed" ? a : b;
      rm = this.place[last]!;
      if (rm < 0 && row.reads) this.spilled(last);
      else if (rm < 0) rm = this.any(last, rax, this.scratch1, mask1);
      if (rm < 0) rm = inMemory;
    }
    const trailing = row.immediate || row.form === "blend" ? 1 : 0;
    const length = row.length >= 0 ? row.length : flags & 3;
    if (this.evex && row.evex) {
      const broadcast = memory && (flags & flag.broadcast) !== 0;
      this.asm.evex(row, length, reg, v, rm, trailing, broadcast, mask, (flags & flag.zeroing) !== 0);
    } else {
      this.asm.vex(row, length, reg, v, rm, trailing);
    }
    if (row.immediate) this.asm.byte(imm);
    else if (row.form === "blend") this.asm.byte(fourth << 4);
    if (d >= 0) this.put(d, to);
  }

  /** Chooses the form of multiply-add whose overwritten operand is the result's register. */
  private multiplyAdd(
    row: number,
    d: number,
    a: number,
    b: number,
    c: number,
    imm: number,
    flags: number,
  ): void {
    const [by132, by213, by231] = fmaRows[row]!.map((form) => rows[form]!) as [
      VectorInstruction,
      VectorInstruction,
      VectorInstruction,
    ];
    const to = this.resultVector(d);
    const length = flags & 3;
    let memory = (flags & (flag.memory | flag.pool)) !== 0;
    let addend = memory && imm === 1;
    let [x, y, z] = [this.place[a]!, b < 0 ? -1 : this.place[b]!, c < 0 ? -1 : this.place[c]!];
    let slot = -1;
    // One operand may stay in memory. The others are fetched.
    if (!memory && (x < 0 || y < 0 || z < 0)) {
      memory = true;
      if (y < 0) {
        slot = b;
      } else if (x < 0) {
        [x, y, slot] = [y, -1, a];
        a = b;
      } else {
        slot = c;
        addend = true;
      }
    }
    const first = x < 0 ? this.vector(a, this.scratch1) : x;
    if (!memory || addend) {
      if (y < 0) y = this.vector(b, to === first || to === z ? this.scratch0 : to);
    }
    if (!memory || !addend) {
      if (z < 0) {
        const fetched = to === first || !memory && to === y ? this.scratch0 : to;
        z = this.vector(c, fetched);
      }
    }
    let [form, v, rm] = [by231, first, inMemory];
    if (!memory) {
      if (to === z) [v, rm] = [first, y];
      else if (to === first) [form, v, rm] = [by213, y, z];
      else if (to === y) [form, v, rm] = [by213, first, z];
      else {
        this.moveVector(d, to, z);
        [v, rm] = [first, y];
      }
    } else if (addend) {
      if (to === first) [form, v] = [by213, y];
      else if (to === y) [form, v] = [by213, first];
      else {
        this.moveVector(d, to, first);
        [form, v] = [by213, y];
      }
    } else if (to === z) {
      v = first;
    } else if (to === first) {
      [form, v] = [by132, z];
    } else {
      this.moveVector(d, to, z);
    }
    if (memory) {
      if (slot >= 0) this.spilled(slot);
      else this.operand(flags);
    }
    if (this.evex) {
      this.asm.evex(form, length, to, v, rm, 0, memory && slot < 0 && (flags & flag.broadcast) !== 0, 0, false);
    } else {
      this.asm.vex(form, length, to, v, rm, 0);
    }
    this.putVector(d, to);
  }

  /** The register of the second operand, or of its address if it is in memory. */
  private secondPlace(b: number): number {
    const v = b >= 0 ? b : this.words[this.at + field.index]!;
    return v < 0 ? -1 : this.place[v]!;
  }

  private alu(row: number, d: number, a: number, b: number, flags: number): void {
    const { asm } = this;
    const wide = this.is64(d);
    const place = this.place[d]!;
    const other = b < 0 ? -1 : this.place[b]!;
    const first = this.place[a]!;
    if (row === 0 && place >= 0 && first >= 0 && other >= 0 && place !== first && place !== other) {
      asm.memory(first, 0, other);
      return asm.integer(wide, 0x8d, place, inMemory);
    }
    const commutes = row !== 5;
    if (place >= 0 && other === place && first >= 0 && commutes) {
      return asm.integer(wide, row << 3 | 3, place, first);
    }
    const to = place >= 0 && this.secondPlace(b) !== place ? place : rax;
    const from = this.generalOperand(a);
    if (from !== to) asm.integer(wide, 0x8b, to, from);
    if (b < 0) this.operand(flags);
    asm.integer(wide, row << 3 | 3, to, b < 0 ? inMemory : this.generalOperand(b));
    this.putGeneral(d, to);
  }

  /** Division by zero gives 0, and a remainder 0. The least integer divided by -1 is itself. */
  private divide(row: number, d: number, a: number, b: number): void {
    const { asm } = this;
    const wide = this.is64(d);
    const divisor = this.general(b, rcx);
    const signed = (row & divisions.signed) !== 0;
    const [otherwise, done] = [asm.label(), asm.label()];
    const from = this.generalOperand(a);
    asm.integer(wide, 0x8b, rax, from);
    const safe = (row & divisions.safe) !== 0;
    if (!signed) {
      asm.integer(0, 0x33, rdx, rdx);
      if (!safe) {
        asm.integer(wide, 0x85, divisor, divisor);
        asm.jumpIf(conditions.e, otherwise);
      }
      asm.integer(wide, 0xf7, 6, divisor);
      if (!safe) {
        asm.jump(done);
        asm.bind(otherwise);
        asm.integer(0, 0x33, rax, rax);
      }
    } else {
      if (!safe) {
        // The divisors -1 and 0 are those where divisor + 1 is at most 1.
        asm.memory(divisor, 1);
        asm.integer(wide, 0x8d, rdx, inMemory);
        asm.immediate(wide, 7, rdx, 1);
        asm.jumpIf(conditions.be, otherwise);
      }
      if (wide) asm.byte(0x48);
      asm.byte(0x99);
      asm.integer(wide, 0xf7, 7, divisor);
      if (!safe) {
        asm.jump(done);
        asm.bind(otherwise);
        asm.integer(wide, 0x0faf, rax, divisor);
        asm.integer(0, 0x33, rdx, rdx);
      }
    }
    asm.bind(done);
    this.putGeneral(d, row & divisions.remainder ? rdx : rax);
  }

  private setIf(row: number, d: number): void {
    const { asm } = this;
    const set = (condition: number, r: number): void => asm.integer(0, 0x0f90 | condition, 0, r, 0, true);
    if (row < equalOrdered) {
      set(row, rax);
    } else {
      // rax, rcx and rdx have low bytes without a prefix.
      const equal = row === equalOrdered;
      set(equal ? conditions.np : conditions.p, rax);
      set(equal ? conditions.e : conditions.ne, rdx);
      asm.integer(0, equal ? 0x23 : 0x0b, rax, rdx);
    }
    const to = this.resultGeneral(d);
    asm.integer(0, 0x0fb6, to, rax);
    this.putGeneral(d, to);
  }

  private selectGeneral(row: number, d: number, a: number, b: number): void {
    const { asm } = this;
    const wide = this.is64(d);
    const move = (condition: number, to: number, v: number): void =>
      asm.integer(wide, 0x0f40 | condition, to, this.generalOperand(v));
    if (row >= equalOrdered) {
      const [first, second] = row === equalOrdered ? [a, b] : [b, a];
      asm.integer(wide, 0x8b, rax, this.generalOperand(first));
      move(conditions.ne, rax, second);
      move(conditions.p, rax, second);
      return this.putGeneral(d, rax);
    }
    const place = this.place[d]!;
    if (place >= 0 && this.place[b] === place) return move(row, place, a);
    if (place >= 0 && this.place[a] === place) return move(row ^ 1, place, b);
    const to = place >= 0 ? place : rax;
    asm.integer(wide, 0x8b, to, this.generalOperand(b));
    move(row, to, a);
    this.putGeneral(d, to);
  }

  /** a is the field c, which d may share a register with; b is used late, so that it is in another. */
  private selectVector(row: number, d: number, a: number, b: number): void {
    const done = this.asm.label();
    const to = this.resultVector(d);
    this.moveVector(d, to, this.vector(a, to));
    this.jumpIf(row, done);
    this.moveVector(d, to, this.vector(b, to));
    this.asm.bind(done);
    this.putVector(d, to);
  }

  private jumpIf(row: number, label: number): void {
    const { asm } = this;
    if (row < equalOrdered) return asm.jumpIf(row, label);
    if (row === notEqualOrUnordered) {
      asm.jumpIf(conditions.p, label);
      return asm.jumpIf(conditions.ne, label);
    }
    const unordered = asm.label();
    asm.jumpIf(conditions.p, unordered);
    asm.jumpIf(conditions.e, label);
    asm.bind(unordered);
  }

  private call(label: number, i: number): void {
    const saved = this.allocation.saved.get(i) ?? [];
    const move = (store: boolean): void => {
      for (const v of saved) {
        this.stack(this.allocation.slot[v]!);
        const { kmovwStore, kmovwLoad } = vectorInstructions;
        if (this.code.types[v] === types.mask) this.raw(store ? kmovwStore : kmovwLoad, 0, this.place[v]!, 0, inMemory);
        else this.wholeVector(v, this.place[v]!, store);
      }
    };
    move(true);
    this.asm.call(label);
    move(false);
  }

  /** Leaves the run unless the memory operand lies in the memory. */
  private check(count: number, bytes: number): void {
    const { asm, words, at } = this;
    const index = words[at + field.index]!;
    const [fails, fine] = [asm.label(), asm.label()];
    if (count >= 0) {
      asm.integer(0, 0x69, rax, this.generalOperand(count), 4);
      asm.word32(bytes);
    } else {
      asm.moveImmediate(rax, bytes);
    }
    // rax: the bytes behind the operand, minus 1. No bytes are always fine.
    asm.immediate(1, 5, rax, 1);
    asm.jumpIf(conditions.s, fine);
    asm.moveImmediate64(rdx, words[at + field.disp]!, 0);
    asm.integer(1, 0x03, rax, rdx);
    if (index >= 0) asm.integer(1, 0x03, rax, this.general(index, rcx));
    asm.integer(1, 0xc1, 5, rax, 1);
    asm.byte(16);
    asm.memory(memoryBase, this.frame.checked!);
    asm.integer(0, 0x8b, rdx, inMemory);
    asm.integer(1, 0x3b, rax, rdx);
    asm.jumpIf(conditions.b, fine);
    asm.bind(fails);
    asm.memory(checkedSlot, failedOffset);
    asm.integer(0, 0xc7, 0, inMemory, 4);
    asm.word32(1);
    asm.memory(checkedSlot, stackOffset);
    asm.integer(1, 0x8b, rsp, inMemory);
    asm.jump(this.frame.leave);
    asm.bind(fine);
  }
}
