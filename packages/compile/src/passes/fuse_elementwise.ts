/** Computes element-wise results where they are used, instead of storing them. */
import type { DType } from "@heddle/tensor";
import {
  type Access,
  type Backend,
  contiguousStrides,
  type Expr,
  type Kernel,
  sameShape,
  sizeOf,
} from "@heddle/tensor/backend";
import type { Captured, CapturedBinding, CapturedStep, Pass } from "@heddle/tensor/engine";

/** Every device binds so many buffers to a kernel. */
const mostOperands = 8;
/** Larger expressions need more registers than there are. */
const mostNodes = 64;

/** An element-wise dispatch, or a reduction. */
interface KernelStep extends CapturedStep {
  readonly program: { readonly work: Kernel };
}

/**
 * Moves element-wise kernels into the kernel that reads their result, if it is the only one: an element-wise kernel or a reduction over as
 * many elements. A multiplication and an addition that meet in one kernel may be rounded once instead of twice, so that results differ
 * from eager mode's in the last bits.
 *
 * @example
 * ```ts
 * import { compile, fuseElementwise } from "@heddle/compile";
 * import { ones, type Tensor } from "@heddle/tensor";
 * const step = compile((x: Tensor) => x.mul(2).exp().sum(), { passes: [fuseElementwise] });
 * for (let i = 0; i < 3; i++) step(ones([4]));
 * step.report().captures[0]!.passes.map(({ kernels }) => kernels); // [3, 1]
 * ```
 */
export const fuseElementwise: Pass = {
  name: "fuseElementwise",
  run: (captured, backend) => new Fusion(captured, backend).run(),
};

class Fusion {
  private readonly captured: Captured;
  private readonly backend: Backend;
  /** The steps in their places; null where one has moved into a later one. */
  private readonly steps: (CapturedStep | null)[];
  /** Where each buffer is read and written, in order. */
  private readonly readers: Map<number, number[]> = new Map();
  private readonly writers: Map<number, number[]> = new Map();

  constructor(captured: Captured, backend: Backend) {
    this.captured = captured;
    this.backend = backend;
    this.steps = [...captured.steps];
    for (const [at, { inputs, outputs }] of captured.steps.entries()) {
      for (const { buffer } of inputs) this.note(this.readers, buffer.id, at);
      for (const { buffer } of outputs) this.note(this.writers, buffer.id, at);
    }
  }

  private note(places: Map<number, number[]>, id: number, at: number): void {
    const known = places.get(id);
    if (known === undefined) places.set(id, [at]);
    else if (known.at(-1) !== at) known.push(at);
  }

  run(): Captured {
    const { steps, captured, backend } = this;
    for (let at = 0; at < steps.length; at++) {
      const before = steps[at]!;
      if (!isKernel(before)) continue;
      let step = before;
      for (let operand = 0; operand < step.inputs.length; operand++) {
        const producer = this.producerOf(step.inputs[operand]!, at);
        const joined = producer === null ? null : this.join(steps[producer] as KernelStep, producer, step, at);
        if (joined === null) continue;
        for (const { buffer } of joined.inputs) this.moveReader(buffer.id, producer!, at);
        steps[producer!] = null;
        step = joined;
        operand = -1;
      }
      if (step !== before) steps[at] = { ...step, program: backend.prepare(step.program.work) };
    }
    const kept = steps.filter((step) => step !== null);
    return kept.length === steps.length ? captured : { buffers: captured.buffers, steps: kept };
  }

  private moveReader(id: number, from: number, to: number): void {
    const places = (this.readers.get(id) ?? []).filter((at) => at !== from);
    if (!places.includes(to)) places.push(to);
    this.readers.set(id, places.sort((a, b) => a - b));
  }

  /** The element-wise dispatch that wrote an operand for this reader alone, or null. */
  private producerOf({ buffer }: CapturedBinding, reader: number): number | null {
    const [producer, ...others] = this.writers.get(buffer.id) ?? [];
    if (buffer.role !== "inner" || producer === undefined || others.length > 0 || producer >= reader) return null;
    if (this.readers.get(buffer.id)!.some((at) => at !== reader)) return null;
    const step = this.steps[producer];
    return step && isKernel(step) && step.program.work.reduce === null ? producer : null;
  }

  /** Whether an input of a producer still has its values when the consumer runs, and while it writes. */
  private lasts(
    input: CapturedBinding,
    access: Access,
    producer: number,
    { outputs: [output] }: KernelStep,
    work: Kernel,
    at: number,
  ): boolean {
    const { id } = input.buffer;
    const writers = this.writers.get(id) ?? [];
    if (writers.some((writer) => writer >= producer && writer < at)) return false;
    if (output!.buffer.id !== id) return true;
    // In place: each element is read before it is written.
    return work.reduce === null && input.offset === output!.offset && sameShape(access.strides, work.output.strides);
  }

  private join(producer: KernelStep, from: number, consumer: KernelStep, at: number): KernelStep | null {
    const made = producer.program.work, used = inShapeOf(made, consumer.program.work);
    if (!made.inputs.every(({ dtype }) => isExact(dtype)) || !isExact(made.output.dtype)) return null;
    const target = producer.outputs[0]!;
    const inputs: CapturedBinding[] = [], accesses: Access[] = [];
    const add = (binding: CapturedBinding, access: Access): number => {
      const known = inputs.findIndex(({ buffer, offset }, i) =>
        buffer === binding.buffer && offset === binding.offset && sameShape(accesses[i]!.strides, access.strides) &&
        accesses[i]!.dtype === access.dtype
      );
      if (known >= 0) return known;
      accesses.push(access);
      return inputs.push(binding) - 1;
    };
    // The expression of each input of the consumer, in the operands of the joined kernel.
    const replacements: Expr[] = [];
    for (const [i, binding] of consumer.inputs.entries()) {
      const access = used.inputs[i]!;
      if (binding.buffer !== target.buffer) {
        replacements.push({ op: "input", index: add(binding, access), dtype: access.dtype });
        continue;
      }
      const moved = movedAccesses(made, used.shape, access, binding.offset - target.offset);
      if (moved === null) return null;
      const own = producer.inputs.map((input, n): Expr | null => {
        const { access, shift } = moved[n]!;
        const place = { ...input, offset: input.offset + shift };
        if (!this.lasts(place, access, from, consumer, used, at)) return null;
        return { op: "input", index: add(place, access), dtype: access.dtype };
      });
      if (own.includes(null)) return null;
      replacements.push(replaced(made.expr, own as Expr[], consumer.scalars.length));
    }
    if (inputs.length + 1 > mostOperands) return null;
    const expr = replaced(used.expr, replacements, 0);
    if (nodes(expr) > mostNodes) return null;
    return {
      operation: consumer.operation,
      program: { work: { ...used, inputs: accesses, expr } },
      inputs,
      outputs: consumer.outputs,
      scalars: [...consumer.scalars, ...producer.scalars],
    };
  }
}

function isKernel(step: CapturedStep): step is KernelStep {
  return step.program.work.kind === "kernel";
}

/** Whether a value in an expression equals one that was stored and loaded. Narrow integers wrap, and halves round, when they are stored. */
function isExact(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64" || dtype === "bool";
}

/** A kernel over a row of elements, in the shape of the producer of such a row, if it has the same elements; else as it is. */
function inShapeOf({ shape, output }: Kernel, consumer: Kernel): Kernel {
  if (shape.length < 2 || consumer.shape.length !== 1 || consumer.reduce !== null) return consumer;
  const row = contiguousStrides(shape);
  if (consumer.shape[0] !== sizeOf(shape) || !sameShape(output.strides, row)) return consumer;
  const unfolded = ({ dtype, strides }: Access): Access => ({
    dtype,
    strides: row.map((stride) => stride * strides[0]!),
  });
  return { ...consumer, shape, inputs: consumer.inputs.map(unfolded), output: unfolded(consumer.output) };
}

/**
 * How a consumer accesses the inputs of a producer, instead of the result that it accesses in a shape: strides, and the distance to the
 * first element. Null if that is no regular access, or if elements would be computed more than once.
 */
function movedAccesses(
  producer: Kernel,
  shape: readonly number[],
  { strides }: Access,
  distance: number,
): { readonly access: Access; readonly shift: number }[] | null {
  if (sizeOf(producer.shape) !== sizeOf(shape)) return null;
  if (strides.some((stride, d) => stride === 0 && shape[d]! > 1)) return null;
  if (distance === 0 && sameShape(producer.shape, shape) && sameShape(producer.output.strides, strides)) {
    return producer.inputs.map((access) => ({ access, shift: 0 }));
  }
  // The result is a row of elements, so that every access to it is one to its inputs.
  if (producer.shape.length > 1 || (producer.shape.length === 1 && producer.output.strides[0] !== 1)) return null;
  return producer.inputs.map((access) => {
    const step = access.strides[0] ?? 0;
    return {
      access: { dtype: access.dtype, strides: strides.map((stride) => stride * step) },
      shift: distance * step,
    };
  });
}

/** An expression with other inputs, and with numbers from a later place on. */
function replaced(whole: Expr, inputs: readonly Expr[], scalarsFrom: number): Expr {
  const known = new Map<Expr, Expr>();
  const visit = (expr: Expr): Expr => {
    let result = known.get(expr);
    if (result !== undefined) return result;
    if (expr.op === "input") result = inputs[expr.index]!;
    else if (expr.op === "scalar") result = { ...expr, index: expr.index + scalarsFrom };
    else result = { ...expr, args: expr.args.map(visit) };
    known.set(expr, result);
    return result;
  };
  return visit(whole);
}

function nodes(expr: Expr): number {
  return "args" in expr ? expr.args.reduce((n, arg) => n + nodes(arg), 1) : 1;
}
