/** The row primitives: their outputs and their steps. */
import type { DType } from "../dtype.ts";
import type { RowProgram } from "./row_program.ts";
import type { Attrs, RowPrim } from "../prims/attrs.ts";
import type { Meta } from "../prims/meta.ts";
import { type Symbolic, whereSymbolic } from "./symbolic.ts";

/**
 * What an output holds: a whole row, or one number per row (the dimensions of the row are kept with size 1). A statistic is a
 * number that later computations use; for float16 and bfloat16 it is float32.
 */
export type RowOutput = "row" | "number" | "statistic";

/** A row primitive on inputs that broadcast to the shape of one of them. */
export interface RowRule<P extends RowPrim> {
  /** The index of the input whose shape the kernel iterates over. */
  readonly space: number;
  /** The dimensions that form a row. */
  readonly dims: (attrs: Attrs[P]) => readonly number[];
  readonly outputs: (attrs: Attrs[P], inputs: readonly Meta[]) => readonly RowOutput[];
  /** Records the steps. `dtype` is that of the first input, `count` the number of elements in a row. */
  readonly write: (p: RowProgram, dtype: DType, inputs: readonly Meta[], attrs: Attrs[P], count: number) => void;
}

const one = ({ dim }: { readonly dim: number }): readonly number[] => [dim];

const isLabel = (t: Symbolic, count: number): Symbolic => t.ge(0).logicalAnd(t.lt(count));

const scaled = (x: Symbolic, scale = 1): Symbolic => scale === 1 ? x : x.mul(scale);

/** The first input, scaled and masked (see `SoftmaxAttrs`): -∞ for masked elements. */
function seen(p: RowProgram, dtype: DType, inputs: readonly Meta[], { scale, limited }: Attrs["softmax"]): Symbolic {
  let x = scaled(p.input(0, dtype), scale);
  for (let i = 1; i < inputs.length; i++) {
    const mask = p.input(i, inputs[i]!.dtype);
    const takesPart = limited && i === 1 ? p.column().le(mask) : inputs[i]!.dtype === "bool" ? mask : null;
    x = takesPart === null ? x.add(mask) : whereSymbolic(takesPart, x, -Infinity);
  }
  return x;
}

/** The table. */
export const rowRules: { readonly [P in RowPrim]: RowRule<P> } = {
  softmax: {
    space: 0,
    dims: one,
    outputs: () => ["row"],
    write(p, dtype, inputs, attrs) {
      const masked = inputs.length > 1;
      const x = masked ? seen(p, dtype, inputs, attrs) : scaled(p.input(0, dtype), attrs.scale);
      // In a row that is masked everywhere, elements minus 0 are -∞, and their exponentials are zero.
      const greatest = p.amax(x);
      const high = masked ? p.value(whereSymbolic(greatest.eq(-Infinity), 0, greatest)) : greatest;
      const [power, sum] = p.writeAndSum(0, x.sub(high).exp());
      const inverse = p.number(1, dtype).div(sum);
      p.write(0, power.mul(p.value(masked ? whereSymbolic(sum.eq(0), 0, inverse) : inverse)));
    },
  },
  softmaxGrad: {
    space: 0,
    dims: one,
    outputs: () => ["row"],
    write(p, dtype, _, { scale }) {
      const [g, y] = [p.input(0, dtype), p.input(1, dtype)];
      const [sum] = p.sum(g.mul(y));
      p.write(0, scaled(y.mul(g.sub(sum!)), scale));
    },
  },
  logSoftmax: {
    space: 0,
    dims: one,
    outputs: () => ["row"],
    write(p, dtype) {
      const x = p.input(0, dtype);
      const high = p.amax(x);
      const [sum] = p.sum(x.sub(high).exp());
      p.write(0, x.sub(high).sub(p.value(sum!.log())));
    },
  },
  logSoftmaxGrad: {
    space: 0,
    dims: one,
    outputs: () => ["row"],
    write(p, dtype) {
      const [g, y] = [p.input(0, dtype), p.input(1, dtype)];
      const [sum] = p.sum(g);
      p.write(0, g.sub(y.exp().mul(sum!)));
    },
  },
  // Inputs: scores, labels. Outputs: the loss, the largest score, the logarithm of the sum of exponentials relative to it. A label
  // out of range makes the loss and the gradient NaN, since not every device can throw.
  labelLoss: {
    space: 0,
    dims: one,
    outputs: () => ["number", "statistic", "statistic"],
    write(p, dtype, [, label], { ignoreIndex }, count) {
      const x = p.input(0, dtype);
      const t = p.input(1, label!.dtype);
      const high = p.amax(x);
      const [sum, right] = p.sum(x.sub(high).exp(), whereSymbolic(p.column().eq(t), x, 0));
      const log = p.value(sum!.log());
      p.store(0, whereSymbolic(t.eq(ignoreIndex), 0, whereSymbolic(isLabel(t, count), log.sub(right!.sub(high)), NaN)));
      p.store(1, high);
      p.store(2, log);
    },
  },
  labelLossGrad: {
    space: 1,
    dims: one,
    outputs: () => ["row"],
    write(p, dtype, [, , label, statistic], { ignoreIndex }, count) {
      const [g, x, t] = [p.input(0, dtype), p.input(1, dtype), p.input(2, label!.dtype)];
      const [high, log] = [p.input(3, statistic!.dtype), p.input(4, statistic!.dtype)];
      const g0 = p.value(whereSymbolic(t.eq(ignoreIndex), 0, whereSymbolic(isLabel(t, count), g, NaN)));
      const probability = x.sub(high).sub(log).exp();
      p.write(0, g0.mul(probability.sub(whereSymbolic(p.column().eq(t), 1, 0))));
    },
  },
  // Inputs: x, weight and bias (or neither). Outputs: the result, the mean, the variance.
  normalize: {
    space: 0,
    dims: ({ dims }) => dims,
    outputs: () => ["row", "statistic", "statistic"],
    write(p, dtype, inputs, { eps, activation }, count) {
      const x = p.input(0, dtype);
      const mean = p.value(p.sum(x)[0]!.div(count));
      const centred = x.sub(mean);
      const variance = p.value(p.sum(centred.square())[0]!.div(count));
      p.store(1, mean);
      p.store(2, variance);
      const y = centred.mul(p.value(variance.add(eps).rsqrt()));
      const scaled = inputs.length === 1 ? y : y.mul(p.input(1, dtype)).add(p.input(2, dtype));
      const sum = inputs.length === 4 ? scaled.add(p.input(3, dtype)) : scaled;
      p.write(0, activation === "relu" ? sum.relu() : sum);
    },
  },
  // Inputs: the gradient, x, mean, variance, weight (or none), and the result if it was rectified. Outputs: the gradient of x;
  // those of weight and bias if the weight is one number per row; and last that of the addend.
  normalizeGrad: {
    space: 1,
    dims: ({ dims }) => dims,
    outputs: ({ perRow, addend }) => [
      "row",
      ...(perRow ? ["statistic", "statistic"] as const : []),
      ...(addend ? ["row"] as const : []),
    ],
    write(p, dtype, inputs, { eps, perRow, activation, addend }, count) {
      const rectified = activation === "relu" ? p.input(inputs.length - 1, dtype) : null;
      const [incoming, x] = [p.input(0, dtype), p.input(1, dtype)];
      const g = rectified === null ? incoming : whereSymbolic(rectified.le(0), 0, incoming);
      const [mean, variance] = [p.input(2, inputs[2]!.dtype), p.input(3, inputs[3]!.dtype)];
      const weight = inputs.length - (rectified === null ? 0 : 1) === 4 ? null : p.input(4, dtype);
      const scale = p.value(variance.add(eps).rsqrt());
      const unit = x.sub(mean).mul(scale);
      const scaledOf = (g: Symbolic): Symbolic => weight === null || perRow ? g : g.mul(weight);
      const terms = [scaledOf(g), scaledOf(g).mul(unit)] as const;
      const [passed, sum, along] = addend ? p.writeAndSum(perRow ? 3 : 1, g, ...terms) : [g, ...p.sum(...terms)];
      if (perRow) {
        p.store(1, along!);
        p.store(2, sum!);
      }
      const [a, b] = [p.value(sum!.div(count)), p.value(along!.div(count))];
      const factor = weight !== null && perRow ? p.value(scale.mul(weight)) : scale;
      p.write(0, scaledOf(passed!).sub(a).sub(unit.mul(b)).mul(factor));
    },
  },
  // Inputs: x and a weight (or none). Outputs: the result, and the factor that x was multiplied by.
  rmsNormalize: {
    space: 0,
    dims: ({ dims }) => dims,
    outputs: () => ["row", "statistic"],
    write(p, dtype, inputs, { eps }, count) {
      const x = p.input(0, dtype);
      const scale = p.value(p.sum(x.square())[0]!.div(count).add(eps).rsqrt());
      p.store(1, scale);
      p.write(0, inputs.length === 1 ? x.mul(scale) : x.mul(scale).mul(p.input(1, dtype)));
    },
  },
  // Inputs: the gradient, x, its factor and the weight (or none).
  rmsNormalizeGrad: {
    space: 1,
    dims: ({ dims }) => dims,
    outputs: () => ["row"],
    write(p, dtype, inputs, _, count) {
      const [incoming, x, scale] = [p.input(0, dtype), p.input(1, dtype), p.input(2, inputs[2]!.dtype)];
      const g = inputs.length === 3 ? incoming : incoming.mul(p.input(3, dtype));
      const along = p.value(p.sum(g.mul(x))[0]!.mul(scale.square()).div(count));
      p.write(0, g.sub(x.mul(along)).mul(scale));
    },
  },
};
