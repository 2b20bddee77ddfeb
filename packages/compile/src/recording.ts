/** Records what a step sends to its device, while the step runs. */
import type { Scalar, Tensor } from "@heddle/tensor";
import type { Binding, Program } from "@heddle/tensor/backend";
import {
  type CapturedRole,
  type CapturedStorage,
  type CapturedStream,
  type CaptureHooks,
  capturingWith,
  type Dispatch,
  internals,
} from "@heddle/tensor/engine";

/** The error for a step that cannot be recorded. */
export class NotCapturable extends Error {
  override name = "NotCapturable";
}

/** Memory that a recorded step uses. */
export interface RecordedBuffer {
  readonly storage: CapturedStorage;
  readonly bytes: number;
  /** Inputs and memory from outside by their first use, others by their allocation. */
  readonly id: number;
  /** "inner" until the step has ended. */
  role: CapturedRole;
  /** What the host wrote, if it was allocated in the step; or a function that gives what it writes. */
  data: Uint8Array | (() => Uint8Array) | null;
  /** Tensors from outside that have this memory. */
  readonly roots: Set<Tensor>;
}

/** An operand of a recorded dispatch. */
export interface RecordedBinding {
  readonly buffer: RecordedBuffer;
  readonly offset: number;
  readonly lasting: boolean;
}

/** A recorded dispatch. */
export interface RecordedStep {
  readonly operation: string;
  readonly program: Program;
  readonly inputs: readonly RecordedBinding[];
  readonly outputs: readonly RecordedBinding[];
  readonly scalars: readonly Scalar[];
  /** For each scalar its slot, or -1. */
  readonly slots: number[];
}

/** What the host does in a step. */
export type HostAction =
  | {
    readonly kind: "update";
    readonly run: (gradient: Tensor) => void;
    /** The numbers on the host that it changes. */
    readonly state: object;
    readonly like: Pick<Tensor, "shape" | "dtype" | "device">;
    /** The dispatches, each with the fused update that it is and the number of its scalars, if it is one. */
    readonly dispatches: {
      readonly step: RecordedStep;
      fused: { readonly update: object; readonly numbers: number } | null;
    }[];
  }
  | {
    readonly kind: "draw";
    readonly stream: CapturedStream;
    readonly first: number;
    readonly blocks: number;
    readonly uses: { readonly step: RecordedStep; readonly offset: number }[];
  }
  | { readonly kind: "effect"; readonly run: () => void };

/** A tensor's gradient after a step. */
export interface GradientChange {
  readonly tensor: Tensor;
  /** Whether it had none before. */
  readonly fromNone: boolean;
}

/** Something that a step depends on. */
export interface Dependence {
  readonly what: string;
  readonly read: () => unknown;
  readonly value: unknown;
}

/** A check of values. */
export interface ValueCheck {
  readonly tensor: Pick<Tensor, "dtype" | "shape" | "strides" | "offset">;
  readonly storage: CapturedStorage;
  readonly run: (tensor: Tensor) => void;
}

const typed = (value: unknown): string => typeof value === "bigint" ? `${value}n` : String(value);

/** Hooks that record a step. */
export class Recording implements CaptureHooks {
  readonly steps: RecordedStep[] = [];
  readonly buffers: Map<CapturedStorage, RecordedBuffer> = new Map();
  readonly actions: HostAction[] = [];
  readonly gradients: Map<Tensor, GradientChange> = new Map();
  readonly dependences: Dependence[] = [];
  readonly checks: ValueCheck[] = [];
  slots = 0;
  /** Where the step runs; null if it runs nothing. */
  device: Tensor["device"] | null = null;
  private born = 0;
  private met = 0;
  private draws: (HostAction & { kind: "draw" })[] = [];
  private section: (HostAction & { kind: "update" }) | null = null;
  private fusedAt = -1;
  private lastFused: { readonly update: object; readonly numbers: number } | null = null;

  /** @param inputs the arguments' memory. */
  constructor(inputs: readonly CapturedStorage[]) {
    for (const storage of inputs) {
      if (!this.buffers.has(storage)) this.add(storage, "input", this.met++);
    }
  }

  made(storage: CapturedStorage): void {
    this.add(storage, "inner", this.born++);
  }

  wrote(storage: CapturedStorage, byteOffset: number, bytes: Uint8Array): void {
    const buffer = this.buffers.get(storage);
    if (buffer === undefined || buffer.role !== "inner") {
      throw new NotCapturable(
        "compile: the step writes data of the host to a tensor from outside; write it before the step",
      );
    }
    if (this.isWritten(buffer)) {
      throw new NotCapturable("compile: the step writes data of the host to a tensor that it has computed before");
    }
    if (buffer.data === null) {
      storage.retain(); // a replay needs it, whatever frees the tensor
      buffer.data = new Uint8Array(storage.buffer.bytes);
    }
    if (buffer.data instanceof Uint8Array) buffer.data.set(bytes, byteOffset);
  }

  /** Says that the host writes something else to this memory in each run. */
  refreshes(storage: CapturedStorage, data: () => Uint8Array): void {
    this.buffers.get(storage)!.data = data;
  }

  private isWritten(buffer: RecordedBuffer): boolean {
    return this.steps.some(({ outputs }) => outputs.some((output) => output.buffer === buffer));
  }

  dispatch({ operation, device, program, operands, inputs, outputs, scalars }: Dispatch): boolean {
    this.device ??= device;
    if (device !== this.device) {
      throw new NotCapturable(
        `compile: the step runs on "${this.device.name}" and "${device.name}"; compile the part on each device by itself`,
      );
    }
    const bind = ({ offset, lasting }: Binding, i: number): RecordedBinding => {
      return { buffer: this.bufferOf(operands[i] as Tensor), offset, lasting: lasting === true };
    };
    const step: RecordedStep = {
      operation,
      program,
      inputs: inputs.map(bind),
      outputs: outputs.map((binding, i) => bind(binding, inputs.length + i)),
      scalars: [...scalars],
      slots: scalars.map(() => -1),
    };
    for (const { buffer } of step.outputs) {
      if (buffer.role === "input") {
        throw new NotCapturable(
          `compile: ${operation} writes to an argument of the step; the step works on a copy of it. Return the new value, or keep the ` +
            "tensor outside of the step",
        );
      }
    }
    this.steps.push(step);
    const { work } = program;
    if (work.kind === "routine" && work.name === "random") this.bindDraw(step);
    if (this.section !== null) {
      this.section.dispatches.push({ step, fused: null });
      for (let i = 0; i < scalars.length; i++) step.slots[i] = this.slots++;
    }
    return false;
  }

  private bindDraw(step: RecordedStep): void {
    const at = step.scalars[0] as number;
    const draw = this.draws.findLast(({ first, blocks }) => at >= first && at < first + blocks);
    if (draw === undefined) return;
    step.slots[0] = this.slots++;
    draw.uses.push({ step, offset: at - draw.first });
  }

  private bufferOf(operand: Tensor): RecordedBuffer {
    const { storage } = operand;
    const buffer = this.buffers.get(storage) ?? this.add(storage, "outer", this.met++);
    if (buffer.role === "outer") {
      let root = operand;
      for (let source = internals(root).source; source !== null; source = internals(root).source) root = source.tensor;
      buffer.roots.add(root);
    }
    return buffer;
  }

  private add(storage: CapturedStorage, role: CapturedRole, id: number): RecordedBuffer {
    const buffer: RecordedBuffer = { storage, bytes: storage.buffer.bytes, id, role, data: null, roots: new Set() };
    this.buffers.set(storage, buffer);
    return buffer;
  }

  read(operation: string, tensor: Tensor): void {
    throw new NotCapturable(
      `compile: the step reads a tensor of shape [${
        tensor.shape.join(", ")
      }], by item(), toArray() or the like (${operation}), and a ` +
        "replay would not read it again: return the tensor, and read it after the step; or choose with where(…) instead of if",
    );
  }

  drew(stream: CapturedStream, first: number, blocks: number): void {
    // A backward pass draws again what the forward pass drew.
    if (this.draws.some((draw) => first >= draw.first && first < draw.first + draw.blocks)) return;
    const draw = { kind: "draw" as const, stream, first, blocks, uses: [] };
    this.draws.push(draw);
    this.actions.push(draw);
    const { key } = stream as { key?: readonly [number, number] };
    if (key !== undefined) this.depends("the seed of a generator", () => String((stream as { key?: unknown }).key));
  }

  gradient(tensor: Tensor, before: Tensor | null): void {
    if (this.gradients.has(tensor)) return;
    this.gradients.set(tensor, { tensor, fromNone: before === null || before === undefined });
  }

  update(gradient: Tensor, state: object, run: (gradient: Tensor) => void): void {
    const { shape, dtype, device } = gradient;
    const section: HostAction & { kind: "update" } = {
      kind: "update",
      run,
      state,
      like: { shape: [...shape], dtype, device },
      dispatches: [],
    };
    this.actions.push(section);
    this.section = section;
    try {
      run(gradient);
      this.endFused();
    } finally {
      this.section = null;
      this.fusedAt = -1;
    }
  }

  fused(update: object, operands: readonly unknown[]): boolean {
    if (this.section === null) return false;
    this.endFused();
    this.fusedAt = this.section.dispatches.length;
    this.lastFused = { update, numbers: operands.filter((operand) => typeof operand !== "object").length };
    return false;
  }

  /** Marks the last fused update, if it was one dispatch. */
  private endFused(): void {
    const { dispatches } = this.section!;
    if (this.fusedAt >= 0 && dispatches.length === this.fusedAt + 1) {
      const dispatch = dispatches[this.fusedAt]!;
      dispatch.fused = this.lastFused;
      // What follows are the constants of the expression.
      dispatch.step.slots.fill(-1, this.lastFused!.numbers);
    }
    this.fusedAt = -1;
  }

  depends(what: string, read: () => unknown): void {
    this.dependences.push({ what, read, value: read() });
  }

  check(tensor: Tensor, check: (tensor: Tensor) => void): void {
    capturingWith(null, () => check(tensor));
    const { dtype, shape, strides, offset, storage } = tensor;
    this.checks.push({ tensor: { dtype, shape, strides, offset }, storage, run: check });
  }

  effect(run: () => void): void {
    capturingWith(null, run);
    this.actions.push({ kind: "effect", run });
  }

  /** Whether the step made the memory, or it holds a copy of an argument: replays write it again. */
  isOwn(storage: CapturedStorage): boolean {
    const buffer = this.buffers.get(storage);
    return buffer !== undefined && (buffer.role !== "outer" || buffer.data !== null);
  }

  /** Decides the roles of buffers, after the step has ended. @throws NotCapturable if the step freed memory from outside that it used. */
  end(): void {
    for (const buffer of this.buffers.values()) {
      const { storage, role, data } = buffer;
      if (role === "inner" && data !== null) buffer.role = "outer";
      else if (role === "inner" && storage.live) buffer.role = "output";
      else if (role === "outer" && !storage.live) {
        throw new NotCapturable(
          "compile: the step frees a tensor that was made outside, such as a state that it replaces; write the new value into it " +
            "with copy_(…) instead",
        );
      }
    }
  }

  /** Frees what the recording alone holds. */
  release(): void {
    for (const { storage, data, role } of this.buffers.values()) {
      if (data !== null && (role === "outer" || role === "inner")) storage.release();
    }
  }

  /** The first difference to a later recording of the same step, or null. @throws Error for a number that changed. */
  difference(later: Recording): string | null {
    const [a, b] = [this.steps, later.steps];
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const [x, y] = [a[i]!, b[i]!];
      if (x.operation !== y.operation) return `operation ${i + 1} was ${x.operation}, then ${y.operation}`;
      if (x.program !== y.program) return `operation ${i + 1}, ${x.operation}, had other shapes`;
      const [from, to] = [[...x.inputs, ...x.outputs], [...y.inputs, ...y.outputs]];
      for (let n = 0; n < from.length; n++) {
        const [p, q] = [from[n]!, to[n]!];
        if (p.buffer.role !== q.buffer.role || p.buffer.id !== q.buffer.id || p.offset !== q.offset) {
          return `operation ${i + 1}, ${x.operation}, had another tensor as operand ${n + 1}`;
        }
        if (p.buffer.role === "outer" && p.buffer.data === null && p.buffer.storage !== q.buffer.storage) {
          return `operation ${i + 1}, ${x.operation}, uses a tensor that the step before has made`;
        }
      }
    }
    if (a.length !== b.length) {
      const [longer, n] = a.length > b.length ? [a, b.length] : [b, a.length];
      return `there were ${a.length} operations, then ${b.length}; the first surplus one is ${longer[n]!.operation}`;
    }
    if (this.slots !== later.slots) return "an optimiser updated other parameters";
    later.fixDraws(this);
    this.compareNumbers(later);
    return null;
  }

  /** Draws at the same position in both steps, since the step seeds its stream, stay there. */
  private fixDraws(earlier: Recording): void {
    const before = earlier.draws;
    this.draws.forEach((draw, i) => {
      if (before[i]?.first !== draw.first) return;
      for (const { step } of draw.uses) step.slots[0] = -1;
      this.actions.splice(this.actions.indexOf(draw), 1);
    });
  }

  /** @throws Error for a number that changed and is no slot. */
  private compareNumbers(later: Recording): void {
    for (let i = 0; i < this.steps.length; i++) {
      const [x, y] = [this.steps[i]!, later.steps[i]!];
      for (let n = 0; n < x.scalars.length; n++) {
        if (y.slots[n] !== -1 || Object.is(x.scalars[n], y.scalars[n])) continue;
        throw new Error(
          `compile: a number of operation ${i + 1}, ${x.operation}, was ${typed(x.scalars[n])} in one step and ${
            typed(y.scalars[n])
          } in the next, and a replay would repeat the last one: give it as live(() => value), or as a tensor argument`,
        );
      }
    }
    const [before, after] = [this.constants(), later.constants()];
    for (const [i, data] of after.entries()) {
      const old = before[i];
      if (old === undefined || typeof data === "function" || typeof old === "function") continue;
      if (data.every((byte, at) => byte === old[at])) continue;
      throw new Error(
        `compile: a tensor that the step makes from values of the host (of ${data.length} bytes) had other values in the next step, and a ` +
          "replay would repeat the last ones: give it as an argument, or a number as live(() => value)",
      );
    }
  }

  private constants(): (Uint8Array | (() => Uint8Array))[] {
    return [...this.buffers.values()].flatMap(({ data }) => data === null ? [] : [data]);
  }
}
