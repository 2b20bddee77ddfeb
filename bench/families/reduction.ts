import { grad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { type Case, type Family, list, type Maker, size } from "../case.ts";
import { input, steady } from "./heddle_work.ts";

const SHAPE = [2048, 2048] as const;
const BYTES = 4 * SHAPE[0] * SHAPE[1];

function reduce(kind: string, dim: number, where: string): Case {
  return {
    family: "reduction",
    name: `${kind} over ${where} of 2048²`,
    kind,
    sizes: { shape: SHAPE, dim },
    tolerance: 1e-5,
    amount: { of: BYTES, unit: "GB/s" },
  };
}

/** Rows of a language model's width, as many as a batch of it has. */
function rows(name: string, kind: string): Case {
  return {
    family: "reduction",
    name: `${name} of 2048²`,
    kind,
    sizes: { shape: SHAPE, dim: 1 },
    tolerance: 1e-5,
  };
}

/** Reductions over a dimension. */
export const reduction: Family = {
  name: "reduction",
  about: "sums, means, softmax and layer norm",
  cases: [
    reduce("sum", 1, "rows"),
    reduce("sum", 0, "columns"),
    reduce("mean", 1, "rows"),
    reduce("mean", 0, "columns"),
    rows("softmax", "softmax"),
    rows("softmax, forward and backward,", "softmax both"),
    rows("layer norm", "layer norm"),
    rows("layer norm, forward and backward,", "layer norm both"),
  ],
};

const along = (
  sizes: Parameters<Maker>[0],
): [shape: readonly number[], dim: number] => [
  list(sizes, "shape"),
  size(sizes, "dim"),
];

/** Heddle's code for them. */
export const heddleReduction: Readonly<Record<string, Maker>> = {
  sum(sizes) {
    const [shape, dim] = along(sizes);
    const x = input(1, shape);
    return steady([x], () => [x.sum(dim)]);
  },
  mean(sizes) {
    const [shape, dim] = along(sizes);
    const x = input(1, shape);
    return steady([x], () => [x.mean(dim)]);
  },
  softmax(sizes) {
    const [shape, dim] = along(sizes);
    const x = input(1, shape);
    return steady([x], () => [x.softmax(dim)]);
  },
  "softmax both"(sizes) {
    const [shape, dim] = along(sizes);
    const [x, g] = [input(1, shape, { requiresGrad: true }), input(2, shape)];
    return steady(
      [x, g],
      () => grad([x.softmax(dim)], [x], { gradOutputs: [g] }),
    );
  },
  "layer norm"(sizes) {
    const [shape, dim] = along(sizes);
    const width = [shape[dim]!];
    const [x, weight, bias] = [
      input(1, shape),
      input(2, width),
      input(3, width),
    ];
    return steady(
      [x, weight, bias],
      () => [F.layerNorm(x, width, { weight, bias })],
    );
  },
  "layer norm both"(sizes) {
    const [shape, dim] = along(sizes);
    const width = [shape[dim]!];
    const leaves = [shape, width, width].map((of, i) => input(i + 1, of, { requiresGrad: true }));
    const [x, weight, bias] = leaves as [
      typeof leaves[0],
      typeof leaves[0],
      typeof leaves[0],
    ];
    const g = input(4, shape);
    return steady(
      [...leaves, g],
      () =>
        grad([F.layerNorm(x, width, { weight, bias })], leaves, {
          gradOutputs: [g],
        }),
    );
  },
};
