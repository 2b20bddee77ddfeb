import { Console } from "node:console";
import { Writable } from "node:stream";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { arange, full, memory, ones, scope, tensor, zeros } from "../mod.ts";
import { ReferenceBackend, registerDevice } from "../backend_mod.ts";

// PyTorch's text is recorded in conformance/fixtures/printing.json. This file checks how it is printed.

test("String, templates and concatenation", () => {
  const x = tensor([1, 2.5]);
  expect(String(x)).toBe("tensor([1.0000, 2.5000])");
  expect(`${x}`).toBe(String(x));
  expect("" + x).toBe(String(x));
});

test("arithmetic with operators throws, and the error names the method", () => {
  const x = tensor([1, 2]);
  expect(() => Number(x)).toThrow(/a tensor is not a number: use item\(\) .* methods such as add\(…\)/);
  expect(() => (x as unknown as number) * 2).toThrow(TypeError);
});

test("console.log prints the same text, bare and inside objects", () => {
  let text = "";
  const stream = new Writable({ write: (chunk, _, done) => (text += chunk, done()) });
  const sink = new Console({ stdout: stream, stderr: stream });
  sink.log(tensor([[1, 2], [3, 4]]));
  expect(text).toBe("tensor([[1., 2.],\n        [3., 4.]])\n");
  expect(inspect(tensor([true]))).toBe("tensor([True])");
  expect(inspect({ weight: tensor([1], { dtype: "int32" }) })).toContain("tensor([1], dtype=int32)");
});

test("scientific notation has the sign of zero and rounds ties to even", () => {
  expect(String(tensor([-0, 0, 1e-10]))).toBe("tensor([-0.0000e+00, 0.0000e+00, 1.0000e-10])");
  expect(String(tensor([100005, -100015, 100025, 0.5]))).toBe(
    "tensor([ 1.0000e+05, -1.0002e+05,  1.0002e+05,  5.0000e-01])",
  );
});

test("the device is named unless it is a host's", () => {
  expect(String(ones([2], { device: "null" }))).toBe("tensor([0., 0.], device='null')");
  expect(String(tensor([1, 2], { dtype: "float64" }))).toBe("tensor([1., 2.], dtype=float64)");
});

test("large tensors are cut", () => {
  const open = scope();
  expect(String(arange(2000))).toBe(
    "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n        1.9990e+03])",
  );
  expect(String(zeros([200, 10])).split("\n").length).toBe(7);
  expect(String(full([1001], 2.5))).toBe("tensor([2.5000, 2.5000, 2.5000,  ..., 2.5000, 2.5000, 2.5000])");
  open.end();
});

test("of a large tensor only the corners are read", () => {
  class Counting extends ReferenceBackend {
    bytes = 0;
    override read(...args: Parameters<ReferenceBackend["read"]>): ReturnType<ReferenceBackend["read"]> {
      this.bytes += args[2];
      return super.read(...args);
    }
  }
  const backend = new Counting();
  registerDevice("counting", () => backend);
  const x = zeros([1000, 3, 1000], { device: "counting" });
  const before = memory().liveBytes;
  expect(String(x).length).toBeGreaterThan(100);
  expect(backend.bytes).toBe(6 * 3 * 6 * 4);
  expect(memory().liveBytes).toBe(before);
  x.dispose();
});

test("tensors of no elements, of no dims, and freed ones", () => {
  expect(String(tensor([]))).toBe("tensor([])");
  expect(String(zeros([2, 0]))).toBe("tensor([], size=(2, 0))");
  expect(String(tensor(7n))).toBe("tensor(7)");
  const x = zeros([2]);
  x.dispose();
  expect(inspect(x)).toBe("tensor(<freed>, shape=[2], dtype=float32)");
});

test("a tensor of very many dimensions is printed without its values", () => {
  expect(String(ones(Array(20_000).fill(1)))).toBe("tensor(..., size=(1, 1, 1, ... 20000 dimensions))");
  expect(String(ones(Array(256).fill(1)))).toMatch(/^tensor\(\[{256}1\.\]{256}\)$/);
});
