/**
 * The output of convolutions whose rows are at least a vector long: tiles read the (prepared) image in place. With reversed weights
 * this also computes the input gradient.
 */
import type { Attrs, ConvAttrs } from "../../../../prims/attrs.ts";
import { type ConvForm, convForwardModule, convForwardParams } from "./conv_forward_module.ts";
import { bestCut } from "./conv_contributions.ts";
import {
  columnVectors,
  type ConvGeometry,
  convGeometry,
  imageFields,
  imageLayout,
  imageStrides,
  sizeOfVolume,
  tapOffsets,
  type Volume,
} from "./conv_geometry.ts";
import { rowTable } from "./conv_image.ts";
import { computeKind, type Element, element, narrowed } from "../element.ts";
import { fittingBytes, threadStride } from "./image_blocks.ts";
import { nativeCode } from "../../native_code.ts";
import { panelsOf, spreadPays } from "../matmul/panels.ts";
import { positionRuns } from "./position_kernel.ts";
import { tileRows, tileVectors } from "../matmul/register_tile.ts";
import type { Plan, PlanOperand } from "../plan.ts";

/** The multiply-adds of a chunk. */
const grain = 200_000;

/** The layout of the weights, in bytes. The steps of a filter are those of `parts` parts, one after another. */
interface Weights {
  readonly wGroup: number;
  readonly wFilter: number;
  readonly wStep: number;
  readonly wPart: number;
  readonly parts: number;
  readonly partSteps: number;
}

function elementOf(plan: Plan, x: PlanOperand): Element {
  return element(computeKind(x.dtype), plan.features.relaxedMadd);
}

/** Computes `y = x * w + bias` with contiguous w, y and bias. Returns false if the output rows are too short for vectors. */
export function convForward(
  plan: Plan,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  attrs: Attrs["conv"],
  bias?: PlanOperand,
): boolean {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  const { bytes, lanes } = elementOf(plan, x);
  if (g.output[2] < lanes) return false;
  const steps = g.channels * sizeOfVolume(g.kernel);
  const wFilter = steps * bytes;
  const weights = { wGroup: g.filters * wFilter, wFilter, wStep: bytes, wPart: 0, parts: 1, partSteps: steps };
  convolve(plan, x, w, w.pointer, weights, y, g, { bias, rectifies: attrs.activation === "relu" });
  return true;
}

/**
 * Computes `x = y * wᵀ`, all contiguous, as a convolution of y with the taps in reverse order. Returns false if adding the
 * contributions of each output is faster, because much of the work would be on padding, or if strides leave gaps.
 */
export function convBackward(plan: Plan, x: PlanOperand, w: PlanOperand, y: PlanOperand, attrs: ConvAttrs): boolean {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  const { bytes, lanes } = elementOf(plan, x);
  if (g.stride.some((s) => s !== 1) || g.input[2] < lanes) return false;
  const rows = ([d, h]: Volume): number => d * h;
  const adding = g.output[2] < lanes ? rows(g.output) * lanes * (g.filters + 16) : bestCut(g, lanes).cost;
  if (rows(g.input) * Math.ceil(g.input[2] / lanes) * g.filters >= adding) return false;
  const taps = sizeOfVolume(g.kernel);
  const weights = {
    wGroup: g.filters * g.channels * taps * bytes,
    wFilter: taps * bytes,
    wStep: g.channels * taps * bytes,
    wPart: -bytes,
    parts: taps,
    partSteps: g.filters,
  };
  const padding = g.kernel.map((k, d) => g.dilation[d]! * (k - 1) - g.padding[d]!) as unknown as Volume;
  const turned = { ...g, channels: g.filters, filters: g.channels, input: g.output, output: g.input, padding };
  convolve(plan, y, w, w.pointer + (taps - 1) * bytes, weights, x, turned, { rectifies: false });
  return true;
}

/** The fraction of peak speed of tiles with 1 to 5 rows: of filters, with as many vectors as fit; of positions, with two vectors. */
const shares = { filters: [0.6, 0.77, 0.88, 0.86, 0.93], positions: [0.3, 0.45, 0.65, 0.8, 0.87] } as const;

/** The average of these fractions over the panels of a number of rows. */
function share(of: readonly number[], rows: number): number {
  const { count, tall, height } = panelsOf(rows, of.length);
  let time = ((count - tall) * height) / of[height - 1]!;
  if (tall > 0) time += (tall * (height + 1)) / of[height]!;
  return rows / time;
}

/** The bytes of the widest vectors that tiles of a form can have: rows of outputs, or panels of filters, fill them. */
function widestOf(g: ConvGeometry, { bytes }: Element, form: ConvForm): number {
  if (form !== "positions") return fittingBytes(g.output[2] * bytes);
  const line = g.filters * bytes;
  return fittingBytes(line % 64 === 0 ? 64 : line % 32 === 0 ? 32 : 16);
}

/** The vectors of filters of tiles of positions: one, if panels of two would not be full. */
function filterVectors({ filters }: ConvGeometry, { lanes }: Element): 1 | 2 {
  return filters % (tileVectors * lanes) === 0 ? tileVectors : 1;
}

/** The fraction of a register file's multiply-adds that tiles of a form reach, about, with wide vectors. */
function wideShare(g: ConvGeometry, e: Element, form: ConvForm): number {
  const vectorBytes = Math.min(widestOf(g, e, form), e.vectorBytes);
  const { filters, output: [, , ow] } = g;
  const lanes = vectorBytes / e.bytes;
  const [lines, used] = form === "positions" ? [ow, 1] : [filters, ow / (Math.ceil(ow / lanes) * lanes)];
  const rows = lines / Math.ceil(lines / tileRows({ vectorBytes }));
  return used * (vectorBytes / e.vectorBytes) * rows / (rows + 2);
}

/** The form of tiles that is estimated to be fastest. */
function formOf(g: ConvGeometry, e: Element, steps: number): ConvForm {
  if (e.spread && spreadPays(steps)) return "spread filters";
  const { filters, output: [, , ow] } = g;
  if (e.vectorBytes > 16) {
    if (filters * e.bytes % (tileVectors * 16) !== 0) return "filters";
    return wideShare(g, e, "positions") > wideShare(g, e, "filters") ? "positions" : "filters";
  }
  if (!e.fused || filters % (tileVectors * e.lanes) !== 0) return "filters";
  const used = ow / (Math.ceil(ow / e.lanes) * e.lanes);
  return share(shares.positions, ow) > 1.05 * used * share(shares.filters, filters) ? "positions" : "filters";
}

function convolve(
  plan: Plan,
  x: PlanOperand,
  { source }: PlanOperand,
  w: number,
  weights: Weights,
  y: PlanOperand,
  g: ConvGeometry,
  { bias, rectifies }: { readonly bias?: PlanOperand | undefined; readonly rectifies: boolean },
): void {
  const { relaxedMadd } = plan.features;
  const narrow = elementOf(plan, x);
  const { bytes, kind } = narrow;
  const strides = imageStrides(x, bytes);
  const steps = g.channels * sizeOfVolume(g.kernel);
  // All forms add the same terms in the same order.
  const form = formOf(g, element(kind, relaxedMadd, nativeCode()?.target.vectorBytes), steps);
  const widest = widestOf(g, narrow, form);
  const of = (vectorBytes: number): Element => narrowed(element(kind, relaxedMadd, vectorBytes), widest);
  const entry = plan.module(
    `conv ${kind} ${form} ${widest} ${form === "positions" && filterVectors(g, of(widest))}`,
    (vectorBytes) => convForwardModule(of(vectorBytes), form, filterVectors(g, of(vectorBytes))),
  );
  const e = of(entry.vectorBytes);
  const { lanes } = e;
  const layout = imageLayout(g, strides, bytes);
  const { table: columns, count: vectors } = form === "positions"
    ? positionRuns(g, layout, bytes, tileRows(e))
    : columnVectors(g, layout, lanes, bytes);
  const { batch, groups, channels, filters } = g;
  const stepsPadded = Math.ceil(steps / 4) * 4;
  const positions = sizeOfVolume(g.output);
  const width = filterVectors(g, e) * lanes;
  const { count: panels, tall, height } = form === "positions"
    ? { count: filters / width, tall: 0, height: width }
    : panelsOf(filters, tileRows(e));
  const elements = groups * filters * stepsPadded;
  const packedBytes = elements * bytes;
  const spreadBytes = form === "spread filters" ? elements * 16 : 0;
  const preparedBytes = channels * layout.bytes;
  const biasBytes = groups * filters * bytes;
  const own = source === undefined ? packedBytes + spreadBytes : 0;
  const biasAt = own + plan.threads * threadStride(preparedBytes);
  const scratch = biasAt + biasBytes;
  const memory = plan.borrow(scratch);
  if (!bias) plan.zero(memory + biasAt, biasBytes);
  const macs = filters * steps * positions;
  // Few images would leave threads idle, so their columns are split among threads too.
  const blocks = Math.max(
    Math.min(Math.ceil(16 / (batch * groups)), Math.ceil(macs / grain), Math.ceil(vectors / 12)),
    1,
  );
  const values = {
    ...weights,
    phase: 0,
    groups,
    w,
    filters,
    packed: memory,
    spread: memory + packedBytes,
    panels,
    tall,
    height,
    steps,
    stepsPadded,
    offsets: plan.put(tapOffsets(g, layout)),
    ...imageFields(x, strides, g, layout),
    rows: plan.put(rowTable(layout)),
    prepared: memory + own,
    preparedThread: threadStride(preparedBytes),
    y: y.pointer,
    yBatch: groups * filters * positions * bytes,
    yGroup: filters * positions * bytes,
    yFilter: positions * bytes,
    columns: plan.put(columns),
    vectors,
    blocks,
    blockVectors: Math.ceil(vectors / blocks),
    bias: bias ? bias.pointer : memory + biasAt,
    rectifies: rectifies ? 1 : 0,
  };
  const packGrain = Math.max(Math.ceil(16_384 / (steps * 5)), 1);
  const { wFilter, wStep, parts } = weights;
  const packing = source &&
    `${form} ${kind} ${e.vectorBytes} ${w - source.pointer} ${groups} ${filters} ${steps} ${wFilter} ${wStep} ${parts}`;
  values.packed = plan.prepared(source, packing ?? "", packedBytes + spreadBytes, memory, (packed) => {
    values.packed = packed;
    values.spread = packed + packedBytes;
    plan.run(entry, convForwardParams, values, panels * groups, packGrain);
  });
  values.spread = values.packed + packedBytes;
  values.phase = 1;
  const items = Math.max(Math.ceil(grain * blocks / macs), 1);
  plan.run(entry, convForwardParams, values, batch * groups * blocks, items);
  plan.giveBack(memory);
}
