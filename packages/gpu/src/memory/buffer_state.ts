/** State that is kept for each buffer. */

/** A buffer's identity and its last use. */
export interface BufferState {
  /** Unique among all buffers ever created, so that caches can use it as a key. Later buffers have higher numbers. */
  readonly id: number;
  /** The buffer's size in bytes: on Deno, each read of `GPUBuffer.size` calls the runtime. */
  readonly size: number;
  /** Number of the last submission that uses the buffer; see `CommandRecorder.serial`. */
  lastUsed: number;
}

/** A property of the buffer: a launch reads it once for each of its buffers, which takes several times as long in a WeakMap. */
const state: unique symbol = Symbol("heddle");
let made = 0;

/** The state of a buffer, created at the first call. */
export function stateOf(buffer: GPUBuffer): BufferState {
  const stated = buffer as GPUBuffer & { [state]?: BufferState };
  return stated[state] ??= { id: ++made, size: buffer.size, lastUsed: -1 };
}
