import { expect, test } from "vitest";
import { functions } from "./math/functions.ts";
import { operations } from "./operations.ts";

test("every function that an operation calls is written down", () => {
  for (const [prim, render] of Object.entries(operations)) {
    for (const dtype of ["float32", "int32", "bool"] as const) {
      for (const [, name] of render("a", "b", "c", dtype).matchAll(/\b(\w+_[fi])\(/g)) {
        expect(Object.keys(functions), `${prim} of ${dtype}`).toContain(name);
      }
    }
  }
});

test("every function that a function calls is WGSL's own or written down", () => {
  const builtIn =
    /^(abs|atan2|bitcast|ceil|clamp|countLeadingZeros|countOneBits|cross|dot|exp|exp2|extractBits|f16|f32|firstLeadingBit|firstTrailingBit|floor|fma|fract|frexp|i32|if|insertBits|ldexp|log|log2|max|min|mix|modf|pow|return|round|select|sign|sqrt|step|switch|transpose|trunc|u32|vec2|vec3|vec4|while|for|array|pack2x16float|unpack2x16float|bool)$/;
  for (const [name, source] of Object.entries(functions)) {
    const code = source.replaceAll(/\/\/.*$/gm, "");
    for (const [, called] of code.matchAll(/\b([A-Za-z_]\w*)(?:<[\w, ]+>)?\(/g)) {
      if (called !== name && !builtIn.test(called!)) expect(Object.keys(functions), name).toContain(called);
    }
  }
});

test("no comparison of floats decides alone between its operands, as compilers might make it a max or min that loses NaN", () => {
  const choice = /select\(([^,()]+), ([^,()]+), ([^<>()]+?) [<>]=? ([^<>()]+?)\)/g;
  const folds = (code: string): string[] =>
    [...code.matchAll(choice)].filter(([, a, b, x, y]) => (a === x && b === y) || (a === y && b === x)).map(([all]) =>
      all
    );
  expect(folds("select(a, 0f, a < 0f)")).toEqual(["select(a, 0f, a < 0f)"]);
  for (const [prim, render] of Object.entries(operations)) {
    expect(folds(render("a", "b", "c", "float32")), prim).toEqual([]);
  }
  for (const [name, source] of Object.entries(functions)) expect(folds(source), name).toEqual([]);
});
