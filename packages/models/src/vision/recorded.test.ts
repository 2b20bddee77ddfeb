/** Scores, gradients and running statistics, against torchvision's (testing/fixtures/vision.json.gz). */
import { noGrad } from "@heddle/autograd";
import { type Layer, Linear, Sequential } from "@heddle/nn";
import { scope, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { fill, uniform } from "../../testing/counted_weights.ts";
import { freeModel, makeModel } from "../../testing/model_state.ts";
import { numbersOf, recorded } from "../../testing/recorded.ts";
import { alexnet } from "./alexnet.ts";
import type { ClassifierOptions } from "./classifier_options.ts";
import { DenseNet } from "./densenet.ts";
import { efficientnetB0 } from "./efficientnet.ts";
import { mobilenetV2 } from "./mobilenet_v2.ts";
import { mobilenetV3Large, mobilenetV3Small } from "./mobilenet_v3.ts";
import { Bottleneck, ResNet, resnet18 } from "./resnet.ts";
import { shufflenetV2X05 } from "./shufflenet_v2.ts";
import { squeezenet10, squeezenet11 } from "./squeezenet.ts";
import { vgg11, vgg11Bn } from "./vgg.ts";
import { VisionTransformer } from "./vision_transformer.ts";

interface Case {
  name: string;
  size: number;
  evaluated: { data: string };
  trained: { data: string };
  gradients: Record<string, number>;
  buffers: Record<string, number>;
}

const { cases } = recorded<{ cases: Case[] }>("vision.json.gz");

/** The classifier with its hidden layers cut to 16 features, which saves 400 MB: made where nothing is allocated, then moved. */
function narrow<M extends Layer & { classifier: Sequential }>(
  make: (options: ClassifierOptions & { dropout: number }) => M,
  options: ClassifierOptions,
): M {
  const model = make({ ...options, dropout: 0, device: "null" });
  const layers = [...model.classifier];
  const linear = layers.filter((layer) => layer instanceof Linear);
  for (const layer of linear) freeModel(layer);
  model.classifier = new Sequential<readonly Layer[]>(...layers.map((layer) => {
    if (!(layer instanceof Linear)) return layer;
    const [from, to] = [
      layer === linear[0] ? layer.inFeatures : 16,
      layer === linear.at(-1) ? layer.outFeatures : 16,
    ];
    return new Linear(from, to, { dtype: options.dtype, device: "null" });
  }));
  return model.to("cpu");
}

const sizes = { patchSize: 8, numLayers: 2, numHeads: 4, hiddenDim: 32, mlpDim: 64 };

const make: Record<string, (options: ClassifierOptions) => Layer> = {
  resnet18,
  Bottleneck: (options) =>
    new ResNet(Bottleneck, [1, 2, 1, 1], {
      ...options,
      groups: 2,
      widthPerGroup: 16,
      replaceStrideWithDilation: [false, true, true],
    }),
  vgg11: (options) => narrow(vgg11, options),
  vgg11_bn: (options) => narrow(vgg11Bn, options),
  alexnet: (options) => narrow(alexnet, options),
  mobilenet_v2: (options) => mobilenetV2({ ...options, dropout: 0, widthMult: 0.5 }),
  mobilenet_v3_large: (options) => mobilenetV3Large({ ...options, dropout: 0, widthMult: 0.5 }),
  mobilenet_v3_small: (options) => mobilenetV3Small({ ...options, dropout: 0, reducedTail: true, dilated: true }),
  efficientnet_b0: (options) => efficientnetB0({ ...options, dropout: 0, stochasticDepthProb: 0 }),
  densenet: (options) =>
    new DenseNet({ growthRate: 8, blockConfig: [2, 3, 2, 1], numInitFeatures: 12 }, { ...options, bnSize: 2 }),
  shufflenet_v2_x0_5: shufflenetV2X05,
  squeezenet1_0: (options) => squeezenet10({ ...options, dropout: 0 }),
  squeezenet1_1: (options) => squeezenet11({ ...options, dropout: 0 }),
  vit: (options) => new VisionTransformer(sizes, { ...options, imageSize: 32 }),
  "vit with a layer before the head": (options) =>
    new VisionTransformer(sizes, { ...options, imageSize: 24, representationSize: 16 }),
};

/** The largest difference, relative to the largest number expected. */
function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const scale = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (value, i) => Math.abs(actual[i]! - value))) / scale;
}

const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);

/** A tensor as one number: its product with random numbers of its name. */
const against = (name: string, x: Tensor): number => x.to("float64").mul(uniform(`${name}?`, x.shape)).sum().item();

/** Those that take seconds. */
const long = ["resnet18", "vgg11", "vgg11_bn", "efficientnet_b0"];

describe.each(cases)("$name", ({ name, size, evaluated, trained, gradients, buffers }) => {
  const tags = long.includes(name) ? ["long"] : [];
  const images = uniform("images", [2, 3, size, size]);

  // The recordings are of float64.
  test("float32: evaluation, with and without folded normalisations, and training", { tags }, () => {
    using _ = scope();
    const model = fill(makeModel(() => make[name]!({ numClasses: 10 }))).eval();
    const x = images.to("float32");
    expect(difference(numbers(noGrad(() => model.forward(x))), numbersOf(evaluated))).toBeLessThan(2e-5);
    expect(difference(numbers(model.forward(x)), numbersOf(evaluated))).toBeLessThan(2e-5);
    expect(difference(numbers(model.train().forward(x)), numbersOf(trained))).toBeLessThan(2e-4);
    freeModel(model);
  });

  test("trains in float64: scores, all gradients, running statistics", { tags }, () => {
    using _ = scope();
    const model = fill(makeModel(() => make[name]!({ numClasses: 10, dtype: "float64" })));
    const x = images.clone().requiresGrad_();
    const scores = model.forward(x);
    expect(difference(numbers(scores), numbersOf(trained))).toBeLessThan(1e-10);
    scores.mul(uniform("weights of the scores", scores.shape)).sum().backward();
    const found: Record<string, number> = { images: against("images", x.grad!) };
    for (const [key, parameter] of model.namedParameters()) found[key] = against(key, parameter.grad!);
    expect(Object.keys(found)).toEqual(Object.keys(gradients));
    for (const [key, value] of Object.entries(gradients)) {
      // PyTorch's gradient of hardsigmoid has 1/6 in float32.
      expect(Math.abs(found[key]! - value), key).toBeLessThan(1e-7 * Math.max(1, Math.abs(value)));
    }
    const statistics = model.namedBuffers().map(([key, buffer]) => [key, against(key, buffer)] as const);
    expect(statistics.map(([key]) => key)).toEqual(Object.keys(buffers));
    for (const [key, value] of statistics) {
      expect(Math.abs(value - buffers[key]!), key).toBeLessThan(1e-10 * Math.max(1, Math.abs(value)));
    }
    freeModel(model);
  });
});
