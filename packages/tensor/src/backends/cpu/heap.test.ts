import { expect, test } from "vitest";
import { Heap } from "./heap.ts";

/** Numbers that look random, from 0 to 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
}

test("size classes hold what is asked for, are classes themselves, and waste an eighth at most", () => {
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

test("memory that was freed is used again, last freed first", () => {
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
    // 20 MB live at most, of 100 MB: sizes of ever other lengths would fill the rest were gaps never joined.
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

test("steps whose tensors have ever other sizes stay within about what the largest needs", () => {
  const heap = new Heap(false, 65536);
  for (let step = 0; step < 400; step++) {
    const rows = 300 + (step * 37) % 700;
    const sizes = [4, 256, 512, 768, 1024, 6000, 6000].map((width) => rows * width * 4);
    const pointers = sizes.map((bytes) => heap.alloc(bytes));
    pointers.forEach((pointer, i) => heap.release(pointer, sizes[i]!));
  }
  // The largest step has 58 MB; memory grows by a quarter at once.
  expect(heap.memory.buffer.byteLength).toBeLessThan(3 * 58e6);
});

test("what does not fit is an error that says so", () => {
  const heap = new Heap(false, 32);
  const pointer = heap.alloc(2 ** 20);
  expect(() => heap.alloc(2 ** 20)).toThrow(/out of memory: 1048576 bytes more do not fit/);
  heap.release(pointer, 2 ** 20);
  expect(heap.alloc(2 ** 20 - 100)).toBe(pointer);
});
