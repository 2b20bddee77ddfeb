import { describe, expect, test } from "vitest";
import { BufferPool, sizeClass } from "./buffer_pool.ts";
import { stateOf } from "./buffer_state.ts";

/** A device whose buffers have no memory. */
function fakePool(
  settings: { keep?: number; limit?: number } = {},
): { pool: BufferPool; made: number[]; destroyed: number[]; refused: string[]; short: () => void } {
  const made: number[] = [];
  const destroyed: number[] = [];
  const refused: string[] = [];
  let error: Error | null = null;
  const device = {
    limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 27 },
    createBuffer({ size }: { size: number }) {
      made.push(size);
      return { size };
    },
    pushErrorScope() {},
    popErrorScope() {
      const told = Promise.resolve(error);
      error = null;
      return told;
    },
  } as unknown as GPUDevice;
  const pool = new BufferPool(device, {
    keep: settings.keep ?? 2 ** 30,
    limit: settings.limit ?? Infinity,
    destroy: (buffer) => destroyed.push(buffer.size),
    holders: () => " (conv 1 MiB)",
    errors: {
      watch: (answer, explain) => void answer.then((error) => error && refused.push(explain(error.message))),
    },
  });
  return { pool, made, destroyed, refused, short: () => error = new Error("vkAllocateMemory failed") };
}

describe("buffer pool", () => {
  test("size classes waste at most a quarter", () => {
    for (let bytes = 1; bytes < 2 ** 22; bytes = Math.ceil(bytes * 1.13)) {
      const size = sizeClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size % 16).toBe(0);
      if (bytes > 256) expect(size).toBeLessThanOrEqual(bytes * 1.25);
      expect(sizeClass(size)).toBe(size);
    }
  });

  test("freed buffers are reused, the oldest first", () => {
    const { pool, made } = fakePool();
    const [a, b] = [pool.alloc(1000), pool.alloc(1000)];
    pool.release(b);
    pool.release(a);
    expect(pool.alloc(990)).toBe(a);
    expect(pool.alloc(1024)).toBe(b);
    expect(made.length).toBe(2);
    expect(pool.alloc(5000)).not.toBe(a);
    expect(pool.report()).toMatchObject({ buffers: 3, freeBuffers: 0 });
  });

  test("allocIdle reuses only buffers of earlier submissions", () => {
    const { pool } = fakePool();
    const [busy, idle] = [pool.alloc(64), pool.alloc(64)];
    stateOf(busy).lastUsed = 7;
    stateOf(idle).lastUsed = 6;
    pool.release(idle);
    pool.release(busy);
    expect(pool.allocIdle(64, 7)).toBe(idle);
    expect(pool.allocIdle(64, 7)).not.toBe(busy);
    expect(pool.report().freeBuffers).toBe(1);
  });

  test("free buffers beyond the limit are destroyed, the largest first", () => {
    const { pool, destroyed } = fakePool({ keep: 10_000 });
    const buffers = [512, 8192, 512, 4096].map((bytes) => pool.alloc(bytes));
    for (const buffer of buffers) pool.release(buffer);
    expect(destroyed).toEqual([8192, 4096]);
    expect(pool.report()).toEqual({ buffers: 2, bytes: 1024, freeBuffers: 2, freeBytes: 1024 });
    pool.trim();
    expect(pool.report()).toEqual({ buffers: 0, bytes: 0, freeBuffers: 0, freeBytes: 0 });
  });

  test("out of memory: free buffers are destroyed first, then an error reports what holds the rest", () => {
    const { pool, destroyed } = fakePool({ limit: 4 * 2 ** 20 });
    const first = pool.alloc(2 ** 20);
    pool.release(pool.alloc(2 * 2 ** 20));
    pool.alloc(3 * 2 ** 20);
    expect(destroyed).toEqual([2 * 2 ** 20]);
    expect(() => pool.alloc(2 ** 20)).toThrow(
      /out of memory: 1 MiB requested, 4 MiB of 4 MiB in use in 2 buffers \(conv 1 MiB\); free tensors/,
    );
    pool.release(first);
    expect(pool.alloc(2 ** 20)).toBe(first);
    expect(() => pool.alloc(2 ** 27 + 1)).toThrow(
      /^134217729 bytes in one buffer, but this adapter allows at most 134217728; split/,
    );
  });

  test("a buffer without memory is not reused, and free buffers are destroyed", async () => {
    const { pool, made, destroyed, refused, short } = fakePool();
    const sound = pool.alloc(512);
    pool.release(pool.alloc(2 ** 20));
    short();
    const unbacked = pool.alloc(2 ** 21);
    expect(refused).toEqual([]);
    await Promise.resolve();
    expect(refused.length).toBe(1);
    expect(refused[0]).toMatch(
      /^out of memory: 2 MiB requested, 0\.00 MiB in use in 1 buffers \(conv 1 MiB\); .*\(vkAllocateMemory failed\)$/,
    );
    expect(destroyed).toEqual([2 ** 20]);
    expect(pool.report()).toEqual({ buffers: 1, bytes: 512, freeBuffers: 0, freeBytes: 0 });
    pool.release(unbacked);
    expect(destroyed).toEqual([2 ** 20, 2 ** 21]);
    expect(pool.alloc(2 ** 21)).not.toBe(unbacked);
    // Released before the driver reported the failure.
    short();
    pool.release(pool.alloc(4096));
    await Promise.resolve();
    expect(destroyed.at(-1)).toBe(4096);
    pool.release(sound);
    expect(pool.report()).toEqual({ buffers: 2, bytes: 512 + 2 ** 21, freeBuffers: 1, freeBytes: 512 });
    expect(made).toEqual([512, 2 ** 20, 2 ** 21, 2 ** 21, 4096]);
  });
});
