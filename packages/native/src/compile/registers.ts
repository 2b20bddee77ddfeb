/** Assigns the processor's registers to virtual ones: linear scan over intervals of liveness. */
import { classes, classOf, field, kinds, type LinearCode, stride } from "./linear_code.ts";
import type { Liveness } from "./liveness.ts";

/** Where virtual registers are. */
export interface Allocation {
  /** The processor's register, or -1 for those in memory (and those that are never used). */
  readonly place: Int8Array;
  /** The offset in the frame of those in memory; -1 - offset for a constant in the pool. */
  readonly slot: Int32Array;
  /** The bytes of the frame. */
  readonly frame: number;
  /** How many registers of every class are in memory, but for constants. */
  readonly spills: readonly number[];
  /** How many vector registers are in memory, with constants. */
  readonly vectorsInMemory: number;
  /** The processor's registers that are used, by class, as bits. */
  readonly used: readonly number[];
  /** Vector and mask registers that are live across the call at an instruction, which must be saved. */
  readonly saved: ReadonlyMap<number, readonly number[]>;
}

export interface AllocationOptions {
  /** The registers of every class. */
  readonly available: readonly (readonly number[])[];
  /** The bytes of a vector. */
  readonly vectorBytes: number;
  /** The first bytes of the frame, which are in use. */
  readonly reserved: number;
}

/** The virtual registers that are used, in the order of a position of each: where their intervals begin, or end. */
function inOrder(position: Int32Array, end: Int32Array, positions: number): Int32Array {
  const registers = position.length;
  // Chains of registers by position; the first position is -1.
  const first = new Int32Array(positions + 2).fill(-1);
  const next = new Int32Array(registers);
  let count = 0;
  for (let v = registers - 1; v >= 0; v--) {
    if (end[v]! < 0) continue;
    next[v] = first[position[v]! + 1]!;
    first[position[v]! + 1] = v;
    count++;
  }
  const order = new Int32Array(count);
  for (let at = 0, n = 0; at < first.length; at++) {
    for (let v = first[at]!; v >= 0; v = next[v]!) order[n++] = v;
  }
  return order;
}

/** The instructions that call functions. */
function calls(code: LinearCode): number[] {
  const found: number[] = [];
  for (let i = 0; i < code.length; i++) if (code.words[i * stride] === kinds.call) found.push(i);
  return found;
}

export function allocate(code: LinearCode, live: Liveness, options: AllocationOptions): Allocation {
  const { begin, end, weight, definition, definitions } = live;
  const { words, types } = code;
  const registers = types.length;
  const place = new Int8Array(registers).fill(-1);
  const slot = new Int32Array(registers);
  const spills = new Array<number>(classes).fill(0);
  const used = new Array<number>(classes).fill(0);
  const free = options.available.map((list) => list.reduce((bits, r) => bits | 1 << r, 0));
  /** The virtual register in every register of the processor; 32 per class. */
  const owner = new Int32Array(32 * classes).fill(-1);
  let frame = options.reserved;

  const home = (v: number): void => {
    const bytes = types[v] === 4 ? options.vectorBytes : 8;
    frame = Math.ceil(frame / bytes) * bytes;
    slot[v] = frame;
    frame += bytes;
  };
  let vectorsInMemory = 0;
  const spill = (v: number): void => {
    place[v] = -1;
    if (classOf[types[v]!] === 1) vectorsInMemory++;
    const at = definition[v]! * stride;
    if (definitions[v] === 1 && begin[v]! >= 0 && words[at] === kinds.constant) {
      slot[v] = -1 - words[at + field.disp]!;
      return;
    }
    home(v);
    spills[classOf[types[v]!]!]!++;
  };
  /** The register of an operand, if it is free; or -1. */
  const freePlace = (operand: number, group: number): number => {
    if (operand < 0 || classOf[types[operand]!] !== group) return -1;
    const register = place[operand]!;
    return register >= 0 && free[group]! & 1 << register ? register : -1;
  };
  const take = (v: number, group: number, register: number): void => {
    place[v] = register;
    owner[32 * group + register] = v;
    free[group]! &= ~(1 << register);
    used[group]! |= 1 << register;
  };

  const order = inOrder(begin, end, 2 * code.length);
  const leaving = inOrder(end, end, 2 * code.length);
  for (let n = 0, gone = 0; n < order.length; n++) {
    const v = order[n]!;
    for (; gone < leaving.length && end[leaving[gone]!]! < begin[v]!; gone++) {
      const w = leaving[gone]!;
      const register = place[w]!;
      if (register < 0) continue;
      const group = classOf[types[w]!]!;
      owner[32 * group + register] = -1;
      free[group]! |= 1 << register;
    }
    const group = classOf[types[v]!]!;
    const list = options.available[group]!;
    if (free[group] !== 0) {
      let chosen = -1;
      // An operand's register that is free from here on saves a move.
      if (definition[v]! >= 0) {
        const at = definition[v]! * stride;
        chosen = freePlace(words[at + field.c]!, group);
        if (chosen < 0) chosen = freePlace(words[at + field.a]!, group);
        if (chosen < 0) chosen = freePlace(words[at + field.b]!, group);
      }
      // The lowest one.
      if (chosen < 0) chosen = 31 - Math.clz32(free[group]! & -free[group]!);
      take(v, group, chosen);
      continue;
    }
    // The register that is used least for how long it lives goes to memory.
    let victim = v;
    let least = weight[v]! / (end[v]! - begin[v]! + 1);
    for (const register of list) {
      const w = owner[32 * group + register]!;
      const worth = weight[w]! / (end[w]! - begin[w]! + 1);
      if (worth < least) [victim, least] = [w, worth];
    }
    const register = place[victim]!;
    spill(victim);
    if (victim !== v) take(v, group, register);
  }

  const saved = new Map<number, readonly number[]>();
  for (const i of calls(code)) {
    const crossing: number[] = [];
    for (let v = 0; v < registers; v++) {
      if (place[v]! < 0 || classOf[types[v]!] === 0 || begin[v]! >= 2 * i || end[v]! <= 2 * i) continue;
      if (slot[v] === 0) home(v);
      crossing.push(v);
    }
    saved.set(i, crossing);
  }
  return { place, slot, frame, spills, vectorsInMemory, used, saved };
}
