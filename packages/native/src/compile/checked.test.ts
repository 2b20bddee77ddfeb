import { expect, test } from "vitest";
import { ModuleBuilder } from "@heddle/tensor/code";
import { call, type Code, f32x, get, i32, memory, op, set, whileLoop, wide } from "@heddle/tensor/code";
import { machine, slot } from "../testing/machine.ts";
import { compileModule } from "./compile.ts";
import { failedOffset, pagesOffset } from "./frame.ts";
import { vectorBytes } from "./target.ts";

const pages = 2;
const native = machine(pages);
const size = 65536 * pages;

/** Whether the accesses of a function, which gets an address, are all in the memory; and whether it came to its end. */
function runs(access: (at: Code) => Code, at: number, bytes: number, count: number = 1): boolean[] {
  if (typeof native === "string") throw new Error(native);
  return native.targets.filter((target) => bytes <= vectorBytes[target]).map((target) => {
    const module = new ModuleBuilder();
    // The access is in a called function with a vector in use, so that leaving it must restore the stack of the caller.
    const inner = module.func(["i32"], [], undefined, bytes);
    inner.emit(access(get(inner.params[0]!)));
    const f = module.func(["i32", "i32", "i32", "i32"], [], "run", bytes);
    const [params, i, end] = f.params as [typeof f.params[0], typeof f.params[0], typeof f.params[0]];
    f.emit(
      whileLoop(op("i32.lt_s", get(i!), get(end!)), call(inner, get(params!)), set(i!, op("i32.add", get(i!), i32(1)))),
      memory("i32.store", 0, i32(1024), i32(1)),
    );
    const words = new Int32Array(native.memory.buffer);
    words[(slot + pagesOffset) / 4] = pages;
    words[256] = 0;
    words[(slot + failedOffset) / 4] = 0;
    const { code } = compileModule(module, target, native.base, { checked: true });
    native.load(code)(at, 0, count, 0);
    const failed = words[(slot + failedOffset) / 4] === 1;
    // A run that fails stops at once.
    expect(words[256], `${target}, ${at}`).toBe(failed ? 0 : 1);
    return !failed;
  });
}

test.skipIf(typeof native === "string")("checked code stops at addresses beyond the memory", () => {
  const accesses: readonly (readonly [bytes: number, vector: number, access: (at: Code) => Code])[] = [
    [4, 16, (at) => memory("i32.store", 0, at, memory("i32.load", 0, at))],
    [1, 16, (at) => memory("i32.store8", 0, at, i32(3))],
    [16, 16, (at) => memory("vector.store", 0, i32(4096), memory("vector.load", 0, at))],
    [32, 32, (at) => memory("vector.store", 0, at, f32x(1))],
    [64, 64, (at) => memory("vector.store", 0, at, f32x(1))],
    [
      8,
      64,
      (at) => memory("vector.store", 0, i32(4096), op("f32x.add", memory("vector.load64_splat", 0, at), f32x(1))),
    ],
    [
      4,
      64,
      (at) => memory("vector.store", 0, i32(4096), op("f32x.mul", memory("vector.load32_splat", 0, at), f32x(1))),
    ],
    [20, 32, (at) => wide("store_first32", 0, at, f32x(1), i32(5))],
    [16, 64, (at) => op("drop", wide("load_first64", 0, at, i32(2)))],
  ];
  for (const [bytes, vector, access] of accesses) {
    const all = (at: number): boolean => runs(access, at, vector).every((x) => x);
    const none = (at: number): boolean => runs(access, at, vector).every((x) => !x);
    expect(all(2048), `${bytes}`).toBe(true);
    expect(all(size - bytes), `${bytes}`).toBe(true);
    for (const at of [size - bytes + 1, size, size + 4096, -bytes, -(2 ** 31)]) {
      expect(none(at), `${bytes} at ${at}`).toBe(true);
    }
  }
  // Offsets count, and no lanes need no memory.
  expect(runs((at) => memory("i32.store", 100, at, i32(1)), size - 104, 16)).not.toContain(false);
  expect(runs((at) => memory("i32.store", 100, at, i32(1)), size - 103, 16)).not.toContain(true);
  expect(runs((at) => memory("i32.store", 70000, at, i32(1)), size - 70003, 16)).not.toContain(true);
  expect(runs((at) => wide("store_first32", 0, at, f32x(1), i32(0)), -1, 32)).not.toContain(false);
  // Hints may name any address.
  for (const at of [2048, size, -1]) {
    expect(runs((at) => [wide("prefetch", 64, at), wide("prefetch_written", 0, at)], at, 32)).not.toContain(false);
  }
});
