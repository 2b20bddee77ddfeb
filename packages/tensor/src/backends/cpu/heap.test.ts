import process from "node:process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "./heap.ts";

/** Numbers that look random, from 0 to 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
}

test("size classes hold the request, are classes themselves, and waste an eighth at most", () => {
  const draw = random(1);
  const sizes = [0, 1, 64, 65, 511, 512, 513, 2 ** 31, 2 ** 31 + 1, 3 * 2 ** 30];
  for (const bytes of [...sizes, ...Array.from({ length: 2000 }, () => Math.floor(2 ** (draw() * 31)))]) {
    const size = Heap.sizeClass(bytes);
    expect(size).toBeGreaterThanOrEqual(Math.max(bytes, 1));
    expect(size % 64).toBe(0);
    expect(Heap.sizeClass(size)).toBe(size);
    expect(size - bytes).toBeLessThanOrEqual(Math.max(bytes / 8, 64));
  }
});

test("freed memory is reused, last freed first", () => {
  const heap = new Heap(false, 64);
  const [a, b] = [heap.alloc(1000), heap.alloc(1000)];
  heap.release(a, 1000);
  heap.release(b, 1000);
  expect([heap.alloc(990), heap.alloc(1000)]).toEqual([b, a]);
});

test("blocks in use never overlap, whatever was freed, split and merged before", () => {
  const heap = new Heap(false, 1600);
  const draw = random(2);
  const used: { pointer: number; bytes: number }[] = [];
  let live = 0;
  for (let i = 0; i < 20_000; i++) {
    // At most 20 MB of 100 MB are live. Varying sizes would fill the rest if gaps were never merged.
    if (used.length === 0 || (live < 20e6 && draw() < 0.6)) {
      const bytes = Math.floor(2 ** (6 + draw() * 16));
      used.push({ pointer: heap.alloc(bytes), bytes });
      live += bytes;
    } else {
      const { pointer, bytes } = used.splice(Math.floor(draw() * used.length), 1)[0]!;
      heap.release(pointer, bytes);
      live -= bytes;
    }
    if (i % 500 !== 0) continue;
    const sorted = [...used].sort((x, y) => x.pointer - y.pointer);
    sorted.forEach(({ pointer, bytes }, n) => {
      expect(pointer % 64).toBe(0);
      expect(pointer + bytes).toBeLessThanOrEqual(sorted[n + 1]?.pointer ?? heap.memory.buffer.byteLength);
    });
  }
});

test("steps with varying tensor sizes need about as much as the largest step", () => {
  const heap = new Heap(false, 65536);
  for (let step = 0; step < 400; step++) {
    const rows = 300 + (step * 37) % 700;
    const sizes = [4, 256, 512, 768, 1024, 6000, 6000].map((width) => rows * width * 4);
    const pointers = sizes.map((bytes) => heap.alloc(bytes));
    pointers.forEach((pointer, i) => heap.release(pointer, sizes[i]!));
  }
  // The largest step has 58 MB; memory grows by a quarter at once.
  expect(heap.memory.buffer.byteLength).toBeLessThan(3 * 58e6);
  // Whole large pages of 2 MiB.
  expect(heap.memory.buffer.byteLength % 2 ** 21).toBe(0);
});

test("a request that does not fit throws", () => {
  const heap = new Heap(false, 32);
  const pointer = heap.alloc(2 ** 20);
  expect(() => heap.alloc(2 ** 20)).toThrow(/out of memory: 1048576 bytes more do not fit/);
  heap.release(pointer, 2 ** 20);
  expect(heap.alloc(2 ** 20 - 100)).toBe(pointer);
});

/** Sizes about every power of two that a number counts exactly. */
const anySize = fc.tuple(fc.integer({ min: 0, max: 53 }), fc.integer({ min: -70, max: 70 }))
  .map(([exponent, more]) => Math.min(Math.max(2 ** exponent + more, 0), Number.MAX_SAFE_INTEGER));
const smallSize = fc.tuple(fc.integer({ min: 0, max: 19 }), fc.integer({ min: -70, max: 70 }))
  .map(([exponent, more]) => Math.max(2 ** exponent + more, 0));

test("size classes are correct around every power of two up to 2^53", () => {
  fc.assert(
    fc.property(anySize, (bytes) => {
      const size = Heap.sizeClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size % 64).toBe(0);
      expect(Heap.sizeClass(size)).toBe(size);
      expect(size - bytes).toBeLessThanOrEqual(Math.max(bytes / 8, 64));
    }),
    { seed: 1, numRuns: 3000 },
  );
});

/** All counters of a heap. */
function accounts(heap: Heap): string {
  const fields = heap as unknown as Record<"end" | "freeBytes" | "freed" | "free" | "odd" | "borrowed", unknown>;
  const { end, freeBytes, freed, free, odd, borrowed } = fields;
  return JSON.stringify([end, freeBytes, freed, free, [...(odd as Map<number, number>)], borrowed]);
}

test.each([0, -1, 1])("sizes beyond the address space throw, and change nothing (%i)", (more) => {
  const heap = new Heap(false);
  const hole = heap.alloc(4000);
  const weights = heap.alloc(4000);
  heap.bytes.fill(7, weights, weights + 4000);
  heap.release(hole, 4000);
  const before = accounts(heap);
  const pages = heap.memory.buffer.byteLength;
  for (let exponent = 32; exponent <= 53; exponent++) {
    for (const size of [2 ** exponent + more, 3 * 2 ** exponent + more, 2 ** exponent + 2 ** 31 + more]) {
      if (size === 2 ** 32 - 1) continue; // throws too, but only in the system
      expect(() => heap.alloc(size), `${size}`).toThrow(`out of memory: ${size} bytes more do not fit`);
      expect(() => heap.borrow(size), `${size}`).toThrow("out of memory");
    }
  }
  for (const size of [NaN, Infinity, -1, 2 ** 32 - 65536 + 1, 1e300]) {
    expect(() => heap.alloc(size), `${size}`).toThrow("out of memory");
  }
  expect(accounts(heap)).toBe(before);
  expect(heap.memory.buffer.byteLength).toBe(pages);
  expect(heap.bytes.subarray(weights, weights + 4000).every((byte) => byte === 7)).toBe(true);
});

test("the last page is never allocated: the end of every block is an address", () => {
  const heap = new Heap(false, 65536);
  expect(heap.maximumPages).toBe(65535);
});

/** An allocation, a loan, the release of the nth block, or the end of all loans. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("alloc" as const), size: smallSize }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("borrow" as const), size: smallSize }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("alloc" as const), size: anySize }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("free" as const), size: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reclaim" as const), size: fc.constant(0) }) },
);

test.each([false, true])("random allocations and frees keep canaries intact (poisoned: %s)", (poisons) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const heap = new Heap(false, 64, poisons);
      const blocks: { pointer: number; bytes: number; borrowed: boolean; mark: number }[] = [];
      let mark = 0;
      /** The first and the last bytes of a block, and one in between. */
      const places = ({ pointer, bytes }: { pointer: number; bytes: number }): number[] =>
        bytes === 0 ? [] : [pointer, pointer + (bytes >> 1), pointer + bytes - 1];
      for (const { do: what, size } of steps) {
        if (what === "free") {
          if (blocks.length === 0) continue;
          const [block] = blocks.splice(size % blocks.length, 1);
          if (block!.borrowed) heap.giveBack(block!.pointer);
          else heap.release(block!.pointer, block!.bytes);
        } else if (what === "reclaim") {
          heap.reclaim();
          for (let i = blocks.length - 1; i >= 0; i--) if (blocks[i]!.borrowed) blocks.splice(i, 1);
        } else {
          const before = heap.inUse;
          let pointer: number;
          try {
            pointer = heap[what](size);
          } catch (error) {
            expect(String(error)).toMatch(/out of memory/);
            expect(heap.inUse).toBe(before);
            continue;
          }
          expect(pointer % 64).toBe(0);
          const block = { pointer, bytes: size, borrowed: what === "borrow", mark: mark = mark % 250 + 1 };
          for (const place of places(block)) heap.bytes[place] = block.mark;
          blocks.push(block);
        }
      }
      const bytes = heap.bytes;
      for (const block of blocks) for (const place of places(block)) expect(bytes[place]).toBe(block.mark);
      expect(heap.inUse).toBe(blocks.reduce((sum, { bytes }) => sum + Heap.sizeClass(bytes), 0));
      const sorted = [...blocks].sort((a, b) => a.pointer - b.pointer);
      sorted.forEach(({ pointer, bytes }, i) => {
        const end = sorted[i + 1]?.pointer ?? heap.memory.buffer.byteLength;
        expect(pointer + Heap.sizeClass(bytes)).toBeLessThanOrEqual(end);
      });
      // All memory can form one block again.
      for (const { pointer, bytes, borrowed } of blocks) {
        if (borrowed) heap.giveBack(pointer);
        else heap.release(pointer, bytes);
      }
      expect(heap.inUse).toBe(0);
      const most = 64 * 65536 - 64;
      expect(heap.alloc(Heap.sizeClass(most * 0.88))).toBeGreaterThan(0);
    }),
    { seed: 2, numRuns: "bun" in process.versions ? 20 : 200 }, // fast-check takes 0.2 s a run on Bun
  );
});

test("fragmented memory is merged before a request fails", () => {
  const heap = new Heap(false, 64);
  const pieces = Array.from({ length: 63 }, () => heap.alloc(65536));
  heap.release(pieces[3]!, 65536);
  expect(() => heap.alloc(131072)).toThrow("out of memory"); // the adjacent blocks are in use
  heap.release(pieces[4]!, 65536);
  expect(heap.alloc(131072)).toBe(pieces[3]);
});

test("poisoned memory is NaN when it is new and when it is freed, and is not freed twice", () => {
  const heap = new Heap(false, 64, true);
  const pointer = heap.alloc(1000);
  const values = new Float32Array(heap.memory.buffer, pointer, 250);
  expect(values.every(Number.isNaN)).toBe(true);
  values.fill(1);
  heap.release(pointer, 1000);
  expect(values.every(Number.isNaN)).toBe(true);
  expect(() => heap.release(pointer, 1000)).toThrow(`1000 bytes at ${pointer} are not in use`);
  expect(() => heap.release(pointer + 64, 10)).toThrow("are not in use");
  expect(() => heap.giveBack(heap.alloc(10))).toThrow("is borrowed");
});

test("a vector of 64 bytes that begins in a block is within the memory", () => {
  const heap = new Heap(false, 64);
  const grown = heap.bytes.length;
  while (heap.bytes.length === grown) {
    const pointer = heap.alloc(64);
    expect(pointer + 63 + 64).toBeLessThanOrEqual(heap.bytes.length);
  }
});
