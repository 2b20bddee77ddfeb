/**
 * Plans of routines. A routine plans once for operands of a geometry: which modules run, on which parameters, over how many items. The
 * plan is kept, and replayed for other operands of the same geometry with their addresses.
 *
 * Addresses that differ between runs have a base: an operand, the scratch memory, or a block that is prepared. In a plan such an address
 * is the number `base · span + offset`, so that code can add to it as to any address. Addresses of tables and small numbers have base 0.
 */
import type { Operand } from "../../../ir/kernel.ts";
import type { Attrs, RoutinePrim } from "../../../prims/attrs.ts";
import type { BuildModule, CompiledModule, CompileOptions } from "../compiled_module.ts";
import type { Engine } from "../engine.ts";
import type { Features } from "../features.ts";
import { type NativeCode, nativeCode } from "../native_code.ts";
import type { Params } from "./loops.ts";
import { cachedModule } from "./module_cache.ts";
import { copyElements, type Workspace } from "./operand_copies.ts";
import type { CpuOperand } from "./operand.ts";
import { prepared, type Source, use } from "./prepared.ts";

/** The distance of two bases. Offsets are smaller than half of it. */
const span = 2 ** 40;
/** The base of scratch memory. Operands follow, then prepared blocks. */
const scratchBase = 1;
const firstOperand = 2;
/** The alignment of scratch memory. */
const alignment = 64;
/** About the bytes that a plan and each of its steps take in JavaScript. */
const [planBytes, stepBytes] = [2048, 512];

/** An operand of a plan. Its address has the operand as its base. */
export interface PlanOperand extends Operand {
  readonly pointer: number;
  /** Set if what is prepared from the operand is to be kept. */
  readonly source?: PlanSource | undefined;
}

/** An operand whose contents last. */
export interface PlanSource {
  /** The number of the operand among the inputs, and its address in the plan. */
  readonly input: number;
  readonly pointer: number;
  /** The first input that lies in the same memory. */
  readonly memory: number;
}

/** A step of a plan. */
interface PlanStep {
  readonly run: () => void;
  /** Whether it writes addresses to the plan's own tables: once for all runs on the same operands. */
  readonly writes: boolean;
}

/** Plans a routine for its operands. */
export type Planner<P extends RoutinePrim> = (
  plan: Plan,
  inputs: readonly PlanOperand[],
  outputs: readonly PlanOperand[],
  attrs: Attrs[P],
) => void;

/** The memory of each input whose contents last. */
export type Sources = readonly (Source | undefined)[];

/** For each input, the first one in the same lasting memory, as digits of a number: a plan holds for one pattern. */
export function sourcePattern(sources: Sources): number {
  let pattern = 0;
  for (let i = 0; i < sources.length; i++) {
    pattern *= sources.length + 1;
    const source = sources[i];
    if (source === undefined) continue;
    let first = 0;
    while (sources[first] !== source) first++;
    pattern += first + 1;
  }
  return pattern;
}

const none: Sources = [];

let clock = 0;

const baseOf = (address: number): number => Math.round(address / span);

/** What a routine does for operands of a geometry. A planner calls its methods in the order in which they are to have effect. */
export class Plan implements Workspace<PlanOperand> {
  readonly features: Features;
  readonly threads: number;
  /** About the memory that the plan takes. */
  bytes: number = planBytes;
  /** When the plan was last used; larger is later. */
  used: number = ++clock;
  private readonly engine: Engine;
  private readonly native: NativeCode | null = nativeCode();
  private readonly modules: CompiledModule[] = [];
  private readonly widths: number[] = [];
  private readonly blocks: { readonly pointer: number; readonly bytes: number }[] = [];
  private steps: PlanStep[] = [];
  /** The addresses of the bases in the present run, and the memory of its inputs. */
  private readonly bases: number[] = [0, 0];
  private sources: Sources = none;
  /** Whether something that is prepared is used. */
  private prepares = false;
  private released = false;
  /** The bytes of scratch memory in use at this point of the plan, and the most. */
  private top = 0;
  private most = 0;

  constructor(engine: Engine) {
    this.engine = engine;
    this.features = engine.features;
    this.threads = engine.threads;
  }

  /** Plans a routine. */
  static of<P extends RoutinePrim>(
    engine: Engine,
    planner: Planner<P>,
    inputs: readonly CpuOperand[],
    outputs: readonly CpuOperand[],
    attrs: Attrs[P],
  ): Plan {
    const plan = new Plan(engine);
    const operand = ({ dtype, shape, strides, source }: CpuOperand, i: number): PlanOperand => {
      const pointer = plan.base() * span;
      if (source === undefined) return { dtype, shape, strides, pointer };
      const memory = inputs.findIndex((input) => input.source === source);
      return { dtype, shape, strides, pointer, source: { input: i, pointer, memory } };
    };
    try {
      planner(plan, inputs.map(operand), outputs.map(operand), attrs);
    } catch (error) {
      plan.release();
      throw error;
    }
    return plan;
  }

  /** A module for a key, which must contain everything that `build` depends on. */
  module(key: string, build: BuildModule, options: Pick<CompileOptions, "tiles"> = {}): CompiledModule {
    const entry = cachedModule(this.engine, key, build, options);
    this.modules.push(entry);
    this.widths.push(entry.vectorBytes);
    return entry;
  }

  /** Copies a table to the heap, where it stays as long as the plan. Returns its address. */
  put(table: ArrayLike<number>): number {
    const bytes = 4 * table.length;
    const pointer = this.engine.heap.alloc(bytes);
    this.engine.heap.words.set(table, pointer / 4);
    this.blocks.push({ pointer, bytes });
    this.bytes += bytes;
    return pointer;
  }

  /** Copies a table that may contain addresses to the heap. Their values are written in each run, at this point of the plan. */
  putAddresses(table: readonly number[]): number {
    const moving: number[] = [];
    for (let i = 0; i < table.length; i++) {
      const base = baseOf(table[i]!);
      if (base !== 0) moving.push(i, base, table[i]! - base * span);
    }
    const pointer = this.put(table);
    if (moving.length === 0) return pointer;
    const list = Int32Array.from(moving);
    const write = (): void => {
      const { words } = this.engine.heap;
      for (let i = 0; i < list.length; i += 3) words[pointer / 4 + list[i]!] = this.bases[list[i + 1]!]! + list[i + 2]!;
    };
    this.step(list.byteLength, write, true);
    return pointer;
  }

  /** Runs `count` items of a module in chunks of `grain`. */
  run<Name extends string>(
    entry: CompiledModule,
    params: Params<Name>,
    values: Readonly<Record<Name, number>>,
    count: number,
    grain: number,
  ): void {
    const block = this.putAddresses(params.list(values));
    this.step(0, () => this.engine.parallel(entry, block, count, grain));
  }

  /** Scratch memory, until it or memory that was borrowed before it is given back. */
  borrow(bytes: number): number {
    const at = this.top;
    this.top = Math.ceil((at + bytes) / alignment) * alignment;
    this.most = Math.max(this.most, this.top);
    return scratchBase * span + at;
  }

  /** Gives back scratch memory, with all that was borrowed after it. */
  giveBack(pointer: number): void {
    this.top = Math.min(this.top, pointer - scratchBase * span);
  }

  /** Clears memory. */
  zero(pointer: number, bytes: number): void {
    this.call((address) => this.engine.heap.bytes.fill(0, address(pointer), address(pointer) + bytes));
  }

  /** Copies bytes. */
  move(to: number, from: number, bytes: number): void {
    this.call((address) => this.engine.heap.bytes.copyWithin(address(to), address(from), address(from) + bytes));
  }

  /** Copies elements between operands of equal shape, with conversion. */
  copy(from: PlanOperand, to: PlanOperand): void {
    const at = ({ dtype, shape, strides, pointer }: PlanOperand): CpuOperand => {
      return { dtype, shape, strides, pointer: this.address(pointer) };
    };
    this.call(() => copyElements(this.engine, at(from), at(to)));
  }

  /** Calls a function, which gets the present values of addresses, and the heap's memory. */
  call(run: (address: (pointer: number) => number, memory: ArrayBufferLike) => void): void {
    const address = (pointer: number): number => this.address(pointer);
    this.step(0, () => run(address, this.engine.heap.memory.buffer));
  }

  /**
   * The address of `bytes` bytes that the steps of `write` compute from a source, and from nothing else but what is in the key. They are
   * kept between runs. Without a source they are computed at `otherwise`, in each run.
   */
  prepared(
    source: PlanSource | undefined,
    key: string,
    bytes: number,
    otherwise: number,
    write: (pointer: number) => void,
  ): number {
    if (source === undefined) {
      write(otherwise);
      return otherwise;
    }
    this.prepares = true;
    const base = this.base();
    const outer = this.steps;
    const inner: PlanStep[] = this.steps = [];
    write(base * span);
    this.steps = outer;
    this.step(0, () => {
      const memory = this.sources[source.input]!;
      const offset = this.bases[firstOperand + source.input]! - memory.pointer;
      this.bases[base] = prepared(this.engine, memory, offset === 0 ? key : `${key} at ${offset}`, bytes, (pointer) => {
        this.bases[base] = pointer;
        for (const step of inner) step.run();
      });
    });
    return base * span;
  }

  /** Whether the plan can run: its tables were not freed, and no module has changed to native code. */
  holds(): boolean {
    if (this.released || this.native !== nativeCode()) return false;
    for (let i = 0; i < this.modules.length; i++) {
      this.engine.refresh(this.modules[i]!);
      if (this.modules[i]!.vectorBytes !== this.widths[i]) return false;
    }
    return true;
  }

  /**
   * Runs the plan.
   *
   * @param pointers the addresses of the inputs, then of the outputs
   * @param sources the memory of the inputs whose contents last, in the pattern of the plan
   */
  replay(pointers: readonly number[], sources: Sources): void {
    const { bases, steps, engine: { heap } } = this;
    this.used = ++clock;
    this.sources = sources;
    if (this.prepares) use(this.engine, sources);
    for (let i = 0; i < pointers.length; i++) bases[firstOperand + i] = pointers[i]!;
    const scratch = this.most === 0 ? 0 : heap.borrow(this.most);
    bases[scratchBase] = scratch;
    for (let i = 0; i < steps.length; i++) steps[i]!.run();
    if (this.most > 0) heap.giveBack(scratch);
    this.sources = none;
    if (this.prepares) use(this.engine, none);
  }

  /** The bytes of scratch memory that a run takes. */
  get scratch(): number {
    return this.most;
  }

  /**
   * What the plan does on operands without lasting contents, as functions to call in order, again and again. The plan is for these
   * operands alone from now on.
   */
  fixed(pointers: readonly number[], scratch: number): (() => void)[] {
    const { bases, steps } = this;
    for (let i = 0; i < pointers.length; i++) bases[firstOperand + i] = pointers[i]!;
    bases[scratchBase] = scratch;
    for (const { run, writes } of steps) if (writes) run();
    return steps.filter(({ writes }) => !writes).map(({ run }) => run);
  }

  /** Frees the plan's tables. */
  release(): void {
    this.released = true;
    for (const { pointer, bytes } of this.blocks) this.engine.heap.release(pointer, bytes);
  }

  private base(): number {
    return this.bases.push(0) - 1;
  }

  private address(pointer: number): number {
    const base = baseOf(pointer);
    return this.bases[base]! + (pointer - base * span);
  }

  private step(bytes: number, run: () => void, writes = false): void {
    this.bytes += stepBytes + bytes;
    this.steps.push({ run, writes });
  }
}
