import { type DType, fromTypedArray, Generator, isFloat, ones, randn, type Tensor, tensor, tidy } from "@heddle/tensor";
import type { ReducePrim } from "@heddle/tensor/backend";
import { describe, expect, test } from "vitest";
import { gpu } from "../testing/gpu_device.ts";
import { renderReduction } from "./reduce.ts";

const dtypes: readonly DType[] = ["float32", "float16", "bfloat16", "int32", "int16", "int8", "uint8", "bool"];
const reductions: readonly ReducePrim[] = ["sum", "prod", "amax", "amin", "argmax", "argmin"];

function values(dtype: DType, shape: readonly number[], seed: number): Tensor {
  const count = shape.reduce((n, size) => n * size, 1);
  const draws = Array.from(
    new Generator(seed).uniforms(count),
    (u, i) =>
      isFloat(dtype) ? (i % 97 === 5 ? -0 : u * 2 - 1) : dtype === "bool" ? Number(u < 0.3) : Math.floor(u * 7) - 3,
  );
  return tensor(draws.length > 0 ? draws : [], { dtype: "float32", device: "reference" }).reshape(...shape).to(dtype);
}

function reduce(x: Tensor, op: ReducePrim, dim: number | number[] | undefined): Tensor {
  if (op === "argmax" || op === "argmin") return x[op](dim as number | undefined);
  if (op === "prod") return dim === undefined ? x.prod() : x.prod(dim as number);
  return dim === undefined ? x[op]() : x[op](dim as number);
}

function expectSame(found: Tensor, wanted: Tensor, length: number, what: string): void {
  expect(found.dtype, what).toBe(wanted.dtype);
  expect(found.shape, what).toEqual(wanted.shape);
  const [a, b] = [Array.from(found.toTypedArray(), Number), Array.from(wanted.toTypedArray(), Number)];
  const rtol = wanted.dtype === "float16" ? 2e-3 : wanted.dtype === "bfloat16" ? 1e-2 : 1e-5;
  b.forEach((value, i) => {
    if (Object.is(a[i], value) || a[i] === value) return;
    const close = isFloat(wanted.dtype) && Math.abs(a[i]! - value) <= rtol * (Math.abs(value) + Math.sqrt(length));
    if (!close) expect.fail(`${what}: element ${i} is ${a[i]}, expected ${value}`);
  });
}

describe.skipIf(gpu === null)("reductions on the GPU", () => {
  for (const op of reductions) {
    const options = op === "sum" || op === "argmax" ? {} : { tags: ["long"] };
    test(`${op} of every dtype, over any dimension, with any strides`, options, () => {
      for (const dtype of dtypes) {
        for (const shape of [[5], [3, 4], [7, 1, 9], [2, 300], [300, 2], [4, 3, 5, 2]]) {
          tidy(() => {
            const x = values(dtype, shape, shape.length);
            for (const dim of [undefined, ...shape.keys()]) {
              const length = dim === undefined ? x.numel : shape[dim]!;
              expectSame(
                reduce(x.to(gpu!), op, dim),
                reduce(x, op, dim),
                length,
                `${op} of ${dtype} [${shape}] over ${dim}`,
              );
              if (shape.length > 1) {
                const flipped = (t: Tensor) => t.transpose(0, -1).flip([0]).narrow(0, 1, shape.at(-1)! - 1 || 1);
                if (shape.at(-1)! < 2) continue;
                expectSame(
                  reduce(flipped(x.to(gpu!)), op, dim),
                  reduce(flipped(x), op, dim),
                  length,
                  `${op} flipped ${dtype} [${shape}] over ${dim}`,
                );
              }
            }
          });
        }
      }
    });
  }

  test("several dimensions, and long ones, which are split", () => {
    for (const shape of [[3, 5000], [5000, 3], [1, 100000], [2, 70000, 2]]) {
      tidy(() => {
        const x = values("float32", shape, 8);
        const y = x.to(gpu!);
        for (const op of ["sum", "amax", "amin", "argmax", "argmin"] as const) {
          for (const dim of [undefined, 0, shape.length - 1]) {
            expectSame(reduce(y, op, dim), reduce(x, op, dim), x.numel, `${op} of [${shape}] over ${dim}`);
          }
        }
        if (shape.length === 3) expectSame(y.sum([0, 2]), x.sum([0, 2]), 4, "sum over the outer ones");
      });
    }
  });

  test("more elements than a loop has iterations on lavapipe", () => {
    for (const [rows, columns] of [[1, 2 ** 20 + 77], [300, 70001]] as const) {
      tidy(() => {
        const x = ones([rows, columns], { dtype: "uint8", device: gpu! });
        expect(x.sum(1).sub(columns).abs().amax().item()).toBe(0);
      });
    }
  });

  test("NaN propagates and wins; of equal values the first wins", () => {
    const rows = [[1, NaN, 3, NaN], [NaN, 1, 2, 3], [2, 2, 1, 1], [-0, 0, 0, -0], [Infinity, -Infinity, Infinity, 0], [
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
    ]];
    const x = tensor(rows, { device: gpu! });
    const long = tensor(rows.map((row) => Array.from({ length: 400 }, (_, i) => row[i >> 1 & 3]!)), { device: gpu! });
    for (const y of [x, long]) {
      const host = y.to("reference");
      for (const op of ["amax", "amin", "argmax", "argmin", "sum"] as const) {
        expect(reduce(y, op, 1).toArray(), op).toEqual(reduce(host, op, 1).toArray());
      }
    }
  });

  test("no elements: the identity", () => {
    const x = fromTypedArray(new Float32Array(0), [3, 0], { device: gpu! });
    expect(x.sum(1).toArray()).toEqual([0, 0, 0]);
    expect(x.prod(1).toArray()).toEqual([1, 1, 1]);
    expect(x.sum(0).toArray()).toEqual([]);
  });

  test("long sums are accurate and reproducible", () => {
    const host = randn([1000003], { device: "reference" }).add(1);
    const x = host.to(gpu!);
    const first = x.sum().item();
    expect(Math.abs(first / host.sum().item() - 1)).toBeLessThan(1e-6);
    for (let i = 0; i < 5; i++) expect(x.sum().item()).toBe(first);
  });

  test("the variants with workgroups agree too", () => {
    // Forces the variant of GPUs that are not software adapters.
    const backend = gpu!.backend as unknown as { engine: { software: boolean } };
    const before = backend.engine.software;
    backend.engine.software = false;
    try {
      for (const shape of [[2, 3001], [130, 513], [1, 200001]]) {
        tidy(() => {
          const x = values("float32", shape, 4);
          const y = x.to(gpu!);
          for (const op of reductions) {
            expectSame(reduce(y, op, 1), reduce(x, op, 1), shape[1]!, `${op} of [${shape}]`);
          }
        });
      }
    } finally {
      backend.engine.software = before;
    }
    const kernel = {
      kind: "kernel",
      shape: [8, 4096],
      inputs: [{ dtype: "float32", strides: [4096, 1] }],
      expr: { op: "input", index: 0, dtype: "float32" },
      reduce: { op: "sum", dims: 1 },
      output: { dtype: "float32", strides: [1] },
    } as const;
    expect(renderReduction(kernel, true, { software: false, subgroup: 1 }).source()).toContain("workgroupBarrier");
    expect(renderReduction(kernel, true, { software: true, subgroup: 1 }).source()).not.toContain("workgroupBarrier");
  });
});
