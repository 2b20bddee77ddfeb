/** Layers whose arguments are positional refuse an object of options when they are made, not when they first run. */
import { expect, test } from "vitest";
import * as nn from "./mod.ts";

test.each<[string, string]>([
  ["Softplus", "beta"],
  ["GLU", "dim"],
  ["Softmax", "dim"],
  ["LogSoftmax", "dim"],
  ["Softmin", "dim"],
  ["LeakyReLU", "negativeSlope"],
  ["ELU", "alpha"],
  ["CELU", "alpha"],
  ["Hardtanh", "min"],
  ["Hardshrink", "lambda"],
  ["Softshrink", "lambda"],
  ["Threshold", "threshold"],
  ["Flatten", "startDim"],
  ["Unflatten", "dim"],
])("%s({ %s: 1 })", (name, argument) => {
  const layer = nn[name as "ELU"];
  for (const wrong of [{ [argument]: 1 }, "1", null, [1], true]) {
    expect(() => new layer(wrong as never)).toThrow(TypeError);
    expect(() => new layer(wrong as never)).toThrow(new RegExp(`^${name}: ${argument} is .*; expected a number$`));
  }
});
