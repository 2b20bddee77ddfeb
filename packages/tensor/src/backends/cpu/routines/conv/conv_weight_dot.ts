/** The weight gradient of convolutions with few taps, as dot products. */
import {
  type ConvGeometry,
  imageFields,
  imageLayout,
  imageStrides,
  sizeOfVolume,
  tapOffsets,
} from "./conv_geometry.ts";
import { rowTable } from "./conv_image.ts";
import { convWeightDotModule, convWeightDotParams } from "./conv_weight_dot_module.ts";
import { imageTraversal } from "./conv_traversal.ts";
import { dotAside, dotLefts, dotLength, dotLoops, dotRights } from "../matmul/dot_kernel.ts";
import { computeKind, type Element, element } from "../element.ts";
import { imagesOfBlock, threadStride } from "./image_blocks.ts";
import { panelsOf } from "../matmul/panels.ts";
import type { Plan, PlanOperand } from "../plan.ts";

/** The multiply-adds of a chunk. */
const grain = 200_000;
/** The number of taps (of all channels) from which packing the gradient is worth its cost. */
const manyTaps = 100;
/** The number of outputs per image below which sums are too short. */
const fewPositions = 64;
/** The number of outputs per row below which there are too many rows. */
const shortRow = 8;

/** Whether dot products are faster than the packed form. */
export function suitsDotProducts(g: ConvGeometry): boolean {
  const depth = g.channels * sizeOfVolume(g.kernel);
  return depth < manyTaps && sizeOfVolume(g.output) >= fewPositions && g.output[2] >= shortRow;
}

/** Computes the gradient `w`. `w` and `y` are contiguous. */
export function convGradOfWeightByDots(
  plan: Plan,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  g: ConvGeometry,
): void {
  const kind = computeKind(x.dtype);
  const of = (vectorBytes: number): Element => element(kind, plan.features.relaxedMadd, vectorBytes);
  const { bytes } = of(16);
  const { batch, groups, channels, filters } = g;
  const strides = imageStrides(x, bytes);
  const positions = sizeOfVolume(g.output);
  const layout = imageLayout(g, strides, bytes);
  const walk = imageTraversal(g, layout, bytes);
  const mostOf = (e: Element): number => Math.min(filters, dotLefts(e));
  const length = dotLength(walk.length, bytes);
  const entry = plan.module(
    `conv weight dot ${kind} ${length} ${[16, 32, 64].map((vectorBytes) => mostOf(of(vectorBytes)))}`,
    (vectorBytes) => convWeightDotModule(of(vectorBytes), length, mostOf(of(vectorBytes))),
  );
  const e = of(entry.vectorBytes);
  const most = mostOf(e);
  const depth = channels * sizeOfVolume(g.kernel);
  const [filterPanels, tapPanels] = [
    panelsOf(filters, most),
    panelsOf(Math.ceil(depth / dotAside(e)), dotRights(e, most)),
  ];
  const macs = batch * filters * depth * positions;
  const blockImages = imagesOfBlock(batch, Math.min(Math.max(Math.ceil(macs / grain), 1), 16));
  const imageBlocks = Math.ceil(batch / blockImages);
  const preparedBytes = channels * layout.bytes;
  const sumBytes = threadStride(filters * depth * 16);
  const sumsBytes = sumBytes * imageBlocks * groups;
  const scratch = sumsBytes + plan.threads * threadStride(preparedBytes);
  const sums = plan.borrow(scratch);
  const values = {
    phase: 0,
    groups,
    batch,
    blockImages,
    imageBlocks,
    ...imageFields(x, strides, g, layout),
    rows: plan.put(rowTable(layout)),
    prepared: sums + sumsBytes,
    preparedThread: threadStride(preparedBytes),
    g: y.pointer,
    gBatch: groups * filters * positions * bytes,
    gGroup: filters * positions * bytes,
    gFilter: positions * bytes,
    filters,
    filterPanels: filterPanels.count,
    filterTall: filterPanels.tall,
    filterHeight: filterPanels.height,
    taps: plan.put(tapOffsets(g, layout)),
    depth,
    tapPanels: tapPanels.count,
    tapTall: tapPanels.tall,
    tapHeight: tapPanels.height,
    planes: plan.put(walk.planes),
    planeCount: walk.planes.length,
    segments: walk.segments,
    segmentBytes: walk.segmentBytes,
    loops: dotLoops(walk.length, bytes),
    sums,
    sumBytes,
    w: w.pointer,
  };
  plan.run(entry, convWeightDotParams, values, groups * imageBlocks, 1);
  const filtersAtOnce = Math.max(Math.ceil(16_384 / (depth * imageBlocks)), 1);
  plan.run(entry, convWeightDotParams, { ...values, phase: 1 }, groups * filters, filtersAtOnce);
  plan.giveBack(sums);
}
