/**
 * The WebAssembly memory of the CPU backend, and its allocator: free lists by size class, splitting of larger blocks, growth at
 * the end.
 */

const page = 65536;
/** The memory's size stays a multiple of so many pages, 2 MiB, which the system may back with one large page. */
const pagesAtOnce = 32;
/** The alignment of pointers: a vector at a tensor's beginning does not straddle cache lines. */
const alignment = 64;
/** The bytes of memory after the last block, so that a vector that begins in a block is within the memory. */
const slack = 64;

/**
 * The most pages. The last page of the 4 GiB address space stays unused, so that the end of any block is a valid address, and a
 * vector that is read across it is still within the memory.
 */
const mostPages = 65536 - 1;

/** ⌊log₂ size⌋ of a positive size, exactly. `Math.clz32` takes only the lower 32 bits. */
function exponentOf(size: number): number {
  return size < 2 ** 32 ? 31 - Math.clz32(size) : 63 - Math.clz32(size / 2 ** 32);
}

/** The number of the largest size class that is at most `size`, a multiple of the alignment. Classes are numbered from 0. */
function binOf(size: number): number {
  if (size < 8 * alignment) return size / alignment - 1;
  const exponent = exponentOf(size);
  return 8 * (exponent - 9) + Math.floor(size / 2 ** (exponent - 3)) - 1;
}

/** The size class of a bin. */
function binSize(bin: number): number {
  if (bin < 7) return (bin + 1) * alignment;
  return (8 + (bin - 7) % 8) * 2 ** (6 + Math.floor((bin - 7) / 8));
}

/** The number of bins, for sizes up to all of the address space. */
const bins = binOf(2 ** 32) + 1;

/** The memory and its allocator. Pointers are byte addresses. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly maximumPages: number;
  /** The maximum that the memory is created with. */
  readonly memoryPages: number;
  readonly shared: boolean;
  private end: number;
  /** Free blocks by bin. Blocks in a bin are at least as large as its size class. */
  private readonly free: readonly number[][] = Array.from({ length: bins }, () => []);
  /** A bit for each bin: whether it has blocks. */
  private readonly filled: Int32Array = new Int32Array(Math.ceil(bins / 32));
  /** The sizes of free blocks whose size is not a size class. */
  private readonly odd: Map<number, number> = new Map();
  private freeBytes = 0;
  /** Bytes freed since blocks were last merged. */
  private freed = 0;
  /** The pointers of borrowed blocks and their bytes, alternating. */
  private readonly borrowed: number[] = [];
  /** Frees memory that is kept only to save time, if there is any. Returns whether there was. */
  spare: () => boolean = () => false;
  /** The sizes of the blocks in use. Tracked only if memory is poisoned. */
  private readonly used: Map<number, number> | null;
  private bytesView: Uint8Array;
  private wordsView: Int32Array;
  private floatsView: Float32Array;

  /** @param poisons whether to fill new and freed memory with NaN, and to throw when a block that is not in use is released. */
  constructor(shared: boolean, maximumPages: number = mostPages, poisons = false) {
    this.shared = shared;
    this.maximumPages = Math.min(maximumPages, mostPages);
    // Runtimes reserve addresses for all of the maximum, and native code relies on 4 GiB.
    this.memoryPages = this.maximumPages === mostPages ? mostPages + 1 : this.maximumPages;
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: this.memoryPages, shared });
    this.used = poisons ? new Map() : null;
    this.end = alignment; // address 0 stays unused
    this.bytesView = new Uint8Array(this.memory.buffer);
    this.wordsView = new Int32Array(this.memory.buffer);
    this.floatsView = new Float32Array(this.memory.buffer);
  }

  /** The whole memory as bytes. Read this again after an allocation, which may move the memory. */
  get bytes(): Uint8Array {
    return this.bytesView;
  }

  /** The whole memory as 32-bit words; see {@link bytes}. */
  get words(): Int32Array {
    return this.wordsView;
  }

  /** The whole memory as float32 numbers; see {@link bytes}. */
  get floats(): Float32Array {
    return this.floatsView;
  }

  /** The bytes of the blocks in use. */
  get inUse(): number {
    return this.end - alignment - this.freeBytes;
  }

  /** Rounds up to a size class: powers of two with eight steps between them, so that at most an eighth is wasted. */
  static sizeClass(bytes: number): number {
    if (bytes <= 8 * alignment) return bytes <= alignment ? alignment : Math.ceil(bytes / alignment) * alignment;
    const step = 2 ** (exponentOf(bytes) - 3);
    return Math.ceil(bytes / step) * step;
  }

  /**
   * Allocates at least `bytes` bytes.
   *
   * @throws RangeError if the address space of 4 GiB, or the system's memory, is used up. The blocks in use are then unchanged.
   */
  alloc(bytes: number): number {
    if (!(bytes >= 0 && bytes <= this.maximumPages * page)) throw this.exhausted(bytes);
    const size = Heap.sizeClass(bytes);
    let pointer = this.find(size);
    if (pointer < 0 && this.spare()) pointer = this.find(size);
    if (pointer < 0) throw this.exhausted(bytes);
    if (this.used !== null) {
      this.used.set(pointer, size);
      this.bytes.fill(0xff, pointer, pointer + size);
    }
    return pointer;
  }

  /** Frees memory. `bytes` must be the size that was passed to {@link alloc}. */
  release(pointer: number, bytes: number): void {
    const size = Heap.sizeClass(bytes);
    if (this.used !== null) {
      if (this.used.get(pointer) !== size) throw new Error(`heap: ${bytes} bytes at ${pointer} are not in use`);
      this.used.delete(pointer);
      this.bytes.fill(0xff, pointer, pointer + size);
    }
    this.put(pointer, size);
    this.freed += size;
  }

  /** Allocates memory for the duration of a dispatch. {@link giveBack} or {@link reclaim} frees it. @throws as {@link alloc}. */
  borrow(bytes: number): number {
    const pointer = this.alloc(bytes);
    this.borrowed.push(pointer, bytes);
    return pointer;
  }

  /** Frees borrowed memory. */
  giveBack(pointer: number): void {
    const { borrowed } = this;
    let at = borrowed.length - 2;
    while (at >= 0 && borrowed[at] !== pointer) at -= 2;
    if (at < 0) throw new Error(`heap: no memory at ${pointer} is borrowed`);
    const bytes = borrowed[at + 1]!;
    if (at === borrowed.length - 2) borrowed.length = at;
    else borrowed.splice(at, 2);
    this.release(pointer, bytes);
  }

  /** Frees all borrowed memory, after an error has ended a dispatch. */
  reclaim(): void {
    while (this.borrowed.length > 0) this.giveBack(this.borrowed.at(-2)!);
  }

  /** Finds a block of a size class: a free one, or a new one at the end. Returns -1 if there is no room. */
  private find(size: number): number {
    const reused = this.take(size);
    if (reused >= 0) return reused;
    if (this.end + size > this.bytesView.length && this.isWorthMerging(size)) {
      this.merge();
      const merged = this.take(size);
      if (merged >= 0) return merged;
    }
    if (this.reach(this.end + size)) return this.extend(size);
    // The last resort: merge even if it is expensive.
    if (this.freed === 0) return -1;
    this.merge();
    const merged = this.take(size);
    if (merged >= 0) return merged;
    return this.reach(this.end + size) ? this.extend(size) : -1;
  }

  private extend(size: number): number {
    const pointer = this.end;
    this.end += size;
    return pointer;
  }

  private put(pointer: number, size: number): void {
    const at = binOf(size);
    this.free[at]!.push(pointer);
    this.filled[at >> 5]! |= 1 << (at & 31);
    if (size !== Heap.sizeClass(size)) this.odd.set(pointer, size);
    this.freeBytes += size;
  }

  /** Takes a free block, or splits a larger one, whose remainder stays free. Returns -1 if there is none. */
  private take(size: number): number {
    const at = this.filledFrom(binOf(size));
    if (at < 0) return -1;
    const bin = this.free[at]!;
    const pointer = bin.pop()!;
    if (bin.length === 0) this.filled[at >> 5]! &= ~(1 << (at & 31));
    let whole = binSize(at);
    if (this.odd.size > 0) {
      const odd = this.odd.get(pointer);
      if (odd !== undefined) {
        whole = odd;
        this.odd.delete(pointer);
      }
    }
    this.freeBytes -= whole;
    if (whole > size) this.put(pointer + size, whole - size);
    return pointer;
  }

  /** The first bin from `at` on that has blocks, or -1. */
  private filledFrom(at: number): number {
    const { filled } = this;
    let word = at >> 5;
    let bits = filled[word]! & -(1 << (at & 31));
    while (bits === 0) {
      if (++word === filled.length) return -1;
      bits = filled[word]!;
    }
    return 32 * word + 31 - Math.clz32(bits & -bits);
  }

  /** Whether merging can provide a block of this size, and enough was freed since the last merge to pay for it. */
  private isWorthMerging(size: number): boolean {
    return this.freeBytes >= size && this.freed >= this.end / 8;
  }

  /** Merges adjacent free blocks. Without it, batches of varying lengths would fragment the memory. */
  private merge(): void {
    const blocks: [pointer: number, size: number][] = [];
    this.free.forEach((bin, at) => {
      for (const pointer of bin) blocks.push([pointer, this.odd.get(pointer) ?? binSize(at)]);
      bin.length = 0;
    });
    this.filled.fill(0);
    this.odd.clear();
    this.freeBytes = this.freed = 0;
    blocks.sort((a, b) => a[0] - b[0]); // destructuring would take several times as long
    for (let i = 0; i < blocks.length;) {
      const pointer = blocks[i]![0];
      let end = pointer;
      while (blocks[i]?.[0] === end) end += blocks[i++]![1];
      if (end === this.end) this.end = pointer;
      else this.put(pointer, end - pointer);
    }
  }

  /** Grows the memory to `bytes` bytes and the slack if needed. Returns whether it succeeded. */
  private reach(bytes: number): boolean {
    const have = this.bytesView.length;
    if (bytes + slack <= have) return true;
    const pages = Math.ceil((bytes + slack - have) / page);
    const room = this.maximumPages - have / page;
    // Grow by more than needed, so that growth is rare.
    const wanted = Math.max(pages, Math.ceil(have / page / 4));
    const ahead = Math.min(wanted + (-(have / page + wanted) & (pagesAtOnce - 1)), room);
    for (const count of [ahead, pages]) {
      if (count < pages || count > room) continue;
      try {
        this.memory.grow(count);
        // Views are kept, since asking the memory for its buffer takes as long as writing a kernel's parameters.
        this.bytesView = new Uint8Array(this.memory.buffer);
        this.wordsView = new Int32Array(this.memory.buffer);
        this.floatsView = new Float32Array(this.memory.buffer);
        return true;
      } catch { /* try a smaller growth, then report */ }
    }
    return false;
  }

  private exhausted(wanted: number): RangeError {
    const limit = this.maximumPages * page;
    return new RangeError(
      `out of memory: ${wanted} bytes more do not fit beside the ${this.inUse} that are in use on the device "cpu" ` +
        `(at most ${limit}${wanted + this.inUse < limit ? ", but no free block is that large" : ""}); ` +
        "free tensors with a scope, or use smaller batches",
    );
  }
}
