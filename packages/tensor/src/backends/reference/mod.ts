/** The reference backend: plain loops over typed arrays. It is short and simple, and the other backends are tested against it. */
import type { Backend, Binding, DeviceBuffer, Program } from "../../backend.ts";
import { debug } from "../../engine/debug.ts";
import { type DType, itemSize, type Scalar, type TypedArray, typedArrayOver } from "../../dtype.ts";
import { poisonsMemory } from "../../env.ts";
import { type Kernel, type Routine, structuralKey } from "../../ir/kernel.ts";
import type { HostRoutine, RoutinePrim } from "../../prims/attrs.ts";
import { elementValue } from "../../scalar.ts";
import { type RenderedKernel, renderKernel, scalarDTypes } from "./render.ts";
import type { HostOperand } from "./host_operand.ts";
import { type Routines, routines } from "./routines.ts";
import { type Special, specialFunctions } from "./special.ts";

/** The bytes of the largest tensor. */
const mostBytes = 2 ** 36;

class HostBuffer implements DeviceBuffer {
  readonly bytes: number;
  readonly memory: ArrayBufferLike;
  readonly byteOffset: number;
  /** Whether the memory belongs to a caller, who may transfer or resize it. */
  readonly adopted: boolean;

  constructor(memory: ArrayBufferLike, byteOffset: number, bytes: number, adopted = false) {
    this.memory = memory;
    this.byteOffset = byteOffset;
    this.bytes = bytes;
    this.adopted = adopted;
  }

  /** The whole buffer as elements of a dtype. @throws Error if it belongs to a typed array that was transferred or resized. */
  as(dtype: DType): TypedArray {
    this.check();
    return typedArrayOver(dtype, this.memory, this.byteOffset, Math.floor(this.bytes / itemSize(dtype)));
  }

  /** Some of its bytes. @throws as {@link as}. */
  part(byteOffset: number, bytes: number): Uint8Array {
    this.check();
    return new Uint8Array(this.memory, this.byteOffset + byteOffset, bytes);
  }

  private check(): void {
    if (this.memory.byteLength >= this.byteOffset + this.bytes) return;
    throw new Error(
      `the ${this.bytes} bytes of this tensor belong to a typed array whose buffer was transferred or resized; ` +
        `make the tensor of a copy: fromTypedArray(array.slice())`,
    );
  }
}

interface HostProgram extends Program {
  run(inputs: readonly Binding[], outputs: readonly Binding[], scalars: readonly Scalar[]): void;
}

/** The reference backend. */
export class ReferenceBackend implements Backend {
  readonly name = "reference";
  readonly readsSynchronously = true;
  private readonly rendered: Map<string, RenderedKernel> = new Map();
  private special: Special | null = null;
  private readonly poisons: boolean = poisonsMemory();

  supports(_dtype: DType): boolean {
    return true;
  }

  hasRoutine(name: RoutinePrim): boolean {
    return name in routines;
  }

  alloc(bytes: number): DeviceBuffer {
    // A whole number of 8 bytes, for views of 8-byte elements.
    let memory: ArrayBuffer;
    try {
      if (bytes > mostBytes) throw new RangeError("more than any runtime has"); // a larger request would first trigger a garbage collection
      memory = new ArrayBuffer(Math.ceil(bytes / 8) * 8);
    } catch {
      throw new RangeError(
        `out of memory: ${bytes} more bytes cannot be allocated on the device "reference"; free tensors with a scope, or use ` +
          `smaller batches`,
      );
    }
    if (this.poisons) new Uint8Array(memory).fill(0xff);
    return new HostBuffer(memory, 0, bytes);
  }

  adopt(data: ArrayBufferView): DeviceBuffer | null {
    return data.byteLength === 0 ? null : new HostBuffer(data.buffer, data.byteOffset, data.byteLength, true);
  }

  free(buffer: DeviceBuffer): void {
    // The garbage collector frees the memory. The caller does the accounting.
    const { memory, adopted } = buffer as HostBuffer;
    if (this.poisons && !adopted) new Uint8Array(memory).fill(0xff);
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void {
    (buffer as HostBuffer).part(byteOffset, data.byteLength).set(data);
  }

  read(buffer: DeviceBuffer, byteOffset: number, bytes: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(bytes);
    copy.set((buffer as HostBuffer).part(byteOffset, bytes));
    return copy;
  }

  readAsync(buffer: DeviceBuffer, byteOffset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(this.read(buffer, byteOffset, bytes));
  }

  prepare(work: Kernel | Routine): Program {
    return work.kind === "kernel" ? this.prepareKernel(work) : this.prepareRoutine(work);
  }

  dispatch(
    program: Program,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    scalars: readonly Scalar[],
  ): void {
    (program as HostProgram).run(inputs, outputs, scalars);
  }

  private prepareKernel(kernel: Kernel): HostProgram {
    const key = structuralKey(kernel);
    let rendered = this.rendered.get(key);
    if (rendered === undefined) {
      const code = renderKernel(kernel);
      if (debug() >= 4) console.error(code);
      rendered = new Function("m", "shape", "o", "q", "os", "x", "p", "xs", "s", code) as RenderedKernel;
      this.rendered.set(key, rendered);
    }
    const run = rendered;
    const special = this.special ??= specialFunctions();
    const wanted = scalarDTypes(kernel.expr);
    return {
      work: kernel,
      run(inputs, outputs, scalars) {
        run(
          special,
          kernel.shape,
          array(outputs[0]!, kernel.output.dtype),
          outputs[0]!.offset,
          kernel.output.strides,
          inputs.map((input, i) => array(input, kernel.inputs[i]!.dtype)),
          inputs.map((input) => input.offset),
          kernel.inputs.map((input) => input.strides),
          scalars.map((value, i) => elementValue(value, wanted[i]!)),
        );
      },
    };
  }

  private prepareRoutine(routine: Routine): HostProgram {
    const run = routines[routine.name as HostRoutine] as Routines[HostRoutine];
    const bind = (operands: Routine["inputs"], bindings: readonly Binding[]): HostOperand[] =>
      operands.map((operand, i) => ({
        ...operand,
        data: array(bindings[i]!, operand.dtype),
        offset: bindings[i]!.offset,
      }));
    return {
      work: routine,
      run: (inputs, outputs, [counter]) => {
        const attrs = counter === undefined ? routine.attrs : { ...routine.attrs, counter };
        run(bind(routine.inputs, inputs), bind(routine.outputs, outputs), attrs as never);
      },
    };
  }
}

function array(binding: Binding, dtype: DType): TypedArray {
  return (binding.buffer as HostBuffer).as(dtype);
}
