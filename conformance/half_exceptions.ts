/** Where float16 is not float32 rounded once, and why. */

/** What differs. */
export interface HalfException {
  /** The call, or the layer. */
  readonly call: RegExp;
  /** Of recordings whose names match. */
  readonly name?: RegExp;
  /** Gradients are not compared. */
  readonly gradients?: true;
  /** Outputs of inputs as they were recorded are within this part of the largest, gradients within five times that. */
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
    call: /^nextafter_?$/,
    refused: true,
    why: "the number next to a float16 is not the float32 next to it, rounded; PyTorch refuses it too",
  },
];

/** The exception of a call, if there is one. */
export function exceptionOf(call: string, name: string): HalfException | undefined {
  return halfExceptions.find((each) => each.call.test(call) && (each.name?.test(name) ?? true));
}
