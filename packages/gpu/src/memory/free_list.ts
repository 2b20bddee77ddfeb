/** The free buffers of one size. */
import { stateOf } from "./buffer_state.ts";

/**
 * Free buffers of one size, of which the oldest is reused first, whatever the order in which they were freed. The same
 * work then gets the same buffers in every step of a training loop, and finds the bind groups of the step before.
 *
 * It is a binary heap: a buffer is older than those at twice its position and one and two after that.
 */
export class FreeList {
  private readonly heap: GPUBuffer[] = [];

  /** Number of buffers. */
  get count(): number {
    return this.heap.length;
  }

  /** Adds a buffer. */
  push(buffer: GPUBuffer): void {
    this.heap.push(buffer);
    this.rise(this.heap.length - 1);
  }

  /** Removes and returns the oldest buffer; undefined if there is none. */
  pop(): GPUBuffer | undefined {
    return this.heap.length === 0 ? undefined : this.removeAt(0);
  }

  /** Removes and returns the oldest buffer that no submission from `serial` on uses; undefined if there is none. */
  popIdle(serial: number): GPUBuffer | undefined {
    const { heap } = this;
    let best = -1;
    for (let i = 0; i < heap.length; i++) {
      const { id, lastUsed } = stateOf(heap[i]!);
      if (lastUsed < serial && (best < 0 || id < stateOf(heap[best]!).id)) best = i;
    }
    return best < 0 ? undefined : this.removeAt(best);
  }

  /** Removes a buffer. Returns whether it was there. */
  remove(buffer: GPUBuffer): boolean {
    const at = this.heap.indexOf(buffer);
    if (at >= 0) this.removeAt(at);
    return at >= 0;
  }

  private removeAt(at: number): GPUBuffer {
    const { heap } = this;
    const removed = heap[at]!;
    const last = heap.pop()!;
    if (at < heap.length) {
      heap[at] = last;
      this.sink(at);
      this.rise(at);
    }
    return removed;
  }

  private rise(at: number): void {
    const { heap } = this;
    const buffer = heap[at]!;
    const { id } = stateOf(buffer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (stateOf(heap[parent]!).id < id) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = buffer;
  }

  private sink(at: number): void {
    const { heap } = this;
    const buffer = heap[at]!;
    const { id } = stateOf(buffer);
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && stateOf(heap[child + 1]!).id < stateOf(heap[child]!).id) child++;
      if (stateOf(heap[child]!).id > id) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = buffer;
  }
}
