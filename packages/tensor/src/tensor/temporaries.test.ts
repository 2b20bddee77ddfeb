import { expect, test } from "vitest";
import { memory, rand, Tensor, tensor } from "../mod.ts";

/** Methods that return no new tensor, or are internal. */
const others = /^(dispose|disposeBelongings|own|disown|become|backward|requiresGrad_|retainGrad|registerHook|to|data)$/;

const [a, b] = [rand([4, 4]), rand([4, 4])];
const mask = a.gt(0.5);
const indices = tensor([0, 1, 2], { dtype: "int32" });
const [row, rows] = [rand([4]), rand([3, 4])];

const calls: readonly (readonly unknown[])[] = [
  [],
  [b],
  [1],
  [0],
  [0, 1],
  [mask],
  [mask, 0],
  [mask, b],
  [0, indices],
  [b, 0.5],
  [[0]],
  [{ min: 0.2, max: 0.5 }],
  [2, 0],
  [[2, 2]],
  [row],
  [rand([3, 5])],
  [0, indices, rows],
  [b, { alpha: 2 }],
];

function methods(): string[] {
  const names = new Set<string>();
  for (let proto: object = Tensor.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (typeof value === "function" && name !== "constructor" && !others.test(name) && !name.endsWith("_")) {
        names.add(name);
      }
    }
  }
  return [...names];
}

/** The storages of the tensors in a result, but for those of its arguments. */
function storagesOf(result: unknown, into: Set<unknown> = new Set()): Set<unknown> {
  if (result instanceof Tensor) {
    if (![a, b, mask, indices, row, rows].some(({ storage }) => storage === result.storage)) into.add(result.storage);
  } else if (typeof result === "object" && result !== null && !ArrayBuffer.isView(result)) {
    for (const part of Object.values(result)) storagesOf(part, into);
  }
  return into;
}

test.each(methods())("%s leaves nothing alive but its result, without a scope, also where it fails", (name) => {
  for (const args of calls) {
    const before = memory().storages;
    let made: Set<unknown> = new Set();
    try {
      made = storagesOf((a as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[name]!(...args));
    } catch { /* most of the arguments do not fit */ }
    expect(memory().storages - before, `${name}(${args.map(String)})`).toBe(made.size);
  }
});
