/**
 * Runs routines. The launches of a routine depend only on its attributes and on the geometry of its operands, so the
 * first run records them as a plan, and later runs replay the plan with their own buffers.
 */
import type { Scalar } from "@heddle/tensor";
import type { Attrs, Binding, Program, Routine, RoutinePrim } from "@heddle/tensor/backend";
import { estimateMilliseconds } from "../commands/work_estimate.ts";
import type { Vendor } from "../device/vendor.ts";
import type { CompiledLaunch, Engine } from "../device/engine.ts";
import type { GpuContext, GpuOperand, Launch } from "../gpu_context.ts";
import type { GpuBuffer } from "../memory/gpu_buffer.ts";
import { routines } from "../routines/table.ts";

type AnyRoutine = (
  gpu: GpuContext,
  inputs: readonly GpuOperand[],
  outputs: readonly GpuOperand[],
  attrs: Attrs[RoutinePrim],
) => void;

/** A buffer of a plan: the inputs, the outputs, then scratch memory in the order of allocation. */
type Slot = number;

/** A recorded call of a routine to its context. */
type Step =
  | {
    readonly kind: "launch";
    readonly launch: CompiledLaunch;
    readonly reads: readonly Slot[];
    readonly writes: readonly Slot[];
    /** Whether a buffer is both read and written, so that it must be copied. */
    readonly overlaps: boolean;
  }
  | { readonly kind: "scratch"; readonly bytes: number }
  | { readonly kind: "release"; readonly slot: Slot };

/** A routine ready to run. */
export interface RoutineProgram extends Program {
  readonly work: Routine;
  /** Estimated milliseconds. */
  readonly cost: number;
  /** Plans by the operands' offsets and by which operands share a buffer; null for routines that are not recorded. */
  readonly plans: Map<string, readonly Step[]> | null;
  /** The version of the choices that the plans are made of. */
  version: number;
}

/** Most plans of one program. All are dropped beyond it, so that programs whose offsets never repeat do not grow. */
const plansKept = 256;

/** Prepares routines, records their plans and replays them. */
export class RoutinePrograms {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** The program of a routine, whose first run compiles and records it. */
  prepare(work: Routine): RoutineProgram {
    // The counter of the random stream differs at every call.
    const recorded = work.name !== "random" && !("counter" in work.attrs);
    return { work, cost: estimateMilliseconds(work), plans: recorded ? new Map() : null, version: 0 };
  }

  /** Records the launches of a routine. */
  run(
    program: RoutineProgram,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    [counter]: readonly Scalar[],
  ): void {
    const { work, cost, plans } = program;
    const { recorder, choices } = this.engine;
    recorder.announce(cost);
    if (program.version !== choices.version) {
      plans?.clear();
      program.version = choices.version;
    }
    const bindings = [...inputs, ...outputs];
    const buffers = bindings.map(({ buffer }) => (buffer as GpuBuffer).handle);
    const key = bindingKey(bindings, buffers);
    const plan = plans?.get(key);
    if (plan !== undefined) {
      this.replay(plan, buffers);
      return;
    }
    const bind = (operands: Routine["inputs"], from: number): GpuOperand[] =>
      operands.map((operand, i) => ({ ...operand, buffer: buffers[from + i]!, offset: bindings[from + i]!.offset }));
    const routine = routines[work.name as keyof typeof routines] as AnyRoutine;
    const attrs = counter === undefined ? work.attrs : { ...work.attrs, counter };
    const recording = new RecordingContext(this.engine, buffers);
    routine(recording, bind(work.inputs, 0), bind(work.outputs, inputs.length), attrs as typeof work.attrs);
    if (plans === null) return;
    if (plans.size >= plansKept) plans.clear();
    plans.set(key, recording.steps);
  }

  private replay(plan: readonly Step[], buffers: GPUBuffer[]): void {
    const { engine } = this;
    for (const step of plan) {
      switch (step.kind) {
        case "launch": {
          const { launch, reads, writes, overlaps } = step;
          const bound: GPUBuffer[] = [];
          for (const slot of reads) bound.push(buffers[slot]!);
          if (overlaps) {
            engine.record(launch, bound, writes.map((slot) => buffers[slot]!));
            break;
          }
          for (const slot of writes) bound.push(buffers[slot]!);
          engine.recorder.dispatch(launch.compiled, bound, launch.params, launch.x, launch.y, launch.z);
          break;
        }
        case "scratch":
          buffers.push(engine.scratch(step.bytes));
          break;
        case "release":
          engine.release(buffers[step.slot]!);
      }
    }
  }
}

/** Forwards calls to the engine and records them as a plan. */
class RecordingContext implements GpuContext {
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  readonly software: boolean;
  readonly vendor: Vendor;
  readonly subgroup: number;
  readonly steps: Step[] = [];
  private readonly engine: Engine;
  private readonly buffers: GPUBuffer[];
  /** The launches of a candidate while it is recorded for `tune`: they are neither run nor part of the plan. */
  private candidate: Launch[] | null = null;

  constructor(engine: Engine, buffers: readonly GPUBuffer[]) {
    this.engine = engine;
    this.limits = engine.limits;
    this.features = engine.features;
    this.software = engine.software;
    this.vendor = engine.vendor;
    this.subgroup = engine.subgroup;
    this.buffers = [...buffers];
  }

  launch(launch: Launch): void {
    if (this.candidate !== null) return void this.candidate.push(launch);
    const compiled = this.engine.compile(launch);
    if (compiled === null) return;
    this.engine.record(compiled, launch.reads, launch.writes);
    const slots = (buffers: readonly GPUBuffer[]): Slot[] => buffers.map((buffer) => this.slotOf(buffer));
    const [reads, writes] = [slots(launch.reads), slots(launch.writes)];
    const overlaps = reads.some((slot) => writes.includes(slot));
    this.steps.push({ kind: "launch", launch: compiled, reads, writes, overlaps });
  }

  scratch(bytes: number): GPUBuffer {
    const buffer = this.engine.scratch(bytes);
    if (this.candidate !== null) return buffer;
    this.buffers.push(buffer);
    this.steps.push({ kind: "scratch", bytes });
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    this.engine.release(buffer);
    if (this.candidate === null) this.steps.push({ kind: "release", slot: this.slotOf(buffer) });
  }

  choose<C extends string>(key: string, candidates: readonly C[], run: (candidate: C) => void): C {
    const { choices } = this.engine;
    choices.note(key, candidates, (candidate) => this.launchesOf(() => run(candidate)));
    return choices.choose(key, candidates);
  }

  private launchesOf(run: () => void): readonly Launch[] {
    const launches: Launch[] = this.candidate = [];
    try {
      run();
    } finally {
      this.candidate = null;
    }
    return launches;
  }

  /** The last index, because released scratch memory may be allocated again. */
  private slotOf(buffer: GPUBuffer): Slot {
    return this.buffers.lastIndexOf(buffer);
  }
}

function bindingKey(bindings: readonly Binding[], buffers: readonly GPUBuffer[]): string {
  let key = "";
  for (let i = 0; i < bindings.length; i++) {
    const { offset } = bindings[i]!;
    if (offset !== 0) key += `${i}@${offset} `;
    for (let j = 0; j < i; j++) {
      if (buffers[j] !== buffers[i]) continue;
      key += `${i}=${j} `;
      break;
    }
  }
  return key;
}
