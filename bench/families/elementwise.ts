import type { Tensor } from "@heddle/tensor";
import { type Case, type Family, type Maker, size } from "../case.ts";
import { input, steady } from "./heddle_work.ts";

const COUNT = 4_000_000;

function over(kind: string, inputs: number, tolerance: number): Case {
  return {
    family: "elementwise",
    name: `${kind} of 4 M`,
    kind,
    sizes: { count: COUNT },
    tolerance,
    amount: { of: 4 * COUNT * (inputs + 1), unit: "GB/s" },
  };
}

/** Element-wise operations on more data than fits the caches. */
export const elementwise: Family = {
  name: "elementwise",
  about: "element-wise functions of 4 M float32",
  cases: [over("add", 2, 0), over("exp", 1, 1e-6), over("tanh", 1, 1e-6)],
};

function unary(f: (x: Tensor) => Tensor): Maker {
  return (sizes) => {
    // Four times the inputs' range, so that tanh also saturates.
    const raw = input(1, [size(sizes, "count")]);
    const x = raw.mul(4);
    return steady([raw, x], () => [f(x)]);
  };
}

/** Heddle's code for them. */
export const heddleElementwise: Readonly<Record<string, Maker>> = {
  add(sizes) {
    const [a, b] = [
      input(1, [size(sizes, "count")]),
      input(2, [size(sizes, "count")]),
    ];
    return steady([a, b], () => [a.add(b)]);
  },
  exp: unary((x) => x.exp()),
  tanh: unary((x) => x.tanh()),
};
