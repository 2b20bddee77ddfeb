/** A module whose functions are compiled when they are called first. */
import type { CodeModule } from "@heddle/tensor/code";
import { compileFunction, type LazyCalls, runOf } from "./compile/compile.ts";
import { copyOverhead } from "./compile/lazy.ts";
import { copyOffset } from "./compile/frame.ts";
import type { Target } from "./compile/target.ts";
import type { Foreign } from "./host/foreign.ts";

/** Code refers to the tables as long as it exists: until the process ends. */
const tables: BigUint64Array[] = [];

/** Compiles the function "run", and others as runs need them. */
export class LazyModule {
  /** The address of the function "run". */
  readonly address: bigint;
  /** Bytes of machine code so far. */
  bytes = 0;
  private readonly module: CodeModule;
  private readonly target: Target;
  private readonly base: bigint;
  private readonly foreign: Foreign;
  /** The addresses of functions by number: their index plus 1. */
  private readonly table: BigUint64Array;
  private readonly calls: LazyCalls;

  /** @param slotBytes the bytes of a run's parameters, with the copy of its stack */
  constructor(module: CodeModule, target: Target, base: bigint, slotBytes: number, foreign: Foreign) {
    this.module = module;
    this.target = target;
    this.base = base;
    this.foreign = foreign;
    // Shared buffers do not move.
    this.table = new BigUint64Array(new SharedArrayBuffer(8 * (module.functions.length + 1)));
    tables.push(this.table);
    this.calls = { table: foreign.addressOf(this.table), copyBytes: slotBytes - copyOffset - copyOverhead };
    const { code, missing } = compileFunction(module, runOf(module), target, base, {}, this.calls);
    this.address = foreign.map(code);
    this.bytes = code.length;
    if (missing >= 0) this.table.fill(this.address + BigInt(missing));
  }

  /** Compiles a function by its number in the table, for all threads. */
  compile(number: number): void {
    const { code } = compileFunction(this.module, number - 1, this.target, this.base, {}, this.calls);
    const address = this.foreign.map(code);
    this.bytes += code.length;
    Atomics.store(this.table, number, address);
  }
}
