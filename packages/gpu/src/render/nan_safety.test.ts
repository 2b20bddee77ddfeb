/**
 * Compilers may compute as if NaN did not occur (Metal does by default). A selection between two numbers by comparing
 * them then becomes a minimum or a maximum, which returns the other operand for NaN. This holds the whole package's
 * WGSL to forms for which that is not possible.
 */
import { type Device, type DType, rand, randn, type Tensor, zeros } from "@heddle/tensor";
import type { RowPrim } from "@heddle/tensor/backend";
import { applyAll } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import type { GpuBackend } from "../backend.ts";
import { webgpu } from "../mod.ts";
import { routines } from "../routines/table.ts";
import { fakeAdapter } from "../testing/fake_adapter.ts";
import { functions } from "./math/functions.ts";
import { operations } from "./operations.ts";

/** The arguments of a call whose opening bracket is at `open`. */
function argumentsAt(code: string, open: number): string[] {
  const found: string[] = [];
  let [depth, from] = [0, open + 1];
  for (let i = open; i < code.length; i++) {
    const c = code[i]!;
    if (c === "(" || c === "[") depth++;
    if (c === ")" || c === "]") depth--;
    if (depth === 0 || (depth === 1 && c === ",")) {
      found.push(code.slice(from, i));
      from = i + 1;
    }
    if (depth === 0) break;
  }
  return found;
}

/** Without spaces and brackets around the whole. */
function bare(code: string): string {
  const text = code.replaceAll(/\s/g, "");
  return text.startsWith("(") && argumentsAt(text, 0).join(",").length === text.length - 2
    ? bare(text.slice(1, -1))
    : text;
}

/** The two sides of a comparison by order, if the code is one and nothing else. */
function compared(code: string): [string, string] | null {
  const text = bare(code);
  let depth = 0;
  let at = -1;
  for (let i = 0; i < text.length; i++) {
    if ("([".includes(text[i]!)) depth++;
    else if (")]".includes(text[i]!)) depth--;
    else if (depth === 0 && "&|!^".includes(text[i]!)) return null;
    else if (
      depth === 0 && "<>".includes(text[i]!) && !/^(?:vec\d|array|bitcast|ptr)</.test(text.slice(i - 7 < 0 ? 0 : i - 7))
    ) {
      if (at >= 0) return null;
      at = i;
    }
  }
  if (at < 0) return null;
  return [bare(text.slice(0, at)), bare(text.slice(at + (text[at + 1] === "=" ? 2 : 1)))];
}

/** What in some WGSL may be compiled to a minimum or a maximum. */
function foldable(code: string): string[] {
  const found: string[] = [];
  const note = (pair: readonly string[], condition: string, what: string): void => {
    const sides = compared(condition);
    if (sides !== null && sides.toSorted().join(" ? ") === pair.map(bare).toSorted().join(" ? ")) found.push(what);
  };
  for (const { index } of code.matchAll(/\bselect\(/g)) {
    const given = argumentsAt(code, index + "select".length);
    note(given.slice(0, 2), given[2] ?? "", `select(${given.join(",")})`);
  }
  for (const [what, condition, target, value] of code.matchAll(/\bif \((.*?)\) \{\s*(\w+) = ([^;{}]+);\s*\}/g)) {
    note([target!, value!], condition!, what);
  }
  return found;
}

test("what folds is found, and nothing else", () => {
  for (const code of ["select(x, 0f, x < 0f)", "select((a), b, (b >= a))", "select(f(x, y), z[1], z[1] > f(x,y))"]) {
    expect(foldable(`return ${code};`)).toEqual([code]);
  }
  expect(foldable("if (v > top) { top = v; }")).toHaveLength(1);
  expect(foldable("if (v > top) {\n  top = v;\n}")).toHaveLength(1);
  for (
    const code of [
      "select(x, 0f, bitcast<u32>(x) - 0x80000001u < 0x7f800000u)",
      "select(b, a, a > b || is_nan(a))",
      "select(x, -x, x < 0f)",
      "select(1f, 0f, x < y)",
      "if (v > top) { best = 1; }",
    ]
  ) expect(foldable(code)).toEqual([]);
});

test("no element-wise operation selects by a comparison that may become a minimum", () => {
  for (const [name, render] of Object.entries(operations)) {
    for (const dtype of ["float32", "int32", "bool"] as const) {
      expect(foldable(render("a", "b", "c", dtype)), `${name} of ${dtype}`).toEqual([]);
    }
  }
  for (const [name, code] of Object.entries(functions)) expect(foldable(code), name).toEqual([]);
});

/** Runs of a primitive on tensors that `x` makes. */
type Runs = (x: (...shape: number[]) => Tensor, integers: (...shape: number[]) => Tensor) => void;
const call = (prim: string, inputs: readonly Tensor[], attrs: object): readonly Tensor[] =>
  applyAll(prim as RowPrim, inputs, attrs as never);

const plane = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };
const windows = { kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], ceilMode: false };
const relu = { activation: "relu" };

const byRoutine: Readonly<Record<string, Runs>> = {
  attention: (x) => {
    const attrs = { scale: 0.1, causalOffset: 0, dropoutP: 0 };
    call("attention", [x(2, 3, 300, 64), x(2, 3, 300, 64), x(2, 3, 300, 64)], attrs);
  },
  attentionGrad: (x) => {
    const [q, sums] = [x(2, 3, 300, 64), x(2, 3, 300, 2)];
    call("attentionGrad", [q, q, sums, q, q, q], { scale: 0.1, causalOffset: 0, dropoutP: 0, wanted: [0, 1, 2] });
  },
  matmul: (x) => {
    for (const [m, k, n] of [[64, 64, 64], [1, 200, 1], [1, 64, 700], [5, 7, 700], [33, 5000, 40]] as const) {
      call("matmul", [x(m, k), x(k, n), x(n)], relu);
    }
    call("matmul", [x(1, 200), x(7, 200).t()], {});
  },
  conv: (x) => {
    call("conv", [x(4, 16, 9, 9), x(32, 16, 3, 3), x(32)], { ...plane, ...relu });
    call("conv", [x(2, 8, 9, 9), x(8, 1, 3, 3), x(8)], { ...plane, ...relu, groups: 8 });
  },
  convInputGrad: (x) => {
    call("convInputGrad", [x(4, 32, 9, 9), x(32, 16, 3, 3)], { ...plane, inputSize: [9, 9] });
    call("convInputGrad", [x(4, 8, 2, 2), x(8, 6, 3, 3)], { ...plane, stride: [4, 4], inputSize: [6, 6] });
  },
  convWeightGrad: (x) =>
    void call("convWeightGrad", [x(4, 32, 9, 9), x(4, 16, 9, 9)], { ...plane, kernelSize: [3, 3] }),
  maxPool: (x) => void call("maxPool", [x(2, 3, 9, 9)], windows),
  maxPoolGrad: (x, i) => {
    const { ceilMode: _, ...attrs } = windows;
    call("maxPoolGrad", [x(2, 3, 5, 5), i(2, 3, 5, 5)], { ...attrs, inputSize: [9, 9] });
  },
  sumPool: (x) => void call("sumPool", [x(2, 3, 9, 9)], { ...windows, scale: 0.1 }),
  sumPoolGrad: (x) => {
    const { ceilMode: _, ...attrs } = windows;
    call("sumPoolGrad", [x(2, 3, 5, 5)], { ...attrs, scale: 0.1, inputSize: [9, 9] });
  },
  gather: (x, i) => void call("gather", [x(9, 5), i(4, 5)], { dim: 0 }),
  scatter: (x, i) => {
    for (const mode of ["set", "sum", "prod", "amax", "amin"]) {
      for (const n of [7, 70000]) call("scatter", [x(9, 5), i(n, 5), x(n, 5)], { dim: 0, mode });
    }
  },
  sort: (x) => {
    for (const n of [9, 5000]) call("sort", [x(3, n)], { dim: 1, descending: false });
  },
  cumsum: (x) => {
    for (const n of [9, 100000]) call("cumsum", [x(3, n)], { dim: 1 });
  },
  cumprod: (x) => {
    for (const n of [9, 100000]) call("cumprod", [x(3, n)], { dim: 1 });
  },
  random: (x) => {
    const { device } = x(1);
    for (const make of [rand, randn]) make([5], { device });
  },
};

const byRows: Runs = (x, i) => {
  for (const n of [5, 300, 5000]) {
    const [row, one, labels] = [x(7, n), x(7, 1), i(7, 1)];
    call("softmax", [row], { dim: 1 });
    call("softmaxGrad", [row, row], { dim: 1 });
    call("logSoftmax", [row], { dim: 1 });
    call("logSoftmaxGrad", [row, row], { dim: 1 });
    call("labelLoss", [row, labels], { dim: 1, ignoreIndex: -1 });
    call("labelLossGrad", [one, row, labels, one, one], { dim: 1, ignoreIndex: -1 });
    call("normalize", [row], { dims: [1], eps: 1e-5 });
    call("normalizeGrad", [row, row, one, one], { dims: [1], eps: 1e-5, perRow: false });
    call("rmsNormalize", [row], { dims: [1], eps: 1e-5 });
    const [weight, mean] = [x(1, n), x(1, n)];
    call("normalize", [row, weight, mean, row], { dims: [0], eps: 1e-5, ...relu });
    call("normalizeGrad", [row, row, mean, mean, weight, row], { dims: [0], eps: 1e-5, perRow: true, ...relu });
  }
};

const reductions: Runs = (x, i) => {
  for (const shape of [[5, 7], [300, 300], [3, 100000], [100000, 4]]) {
    for (const t of [x(...shape), i(...shape)]) {
      for (const dim of [0, 1]) [t.amax(dim), t.amin(dim), t.argmax(dim), t.argmin(dim), t.sum(dim), t.prod(dim)];
    }
  }
};

describe("kernels for GPUs and for software adapters", () => {
  const kinds = { "a GPU": 1, "a GPU with subgroups": 32, "llvmpipe": 1 };
  for (const [description, subgroup] of Object.entries(kinds)) {
    const sourcesOf = async (runs: Runs): Promise<Map<string, string>> => {
      const { adapter, sources } = fakeAdapter({ description });
      const device: Device = await webgpu({ name: "nothing", adapter });
      Object.assign((device.backend as GpuBackend).engine, { subgroup });
      const make = (dtype: DType) => (...shape: number[]) => zeros(shape, { device, dtype });
      runs(make("float32"), make("int32"));
      return sources;
    };
    const check = async (what: string, runs: Runs): Promise<void> => {
      const sources = await sourcesOf(runs);
      expect(sources.size, what).toBeGreaterThan(0);
      for (const [key, code] of sources) {
        expect(foldable(code), key).toEqual([]);
        // Those that compute leave the order of additions, and what is done with NaN, to the driver.
        expect(code.match(/\bsubgroup(?!ShuffleXor)\w+/g), key).toBe(null);
      }
      const exchanging = [...sources.values()].some((code) => code.includes("subgroupShuffleXor"));
      expect(exchanging, what).toBe(subgroup > 1 && ["rows", "reductions", "matmul", "attention"].includes(what));
    };

    test(`routines, on ${description}`, async () => {
      expect(Object.keys(byRoutine).toSorted(), "a routine without a case here").toEqual(
        Object.keys(routines).toSorted(),
      );
      for (const [name, runs] of Object.entries(byRoutine)) await check(name, runs);
    });

    test(`row kernels and reductions, on ${description}`, async () => {
      await check("rows", byRows);
      await check("reductions", reductions);
    });
  }
});
