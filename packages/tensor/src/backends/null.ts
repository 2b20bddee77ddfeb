/** The null backend runs nothing, and counts dispatches and memory. Tests use it to check how many kernels a step takes. */
import type { Backend, Binding, DeviceBuffer, Program } from "../backend.ts";
import type { DType, Scalar } from "../dtype.ts";
import type { Work } from "../ir/rows.ts";
import type { RoutinePrim } from "../prims/attrs.ts";
import { routines } from "./reference/routines.ts";

/** A backend without computation. Reads return zeros. */
export class NullBackend implements Backend {
  readonly name = "null";
  readonly readsSynchronously = false;
  /** Kernels and routines dispatched since the last reset, in order. */
  dispatched: Work[] = [];
  /** Bytes allocated and not freed. */
  allocated = 0;

  supports(_dtype: DType): boolean {
    return true;
  }

  hasRoutine(name: RoutinePrim): boolean {
    return name in routines; // those that every backend has
  }

  rows(_dtype: DType): boolean {
    return true;
  }

  alloc(bytes: number): DeviceBuffer {
    this.allocated += bytes;
    return { bytes };
  }

  adopt(_data: ArrayBufferView): null {
    return null;
  }

  free(buffer: DeviceBuffer): void {
    this.allocated -= buffer.bytes;
  }

  write(_buffer: DeviceBuffer, _byteOffset: number, _data: Uint8Array): void {}

  read(_buffer: DeviceBuffer, _byteOffset: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(bytes);
  }

  readAsync(_buffer: DeviceBuffer, _byteOffset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(new Uint8Array(bytes));
  }

  prepare(work: Work): Program {
    return { work };
  }

  dispatch(
    program: Program,
    _inputs: readonly Binding[],
    _outputs: readonly Binding[],
    _scalars: readonly Scalar[],
  ): void {
    this.dispatched.push(program.work);
  }

  /** Resets the counts. */
  reset(): void {
    this.dispatched = [];
  }
}
