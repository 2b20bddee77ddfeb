/** Random tensors from the Philox stream: the definition that other backends follow. */
import { type DType, finfo, type HalfDType } from "../../dtype.ts";
import { elementsPerBlock, philox } from "../../philox.ts";
import type { RandomAttrs } from "../../prims/attrs.ts";
import { sizeOf } from "../../shape.ts";
import { type HostOperand, store, valuesOf } from "./host_operand.ts";
import { normalPair, normalPairOfWords } from "./normal.ts";

const words = new Uint32Array(4);

/** A float64 in [0, 1) with 53 bits, from two words. */
function wide(high: number, low: number): number {
  return (high * 2 ** 21 + (low >>> 11)) * 2 ** -53;
}

/** Uniform numbers are multiples of this, the spacing of the dtype below 1, so that rounding does not reach 1. */
export function uniformStep(dtype: HalfDType | "float32"): number {
  return finfo(dtype).eps / 2;
}

function narrow(word: number, dtype: DType): number {
  const step = uniformStep(dtype as HalfDType | "float32");
  return Math.floor(word * (2 ** -32 / step)) * step;
}

/**
 * Bits: one word per element. Uniform: multiples of 2^-24 (float64: 2^-53, float16: 2^-11, bfloat16: 2^-8) in [0, 1). Normal: the Box-Muller
 * transform, see normal.ts.
 */
export function random(_: readonly HostOperand[], [out]: readonly HostOperand[], attrs: RandomAttrs): void {
  const { distribution, dtype, key, counter } = attrs;
  const values = valuesOf(dtype, sizeOf(out!.shape));
  const per = elementsPerBlock(dtype);
  for (let i = 0, block = counter; i < values.length; i += per, block++) {
    philox(block, key[0], key[1], words);
    for (let lane = 0; lane < per && i + lane < values.length; lane++) {
      values[i + lane] = distribution === "bits"
        ? words[lane]! | 0
        : distribution === "uniform"
        ? (per === 2 ? wide(words[2 * lane]!, words[2 * lane + 1]!) : narrow(words[lane]!, dtype))
        : normal(per, lane);
    }
  }
  store(out!, values);
}

/** Elements 0 and 1 are the cosine and sine of one pair, 2 and 3 those of the next. */
function normal(per: number, lane: number): number {
  if (per === 2) return normalPair(wide(words[0]!, words[1]!), wide(words[2]!, words[3]!))[lane]!;
  const pair = lane & 2;
  return normalPairOfWords(words[pair]!, words[pair + 1]!)[lane & 1]!;
}
