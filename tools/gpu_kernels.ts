// Writes docs/gpu_kernels.md: what the kernels for matrix products and convolutions do on GPUs, counted in the WGSL that
// is generated for an adapter that computes nothing. `npx tsx tools/gpu_kernels.ts` writes the page; a test compares it.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { webgpu } from "../packages/gpu/src/mod.ts";
import { type FakeAdapter, fakeAdapter } from "../packages/gpu/src/testing/fake_adapter.ts";
import { kernelConfigs, type TileName, tiles } from "../packages/gpu/src/routines/contraction/kernel_configs.ts";
import { routines } from "../packages/gpu/src/routines/table.ts";
import type { GpuContext, GpuOperand } from "../packages/gpu/src/gpu_context.ts";
import { workgroupBytes } from "../packages/gpu/src/routines/contraction/tile_kernel.ts";
import type { DType } from "../packages/tensor/src/mod.ts";
import { contiguousStrides } from "../packages/tensor/src/backend_mod.ts";
import { isMain } from "./is_main.ts";

/** An engine whose choices are recorded, with the sources of its kernels. */
export interface Recording {
  readonly engine: GpuContext;
  readonly sources: FakeAdapter["sources"];
  /** The problem's key, the configuration taken. */
  readonly choices: { readonly key: string; readonly name: string }[];
  /** The configuration to take instead of the best one. */
  force: TileName | null;
}

/** Opens an adapter of a vendor that computes nothing. */
export async function record(vendor: string): Promise<Recording> {
  const { adapter, sources } = fakeAdapter({ vendor });
  const device = await webgpu({ name: `counted ${vendor}`, adapter });
  const { engine } = device.backend as unknown as { engine: GpuContext };
  const recording: Recording = { engine, sources, choices: [], force: null };
  engine.choose = (key, candidates) => {
    const name = (recording.force as (typeof candidates)[number] | null) ?? candidates[0]!;
    recording.choices.push({ key, name });
    return name;
  };
  return recording;
}

/** An operand in memory that nothing uses; `turned` swaps the last two dimensions. */
function operand(engine: GpuContext, shape: readonly number[], dtype: DType = "float32", turned = false): GpuOperand {
  const buffer = engine.scratch(256);
  engine.release(buffer);
  if (!turned) return { dtype, shape, strides: contiguousStrides(shape), buffer, offset: 0 };
  const swap = (of: readonly number[]): number[] => [...of.slice(0, -2), of.at(-1)!, of.at(-2)!];
  return { dtype, shape, strides: swap(contiguousStrides(swap(shape))), buffer, offset: 0 };
}

type AnyRoutine = (
  gpu: GpuContext,
  inputs: readonly GpuOperand[],
  outputs: readonly GpuOperand[],
  attrs: object,
) => void;

/** Records a routine on operands of the given shapes, the last of which is the output. */
function run(
  { engine }: Recording,
  name: keyof typeof routines,
  shapes: readonly (readonly number[])[],
  attrs: object,
  { dtype = "float32", turned = [] }: { readonly dtype?: DType; readonly turned?: readonly number[] } = {},
): void {
  const operands = shapes.map((shape, i) => operand(engine, shape, dtype, turned.includes(i)));
  (routines[name] as AnyRoutine)(engine, operands.slice(0, -1), operands.slice(-1), attrs);
}

const same = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };

/** What an invocation does for one term of the sums, and what it needs. */
export interface Counts {
  readonly multiplyAdds: number;
  /** Loads of panels from workgroup memory, in vectors of four. */
  readonly panelLoads: number;
  /** Loads from storage memory, whatever their width. */
  readonly loads: number;
  /** Additions, multiplications, comparisons, … of integers and bits, without selects. */
  readonly indexOperations: number;
  readonly divisions: number;
  readonly workgroupBytes: number;
  /** 32-bit values that are live in the loop. */
  readonly registers: number;
}

const words: Readonly<Record<string, number>> = { "vec4<f32>": 4, "vec4<f16>": 2, "vec4<bool>": 1 };
const matches = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

/** Counts in the source of a kernel with tiles of `depth` terms. */
export function count(source: string, depth: number): Counts {
  const [before = "", loop = ""] = source.split("loop {\nlet more");
  const inner = loop.slice(0, loop.indexOf("k0 += "));
  const [load = "", rest = ""] = inner.slice(inner.indexOf("if (more) {")).split("if (k0 > begin) {\n");
  const [compute = "", store = ""] = rest.split("workgroupBarrier();\nif (!more)");
  const moving = (load + store).replaceAll(/vec[24]<[a-z0-9]+>/g, "vector").replaceAll(/\b(?:if|guard) .*\{/g, "");
  const step = compute.split("}\n{")[0]!;
  let registers = 0;
  for (const [, name, type] of before.slice(before.indexOf("fn main")).matchAll(/(?:let|var) (\w+)(?:: ([\w<>]+))?/g)) {
    if (new RegExp(`\\b${name}\\b`).test(loop)) registers += words[type ?? ""] ?? 1;
  }
  registers += 4 * matches(step, /let [xy]\d/g);
  let bytes = 0;
  for (const [, type, size] of source.matchAll(/var<workgroup> \w+: array<([\w<>]+), (\d+)>/g)) {
    bytes += Number(size) * ({ "vec4<f32>": 16, "vec4<f16>": 8, "vec4<u32>": 16, "vec2<u32>": 8, u32: 4 }[type!] ?? 16);
  }
  return {
    multiplyAdds: 4 * matches(step, /fma\(/g),
    panelLoads: matches(step, /_panel\[/g),
    loads: matches(load, /_(?:get|quad)\(/g) / depth,
    indexOperations: matches(moving, / (?:[-+*&|<]|<<|>>|>=|!=|-=|\+=|\|=) /g) / depth,
    divisions: matches(moving, / [/%] (?!\d+u)/g) / depth,
    workgroupBytes: bytes,
    registers,
  };
}

const plain = (value: number): string => Number.isInteger(value) ? `${value}` : value.toFixed(2);

/** A Markdown table, aligned as `deno fmt` does. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, j) => Math.max(3, ...rows.map((row) => [...row[j]!].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, j) => cell + " ".repeat(widths[j]! - [...cell].length)).join(" | ")} |`;
  return [line(rows[0]!), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.slice(1).map(line)]
    .join("\n");
}

/** Kernels of one tile: products and a convolution with their ways of loading. */
const works: readonly { readonly what: string; readonly run: (recording: Recording) => void }[] = [
  { what: "product, vectors", run: (r) => run(r, "matmul", [[1024, 1024], [1024, 1024], [1024, 1024]], {}) },
  { what: "product, odd sizes", run: (r) => run(r, "matmul", [[1021, 1019], [1019, 1023], [1021, 1023]], {}) },
  {
    what: "product, float16",
    run: (r) => run(r, "matmul", [[1024, 1024], [1024, 1024], [1024, 1024]], {}, { dtype: "float16" }),
  },
  { what: "3×3", run: (r) => run(r, "conv", [[8, 64, 32, 32], [64, 64, 3, 3], [8, 64, 32, 32]], same) },
  {
    what: "3×3, input gradient",
    run: (r) =>
      run(r, "convInputGrad", [[8, 64, 32, 32], [64, 64, 3, 3], [8, 64, 32, 32]], { ...same, inputSize: [32, 32] }),
  },
  {
    what: "3×3, weight gradient",
    run: (r) =>
      run(r, "convWeightGrad", [[8, 64, 32, 32], [8, 64, 32, 32], [64, 64, 3, 3]], { ...same, kernelSize: [3, 3] }),
  },
];

/** The counts of a kernel in a form. */
export async function countsOf(form: TileName, work: (typeof works)[number]): Promise<Counts> {
  const recording = await record("");
  recording.force = form;
  work.run(recording);
  const { kind, rows, columns, depth } = tiles[form];
  const [, source] = [...recording.sources].find(([key]) => key.includes(` ${kind} ${rows} ${columns} `))!;
  return count(source, depth);
}

async function formTable(): Promise<string> {
  const rows = [[
    "tile",
    "own",
    "kernel",
    "multiply-adds",
    "panel loads",
    "loads",
    "index operations",
    "divisions",
    "workgroup bytes",
    "registers",
  ]];
  for (const form of Object.keys(tiles) as TileName[]) {
    const { rows: m, columns: n, ownRows, ownColumns, group } = tiles[form];
    // The loaders of the other tiles differ in their share only.
    const some = ["tile128x128", "tile64x128"].includes(form) ? works : [works[0]!, works[3]!];
    for (const work of some) {
      const c = await countsOf(form, work);
      if (c.workgroupBytes > workgroupBytes(tiles[form])) throw new Error(`${form} takes ${c.workgroupBytes} bytes`);
      rows.push([
        `${m}×${n}`,
        `${ownRows}×${ownColumns} of ${group}`,
        work.what,
        ...[c.multiplyAdds, c.panelLoads, c.loads, c.indexOperations, c.divisions, c.workgroupBytes, c.registers]
          .map(plain),
      ]);
    }
  }
  return table(rows);
}

type Layer = (recording: Recording, pass: Pass) => void;
type Pass = "forward" | "input gradient" | "weight gradient";
const passes: readonly Pass[] = ["forward", "input gradient", "weight gradient"];

/** A convolution of `[n, c, size, size]` with `[f, c, k, k]`. */
const convolution =
  (n: number, c: number, size: number, f: number, k: number, padding = 0, stride = 1): Layer => (recording, pass) => {
    const out = Math.floor((size + 2 * padding - k) / stride) + 1;
    const attrs = { stride: [stride, stride], padding: [padding, padding], dilation: [1, 1], groups: 1 };
    const [x, w, y] = [[n, c, size, size], [f, c, k, k], [n, f, out, out]];
    if (pass === "forward") run(recording, "conv", [x, w, y], attrs);
    else if (pass === "input gradient") {
      run(recording, "convInputGrad", [y, w, x], { ...attrs, inputSize: [size, size] });
    } else run(recording, "convWeightGrad", [y, x, w], { ...attrs, kernelSize: [k, k] });
  };

/** A product of `[…batch, m, k]` and `[…batch, k, n]` with its gradients; a layer's weight is stored as `[n, k]`. */
const product = (m: number, k: number, n: number, batch: readonly number[] = []): Layer => (recording, pass) => {
  const of = (...shape: number[]): number[] => [...batch, ...shape];
  if (pass === "forward") run(recording, "matmul", [of(m, k), of(k, n), of(m, n)], {}, { turned: [1] });
  else if (pass === "input gradient") run(recording, "matmul", [of(m, n), of(n, k), of(m, k)], {});
  else run(recording, "matmul", [of(n, m), of(m, k), of(n, k)], {}, { turned: [0] });
};

/** The layers of networks, with their batch. The first layer of a convolutional network has no input gradient. */
const networks: readonly { readonly name: string; readonly layers: readonly (readonly [string, Layer])[] }[] = [
  {
    name: "LeNet-5, batch 100",
    layers: [
      ["1→6 5×5", convolution(100, 1, 32, 6, 5)],
      ["6→16 5×5", convolution(100, 6, 14, 16, 5)],
      ["16→120 5×5", convolution(100, 16, 5, 120, 5)],
      ["120→84", product(100, 120, 84)],
      ["84→10", product(100, 84, 10)],
    ],
  },
  {
    name: "convnet, batch 100",
    layers: [
      ["1→32 5×5", convolution(100, 1, 28, 32, 5)],
      ["32→64 5×5", convolution(100, 32, 8, 64, 5)],
      ["256→200", product(100, 256, 200)],
      ["200→10", product(100, 200, 10)],
    ],
  },
  {
    name: "ResNet-20, batch 128",
    layers: [
      ["3→16 3×3 of 32²", convolution(128, 3, 32, 16, 3, 1)],
      ["16→16 3×3 of 32²", convolution(128, 16, 32, 16, 3, 1)],
      ["16→32 3×3 of 32², stride 2", convolution(128, 16, 32, 32, 3, 1, 2)],
      ["32→32 3×3 of 16²", convolution(128, 32, 16, 32, 3, 1)],
      ["32→64 3×3 of 16², stride 2", convolution(128, 32, 16, 64, 3, 1, 2)],
      ["64→64 3×3 of 8²", convolution(128, 64, 8, 64, 3, 1)],
      ["64→10", product(128, 64, 10)],
    ],
  },
  {
    name: "VGG-11, batch 128",
    layers: [
      ["3→64 3×3 of 32²", convolution(128, 3, 32, 64, 3, 1)],
      ["64→64 3×3 of 32²", convolution(128, 64, 32, 64, 3, 1)],
      ["64→128 3×3 of 16²", convolution(128, 64, 16, 128, 3, 1)],
      ["128→256 3×3 of 8²", convolution(128, 128, 8, 256, 3, 1)],
      ["256→256 3×3 of 8²", convolution(128, 256, 8, 256, 3, 1)],
      ["256→512 3×3 of 4²", convolution(128, 256, 4, 512, 3, 1)],
      ["512→512 3×3 of 4²", convolution(128, 512, 4, 512, 3, 1)],
      ["512→512 3×3 of 2²", convolution(128, 512, 2, 512, 3, 1)],
      ["512→10", product(128, 512, 10)],
    ],
  },
  {
    name: "GPT, 16 texts of 64",
    layers: [
      ["128→384", product(1024, 128, 384)],
      ["scores, 64 heads of 64×32", product(64, 32, 64, [64])],
      ["values, 64 heads of 64×64", product(64, 64, 32, [64])],
      ["128→128", product(1024, 128, 128)],
      ["128→512", product(1024, 128, 512)],
      ["512→128", product(1024, 512, 128)],
      ["128→65", product(1024, 128, 65)],
    ],
  },
];

/** The configuration of a layer's pass and the share of its multiply-adds that are not padding. */
export interface LayerWork {
  readonly network: string;
  readonly layer: string;
  readonly pass: Pass;
  readonly form: string;
  readonly useful: number;
  readonly padded: number;
}

/** The work of all layers on a vendor's GPUs. A pass with several contractions has the largest one's configuration. */
export async function layerWork(vendor: string): Promise<LayerWork[]> {
  const recording = await record(vendor);
  return networks.flatMap(({ name: network, layers }) =>
    layers.flatMap(([layer, contraction], i) =>
      passes.filter((pass) => i > 0 || pass !== "input gradient" || network.startsWith("GPT")).map((pass) => {
        recording.choices.length = 0;
        contraction(recording, pass);
        let [useful, padded, most, form] = [0, 0, -1, ""];
        for (const { key, name } of recording.choices) {
          const [batch, m, n, outer, inner] = key.split(" ").slice(-5).map(Number) as [
            number,
            number,
            number,
            number,
            number,
          ];
          const { rows, columns } = kernelConfigs[name as TileName];
          const work = m * n * batch * outer * inner;
          useful += work;
          padded += Math.ceil(m / rows) * rows * Math.ceil(n / columns) * columns * batch * outer * inner;
          // A convolution as matrix products: the products at the points of Winograd's algorithm.
          const winograd = layer.includes("3×3") && key.startsWith("matmul");
          if (work > most) [most, form] = [work, winograd ? `F(4×4), ${name}` : name];
        }
        return { network, layer, pass, form, useful, padded };
      })
    )
  );
}

const vendors = ["nvidia", "apple", "arm"] as const;
const percent = (useful: number, padded: number): string => `${Math.floor(100 * useful / padded)}%`;
const shown = (form: string): string => form.replace("tile", "").replace("x", "×");

async function layerTables(): Promise<string> {
  const all = await Promise.all(vendors.map(layerWork));
  const rows = [["layer", "pass", ...vendors.flatMap((vendor) => [vendor, "useful"])]];
  const totals = [["network", ...vendors]];
  for (const { name } of networks) {
    const of = all.map((works) => works.filter(({ network }) => network === name));
    rows.push([`**${name}**`, "", ...vendors.flatMap(() => ["", ""])]);
    of[0]!.forEach(({ layer, pass }, i) => {
      rows.push([
        layer,
        pass,
        ...of.flatMap((works) => [shown(works[i]!.form), percent(works[i]!.useful, works[i]!.padded)]),
      ]);
    });
    const sum = (works: readonly LayerWork[], field: "useful" | "padded"): number =>
      works.reduce((total, work) => total + work[field], 0);
    totals.push([name, ...of.map((works) => percent(sum(works, "useful"), sum(works, "padded")))]);
  }
  return `${table(totals)}\n\nBy layer:\n\n${table(rows)}`;
}

/** The page. */
export async function page(): Promise<string> {
  return `# Kernels of products and convolutions on GPUs

<!-- Written by tools/gpu_kernels.ts. -->

Matrix products, convolutions and their gradients are one kind of work, contractions, with kernels in several tiles. A
workgroup computes a tile of outputs from panels of both factors in workgroup memory; an invocation computes its own
part of it in registers. Which tile is taken is decided by the estimated time: the multiply-adds of whole tiles, of
which those beyond the matrix are wasted, times the loads for each of them, and by whether there are enough
invocations to keep a GPU of the vendor busy. Tiles that exceed the adapter's workgroup memory or invocations are left out.
Sums are split by the sizes of the problem alone: tiles do not change the bits of results. Software adapters have
kernels of their own, without workgroup memory.

- Four elements are loaded as a vector where offset and strides are multiples of four and four elements are adjacent.
  Four rows that are adjacent along the sum are transposed in registers.
- The positions of a convolution's terms in its image come from a table in workgroup memory, one entry a term. Its
  digits (channel, row, column of the tap) advance by additions with carries. For up to 32 taps each invocation
  keeps one bit for each tap and position: whether it is inside the image. The sizes of 3×3 and 5×5 are constants.
- float16 stays float16 in panels, which is exact; products and sums are float32.
- 3×3 convolutions of float32 with many channels are computed by Winograd's F(4×4, 3×3): a quarter of the multiply-adds,
  in 36 matrix products. The shares below are those of these products.
  [Decision 017](decisions/017-winograd-on-gpus.md) has the sizes.

## By tile

Counted in the WGSL, for an invocation and one term of the sums. "own" is the part of an invocation, and the number of
invocations of a workgroup. Panel loads are vectors of four from workgroup memory, loads those from storage memory.
Divisions are those by sizes that are not constant. Registers are the 32-bit values that the loop keeps, an
estimate: compilers may need more or fewer.

${await formTable()}

## By network

The share of multiply-adds that is not padding, by vendor:

${await layerTables()}
`;
}

if (isMain(import.meta.url)) {
  writeFileSync(fileURLToPath(new URL("../docs/gpu_kernels.md", import.meta.url)), await page());
}
