/**
 * A recording of operations as a list of steps from values to values: memory, handles and writes are gone. A write to a tensor, or to a
 * view of it, makes a new value of the whole memory; views of it that are used afterwards are taken of the new value.
 */
import type { DType } from "../dtype.ts";
import type { ViewStep } from "../prims/attrs.ts";
import { table } from "../prims/table.ts";
import { contiguousStrides, type Geometry, type Shape, showShape } from "../shape.ts";
import type { Storage } from "../memory/storage.ts";
import { internals, makeTensor } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { execute } from "./apply.ts";
import { type Recorder, recordingWith, type StepAttrs, type StepInput, type StepPrim } from "./recorder.ts";

/** A value in a recording. */
export interface Value {
  readonly dtype: DType;
  readonly shape: Shape;
  /** The step that computes it; null for inputs, and for tensors that were made elsewhere. */
  readonly origin: RecordedStep | null;
  /** Whether it depends on the inputs of the recording, or on random numbers. */
  readonly live: boolean;
  /** The tensor, if the value is not live: it holds the value until the recording is disposed. */
  readonly tensor: Tensor | null;
}

/** A step of a recording. */
export type RecordedStep = { readonly [P in StepPrim]: StepOf<P> }[StepPrim];

/** A step of one kind. */
export interface StepOf<P extends StepPrim> {
  readonly prim: P;
  /** A missing input is null. */
  readonly inputs: readonly (Value | null)[];
  readonly attrs: StepAttrs[P];
  readonly outputs: readonly Value[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The way from the whole of a memory to a part of it, and the present value of the part, if there is one. */
interface Part {
  /** Null where it is not known: nothing may be written there. */
  readonly path: readonly ViewStep[] | null;
  value: Value | null;
}

/** What is known of a storage: its whole, and the parts that were seen, by geometry. */
interface Memory {
  root: Value;
  readonly rootKey: string;
  readonly geometry: Geometry;
  readonly parts: Map<string, Part>;
  /** Values whose tensors lie in this memory. */
  held: Mutable<Value>[];
}

const keyOf = ({ shape, strides, offset }: Geometry): string => `${offset}|${shape.join()}|${strides.join()}`;

/**
 * Records operations into a list of steps.
 *
 * @example
 * ```ts
 * import { ones } from "@heddle/tensor";
 * import { Recording } from "@heddle/tensor/engine";
 * const x = ones([2, 3]);
 * const recording = new Recording([x]);
 * const y = recording.run(() => x.mul(2).sum());
 * recording.steps.map(({ prim }) => prim); // ["expression", "sum"]
 * recording.valueOf(y).shape; // []
 * recording.dispose();
 * ```
 */
export class Recording implements Recorder {
  /** The steps in the order in which they ran. */
  readonly steps: RecordedStep[] = [];
  /** The values of the inputs. */
  readonly inputs: readonly Value[];
  private readonly memories: Map<Storage, Memory> = new Map();

  /** @param inputs the tensors whose values are not part of the recording. Others that it meets are constants. */
  constructor(inputs: readonly Tensor[]) {
    this.inputs = inputs.map((input) => {
      const value: Value = { dtype: input.dtype, shape: input.shape, origin: null, live: true, tensor: null };
      this.begin(input.storage, input, value);
      return value;
    });
  }

  /** Runs a function, and records its operations. */
  run<T>(fn: () => T): T {
    return recordingWith(this, fn);
  }

  /** The present value of a tensor. */
  valueOf(tensor: Tensor): Value {
    const key = keyOf(tensor);
    const memory = this.memories.get(tensor.storage);
    const part = memory?.parts.get(key);
    if (part !== undefined) return part.value ??= this.throughPath(memory!.root, tensor, part.path);
    const source = sourceOf(tensor);
    // A view of before the recording.
    if (source !== null) return this.viewed(source.tensor, source.step, tensor);
    if (memory !== undefined && (memory.root.live || memory.root.origin !== null)) throw unknownPart(tensor);
    const value = this.constant(tensor);
    if (memory === undefined) this.begin(tensor.storage, tensor, value);
    else memory.parts.set(key, { path: null, value });
    this.memories.get(tensor.storage)!.held.push(value);
    return value;
  }

  /** {@link Recorder.step} */
  step<P extends StepPrim>(
    prim: P,
    given: readonly StepInput[],
    attrs: StepAttrs[P],
    targets: readonly Tensor[] | null,
  ): (outputs: readonly Tensor[]) => void {
    const inputs = given.map((input) => input && this.valueOf(input));
    if (targets !== null) { for (const target of targets) this.release(target); }
    return (outputs) => {
      const view = targets === null && table[prim as keyof typeof table]?.kind === "view";
      if (view) {
        this.viewed(given[0]!, { prim, attrs } as unknown as ViewStep, outputs[0]!);
        return;
      }
      const made = this.add(prim, inputs, attrs, outputs);
      outputs.forEach((output, i) => {
        if (targets === null) this.made(output, made[i]!);
        else this.written(output, made[i]!);
      });
    };
  }

  /** {@link Recorder.read} */
  read(operation: string, tensor: Tensor): void {
    const value = this.valueOf(tensor);
    if (!value.live) return;
    const what = `${value.dtype} tensor of shape ${showShape(value.shape)}`;
    throw new Error(
      `${operation}: the values of a ${what} are read (as item() and toArray() do) while operations are recorded. They depend on the inputs, and a recording would ` +
        `have those of this run for ever; compute with tensors (where, gather, maskedFill, …) instead of numbers`,
    );
  }

  /** Frees the tensors that it holds. */
  dispose(): void {
    for (const { held } of this.memories.values()) for (const { tensor } of held) tensor?.dispose();
    this.memories.clear();
  }

  private begin(storage: Storage, geometry: Geometry, root: Value): Memory {
    const rootKey = keyOf(geometry);
    const { shape, strides, offset } = geometry;
    const parts = new Map([[rootKey, { path: [], value: root }]]);
    const memory: Memory = { root, rootKey, geometry: { shape, strides, offset }, parts, held: [] };
    this.memories.set(storage, memory);
    return memory;
  }

  /** A value outside the recording. */
  private constant(tensor: Tensor): Mutable<Value> {
    return { dtype: tensor.dtype, shape: tensor.shape, origin: null, live: false, tensor: handle(tensor) };
  }

  /** Adds a step. Its outputs are like these. */
  private add<P extends StepPrim>(
    prim: P,
    inputs: readonly (Value | null)[],
    attrs: StepAttrs[P],
    like: readonly Pick<Value, "dtype" | "shape">[],
  ): readonly Mutable<Value>[] {
    const live = prim === "random" || inputs.some((input) => input?.live);
    const outputs: Mutable<Value>[] = [];
    const step = { prim, inputs, attrs, outputs } as unknown as RecordedStep;
    for (const { dtype, shape } of like) outputs.push({ dtype, shape, origin: step, live, tensor: null });
    this.steps.push(step);
    return outputs;
  }

  /** An operation has made a tensor. */
  private made(tensor: Tensor, value: Mutable<Value>): void {
    let memory = this.memories.get(tensor.storage);
    if (memory === undefined) memory = this.begin(tensor.storage, tensor, value);
    else {
      const key = keyOf(tensor);
      memory.parts.set(key, { path: memory.parts.get(key)?.path ?? null, value });
    }
    this.hold(memory, tensor, value);
  }

  private hold(memory: Memory, tensor: Place, value: Mutable<Value>): void {
    if (value.live) return;
    value.tensor = handle(tensor);
    memory.held.push(value);
  }

  /** A step has taken a view of a tensor. Returns its value. */
  private viewed(base: Tensor, step: ViewStep, view: Tensor): Value {
    const input = this.valueOf(base);
    const memory = this.memories.get(base.storage)!;
    const key = keyOf(view);
    const known = memory.parts.get(key)?.value;
    if (known) return known;
    const { path } = memory.parts.get(keyOf(base))!;
    const [value] = this.add(step.prim, [input], step.attrs as never, [view]);
    memory.parts.set(key, { path: path && [...path, step], value: value! });
    this.hold(memory, view, value!);
    return value!;
  }

  /** The value of a part after the whole was written to. */
  private throughPath(root: Value, part: Tensor, path: readonly ViewStep[] | null): Value {
    if (path === null) throw unknownPart(part);
    let geometry: Geometry = { shape: root.shape, strides: contiguousStrides(root.shape), offset: 0 };
    let value = root;
    for (const step of path) {
      const rule = table[step.prim].geometry as (input: Geometry, attrs: ViewStep["attrs"]) => Geometry;
      geometry = rule(geometry, step.attrs);
      const [next] = this.add(step.prim, [value], step.attrs as never, [{ dtype: value.dtype, shape: geometry.shape }]);
      if (value.tensor !== null) {
        next!.tensor = recordingWith(null, () => execute(step.prim, [value.tensor!], step.attrs as never, null)[0]!);
      }
      value = next!;
    }
    return value;
  }

  /** The memory of a tensor is about to be written to: values that are held there move elsewhere. */
  private release(target: Tensor): void {
    const memory = this.memories.get(target.storage);
    if (memory === undefined) {
      // What the rest of the memory holds belongs to the recording.
      if (sourceOf(target) === null) return;
      this.valueOf(target);
      return this.release(target);
    }
    for (const value of memory.held) {
      const { tensor } = value;
      value.tensor = recordingWith(null, () => execute("cast", [tensor!], { dtype: value.dtype }, null)[0]!);
      internals(value.tensor).kept = true;
      tensor!.dispose();
      this.moved.push(value);
    }
    memory.held = [];
  }

  private readonly moved: Mutable<Value>[] = [];

  /** An operation has written to a tensor. */
  private written(target: Tensor, value: Mutable<Value>): void {
    const { storage } = target;
    const key = keyOf(target);
    const memory = this.memories.get(storage) ?? this.begin(storage, target, value);
    if (key !== memory.rootKey) {
      if (!memory.parts.has(key)) this.valueOf(target);
      const { path } = memory.parts.get(key)!;
      if (path === null) throw unknownPart(target);
      const { dtype, shape } = memory.root;
      const [root] = this.add("write", [memory.root, value], { path }, [{ dtype, shape }]);
      memory.root = root!;
      this.hold(memory, { ...memory.geometry, storage, dtype }, root!);
    } else memory.root = value;
    for (const part of memory.parts.values()) part.value = null;
    memory.parts.get(memory.rootKey)!.value = memory.root;
    memory.parts.get(key)!.value = value;
    this.hold(memory, target, value);
  }
}

type Place = Pick<Tensor, "storage" | "dtype" | "shape" | "strides" | "offset">;

/** The tensor that a view was taken of, and how, if it still exists. */
function sourceOf(view: Tensor): { readonly tensor: Tensor; readonly step: ViewStep } | null {
  const { source } = internals(view);
  if (source === null || source.tensor.isDisposed || source.tensor.storage !== view.storage) return null;
  return { tensor: source.tensor, step: { prim: source.prim, attrs: source.attrs } as ViewStep };
}

function unknownPart({ shape, strides }: Tensor): Error {
  return new Error(
    `a tensor of shape ${showShape(shape)} and strides ${
      showShape(strides)
    } is a part of memory in a way that was not recorded; take ` +
      `parts with narrow, select, permute and the like, or write to a clone()`,
  );
}

/** A handle of the recording's own. */
function handle({ storage, dtype, shape, strides, offset }: Place): Tensor {
  return makeTensor(storage, dtype, { shape, strides, offset }, false);
}
