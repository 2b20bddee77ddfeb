import { describe, expect, test } from "vitest";
import { arange, getDevice, ones, randn, type Tensor, tensor, zeros } from "../mod.ts";
import { fusedUpdate } from "../engine_mod.ts";
import { type NullBackend } from "../backend_mod.ts";

const swap = fusedUpdate("swap", (a, b, by) => [b.mul(by), a]);

/** The same on tensors, one operation after the other. */
function swapped(a: Tensor, b: Tensor, by: number): unknown[] {
  return [b.mul(by).toArray(), a.toArray()];
}

describe("fusedUpdate", () => {
  test("writes expressions of the old values, whatever the number of elements", () => {
    for (const device of ["cpu", "reference"]) {
      for (const count of [0, 1, 3, 64, 1021, 8200, 10_007, 131_072]) {
        const [a, b] = [randn([count], { device }), randn([count], { device })];
        const wanted = swapped(a, b, 2);
        const versions = [a.storage.version, b.storage.version];
        swap([a, b], [2]);
        expect([a.toArray(), b.toArray()]).toEqual(wanted);
        expect(a.storage.version).toBeGreaterThan(versions[0]!);
        expect(b.storage.version).toBeGreaterThan(versions[1]!);
      }
    }
  });

  test("operands of other dtypes, of other shapes, that overlap or are disjoint", () => {
    const add = fusedUpdate("add", (p, q, x) => [p.add(x), q.add(p)]);
    const check = (p: Tensor, q: Tensor, x: Tensor): void => {
      const wanted = [p.add(x).to(p.dtype).toArray(), q.add(p).to(q.dtype).toArray()];
      add([p, q], [x]);
      expect([p.toArray(), q.toArray()]).toEqual(wanted);
    };
    const shape = [2, 3] as const;
    check(zeros(shape), ones(shape), arange(6).reshape(3, 2).t());
    check(zeros([3, 2]).t(), ones(shape), ones(shape));
    check(zeros(shape), ones(shape), tensor([1, 2, 3]));
    check(zeros(shape), ones(shape, { dtype: "float64" }), ones(shape));
    check(zeros(shape, { dtype: "float16" }), ones(shape, { dtype: "float16" }), ones(shape, { dtype: "float16" }));
    check(zeros(shape, { dtype: "float64" }), ones(shape, { dtype: "float64" }), ones(shape, { dtype: "float64" }));
    const all = arange(12);
    check(all.narrow(0, 0, 6).reshape(shape), all.narrow(0, 6, 6).reshape(shape), ones(shape));
    const same = arange(6);
    check(same, zeros([6]), same);
  });

  test("blocks of columns, and one row of a sequence after another, in one memory and one kernel", () => {
    const step = fusedUpdate("step", (_a, _b, _next, x, y, h, m) => [x.mul(y), x.add(h), h.mul(m).add(x)]);
    const nothing = getDevice("null");
    for (const device of ["cpu", "reference", nothing]) {
      for (const [rows, width] of [[1, 1], [1, 4], [3, 5], [4, 8], [33, 70]] as const) {
        const [into, states] = [zeros([rows, 2 * width], { device }), randn([3, rows, width], { device })];
        const [x, y] = randn([rows, 2 * width], { device }).chunk(2, 1) as [Tensor, Tensor];
        const [h, m] = [states.select(0, 0), randn([rows, 1], { device })];
        const [first, second] = into.chunk(2, 1) as [Tensor, Tensor];
        if (device === nothing) {
          const backend = nothing.backend as NullBackend;
          backend.reset();
          step([first, second, states.select(0, 1)], [x, y, h, m]);
          expect(backend.dispatched.length).toBe(1);
          continue;
        }
        const wanted = [x.mul(y), x.add(h), h.mul(m).add(x)].map((t) => t.toArray());
        const untouched = [states.select(0, 0), states.select(0, 2)].map((t) => t.toArray());
        step([first, second, states.select(0, 1)], [x, y, h, m]);
        expect([first, second, states.select(0, 1)].map((t) => t.toArray())).toEqual(wanted);
        expect([states.select(0, 0), states.select(0, 2)].map((t) => t.toArray())).toEqual(untouched);
      }
    }
  });

  test("is one kernel if possible, with new numbers in every call", () => {
    const nothing = getDevice("null");
    const backend = nothing.backend as NullBackend;
    const [a, b] = [ones([8], { device: nothing }), ones([8], { device: nothing })];
    backend.reset();
    swap([a, b], [2]);
    expect(backend.dispatched.length).toBe(1);
    const [p, q] = [ones([4]), zeros([4])];
    for (const by of [2, 3, 5]) swap([p, q], [by]);
    expect(p.toArray()).toEqual([0, 0, 0, 0]);
    expect(q.toArray()).toEqual([3, 3, 3, 3]);
  });

  test("throws for freed or expanded targets", () => {
    const gone = ones([2]);
    gone.dispose();
    const add = fusedUpdate("step", (p, x) => [p.add(x)]);
    expect(() => add([gone], [1])).toThrow(/step.*freed/);
    expect(() => add([ones([2])], [gone])).toThrow(/step.*freed/);
    expect(() => add([ones([1]).expand(4)], [1])).toThrow(/step.*expanded/);
  });
});
