/** Splits features into heads and joins them again. */
import { customFunction } from "@heddle/autograd";
import { cat, type Tensor } from "@heddle/tensor";

/** Permutation from the projected layout to `[batch, heads, positions, headDim]`. */
const orders = { batchFirst: [0, 2, 1, 3], positionsFirst: [1, 2, 0, 3] } as const;
/** The inverse permutation. */
const backs = { batchFirst: [0, 2, 1, 3], positionsFirst: [2, 0, 1, 3] } as const;

/** The layout of inputs: `[batch, positions, features]` or `[positions, batch, features]`. */
export type HeadLayout = keyof typeof orders;

/**
 * Splits features `[…, parts · heads · headDim]` into one view `[batch, heads, positions, headDim]` for each part. Their gradients are
 * joined in one step.
 */
export const splitHeads: (x: Tensor, parts: number, heads: number, layout: HeadLayout) => readonly Tensor[] =
  customFunction({
    name: "splitHeads",
    forward(context, x: Tensor, parts: number, heads: number, layout: HeadLayout) {
      context.layout = layout;
      const apart = x.unflatten(-1, [parts, heads, x.shape[2]! / (parts * heads)]);
      return Array.from({ length: parts }, (_, i) => apart.select(2, i).permute(...orders[layout]));
    },
    backward(context, ...gradients) {
      const layout = context.layout as HeadLayout;
      return [cat(gradients.map((g) => g.permute(...backs[layout]).unsqueeze(2)), 2).flatten(2)];
    },
  });

/** Joins `[batch, heads, positions, headDim]` into features again. */
export function joinHeads(x: Tensor, layout: HeadLayout): Tensor {
  return x.permute(...backs[layout]).flatten(2);
}
