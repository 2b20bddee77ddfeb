/** The place where a package of native code plugs in. */
import type { CodeModule } from "../../code/module.ts";
import type { Run } from "./compiled_module.ts";

/** A native function, compiled from a module's "run". */
export interface NativeFunction {
  /** The address of its code. */
  readonly address: bigint;
  readonly run: Run;
  /**
   * Completes the run that another thread left, if it did, because a function was missing that only the calling thread can compile.
   *
   * @param slot the address of that thread's parameters
   * @param complete false to forget it
   */
  settle(slot: number, complete: boolean): void;
}

/** The bytes of a thread's parameters of native functions, and of the copy of a run's stack. */
export const nativeSlotBytes = 8192;

/** The memory of the device. */
export interface NativeMemory {
  /** Its buffer, which is another one after it has grown. */
  readonly memory: { readonly buffer: ArrayBufferLike };
  /** The size that it can grow to, in pages of 64 KiB. */
  readonly maximumPages: number;
}

/** Compiles generated code to machine code, and calls it. */
export interface NativeCode {
  /** The name of the instruction set and the bytes of its vectors. */
  readonly target: { readonly name: string; readonly vectorBytes: number };
  /**
   * The number of times a module runs as WebAssembly before it is compiled, so that short programs do not wait for the compiler. With
   * 0 it is compiled at once.
   */
  readonly afterRuns: number;
  /**
   * Source text of a function `(memory) => (code, slot, key) => run` for worker threads. It receives the shared memory; the function
   * that it returns, the address of native code (a bigint), of 8 KiB in the memory for its parameters (a number), and the kernel's key.
   */
  readonly workerSource: string;
  /** Whether code for vectors of 64 bytes may use tiles. */
  tiles(): boolean;
  /** Prepares the memory of a new engine, which is still unused. */
  prepare(memory: NativeMemory): void;
  /**
   * Compiles the function that a module exports as "run".
   *
   * @param slot the address of 8 KiB of the memory, for the parameters of calls and for a run that is left
   * @returns null if it stays WebAssembly
   */
  compile(
    module: CodeModule,
    key: string,
    memory: NativeMemory,
    slot: number,
  ): NativeFunction | null;
}

let registered: NativeCode | null = null;

/** Lets the device "cpu" run its generated code natively. Packages of native code call this when they are imported. */
export function useNativeCode(native: NativeCode | null): void {
  registered = native;
}

/** The native code that is in use, or null. */
export function nativeCode(): NativeCode | null {
  return registered;
}

/** Begins the record of a native function, which takes the place of a module's bytes for other threads. */
export const nativeMagic = 0x4e415458;
/** The bytes of a record before the kernel's key. */
export const nativeRecordBytes = 16;

/** The record of a native function for other threads. `slots` is the address of their parameters, {@link nativeSlotBytes} each. The key follows. */
export function nativeRecord(address: bigint, slots: number, key: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(key);
  const bytes = new Uint8Array(nativeRecordBytes + name.length);
  bytes.set(name, nativeRecordBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nativeMagic);
  view.setUint32(4, slots, true);
  view.setBigUint64(8, address, true);
  return bytes;
}
