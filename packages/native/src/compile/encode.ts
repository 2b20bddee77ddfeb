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
  tileRows,
  types,
} from "./linear_code.ts";
import {
  checkedSlot,
  failedOffset,
  FrameEncoder,
  type FunctionFrame,
  mask0,
  mask1,
  pagesOffset,
  stackOffset,
} from "./frame.ts";
import type { Liveness } from "./liveness.ts";
import type { Allocation } from "./registers.ts";

const { rax, rcx, rdx, rsp } = registers;
/** The bytes of a row of a tile. */
const tileRowBytes = 64;

export function encodeFunction(
  asm: Assembler,
  code: LinearCode,
  live: Liveness,
  allocation: Allocation,
  frame: FunctionFrame,
): void {
  new Encoder(asm, code, live, allocation, frame).run();
}

class Encoder extends FrameEncoder {
  run(): void {
    this.prologue();
    const { words, code } = this;
    for (let i = 0; i < code.length; i++) {
      this.at = i * stride;
      this.instruction(words[this.at]!, i);
    }
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
      case kinds.prefetch:
        this.operand(flags);
        return asm.integer(0, row, imm, inMemory);
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
      case kinds.tile:
        return this.tile(tileRows[row]!, imm, flags);
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

  private tile(row: VectorInstruction, imm: number, flags: number): void {
    const { asm } = this;
    const [reg, rm, v] = [imm & 7, imm >> 3 & 7, imm >> 6 & 7];
    if ((flags & (flag.memory | flag.pool)) === 0) return asm.vex(row, 0, reg, v, rm, 0);
    this.operand(flags);
    if (flags & flag.memory) {
      // The index of the operand is the distance of rows, so that the address is in one register.
      asm.integer(1, 0x8d, rax, inMemory);
      asm.moveImmediate(rcx, tileRowBytes);
      asm.memory(rax, 0, rcx, 0);
    }
    asm.vex(row, 0, reg, 0, inMemory, 0);
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
    if (this.frame.lazy === null) this.asm.call(label);
    else this.callThrough(this.frame.lazy.table, label);
    move(false);
  }

  /** Calls a function of the table. The code there, if the function is missing, expects its number in rax. */
  private callThrough(table: bigint, number: number): void {
    const { asm } = this;
    const address = table + 8n * BigInt(number);
    asm.moveImmediate(rax, number);
    this.stack(this.runOffset);
    asm.integer(1, 0x8b, rdx, inMemory);
    asm.moveImmediate64(rcx, Number(address & 0xffff_ffffn) | 0, Number(address >> 32n) | 0);
    asm.memory(rcx, 0);
    asm.integer(0, 0xff, 2, inMemory);
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
    asm.memory(checkedSlot, pagesOffset);
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
