import { describe, expect, test } from "vitest";
import { fuse, fused, getDevice, memory, ones, randn, tensor, whereSymbolic } from "../mod.ts";
import { NullBackend } from "../backend_mod.ts";

describe("fuse", () => {
  test("is one kernel, with the results of the operations one by one", () => {
    const [a, b] = [randn([3, 4]), randn([4])];
    const fused = fuse("test", [a, b], (a, b) => a.mul(b).exp().add(1).rsqrt().sub(a.abs()));
    expect(fused.toArray()).toEqual(a.mul(b).exp().add(1).rsqrt().sub(a.abs()).toArray());
    const nothing = getDevice("null");
    const backend = nothing.backend as NullBackend;
    const x = ones([8], { device: nothing });
    backend.reset();
    fuse("test", [x], (x) => x.mul(2).add(x.square()).sqrt());
    expect(backend.dispatched.length).toBe(1);
  });

  test("promotes as tensors do, and numbers among the inputs take the first tensor's dtype", () => {
    const n = tensor([1, 2, 3], { dtype: "int32" });
    expect(fuse("test", [n], (n) => n.add(1)).dtype).toBe("int32");
    expect(fuse("test", [n], (n) => n.div(2)).toArray()).toEqual([0.5, 1, 1.5]);
    const x = tensor([0.1], { dtype: "float64" });
    expect(fuse("test", [x, 0.2], (x, y) => x.add(y)).item()).toBe(0.1 + 0.2);
    expect(fuse("test", [n], (n) => whereSymbolic(n.gt(1), n, 0)).toArray()).toEqual([0, 2, 3]);
  });

  test("writes into an operand, also if another overlaps it", () => {
    const p = tensor([[1, 2], [3, 4]]);
    const version = p.storage.version;
    fuse("test", [p, p.t()], (p, q) => p.add(q.mul(10)), p);
    expect(p.toArray()).toEqual([[11, 32], [23, 44]]);
    expect(p.storage.version).toBeGreaterThan(version);
    expect(() => fuse("step", [p], (p) => p.add(0.5), tensor([1, 2], { dtype: "int32" }))).toThrow(/step/);
    expect(() => fuse("step", [p], (p) => p, ones([1]).expand(4))).toThrow(/step/);
  });

  test("throws for freed inputs, and without tensors", () => {
    const gone = ones([2]);
    gone.dispose();
    expect(() => fuse("step", [gone], (x) => x.neg())).toThrow(/step.*freed/);
    expect(() => fuse("step", [1], (x) => x.neg())).toThrow(/step.*tensor/);
    expect(memory().byOperation.some(({ operation }) => operation === "step")).toBe(false);
  });

  test("throws for inputs that are not in an array", () => {
    const square = fused("square", (x) => x.mul(x));
    expect(() => square(ones([2]) as never)).toThrow(
      /^square: expected an array of tensors and numbers, got a tensor.*\[a, b\]/,
    );
  });
});
