/** What a backend must be able to do: hold memory, and run kernels and routines on it. */
import type { DType, Scalar } from "./dtype.ts";
import type { Work } from "./ir/rows.ts";
import type { RoutinePrim } from "./prims/attrs.ts";

/** Memory of a backend, opaque to everything else. */
export interface DeviceBuffer {
  readonly bytes: number;
}

/** A buffer, and the index of the tensor's first element in it. */
export interface Binding {
  readonly buffer: DeviceBuffer;
  readonly offset: number;
  /** Whether the backend may keep what it prepares from the contents, for later work, until the buffer is written to or freed. */
  readonly lasting?: boolean;
}

/** Prepared work. It can run any number of times, on operands of the geometry it was prepared for. */
export interface Program {
  readonly work: Work;
}

/** A dispatch of a replay. A scalar that changes from run to run is the index of its slot. */
export interface ReplayStep {
  readonly program: Program;
  readonly inputs: readonly Binding[];
  readonly outputs: readonly Binding[];
  readonly scalars: readonly (Scalar | ReplaySlot)[];
}

/** A scalar that each run is given. */
export interface ReplaySlot {
  readonly slot: number;
}

/** Dispatches on fixed buffers, ready to run again and again. */
export interface Replay {
  /**
   * Runs all dispatches in order.
   *
   * @param slots the scalars that change, by the index in {@link ReplaySlot}.
   */
  run(slots: readonly Scalar[]): void;
  /** Frees what the replay holds. It does not run again. */
  dispose(): void;
}

/** What a backend implements. Buffers are raw bytes; dtypes and geometry come with the work. */
export interface Backend {
  readonly name: string;
  /** Whether reading is synchronous and cheap, so that indices can be checked before use. */
  readonly readsSynchronously: boolean;
  /** Whether kernels and routines accept the dtype. */
  supports(dtype: DType): boolean;
  /** Whether the backend implements this routine. A missing one is composed of other primitives. */
  hasRoutine(name: RoutinePrim): boolean;
  /** Whether the backend runs row kernels for the dtype. Without this method it runs none, and composites are used. */
  rows?(dtype: DType): boolean;
  /** Whether row kernels can sum over rows, as `inOrder` asks. By default they cannot. */
  readonly sumsRows?: boolean;
  /** Most buffers of one kernel. By default there is no limit. */
  readonly mostBuffers?: number;
  /** Whether a dispatch may read and write parts of the same buffer. By default it may. */
  readonly sharesBuffers?: boolean;
  /** Most bytes of one buffer. Without it, memory is the only limit. */
  readonly largestBuffer?: number;
  /** Memory of at least `bytes` bytes, contents unspecified. `operation` is what errors name. */
  alloc(bytes: number, operation?: string): DeviceBuffer;
  /** Wraps a caller's memory as a buffer without a copy. Returns null if the backend cannot. */
  adopt(data: ArrayBufferView): DeviceBuffer | null;
  free(buffer: DeviceBuffer): void;
  write(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void;
  /** A copy of the bytes. Throws where reading cannot be synchronous, naming the asynchronous call. */
  read(buffer: DeviceBuffer, byteOffset: number, bytes: number): Uint8Array<ArrayBuffer>;
  readAsync(buffer: DeviceBuffer, byteOffset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>>;
  prepare(work: Work): Program;
  /** Frees what a program holds. It is not dispatched again. */
  release?(program: Program): void;
  dispatch(program: Program, inputs: readonly Binding[], outputs: readonly Binding[], scalars: readonly Scalar[]): void;
  /**
   * Prepares dispatches that run again and again on the same buffers. The caller keeps the buffers and programs alive. A backend without
   * this method is given each run's dispatches one by one.
   */
  replay?(steps: readonly ReplayStep[]): Replay;
  /**
   * Calls a function, and returns the milliseconds that the device takes for what it dispatches; throws what the function throws. Null,
   * and no call, if the device has no clock. A backend without this method has done the work when `dispatch` returns.
   */
  measure?(run: () => void): Promise<number> | null;
}
