/** The input's gradient of convolutions whose outputs' rows are at least a vector long: added tap by tap to the (prepared) image. */
import type { ConvAttrs } from "../../../prims/attrs.ts";
import type { Engine } from "../engine.ts";
import {
  columnVectors,
  convGeometry,
  geometryKey,
  imageLayout,
  imageStrides,
  sizeOfVolume,
  tapOffsets,
} from "./conv_geometry.ts";
import { rowTable } from "./conv_image.ts";
import { convInputGradModule, convInputGradParams } from "./conv_input_grad_module.ts";
import { computeKind, element } from "./element.ts";
import { entryOf } from "./modules.ts";
import type { CpuOperand } from "./operand.ts";
import { panelsOf, spreadPays } from "./panels.ts";
import { tablesFor } from "./tables.ts";

/** Multiply-adds that are worth a turn of a thread. */
const grain = 200_000;

/** `x = y * wᵀ`, all contiguous, or false where the outputs' rows are too short for vectors. */
export function convGradOfInput(
  engine: Engine,
  x: CpuOperand,
  w: CpuOperand,
  y: CpuOperand,
  attrs: ConvAttrs,
): boolean {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  const kind = computeKind(x.dtype);
  const e = element(kind, engine.features.relaxedMadd);
  const { bytes, lanes } = e;
  if (g.output[2] < lanes) return false;
  const { batch, groups, channels, filters } = g;
  const taps = sizeOfVolume(g.kernel);
  const positions = sizeOfVolume(g.output);
  const strides = imageStrides(x, bytes);
  // Rows of a tile that are channels of one tap are added to different planes; those of neighbouring taps would wait for each other.
  const byChannel = channels > 2;
  const spread = e.spread && spreadPays(filters);
  const entry = entryOf(
    engine,
    `conv input ${kind} ${spread}`,
    () => convInputGradModule(engine.memoryImport, e, spread),
  );
  const key = `conv input ${bytes} ${geometryKey(g)}`;
  const { layout, rows, offsets, targets, columns, vectors } = tablesFor(engine, key, (put) => {
    const layout = imageLayout(g, strides, bytes);
    const { table, count } = columnVectors(g, layout, lanes, bytes);
    for (let i = 0; i < table.length; i += table.length / count) [table[i], table[i + 1]] = [table[i + 1]!, table[i]!];
    const reach = tapOffsets(g, layout);
    const targets = byChannel ? reach.map((_, i) => reach[(i % channels) * taps + Math.floor(i / channels)]!) : reach;
    return {
      layout,
      rows: put(rowTable(layout)),
      offsets: put(Int32Array.from({ length: filters }, (_, f) => f * positions * bytes)),
      targets: put(targets),
      columns: put(table),
      vectors: count,
    };
  });
  const { heap } = engine;
  const depth = channels * taps;
  const partRows = byChannel ? channels : depth;
  const filtersPadded = Math.ceil(filters / 4) * 4;
  const { count: panels, tall, height } = panelsOf(partRows);
  const elements = groups * depth * filtersPadded;
  const packedBytes = elements * bytes;
  const spreadBytes = spread ? elements * 16 : 0;
  const preparedBytes = channels * layout.bytes;
  const scratch = packedBytes + spreadBytes + engine.threads * preparedBytes;
  const memory = heap.alloc(scratch);
  const volume = sizeOfVolume(g.input) * bytes;
  const values = {
    phase: 0,
    groups,
    w: w.pointer,
    wGroup: filters * depth * bytes,
    wPart: bytes,
    wRow: byChannel ? taps * bytes : bytes,
    wFilter: depth * bytes,
    packed: memory,
    spread: memory + packedBytes,
    parts: depth / partRows,
    partRows,
    panels,
    tall,
    height,
    filters,
    filtersPadded,
    offsets,
    targets,
    g: y.pointer,
    gGroup: filters * positions * bytes,
    columns,
    vectors,
    x: x.pointer,
    xGroup: channels * volume,
    xChannel: volume,
    xBytes: channels * volume,
    complete: layout.complete ? 1 : 0,
    channels,
    rows,
    rowCount: layout.rows.length,
    step: layout.step,
    prepared: memory + packedBytes + spreadBytes,
    preparedThread: preparedBytes,
    preparedChannel: layout.channel,
    preparedBytes,
  };
  const packGrain = Math.max(Math.ceil(65_536 / (partRows * filters)), 1);
  engine.parallel(entry, convInputGradParams.write(engine, values), values.parts * groups, packGrain);
  const items = Math.max(Math.ceil(grain / (filters * depth * positions)), 1);
  engine.parallel(entry, convInputGradParams.write(engine, { ...values, phase: 1 }), batch * groups, items);
  heap.release(memory, scratch);
  return true;
}
