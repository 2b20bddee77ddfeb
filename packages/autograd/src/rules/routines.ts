/** Gradients of the routines. */
import { arange, cat, fromTypedArray, onesLike, type ScatterMode, type Tensor } from "@heddle/tensor";
import { apply, type Attrs, type RoutinePrim } from "@heddle/tensor/engine";
import { choose, type Context, linear, reading, type Rules, sparseZerosOf, type Value } from "./rule.ts";

const transposed = (x: Tensor): Tensor => x.transpose(-1, -2);

/** The values gathered at each index. A source larger than the index has zero gradients for its other elements. */
function forSource(x: Tensor, { inputs }: Context<"scatter">): Tensor {
  let result = x;
  inputs[2]!.shape.forEach((size, dim) => {
    const length = result.shape[dim]!;
    if (length === size) return;
    const shape = result.shape.map((n, d) => d === dim ? size : n);
    result = apply("embed", [result], {
      shape,
      value: 0,
      view: { prim: "slice", attrs: { dim, start: 0, length, step: 1 } },
    });
  });
  return result;
}

/** The elements of the source that the index covers. */
function usedSource({ b, c }: Context<"scatter">): Tensor {
  return c.shape.reduce<Tensor>((x, size, d) => size === b.shape[d] ? x : x.narrow(d, 0, b.shape[d]!), c);
}

/** The elements equal to the maximum or minimum share the gradient. */
function extremeShare(g: Tensor, context: Context<"scatter">): { base: Tensor; source: Tensor } {
  const { a, b, out, attrs: { dim } } = context;
  const won = usedSource(context).eq(out.gather(dim, b)).to(g.dtype);
  const kept = a.eq(out).to(g.dtype);
  const share = g.div(kept.scatterAdd(dim, b, won));
  return { base: kept.mul(share), source: forSource(won.mul(share.gather(dim, b)), context) };
}

/**
 * The gradients of the factors of a product: the product divided by the factor; for a factor of 0, the product of the others, which is 0
 * if another one is. With two zeros that product is still a function of the other zero, for second derivatives.
 */
function factorShare(g: Tensor, context: Context<"scatter">): { base: Tensor; source: Tensor } {
  const { a, b, out, attrs: { dim } } = context;
  const c = usedSource(context);
  const [noBase, noSource] = [a.eq(0), c.eq(0)];
  const rest = choose(noBase, 1, a).scatter(dim, b, choose(noSource, 1, c), { reduce: "prod" });
  const zeros = noBase.to("int32").scatterAdd(dim, b, noSource.to("int32"));
  const sumOfZeros = choose(noBase, a, 0).scatterAdd(dim, b, choose(noSource, c, 0));
  const share = (factor: Tensor, zero: Tensor, at: (x: Tensor) => Tensor): Tensor => {
    const count = at(zeros);
    const other = choose(count.eq(1), 1, choose(count.eq(2), at(sumOfZeros).sub(factor), 0));
    return at(g).mul(choose(zero, at(rest).mul(other), at(out).div(choose(zero, 1, factor))));
  };
  return {
    base: share(a, noBase, (x) => x),
    source: forSource(share(c, noSource, (x) => x.gather(dim, b)), context),
  };
}

type ScatterGradient = (g: Tensor, context: Context<"scatter">) => Tensor;

const toBase: { readonly [M in ScatterMode]: ScatterGradient } = {
  set: (g, { b, attrs: { dim } }) => g.scatter(dim, b, 0),
  sum: (g) => g,
  prod: (g, context) => factorShare(g, context).base,
  amax: (g, context) => extremeShare(g, context).base,
  amin: (g, context) => extremeShare(g, context).base,
};

const toSource: { readonly [M in ScatterMode]: ScatterGradient } = {
  set: (g, context) => forSource(g.gather(context.attrs.dim, context.b), context),
  sum: (g, context) => forSource(g.gather(context.attrs.dim, context.b), context),
  prod: (g, context) => factorShare(g, context).source,
  amax: (g, context) => extremeShare(g, context).source,
  amin: (g, context) => extremeShare(g, context).source,
};

/** Setting and adding are linear: they only need the index. */
const scatterReads = ({ mode }: Attrs["scatter"]): readonly Value[] =>
  mode === "set" || mode === "sum" ? ["b"] : ["a", "b", "c", "out"];

/** A vector along the frequencies of half a spectrum: 1 at both ends, which have no mirrored conjugate, and `middle` between. */
function frequencyWeights(g: Tensor, n: number, middle: number): Tensor {
  const weights = new Float64Array(n / 2 + 1).fill(middle);
  weights[0] = weights[n / 2] = 1;
  return fromTypedArray(weights, [n / 2 + 1, 1], { dtype: g.dtype, device: g.device });
}

/** The transform of the other direction, which does not divide by n. */
function transposedTransform(g: Tensor, { attrs: { kind, n, direction, scale } }: Context<"fft">): Tensor {
  const opposite = direction === 1 ? -1 : 1;
  if (kind === "complex") return apply("fft", [g], { kind, n, direction: opposite, scale });
  if (kind === "toReal") {
    const spectrum = apply("fft", [g], { kind: "fromReal", n, direction: opposite, scale });
    return spectrum.mul(frequencyWeights(g, n, 2));
  }
  return apply("fft", [g.mul(frequencyWeights(g, n, 0.5))], { kind: "toReal", n, direction: opposite, scale });
}

const reversedSum = (x: Tensor, dim: number): Tensor => x.flip(dim).cumsum(dim).flip(dim);

/**
 * The gradient of a running product. Without zeros it is Σ(g·out) from the element on, divided by the element; with zeros the products
 * without the element are computed one by one.
 */
function runningProduct(g: Tensor, { a, out, attrs: { dim } }: Context<"cumprod">): Tensor {
  if (a.ndim === 0 || a.numel === 0) return g;
  if (a.device.backend.readsSynchronously && a.detach().ne(0).all().item() === 1) {
    return reversedSum(g.mul(out), dim).div(a);
  }
  const size = a.shape[dim]!;
  const rows = a.movedim(dim, -1);
  const steps = arange(size, { dtype: "int32", device: a.device });
  const later = steps.gt(steps.unsqueeze(1)); // later[i][k]: k comes after i
  const from = steps.ge(steps.unsqueeze(1));
  // products[i][k] = a[i + 1] · … · a[k]
  const products = choose(later, rows.unsqueeze(-2), 1).cumprod(-1);
  const before = cat(
    [onesLike(rows.narrow(-1, 0, Math.min(size, 1))), rows.narrow(-1, 0, size - 1).cumprod(-1)],
    -1,
  );
  const sums = choose(from, products.mul(g.movedim(dim, -1).unsqueeze(-2)), 0).sum(-1);
  return before.mul(sums).movedim(-1, dim);
}

/** By primitive; gradients of a product with an activation have already passed the activation's rule. */
export const routineRules: Rules<RoutinePrim> = {
  matmul: [
    reading("b", (g, { b }) => g.matmul(transposed(b))),
    // A transposed operand (a layer's weight) gets its gradient in its own layout, which saves a copy later.
    reading("a", (g, { a, inputs }) => {
      const { strides } = inputs[1]!;
      const turned = strides.at(-2) === 1 && strides.at(-1) !== 1;
      return turned ? transposed(transposed(g).matmul(a)) : transposed(a).matmul(g);
    }),
    linear((g) => g), // summed over the rows where it meets its input's shape
  ],
  // Convolution and its two gradients are the three ways to contract one trilinear form: each one's gradients are the others.
  conv: [
    reading(
      "b",
      (g, { b, attrs: { activation: _, ...attrs }, inputs }) =>
        apply("convInputGrad", [g, b], { ...attrs, inputSize: inputs[0]!.shape.slice(2) }),
    ),
    reading(
      "a",
      (g, { a, attrs: { activation: _, ...attrs }, inputs }) =>
        apply("convWeightGrad", [g, a], { ...attrs, kernelSize: inputs[1]!.shape.slice(2) }),
    ),
    linear((g) => g.sum(g.shape.map((_, d) => d).filter((d) => d !== 1))),
  ],
  convInputGrad: [
    reading("b", (g, { b, attrs }) => apply("conv", [g, b], attrs)),
    reading(
      "a",
      (g, { a, attrs, inputs }) => apply("convWeightGrad", [a, g], { ...attrs, kernelSize: inputs[1]!.shape.slice(2) }),
    ),
  ],
  convWeightGrad: [
    reading("b", (g, { b, attrs }) => apply("conv", [b, g], attrs)),
    reading(
      "a",
      (g, { a, attrs, inputs }) => apply("convInputGrad", [a, g], { ...attrs, inputSize: inputs[1]!.shape.slice(2) }),
    ),
  ],
  maxPool: [
    reading("indices", (g, { indices, attrs, inputs }) => {
      if (g.device.backend.hasRoutine("maxPoolGrad")) {
        return apply("maxPoolGrad", [g, indices], { ...attrs, inputSize: inputs[0]!.shape.slice(2) });
      }
      const flat = sparseZerosOf(inputs[0]!).flatten(2);
      return flat.scatterAdd(2, indices.flatten(2), g.flatten(2)).reshape(inputs[0]!.shape);
    }),
  ],
  maxPoolGrad: [
    reading("b", (g, { b }) => g.flatten(2).gather(2, b.flatten(2)).reshape(b.shape)),
    null,
  ],
  sumPool: [
    linear((g, { attrs, inputs }) => apply("sumPoolGrad", [g], { ...attrs, inputSize: inputs[0]!.shape.slice(2) })),
  ],
  sumPoolGrad: [linear((g, { attrs }) => apply("sumPool", [g], attrs))],
  gather: [reading("b", (g, { b, attrs, inputs }) => sparseZerosOf(inputs[0]!).scatterAdd(attrs.dim, b, g)), null],
  scatter: [
    { reads: scatterReads, gradient: (g, context) => toBase[context.attrs.mode](g, context) },
    null,
    { reads: scatterReads, gradient: (g, context) => toSource[context.attrs.mode](g, context) },
  ],
  sort: [
    reading("indices", (g, { indices, attrs, inputs }) => sparseZerosOf(inputs[0]!).scatter(attrs.dim, indices, g)),
  ],
  fft: [linear(transposedTransform)],
  cumsum: [linear((g, { attrs }) => g.ndim === 0 ? g : reversedSum(g, attrs.dim))],
  cumprod: [reading("a out", runningProduct)],
  random: null,
  attention: null,
  attentionGrad: null,
};
