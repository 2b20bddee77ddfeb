/** Random tensors from the Philox stream. Bits and uniform numbers equal those of the reference; normal numbers are within some ulp. */
import { type DType, type HalfDType, isHalfDType, itemSize, typedArrayOver } from "../../../../dtype.ts";
import type { RandomAttrs } from "../../../../prims/attrs.ts";
import { isContiguous, sizeOf } from "../../../../shape.ts";
import { random as plain, uniformStep } from "../../../reference/random.ts";
import type { Engine } from "../../engine.ts";
import { copyElements, temporary } from "../operand_copies.ts";
import { cachedModule } from "../module_cache.ts";
import type { CpuOperand } from "../operand.ts";
import { blocksPerRound, type Draw, philoxModule, philoxParams } from "./philox_module.ts";

/** The rounds (of 64 bytes) per chunk. */
const grain = 1024;
const roundBytes = 64;

function drawOf(distribution: RandomAttrs["distribution"], dtype: DType): Draw | null {
  if (distribution === "bits") return dtype === "int32" ? "bits" : null;
  if (dtype === "float64") return distribution === "uniform" ? "wide" : null;
  return dtype === "float32" ? distribution : null;
}

/** Fills contiguous memory. */
function fill(engine: Engine, draw: Draw, pointer: number, bytes: number, { key, counter }: RandomAttrs): void {
  const entry = cachedModule(engine, `random ${draw}`, (vectorBytes) => philoxModule(draw, vectorBytes));
  const params = (out: number, first: number): number =>
    philoxParams.write(engine, {
      out,
      counterLow: first,
      counterHigh: Math.floor(first / 2 ** 32),
      key0: key[0],
      key1: key[1],
    });
  const rounds = Math.floor(bytes / roundBytes);
  engine.parallel(entry, params(pointer, counter), rounds, grain);
  const rest = bytes - rounds * roundBytes;
  if (rest === 0) return;
  const last = engine.heap.borrow(roundBytes);
  entry.run(params(last, counter + rounds * blocksPerRound), 0, 1, 0);
  engine.heap.bytes.copyWithin(pointer + rounds * roundBytes, last, last + rest);
  engine.heap.giveBack(last);
}

/** The routine `random`. */
export function random(
  engine: Engine,
  _inputs: readonly CpuOperand[],
  [out]: readonly CpuOperand[],
  attrs: RandomAttrs,
): void {
  const { distribution, dtype } = attrs;
  const { pointer, shape, strides } = out!;
  const count = sizeOf(shape);
  if (count === 0) return;
  if (isHalfDType(dtype)) return narrow(engine, out!, dtype, attrs);
  const draw = drawOf(distribution, dtype);
  const size = itemSize(dtype);
  if (draw === null) {
    const { buffer } = engine.heap.memory;
    const data = typedArrayOver(dtype, buffer, 0, Math.floor(buffer.byteLength / size));
    return plain([], [{ ...out!, data, offset: pointer / size }], attrs);
  }
  if (isContiguous(shape, strides)) return fill(engine, draw, pointer, count * size, attrs);
  const copy = temporary(engine.heap, dtype, shape);
  fill(engine, draw, copy.pointer, count * size, attrs);
  copyElements(engine, copy, out!);
  engine.heap.giveBack(copy.pointer);
}

/** Fills a float16 or bfloat16 tensor, through float32. */
function narrow(engine: Engine, out: CpuOperand, dtype: HalfDType, attrs: RandomAttrs): void {
  const copy = temporary(engine.heap, "float32", out.shape);
  random(engine, [], [copy], { ...attrs, dtype: "float32" });
  if (attrs.distribution === "uniform") {
    // Only as many bits as the dtype holds below 1.
    const step = uniformStep(dtype);
    const values = new Float32Array(engine.heap.memory.buffer, copy.pointer, sizeOf(out.shape));
    for (let i = 0; i < values.length; i++) values[i] = Math.floor(values[i]! / step) * step;
  }
  copyElements(engine, copy, out);
  engine.heap.giveBack(copy.pointer);
}
