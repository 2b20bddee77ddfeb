/** Compiles modules of generated code to machine code. */
import type { CodeModule, FunctionBuilder } from "@heddle/tensor/code";
import { Assembler } from "../x86/assembler.ts";
import { ConstantPool } from "./constant_pool.ts";
import { encodeFunction } from "./encode.ts";
import { checkedSlot, generalRegisters, maskRegisters, scratchVectors, vectorRegisters } from "./frame.ts";
import { leaveAndResume } from "./lazy.ts";
import { liveness } from "./liveness.ts";
import { Lowering, type ModuleContext } from "./lower.ts";
import { allocate, type Allocation } from "./registers.ts";
import { rules } from "./rules.ts";
import { type Target, Unsupported } from "./target.ts";

/** What a frame takes at most beside its values: saved registers, the return address, and what alignment adds. */
const frameOverhead = 256;

/** Machine code of a module. */
export interface CompiledCode {
  /** The code, with its constants. Its beginning is the function "run". It works at any address that is a multiple of 64. */
  readonly code: Uint8Array<ArrayBuffer>;
  /** The offset of the function "run". */
  readonly entry: 0;
  /** The offset of the code that calls of missing functions lead to; -1 if there is none. */
  readonly missing: number;
  /** How many instructions there are before registers are assigned. */
  readonly instructions: number;
  /** How many virtual registers are in memory: general ones, vectors and masks. */
  readonly spills: readonly number[];
}

/** Calls through a table of the addresses of functions, which are compiled when they are called first. */
export interface LazyCalls {
  /** The address of the table. The function with the index i has the number i + 1 there. */
  readonly table: bigint;
  /** How many bytes of the stack's copy are left for frames of functions that call others. */
  copyBytes: number;
}

export interface CompileOptions {
  /**
   * Checks every address against the memory's size in pages, a word at 20 bytes behind the beginning of the parameters. A run that
   * would leave the memory stops, and sets the word before it to 1.
   */
  readonly checked?: boolean;
  /** Fewer registers, for tests: how many general, vector and mask registers may be used. */
  readonly registers?: { readonly general?: number; readonly vector?: number; readonly mask?: number };
}

/**
 * Compiles the function that a module exports as "run", and those that it calls. The code expects the address of four words of 32 bits in
 * rdi: `params`, `begin`, `end` and `thread`; they are followed by 16 bytes that checks use. It keeps to the System V calling convention.
 *
 * @param base the address of the memory's beginning
 * @throws Unsupported if the module must stay WebAssembly
 */
export function compileModule(
  module: CodeModule,
  target: Target,
  base: bigint,
  options: CompileOptions = {},
): CompiledCode {
  return compileFunction(module, runOf(module), target, base, options, null);
}

/** The index of the function "run". */
export function runOf(module: CodeModule): number {
  const run = module.exports.find(({ name }) => name === "run");
  if (run === undefined) throw new Unsupported('a module without "run"');
  return run.index;
}

/**
 * Compiles a function of a module, by its index, and those that it calls directly: none with `lazy`. The copy of the stack has room
 * for all frames, so a function whose frame does not fit calls directly.
 */
export function compileFunction(
  module: CodeModule,
  index: number,
  target: Target,
  base: bigint,
  options: CompileOptions,
  lazy: LazyCalls | null,
): CompiledCode {
  const asm = new Assembler();
  const pool = new ConstantPool();
  const entries = new Map<number, number>();
  const order: number[] = [];
  const callee = (index: number): FunctionBuilder => {
    const built = module.functions[index - module.imports.length];
    if (built === undefined) throw new Unsupported(`the imported function "${module.imports[index]?.name}"`);
    return built;
  };
  const context: ModuleContext = {
    target,
    pool,
    checked: options.checked === true,
    callee,
    entry(index) {
      if (lazy !== null) return index + 1;
      let label = entries.get(index);
      if (label === undefined) {
        entries.set(index, label = asm.label());
        order.push(index);
      }
      return label;
    },
    newLabel: () => asm.label(),
  };
  const run = runOf(module);
  if (callee(run).results.length > 0) throw new Unsupported('a function "run" with results');
  entries.set(index, asm.label());
  order.push(index);
  const leave = asm.label();
  const lazyFrame = lazy === null ? null : { table: lazy.table, resume: asm.label() };
  const spills = [0, 0, 0];
  let instructions = 0;
  for (let i = 0; i < order.length; i++) {
    const built = callee(order[i]!);
    const lowering = new Lowering(context, built, rules);
    lowering.run();
    const { code } = lowering;
    const live = liveness(code);
    const reserved = Math.max(8, lowering.outgoing);
    const allocation = assign(code, live, target, reserved, built.vectorBytes, options);
    allocation.spills.forEach((count, group) => spills[group]! += count);
    instructions += code.length;
    if (lazy !== null && code.calls) {
      const bytes = allocation.frame + frameOverhead;
      if (bytes > lazy.copyBytes) return compileFunction(module, index, target, base, options, null);
      lazy.copyBytes -= bytes;
    }
    asm.align(64);
    asm.bind(entries.get(order[i]!)!);
    encodeFunction(asm, code, live, allocation, {
      target,
      vectorBytes: built.vectorBytes,
      entry: order[i] === run,
      base,
      checked: options.checked === true,
      leave,
      lazy: lazyFrame,
    });
  }
  let missing = -1;
  if (lazyFrame !== null && index === run) {
    asm.align(64);
    missing = asm.length;
    leaveAndResume(asm, lazyFrame, base);
  }
  return { code: asm.finish(pool.bytes()), entry: 0, missing, instructions, spills };
}

/** Assigns registers: all of the vectors' if that is enough, else all but those that serve spilled ones. */
function assign(
  code: Lowering["code"],
  live: ReturnType<typeof liveness>,
  target: Target,
  reserved: number,
  vectorBytes: number,
  { checked, registers = {} }: CompileOptions,
): Allocation {
  const general = generalRegisters.filter((r) => !checked || r !== checkedSlot);
  const masks = maskRegisters.slice(0, registers.mask);
  const all = Array.from({ length: vectorRegisters[target] }, (_, i) => i);
  const attempt = (vectors: readonly number[]): Allocation =>
    allocate(code, live, {
      available: [general.slice(0, registers.general), vectors, masks],
      vectorBytes,
      reserved,
    });
  const most = attempt(all.slice(0, registers.vector));
  const fits = most.vectorsInMemory === 0;
  return fits ? most : attempt(all.slice(0, all.length - scratchVectors).slice(0, registers.vector));
}
