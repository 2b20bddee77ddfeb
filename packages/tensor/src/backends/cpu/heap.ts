/** The one WebAssembly memory of the CPU backend, and its allocator: size classes with free lists, parts of larger blocks, growth at the end. */

const page = 65536;
/** Pointers are multiples of this, so that vectors never straddle cache lines at a tensor's beginning. */
const alignment = 64;

/**
 * Memory that is never handed out, at the end of the 4 GiB that addresses reach: the end of any block is still an address, and a
 * vector that is read across it is still within the memory.
 */
const mostPages = 65536 - 1;

/** ⌊log₂ size⌋ of a positive size, exactly. `Math.clz32` sees the lower 32 bits alone. */
function exponentOf(size: number): number {
  return size < 2 ** 32 ? 31 - Math.clz32(size) : 63 - Math.clz32(size / 2 ** 32);
}

/** The largest size class that is not above `size`, a multiple of the alignment: classes are numbered from 0. */
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
  /** Pointers of borrowed blocks and their bytes, alternating. */
  private readonly borrowed: number[] = [];
  /** Sizes of the blocks in use; kept where memory is poisoned. */
  private readonly used: Map<number, number> | null;
  private bytesView: Uint8Array;
  private wordsView: Int32Array;

  /** @param poisons whether fresh and freed memory is filled with NaN, and blocks that are not in use cannot be released. */
  constructor(shared: boolean, maximumPages: number = mostPages, poisons = false) {
    this.shared = shared;
    this.maximumPages = Math.min(maximumPages, mostPages);
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: this.maximumPages, shared });
    this.used = poisons ? new Map() : null;
    this.end = alignment; // address 0 stays unused
    this.bytesView = new Uint8Array(this.memory.buffer);
    this.wordsView = new Int32Array(this.memory.buffer);
  }

  /** All of the memory as bytes; ask again after an allocation, which may have moved it. */
  get bytes(): Uint8Array {
    if (this.bytesView.buffer !== this.memory.buffer) this.bytesView = new Uint8Array(this.memory.buffer);
    return this.bytesView;
  }

  /** All of the memory as 32-bit words; see {@link bytes}. */
  get words(): Int32Array {
    if (this.wordsView.buffer !== this.memory.buffer) this.wordsView = new Int32Array(this.memory.buffer);
    return this.wordsView;
  }

  /** Bytes of the blocks that are in use. */
  get inUse(): number {
    return this.end - alignment - this.freeBytes;
  }

  /** Size class: powers of two and the steps of an eighth between them, so that at most an eighth is wasted. */
  static sizeClass(bytes: number): number {
    if (bytes <= 8 * alignment) return bytes <= alignment ? alignment : Math.ceil(bytes / alignment) * alignment;
    const step = 2 ** (exponentOf(bytes) - 3);
    return Math.ceil(bytes / step) * step;
  }

  /**
   * Memory of at least `bytes` bytes.
   *
   * @throws RangeError when the address space of 4 GiB (or what the system gives) is used up. Nothing in use has then changed.
   */
  alloc(bytes: number): number {
    if (!(bytes >= 0 && bytes <= this.maximumPages * page)) throw this.exhausted(bytes);
    const size = Heap.sizeClass(bytes);
    const pointer = this.find(size);
    if (pointer < 0) throw this.exhausted(bytes);
    if (this.used !== null) {
      this.used.set(pointer, size);
      this.bytes.fill(0xff, pointer, pointer + size);
    }
    return pointer;
  }

  /** Gives memory back; `bytes` as it was asked for. */
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

  /** Memory for the length of a dispatch: {@link giveBack} ends the loan, and so does {@link reclaim}. @throws as {@link alloc}. */
  borrow(bytes: number): number {
    const pointer = this.alloc(bytes);
    this.borrowed.push(pointer, bytes);
    return pointer;
  }

  /** Gives borrowed memory back. */
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

  /** Takes back all that is borrowed, after an error has ended a dispatch. */
  reclaim(): void {
    while (this.borrowed.length > 0) this.giveBack(this.borrowed.at(-2)!);
  }

  /** A block of a size class: a free one, or one at the end; -1 when there is no room. */
  private find(size: number): number {
    const reused = this.take(size);
    if (reused >= 0) return reused;
    if (this.end + size > this.memory.buffer.byteLength && this.isWorthMerging(size)) {
      this.merge();
      const merged = this.take(size);
      if (merged >= 0) return merged;
    }
    if (this.reach(this.end + size)) return this.extend(size);
    // The last resort, whatever it costs.
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

  /** Whether the memory has so many bytes, growing it where it has to. */
  private reach(bytes: number): boolean {
    const have = this.memory.buffer.byteLength;
    if (bytes <= have) return true;
    const pages = Math.ceil((bytes - have) / page);
    const room = this.maximumPages - have / page;
    // Some room ahead, so that growth is rare.
    const ahead = Math.min(Math.max(pages, Math.ceil(have / page / 4)), room);
    for (const count of [ahead, pages]) {
      if (count < pages || count > room) continue;
      try {
        this.memory.grow(count);
        return true;
      } catch { /* try less, then report */ }
    }
    return false;
  }

  private exhausted(wanted: number): RangeError {
    return new RangeError(
      `out of memory: ${wanted} bytes more do not fit beside the ${this.inUse} that are in use on the device "cpu" ` +
        `(at most ${this.maximumPages * page}); free tensors with a scope, or use smaller batches`,
    );
  }
}
