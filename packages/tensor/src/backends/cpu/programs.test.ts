import { describe, expect, test } from "vitest";
import type { Backend } from "../../backend.ts";
import { Device } from "../../device.ts";
import { fusedUpdate } from "../../engine/fused_update.ts";
import { activeTape, installTape, type Tape } from "../../engine/tape.ts";
import { arange, full, ones, scope, type Tensor, tidy, zeros } from "../../mod.ts";
import { CpuBackend } from "./mod.ts";

let devices = 0;
/** A device of its own, with an empty cache of programs. */
function fresh(threads = 1): { device: Device; backend: CpuBackend } {
  const backend = new CpuBackend(threads);
  return { device: new Device(`cpu of programs ${devices++}`, backend), backend };
}

test("parameters of programs that are not used any more are freed", () => {
  const { device, backend } = fresh();
  const { heap } = backend.engine;
  const x = zeros([20_000], { device });
  const operations: readonly ((x: Tensor) => Tensor)[] = [
    (x) => x.add(x),
    (x) => x.sum(0),
    (x) => x.softmax(0),
    (x) => x.add_(1),
  ];
  let length = 1;
  const most = (geometries: number): number => {
    let held = 0;
    for (let i = 0; i < geometries; i++, length++) {
      tidy(() => void operations[length % operations.length]!(x.narrow(0, 0, length)));
      held = Math.max(held, heap.inUse);
    }
    return held;
  };
  const first = most(4500); // both generations are full
  expect(most(4500)).toBeLessThanOrEqual(first + 2 ** 18);
});

test("totals of long dimensions own the programs of their parts", () => {
  const { device, backend } = fresh();
  const x = ones([70_001], { device });
  const prepared: ReturnType<CpuBackend["prepare"]>[] = [];
  const prepare = backend.prepare.bind(backend);
  backend.prepare = (work) => {
    const program = prepare(work);
    prepared.push(program);
    return program;
  };
  expect(tidy(() => x.sum().item())).toBe(70_001);
  expect(tidy(() => x.mul(2).sum().item())).toBe(140_002);
  const [total] = prepared;
  backend.release(total!);
  const before = backend.engine.heap.inUse;
  // The freed blocks are used again: nothing more of the heap is needed.
  for (let i = 0; i < 1000; i++) backend.release(prepare(total!.work));
  expect(backend.engine.heap.inUse).toBe(before);
});

describe("memory that grows", () => {
  test("between two runs of a program", () => {
    const { device, backend } = fresh();
    const { memory } = backend.engine.heap;
    const [a, b] = [arange(0, 16, 1, { device }), full([16], 2, { device })];
    const expected = Array.from({ length: 16 }, (_, i) => 2 * i + 0.5);
    const compute = (): unknown => tidy(() => a.mul(b).add(0.5).toArray());
    expect(compute()).toEqual(expected);
    for (let i = 0; i < 3; i++) {
      const { byteLength } = memory.buffer;
      const large = zeros([2 * byteLength / 4], { device });
      expect(memory.buffer.byteLength).toBeGreaterThan(byteLength);
      expect(compute()).toEqual(expected);
      large.dispose();
    }
  });

  test("between the look-up of a program and its run", () => {
    const { device, backend } = fresh();
    const { memory } = backend.engine.heap;
    using _ = scope();
    const x = arange(0, 100_000, 1, { device });
    let grown = 0;
    for (let i = 0; i < 40; i++) {
      const { byteLength } = memory.buffer;
      const y = x.add(i + 0.5); // needs new memory
      if (memory.buffer.byteLength > byteLength) grown++;
      expect(y.at(99_999).item()).toBe(99_999.5 + i);
      expect(y.at(0).item()).toBe(i + 0.5);
      expect(y.sum().item()).toBeCloseTo(100_000 * (99_999 / 2 + i + 0.5), -6);
    }
    expect(grown).toBeGreaterThan(1);
  });
});

/** Calls a function of a backend's users before each call of one of its methods, but not within that function. */
function before(backend: Backend, method: "prepare" | "dispatch" | "alloc", interrupt: () => void): void {
  const original = backend[method] as (...given: unknown[]) => unknown;
  let inside = false;
  (backend as unknown as Record<string, unknown>)[method] = (...given: unknown[]) => {
    if (!inside) {
      inside = true;
      interrupt();
      inside = false;
    }
    return original.apply(backend, given);
  };
}

test.each(["prepare", "dispatch", "alloc"] as const)("an operation within the %s of the same operation", (method) => {
  const { device, backend } = fresh();
  using _ = scope();
  const [a, b] = [arange(0, 12, 1, { device }).reshape(3, 4), full([3, 4], 2, { device })];
  const operations: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
    (x, y) => x.mul(y).add(0.5),
    (x, y) => x.sub(y).sum(1),
    (x, y) => x.sub(y).softmax(1),
    (x, y) => x.matmul(y.t()),
  ];
  for (const operation of operations) {
    const expected = [operation(a, b).toArray(), operation(b, a).toArray()];
    const results: unknown[] = [];
    const other = fresh();
    const [c, d] = [a.to(other.device), b.to(other.device)];
    before(other.backend, method, () => results.push(operation(d, c).toArray()));
    for (let i = 0; i < 3; i++) expect(operation(c, d).toArray()).toEqual(expected[0]);
    expect(results.length).toBeGreaterThan(0);
    for (const result of results) expect(result).toEqual(expected[1]);
  }
  expect(backend.name).toBe("cpu");
});

describe("operands in the same memory", () => {
  test("element-wise, in place and not", () => {
    const { device } = fresh();
    using _ = scope();
    const make = (): Tensor => arange(0, 9, 1, { device }).reshape(3, 3);
    const [x, y] = [make(), make()];
    expect(x.add(y.t()).toArray()).toEqual([[0, 4, 8], [4, 8, 12], [8, 12, 16]]);
    expect(x.add(x.t()).toArray()).toEqual([[0, 4, 8], [4, 8, 12], [8, 12, 16]]);
    expect(make().add_(y.t()).toArray()).toEqual([[0, 4, 8], [4, 8, 12], [8, 12, 16]]);
    expect(x.add_(x.t()).toArray()).toEqual([[0, 4, 8], [4, 8, 12], [8, 12, 16]]);
    expect(y.add_(y).toArray()).toEqual([[0, 2, 4], [6, 8, 10], [12, 14, 16]]);
  });

  test("updates, after one of the same geometry whose operands lay apart", () => {
    const { device } = fresh();
    using _ = scope();
    const shift = fusedUpdate("shift", (p, g) => [p.add(g)]);
    const [p, g] = [arange(0, 4, 1, { device }), arange(0, 4, 1, { device })];
    shift([p], [g]);
    expect(p.toArray()).toEqual([0, 2, 4, 6]);
    const all = arange(0, 5, 1, { device });
    shift([all.narrow(0, 1, 4)], [all.narrow(0, 0, 4)]);
    expect(all.toArray()).toEqual([0, 1, 3, 5, 7]); // not the running sum
    expect(() => shift([p], [zeros([4])])).toThrow(/tensors live on/);
  });

  test("products of weights whose contents last and of others", () => {
    const { device } = fresh();
    using _ = scope();
    const make = (factor: number): Tensor => arange(0, 35 * 35, 1, { device }).fmod(7).mul(factor).reshape(35, 35);
    const [weight, a, b] = [make(1), make(2), make(3)];
    const expected = (x: Tensor, y: Tensor): unknown => x.double().matmul(y.double()).toArray();
    const tape = activeTape();
    installTape(null as unknown as Tape); // under a tape, nothing is kept but in noGrad
    try {
      weight.storage.lasting = true;
      const pairs = [[a, weight], [a, b], [weight, weight], [weight, a], [weight, b], [b, weight], [a, a]] as const;
      for (let i = 0; i < 2; i++) {
        for (const [x, y] of pairs) expect(x.matmul(y).toArray()).toEqual(expected(x, y));
      }
    } finally {
      installTape(tape as Tape);
    }
  });
});

test("arrays of a result that a caller writes to do not reach later results", () => {
  const { device } = fresh();
  using _ = scope();
  const x = ones([2, 3], { device });
  for (
    const operation of [
      () => x.add(x),
      () => x.sum(1, { keepdim: true }),
      () => x.softmax(1),
      () => x.matmul(x.t()),
    ]
  ) {
    const [shape, strides] = [[...operation().shape], [...operation().strides]];
    const spoilt = operation();
    (spoilt.shape as number[])[0] = 1000;
    (spoilt.strides as number[])[0] = 1000;
    expect(operation().shape).toEqual(shape);
    expect(operation().strides).toEqual(strides);
  }
});
