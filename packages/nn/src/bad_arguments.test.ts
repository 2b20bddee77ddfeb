/** Arguments of the wrong type, number or range, of every layer: refused where the layer is made, in words that name the layer. */
import * as heddle from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import * as nn from "./mod.ts";

/** What must be given: a count, a number, an integer of either sign, a probability, or something else. */
type Kind = "size" | "number" | "integer" | "other";
interface Layer {
  readonly args?: readonly (readonly [value: unknown, kind: Kind])[];
  readonly options?: { readonly [name: string]: Kind };
}

const size = (value: number) => [value, "size"] as const;
const number = (value: number) => [value, "number"] as const;
const integer = (value: number) => [value, "integer"] as const;
const other = (value: unknown) => [value, "other"] as const;
const windows = { stride: "size", padding: "size", dilation: "size" } as const;
const pooling = { args: [size(2)], options: { stride: "size", padding: "size" } } as const;
const convolution = { args: [size(2), size(4), size(3)], options: { ...windows, groups: "size" } } as const;
const norm = { args: [size(3)], options: { eps: "number", momentum: "number" } } as const;
const recurrent = { args: [size(3), size(2)], options: { numLayers: "size", dropout: "number" } } as const;
const margin = { options: { margin: "number" } } as const;
const encoderLayer = () => new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 4 });
const decoderLayer = () => new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 4 });
const transformerLayer = {
  args: [size(4), size(2)],
  options: { dimFeedforward: "size", dropout: "number", layerNormEps: "number" },
} as const;

const layers: { readonly [name: string]: Layer } = {
  AdaptiveAvgPool1d: { args: [size(2)] },
  AdaptiveAvgPool2d: { args: [size(2)] },
  AdaptiveAvgPool3d: { args: [size(2)] },
  AdaptiveLogSoftmaxWithLoss: { args: [size(8), size(9), other([3, 6])], options: { divValue: "number" } },
  AdaptiveMaxPool1d: { args: [size(2)] },
  AdaptiveMaxPool2d: { args: [size(2)] },
  AdaptiveMaxPool3d: { args: [size(2)] },
  AdditiveAttention: { args: [size(3), size(3), size(3)], options: {} },
  AlphaDropout: { args: [number(0.5)], options: {} },
  AveragedModel: { args: [other(new nn.Linear(1, 1))], options: {} },
  AvgPool1d: pooling,
  AvgPool2d: pooling,
  AvgPool3d: pooling,
  BCELoss: { options: {} },
  BCEWithLogitsLoss: { options: {} },
  BatchNorm1d: norm,
  BatchNorm2d: norm,
  BatchNorm3d: norm,
  Bilinear: { args: [size(3), size(4), size(2)], options: {} },
  CELU: { args: [number(1)] },
  CRF: { args: [size(3)], options: {} },
  CTCLoss: { options: { blank: "number" } },
  ChannelShuffle: { args: [size(2)] },
  ConstantPad1d: { args: [integer(1), number(0)] },
  ConstantPad2d: { args: [integer(1), number(0)] },
  ConstantPad3d: { args: [integer(1), number(0)] },
  Conv1d: convolution,
  Conv2d: convolution,
  Conv3d: convolution,
  ConvTranspose1d: convolution,
  ConvTranspose2d: convolution,
  ConvTranspose3d: convolution,
  CosineEmbeddingLoss: margin,
  CosineSimilarity: { options: { dim: "number", eps: "number" } },
  CrossEntropyLoss: { options: { labelSmoothing: "number", ignoreIndex: "number" } },
  DepthwiseSeparableConv2d: { args: [size(1), size(1), size(3)], options: { depthMultiplier: "size", stride: "size" } },
  DotProductAttention: { args: [size(3), size(3)], options: {} },
  Dropout: { args: [number(0.5)], options: {} },
  Dropout1d: { args: [number(0.5)], options: {} },
  Dropout2d: { args: [number(0.5)], options: {} },
  Dropout3d: { args: [number(0.5)], options: {} },
  ELU: { args: [number(1)] },
  Embedding: { args: [size(3), size(2)], options: { maxNorm: "number", normType: "number", paddingIdx: "integer" } },
  EmbeddingBag: { args: [size(3), size(2)], options: { maxNorm: "number", normType: "number", paddingIdx: "integer" } },
  FeatureAlphaDropout: { args: [number(0.5)], options: {} },
  FeatureLPPool: { args: [number(2), size(2)], options: { stride: "size" } },
  Flatten: { args: [integer(1), integer(-1)] },
  Fold: { args: [size(4), size(2)], options: windows },
  GELU: { options: {} },
  GLU: { args: [integer(-1)] },
  GRU: recurrent,
  GRUCell: { args: [size(3), size(2)], options: {} },
  GaussianNLLLoss: { options: { eps: "number" } },
  GroupConv2d: { args: [size(1), size(1), size(3)], options: { stride: "size" } },
  GroupNorm: { args: [size(2), size(4)], options: { eps: "number" } },
  GroupPool: { options: {} },
  Hardshrink: { args: [number(0.5)] },
  Hardsigmoid: {},
  Hardswish: {},
  Hardtanh: { args: [number(-1), number(1)] },
  HingeEmbeddingLoss: margin,
  HingeLoss: margin,
  HuberLoss: { options: { delta: "number" } },
  Identity: {},
  InstanceNorm1d: norm,
  InstanceNorm2d: norm,
  InstanceNorm3d: norm,
  KLDivLoss: { options: {} },
  L1Loss: { options: {} },
  LPPool1d: { args: [number(2), size(2)], options: { stride: "size" } },
  LPPool2d: { args: [number(2), size(2)], options: { stride: "size" } },
  LSTM: { args: recurrent.args, options: { ...recurrent.options, projSize: "size" } },
  LSTMCell: { args: [size(3), size(2)], options: {} },
  LayerNorm: { args: [size(4)], options: { eps: "number" } },
  LazyBatchNorm1d: { options: norm.options },
  LazyBatchNorm2d: { options: norm.options },
  LazyBatchNorm3d: { options: norm.options },
  LazyConv1d: { args: [size(4), size(3)], options: convolution.options },
  LazyConv2d: { args: [size(4), size(3)], options: convolution.options },
  LazyConv3d: { args: [size(4), size(3)], options: convolution.options },
  LazyConvTranspose1d: { args: [size(4), size(3)], options: convolution.options },
  LazyConvTranspose2d: { args: [size(4), size(3)], options: convolution.options },
  LazyConvTranspose3d: { args: [size(4), size(3)], options: convolution.options },
  LazyInstanceNorm1d: { options: norm.options },
  LazyInstanceNorm2d: { options: norm.options },
  LazyInstanceNorm3d: { options: norm.options },
  LazyLinear: { args: [size(2)], options: {} },
  LeakyReLU: { args: [number(0.1)] },
  LearnedPositions: { args: [size(4), size(8)], options: {} },
  LiftingConv2d: { args: [size(1), size(1), size(3)], options: { stride: "size" } },
  Linear: { args: [size(3), size(2)], options: {} },
  LocalResponseNorm: { args: [size(2)], options: { alpha: "number", beta: "number", k: "number" } },
  LogSigmoid: {},
  LogSoftmax: { args: [integer(1)] },
  MSELoss: { options: {} },
  MarginRankingLoss: margin,
  MaxPool1d: { args: [size(2)], options: windows },
  MaxPool2d: { args: [size(2)], options: windows },
  MaxPool3d: { args: [size(2)], options: windows },
  MaxUnpool1d: pooling,
  MaxUnpool2d: pooling,
  MaxUnpool3d: pooling,
  Mish: {},
  ModuleDict: { args: [other({})] },
  ModuleList: { args: [other([])] },
  MultiLabelMarginLoss: { options: {} },
  MultiLabelSoftMarginLoss: { options: {} },
  MultiMarginLoss: { options: { margin: "number", p: "number" } },
  MultiheadAttention: { args: [size(4), size(2)], options: { dropout: "number" } },
  NLLLoss: { options: { ignoreIndex: "number" } },
  PReLU: { args: [size(1)], options: { init: "number" } },
  PairwiseDistance: { options: { p: "number", eps: "number" } },
  ParameterDict: { args: [other({})] },
  ParameterList: { args: [other([])] },
  PixelShuffle: { args: [size(2)] },
  PixelUnshuffle: { args: [size(2)] },
  PoissonNLLLoss: { options: { eps: "number" } },
  RMSNorm: { args: [size(4)], options: { eps: "number" } },
  RNN: recurrent,
  RNNCell: { args: [size(3), size(2)], options: {} },
  RReLU: { args: [number(0.1), number(0.2)], options: {} },
  ReLU: {},
  ReLU6: {},
  ReflectionPad1d: { args: [integer(1)] },
  ReflectionPad2d: { args: [integer(1)] },
  ReflectionPad3d: { args: [integer(1)] },
  ReplicationPad1d: { args: [integer(1)] },
  ReplicationPad2d: { args: [integer(1)] },
  ReplicationPad3d: { args: [integer(1)] },
  RotaryPositions: { args: [size(4)], options: { base: "number" } },
  SELU: {},
  SiLU: {},
  Sigmoid: {},
  SinusoidalPositions: { args: [size(4), size(8)], options: {} },
  SmoothL1Loss: { options: { beta: "number" } },
  SoftMarginLoss: { options: {} },
  Softmax: { args: [integer(1)] },
  Softmax2d: {},
  Softmin: { args: [integer(1)] },
  Softplus: { args: [number(1), number(20)] },
  Softshrink: { args: [number(0.5)] },
  Softsign: {},
  SwiGLU: { args: [size(4), size(8)], options: {} },
  Tanh: {},
  Tanhshrink: {},
  Threshold: { args: [number(0), number(0)] },
  Transformer: {
    options: { dModel: "size", nhead: "size", dimFeedforward: "size", dropout: "number", numEncoderLayers: "size" },
  },
  TransformerDecoder: { args: [other(decoderLayer), size(1)], options: {} },
  TransformerDecoderLayer: transformerLayer,
  TransformerEncoder: { args: [other(encoderLayer), size(1)], options: {} },
  TransformerEncoderLayer: transformerLayer,
  TripletMarginLoss: { options: { eps: "number", margin: "number", p: "number" } },
  TripletMarginWithDistanceLoss: { options: { margin: "number" } },
  Unflatten: { args: [integer(1), other([2, 2])] },
  Unfold: { args: [size(2)], options: windows },
  ZeroPad2d: { args: [integer(1)] },
};

/** Bases, what is made by a function of its own, of layers, or of options that must be given. */
const others = new Set([
  "AdaptivePoolNd",
  "BatchNorm",
  "ConstantPadNd",
  "ConvNd",
  "ConvTransposeNd",
  "DropoutNd",
  "EquivariantConv",
  "FeatureExtractor",
  "FractionalMaxPool2d",
  "FractionalMaxPool3d",
  "FractionalMaxPoolNd",
  "InstanceNorm",
  "LPPoolNd",
  "MaxUnpoolNd",
  "PadNd",
  "PoolNd",
  "Recurrent",
  "RecurrentCell",
  "RecurrentLayer",
  "RunningNorm",
  "Sequential",
  "Upsample",
  "WeightedLoss",
]);

const wrong: { readonly [K in Kind]: readonly unknown[] } = {
  size: ["3", "x", NaN, -7, 1.5, Infinity, {}, true, () => 1],
  number: ["3", "x", NaN, {}, [], true, () => 1],
  integer: ["3", "x", NaN, 1.5, Infinity, {}, true, () => 1],
  other: [],
};

type Constructor = new (...args: unknown[]) => nn.Module;
const constructors = Object.entries(nn as unknown as Record<string, Constructor>).filter(([, value]) =>
  typeof value === "function" && value.prototype instanceof nn.Module
);

test("the table has every layer", () => {
  expect(Object.keys(layers)).toEqual(constructors.map(([name]) => name).filter((name) => !others.has(name)).sort());
});

describe.each(constructors.filter(([name]) => !others.has(name)))("%s", (name, Layer) => {
  const { args = [], options } = layers[name]!;
  const values = args.map(([value]) => value);
  const messageOf = (given: readonly unknown[]): string => {
    try {
      new Layer(...given);
    } catch (error) {
      return (error as Error).message;
    }
    return `accepted ${given.map((value) => typeof value === "object" ? JSON.stringify(value) : String(value))}`;
  };
  /** Begins with the layer, or a layer or function that it uses. */
  const named = /^\w+(\.\w+)?: /;

  test("surplus arguments", () => {
    expect(new Layer(...values)).toBeInstanceOf(Layer);
    const message = messageOf([...values, { bogus: 1 }]);
    expect(message).toMatch(named);
    expect(message).toContain("bogus");
  });

  const cases = args.flatMap(([, kind], i) =>
    wrong[kind].map((value) => [`argument ${i}`, values.with(i, value)] as const)
  );
  const optional = Object.entries(options ?? {}).flatMap(([option, kind]) =>
    wrong[kind].map((value) => [option, [...values, { [option]: value }]] as const)
  );
  const bad = [...cases, ...optional];
  test.runIf(bad.length > 0)("values without sense", () => {
    for (const [which, given] of bad) {
      const message = messageOf(given);
      expect(message, which).toMatch(named);
    }
  });
});

test("a layer of one's own refuses what reaches Module", () => {
  class Net extends nn.Module {
    readonly layer = new nn.Linear(1, 1);
  }
  const Made = Net as unknown as Constructor;
  expect(() => new Made({ hidden: 3 })).toThrow(
    new TypeError("Net: takes no arguments, got 1; it has no use for the options { hidden }"),
  );
  expect(() => new Made(3)).toThrow("Net: takes no arguments, got 1; it has no use for 3");
});

test("inplace is refused, by layers and functions", () => {
  const message =
    "takes no arguments, got 1; it has no use for the options { inplace }; the result is always a new tensor";
  expect(() => new (nn.ReLU as unknown as Constructor)({ inplace: true })).toThrow(new TypeError(`ReLU: ${message}`));
  const x = heddle.ones([2, 2]);
  const functions = nn.functional as unknown as Record<string, (...args: unknown[]) => unknown>;
  const withOptions: Record<string, unknown[]> = {
    ...Object.fromEntries(
      ["relu", "relu6", "selu", "silu", "mish", "hardsigmoid", "hardswish"].map((name) => [name, [x]]),
    ),
    ...Object.fromEntries(["leakyRelu", "elu", "celu"].map((name) => [name, [x, 0.5]])),
    ...Object.fromEntries(["softmax", "logSoftmax", "softmin"].map((name) => [name, [x, 0]])),
    hardtanh: [x, -1, 1],
    threshold: [x, 0, 1],
  };
  for (const [name, args] of Object.entries(withOptions)) {
    expect(() => functions[name]!(...args, { inplace: true }), name).toThrow(`${name}: takes `);
  }
  for (const [name, args] of Object.entries({ zeros_: [x], ones_: [x], eye_: [x], constant_: [x, 1] })) {
    const fill = (nn.init as unknown as typeof functions)[name]!;
    expect(() => fill(...args, { generator: new heddle.Generator(1) }), name).toThrow(`${name}: takes `);
  }
});

test("functions may be given to map and forEach", () => {
  const xs = [heddle.tensor([-1, 1]), heddle.tensor([2, -2])];
  expect(xs.map(nn.functional.relu).map((y) => y.toArray())).toEqual([[0, 1], [2, 0]]);
  xs.forEach(nn.init.zeros_);
  expect(xs.map((x) => x.toArray())).toEqual([[0, 0], [0, 0]]);
});
