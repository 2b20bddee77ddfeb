/** The rules by the primitive that they translate. A primitive without one is a type error; a text says why it cannot be exported. */
import type { StepPrim } from "@heddle/tensor/engine";
import type { Emitter } from "../emitter.ts";
import type { TracedStepOf } from "../trace.ts";
import {
  translateAttention,
  translateBatchNorm,
  translateFft,
  translateInterpolate,
  translateRecurrent,
} from "./composites.ts";
import { translateExpression } from "./elementwise.ts";
import { lookupInShape, topOf, translateCumsum, translateGather, translateScatter, translateSort } from "./indexing.ts";
import { translateMaxPool, translateSumPool } from "./pooling.ts";
import { productOverRows, translateConv, translateConvTranspose, translateMatmul } from "./products.ts";
import { meanOf, translateIndex, translateReduction } from "./reductions.ts";
import {
  translateLabelLoss,
  translateLogSoftmax,
  translateNormalize,
  translateRmsNormalize,
  translateSoftmax,
} from "./rows.ts";
import { translateCat, translateEmbed, translateView, translateWrite } from "./views.ts";

/** A rule, and the patterns that are tried before it, each of which ends with the step. */
export interface Rule<P extends StepPrim> {
  /** Each returns the name of the step's only output, or null where it does not apply. */
  readonly patterns?: readonly ((e: Emitter, step: TracedStepOf<P>) => string | null)[];
  /** Returns the names of the outputs. */
  readonly translate: (e: Emitter, step: TracedStepOf<P>) => readonly string[];
  /** The ONNX operators that it writes, for the documentation. */
  readonly operators: string;
}

/** Why a step is not exported. */
export interface Refused {
  readonly reason: string;
}

const gradient: Refused = { reason: "gradients are not exported; export the model that computes the forward pass" };

const view = <P extends "reshape" | "permute" | "expand" | "slice" | "select" | "diagonal" | "unfold" | "flip">(
  operators: string,
  patterns: Rule<P>["patterns"] = [],
): Rule<P> => ({ operators, patterns, translate: translateView as unknown as Rule<P>["translate"] });

const reduction = <P extends "sum" | "prod" | "amax" | "amin">(operators: string): Rule<P> => ({
  operators,
  translate: translateReduction as unknown as Rule<P>["translate"],
});

const index = <P extends "argmax" | "argmin">(operators: string): Rule<P> => ({
  operators,
  translate: translateIndex as unknown as Rule<P>["translate"],
});

/** The table. */
export const rules: { readonly [P in StepPrim]: Rule<P> | Refused } = {
  expression: {
    operators: "the element-wise operators: Add, Mul, Exp, Where, Cast, …; ReduceMean, GlobalAveragePool, activations",
    patterns: [meanOf],
    translate: translateExpression,
  },
  sum: reduction("ReduceSum"),
  prod: reduction("ReduceProd"),
  amax: reduction("ReduceMax"),
  amin: reduction("ReduceMin"),
  argmax: index("ArgMax"),
  argmin: index("ArgMin"),
  softmax: { operators: "Softmax, with Where or Add for masks", translate: translateSoftmax },
  softmaxGrad: gradient,
  logSoftmax: { operators: "LogSoftmax", translate: translateLogSoftmax },
  logSoftmaxGrad: gradient,
  labelLoss: { operators: "LogSoftmax, GatherElements, Where", translate: translateLabelLoss },
  labelLossGrad: gradient,
  normalize: {
    operators: "LayerNormalization (opset 17), InstanceNormalization, or ReduceMean and arithmetic",
    translate: translateNormalize,
  },
  normalizeGrad: gradient,
  rmsNormalize: { operators: "ReduceMean, Sqrt, Div, Mul", translate: translateRmsNormalize },
  rmsNormalizeGrad: gradient,
  reshape: view("Reshape; Gather, MatMul where they have the shape already", [productOverRows, lookupInShape]),
  permute: view("Transpose"),
  expand: view("Expand"),
  slice: view("Slice, TopK", [topOf]),
  select: view("Gather"),
  diagonal: view("Transpose, Reshape, Slice"),
  unfold: view("Gather, Transpose"),
  flip: view("Slice"),
  write: { operators: "Slice and Concat, ScatterND", translate: translateWrite },
  cat: { operators: "Concat", translate: translateCat },
  embed: { operators: "Pad, Expand", translate: translateEmbed },
  matmul: { operators: "Gemm, MatMul and Add; Relu", translate: translateMatmul },
  conv: { operators: "Conv; Relu", translate: translateConv },
  convInputGrad: { operators: "ConvTranspose", translate: translateConvTranspose },
  convWeightGrad: gradient,
  maxPool: { operators: "MaxPool", translate: translateMaxPool },
  maxPoolGrad: gradient,
  sumPool: { operators: "AveragePool, Mul", translate: translateSumPool },
  sumPoolGrad: gradient,
  gather: { operators: "Gather, GatherElements", translate: translateGather },
  scatter: { operators: "ScatterElements", translate: translateScatter },
  sort: { operators: "TopK", translate: translateSort },
  fft: { operators: "MatMul with a matrix of roots of unity", translate: translateFft },
  cumsum: { operators: "CumSum", translate: translateCumsum },
  cumprod: { reason: "ONNX has no cumulative product; for positive numbers exp(cumsum(log(x))) is one" },
  random: {
    reason:
      "random numbers are drawn, and each run of the graph would draw different ones; export in evaluation mode (training: false), or pass " +
      "the numbers as an input",
  },
  attention: { reason: "the routine is recorded as scaledDotProductAttention; call that of @heddle/nn" },
  attentionGrad: gradient,
  batchNorm: { operators: "BatchNormalization; Add, Relu", translate: translateBatchNorm },
  scaledDotProductAttention: { operators: "MatMul, Softmax, MatMul", translate: translateAttention },
  recurrent: { operators: "LSTM, GRU, RNN; Reshape and Gather for the order of gates", translate: translateRecurrent },
  interpolate: { operators: "Resize", translate: translateInterpolate },
};
