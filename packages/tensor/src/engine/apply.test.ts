import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  arange,
  cat,
  conv2d,
  defaultDevice,
  Device,
  type DType,
  full,
  getDevice,
  ones,
  setDefaultDevice,
  stack,
  tensor,
  where,
  zeros,
} from "../mod.ts";
import { linear } from "../engine_mod.ts";
import { NullBackend, ReferenceBackend, registerDevice } from "../backend_mod.ts";

describe("dispatches, counted by the null backend", () => {
  const before = defaultDevice();
  const backend = getDevice("null").backend as NullBackend;
  beforeEach(() => setDefaultDevice("null"));
  afterEach(() => setDefaultDevice(before));

  /** The dispatches of a function: routines by name, kernels by their last operation, copies and fills by their operand. */
  function dispatches(run: () => unknown): string[] {
    backend.reset();
    run();
    return backend.dispatched.map((work) => {
      if (work.kind === "rows") return "rows";
      const name = work.kind === "routine" ? work.name : work.reduce?.op ?? work.expr.op;
      return name === "input" ? "copy" : name === "scalar" ? "fill" : name;
    });
  }

  test("an operation is one kernel, casts and broadcasting included", () => {
    const [x, y, i] = [zeros([2, 3]), zeros([3]), zeros([2, 3], { dtype: "int32" })];
    expect(dispatches(() => x.add(y).mul(2))).toEqual(["add", "mul"]);
    expect(dispatches(() => x.add(i))).toEqual(["add"]);
    expect(dispatches(() => x.t().add(1))).toEqual(["add"]);
    expect(dispatches(() => x.relu())).toEqual(["relu"]);
    expect(dispatches(() => where(x.gt(0), x, 0))).toEqual(["gt", "where"]);
    expect(dispatches(() => x.to("int32"))).toEqual(["cast"]);
    expect(dispatches(() => x.sub(y, { alpha: 1 }))).toEqual(["sub"]);
    expect(dispatches(() => x.square())).toEqual(["mul"]);
    expect(dispatches(() => x.pow(0.5))).toEqual(["sqrt"]);
  });

  test("a reduction is one kernel, over whichever dims", () => {
    const x = zeros([2, 3, 4]);
    expect(dispatches(() => x.sum())).toEqual(["sum"]);
    expect(dispatches(() => x.sum([0, 2], { keepdim: true }))).toEqual(["sum"]);
    expect(dispatches(() => x.permute(2, 0, 1).amax(1))).toEqual(["amax"]);
    expect(dispatches(() => x.to("int32").sum())).toEqual(["cast", "sum"]);
  });

  test("views dispatch nothing", () => {
    const x = zeros([2, 3, 4]);
    const views = () => [
      x.view(6, 4).t().narrow(0, 1, 2).select(1, 0),
      x.permute(2, 0, 1).unsqueeze(0).expand(5, -1, -1, -1),
      x.at(":", "1:", 0),
      x.diagonal().unfold(0, 2, 1),
      x.movedim(0, 2).squeeze(),
      x.flatten(),
      x.chunk(2, 2),
      x.detach(),
      x.contiguous(),
      x.to("float32"),
    ];
    expect(dispatches(views)).toEqual([]);
  });

  test("in place writes without a copy, unless an input would be read after it was overwritten", () => {
    const x = zeros([4]);
    expect(dispatches(() => x.add_(1).mul_(x))).toEqual(["add", "mul"]);
    expect(dispatches(() => x.narrow(0, 1, 3).add_(x.narrow(0, 0, 3)))).toEqual(["add", "copy"]);
    expect(dispatches(() => x.view(2, 2).add_(x.view(2, 2).t()))).toEqual(["add", "copy"]);
  });

  test("nothing is dispatched for tensors without elements", () => {
    const x = zeros([0, 3]);
    expect(dispatches(() => x.add(1).mul(x).sum(1))).toEqual([]);
    expect(dispatches(() => x.sum())).toEqual(["sum"]); // 0
  });

  test("the kernels of copies", () => {
    const x = zeros([2, 3]);
    expect(dispatches(() => x.t().reshape(6))).toEqual(["copy"]);
    expect(dispatches(() => cat([x, x, x]))).toEqual(["copy", "copy", "copy"]);
    expect(dispatches(() => x.matmul(x.t()))).toEqual(["matmul"]);
    expect(dispatches(() => conv2d(zeros([1, 1, 4, 4]), zeros([1, 1, 3, 3])))).toEqual(["fill", "fill", "conv"]);
    const [w, bias] = [zeros([4, 3]), zeros([4])];
    expect(dispatches(() => linear(x, w, { bias, activation: "relu" }))).toEqual(["matmul"]);
  });

  test("its memory is accounted for, and reads give zeros", () => {
    const start = backend.allocated;
    const x = full([10], 5);
    expect(backend.allocated - start).toBe(40);
    expect(x.at(3).item()).toBe(0);
    x.dispose();
  });
});

describe("devices", () => {
  /** A backend that computes only in float32. */
  class Narrow extends ReferenceBackend {
    override supports(dtype: DType): boolean {
      return dtype === "float32" || dtype === "bool";
    }
  }
  registerDevice("narrow", () => new Narrow());

  test("operands on two devices throw", () => {
    const [here, there] = [ones([2], { device: "reference" }), ones([2], { device: "narrow" })];
    expect(() => here.add(there)).toThrow(/^add: tensors live on "reference" and "narrow"; move one with \.to/);
    expect(() => here.add_(there)).toThrow(/^add_: tensors live on/);
    expect(() => stack([here, there])).toThrow(/tensors live on/);
    expect(() => here.matmul(there)).toThrow(/tensors live on/);
    expect(there.add(here.to("narrow" as string)).to("reference").toArray()).toEqual([2, 2]);
    expect(here.copy_(there.mul(3)).toArray()).toEqual([3, 3]); // copying is how values move
  });

  test("a dtype that a device lacks throws, and is never cast", () => {
    const x = ones([2], { device: "narrow" });
    expect(() => x.to("float64").sin()).toThrow(
      'sin: the device "narrow" does not compute in float64; cast before the tensor goes there, with .to("float32").to("narrow"), ' +
        "or stay on the CPU",
    );
    expect(() => x.to("int32").sum()).toThrow(/sum: the device "narrow" does not compute in int32/);
    expect(() => x.argsort()).not.toThrow();
  });

  test("devices are looked up by name; errors list the names", () => {
    expect(() => zeros([1], { device: "tpu" })).toThrow(/there is no device "tpu"; there are .*"reference", "null"/);
    expect(getDevice("reference")).toBe(getDevice(getDevice("reference")));
    expect(String(getDevice("null"))).toBe("null");
    expect(ones([1]).device).toBeInstanceOf(Device);
    expect(() => setDefaultDevice("tpu")).toThrow(/no device/);
  });
});

describe("operands", () => {
  test.each([undefined, null, "3", {}, [1], Symbol("x")])("%s is none", (value) => {
    expect(() => ones([2]).add(value as never)).toThrow(
      /^add: expected a tensor, a number, a boolean or a bigint, got/,
    );
    expect(() => ones([2]).mul_(value as never)).toThrow(/^mul_: expected a tensor/);
  });

  test("booleans and bigints are", () => {
    expect(tensor([1, 2]).add(true).toArray()).toEqual([2, 3]);
    expect(tensor([1n, 2n]).mul(3n).toArray()).toEqual([3n, 6n]);
    expect(() => tensor([1, 2], { dtype: "int32" }).add(2n ** 33n)).toThrow(
      "add: 8589934592 is not within the range of int32",
    );
  });
});

describe("in place", () => {
  test("an expanded tensor cannot be written, since its elements share memory", () => {
    const x = zeros([1, 3]).expand(2, 3);
    const shared = /several elements of this tensor of shape \[2, 3\] share one memory cell \(it was expanded\)/;
    expect(() => x.add_(1)).toThrow(shared);
    expect(() => x.fill_(1)).toThrow(/^fill_: several/);
    expect(() => x.copy_(ones([2, 3]))).toThrow(/^copy_: several/);
    expect(() => x.zero_()).toThrow(shared);
    expect(() => x.maskedFill_(x.eq(0), 1)).toThrow(/^maskedFill_: several/);
    expect(() => x.clamp_({ min: 1 })).toThrow(/^clamp_: several/);
    expect(() => x.normal_()).toThrow(/^normal_: several/);
    expect(x.clone().add_(1).sum().item()).toBe(6);
  });

  test("the result must fit the tensor's dtype", () => {
    const x = tensor([1, 2], { dtype: "int32" });
    expect(() => x.add_(0.5)).toThrow("add_: the result is float32, which a tensor of int32 cannot hold");
    expect(() => x.div_(2)).toThrow(/^div_: the result is float32/);
    expect(() => x.sqrt_()).toThrow(/^sqrt_/);
    expect(() => x.clamp_({ min: 1.5 })).toThrow(/^clamp_/);
    expect(() => x.lerp_(x, 0.5)).toThrow(/^lerp_/);
    expect(() => tensor([true]).add_(1)).toThrow(/^add_: the result is int32, which a tensor of bool cannot hold/);
    expect(x.div_(2, { roundingMode: "floor" }).toArray()).toEqual([0, 1]);
    expect(tensor([1.5]).add_(tensor([0.25], { dtype: "float64" })).dtype).toBe("float32");
    expect(tensor([1], { dtype: "int8" }).add_(tensor([300], { dtype: "int32" })).toArray()).toEqual([45]);
  });

  test("the result must fit the tensor's shape", () => {
    expect(() => zeros([1]).add_(ones([3]))).toThrow(/^add_: the result has shape \[3\], .* cannot grow its tensor/);
    expect(() => zeros([2]).copy_(ones([3]))).toThrow(/do not broadcast/);
    expect(() => zeros([1]).copy_(ones([3]))).toThrow(/copy_: shape \[3\] does not broadcast to \[1\]/);
    expect(() => zeros([]).mul_(ones([1]))).toThrow(/cannot grow/);
    expect(zeros([2, 3]).add_(arange(3)).toArray()).toEqual([[0, 1, 2], [0, 1, 2]]);
  });

  test("writes are visible through every view, and return the same tensor", () => {
    const x = arange(6).view(2, 3);
    const column = x.select(1, 1);
    expect(column.mul_(10)).toBe(column);
    expect(x.toArray()).toEqual([[0, 10, 2], [3, 40, 5]]);
    x.zero_();
    expect(column.toArray()).toEqual([0, 0]);
    x.t().narrow(0, 2, 1).add_(7);
    expect(x.toArray()).toEqual([[0, 0, 7], [0, 0, 7]]);
  });

  test("overlapping sources are read before they are written", () => {
    const x = arange(5);
    x.at("1:").copy_(x.at(":-1"));
    expect(x.toArray()).toEqual([0, 0, 1, 2, 3]);
    const y = arange(5);
    y.at(":-1").copy_(y.at("1:"));
    expect(y.toArray()).toEqual([1, 2, 3, 4, 4]);
    const m = arange(4).view(2, 2);
    m.copy_(m.t());
    expect(m.toArray()).toEqual([[0, 2], [1, 3]]);
    m.add_(m.at(0));
    expect(m.toArray()).toEqual([[0, 4], [1, 5]]);
    m.mul_(m.at(1, 1));
    expect(m.toArray()).toEqual([[0, 20], [5, 25]]);
    m.sub_(m);
    expect(m.toArray()).toEqual([[0, 0], [0, 0]]);
  });

  test("counts versions of the storage, for the tape", () => {
    const x = zeros([4]);
    const version = () => x.storage.version;
    const start = version();
    x.narrow(0, 0, 1).add_(1);
    x.fill_(1);
    x.uniform_();
    x.indexPut_([tensor([0], { dtype: "int32" })], 3);
    expect(version()).toBeGreaterThanOrEqual(start + 4);
    const now = version();
    x.add(1).neg();
    x.view(2, 2).sum();
    expect(version()).toBe(now);
  });
});
