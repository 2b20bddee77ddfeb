/**
 * Cumulative sums and products. Long lanes are divided into tiles: one pass computes the total of each tile, these are
 * scanned recursively, and a last pass scans each tile starting from the result of the previous ones. A thread or a
 * workgroup processes a tile.
 */
import { isFloat } from "@heddle/tensor";
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { dispatch } from "../shared/dispatch.ts";
import { type Lanes, lanesOf } from "../shared/lanes.ts";
import { inSteps } from "../shared/steps.ts";

type ScanOp = "sum" | "prod";

/** Threads of a workgroup, adjacent elements for each thread, and the resulting tile. */
const groupSize = 64;
const perThread = 16;
const groupTile = groupSize * perThread;

/** Tile of a thread when several threads share a lane, and the longest lane that a single thread processes. */
const threadTile = 1024;
const longestLane = 4096;

/**
 * Number of terms that are summed before the sum is added to the total. The rounding error grows with the longer of
 * both loops.
 */
const block = 64;

/** Cumulative sums along a dimension. */
export function cumsum(
  gpu: GpuContext,
  [x]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  { dim }: Attrs["cumsum"],
): void {
  scan(gpu, "sum", x!, out!, dim);
}

/** Cumulative products along a dimension. */
export function cumprod(
  gpu: GpuContext,
  [x]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  { dim }: Attrs["cumprod"],
): void {
  scan(gpu, "prod", x!, out!, dim);
}

interface Scan {
  readonly op: ScanOp;
  readonly x: GpuOperand;
  readonly out: GpuOperand;
  readonly dim: number;
  readonly lanes: Lanes;
  readonly length: number;
  readonly tile: number;
  /** Tiles in each lane. */
  readonly tiles: number;
  /** Whether a workgroup processes a tile. */
  readonly cooperative: boolean;
}

function scan(gpu: GpuContext, op: ScanOp, x: GpuOperand, out: GpuOperand, dim: number): void {
  const elements = sizeOf(x.shape);
  if (elements === 0) return;
  const length = x.shape[dim] ?? 1;
  const lanes = lanesOf(x.shape, dim, { x, out });
  const cooperative = !gpu.software && length > 64 && (lanes.count < 16384 || length > longestLane);
  const tile = cooperative ? groupTile : length <= longestLane ? length : threadTile;
  const tiles = Math.ceil(length / tile);
  const s: Scan = { op, x, out, dim, lanes, length, tile, tiles, cooperative };
  if (tiles === 1) {
    tilePass(gpu, s, "scan", null);
    return;
  }
  const count = lanes.count * tiles;
  const totals: GpuOperand = {
    buffer: gpu.scratch(4 * count),
    offset: 0,
    dtype: isFloat(x.dtype) ? "float32" : "int32",
    shape: [lanes.count, tiles],
    strides: [tiles, 1],
  };
  const starts: GpuOperand = { ...totals, buffer: gpu.scratch(4 * count) };
  tilePass(gpu, s, "total", totals);
  scan(gpu, op, totals, starts, 1);
  tilePass(gpu, s, "scan", starts);
  gpu.release(totals.buffer);
  gpu.release(starts.buffer);
}

/**
 * Writes the total of every tile to `others`, or scans every tile starting from the value in `others` for the previous
 * tile.
 */
function tilePass(gpu: GpuContext, s: Scan, pass: "total" | "scan", others: GpuOperand | null): void {
  const { op, x, out, lanes, length, tile, tiles, cooperative } = s;
  const type = isFloat(x.dtype) ? "f32" : "i32";
  const identity = `${type}(${op === "sum" ? 0 : 1})`;
  const combine = (a: string, b: string): string => `${a} ${op === "sum" ? "+" : "*"} ${b}`;
  const item = cooperative ? "group" : "thread";
  const items = lanes.count * tiles;
  const start = pass === "scan" && others !== null ? `if (part > 0u) { start = others_get(${item} - 1u); }` : "";
  dispatch(gpu, {
    key: `scan ${op} ${lanes.rank} ${cooperative} ${pass} ${others !== null}`,
    reads: { x, ...(pass === "scan" && others !== null ? { others } : {}) },
    writes: pass === "total" ? { others: others! } : { out },
    params: { length, tile, tiles, ...lanes.params },
    groupSize,
    ...(cooperative ? { groups: items } : { threads: items }),
    declarations: () =>
      cooperative
        ? `var<workgroup> pool: array<${type}, ${
          groupTile + groupSize
        }>;\nvar<workgroup> ends: array<${type}, ${groupSize}>;\n`
        : "",
    body: () =>
      `let part = ${item} % p.tiles;
${lanes.code(`(${item} / p.tiles)`)}
let begin = part * p.tile;
let end = min(begin + p.tile, p.length);
var start = ${identity};
${start}
${cooperative ? groupBody(pass, type, identity, combine) : threadBody(pass, identity, combine)}
`,
  });
}

type Combine = (a: string, b: string) => string;

/** Where an element of a tile is in \`pool\`: the threads' parts begin in different banks. */
const inPool = (i: string): string => `pool[${i} + (${i}) / ${perThread}u]`;

function threadBody(pass: "total" | "scan", identity: string, combine: Combine): string {
  const step = (value: string, k: string): string =>
    `some = ${combine("some", value)}; ` +
    (pass === "scan" ? `out_set(out_lane + ${k} * p.outStep, ${combine("start", "some")});` : "");
  return `for (var first = begin; first < end; first += ${block}u) {
  var some = ${identity};
  let stop = min(first + ${block}u, end);
  var k = first;
  for (; k + 3u < stop; k += 4u) {
    ${inSteps(4, (i) => `let value${i} = x_get(x_lane + (k + ${i}u) * p.xStep);`)}
    ${inSteps(4, (i) => step(`value${i}`, `(k + ${i}u)`))}
  }
  for (; k < stop; k++) { ${step("x_get(x_lane + k * p.xStep)", "k")} }
  start = ${combine("start", "some")};
}
${pass === "total" ? "others_set(thread, start);" : ""}`;
}

/** Adjacent threads read and write adjacent elements; in between each thread scans elements adjacent to each other. */
function groupBody(pass: "total" | "scan", type: string, identity: string, combine: Combine): string {
  const strided = (code: (i: string) => string): string =>
    `for (var i = lane; i < ${groupTile}u; i += ${4 * groupSize}u) {
  ${inSteps(4, (n) => `{ let at = i + ${n * groupSize}u; ${code("at")} }`)}
}`;
  const own = Array.from({ length: perThread }, (_, i) => {
    const place = `pool[lane * ${perThread + 1}u + ${i}u]`;
    return `own = ${combine("own", place)}; ${place} = own;`;
  });
  return `${
    strided((i) =>
      `var value = ${identity}; if (begin + ${i} < end) { value = x_get(x_lane + (begin + ${i}) * p.xStep); } ${
        inPool(i)
      } = value;`
    )
  }
workgroupBarrier();
var own = ${identity};
${own.join("\n")}
ends[lane] = own;
workgroupBarrier();
for (var reach = 1u; reach < ${groupSize}u; reach *= 2u) {
  var sofar: ${type} = ends[lane];
  if (lane >= reach) { sofar = ${combine("ends[lane - reach]", "sofar")}; }
  workgroupBarrier();
  ends[lane] = sofar;
  workgroupBarrier();
}
${
    pass === "total"
      ? `if (lane == 0u) { others_set(group, ends[${groupSize - 1}]); }`
      : strided((i) =>
        `let owner = ${i} / ${perThread}u; var value = ${inPool(i)};
  if (owner > 0u) { value = ${combine("ends[owner - 1u]", "value")}; }
  if (begin + ${i} < end) { out_set(out_lane + (begin + ${i}) * p.outStep, ${combine("start", "value")}); }`
      )
  }`;
}
