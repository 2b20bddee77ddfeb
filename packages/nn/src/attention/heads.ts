/** From features to heads. */
import { customFunction } from "@heddle/autograd";
import { cat, type Tensor } from "@heddle/tensor";

/** The positions of `[batch, heads, positions, headDim]` in what is projected. */
const orders = { batchFirst: [0, 2, 1, 3], positionsFirst: [1, 2, 0, 3] } as const;
/** And back: both exchange two dimensions, or take them in turns. */
const backs = { batchFirst: [0, 2, 1, 3], positionsFirst: [2, 0, 1, 3] } as const;

/** How inputs lie: `[batch, positions, features]` or `[positions, batch, features]`. */
export type HeadLayout = keyof typeof orders;

/** Features `[…, parts · heads · headDim]` as so many views `[batch, heads, positions, headDim]`, whose gradients are put together at once. */
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

/** `[batch, heads, positions, headDim]` as features again. */
export function joinHeads(x: Tensor, layout: HeadLayout): Tensor {
  return x.permute(...backs[layout]).flatten(2);
}
