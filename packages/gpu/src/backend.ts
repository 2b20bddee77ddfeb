/** The WebGPU backend: implements `Backend` of `@heddle/tensor` on an {@link Engine}. */
import { type DType, isHalfDType, type Scalar } from "@heddle/tensor";
import type { Backend, Binding, DeviceBuffer, Program, RoutinePrim, Work } from "@heddle/tensor/backend";
import type { Engine } from "./device/engine.ts";
import type { EngineReport } from "./device/engine_report.ts";
import { BufferTooLargeError } from "./memory/buffer_pool.ts";
import { GpuBuffer } from "./memory/gpu_buffer.ts";
import { type KernelProgram, KernelPrograms } from "./programs/kernel_programs.ts";
import { type RoutineProgram, RoutinePrograms } from "./programs/routine_programs.ts";
import { type RowProgram, RowPrograms } from "./programs/row_programs.ts";
import { routines } from "./routines/table.ts";

/** Reads up to this many bytes are synchronous where that is possible: waiting for the event loop would take longer. */
const smallRead = 2 ** 16;

/** The backend of one GPU device. */
export class GpuBackend implements Backend {
  readonly name: string;
  readonly readsSynchronously = false;
  readonly sharesBuffers = false;
  /** Records commands, owns memory and transfers data. */
  readonly engine: Engine;
  readonly largestBuffer: number;
  readonly mostBuffers: number;
  private readonly kernels: KernelPrograms;
  private readonly rowKernels: RowPrograms;
  private readonly routines: RoutinePrograms;

  constructor(name: string, engine: Engine) {
    this.name = name;
    this.engine = engine;
    this.largestBuffer = engine.pool.largest;
    this.mostBuffers = engine.limits.maxStorageBuffersPerShaderStage;
    engine.errors.name = name;
    this.kernels = new KernelPrograms(engine);
    this.rowKernels = new RowPrograms(engine);
    this.routines = new RoutinePrograms(engine);
  }

  supports(dtype: DType): boolean {
    switch (dtype) {
      case "float64":
      case "int64":
        return false;
      case "float16":
        return this.engine.features.has("shader-f16");
      default:
        return true;
    }
  }

  hasRoutine(name: RoutinePrim): boolean {
    // On software adapters workgroup memory is slow, and products of whole blocks of queries are faster.
    if (name === "attention" && this.engine.software) return false;
    return name in routines;
  }

  rows(dtype: DType): boolean {
    return dtype === "float32" || (isHalfDType(dtype) && this.supports(dtype));
  }

  alloc(bytes: number, operation = "alloc"): GpuBuffer {
    this.engine.errors.checkLost(operation);
    try {
      return new GpuBuffer(this.engine.pool.alloc(bytes), bytes);
    } catch (error) {
      throw tooLarge(error, operation, "");
    }
  }

  adopt(_data: ArrayBufferView): null {
    return null;
  }

  free(buffer: DeviceBuffer): void {
    this.engine.pool.release((buffer as GpuBuffer).handle);
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void {
    const { handle, bytes } = buffer as GpuBuffer;
    this.engine.errors.checkLost("write");
    // Deno aborts the process when it writes an empty array.
    if (data.byteLength === 0) return;
    const ragged = data.byteLength % 4;
    if (byteOffset % 4 === 0 && ragged === 0) {
      this.engine.upload(handle, byteOffset, data);
    } else if (byteOffset % 4 === 0 && byteOffset + data.byteLength === bytes) {
      // The buffer is larger than the tensor, so padding fits.
      const padded = new Uint8Array(data.byteLength + 4 - ragged);
      padded.set(data);
      this.engine.upload(handle, byteOffset, padded);
    } else this.writeAnywhere(buffer, byteOffset, data);
  }

  read(buffer: DeviceBuffer, byteOffset: number, bytes: number): Uint8Array<ArrayBuffer> {
    const { errors, recorder, readback } = this.engine;
    errors.checkLost("read");
    if (errors.pending) recorder.submit(); // otherwise the commands recorded with the failed one would fail a later read
    errors.check("read");
    if (bytes === 0) return new Uint8Array(0);
    if (!readback.canReadSync) {
      throw new Error(
        `read: values on the device "${this.name}" cannot be read synchronously in this runtime; use await t.data(), or run on Deno`,
      );
    }
    let result: Uint8Array<ArrayBuffer>;
    try {
      result = readback.readSync((buffer as GpuBuffer).handle, byteOffset, bytes);
    } catch (reason) {
      errors.check("read");
      throw errors.explain("read", reason);
    }
    errors.check("read");
    return result;
  }

  async readAsync(buffer: DeviceBuffer, byteOffset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const { errors, readback } = this.engine;
    errors.checkLost("data");
    if (errors.pending) {
      this.engine.recorder.submit(); // otherwise the commands recorded with the failed one would fail a later read
      await this.throwPending();
    }
    if (bytes === 0) return new Uint8Array(0);
    const { handle } = buffer as GpuBuffer;
    // On Deno, the promise of a mapped buffer takes 10 ms even for a few bytes.
    if (readback.canReadSync && bytes <= smallRead) {
      try {
        return readback.readSync(handle, byteOffset, bytes);
      } catch {
        // The asynchronous read below reports the reason, which arrives while the event loop runs.
      }
    }
    const reading = readback.read(handle, byteOffset, bytes).catch(async (reason: unknown) => {
      await this.throwPending();
      throw errors.explain("data", reason);
    });
    const result = await Promise.race([reading, errors.lost]);
    if (result instanceof Error) {
      errors.checkLost("data");
      throw result;
    }
    await this.throwPending();
    return result;
  }

  prepare(work: Work): Program {
    switch (work.kind) {
      case "kernel":
        this.checkDTypes(work);
        return this.kernels.prepare(work);
      case "routine":
        return this.routines.prepare(work);
      case "rows":
        return this.rowKernels.prepare(work);
    }
  }

  dispatch(
    program: Program,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    scalars: readonly Scalar[],
  ): void {
    const { work } = program;
    this.engine.errors.checkLost(operationOf(work));
    try {
      if (work.kind === "kernel") {
        this.kernels.run(program as KernelProgram, inputs, outputs[0]!, scalars);
      } else if (work.kind === "rows") {
        this.rowKernels.run(program as RowProgram, inputs, outputs, scalars);
      } else {
        this.routines.run(program as RoutineProgram, inputs, outputs, scalars);
      }
    } catch (error) {
      this.engine.releaseScratch();
      throw tooLarge(error, operationOf(work), "scratch memory of ");
    }
  }

  /** By timestamp queries. What was recorded before is submitted first, so that a program runs slower while it is measured. */
  measure(run: () => void): Promise<number> | null {
    const { features, recorder } = this.engine;
    if (!features.has("timestamp-query")) return null;
    const failed: unknown[] = [];
    const time = recorder.measure(() => {
      try {
        run();
      } catch (error) {
        failed.push(error);
      }
    });
    if (failed.length > 0) throw failed[0];
    return time;
  }

  /** Counts of work done and memory held. */
  report(): EngineReport {
    return this.engine.report();
  }

  /** Waits for pending error scopes, then throws the first error if there is one. */
  private async throwPending(): Promise<void> {
    const { errors } = this.engine;
    await errors.settled();
    errors.check("data");
  }

  /** A cast computes in the dtype of its input, so the dtypes of the output and of the inputs are checked here. */
  private checkDTypes(work: Work & { kind: "kernel" }): void {
    const { dtype } = work.output;
    if (this.supports(dtype) && work.inputs.every((input) => this.supports(input.dtype))) return;
    const wrong = this.supports(dtype) ? work.inputs.find((input) => !this.supports(input.dtype))!.dtype : dtype;
    throw new TypeError(
      `${
        operationOf(work)
      }: the device "${this.name}" does not compute in ${wrong}; use float32 or int32, or another device`,
    );
  }

  /** Writes bytes that start or end within a 32-bit word, through a temporary buffer and a copy kernel. */
  private writeAnywhere(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void {
    const source = this.alloc(data.byteLength);
    try {
      this.write(source, 0, data);
      const access = { dtype: "uint8", strides: [1] } as const;
      const copy = this.prepare({
        kind: "kernel",
        shape: [data.byteLength],
        inputs: [access],
        expr: { op: "input", index: 0, dtype: "uint8" },
        reduce: null,
        output: access,
      });
      this.dispatch(copy, [{ buffer: source, offset: 0 }], [{ buffer, offset: byteOffset }], []);
    } finally {
      this.free(source);
    }
  }
}

/** Names the operation in the error of an allocation that is larger than a buffer can be. */
function tooLarge(error: unknown, operation: string, what: string): unknown {
  return error instanceof BufferTooLargeError ? new RangeError(`${operation}: ${what}${error.message}`) : error;
}

/** The name of an operation in errors. */
function operationOf(work: Work): string {
  if (work.kind === "rows") return "rows";
  return work.kind === "routine" ? work.name : work.reduce?.op ?? (work.expr.op === "scalar" ? "full" : work.expr.op);
}
