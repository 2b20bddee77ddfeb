/** State that is kept for each buffer. */

/** A buffer's identity and its last use. */
export interface BufferState {
  /** Unique among all buffers ever created, so that caches can use it as a key. */
  readonly id: number;
  /** Number of the last submission that uses the buffer; see `CommandRecorder.serial`. */
  lastUsed: number;
}

const states: WeakMap<GPUBuffer, BufferState> = new WeakMap();
let made = 0;

/** The state of a buffer, created at the first call. */
export function stateOf(buffer: GPUBuffer): BufferState {
  let state = states.get(buffer);
  if (state === undefined) states.set(buffer, state = { id: ++made, lastUsed: -1 });
  return state;
}
