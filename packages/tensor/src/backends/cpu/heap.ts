/** The one WebAssembly memory of the CPU backend, and its allocator: size classes with free lists, parts of larger blocks, growth at the end. */

const page = 65536;
/** Pointers are multiples of this, so that vectors never straddle cache lines at a tensor's beginning. */
const alignment = 64;

/** The largest size class that is not above `size`, a multiple of the alignment: classes are numbered from 0. */
function binOf(size: number): number {
  if (size < 8 * alignment) return size / alignment - 1;
  const exponent = 31 - Math.clz32(size);
  return 8 * (exponent - 9) + ((size / 2 ** (exponent - 3)) | 0) - 1;
}

/** The size class of a bin. */
function binSize(bin: number): number {
  if (bin < 7) return (bin + 1) * alignment;
  return (8 + (bin - 7) % 8) * 2 ** (6 + Math.floor((bin - 7) / 8));
}

/** See the module's comment. Pointers are byte addresses. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly maximumPages: number;
  readonly shared: boolean;
  private end: number;
  /** Free blocks by bin; those in a bin are at least as large as its size class. */
  private readonly free: number[][] = [];
  /** Sizes of free blocks that are no size class. */
  private readonly odd: Map<number, number> = new Map();
  private freeBytes = 0;
  /** Bytes freed since blocks were last merged. */
  private freed = 0;
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
    if (bytes <= 8 * alignment) return bytes <= alignment ? alignment : Math.ceil(bytes / alignment) * alignment;
    const step = 2 ** (28 - Math.clz32(bytes));
    return Math.ceil(bytes / step) * step;
  }

  /**
   * Memory of at least `bytes` bytes.
   *
   * @throws RangeError when the address space of 4 GiB (or what the system gives) is used up.
   */
  alloc(bytes: number): number {
    const size = Heap.sizeClass(bytes);
    const reused = this.take(size);
    if (reused >= 0) return reused;
    if (this.end + size > this.memory.buffer.byteLength && this.isWorthMerging(size)) {
      this.merge();
      const merged = this.take(size);
      if (merged >= 0) return merged;
    }
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
    this.put(pointer, size);
    this.freed += size;
  }

  private put(pointer: number, size: number): void {
    const at = binOf(size);
    const bin = this.free[at];
    if (bin === undefined) this.free[at] = [pointer];
    else bin.push(pointer);
    if (size !== Heap.sizeClass(size)) this.odd.set(pointer, size);
    this.freeBytes += size;
  }

  /** A free block of a size class, the remainder of a larger one staying free; -1 if there is none. */
  private take(size: number): number {
    for (let at = binOf(size); at < this.free.length; at++) {
      const pointer = this.free[at]?.pop();
      if (pointer === undefined) continue;
      const whole = this.odd.get(pointer) ?? binSize(at);
      this.odd.delete(pointer);
      this.freeBytes -= whole;
      if (whole > size) this.put(pointer + size, whole - size);
      return pointer;
    }
    return -1;
  }

  /** Whether it can help, and enough was freed since the last time to pay for it. */
  private isWorthMerging(size: number): boolean {
    return this.freeBytes >= size && this.freed >= this.end / 8;
  }

  /** Makes one block of free blocks that are neighbours: batches of ever other lengths would leave ever other gaps. */
  private merge(): void {
    const blocks: [pointer: number, size: number][] = [];
    this.free.forEach((bin, at) => {
      for (const pointer of bin) blocks.push([pointer, this.odd.get(pointer) ?? binSize(at)]);
    });
    this.free.length = 0;
    this.odd.clear();
    this.freeBytes = this.freed = 0;
    blocks.sort(([a], [b]) => a - b);
    for (let i = 0; i < blocks.length;) {
      const pointer = blocks[i]![0];
      let end = pointer;
      while (blocks[i]?.[0] === end) end += blocks[i++]![1];
      if (end === this.end) this.end = pointer;
      else this.put(pointer, end - pointer);
    }
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
