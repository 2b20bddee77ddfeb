/** The weight gradient of convolutions by Winograd's F(3 × 3, 4 × 4): tiles of samples and of gradients are transformed and multiplied. */
import type { ConvAttrs } from "../../../../prims/attrs.ts";
import { type Element, element } from "../element.ts";
import { imagesOfBlock, roundUp } from "../conv/image_blocks.ts";
import { fits, tileOffsets, tilesPay, tilingOf } from "./winograd.ts";
import { winogradGradModule, winogradGradParams } from "./winograd_grad_module.ts";
import { points, tileSize } from "./winograd_points.ts";
import { squareBytes } from "./winograd_passes.ts";
import type { Plan, PlanOperand } from "../plan.ts";

/** The most bytes of transformed samples and gradients of a unit, so that they and their sums stay in the L2 cache. */
const unitBytes = 2 ** 19;
/** The number of filters per group. Samples are transformed once for each group. */
const groupFilters = 64;
/** The most bytes of the sums of all parts of the batch. */
const sumBytes = 2 ** 22;
/** The outputs per part: enough that adding up the parts is cheap in comparison. */
const partOutputs = 1024;
/** The least and the most work items for the threads, if memory suffices. */
const [leastItems, mostItems] = [4, 16] as const;
const xis = points * points;

/** The sizes of the sums, for vectors of filters (`quads`, in groups) and of channels. */
function sizesOf(channels: number, filters: number, { lanes, vectorBytes }: Element) {
  const filterQuads = Math.ceil(filters / lanes);
  const groupQuads = Math.ceil(filterQuads / Math.ceil(filters / groupFilters));
  const groups = Math.ceil(filterQuads / groupQuads);
  // Vectors of 16 bytes come in pairs.
  const pairs = vectorBytes === 16;
  const channelPanels = Math.ceil(channels / (pairs ? 2 * lanes : lanes));
  const channelVectors = pairs ? 2 * channelPanels : channelPanels;
  const sumsXi = channelVectors * vectorBytes;
  const sumsRow = xis * sumsXi;
  const sumsPart = filterQuads * lanes * sumsRow;
  return { filterQuads, groupQuads, groups, channelPanels, channelVectors, sumsXi, sumsRow, sumsPart };
}

/** Computes the gradient `w`. `w` and `y` are contiguous. Returns false if another algorithm is faster or required. */
export function convGradOfWeightByTiles(
  plan: Plan,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  attrs: ConvAttrs,
): boolean {
  const [filters, channels] = w.shape as [number, number];
  if (!fits(x, w, attrs) || !tilesPay(channels, filters, y.shape)) return false;
  const [batch, , xHeight, xWidth] = x.shape as [number, number, number, number];
  const [, , gHeight, gWidth] = y.shape as [number, number, number, number];
  const { relaxedMadd } = plan.features;
  const entry = plan.module("winograd grad", (bytes) => winogradGradModule(element("f32", relaxedMadd, bytes)));
  const e = element("f32", relaxedMadd, entry.vectorBytes);
  const [xBatch, xChannel, xRow] = x.strides.map((stride) => stride * 4) as [number, number, number];
  // Which sums are computed must not depend on the target: it is planned for vectors of 16 bytes.
  const planned = sizesOf(channels, filters, element("f32", relaxedMadd));
  const { filterQuads, groupQuads, groups, channelPanels, channelVectors, sumsXi, sumsRow, sumsPart } = sizesOf(
    channels,
    filters,
    e,
  );
  const tileBytes = xis * (planned.channelPanels * 32 + planned.groupQuads * 16);
  const wanted = Math.min(
    Math.ceil(mostItems / planned.groups),
    Math.floor(sumBytes / planned.sumsPart),
    Math.max(Math.floor((batch * gHeight * gWidth) / partOutputs), leastItems),
  );
  const tiling = tilingOf(batch, gHeight, gWidth, Math.max(Math.floor(unitBytes / tileBytes), 8), wanted);
  const { rows, columns, blockImages: unitImages, bandRows, bands, blocks: units } = tiling;
  const partUnits = imagesOfBlock(units, Math.max(wanted, 1));
  const parts = Math.ceil(units / partUnits);
  const hangs = gHeight % tileSize !== 0 || gWidth % tileSize !== 0;
  const pitch = (columns * tileSize + 4) * 4;
  const gPitch = hangs ? pitch : gWidth * 4;
  const image = { blockImages: 1, bandRows, columns };
  const sources = plan.put(tileOffsets(image, 0, pitch));
  const gSources = plan.put(tileOffsets(image, 0, gPitch));
  const unitTiles = unitImages * bandRows * columns;
  const plane = (bandRows * tileSize + points - tileSize) * pitch;
  const square = squareBytes(e);
  const samples = roundUp(square + e.lanes * plane + (e.vectorBytes > 16 ? e.vectorBytes : 0), 64);
  const gradients = samples + channelVectors * unitTiles * square;
  const scratch = gradients + groupQuads * unitTiles * square;
  const bytes = parts * sumsPart + plan.threads * scratch;
  const memory = plan.borrow(bytes);
  const values = {
    sources,
    gSources,
    phase: 0,
    channels,
    channelPanels,
    filters,
    filterQuads,
    groupQuads,
    batch,
    units,
    partUnits,
    parts,
    unitImages,
    bands,
    bandRows,
    tileRows: rows,
    tileColumns: columns,
    unitTiles,
    x: x.pointer,
    xBatch,
    xChannel,
    xRow,
    xHeight,
    xWidth,
    top: attrs.padding[0]!,
    left: attrs.padding[1]!,
    pitch,
    plane,
    g: y.pointer,
    gBatch: filters * gHeight * gWidth * 4,
    gChannel: gHeight * gWidth * 4,
    gRow: gWidth * 4,
    gHeight,
    gWidth,
    hangs: hangs ? 1 : 0,
    gPitch,
    square: memory + parts * sumsPart,
    scratch,
    samples,
    gradients,
    sums: memory,
    sumsXi,
    sumsRow,
    sumsPart,
    w: w.pointer,
  };
  plan.run(entry, winogradGradParams, values, parts * groups, 1);
  const filtersAtOnce = Math.max(Math.ceil(512 / (channels * parts)), 1);
  plan.run(entry, winogradGradParams, { ...values, phase: 1 }, filters, filtersAtOnce);
  plan.giveBack(memory);
  return true;
}
