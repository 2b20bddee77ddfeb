/** A recorded step that runs again without the JavaScript that made it. */
import { empty, type Scalar, type Tensor } from "@heddle/tensor";
import { type Binding, itemSize, type Program, type Replay, type ReplayStep } from "@heddle/tensor/backend";
import {
  activeTape,
  type Captured,
  type CapturedBinding,
  type CapturedBuffer,
  type CapturedScalar,
  type CapturedStep,
  type CapturedStorage,
  internals,
  makeTensor,
  type Pass,
} from "@heddle/tensor/engine";
import { planArena } from "./arena.ts";
import { mapTensors } from "./arguments.ts";
import { dispatchReplay } from "./dispatch_replay.ts";
import type { RecordedBuffer, Recording, ValueCheck } from "./recording.ts";
import { Rerun } from "./rerun.ts";

/** The kernels and bytes before all passes and after each. */
export interface PassReport {
  /** "capture" for the recording itself. */
  readonly pass: string;
  /** Dispatches. */
  readonly kernels: number;
  /** Bytes that dispatches read and write, by the sizes of the buffers. */
  readonly bytes: number;
}

/** A tensor from outside, as the recording met it. */
interface Root {
  readonly tensor: Tensor;
  readonly storage: CapturedStorage;
  readonly requiresGrad: boolean;
}

/** A gradient that a run leaves. */
interface Left {
  readonly tensor: Tensor;
  readonly fromNone: boolean;
  /** The memory of the gradient; null if the step leaves none. */
  readonly storage: CapturedStorage | null;
  geometry: Pick<Tensor, "dtype" | "shape" | "strides" | "offset"> | null;
  handle: Tensor | null;
}

/** A handle of memory that no scope frees. */
function handleOf(storage: CapturedStorage, { dtype, shape, strides, offset }: ValueCheck["tensor"]): Tensor {
  return makeTensor(storage, dtype, { shape: [...shape], strides: [...strides], offset }, false);
}

/** A recorded step. */
export class Capture {
  readonly passes: PassReport[] = [];
  /** The bytes of the arena. */
  arenaBytes = 0;
  private readonly recording: Recording;
  private readonly inputs: readonly Tensor[];
  private readonly result: unknown;
  /** For each tensor of the result that the step computed, a handle of its memory. */
  private readonly outputs: Map<Tensor, Tensor> = new Map();
  private readonly roots: Root[] = [];
  private readonly left: Left[] = [];
  private readonly written: CapturedStorage[] = [];
  private readonly checks: { readonly tensor: Tensor; readonly run: (tensor: Tensor) => void }[] = [];
  private readonly rewritten: { readonly storage: CapturedStorage; readonly data: () => Uint8Array }[] = [];
  private readonly held: CapturedStorage[] = [];
  private readonly slots: Scalar[];
  private readonly slotReads: (() => Scalar)[] = [];
  private readonly rerun: Rerun;
  /** What passes have prepared. */
  private readonly prepared: Set<Program> = new Set();
  private readonly arena: Tensor | null = null;
  private readonly replay: Replay;

  /**
   * @param inputs the copies of the arguments that the recording ran on.
   * @param result what the step returned.
   */
  constructor(
    recording: Recording,
    inputs: readonly Tensor[],
    result: unknown,
    passes: readonly Pass[],
  ) {
    this.recording = recording;
    this.inputs = inputs;
    this.slots = new Array<Scalar>(recording.slots).fill(0);
    this.rerun = new Rerun(recording.actions, this.slots);
    const written = new Set<RecordedBuffer>();
    for (const { outputs } of recording.steps) for (const { buffer } of outputs) written.add(buffer);
    for (const buffer of recording.buffers.values()) {
      const { storage, role, data, roots } = buffer;
      if ((role === "outer" && data === null) || role === "output") this.hold(storage);
      if (data !== null && (typeof data === "function" || written.has(buffer))) {
        this.rewritten.push({ storage, data: typeof data === "function" ? data : () => data });
      }
      if (role === "outer" && data === null && written.has(buffer)) this.written.push(storage);
      for (const tensor of roots) {
        if (tensor.isDisposed || tensor.storage !== storage) continue;
        this.roots.push({ tensor, storage, requiresGrad: tensor.requiresGrad });
      }
    }
    for (const { tensor, storage, run } of recording.checks) {
      const role = recording.buffers.get(storage)?.role;
      // What the step computes is not known before it runs.
      if (role === "inner" || role === "output") continue;
      this.checks.push({ tensor: handleOf(storage, tensor), run });
    }
    this.result = mapTensors(result, (tensor) => {
      if (recording.isOwn(tensor.storage)) this.outputs.set(tensor, handleOf(tensor.storage, tensor));
      return tensor;
    });
    for (const { tensor, fromNone } of recording.gradients.values()) {
      const { grad } = tensor;
      const storage = grad === null || grad === undefined || grad.isDisposed ? null : grad.storage;
      const geometry = storage === null
        ? null
        : { dtype: grad!.dtype, shape: grad!.shape, strides: grad!.strides, offset: grad!.offset };
      this.left.push({ tensor, fromNone, storage, geometry, handle: storage === null ? null : grad! });
    }
    const device = recording.device!;
    const { backend } = device;
    let captured = this.captured();
    this.report("capture", captured);
    const recorded = new Set(captured.steps.map(({ program }) => program));
    for (const pass of passes) {
      captured = pass.run(captured, backend);
      for (const { program } of captured.steps) if (!recorded.has(program)) this.prepared.add(program);
      this.report(pass.name, captured);
    }
    const { bytes, offsets } = planArena(captured);
    this.arenaBytes = bytes;
    if (bytes > 0) {
      this.arena = empty([Math.ceil(bytes / 4)], { device });
      internals(this.arena).kept = true;
    }
    const steps = this.replaySteps(captured, offsets);
    this.replay = backend.replay?.(steps) ?? dispatchReplay(backend, steps);
  }

  private hold(storage: CapturedStorage): void {
    storage.retain();
    this.held.push(storage);
  }

  private report(pass: string, { steps }: Captured): void {
    let bytes = 0;
    for (const { inputs, outputs } of steps) for (const { buffer } of [...inputs, ...outputs]) bytes += buffer.bytes;
    this.passes.push({ pass, kernels: steps.length, bytes });
  }

  private readonly storages: Map<number, CapturedStorage> = new Map();

  /** The recording as data for passes. */
  private captured(): Captured {
    const { slots, recording } = this;
    const reads = slots.map((_, slot) => () => slots[slot]!);
    const buffers = new Map<RecordedBuffer, CapturedBuffer>();
    const bufferOf = (buffer: RecordedBuffer): CapturedBuffer => {
      let captured = buffers.get(buffer);
      if (captured === undefined) {
        const id = buffers.size;
        captured = { id, bytes: buffer.bytes, role: buffer.role };
        buffers.set(buffer, captured);
        this.storages.set(id, buffer.storage);
      }
      return captured;
    };
    const bind = ({ buffer, offset, lasting }: RecordedStepBinding): CapturedBinding => ({
      buffer: bufferOf(buffer),
      offset,
      lasting,
    });
    const steps = recording.steps.map(({ operation, program, inputs, outputs, scalars, slots }): CapturedStep => ({
      operation,
      program,
      inputs: inputs.map(bind),
      outputs: outputs.map(bind),
      scalars: scalars.map((value, i): CapturedScalar => slots[i] === -1 ? value : reads[slots[i]!]!),
    }));
    return { buffers: [...buffers.values()], steps };
  }

  private replaySteps({ steps }: Captured, offsets: ReadonlyMap<number, number>): ReplayStep[] {
    const known = new Map<() => Scalar, number>();
    const slotOf = (read: () => Scalar): number => {
      let slot = known.get(read);
      if (slot === undefined) known.set(read, slot = this.slotReads.push(read) - 1);
      return slot;
    };
    const bind = ({ buffer, offset, lasting = false }: CapturedBinding, itemBytes: number): Binding => {
      const at = offsets.get(buffer.id);
      if (at !== undefined) return { buffer: this.arena!.storage.buffer, offset: at / itemBytes + offset };
      return { buffer: this.storages.get(buffer.id)!.buffer, offset, lasting };
    };
    return steps.map(({ program, inputs, outputs, scalars }) => {
      const { work } = program;
      const written = work.kind === "kernel" ? [work.output] : work.outputs;
      return {
        program,
        inputs: inputs.map((input, i) => bind(input, itemSize(work.inputs[i]!.dtype))),
        outputs: outputs.map((output, i) => bind(output, itemSize(written[i]!.dtype))),
        scalars: scalars.map((scalar) => typeof scalar === "function" ? { slot: slotOf(scalar) } : scalar),
      };
    });
  }

  /** What has changed since the recording, or null. */
  missed(): string | null {
    for (const { tensor, storage, requiresGrad } of this.roots) {
      if (internals(tensor).held !== storage) return `the memory of a tensor of shape [${tensor.shape.join(", ")}]`;
      if (tensor.requiresGrad !== requiresGrad) return `requiresGrad of a tensor of shape [${tensor.shape.join(", ")}]`;
    }
    for (const { what, read, value } of this.recording.dependences) if (!Object.is(read(), value)) return what;
    for (const { tensor, fromNone } of this.left) {
      if (fromNone && internals(tensor).gradient?.isDisposed === false) {
        return `the gradient of a tensor of shape [${tensor.shape.join(", ")}], which was null`;
      }
    }
    return null;
  }

  /**
   * Runs the step on arguments of the recorded geometry.
   *
   * @throws OtherPath if an optimiser does something else than in the recording; nothing has run then.
   */
  run(args: readonly Tensor[]): unknown {
    const { inputs, checks, rewritten, written, left, slotReads } = this;
    const tape = activeTape();
    const bind = (): void => {
      for (let i = 0; i < inputs.length; i++) inputs[i]!.copy_(args[i]!.detach());
    };
    if (tape === null) bind();
    else tape.paused(bind);
    for (const { tensor, run } of checks) run(tensor);
    this.rerun.run();
    for (const { storage, data } of rewritten) storage.write(0, data());
    const values: Scalar[] = [];
    for (let i = 0; i < slotReads.length; i++) values.push(slotReads[i]!());
    this.replay.run(values);
    for (let i = 0; i < written.length; i++) written[i]!.version++;
    for (let i = 0; i < left.length; i++) this.leave(left[i]!);
    return mapTensors(this.result, (tensor) => {
      const output = this.outputs.get(tensor);
      return output === undefined ? tensor : output.clone();
    });
  }

  /** Gives a tensor the gradient that the run has computed. */
  private leave(left: Left): void {
    const { tensor, storage, handle, geometry } = left;
    const { gradient } = internals(tensor);
    if (storage === null) {
      if (gradient !== null) tensor.grad = null;
      return;
    }
    if (gradient === handle && internals(handle!).held !== null) {
      storage.version++;
      return;
    }
    if (gradient !== null && gradient !== handle) gradient.dispose();
    tensor.grad = left.handle = makeTensor(storage, geometry!.dtype, {
      shape: [...geometry!.shape],
      strides: [...geometry!.strides],
      offset: geometry!.offset,
    }, false);
  }

  /** Frees what the capture holds. */
  dispose(): void {
    this.replay.dispose();
    for (const program of this.prepared) this.recording.device!.backend.release?.(program);
    this.rerun.dispose();
    this.arena?.dispose();
    for (const { tensor } of this.checks) tensor.dispose();
    for (const tensor of this.outputs.values()) tensor.dispose();
    for (const input of this.inputs) input.dispose();
    for (const storage of this.held) storage.release();
    this.recording.release();
  }
}

type RecordedStepBinding = Recording["steps"][number]["inputs"][number];
