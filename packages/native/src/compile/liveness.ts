/** Where virtual registers are live. */
import { field, flag, kinds, type LinearCode, stride } from "./linear_code.ts";

/**
 * One interval per virtual register, from its first definition to its last use. Instruction i reads its operands at the position 2 · i,
 * and writes its result at 2 · i + 1. Registers that are never used have the end -1.
 */
export interface Liveness {
  readonly begin: Int32Array;
  readonly end: Int32Array;
  /** How often a register is used, with tenfold weight per loop. */
  readonly weight: Float64Array;
  /** The instruction that defines a register first, or -1; and the number of definitions. */
  readonly definition: Int32Array;
  readonly definitions: Int32Array;
  /** Registers that are live at the beginning, where locals are zero. */
  readonly entry: readonly number[];
}

const [firstUse, lastUse] = [field.a, field.index];
/** The weight of an instruction in so many loops. */
const weights = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];

/** The first instruction of every basic block, with the number of instructions at the end; and the block of every label. */
function basicBlocks(code: LinearCode): { starts: number[]; blockOfLabel: Map<number, number> } {
  const { words } = code;
  const starts: number[] = [];
  const blockOfLabel = new Map<number, number>();
  let begins = true;
  for (let i = 0, at = 0; i < code.length; i++, at += stride) {
    const kind = words[at]!;
    if (kind === kinds.label && starts.at(-1) !== i) begins = true;
    if (begins) {
      starts.push(i);
      begins = false;
    }
    if (kind === kinds.label) blockOfLabel.set(words[at + field.imm]!, starts.length - 1);
    if (kind === kinds.jump || kind === kinds.jumpIf || kind === kinds.ret) begins = true;
  }
  starts.push(code.length);
  return { starts, blockOfLabel };
}

export function liveness(code: LinearCode): Liveness {
  const { words, depths } = code;
  const registers = code.types.length;
  const { starts, blockOfLabel } = basicBlocks(code);
  const blocks = starts.length - 1;
  const begin = new Int32Array(registers).fill(2 ** 30);
  const end = new Int32Array(registers).fill(-1);
  const weight = new Float64Array(registers);
  const definition = new Int32Array(registers).fill(-1);
  const definitions = new Int32Array(registers);
  // The block where a register is seen: -1 for none yet, -2 for several. Only the latter take part in the flow between blocks.
  const block = new Int32Array(registers).fill(-1);
  for (let n = 0; n < blocks; n++) {
    for (let i = starts[n]!, at = i * stride; i < starts[n + 1]!; i++, at += stride) {
      const late = words[at + field.flags]! & flag.late ? 1 : 0;
      const times = weights[Math.min(depths[i]!, 6)]!;
      for (let use: number = firstUse; use <= lastUse; use++) {
        const v = words[at + use]!;
        if (v < 0) continue;
        const position = 2 * i + (use === field.c ? 0 : late);
        if (2 * i < begin[v]!) begin[v] = 2 * i;
        if (position > end[v]!) end[v] = position;
        weight[v]! += times;
        // A use before the definition is of an earlier value.
        if (block[v] !== n) block[v] = -2;
      }
      const d = words[at + field.d]!;
      if (d < 0) continue;
      if (2 * i + 1 < begin[d]!) begin[d] = 2 * i + 1;
      if (2 * i + 1 > end[d]!) end[d] = 2 * i + 1;
      weight[d]! += times;
      if (definitions[d]!++ === 0) definition[d] = i;
      if (block[d] === -1) block[d] = n;
      else if (block[d] !== n) block[d] = -2;
    }
  }
  const shared: number[] = [];
  const numberOf = new Int32Array(registers).fill(-1);
  for (let v = 0; v < registers; v++) {
    if (block[v] === -2) numberOf[v] = shared.push(v) - 1;
  }
  // Backward flow over bit sets.
  const size = shared.length + 31 >> 5;
  const used = new Int32Array(blocks * size);
  const defined = new Int32Array(blocks * size);
  const live = new Int32Array(blocks * size);
  const out = new Int32Array(blocks * size);
  const next = new Int32Array(blocks).fill(-1);
  const target = new Int32Array(blocks).fill(-1);
  for (let n = 0; n < blocks; n++) {
    for (let i = starts[n + 1]! - 1; i >= starts[n]!; i--) {
      const at = i * stride;
      const d = words[at + field.d]!;
      if (d >= 0 && numberOf[d]! >= 0) {
        const bit = numberOf[d]!;
        used[n * size + (bit >> 5)]! &= ~(1 << (bit & 31));
        defined[n * size + (bit >> 5)]! |= 1 << (bit & 31);
      }
      for (let use: number = firstUse; use <= lastUse; use++) {
        const v = words[at + use]!;
        if (v >= 0 && numberOf[v]! >= 0) used[n * size + (numberOf[v]! >> 5)]! |= 1 << (numberOf[v]! & 31);
      }
    }
    const last = (starts[n + 1]! - 1) * stride;
    const kind = words[last]!;
    if (kind !== kinds.jump && kind !== kinds.ret && n + 1 < blocks) next[n] = n + 1;
    if (kind === kinds.jump || kind === kinds.jumpIf) target[n] = blockOfLabel.get(words[last + field.imm]!)!;
  }
  live.set(used);
  for (let changed = true; changed;) {
    changed = false;
    for (let n = blocks - 1; n >= 0; n--) {
      const a = next[n]!;
      const b = target[n]!;
      for (let w = 0; w < size; w++) {
        const after = (a < 0 ? 0 : live[a * size + w]!) | (b < 0 ? 0 : live[b * size + w]!);
        out[n * size + w] = after;
        const before = used[n * size + w]! | after & ~defined[n * size + w]!;
        if (before !== live[n * size + w]) {
          live[n * size + w] = before;
          changed = true;
        }
      }
    }
  }
  const extend = (set: Int32Array, n: number, position: number): void => {
    for (let w = 0; w < size; w++) {
      for (let bits = set[n * size + w]!; bits !== 0; bits &= bits - 1) {
        const v = shared[32 * w + 31 - Math.clz32(bits & -bits)]!;
        if (position < begin[v]!) begin[v] = position;
        if (position > end[v]!) end[v] = position;
      }
    }
  };
  for (let n = 0; n < blocks; n++) {
    extend(live, n, 2 * starts[n]!);
    extend(out, n, 2 * starts[n + 1]! - 1);
  }
  const entry: number[] = [];
  for (let i = 0; blocks > 0 && i < shared.length; i++) {
    if (live[i >> 5]! & 1 << (i & 31)) entry.push(shared[i]!);
  }
  for (const v of entry) begin[v] = -1;
  return { begin, end, weight, definition, definitions, entry };
}
