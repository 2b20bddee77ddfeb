/**
 * Convolutions of 3 × 3 taps by Winograd's F(4 × 4, 3 × 3). It takes a quarter of the multiplications; its additional copies and
 * additions grow with channels plus filters, not with their product. docs/decisions/006-winograd.md has the measurements behind the
 * choice.
 */
import type { Attrs, ConvAttrs } from "../../../../prims/attrs.ts";
import { element } from "../element.ts";
import { imagesOfBlock, roundUp } from "../conv/image_blocks.ts";
import { panelsOf } from "../matmul/panels.ts";
import { tileRows, tileVectors } from "../matmul/register_tile.ts";
import { winogradModule } from "./winograd_module.ts";
import { winogradParams } from "./winograd_params.ts";
import { points, tileSize } from "./winograd_points.ts";
import { squareBytes } from "./winograd_passes.ts";
import type { Plan, PlanOperand } from "../plan.ts";

/** The most bytes of transformed samples of a block of tiles, so that they stay in the L2 cache. */
const blockBytes = 2 ** 19;
/** The most tiles of a block. */
const blockTiles = 64;
/** The most bytes of transformed weights: they take four times the bytes of the weights, and are read from memory for every block. */
const weightBytes = 2 ** 24;
/** The number of channels and filters from which the transforms pay. With four they cost as much as they save. */
const leastChannels = 8;
/** The number of tiles in a batch from which transforming the weights pays. */
const leastTiles = 16;
/** The least fraction of the tiles' outputs that must be used. For 5 × 5 outputs it is 0.39. */
const leastUsed = 0.5;
const xis = points * points;

/** How tiles cover the outputs, and how they form blocks: whole images, or bands of rows of tiles. */
export interface Tiling {
  readonly rows: number;
  readonly columns: number;
  readonly blockImages: number;
  readonly bandRows: number;
  /** The number of bands of an image. */
  readonly bands: number;
  readonly blocks: number;
  /** The number of tiles in a block, rounded up to whole panels. */
  readonly tiles: number;
}

/**
 * Tiles for outputs of this size: at most `most` per block unless a row has more, and at least `least` blocks if there are enough
 * images. A panel has `panel` tiles.
 */
export function tilingOf(
  batch: number,
  height: number,
  width: number,
  most: number,
  least: number,
  panel: number = 8,
): Tiling {
  const [rows, columns] = [Math.ceil(height / tileSize), Math.ceil(width / tileSize)];
  const fitting = Math.max(Math.floor(most / (rows * columns)), 1);
  const blockImages = imagesOfBlock(batch, Math.max(Math.ceil(batch / fitting), least));
  const wanted = Math.max(Math.ceil((rows * columns) / most), Math.ceil(least / batch));
  const bandRows = blockImages > 1 ? rows : Math.ceil(rows / Math.min(wanted, rows));
  const bands = Math.ceil(rows / bandRows);
  return {
    ...{ rows, columns, blockImages, bandRows, bands },
    blocks: Math.ceil(batch / blockImages) * bands,
    tiles: Math.ceil((blockImages * bandRows * columns) / panel) * panel,
  };
}

/** The byte offsets of a block's tiles, for images `image` bytes apart with rows `pitch` bytes apart. */
export function tileOffsets(
  { blockImages, bandRows, columns }: Pick<Tiling, "blockImages" | "bandRows" | "columns">,
  image: number,
  pitch: number,
): Int32Array {
  return Int32Array.from({ length: blockImages * bandRows * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    return Math.floor(row / bandRows) * image + (row % bandRows) * tileSize * pitch + (i % columns) * tileSize * 4;
  });
}

/** Whether tiles can compute a convolution: it has two dimensions, 3 × 3 taps, and stride and dilation 1. */
export function fits(x: PlanOperand, w: PlanOperand, { stride, dilation, padding, groups }: ConvAttrs): boolean {
  return x.dtype === "float32" && x.shape.length === 4 && groups === 1 && w.shape[2] === 3 && w.shape[3] === 3 &&
    x.strides[3] === 1 && [...stride, ...dilation].every((n) => n === 1) && padding.every((n) => n >= 0 && n <= 2);
}

/** Computes `y = x * w + bias` with contiguous w, y and bias. Returns false if another algorithm is faster or required. */
export function convByTiles(
  plan: Plan,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  attrs: Attrs["conv"],
  bias?: PlanOperand,
): boolean {
  if (!fits(x, w, attrs)) return false;
  const [filters, channels] = w.shape as [number, number];
  if (!tilesPay(channels, filters, y.shape)) return false;
  const weights = { source: w.source, w: w.pointer, wFilter: channels * 36, wChannel: 36, wTap: 4 };
  convolve(plan, x, weights, y, attrs.padding, { bias, rectifies: attrs.activation === "relu" });
  return true;
}

/**
 * Computes the input gradient: a convolution of the gradient `y`, with filters and channels swapped and taps reversed. All
 * operands are contiguous.
 */
export function convGradByTiles(
  plan: Plan,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  attrs: ConvAttrs,
): boolean {
  if (!fits(y, w, attrs)) return false;
  const [filters, channels] = w.shape as [number, number];
  if (!tilesPay(filters, channels, x.shape)) return false;
  const weights = { source: w.source, w: w.pointer + 32, wFilter: 36, wChannel: channels * 36, wTap: -4 };
  convolve(plan, y, weights, x, attrs.padding.map((n) => 2 - n), { rectifies: false });
  return true;
}

/** Whether tiles are faster for these channels, filters and outputs. */
export function tilesPay(channels: number, filters: number, [batch, , height, width]: readonly number[]): boolean {
  if (xis * channels * filters * 4 > weightBytes) return false;
  const { rows, columns } = tilingOf(1, height!, width!, 1, 1);
  const used = (height! * width!) / (rows * columns * tileSize ** 2);
  return Math.min(channels, filters) >= leastChannels && used >= leastUsed && batch! * rows * columns >= leastTiles;
}

interface Weights {
  readonly source: PlanOperand["source"];
  readonly w: number;
  readonly wFilter: number;
  readonly wChannel: number;
  readonly wTap: number;
}

function convolve(
  plan: Plan,
  x: PlanOperand,
  { source, w, wFilter, wChannel, wTap }: Weights,
  y: PlanOperand,
  padding: readonly number[],
  { bias, rectifies }: { readonly bias?: PlanOperand | undefined; readonly rectifies: boolean },
): void {
  const { relaxedMadd } = plan.features;
  const [batch, channels, xHeight, xWidth] = x.shape as [number, number, number, number];
  const [, filters, yHeight, yWidth] = y.shape as [number, number, number, number];
  const [xBatch, xChannel, xRow] = x.strides.map((stride) => stride * 4) as [number, number, number];
  const entry = plan.module("winograd", (bytes) => winogradModule(element("f32", relaxedMadd, bytes)));
  const e = element("f32", relaxedMadd, entry.vectorBytes);
  const panel = tileVectors * e.lanes;
  const most = Math.max(Math.min(Math.floor(blockBytes / (xis * channels * 4)), blockTiles), panel);
  // Threads share the blocks, but a block of less than a panel would waste the panel's other tiles.
  const panels = Math.floor(batch * Math.ceil(yHeight / tileSize) * Math.ceil(yWidth / tileSize) / panel);
  const tiling = tilingOf(batch, yHeight, yWidth, most, Math.max(Math.min(panels, 4), 1), panel);
  const { rows, columns, blockImages, bandRows, bands, blocks, tiles } = tiling;
  const pitch = (columns * tileSize + 4) * 4;
  const preparedImage = (bandRows * tileSize + points - tileSize) * pitch;
  const cuts = yHeight % tileSize !== 0 || yWidth % tileSize !== 0;
  const cutPitch = columns * tileSize * 4;
  const cutImage = cuts ? bandRows * tileSize * cutPitch : 0;
  const yBatch = filters * yHeight * yWidth * 4;
  const sources = plan.put(tileOffsets(tiling, preparedImage, pitch));
  const targets = plan.put(cuts ? tileOffsets(tiling, cutImage, cutPitch) : tileOffsets(tiling, yBatch, yWidth * 4));
  const { count: filterPanels, tall, height } = panelsOf(filters, tileRows(e));
  const weightsXi = channels * filters * 4 + 64;
  const square = squareBytes(e);
  const valuesAt = square + roundUp(blockImages * preparedImage, 64);
  const productsAt = valuesAt + (tiles / e.lanes) * channels * square;
  const cutAt = productsAt + (tiles / e.lanes) * filters * square;
  const scratch = roundUp(cutAt + blockImages * cutImage, 64);
  const atPoints = roundUp(xis * weightsXi, 64);
  const own = source === undefined ? atPoints : 0;
  const bytes = own + 64 + plan.threads * scratch;
  const memory = plan.borrow(bytes);
  const noBias = memory + own;
  if (!bias) plan.zero(noBias, 4);
  const values = {
    phase: 0,
    w,
    wFilter,
    wChannel,
    wTap,
    sources,
    targets,
    weights: memory,
    weightsXi,
    channels,
    filters,
    panels: filterPanels,
    tall,
    height,
    x: x.pointer,
    xBatch,
    xChannel,
    xRow,
    xHeight,
    xWidth,
    top: padding[0]!,
    left: padding[1]!,
    batch,
    blockImages,
    bands,
    bandRows,
    tileRows: rows,
    tileColumns: columns,
    prepared: memory + own + 64,
    preparedImage,
    pitch,
    values: valuesAt,
    products: productsAt,
    scratch,
    y: y.pointer,
    yBatch,
    yChannel: yHeight * yWidth * 4,
    yHeight,
    yWidth,
    cut: cuts ? cutAt : 0,
    cutImage,
    cutPitch,
    bias: bias ? bias.pointer : noBias,
    biasStep: bias ? 4 : 0,
    rectifies: rectifies ? 1 : 0,
  };
  const layout = source &&
    `winograd ${e.vectorBytes} ${w - source.pointer} ${channels} ${filters} ${wFilter} ${wTap}`;
  values.weights = plan.prepared(source, layout ?? "", atPoints, memory, (weights) => {
    values.weights = weights;
    const grain = Math.max(Math.ceil(512 / (tileRows(e) * channels)), 1);
    plan.run(entry, winogradParams, values, filterPanels, grain);
  });
  values.phase = 1;
  plan.run(entry, winogradParams, values, blocks, 1);
  plan.giveBack(memory);
}
