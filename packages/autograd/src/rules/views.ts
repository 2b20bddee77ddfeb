/** Gradients of views and of operations that assemble copies: each is the transpose of the other. */
import { type Tensor } from "@heddle/tensor";
import { apply, type ViewPrim } from "@heddle/tensor/engine";
import { type ViewStep } from "@heddle/tensor/backend";
import { type Context, linear, type Rules, zerosOf } from "./rule.ts";

/** Zeros of the input's shape with the gradient at the view's elements. */
function embedded<P extends "slice" | "select" | "diagonal">(prim: P): (g: Tensor, context: Context<P>) => Tensor {
  return (g, { attrs, inputs }) =>
    apply("embed", [g], { shape: inputs[0]!.shape, value: 0, view: { prim, attrs } as ViewStep });
}

/** By primitive. */
export const viewRules: Rules<ViewPrim | "cat" | "embed"> = {
  reshape: [linear((g, { inputs }) => g.reshape(inputs[0]!.shape))],
  permute: [linear((g, { attrs }) => g.permute(attrs.dims.map((_, d) => attrs.dims.indexOf(d))))],
  expand: [linear((g) => g)], // the engine sums over what was repeated
  slice: [linear(embedded("slice"))],
  select: [linear(embedded("select"))],
  diagonal: [linear(embedded("diagonal"))],
  // Windows overlap, but the k-th elements of all windows do not: one addition for each k.
  unfold: [
    linear((g, { attrs: { dim, size, step }, inputs }) => {
      const { shape } = inputs[0]!;
      const count = g.shape[dim]!;
      // Adjacent windows that cover everything: their gradients are put back in order.
      if (size === step && count * size === shape[dim] && size > 0) return g.movedim(-1, dim + 1).reshape(shape);
      let result: Tensor | null = null;
      for (let k = 0; k < size; k++) {
        const view: ViewStep = { prim: "slice", attrs: { dim, start: k, length: count, step } };
        const part = apply("embed", [g.select(g.ndim - 1, k)], { shape, value: 0, view });
        result = result === null ? part : result.add(part);
      }
      return result ?? zerosOf(inputs[0]!);
    }),
  ],
  flip: [linear((g, { attrs }) => attrs.dims.length === 0 ? g : g.flip(attrs.dims))],
  cat: [
    linear((g, { attrs: { dim }, inputs, input }) => {
      const start = inputs.slice(0, input).reduce((n, { shape }) => n + shape[dim]!, 0);
      return g.narrow(dim, start, inputs[input]!.shape[dim]!);
    }),
  ],
  embed: [linear((g, { attrs: { view } }) => apply(view.prim, [g], view.attrs))],
};
