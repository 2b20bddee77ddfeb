/**
 * The layers without a recording of their own on the GPU in Deno: outputs and gradients are the CPU's. A test that runs everywhere holds
 * that every layer is either recorded, and so tested by gpu.test.ts, or has a line here.
 */
import { grad } from "@heddle/autograd";
import * as nn from "@heddle/nn";
import { Module } from "@heddle/nn";
import {
  defaultDevice,
  type Device,
  getDevice,
  manualSeed,
  rand,
  randint,
  randn,
  setDefaultDevice,
  Tensor,
  tensor,
  zeros,
} from "@heddle/tensor";
import { afterEach, describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";
import { loadFixtures } from "./load.ts";

type AnyModule = Module & { forward(...inputs: unknown[]): unknown };

/** A layer and its inputs, made on the default device. */
type Line = () => readonly [layer: Module, ...inputs: unknown[]];

const x = (...shape: number[]): Tensor => randn(shape).requiresGrad_();
const labels = (classes: number, ...shape: number[]): Tensor => randint(0, classes, shape, { dtype: "int32" });
const signs = (...shape: number[]): Tensor => randint(0, 2, shape, { dtype: "int32" }).float().mul(2).sub(1);
const bits = (...shape: number[]): Tensor => randint(0, 2, shape, { dtype: "int32" }).float();

const lines: { readonly [layer: string]: Line } = {
  AveragedModel: () => [new nn.AveragedModel(new nn.Linear(3, 2)), x(4, 3)],
  BCELoss: () => [new nn.BCELoss(), x(4, 3).sigmoid(), bits(4, 3)],
  BCEWithLogitsLoss: () => [new nn.BCEWithLogitsLoss(), x(4, 3), bits(4, 3)],
  CRF: () => [new nn.CRF(4), x(5, 3, 4), labels(4, 5, 3)],
  CTCLoss: () => [new nn.CTCLoss(), x(8, 2, 5).logSoftmax(2), labels(4, 2, 3).add(1), [8, 7], [3, 2]],
  ChannelShuffle: () => [new nn.ChannelShuffle(2), x(1, 4, 2, 3)],
  ConvTranspose1d: () => [new nn.ConvTranspose1d(3, 2, 3, { stride: 2 }), x(2, 3, 5)],
  CosineEmbeddingLoss: () => [new nn.CosineEmbeddingLoss({ margin: 0.1 }), x(4, 3), x(4, 3), signs(4)],
  CosineSimilarity: () => [new nn.CosineSimilarity(), x(4, 3), x(4, 3)],
  CrossEntropyLoss: () => [new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }), x(4, 5), labels(5, 4)],
  DepthwiseSeparableConv2d: () => [new nn.DepthwiseSeparableConv2d(3, 4, 3, { padding: 1 }), x(2, 3, 5, 5)],
  Dropout1d: () => [new nn.Dropout1d(0.5), x(2, 6, 3)],
  FeatureExtractor:
    () => [nn.createFeatureExtractor(new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU()), ["0"]), x(4, 3)],
  FeatureLPPool: () => [new nn.FeatureLPPool(2, 3), x(2, 6, 3)],
  FractionalMaxPool2d: () => [new nn.FractionalMaxPool2d(2, { outputRatio: 0.6 }), x(2, 3, 7, 8)],
  FractionalMaxPool3d: () => [new nn.FractionalMaxPool3d(2, { outputSize: 3 }), x(1, 2, 5, 6, 7)],
  GLU: () => [new nn.GLU(), x(3, 4)],
  GaussianNLLLoss: () => [new nn.GaussianNLLLoss(), x(4, 3), randn([4, 3]), rand([4, 3]).add(0.1)],
  GroupConv2d: () => [new nn.GroupConv2d(2, 3, 3), x(1, 2, 4, 6, 6)],
  GroupPool: () => [new nn.GroupPool(), x(2, 3, 4, 5, 5)],
  HingeEmbeddingLoss: () => [new nn.HingeEmbeddingLoss(), x(4, 3), signs(4, 3)],
  HingeLoss: () => [new nn.HingeLoss(), x(4, 3), signs(4, 3)],
  HuberLoss: () => [new nn.HuberLoss(), x(4, 3), randn([4, 3])],
  InstanceNorm1d: () => [new nn.InstanceNorm1d(3, { affine: true }), x(2, 3, 6)],
  KLDivLoss: () => [new nn.KLDivLoss(), x(4, 3).logSoftmax(1), randn([4, 3]).softmax(1)],
  L1Loss: () => [new nn.L1Loss(), x(4, 3), randn([4, 3])],
  LazyBatchNorm1d: () => [new nn.LazyBatchNorm1d(), x(4, 3)],
  LazyBatchNorm2d: () => [new nn.LazyBatchNorm2d(), x(2, 3, 4, 4)],
  LazyBatchNorm3d: () => [new nn.LazyBatchNorm3d(), x(2, 3, 2, 2, 2)],
  LazyConv1d: () => [new nn.LazyConv1d(4, 3), x(2, 3, 6)],
  LazyConv2d: () => [new nn.LazyConv2d(4, 3), x(2, 3, 5, 5)],
  LazyConv3d: () => [new nn.LazyConv3d(4, 2), x(1, 3, 3, 3, 3)],
  LazyConvTranspose1d: () => [new nn.LazyConvTranspose1d(4, 3), x(2, 3, 6)],
  LazyConvTranspose2d: () => [new nn.LazyConvTranspose2d(4, 3), x(2, 3, 4, 4)],
  LazyConvTranspose3d: () => [new nn.LazyConvTranspose3d(4, 2), x(1, 3, 3, 3, 3)],
  LazyInstanceNorm1d: () => [new nn.LazyInstanceNorm1d({ affine: true }), x(2, 3, 6)],
  LazyInstanceNorm2d: () => [new nn.LazyInstanceNorm2d({ affine: true }), x(2, 3, 4, 4)],
  LazyInstanceNorm3d: () => [new nn.LazyInstanceNorm3d({ affine: true }), x(2, 3, 2, 2, 3)],
  LazyLinear: () => [new nn.LazyLinear(3), x(2, 7)],
  LearnedPositions: () => [new nn.LearnedPositions(4, 8), x(5, 2, 4)],
  LiftingConv2d: () => [new nn.LiftingConv2d(2, 3, 3), x(1, 2, 6, 6)],
  MSELoss: () => [new nn.MSELoss(), x(4, 3), randn([4, 3])],
  MarginRankingLoss: () => [new nn.MarginRankingLoss(), x(4), x(4), signs(4)],
  MultiLabelMarginLoss: () => [new nn.MultiLabelMarginLoss(), x(1, 4), tensor([[3, 0, -1, 1]], { dtype: "int32" })],
  MultiLabelSoftMarginLoss: () => [new nn.MultiLabelSoftMarginLoss(), x(4, 3), bits(4, 3)],
  MultiMarginLoss: () => [new nn.MultiMarginLoss(), x(4, 5), labels(5, 4)],
  NLLLoss: () => [new nn.NLLLoss(), x(4, 5).logSoftmax(1), labels(5, 4)],
  PairwiseDistance: () => [new nn.PairwiseDistance(), x(4, 3), x(4, 3)],
  PoissonNLLLoss: () => [new nn.PoissonNLLLoss(), x(4, 3), labels(5, 4, 3).float()],
  SmoothL1Loss: () => [new nn.SmoothL1Loss(), x(4, 3), randn([4, 3])],
  SoftMarginLoss: () => [new nn.SoftMarginLoss(), x(4, 3), signs(4, 3)],
  TripletMarginLoss: () => [new nn.TripletMarginLoss(), x(4, 3), x(4, 3), x(4, 3)],
  TripletMarginWithDistanceLoss: () => [new nn.TripletMarginWithDistanceLoss(), x(4, 3), x(4, 3), x(4, 3)],
};

/** Base classes, and containers, which compute nothing. */
const others = [
  ...["AdaptivePoolNd", "BatchNorm", "ConstantPadNd", "ConvNd", "ConvTransposeNd", "DropoutNd", "EquivariantConv"],
  ...["FractionalMaxPoolNd", "InstanceNorm", "LPPoolNd", "MaxUnpoolNd", "ModuleDict", "ModuleList", "PadNd"],
  ...["ParameterDict", "ParameterList", "PoolNd", "Recurrent", "RecurrentCell", "RecurrentLayer", "RunningNorm"],
  "WeightedLoss",
];

const gpu = await gpuFor("the tests of layers on the GPU");
const before = defaultDevice();
afterEach(() => setDefaultDevice(before));

test("every layer is recorded, or has a line here", () => {
  const recorded = ["modules", "recurrent", "attention"].flatMap((family) =>
    loadFixtures<{ name: string; module?: string; outputs?: unknown }>(family).cases
      .flatMap(({ module, outputs }) => module !== undefined && outputs !== undefined ? [module] : [])
  );
  const tested = new Set([...recorded, ...Object.keys(lines), ...others]);
  const exported = Object.entries(nn as unknown as Record<string, { prototype: unknown }>).filter(([, value]) =>
    typeof value === "function" && value.prototype instanceof Module
  ).map(([name]) => name);
  expect(exported.filter((name) => !tested.has(name))).toEqual([]);
});

/** Outputs, then gradients of the inputs and parameters. */
function run(device: Device, line: Line): Tensor[] {
  setDefaultDevice(device);
  manualSeed(7);
  const [layer, ...inputs] = line();
  const output = (layer as AnyModule).forward(...inputs);
  const values = output instanceof Tensor ? [output] : Object.values(output as Record<string, Tensor>);
  const wanted = [...inputs.filter((each): each is Tensor => each instanceof Tensor && each.requiresGrad)]
    .concat(layer.parameters());
  const loss = values.reduce((sum, value) => sum.add(value.mul(value.detach().mul(0.5).add(1)).sum()), zeros([]));
  const gradients = grad(loss, wanted, { allowUnused: true }).map((each) => each ?? zeros([]));
  return [...values, ...gradients].map((value) => value.detach().to("cpu"));
}

describe.skipIf(gpu === null)("layers on a GPU", () => {
  test.each(Object.entries(lines))("%s", (name, line) => {
    const [found, wanted] = [run(gpu!, line), run(getDevice("cpu"), line)];
    expect(found.length).toBe(wanted.length);
    expect(wanted.some((value) => value.ne(0).any().item())).toBe(true);
    found.forEach((value, i) => {
      expect(value.shape).toEqual(wanted[i]!.shape);
      const close = value.allclose(wanted[i]!, { rtol: 1e-4, atol: 1e-5 });
      expect(close, `${name}: value ${i} is ${value}, on the CPU ${wanted[i]}`).toBe(true);
    });
  });
});
