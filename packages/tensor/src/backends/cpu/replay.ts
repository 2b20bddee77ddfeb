/** Replays on the CPU: a flat list of calls on fixed addresses, with parameter blocks, tables and scratch memory of its own. */
import type { Binding, Replay, ReplayStep } from "../../backend.ts";
import type { Scalar } from "../../dtype.ts";
import type { Engine } from "./engine.ts";
import type { FixedRun } from "./kernels.ts";
import { nativeCode } from "./native_code.ts";
import type { Plan } from "./routines/plan.ts";
import { forget, type Source } from "./routines/prepared.ts";

/** What a backend gives for a step. */
export type ReplayPart =
  /** A kernel with parameters of its own. */
  | ({ readonly kind: "kernel"; readonly release: () => void } & FixedRun)
  /** A routine with a plan of its own. */
  | { readonly kind: "plan"; readonly plan: () => Plan; readonly pointers: readonly number[] }
  /** Anything else, which is dispatched with the present scalars. */
  | { readonly kind: "dispatch"; readonly run: (scalars: readonly Scalar[]) => void };

/** Runs of planned routines look for native code so many times after a change, since a module becomes native after some runs. */
const looks = 32;

/** A scalar that changes, and where. */
interface Slotted {
  readonly scalars: readonly ReplayStep["scalars"][number][];
  readonly present: Scalar[];
  readonly write: (scalars: readonly Scalar[]) => void;
}

const none = (): void => {};

/** Steps as a flat list of calls. */
export class CpuReplay implements Replay {
  private readonly engine: Engine;
  private readonly parts: readonly ReplayPart[];
  private readonly plans: (Plan | null)[];
  private readonly slotted: Slotted[] = [];
  private readonly written: readonly Source[];
  private readonly borrowed: { readonly pointer: number; readonly bytes: number }[] = [];
  private scratch: { readonly pointer: number; readonly bytes: number } = { pointer: 0, bytes: 0 };
  private calls: (() => void)[] = [];
  private looksLeft = looks;
  private native: unknown = nativeCode();
  private disposed = false;

  /**
   * @param partOf prepares a step. It gets scratch memory that lasts as long as the replay.
   * @param sourceOf the memory of a binding.
   */
  constructor(
    engine: Engine,
    steps: readonly ReplayStep[],
    partOf: (step: ReplayStep, scalars: readonly Scalar[], borrow: (bytes: number) => number) => ReplayPart,
    sourceOf: (binding: Binding) => Source,
  ) {
    this.engine = engine;
    const borrow = (bytes: number): number => {
      const pointer = engine.heap.alloc(bytes);
      this.borrowed.push({ pointer, bytes });
      return pointer;
    };
    const written = new Set<Source>();
    this.parts = steps.map((step) => {
      for (const output of step.outputs) written.add(sourceOf(output));
      const present = step.scalars.map((scalar): Scalar => typeof scalar === "object" ? 0 : scalar);
      const part = partOf(step, present, borrow);
      const changes = step.scalars.some((scalar) => typeof scalar === "object");
      if (changes) {
        this.slotted.push({ scalars: step.scalars, present, write: part.kind === "kernel" ? part.write : none });
      }
      // A dispatch reads the present scalars in each run.
      return part.kind === "dispatch" ? { kind: "dispatch", run: () => part.run(present) } : part;
    });
    this.written = [...written];
    this.plans = this.parts.map((part) => part.kind === "plan" ? part.plan() : null);
    this.link();
  }

  /** Makes the list of calls. */
  private link(): void {
    const { parts, plans, engine: { heap } } = this;
    const bytes = plans.reduce((most, plan) => Math.max(most, plan?.scratch ?? 0), 0);
    if (bytes > this.scratch.bytes) {
      const pointer = heap.alloc(bytes);
      if (this.scratch.bytes > 0) heap.release(this.scratch.pointer, this.scratch.bytes);
      this.scratch = { pointer, bytes };
    }
    const calls: (() => void)[] = [];
    for (const [i, part] of parts.entries()) {
      if (part.kind === "plan") calls.push(...plans[i]!.fixed(part.pointers, this.scratch.pointer));
      else calls.push(part.run as () => void);
    }
    this.calls = calls;
  }

  /** Plans again what has become native code. */
  private look(): void {
    const native = nativeCode();
    if (native !== this.native) {
      this.native = native;
      this.looksLeft = looks;
    }
    if (this.looksLeft === 0 || native === null) return;
    this.looksLeft--;
    const { parts, plans } = this;
    let changed = false;
    for (let i = 0; i < plans.length; i++) {
      const plan = plans[i];
      if (plan === null || plan === undefined || plan.holds()) continue;
      plan.release();
      plans[i] = (parts[i] as ReplayPart & { kind: "plan" }).plan();
      changed = true;
      this.looksLeft = looks;
    }
    if (changed) this.link();
  }

  run(slots: readonly Scalar[]): void {
    if (this.disposed) throw new Error("replay: was disposed");
    this.look();
    for (let i = 0; i < this.slotted.length; i++) {
      const { scalars, present, write } = this.slotted[i]!;
      let changed = false;
      for (let n = 0; n < scalars.length; n++) {
        const scalar = scalars[n]!;
        if (typeof scalar !== "object" || Object.is(present[n], slots[scalar.slot])) continue;
        present[n] = slots[scalar.slot]!;
        changed = true;
      }
      if (changed) write(present);
    }
    const { calls, written, engine } = this;
    try {
      for (let i = 0; i < calls.length; i++) calls[i]!();
    } catch (error) {
      engine.heap.reclaim();
      throw error;
    } finally {
      for (let i = 0; i < written.length; i++) forget(engine, written[i]!);
    }
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    const { heap } = this.engine;
    for (const part of this.parts) if (part.kind === "kernel") part.release();
    for (const plan of this.plans) plan?.release();
    for (const { pointer, bytes } of this.borrowed) heap.release(pointer, bytes);
    if (this.scratch.bytes > 0) heap.release(this.scratch.pointer, this.scratch.bytes);
    this.calls = [];
  }
}
