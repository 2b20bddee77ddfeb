/** The operands of fused attention, and what happens to a score: scale, masks, causality and dropout. */
import { type Attrs, broadcastStrides, contiguousStrides, sizeOf } from "@heddle/tensor/backend";
import { floatBits, type GpuContext, type GpuOperand } from "../../gpu_context.ts";
import { infinityBits } from "../../render/buffer_access.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { mergeDimensions } from "../../strides.ts";
import { philox } from "../random/random.ts";
import type { BoundBuffer } from "../shared/dispatch.ts";
import { dot, numbered, type Params } from "../shared/params.ts";
import { type Tiling, tilingFor } from "./tiles.ts";

/** Matrices of a batch by name, and everything that kernels of one call share. */
export interface Attention {
  readonly tiling: Tiling;
  /** The number of adjacent threads that exchange values; 1 if they cannot. */
  readonly subgroup: number;
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  /** Features of queries and keys, and of values. */
  readonly width: number;
  readonly valueWidth: number;
  readonly causal: boolean;
  readonly dropped: boolean;
  readonly masks: number;
  /** Part of the key of a shader. */
  readonly key: string;
  readonly operands: Readonly<Record<string, GpuOperand>>;
  readonly params: Params;
  /** Statements that find the batch `z`: matrix NAME begins at `NAME_base`. */
  readonly bases: (names: readonly string[]) => string;
}

/** Prepares operands by name. The last two dimensions are those of a matrix; the others broadcast to `shape`. */
export function attentionOf(
  gpu: GpuContext,
  operands: Readonly<Record<string, GpuOperand>>,
  masks: readonly GpuOperand[],
  attrs: Attrs["attention"],
  shape: readonly number[],
): Attention {
  const [q, k, v] = [operands["q"]!, operands["k"]!, operands["v"]!];
  const [queries, width] = q.shape.slice(-2) as [number, number];
  const [keys, valueWidth] = v.shape.slice(-2) as [number, number];
  const all: Record<string, GpuOperand> = { ...operands };
  masks.forEach((mask, i) => all[`mask${i}`] = asMatrix(mask));
  const names = Object.keys(all);
  // The draws are those of a contiguous tensor in the shape of the scores.
  const drawn = batchOf(q.shape, k.shape);
  const lead = (i: readonly number[], strides: readonly number[]) =>
    broadcastStrides(i.slice(0, -2), strides.slice(0, -2), shape);
  const { shape: sizes, strides } = mergeDimensions(shape, [
    ...names.map((name) => lead(all[name]!.shape, all[name]!.strides)),
    broadcastStrides(drawn, contiguousStrides(drawn), shape),
  ]);
  const rank = sizes.length;
  let params: Record<string, number> = {
    inf: infinityBits,
    ...{ queries, keys, width, valueWidth, scale: floatBits(attrs.scale), causalOffset: attrs.causalOffset ?? 0 },
    ...numbered("size", sizes),
  };
  names.forEach((name, i) => {
    const { offset, shape, strides: own } = all[name]!;
    const [rows, columns] = [-2, -1].map((d) => shape.at(d) === 1 ? 0 : own.at(d)!);
    params = {
      ...params,
      ...numbered(`${name}Batch`, strides[i]!),
      ...{ [`${name}Offset`]: offset, [`${name}Row`]: rows!, [`${name}Column`]: columns! },
    };
  });
  const dropped = attrs.dropoutP > 0;
  if (dropped) {
    const { dropoutP, key, counter, blockQueries } = attrs as Required<Attrs["attention"]>;
    const draws = sizeOf(drawn) * Math.min(blockQueries, queries) * keys;
    if (draws > 2 ** 31) {
      throw new RangeError(
        `attention: dropout of ${draws} weights in a block of ${blockQueries} queries is too much; use a smaller batch`,
      );
    }
    params = {
      ...params,
      ...numbered("drawBatch", strides[names.length]!),
      ...{ key0: key[0], key1: key[1], low: counter % 2 ** 32, high: Math.floor(counter / 2 ** 32) },
      ...{ block: Math.max(Math.min(blockQueries, queries), 1), drawn: sizeOf(drawn) },
      // All is dropped: 0 · ∞ would not be 0.
      ...{ dropoutP: floatBits(dropoutP), kept: floatBits(dropoutP === 1 ? 0 : 1 / (1 - dropoutP)) },
    };
  }
  return {
    tiling: tilingFor(gpu),
    subgroup: gpu.subgroup,
    batch: sizeOf(sizes),
    ...{ queries, keys, width, valueWidth, dropped },
    causal: attrs.causalOffset !== null,
    masks: masks.length,
    key: `${names} ${rank}${attrs.causalOffset === null ? "" : " causal"}${dropped ? " dropout" : ""}`,
    operands: all,
    params,
    bases: (found) =>
      coordinates("c", "z", paramNames("size", rank)) +
      found.map((name) => `let ${name}_base = p.${name}Offset + ${dot("c", `p.${name}Batch`, rank)};\n`).join("") +
      (dropped ? `let draw_row = ${dot("c", "p.drawBatch", rank)};\n` : ""),
  };
}

/** A mask with two dimensions or more. */
function asMatrix(mask: GpuOperand): GpuOperand {
  const missing = Math.max(0, 2 - mask.shape.length);
  const ones = Array<number>(missing).fill(1);
  return { ...mask, shape: [...ones, ...mask.shape], strides: [...ones, ...mask.strides] };
}

function batchOf(a: readonly number[], b: readonly number[]): number[] {
  const [x, y] = [a.slice(0, -2), b.slice(0, -2)];
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, d) => {
    const [i, j] = [x[d - rank + x.length] ?? 1, y[d - rank + y.length] ?? 1];
    return i === 1 ? j : i;
  });
}

const maskNames = ({ masks }: Attention): string[] => Array.from({ length: masks }, (_, i) => `mask${i}`);

/** The buffers of the operands by name, with those of the masks. */
export function bound(a: Attention, names: readonly string[]): Record<string, BoundBuffer> {
  return Object.fromEntries([...names, ...maskNames(a)].map((name) => [name, a.operands[name]!]));
}

/** Where the operands begin, with the masks. */
export function basesOf(a: Attention, names: readonly string[]): string {
  return a.bases([...names, ...maskNames(a)]);
}

/**
 * `NAME_at(base, row, column)`: an element of a matrix, 0 outside of it. Conditions are combined by `&`: with the branches of
 * `&&` SwiftShader compiled these kernels for minutes and in gigabytes, instead of seconds.
 */
export function elementFunction(name: string, rows: string, columns: string): string {
  return `fn ${name}_at(base: u32, row: u32, column: u32) -> f32 {
  return select(0f, ${name}_get(base + row * p.${name}Row + column * p.${name}Column), (row < p.${rows}) & (column < p.${columns}));
}
`;
}

/**
 * `score(product, query, key, …)`: the scaled and masked score, −∞ for a key that does not take part. With dropout also
 * `dropped(draw_row, query, key)`: which of the weights of four adjacent keys are dropped.
 */
export function scoreFunctions(a: Attention): string {
  const masks = maskNames(a);
  const applied = masks.map((name) => {
    const value = `${name}_get(${name}_base + query * p.${name}Row + key * p.${name}Column)`;
    return a.operands[name]!.dtype === "bool" ? `x = select(-infinity(), x, ${value} != 0);` : `x += ${value};`;
  });
  const seen = a.causal ? "x = select(x, -infinity(), i32(key) > i32(query) + i32(p.causalOffset));" : "";
  return `fn score(product: f32, query: u32, key: u32${masks.map((name) => `, ${name}_base: u32`).join("")}) -> f32 {
  var x = product * bitcast<f32>(p.scale);
  ${[seen, ...applied].join("\n  ")}
  return select(-infinity(), x, (query < p.queries) & (key < p.keys));
}
${a.dropped ? dropout(a) : ""}`;
}

/** The code of a score. */
export function scoreOf(a: Attention, product: string, query: string, key: string): string {
  return `score(${product}, ${query}, ${key}${maskNames(a).map((name) => `, ${name}_base`).join("")})`;
}

function dropout({ causal }: Attention): string {
  return `${philox}
// The keys that the queries of a block see.
fn seen_keys(block: u32) -> u32 {
  ${
    causal
      ? `return u32(clamp(i32(min((block + 1u) * p.block, p.queries)) + i32(p.causalOffset), 0, i32(p.keys)));`
      : "return p.keys;"
  }
}
fn dropped(draw_row: u32, query: u32, key: u32) -> vec4<bool> {
  let block = query / p.block;
  // Blocks before this one have drawn whole words of four.
  var counter = vec2<u32>(p.low, p.high);
  for (var b = 0u; b < block; b++) {
    let before = counter.x;
    counter.x += (p.drawn * p.block * seen_keys(b) + 3u) / 4u;
    if (counter.x < before) { counter.y++; }
  }
  let start = block * p.block;
  let rows = min(p.block, p.queries - start);
  let element = (draw_row * rows + query - start) * seen_keys(block) + key;
  let low = counter.x + element / 4u;
  let first = philox(vec2<u32>(low, counter.y + select(0u, 1u, low < counter.x)));
  var words = first;
  let shift = element % 4u;
  if (shift != 0u) {
    let next = philox(vec2<u32>(low + 1u, counter.y + select(0u, 1u, low + 1u < counter.x)));
    if (shift == 1u) { words = vec4<u32>(first.yzw, next.x); }
    if (shift == 2u) { words = vec4<u32>(first.zw, next.xy); }
    if (shift == 3u) { words = vec4<u32>(first.w, next.xyz); }
  }
  return vec4<f32>(words >> vec4<u32>(8u)) * ${2 ** -24}f < vec4<f32>(bitcast<f32>(p.dropoutP));
}
`;
}
