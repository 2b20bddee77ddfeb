import { type ScatterMode, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "../../testing/gpu_device.ts";
import {
  compare,
  devices,
  dtypes,
  memoryLayouts,
  randomValues,
  type TensorMaker,
  withLayout,
} from "../../testing/reference_comparison.ts";

const modes: readonly ScatterMode[] = ["set", "sum", "prod", "amax", "amin"];

describe.skipIf(gpu === null)("scatter on the GPU", () => {
  for (const mode of modes) {
    const options = mode === "sum" ? {} : { tags: ["long"] };
    test(`${mode}: every dtype, dimension and memory layout, with repeated indices`, options, () => {
      for (const dtype of dtypes) {
        memoryLayouts.forEach((layout, seed) => {
          // Searching through the second index would take too long on a software adapter.
          for (const shape of [[3, 5, 4], [40, 5, 3]]) {
            // Every layout along every dimension where an element is a word and where four share one; each of both for the other dtypes.
            for (const dim of dtype === "float32" || dtype === "int8" ? [0, 1, 2] : [seed % 3]) {
              const indexShape = shape.map((size, d) => d === dim ? 9 : size - 1);
              const sourceShape = indexShape.map((size) => size + 1);
              const layoutOf = (i: number) => memoryLayouts[(seed + i + dim) % memoryLayouts.length]!;
              const index = withLayout(
                indexShape,
                layoutOf(2),
                (s) => randomValues("int32", s, seed + 9, [0, shape[dim]!]),
              );
              compare(
                "scatter",
                [
                  withLayout(shape, layout, (s) => randomValues(dtype, s, seed, [-3, 3])),
                  index,
                  withLayout(sourceShape, layoutOf(1), (s) => randomValues(dtype, s, seed + 5, [-3, 3])),
                ],
                { dim, mode },
                `${dtype} ${layout} [${shape}] along ${dim}`,
              );
            }
          }
        });
      }
    });

    test(`${mode}: long indices: one lane, lanes that share an index, many lanes`, () => {
      const lengths: readonly [rows: number, columns: number, length: number, layout: "repeated" | "contiguous"][] = [
        [1500, 1, 1001, "contiguous"],
        [40, 60, 700, "repeated"],
        [700, 9, 201, "contiguous"],
        [4, 5000, 70, "contiguous"],
      ];
      for (const [rows, columns, length, layout] of lengths) {
        // An index row shared by all lanes is broadcast along the first dimension.
        const [x, source] = [
          randomValues("float32", [columns, rows], 1),
          randomValues("float32", [columns, length], 2, [-2, 2]),
        ];
        const index = withLayout([columns, length], layout, (s) => randomValues("int32", s, 3, [0, rows]));
        compare(
          "scatter",
          [(d) => x.to(d), index, (d) => source.to(d)],
          { dim: 1, mode },
          `[${columns}, ${rows}]`,
          1e-5,
        );
        const down: TensorMaker[] = [
          (d) => x.to(d).t(),
          (d) => index(d).t(),
          (d) => source.to(d).t(),
        ];
        compare("scatter", down, { dim: 0, mode }, `[${rows}, ${columns}]`, 1e-5);
      }
    });
  }

  test("an index of which most entries are the same, shared by several lanes", () => {
    const [n, columns] = [3000, 3];
    const drawn = randomValues("int32", [n], 4, [0, 200]);
    const index = drawn.where(drawn.gt(150), 7);
    const source = randomValues("float32", [n, columns], 5, [-2, 2]);
    for (const mode of ["sum", "set", "amax"] as const) {
      const inputs: TensorMaker[] = [
        (d) => zeros([210, columns], { device: d }),
        (d) => index.to(d).unsqueeze(1).expand(n, columns),
        (d) => source.to(d),
      ];
      compare("scatter", inputs, { dim: 0, mode }, mode, 1e-5);
    }
  });

  test("more elements than a loop may have iterations", () => {
    const n = 100_003;
    const index = randomValues("int32", [n], 4, [0, 50]);
    compare(
      "scatter",
      [
        (d) => zeros([50], { device: d, dtype: "int32" }),
        (d) => index.to(d),
        (d) => randomValues("int32", [n], 5, [-1000, 1000]).to(d),
      ],
      { dim: 0, mode: "sum" },
      "long",
    );
  });

  test("NaN and infinities", () => {
    const x = tensor([1, NaN, -Infinity, Infinity, 2, 3], { device: "reference" });
    const index = tensor([0, 0, 1, 2, 3, 4, 5, 5], { dtype: "int32", device: "reference" });
    const source = tensor([2, NaN, 5, 7, 1, Infinity, NaN, 4], { device: "reference" });
    for (const mode of modes) {
      compare("scatter", [(d) => x.to(d), (d) => index.to(d), (d) => source.to(d)], { dim: 0, mode }, mode);
    }
  });

  test("scalars and no elements", () => {
    const one = tensor(2, { device: gpu! });
    expect(one.scatter(0, tensor([0], { dtype: "int32", device: gpu! }), tensor([5], { device: gpu! })).item()).toBe(5);
    const none = (shape: number[]) => zeros(shape, { device: gpu! });
    const index = zeros([0], { dtype: "int32", device: gpu! });
    expect(tensor([1, 2], { device: gpu! }).scatterAdd(0, index, none([0])).toArray()).toEqual([1, 2]);
    expect(none([0]).scatterAdd(0, index, none([0])).toArray()).toEqual([]);
  });

  test("reproducible bit for bit", () => {
    for (const device of devices) {
      const source = randomValues("float32", [20_000], 1).to(device);
      const index = randomValues("int32", [20_000], 2, [0, 900]).to(device);
      const sums = (): number[] => zeros([900], { device }).scatterAdd(0, index, source).toArray<number[]>();
      const first = sums();
      for (let i = 0; i < 3; i++) expect(sums()).toEqual(first);
    }
  });

  test("an index out of range has no effect", () => {
    for (const device of devices) {
      for (const length of [4, 3000]) {
        const index = tensor(Array.from({ length }, (_, i) => [-1, 1, 2000, 1e6][i % 4]!), { dtype: "int32", device });
        const sums = zeros([2000], { device }).scatterAdd(0, index, zeros([length], { device }).add(1));
        expect(sums.sum().item()).toBe(length / 4);
        expect(sums.at(1).item()).toBe(length / 4);
      }
    }
  });
});
