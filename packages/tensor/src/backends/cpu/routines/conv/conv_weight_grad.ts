/** The weight gradient of convolutions: a product of taps and filters, summed over the positions of all images. */
import type { ConvAttrs } from "../../../../prims/attrs.ts";
import { convGeometry, imageFields, imageLayout, imageStrides, sizeOfVolume, tapOffsets } from "./conv_geometry.ts";
import { imageTraversal } from "./conv_traversal.ts";
import { convGradOfWeightByDots, suitsDotProducts } from "./conv_weight_dot.ts";
import { rowTable } from "./conv_image.ts";
import { convWeightGradModule, convWeightGradParams, turnRows } from "./conv_weight_grad_module.ts";
import { computeKind, type Element, element, narrowed } from "../element.ts";
import { fittingBytes, imagesOfBlock, roundUp } from "./image_blocks.ts";
import { panelsOf } from "../matmul/panels.ts";
import { knownLength, rowOffsetKernelRows } from "./row_offset_kernel.ts";
import { tileVectors } from "../matmul/register_tile.ts";
import type { Plan, PlanOperand } from "../plan.ts";

/** The multiply-adds of a chunk. */
const grain = 200_000;
/** The bytes of sums up to which each block of images has its own. Above it, the taps are split among threads. */
const sumsPerBlock = 65_536;
/** The positions that are summed at a time, so that their gradients (for a panel of filters) take a third of the L1 cache. */
const turnPositions = 512;
/** The most bytes of packed gradients and prepared images. */
const scratchLimit = 2 ** 26;
/** The elements that a chunk packs. */
const packGrain = 16_384;

/** Computes the gradient `w`, in parts of the batch that fit in `scratchBytes`. `w` and `y` are contiguous. */
export function convGradOfWeight(
  plan: Plan,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  attrs: ConvAttrs,
  scratchBytes: number = scratchLimit,
): void {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  if (suitsDotProducts(g)) return convGradOfWeightByDots(plan, x, w, y, g);
  const kind = computeKind(x.dtype);
  const { relaxedMadd } = plan.features;
  const narrow = element(kind, relaxedMadd);
  const { bytes } = narrow;
  const { batch, groups, channels, filters } = g;
  const strides = imageStrides(x, bytes);
  const positions = sizeOfVolume(g.output);
  const layout = imageLayout(g, strides, bytes);
  const steps = imageTraversal(g, layout, bytes);
  const known = knownLength(narrow, steps.length);
  // One vector that holds all filters comes before two narrower ones.
  const widest = fittingBytes(filters * bytes);
  const of = (vectorBytes: number): Element => narrowed(element(kind, relaxedMadd, vectorBytes), widest);
  const vectorsOf = ({ vectorBytes }: Element): 1 | 2 =>
    vectorBytes > 16 && filters * bytes <= vectorBytes ? 1 : tileVectors;
  const entry = plan.module(
    `conv weight ${kind} ${known} ${widest} ${vectorsOf(of(widest))}`,
    (vectorBytes) => convWeightGradModule(of(vectorBytes), vectorsOf(of(vectorBytes)), known),
  );
  const e = of(entry.vectorBytes);
  const depth = channels * sizeOfVolume(g.kernel);
  const vectors = vectorsOf(e);
  const width = vectors * e.lanes;
  const filterPanels = Math.ceil(filters / width);
  const filtersPadded = filterPanels * width;
  const { count: panels, tall, height } = panelsOf(depth, rowOffsetKernelRows(e));
  const sumBytes = depth * filtersPadded * bytes;
  const imageBytes = layout.bytes * groups * channels;
  const packedBytes = positions * filtersPadded * groups * bytes;
  // How sums are split must not depend on the target: it is planned for vectors of 16 bytes.
  const planned = roundUp(filters, tileVectors * narrow.lanes);
  const plannedBytes = positions * planned * groups * bytes;
  // Large batches are split into parts, each of which is added to the sums of the previous ones.
  const part = Math.max(Math.min(Math.floor(scratchBytes / (imageBytes + plannedBytes)), batch), 1);
  const macs = part * filters * depth * positions;
  const wanted = Math.max(Math.min(Math.ceil(macs / grain), 16), 1);
  const byImages = depth * planned * bytes <= sumsPerBlock;
  const blockImages = byImages ? imagesOfBlock(part, wanted) : part;
  const imageBlocks = Math.ceil(part / blockImages);
  const blockPanels = byImages ? panels : Math.ceil(panels / Math.min(wanted, panels));
  const tapBlocks = Math.ceil(panels / blockPanels);
  const packedPanel = part * positions * e.vectorBytes * vectors;
  const scratch = part * (imageBytes + packedBytes) + sumBytes * imageBlocks * groups;
  const sums = plan.borrow(scratch);
  const packed = sums + sumBytes * imageBlocks * groups;
  const image = packed + part * packedBytes;
  const inPlace = layout.inPlace;
  const large = positions > 2 * turnPositions;
  const values = {
    phase: 0,
    groups,
    batch: part,
    adds: 0,
    ...imageFields(x, strides, g, layout),
    image: inPlace ? x.pointer : image,
    imageBatch: inPlace ? strides[0] : imageBytes,
    imageChannel: layout.channel,
    imageGroup: channels * layout.channel,
    imageBytes: layout.bytes,
    rows: plan.put(rowTable(layout)),
    g: y.pointer,
    gBatch: groups * filters * positions * bytes,
    filters,
    positions,
    packed,
    packedPanel,
    filterPanels,
    filtersPadded,
    taps: plan.put(tapOffsets(g, layout)),
    depth,
    panels,
    tall,
    height,
    planes: plan.put(steps.planes),
    planeCount: steps.planes.length,
    segments: steps.segments,
    segmentBytes: steps.segmentBytes,
    planeBlock: large ? 1 : steps.planes.length,
    segmentBlock: large ? Math.max(Math.floor(turnPositions / steps.length), 1) : steps.segments,
    length: steps.length,
    sums,
    sumBytes,
    imageBlocks,
    blockImages,
    turnImages: Math.max(Math.floor(turnPositions / positions), 1),
    tapBlocks,
    blockPanels,
    turns: Math.ceil(depth / turnRows),
    w: w.pointer,
  };
  for (let first = 0; first < batch; first += part) {
    const images = Math.min(part, batch - first);
    const now = {
      ...values,
      batch: images,
      adds: first > 0 ? 1 : 0,
      x: x.pointer + first * strides[0],
      image: inPlace ? x.pointer + first * strides[0] : image,
      g: y.pointer + first * values.gBatch,
    };
    const phase = (number: number, items: number, each: number): void =>
      plan.run(entry, convWeightGradParams, { ...now, phase: number }, items, Math.max(Math.ceil(packGrain / each), 1));
    if (!inPlace) phase(0, images, imageBytes / bytes);
    phase(1, images, groups * filters * positions);
    // The last part may have fewer blocks of images.
    plan.run(entry, convWeightGradParams, { ...now, phase: 2 }, groups * imageBlocks * tapBlocks, 1);
    if (first + images < batch) continue;
    if (imageBlocks === 1) phase(4, groups * values.turns, turnRows * filters);
    else phase(3, groups * depth, filters * imageBlocks);
  }
  plan.giveBack(sums);
}
