/** The parameter blocks of programs, in the memory that kernels read. */
import type { Scalar } from "../../dtype.ts";
import { elementValue } from "../../scalar.ts";
import type { Heap } from "./heap.ts";
import type { ScalarExpr } from "./render/expression_analysis.ts";
import { laneKind } from "./render/lanes.ts";
import type { Layout } from "./render/plan.ts";

/** Memory for the parameters of the current call. It grows as needed: tensors of many dimensions need much. */
export class ParamBlock {
  private readonly heap: Heap;
  private pointer = 0;
  private bytes = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** The address of at least `words` words. This may allocate, and so move the memory. */
  of(words: number): number {
    if (4 * words <= this.bytes) return this.pointer;
    const bytes = Math.max(4 * words, 4096);
    const pointer = this.heap.alloc(bytes);
    if (this.bytes > 0) this.heap.release(this.pointer, this.bytes);
    this.bytes = bytes;
    return this.pointer = pointer;
  }
}

/** Memory that a program owns, in words. */
export interface Block {
  readonly word: number;
  readonly words: number;
}

/** Blocks begin at cache lines, so that threads that write to neighbouring memory do not slow down those that read them. */
const lineWords = 16;
/** The words of a slab. Slabs keep small blocks that live long together, so that they do not fragment the heap. */
const slabWords = 4096;

/** Memory for blocks that live as long as a program. */
export class ParamBlocks {
  private readonly heap: Heap;
  /** Free blocks, by their size in lines. */
  private readonly free: number[][] = [];
  private next = 0;
  private end = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Allocates a block of at least `words` words. This may allocate, and so move the memory. @throws as {@link Heap.alloc}. */
  alloc(words: number): Block {
    const lines = Math.ceil(words / lineWords);
    const size = lines * lineWords;
    if (size > slabWords / 4) return { word: this.heap.alloc(4 * size) / 4, words: size };
    const reused = this.free[lines]?.pop();
    if (reused !== undefined) return { word: reused, words: size };
    if (this.next + size > this.end) {
      const slab = this.heap.alloc(4 * slabWords) / 4;
      if (this.next < this.end) this.release({ word: this.next, words: this.end - this.next });
      this.next = slab;
      this.end = slab + slabWords;
    }
    const word = this.next;
    this.next += size;
    return { word, words: size };
  }

  /** Frees a block. */
  release({ word, words }: Block): void {
    if (words > slabWords / 4) this.heap.release(4 * word, 4 * words);
    else (this.free[words / lineWords] ??= []).push(word);
  }
}

/** A scalar that a kernel reads, and where. */
interface Slot {
  readonly scalar: number;
  readonly dtype: ScalarExpr["dtype"];
  readonly kind: ReturnType<typeof laneKind>;
  readonly word: number;
}

/** An operand of a kernel. */
interface Operand {
  readonly bytes: number;
  readonly strides: readonly number[];
}

/**
 * The parameters of a program: its sizes and strides are written once, and each dispatch writes addresses and scalars. A dispatch
 * writes them and runs without calling anything else in between, so that it may follow or contain others of the same program.
 */
export class Params {
  /** The address of the block. */
  readonly address: number;
  private readonly heap: Heap;
  private readonly block: Block;
  private readonly operands: readonly number[];
  private readonly slots: readonly Slot[];

  constructor(
    blocks: ParamBlocks,
    heap: Heap,
    layout: Layout,
    shape: readonly number[],
    operands: readonly Operand[],
    reads: readonly ScalarExpr[],
    segments = 0,
    segment = 0,
  ) {
    const scalars = reads.reduce((most, { index }) => Math.max(most, index + 1), 0);
    this.block = blocks.alloc(layout.words(scalars));
    this.heap = heap;
    const { word } = this.block;
    this.address = 4 * word;
    this.operands = operands.map((_, i) => word + layout.address(i));
    this.slots = reads.map(({ index, dtype }) => ({
      scalar: index,
      dtype,
      kind: laneKind(dtype),
      word: word + layout.scalar(index),
    }));
    const { words } = heap;
    words[word + layout.segments] = segments;
    words[word + layout.segment] = segment;
    for (let d = 0; d < shape.length; d++) words[word + layout.size(d)] = shape[d]!;
    operands.forEach(({ bytes, strides }, i) => {
      // Outputs with one element per row have no strides along it, and do not move.
      for (let d = 0; d < shape.length; d++) words[word + layout.stride(i, d)] = (strides[d] ?? 0) * bytes;
    });
  }

  /** Writes the addresses of the operands, inputs before outputs, and the scalars. */
  write(addresses: readonly number[], scalars: readonly Scalar[]): void {
    const { heap, operands, slots } = this;
    const { words } = heap;
    for (let i = 0; i < operands.length; i++) words[operands[i]!] = addresses[i]!;
    for (let i = 0; i < slots.length; i++) writeScalar(heap, slots[i]!, scalars[slots[i]!.scalar]!);
  }

  /** Frees the block. */
  release(blocks: ParamBlocks): void {
    blocks.release(this.block);
  }
}

/** A number as its bits. */
const bits = new DataView(new ArrayBuffer(8));

/** Writes a scalar in the width of its lane. */
function writeScalar(heap: Heap, { dtype, kind, word }: Slot, value: Scalar): void {
  if (dtype === "float32" && typeof value === "number") {
    heap.floats[word] = value;
    return;
  }
  const element = elementValue(value, dtype);
  switch (kind) {
    case "f32":
      heap.floats[word] = element as number;
      return;
    case "f64":
      bits.setFloat64(0, element as number, true);
      break;
    case "i64":
      bits.setBigInt64(0, element as bigint, true);
      break;
    default:
      heap.words[word] = element as number;
      return;
  }
  heap.words[word] = bits.getInt32(0, true);
  heap.words[word + 1] = bits.getInt32(4, true);
}
