import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Device } from "../../device.ts";
import { activeTape, installTape, type Tape } from "../../engine/tape.ts";
import { conv2d, convTranspose2d, type Tensor, tensor, tidy } from "../../mod.ts";
import { become } from "../../tensor/core.ts";
import { CpuBackend } from "./mod.ts";
import { nativeCode, useNativeCode } from "./native_code.ts";
import { seeded } from "./testing/reference_comparison.ts";

const random = seeded(3);
const numbers = (shape: readonly number[], device: Device): Tensor =>
  tidy(() =>
    tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5), { device }).reshape([
      ...shape,
    ])
  );

/** Operations with a weight, which prepare it in different ways: what they compute, and the shapes of input and weight. */
const operations: Readonly<Record<string, readonly [(x: Tensor, w: Tensor) => Tensor, number[], number[]]>> = {
  "product, packed on the right": [(x, w) => x.matmul(w.t()), [9, 35], [21, 35]],
  "product, packed on the left": [(x, w) => w.matmul(x), [35, 17], [21, 35]],
  "product in float64": [(x, w) => x.double().matmul(w.double()), [9, 35], [35, 21]],
  "convolution by tiles": [(x, w) => conv2d(x, w, { padding: 1 }), [2, 9, 12, 11], [11, 9, 3, 3]],
  "convolution": [(x, w) => conv2d(x, w, { stride: 2 }), [2, 4, 13, 21], [6, 4, 3, 3]],
  "convolution in groups": [(x, w) => conv2d(x, w, { groups: 2 }), [2, 4, 13, 21], [6, 2, 3, 3]],
  "convolution by columns": [(x, w) => conv2d(x, w), [2, 3, 5, 5], [7, 3, 3, 3]],
  "convolution over the whole image": [(x, w) => conv2d(x, w), [5, 3, 4, 4], [7, 3, 4, 4]],
  "transposed convolution": [(x, w) => convTranspose2d(x, w), [2, 9, 12, 12], [9, 11, 3, 3]],
};

// Another file of this process may have loaded the engine, under which nothing is kept but in noGrad, or native code, whose modules
// change after some runs.
const tape = activeTape() as Tape;
const noTape = null as unknown as Tape;
const native = nativeCode();
beforeAll(() => {
  installTape(noTape);
  if (native !== null && native.afterRuns > 0) useNativeCode(null);
});
afterAll(() => {
  installTape(tape);
  useNativeCode(native);
});

for (const threads of [1, 3]) {
  describe(`what is prepared from lasting weights, on ${threads} threads`, () => {
    const backend = new CpuBackend(threads);
    const device = new Device(`cpu with ${threads}`, backend);
    const { heap } = backend.engine;
    beforeAll(() => void backend.engine.ready(300_000));
    afterAll(() => backend.engine.close());

    /** The bytes that a run keeps. */
    function held(run: () => Tensor): number {
      const before = heap.inUse;
      tidy(() => void run());
      return heap.inUse - before;
    }

    test.each(Object.keys(operations))("%s: is kept until the weight changes, and freed with it", (name) => {
      const [operation, xShape, wShape] = operations[name]!;
      const x = numbers(xShape, device);
      const w = numbers(wShape, device);
      const run = (): Tensor => operation(x, w);
      held(run); // compiles, and caches tables
      expect(held(run)).toBe(0);
      const plain = run().toArray();
      w.storage.lasting = true;
      const bytes = held(run);
      // Copies in another dtype are not the weight's.
      if (name !== "product in float64") expect(bytes).toBeGreaterThanOrEqual(4 * w.numel);
      expect(held(run)).toBe(0);
      expect(run().toArray()).toEqual(plain);

      const fresh = (): unknown => operation(x, w.clone()).toArray();
      const other = numbers(wShape, device);
      const changes: readonly (() => unknown)[] = [
        () => w.mul_(2),
        () => w.flatten().narrow(0, 3, 2).fill_(7),
        () => w.copy_(other),
        () => w.select(0, 1).zero_(),
        () => w.normal_(),
        () => become(w, numbers(wShape, device)),
      ];
      for (const change of changes) {
        run();
        change();
        expect([change.toString(), run().toArray()]).toEqual([change.toString(), fresh()]);
      }
      expect(w.storage.lasting).toBe(true);
    });

    test("goes with the weight, whose address another tensor may get", () => {
      const x = numbers([9, 35], device);
      const seen = new Set<number>();
      const once = (): Tensor => {
        const w = numbers([35, 21], device);
        w.storage.lasting = true;
        seen.add((w.storage.buffer as unknown as { pointer: number }).pointer);
        const y = x.matmul(w);
        expect(y.toArray()).toEqual(x.matmul(w.clone()).toArray());
        return y;
      };
      held(once);
      for (let i = 0; i < 4; i++) expect(held(once)).toBe(0);
      expect(seen.size).toBeLessThan(4);
    });

    test("is bounded, however many parts of the weight are used", () => {
      const w = numbers([400, 35], device);
      w.storage.lasting = true;
      const x = numbers([9, 35], device);
      const before = heap.inUse;
      for (let i = 0; i < 300; i++) x.matmul(w.narrow(0, i, 100).t()).dispose();
      expect(heap.inUse - before).toBeLessThan(9 * 4 * w.numel);
    });

    test("gives way when memory is used up", () => {
      const w = numbers([150, 350], device);
      const x = numbers([9, 150], device);
      const run = (): unknown => tidy(() => x.matmul(w).toArray());
      const expected = run();
      w.storage.lasting = true;
      run(); // caches tables
      expect(heap.spare()).toBe(true);
      const before = heap.inUse;
      expect(held(() => x.matmul(w))).toBeGreaterThan(0);
      const limit = heap.maximumPages;
      const [taken, size] = [[] as number[], 4096];
      try {
        Object.assign(heap, { maximumPages: heap.bytes.length / 65536 });
        expect(() => {
          for (;;) taken.push(heap.alloc(size));
        }).toThrow(RangeError);
        expect(heap.inUse).toBe(before + size * taken.length);
      } finally {
        Object.assign(heap, { maximumPages: limit });
        for (const pointer of taken) heap.release(pointer, size);
      }
      expect(run()).toEqual(expected);
    });

    test("a weight times itself is right when the bound is reached in between", () => {
      const w = numbers([200, 35], device);
      w.storage.lasting = true;
      const x = numbers([9, 35], device);
      const expected = w.clone().matmul(w.clone().t()).toArray();
      for (let i = 0; i < 60; i++) {
        x.matmul(w.narrow(0, i, 100).t()).dispose();
        expect(w.matmul(w.t()).toArray()).toEqual(expected);
      }
    });

    test("nothing is kept while gradients are recorded or computed", () => {
      const w = numbers([35, 21], device);
      w.storage.lasting = true;
      const x = numbers([9, 35], device);
      held(() => x.matmul(w.clone()));
      installTape({ enabled: false, evaluates: false } as Tape);
      try {
        expect(held(() => x.matmul(w))).toBe(0);
      } finally {
        installTape(noTape);
      }
      expect(held(() => x.matmul(w))).toBeGreaterThan(0);
    });
  });
}
