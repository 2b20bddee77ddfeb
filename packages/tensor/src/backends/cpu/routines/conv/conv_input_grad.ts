/**
 * The input gradient of convolutions whose output rows are at least a vector long: contributions are added to the (prepared)
 * image tap by tap.
 */
import type { ConvAttrs } from "../../../../prims/attrs.ts";
import { bestCut, contributions, type Cut, longEntry, piecesEntry, splitEntry, wideCut } from "./conv_contributions.ts";
import { columnEntry, convGeometry, imageLayout, imageStrides, sizeOfVolume, tapOffsets } from "./conv_geometry.ts";
import { rowTable } from "./conv_image.ts";
import { convInputGradModule, convInputGradParams } from "./conv_input_grad_module.ts";
import { computeKind, type Element, element, narrowed } from "../element.ts";
import { fittingBytes, imagesOfTurn, threadStride } from "./image_blocks.ts";
import { nativeCode } from "../../native_code.ts";
import { panelsOf, spreadPays } from "../matmul/panels.ts";
import { tileRows } from "../matmul/register_tile.ts";
import type { Plan, PlanOperand } from "../plan.ts";

/** The multiply-adds of a chunk. */
const grain = 200_000;

/** Computes `x = y * wᵀ`, all contiguous. Returns false if the output rows are too short for vectors. */
export function convGradOfInput(
  plan: Plan,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  attrs: ConvAttrs,
): boolean {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  const kind = computeKind(x.dtype);
  const { relaxedMadd } = plan.features;
  const narrow = element(kind, relaxedMadd);
  const { bytes } = narrow;
  if (g.output[2] < narrow.lanes) return false;
  const { batch, groups, channels, filters } = g;
  const taps = sizeOfVolume(g.kernel);
  const positions = sizeOfVolume(g.output);
  const strides = imageStrides(x, bytes);
  // If the rows of a tile are different channels, they are added to different planes. Taps of one channel would wait for each other.
  const byChannel = channels > 2;
  const spread = narrow.spread && spreadPays(filters) && nativeCode() === null;
  // Several taps of one channel are added in the order of vectors, which must not depend on the target.
  const widest = byChannel ? fittingBytes(g.output[2] * bytes) : 16;
  const wide = (vectorBytes: number): Cut | null => byChannel ? wideCut(g, vectorBytes, bytes) : null;
  const of = (vectorBytes: number): Element =>
    narrowed(element(kind, relaxedMadd, vectorBytes), wide(vectorBytes) === null ? widest : vectorBytes);
  const cuts = [16, 32, 64].map((vectorBytes) => wide(vectorBytes) ?? bestCut(g, of(vectorBytes).lanes).cut);
  const cutOf = (vectorBytes: number): Cut => cuts[Math.log2(vectorBytes) - 4]!;
  const entry = plan.module(
    `conv input ${kind} ${spread} ${widest} ${cuts}`,
    (vectorBytes) => convInputGradModule(of(vectorBytes), spread, cutOf(vectorBytes)),
  );
  const e = of(entry.vectorBytes);
  const { lanes } = e;
  const cut = cutOf(entry.vectorBytes);
  const entryBytes = cut === "long"
    ? longEntry
    : (cut === "rows" ? columnEntry : cut === "positions" ? splitEntry : piecesEntry)(e.vectorBytes);
  const layout = imageLayout(g, strides, bytes);
  const { whole, others } = contributions(g, layout, lanes, bytes, cut);
  const reach = tapOffsets(g, layout);
  const order = reach.map((_, i) => byChannel ? (i % channels) * taps + Math.floor(i / channels) : i);
  const tables = {
    rows: plan.put(rowTable(layout)),
    offsets: plan.put(Int32Array.from({ length: filters }, (_, f) => f * positions * bytes)),
    sources: plan.put(order.map((i) => i * bytes)),
    targets: plan.put(order.map((i) => reach[i]!)),
    columns: plan.put(whole),
    whole: whole.byteLength / columnEntry(e.vectorBytes),
    otherColumns: plan.put(others),
    others: others.byteLength / entryBytes,
  };
  const depth = channels * taps;
  const filtersPadded = Math.ceil(filters / 4) * 4;
  const { count: panels, tall, height } = panelsOf(depth, byChannel ? Math.min(channels, tileRows(e)) : tileRows(e));
  const elements = groups * depth * filtersPadded;
  const packedBytes = elements * bytes;
  const spreadBytes = spread ? elements * 16 : 0;
  const preparedBytes = channels * layout.bytes;
  const scratch = packedBytes + spreadBytes + plan.threads * threadStride(preparedBytes);
  const memory = plan.borrow(scratch);
  const volume = sizeOfVolume(g.input) * bytes;
  const values = {
    ...tables,
    phase: 0,
    groups,
    w: w.pointer,
    wGroup: filters * depth * bytes,
    wFilter: depth * bytes,
    packed: memory,
    spread: memory + packedBytes,
    depth,
    panels,
    tall,
    height,
    filters,
    filtersPadded,
    g: y.pointer,
    gGroup: filters * positions * bytes,
    x: x.pointer,
    xGroup: channels * volume,
    xChannel: volume,
    xBytes: channels * volume,
    complete: layout.complete ? 1 : 0,
    channels,
    rowCount: layout.rows.length,
    step: layout.step,
    prepared: memory + packedBytes + spreadBytes,
    preparedThread: threadStride(preparedBytes),
    preparedChannel: layout.channel,
    preparedBytes,
  };
  const packGrain = Math.max(Math.ceil(16_384 / (tileRows(e) * filters)), 1);
  plan.run(entry, convInputGradParams, values, panels * groups, packGrain);
  const least = Math.max(Math.ceil(grain / (filters * depth * positions)), 1);
  const items = imagesOfTurn(batch * groups, channels * volume, least);
  plan.run(entry, convInputGradParams, { ...values, phase: 1 }, batch * groups, items);
  plan.giveBack(memory);
  return true;
}
