/** Gradients of the reductions. */
import { cat, onesLike, type Tensor } from "@heddle/tensor";
import { type ReducePrim } from "@heddle/tensor/engine";
import { type ReduceAttrs } from "@heddle/tensor/backend";
import { type Context, linear, reading, type Rules } from "./rule.ts";

type Reduced = { readonly attrs: ReduceAttrs; readonly inputs: Context<"sum">["inputs"] };

/** A reduced tensor with its reduced dimensions restored at size 1, so that it broadcasts against the input. */
function spread(x: Tensor, { attrs, inputs }: Reduced): Tensor {
  if (attrs.keepdim) return x;
  return x.reshape(inputs[0]!.shape.map((size, d) => attrs.dims.includes(d) ? 1 : size));
}

/** For maxima and minima: equal elements share the gradient. */
function shared(g: Tensor, a: Tensor, out: Tensor, context: Reduced): Tensor {
  const high = spread(out, context);
  // A NaN result matches the NaN elements.
  const mask = a.eq(high).logicalOr(a.isnan().logicalAnd(high.isnan())).to(g.dtype);
  return mask.mul(
    spread(g, context).div(
      mask.sum(context.attrs.dims.length === 0 ? undefined : context.attrs.dims, { keepdim: true }),
    ),
  );
}

/** Product of all the other elements along a flattened dimension: the earlier ones times the later ones, so that zeros are harmless. */
function productOfOthers(a: Tensor): Tensor {
  const last = a.ndim - 1;
  const size = a.shape[last]!;
  const ones = onesLike(a.narrow(last, 0, 1));
  const before = size === 1 ? ones : cat([ones, a.narrow(last, 0, size - 1).cumprod(last)], last);
  const reversed = a.flip(last);
  const after = size === 1 ? ones : cat([ones, reversed.narrow(last, 0, size - 1).cumprod(last)], last).flip(last);
  return before.mul(after);
}

/** By primitive. */
export const reductionRules: Rules<ReducePrim> = {
  sum: [linear((g, context) => spread(g, context).expand(context.inputs[0]!.shape))],
  prod: [
    reading("a", (g, context) => {
      const { a, attrs } = context;
      if (attrs.dims.length === 0) return g;
      if (a.numel === 0) return a; // nothing to have a gradient
      const kept = a.shape.map((_, d) => d).filter((d) => !attrs.dims.includes(d));
      const order = [...kept, ...attrs.dims];
      const front = a.permute(order);
      const others = productOfOthers(front.reshape([...kept.map((d) => a.shape[d]!), -1])).reshape(front.shape);
      return spread(g, context).mul(others.permute(order.map((_, d) => order.indexOf(d))));
    }),
  ],
  amax: [reading("a out", (g, context) => shared(g, context.a, context.out, context))],
  amin: [reading("a out", (g, context) => shared(g, context.a, context.out, context))],
  argmax: null,
  argmin: null,
};
