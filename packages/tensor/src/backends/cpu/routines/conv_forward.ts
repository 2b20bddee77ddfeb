/** The output of convolutions whose rows are at least a vector long: tiles read the (prepared) image where it lies. */
import type { ConvAttrs } from "../../../prims/attrs.ts";
import type { Engine } from "../engine.ts";
import { convForwardModule, convForwardParams } from "./conv_forward_module.ts";
import { columnVectors, convGeometry, imageLayout, imageStrides, sizeOfVolume, tapOffsets } from "./conv_geometry.ts";
import { rowTable } from "./conv_image.ts";
import { computeKind, element } from "./element.ts";
import { entryOf } from "./modules.ts";
import type { CpuOperand } from "./operand.ts";
import { panelsOf, spreadPays } from "./panels.ts";
import { tablesFor } from "./tables.ts";

/** Multiply-adds that are worth a turn of a thread. */
const grain = 200_000;

/** `y = x * w` with contiguous w and y, or false where the outputs' rows are too short for vectors. */
export function convForward(engine: Engine, x: CpuOperand, w: CpuOperand, y: CpuOperand, attrs: ConvAttrs): boolean {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  const kind = computeKind(x.dtype);
  const e = element(kind, engine.features.relaxedMadd);
  const { bytes, lanes } = e;
  if (g.output[2] < lanes) return false;
  const strides = imageStrides(x, bytes);
  const steps = g.channels * sizeOfVolume(g.kernel);
  const spread = e.spread && spreadPays(steps);
  const entry = entryOf(engine, `conv ${kind} ${spread}`, () => convForwardModule(engine.memoryImport, e, spread));
  const key = `conv ${bytes} ${strides} ${Object.values(g).join()}`;
  const { layout, rows, offsets, columns, vectors } = tablesFor(engine, key, (put) => {
    const layout = imageLayout(g, strides, bytes);
    const columns = columnVectors(g, layout, lanes, bytes);
    return {
      layout,
      rows: put(rowTable(layout)),
      offsets: put(tapOffsets(g, layout)),
      columns: put(columns.table),
      vectors: columns.count,
    };
  });
  const { heap } = engine;
  const { batch, groups, channels, filters } = g;
  const stepsPadded = Math.ceil(steps / 4) * 4;
  const positions = sizeOfVolume(g.output);
  const { count: panels, tall, height } = panelsOf(filters);
  const elements = groups * filters * stepsPadded;
  const packedBytes = elements * bytes;
  const spreadBytes = spread ? elements * 16 : 0;
  const preparedBytes = channels * layout.bytes;
  const scratch = packedBytes + spreadBytes + engine.threads * preparedBytes;
  const memory = heap.alloc(scratch);
  const macs = filters * steps * positions;
  // A few images alone would leave threads idle: their columns are shared out, too.
  const blocks = Math.max(
    Math.min(Math.ceil(16 / (batch * groups)), Math.ceil(macs / grain), Math.ceil(vectors / 12)),
    1,
  );
  const values = {
    phase: 0,
    groups,
    w: w.pointer,
    wGroup: filters * steps * bytes,
    packed: memory,
    spread: memory + packedBytes,
    filters,
    panels,
    tall,
    height,
    steps,
    stepsPadded,
    offsets,
    x: x.pointer,
    xBatch: strides[0],
    xGroup: channels * strides[1],
    xChannel: strides[1],
    channels,
    rows,
    rowCount: layout.rows.length,
    step: layout.step,
    prepared: memory + packedBytes + spreadBytes,
    preparedThread: preparedBytes,
    preparedChannel: layout.channel,
    preparedBytes,
    y: y.pointer,
    yBatch: groups * filters * positions * bytes,
    yGroup: filters * positions * bytes,
    yFilter: positions * bytes,
    columns,
    vectors,
    blocks,
    blockVectors: Math.ceil(vectors / blocks),
  };
  const packGrain = Math.max(Math.ceil(65_536 / (steps * 5)), 1);
  engine.parallel(entry, convForwardParams.write(engine, values), panels * groups, packGrain);
  const items = Math.max(Math.ceil(grain * blocks / macs), 1);
  engine.parallel(entry, convForwardParams.write(engine, { ...values, phase: 1 }), batch * groups * blocks, items);
  heap.release(memory, scratch);
  return true;
}
