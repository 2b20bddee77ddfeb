/** How a vector instruction is described, and short ways to write those that are alike. */

/**
 * What an operand is: `v` a vector of the instruction's length, `h` of half, `x` 128 bits, `d` and `q` a general register of 32 and 64
 * bits, `k` a mask. `m` at the end says that the last operand must be memory, `.` that it must be a register.
 */
export interface VectorInstruction {
  /** The names in disassembly, with VEX and with EVEX. */
  readonly name: string;
  readonly evexName: string;
  readonly operands: string;
  readonly form: Form;
  readonly map: number;
  /** The mandatory prefix: 0 none, 1 for 66, 2 for F3, 3 for F2. */
  readonly prefix: number;
  readonly w: number;
  readonly vexW: number;
  readonly opcode: number;
  /** A part of the opcode in the place of an operand. */
  readonly extension: number;
  /** The bytes of a memory operand; a negative number divides the vector's bytes. */
  readonly memoryBytes: number;
  /** The bytes of a lane that EVEX can broadcast from memory; 0 if it cannot. */
  readonly broadcast: number;
  readonly immediate: boolean;
  /** Whether the operand `rm` may be memory. */
  readonly reads: boolean;
  readonly vex: boolean;
  readonly evex: boolean;
  /** The length in the prefix, if it is not the vector's. */
  readonly length: number;
}

/**
 * Where operands go.
 *
 * - `three`: reg is the result, v the first operand, rm the second
 * - `two`: reg is the result, rm the operand
 * - `shift`: v is the result, rm the operand, the opcode's extension in reg
 * - `out`: rm is the result (or memory that is written), reg the operand
 * - `flags`: reg and rm are operands
 * - `blend`: as `three`, with a fourth register in an immediate byte
 * - `reversed`: reg is the result, rm the first operand, v the second
 */
export type Form = "three" | "two" | "shift" | "out" | "flags" | "blend" | "reversed";

interface Options {
  readonly operands?: string;
  readonly form?: Form;
  readonly evexName?: string;
  readonly vexW?: number;
  readonly extension?: number;
  readonly memory?: number;
  readonly immediate?: boolean;
  readonly only?: "vex" | "evex";
  readonly length?: number;
}

/** Mandatory prefixes. */
export const none = 0;
export const x66 = 1;
export const xF3 = 2;
export const xF2 = 3;
const full = -1;

export function instruction(
  name: string,
  map: number,
  prefix: number,
  w: number,
  opcode: number,
  broadcast: number,
  options: Options = {},
): VectorInstruction {
  const operands = options.operands ?? "vvv";
  const last = operands.at(-1)!;
  const fixed = { x: 16, d: 4, q: 8, h: -2, v: full, k: 8 }[last] ?? full;
  return {
    name,
    evexName: options.evexName ?? name,
    operands,
    form: options.form ?? (operands.replace(/[m.]/, "").length === 2 ? "two" : "three"),
    map,
    prefix,
    w,
    vexW: options.vexW ?? w,
    opcode,
    extension: options.extension ?? 0,
    memoryBytes: options.memory ?? fixed,
    broadcast,
    immediate: options.immediate ?? false,
    reads: last !== ".",
    vex: options.only !== "evex",
    evex: options.only !== "vex",
    length: options.length ?? -1,
  };
}

export const vexOnly = { only: "vex" } as const;
export const evexOnly = { only: "evex" } as const;
export const unary = { operands: "vv" } as const;
/** A floating-point instruction for vectors of float32. */
export const single = (name: string, opcode: number, options: Options = {}): VectorInstruction =>
  instruction(`v${name}ps`, 1, none, 0, opcode, 4, options);
export const double = (name: string, opcode: number, options: Options = {}): VectorInstruction =>
  instruction(`v${name}pd`, 1, x66, 1, opcode, 8, { vexW: 0, ...options });
export const scalarSingle = (name: string, opcode: number): VectorInstruction =>
  instruction(`v${name}ss`, 1, xF3, 0, opcode, 0, { operands: "xxx", memory: 4, length: 0 });
export const scalarDouble = (name: string, opcode: number): VectorInstruction =>
  instruction(`v${name}sd`, 1, xF2, 1, opcode, 0, { operands: "xxx", memory: 8, length: 0, vexW: 0 });
/** An integer instruction for vectors: lanes of 32 and 64 bits may be broadcast. */
export const packed = (name: string, map: number, opcode: number, options: Options = {}): VectorInstruction =>
  instruction(`v${name}`, map, x66, 0, opcode, 4, options);
export const packed64 = (name: string, map: number, opcode: number, options: Options = {}): VectorInstruction =>
  instruction(`v${name}`, map, x66, 1, opcode, 8, { vexW: 0, ...options });
export const bytes = (name: string, map: number, opcode: number, options: Options = {}): VectorInstruction =>
  instruction(`v${name}`, map, x66, 0, opcode, 0, options);
export const shift = (
  name: string,
  w: number,
  opcode: number,
  extension: number,
  options: Options = {},
): VectorInstruction =>
  instruction(`v${name}`, 1, x66, w, opcode, 0, {
    operands: "vv.",
    form: "shift",
    extension,
    immediate: true,
    vexW: 0,
    ...options,
  });
export const shiftBy = (name: string, w: number, opcode: number, options: Options = {}): VectorInstruction =>
  instruction(`v${name}`, 1, x66, w, opcode, 0, { operands: "vvx", vexW: 0, ...options });
export const fma = (name: string, opcode: number): readonly [VectorInstruction, VectorInstruction] => [
  instruction(`v${name}ps`, 2, x66, 0, opcode, 4),
  instruction(`v${name}pd`, 2, x66, 1, opcode, 8),
];
export const mask = (
  name: string,
  opcode: number,
  operands: string,
  length: number,
  options: Options = {},
): VectorInstruction => instruction(name, 1, none, 0, opcode, 0, { operands, length, only: "vex", ...options });
export const compare = { operands: "kvv", immediate: true, only: "evex" } as const;
export const immediate = { immediate: true } as const;
