/** Matrix products. Every product of matrices goes through {@link gemm}, so that a native library could take its place. */
import type { Engine } from "../engine.ts";
import { element } from "./element.ts";
import { gemmModule } from "./gemm_module.ts";
import { gemmParams, rightPitch } from "./gemm_params.ts";
import type { GemmWork } from "./gemm_work.ts";
import { gemv } from "./gemv.ts";
import { cachedModule } from "./module_cache.ts";
import { panelsOf } from "./panels.ts";
import { tileRows, tileVectors } from "./tile.ts";
import { roundUp } from "./image_blocks.ts";

/** Multiply-adds that are worth a turn of a thread. */
const grain = 200_000;
/** Elements whose packing is. */
const packGrain = 65_536;
/** Bytes of a row of a block of the inner dimension: panels of that depth fill half of a first-level cache. */
const depthBytes = 2048;
/** The same where left panels are spread. */
const spreadDepthBytes = 1024;
/** Rows in a block of left panels, which stays in the second-level cache while right panels pass by. */
const blockRows = 120;
/** Columns in a block. */
const blockColumns = 512;
/** Bytes of packed operands up to which a batch's products are packed and multiplied one by one, by one thread each. */
const smallProduct = 512 * 1024;

/** Bytes that a packed operand may take. */
const packedLimit = 2 ** 26;

/** Scalar products of more elements are summed part by part, the parts in float64, so that they keep their digits. */
const dotPart = 4096;

/** Parts of at most `most`, all about equally large. */
function evenly(total: number, most: number): number {
  return Math.ceil(total / Math.ceil(total / most));
}

/** See {@link dotPart}. */
function longDots(engine: Engine, work: GemmWork): void {
  const { k, leftK, rightK, products } = work;
  const parts = Math.ceil(k / dotPart);
  const bytes = 4 * parts;
  const scratch = engine.heap.borrow(bytes);
  for (let i = 0; i < products.length; i += 3) {
    const part = (at: number): number[] => [
      products[i]! + at * dotPart * leftK,
      products[i + 1]! + at * dotPart * rightK,
      scratch + 4 * at,
    ];
    const whole = Int32Array.from(Array.from({ length: parts - 1 }, (_, at) => part(at)).flat());
    const plain = { ...work, bias: undefined, activation: undefined };
    gemm(engine, { ...plain, k: dotPart, products: whole });
    gemm(engine, { ...plain, k: k - (parts - 1) * dotPart, products: Int32Array.from(part(parts - 1)) });
    const { buffer } = engine.heap.memory;
    let sum = new Float32Array(buffer, scratch, parts).reduce((total, x) => total + x, 0);
    if (work.bias !== undefined) {
      sum += new Float32Array(buffer, (work.bias + (i / 3) * (work.biasStep ?? 0)) >>> 0, 1)[0]!;
    }
    new Float32Array(buffer, products[i + 2]! >>> 0, 1)[0] = work.activation === "relu" && sum < 0 ? 0 : sum;
  }
  engine.heap.giveBack(scratch);
}

/** A product of some of the rows and columns. */
function part(work: GemmWork, row: number, m: number, column: number, n: number): GemmWork {
  const { leftM, rightN, outStride } = work;
  const { bytes } = element(work.kind, false);
  const moves = [row * leftM, column * rightN, row * outStride + column * bytes];
  const bias = work.bias === undefined ? undefined : work.bias + column * bytes;
  return { ...work, m, n, bias, products: work.products.map((pointer, i) => pointer + moves[i % 3]!) };
}

/** See the module's comment; `packedBytes` is what a packed operand may take, beyond which the product is formed part by part. */
export function gemm(engine: Engine, work: GemmWork, packedBytes: number = packedLimit): void {
  const { kind, m, n, k, products } = work;
  const count = products.length / 3;
  if (m === 0 || n === 0 || count === 0) return;
  const lineBytes = k * element(kind, false).bytes;
  const most = Math.max(Math.floor(packedBytes / lineBytes / 40), 1) * 40; // whole panels of either kind
  if (m > most) {
    for (let i = 0; i < m; i += most) gemm(engine, part(work, i, Math.min(most, m - i), 0, n), packedBytes);
    return;
  }
  if (n > most) {
    for (let j = 0; j < n; j += most) gemm(engine, part(work, 0, m, j, Math.min(most, n - j)), packedBytes);
    return;
  }
  if (kind === "f32" && m === 1 && n === 1 && k >= 2 * dotPart && !work.adds) return longDots(engine, work);
  // Many small ones are better packed one after the other than called for one by one.
  if ((m === 1 || n === 1) && (count === 1 || m * n * k >= 8192) && gemv(engine, work)) return;
  const e = element(kind, engine.features.relaxedMadd);
  const entry = cachedModule(engine, `gemm ${kind}`, () => gemmModule(engine.memoryImport, e));
  const { heap } = engine;
  const width = tileVectors * e.lanes;
  const { count: leftPanels, tall, height } = panelsOf(m);
  const rightPanels = Math.ceil(n / width);
  const kPadded = roundUp(k, 4);
  const leftBytes = roundUp(m * kPadded * e.bytes, 64);
  const rightBytes = roundUp(rightPanels * kPadded * rightPitch, 64);
  const depth = k === 0 ? 1 : roundUp(evenly(k, (e.spread ? spreadDepthBytes : depthBytes) / e.bytes), 4);
  const macs = m * n * k;
  const together = count > 1 && leftBytes + rightBytes <= smallProduct;
  const threads = together ? engine.threads : 1;
  const scratch = leftBytes + rightBytes;
  const tableBytes = together ? products.byteLength : 0;
  const spreadThread = roundUp(e.spread ? tileRows * depth * 16 : depth * rightPitch, 64);
  const biasCount = work.bias === undefined ? 0 : work.biasStep ? count : 1;
  const biasBytes = rightPanels * rightPitch;
  const bytes = scratch * threads + tableBytes + spreadThread * engine.threads + biasCount * biasBytes;
  const memory = heap.borrow(bytes);
  const table = memory + scratch * threads;
  // Tiles read whole panels of it, which may go beyond its end.
  const bias = biasCount === 0 ? 0 : memory + bytes - biasCount * biasBytes;
  for (let i = 0; i < biasCount; i++) {
    const from = work.bias! + i * (work.biasStep ?? 0);
    heap.bytes.copyWithin(bias + i * biasBytes, from, from + n * e.bytes);
  }

  // Blocks of about equal size, several even when the result is small, so that threads can share it.
  const wanted = Math.min(Math.max(Math.ceil(macs / grain), 1), 16);
  // Right panels that only one block of rows needs are packed just before they are used, while they are in cache.
  const inTurn = !e.spread && m <= 2 * blockRows && (together || rightPanels >= 16);
  let rows = inTurn ? leftPanels : evenly(leftPanels, Math.ceil(blockRows / tileRows));
  let columns = evenly(rightPanels, Math.ceil(blockColumns / width));
  while (Math.ceil(leftPanels / rows) * Math.ceil(rightPanels / columns) < wanted) {
    // Wide blocks are worth more where panels have to be spread for each.
    if (columns > 1 && (inTurn || columns * width >= rows * tileRows * (e.spread ? 4 : 1))) {
      columns = Math.ceil(columns / 2);
    } else if (rows > 1 && !inTurn) rows = Math.ceil(rows / 2);
    else break;
  }
  const columnBlocks = Math.ceil(rightPanels / columns);
  const blocks = Math.ceil(leftPanels / rows) * columnBlocks;
  const values = {
    phase: 0,
    m,
    n,
    k,
    kPadded,
    left: 0,
    leftM: work.leftM,
    leftK: work.leftK,
    right: 0,
    rightK: work.rightK,
    rightN: work.rightN,
    packedLeft: memory,
    packedRight: memory + leftBytes,
    out: 0,
    outStride: work.outStride,
    tall,
    height,
    leftPanels,
    rightPanels,
    blockRows: rows,
    blockColumns: columns,
    columnBlocks,
    depth,
    table,
    scratch,
    adds: work.adds ? 1 : 0,
    spread: table + tableBytes,
    spreadThread,
    inTurn: inTurn ? 1 : 0,
    bias,
    biasStep: biasCount > 1 ? biasBytes : 0,
    rectifies: work.activation === "relu" ? 1 : 0,
  };
  if (together) {
    new Int32Array(heap.memory.buffer, table, products.length).set(products);
    const params = gemmParams.write(engine, { ...values, phase: 2 });
    engine.parallel(entry, params, count, Math.max(Math.ceil(grain / Math.max(macs, 1)), 1));
  } else {
    for (let i = 0; i < count; i++) {
      const one = { ...values, left: products[3 * i]!, right: products[3 * i + 1]!, out: products[3 * i + 2]! };
      one.bias += i * one.biasStep;
      const panels = Math.max(Math.ceil(packGrain / (width * Math.max(k, 1))), 1);
      engine.parallel(entry, gemmParams.write(engine, one), leftPanels + (inTurn ? 0 : rightPanels), panels);
      engine.parallel(entry, gemmParams.write(engine, { ...one, phase: 1 }), blocks, 1);
    }
  }
  heap.giveBack(memory);
}
