/** What is known of every buffer besides what WebGPU knows. */

/** A buffer's number, and when it was last used. */
export interface BufferState {
  /** Never given twice, so that caches keyed by it cannot confuse two buffers. */
  readonly id: number;
  /** Number of the submission that holds the last command on it; see `Recorder.serial`. */
  lastUsed: number;
}

const states: WeakMap<GPUBuffer, BufferState> = new WeakMap();
let made = 0;

/** The state of a buffer. */
export function stateOf(buffer: GPUBuffer): BufferState {
  let state = states.get(buffer);
  if (state === undefined) states.set(buffer, state = { id: ++made, lastUsed: -1 });
  return state;
}
