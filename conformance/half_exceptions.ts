/** Where float16 and bfloat16 are not float32 rounded once, and why. */

import type { HalfDType } from "@heddle/tensor";

/** What differs. */
export interface HalfException {
  /** The call, or the layer. */
  readonly call: RegExp;
  /** Of recordings whose names match. */
  readonly name?: RegExp;
  /** In this format only. */
  readonly half?: HalfDType;
  /** Gradients are not compared. */
  readonly gradients?: true;
  /**
   * In float16, outputs of inputs as they were recorded are within this part of the largest, gradients within five times that; in
   * bfloat16 within eight times as much.
   */
  readonly part?: number;
  /** Units of the last place that are allowed, instead of 1. */
  readonly ulps?: number;
  /** Float16 is refused. */
  readonly refused?: true;
  readonly why: string;
}

/** The table. */
export const halfExceptions: readonly HalfException[] = [
  {
    call: /^TransformerDecoderLayer$/,
    name: /memoryMask, tgtKeyPaddingMask/,
    half: "bfloat16",
    part: 0.02,
    gradients: true,
    why: "a row whose variance is small amplifies what the layers before it rounded",
  },
  {
    call: /^(MultiheadAttention|AdditiveAttention|SwiGLU|Transformer\w*)$/,
    part: 0.02,
    why: "layers made of layers: each of these computes in float32 and rounds once, as in PyTorch",
  },
  {
    call: /^DotProductAttention$/,
    name: /score: general/,
    part: 0.02,
    why: "its keys go through a linear layer, whose result `project` also gives to callers",
  },
  {
    call: /^Sequential$/,
    part: 0.02,
    gradients: true,
    why:
      "layers one after the other; gradients of biases before a batch normalisation are nothing but what was rounded",
  },
  {
    call: /^F\.softmin$/,
    half: "bfloat16",
    part: 2 ** -21,
    why:
      "the gradients of scores that are far apart are nothing but float32's rounding errors, which float16 cannot hold",
  },
  {
    call: /^GroupNorm$/,
    name: /\[2, 4, .*\(2, 4\)/,
    half: "bfloat16",
    part: 2 ** -21,
    why: "two numbers far apart become 1 and -1, and gradients nothing but float32's rounding errors",
  },
  {
    call: /^nextafter_?$/,
    refused: true,
    why: "the number next to a float16 is not the float32 next to it, rounded; PyTorch refuses it too",
  },
];

/** The exception of a call, if there is one. */
export function exceptionOf(call: string, name: string, half: HalfDType): HalfException | undefined {
  return halfExceptions.find((each) =>
    each.call.test(call) && (each.name?.test(name) ?? true) && (each.half ?? half) === half
  );
}
