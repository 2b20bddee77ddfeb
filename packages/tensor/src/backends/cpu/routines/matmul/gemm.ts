/** Matrix products. All of them go through {@link gemm}, so that a native library could replace it. */
import { type Element, element } from "../element.ts";
import { gemmModule } from "./gemm_module.ts";
import { gemmParams, rightPitch } from "./gemm_params.ts";
import type { GemmWork } from "./gemm_work.ts";
import { gemv } from "./gemv.ts";
import { panelsOf } from "./panels.ts";
import { tileRows, tileVectors } from "./register_tile.ts";
import { blockSteps, panelLines, stepBytes, sumBytes } from "./tile_layout.ts";
import { roundUp } from "../conv/image_blocks.ts";
import type { Plan } from "../plan.ts";

/** The multiply-adds of a chunk per 16 bytes of a vector: about 10 µs. */
const macsPerChunk = 200_000;
/** The same with tiles, whatever the vectors. */
const tileMacsPerChunk = 4_000_000;
/** The elements that a chunk packs. */
const packGrain = 65_536;
/** The least panels of a chunk that packs wide vectors: they read memory in runs of so many. */
const packPanels = 8;
/** The steps in a block of the inner dimension. Results depend on it, so that it is the same for all widths of vectors. */
const depthSteps = 512;
/** The same in bytes, if left panels are spread. */
const spreadDepthBytes = 1024;
/**
 * The rows in a block of left panels. The block and its results stay in the L2 cache while right panels are streamed; meanwhile tiles
 * fetch the next right panel.
 */
const blockRows = 120;
/** The same with tiles (AMX), which do not fetch: more rows use each right panel, as otherwise the next one comes too late. */
const tileBlockRows = 480;
/** The most rows with which right panels are packed just before use. */
const turnRows = 240;
/** The columns in a block. */
const blockColumns = 512;
/** The bytes of packed operands up to which each product of a batch is packed and multiplied by one thread. */
const smallProduct = 512 * 1024;

/** Products whose operands are too large are computed in parts of a multiple of so many rows or columns: whole panels, or nearly. */
const partUnit = 40;
/** The most bytes of a packed operand. */
const packedLimit = 2 ** 26;

/** Dot products of more elements are summed in parts, and the parts in float64, to stay accurate. */
const dotPart = 4096;

/** The size of equal parts of at most `most`. */
function evenly(total: number, most: number): number {
  return Math.ceil(total / Math.ceil(total / most));
}

/** Computes dot products in parts of {@link dotPart} elements. */
function longDots(plan: Plan, work: GemmWork): void {
  const { k, leftK, rightK, products } = work;
  const parts = Math.ceil(k / dotPart);
  const bytes = 4 * parts;
  const scratch = plan.borrow(bytes);
  for (let i = 0; i < products.length; i += 3) {
    const part = (at: number): number[] => [
      products[i]! + at * dotPart * leftK,
      products[i + 1]! + at * dotPart * rightK,
      scratch + 4 * at,
    ];
    const whole = Array.from({ length: parts - 1 }, (_, at) => part(at)).flat();
    const plain = { ...work, bias: undefined, activation: undefined };
    gemm(plan, { ...plain, k: dotPart, products: whole });
    gemm(plan, { ...plain, k: k - (parts - 1) * dotPart, products: part(parts - 1) });
    const bias = work.bias === undefined ? undefined : work.bias + (i / 3) * (work.biasStep ?? 0);
    plan.call((address, buffer) => {
      let sum = new Float32Array(buffer, address(scratch), parts).reduce((total, x) => total + x, 0);
      if (bias !== undefined) sum += new Float32Array(buffer, address(bias), 1)[0]!;
      new Float32Array(buffer, address(products[i + 2]!), 1)[0] = work.activation === "relu" && sum < 0 ? 0 : sum;
    });
  }
  plan.giveBack(scratch);
}

/** The product of a range of rows and columns. */
function part(work: GemmWork, row: number, m: number, column: number, n: number): GemmWork {
  const { leftM, rightN, outStride } = work;
  const { bytes } = element(work.kind, false);
  const moves = [row * leftM, column * rightN, row * outStride + column * bytes];
  const bias = work.bias === undefined ? undefined : work.bias + column * bytes;
  return { ...work, m, n, bias, products: work.products.map((pointer, i) => pointer + moves[i % 3]!) };
}

/** Computes matrix products. If a packed operand would take more than `packedBytes`, the product is computed in parts. */
export function gemm(plan: Plan, work: GemmWork, packedBytes: number = packedLimit): void {
  const { kind, m, n, k, products } = work;
  const count = products.length / 3;
  if (m === 0 || n === 0 || count === 0) return;
  const lineBytes = k * element(kind, false).bytes;
  const most = Math.max(Math.floor(packedBytes / lineBytes / partUnit), 1) * partUnit;
  if (m > most) {
    for (let i = 0; i < m; i += most) gemm(plan, part(work, i, Math.min(most, m - i), 0, n), packedBytes);
    return;
  }
  if (n > most) {
    for (let j = 0; j < n; j += most) gemm(plan, part(work, 0, m, j, Math.min(most, n - j)), packedBytes);
    return;
  }
  if (kind === "f32" && m === 1 && n === 1 && k >= 2 * dotPart && !work.adds) return longDots(plan, work);
  // Many small products are faster as one call that packs them one after another.
  // Those do not pack, which is when elements are rounded.
  if (!work.rounded && (m === 1 || n === 1) && (count === 1 || m * n * k >= 8192) && gemv(plan, work)) return;
  const { relaxedMadd } = plan.features;
  const { rounded = false } = work;
  const key = rounded ? `gemm ${kind} rounded` : `gemm ${kind}`;
  const elementFor = (vectorBytes: number, tiles: boolean): Element =>
    element(kind, relaxedMadd, vectorBytes, !rounded ? "exact" : tiles ? "tiles" : "rounded");
  const entry = plan.module(key, (bytes, tiles) => gemmModule(elementFor(bytes, tiles)), { tiles: rounded });
  const { tiles } = entry;
  const e = elementFor(entry.vectorBytes, tiles);
  const [mostRows, pitch] = [tiles ? panelLines : tileRows(e), rightPitch(e)];
  const width = tileVectors * e.lanes;
  const stepUnit = tiles ? blockSteps : 4;
  const { count: leftPanels, tall, height } = panelsOf(m, mostRows);
  const rightPanels = Math.ceil(n / width);
  const kPadded = roundUp(k, stepUnit);
  const leftBytes = tiles ? leftPanels * kPadded * stepBytes : roundUp(m * kPadded * e.bytes, 64);
  const rightBytes = roundUp(rightPanels * kPadded * pitch, 64);
  const depth = k === 0 ? 1 : roundUp(evenly(k, e.spread ? spreadDepthBytes / e.bytes : depthSteps), stepUnit);
  const together = count > 1 && leftBytes + rightBytes <= smallProduct;
  const macs = m * n * k;
  const grain = tiles ? tileMacsPerChunk : macsPerChunk * e.vectorBytes / 16;
  // Work for less than one and a half chunks is done by one thread: another would wait longer for its operands than it saves.
  const chunks = Math.max(Math.round((together ? count : 1) * macs / grain), 1);
  const threads = together ? plan.threads : 1;
  const rightSource = count === 1 ? work.rightSource : undefined;
  // Of a tensor times itself one side is kept: keeping the second may free the first.
  const leftSource = count === 1 && work.leftSource?.memory !== rightSource?.memory ? work.leftSource : undefined;
  const leftOwn = leftSource === undefined ? leftBytes : 0;
  const scratch = leftOwn + (rightSource === undefined ? rightBytes : 0);
  const spreadThread = roundUp(e.spread ? mostRows * depth * 16 : depth * pitch, 64) + (tiles ? sumBytes : 0);
  const biasCount = work.bias === undefined ? 0 : work.biasStep ? count : 1;
  const biasBytes = rightPanels * width * e.bytes;
  const bytes = scratch * threads + spreadThread * plan.threads + biasCount * biasBytes;
  const memory = plan.borrow(bytes);
  // Tiles read whole panels of the bias, which may reach beyond its end.
  const bias = biasCount === 0 ? 0 : memory + bytes - biasCount * biasBytes;
  for (let i = 0; i < biasCount; i++) {
    const from = work.bias! + i * (work.biasStep ?? 0);
    plan.move(bias + i * biasBytes, from, n * e.bytes);
  }

  // Blocks of about equal size; several even if the result is small, so that threads can share the work.
  const wanted = Math.min(chunks, 16);
  // Right panels that only one block of rows uses are packed just before use, so that they are still in cache.
  const inTurn = rightSource === undefined && !e.spread && m <= turnRows && (together || rightPanels >= 16);
  let rows = inTurn ? leftPanels : evenly(leftPanels, Math.ceil((tiles ? tileBlockRows : blockRows) / mostRows));
  let columns = evenly(rightPanels, Math.ceil(blockColumns / width));
  while (Math.ceil(leftPanels / rows) * Math.ceil(rightPanels / columns) < wanted) {
    // Wide blocks pay more if panels have to be spread for each block.
    if (columns > 1 && (inTurn || columns * width >= rows * mostRows * (e.spread ? 4 : 1))) {
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
    packedRight: memory + leftOwn,
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
    table: 0,
    scratch,
    adds: work.adds ? 1 : 0,
    spread: memory + scratch * threads,
    spreadThread,
    inTurn: inTurn ? 1 : 0,
    bias,
    biasStep: biasCount > 1 ? biasBytes : 0,
    rectifies: work.activation === "relu" ? 1 : 0,
  };
  if (together) {
    const table = plan.putAddresses(products);
    plan.run(entry, gemmParams, { ...values, table, phase: 2 }, count, Math.ceil(count / chunks));
  } else {
    const least = e.vectorBytes > 16 ? packPanels : 1;
    const panels = Math.max(Math.ceil(packGrain / (width * Math.max(k, 1))), least);
    const pack = (items: number): void => plan.run(entry, gemmParams, values, items, panels);
    /** Packs both operands, or takes what is kept. Items are the right panels, then the left ones; or, in turn, the left ones alone. */
    const packSources = (): void => {
      const { left, right } = values;
      const layout = `${key} ${e.packing} ${e.vectorBytes} ${k}`;
      const leftKey = leftSource && `left ${layout} ${left - leftSource.pointer} ${m} ${work.leftM} ${work.leftK}`;
      values.inTurn = 1;
      values.packedLeft = plan.prepared(leftSource, leftKey ?? "", leftBytes, values.packedLeft, (pointer) => {
        values.packedLeft = pointer;
        pack(leftPanels);
      });
      if (inTurn) return;
      const rightKey = rightSource &&
        `right ${layout} ${right - rightSource.pointer} ${n} ${work.rightK} ${work.rightN}`;
      values.inTurn = 0;
      values.packedRight = plan.prepared(rightSource, rightKey ?? "", rightBytes, values.packedRight, (pointer) => {
        values.packedRight = pointer;
        pack(rightPanels);
      });
    };
    for (let i = 0; i < count; i++) {
      values.left = products[3 * i]!;
      values.right = products[3 * i + 1]!;
      values.out = products[3 * i + 2]!;
      values.bias = bias + i * values.biasStep;
      values.phase = 0;
      if (leftSource === undefined && rightSource === undefined) pack(leftPanels + (inTurn ? 0 : rightPanels));
      else packSources();
      values.phase = 1;
      plan.run(entry, gemmParams, values, blocks, 1);
    }
  }
  plan.giveBack(memory);
}
