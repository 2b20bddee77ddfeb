/** The one WebAssembly memory of the CPU backend, and its allocator: size classes with free lists, growth at the end. */

const page = 65536;
/** Pointers are multiples of this, so that vectors never straddle cache lines at a tensor's beginning. */
const alignment = 64;

/** See the module's comment. Pointers are byte addresses. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly maximumPages: number;
  readonly shared: boolean;
  private end: number;
  private readonly free: Map<number, number[]> = new Map();
  private bytesView: Uint8Array;
  private wordsView: Int32Array;

  constructor(shared: boolean, maximumPages: number = 65536) {
    this.shared = shared;
    this.maximumPages = maximumPages;
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: maximumPages, shared });
    this.end = alignment; // address 0 stays unused
    this.bytesView = new Uint8Array(this.memory.buffer);
    this.wordsView = new Int32Array(this.memory.buffer);
  }

  /** All of the memory as bytes; ask anew after an allocation, which may have moved it. */
  get bytes(): Uint8Array {
    if (this.bytesView.buffer !== this.memory.buffer) this.bytesView = new Uint8Array(this.memory.buffer);
    return this.bytesView;
  }

  /** All of the memory as 32-bit words; see {@link bytes}. */
  get words(): Int32Array {
    if (this.wordsView.buffer !== this.memory.buffer) this.wordsView = new Int32Array(this.memory.buffer);
    return this.wordsView;
  }

  /** Size class: powers of two and the steps of an eighth between them, so that at most an eighth is wasted. */
  static sizeClass(bytes: number): number {
    const least = Math.max(bytes, alignment);
    const step = Math.max(2 ** (Math.floor(Math.log2(least)) - 3), alignment);
    return Math.ceil(least / step) * step;
  }

  /**
   * Memory of at least `bytes` bytes.
   *
   * @throws RangeError when the address space of 4 GiB (or what the system gives) is used up.
   */
  alloc(bytes: number): number {
    const size = Heap.sizeClass(bytes);
    const reused = this.free.get(size)?.pop();
    if (reused !== undefined) return reused;
    const pointer = this.end;
    const needed = pointer + size;
    const have = this.memory.buffer.byteLength;
    if (needed > have) this.grow(Math.ceil((needed - have) / page), bytes);
    this.end = needed;
    return pointer;
  }

  /** Gives memory back; `bytes` as it was asked for. */
  release(pointer: number, bytes: number): void {
    const size = Heap.sizeClass(bytes);
    const list = this.free.get(size);
    if (list === undefined) this.free.set(size, [pointer]);
    else list.push(pointer);
  }

  private grow(pages: number, wanted: number): void {
    const have = this.memory.buffer.byteLength / page;
    // Some room ahead, so that growth is rare.
    const ahead = Math.min(Math.max(pages, Math.ceil(have / 4)), this.maximumPages - have);
    for (const count of [ahead, pages]) {
      if (count < pages) continue;
      try {
        this.memory.grow(count);
        return;
      } catch { /* try less, then report */ }
    }
    throw new RangeError(
      `out of memory: ${wanted} bytes more do not fit beside the ${this.end} that are in use on the device "cpu" ` +
        `(at most ${this.maximumPages * page}); free tensors with a scope, or use smaller batches`,
    );
  }
}
