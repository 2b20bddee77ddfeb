/** What the recordings do not show: initial values, hooks, stochastic depth, refusals. */
import { noGrad } from "@heddle/autograd";
import {
  BatchNorm2d,
  Conv2d,
  createFeatureExtractor,
  GroupNorm,
  Linear,
  type Module,
  type StateDict,
} from "@heddle/nn";
import { Generator, getDevice, ones, randn, type Tensor } from "@heddle/tensor";
import type { NullBackend } from "@heddle/tensor/backend";
import { describe, expect, test } from "vitest";
import { DenseNet } from "./densenet.ts";
import { efficientnetB0 } from "./efficientnet.ts";
import { mobilenetV2 } from "./mobilenet_v2.ts";
import { BasicBlock, Bottleneck, ResNet, resnet18, resnet34 } from "./resnet.ts";
import { StochasticDepth } from "./stochastic_depth.ts";
import { VisionTransformer, vitB16 } from "./vision_transformer.ts";

const small = (): ResNet => new ResNet(BasicBlock, [1, 1, 1, 1], { numClasses: 10, generator: new Generator(1) });
const sizes = { patchSize: 8, numLayers: 1, numHeads: 2, hiddenDim: 64, mlpDim: 128 };
const spread = (x: Tensor): number => x.detach().square().mean().sqrt().item();
const layersOf = <M extends Module>(model: Module, kind: abstract new (...args: never[]) => M): M[] =>
  model.modules().filter((module): module is M => module instanceof kind);

describe("initial values", () => {
  test("of convolutions by their fan out, of their biases zero", () => {
    for (const { weight, bias } of layersOf(mobilenetV2({ generator: new Generator(1) }), Conv2d)) {
      const [out, , ...kernel] = weight.shape as [number, number, number, number];
      const expected = Math.sqrt(2 / (out * kernel[0]! * kernel[1]!));
      // Four standard errors.
      expect(Math.abs(spread(weight) / expected - 1)).toBeLessThan(4 / Math.sqrt(2 * weight.numel));
      expect(bias).toBe(null);
    }
  });

  test("of heads as in each paper", () => {
    const head = (model: Module): Linear => layersOf(model, Linear).at(-1)!;
    const bound = (x: Tensor): number => x.detach().abs().amax().item();
    expect(spread(head(mobilenetV2()).weight)).toBeCloseTo(0.01, 4);
    expect(spread(head(mobilenetV2()).bias!)).toBe(0);
    const [efficient, residual] = [head(efficientnetB0()), head(small())];
    expect(bound(efficient.weight)).toBeLessThanOrEqual(1 / Math.sqrt(1000));
    expect(bound(efficient.weight)).toBeGreaterThan(0.99 / Math.sqrt(1000));
    expect(bound(residual.weight)).toBeLessThanOrEqual(1 / Math.sqrt(512));
    expect(spread(residual.bias!)).toBeGreaterThan(0);
  });

  test("residual branches start at zero if asked to", () => {
    for (const block of [BasicBlock, Bottleneck]) {
      const net = new ResNet(block, [1, 1, 1, 1], { zeroInitResidual: true, widthPerGroup: 64 });
      const norms = layersOf(net, BatchNorm2d).filter(({ weight }) => spread(weight!) === 0);
      expect(norms).toHaveLength(4);
    }
  });

  test("of vision transformers: the head is zero, positions are small", () => {
    const net = new VisionTransformer(sizes, { imageSize: 64, generator: new Generator(1) });
    const state = net.stateDict();
    expect(net.forward(randn([1, 3, 64, 64])).eq(0).all().item()).toBe(1);
    expect(spread(state["encoder.pos_embedding"]!)).toBeCloseTo(0.02, 3);
    expect(spread(state.class_token!)).toBe(0);
    expect(spread(state["conv_proj.weight"]!)).toBeCloseTo(Math.sqrt(1 / 192), 3);
    expect(spread(state["encoder.layers.encoder_layer_0.mlp.0.bias"]!)).toBeLessThan(2e-6);
  });

  test("come of the generator", () => {
    const [a, b] = [small(), small()];
    expect(a.conv1.weight.equal(b.conv1.weight)).toBe(true);
    expect(a.fc.weight.equal(b.fc.weight)).toBe(true);
  });
});

describe("published files", () => {
  const names = (state: StateDict, rename: (name: string) => string): StateDict =>
    Object.fromEntries(Object.entries(state).map(([name, tensor]) => [rename(name), tensor]));

  test("without counts of batches", () => {
    const [from, to] = [small(), small()];
    from.train().forward(randn([2, 3, 32, 32]));
    const old = Object.entries(from.stateDict()).filter(([name]) => !name.endsWith("num_batches_tracked"));
    expect(to.loadStateDict(Object.fromEntries(old))).toEqual({ missingKeys: [], unexpectedKeys: [] });
    const images = randn([1, 3, 32, 32]);
    expect(to.eval().forward(images).equal(from.eval().forward(images))).toBe(true);
  });

  test("with names that have changed since", () => {
    const dense = (): DenseNet => new DenseNet({ growthRate: 2, blockConfig: [1, 2, 1, 1], numInitFeatures: 4 });
    const transformer = (): VisionTransformer => new VisionTransformer(sizes, { imageSize: 16, numClasses: 2 });
    const cases = [
      [dense, /(denselayer.*\.(?:norm|relu|conv))([12])/, "$1.$2", "features.denseblock2.denselayer2.norm.1.weight"],
      [transformer, /mlp\.0/, "mlp.linear_1", "encoder.layers.encoder_layer_0.mlp.linear_1.weight"],
      [transformer, /mlp\.3/, "mlp.linear_2", "encoder.layers.encoder_layer_0.mlp.linear_2.bias"],
    ] as const;
    for (const [make, now, before, example] of cases) {
      const [from, to] = [make(), make()];
      const published = names(from.stateDict(), (name) => name.replace(now, before));
      expect(Object.keys(published)).toContain(example);
      to.loadStateDict(published);
      const [a, b] = [from.stateDict(), to.stateDict()];
      expect(Object.keys(a).every((name) => a[name]!.equal(b[name]!))).toBe(true);
      expect(() => to.loadStateDict(null as never)).toThrow(/expected an object of tensors by name, got null/);
      expect(() => to.loadStateDict({ ...published, extra: ones([1]) })).toThrow(/not in the module: extra/);
    }
  });
});

describe("hooks and features", () => {
  test("see what comes between convolution, normalisation and activation", () => {
    const net = small().eval();
    const x = randn([1, 3, 32, 32], { generator: new Generator(2) });
    noGrad(() => {
      const expected = net.forward(x);
      const seen = createFeatureExtractor(net, ["conv1", "bn1", "relu", "layer1.0.bn2", "layer1.0", "fc"]).forward(x);
      expect(seen.bn1.allclose(net.getSubmodule("bn1") instanceof BatchNorm2d ? (net.bn1.forward(seen.conv1)) : x))
        .toBe(
          true,
        );
      expect(seen.relu.equal(seen.bn1.relu())).toBe(true);
      const entering = net.maxpool.forward(seen.relu);
      expect(seen["layer1.0"].allclose(seen["layer1.0.bn2"].add(entering).relu())).toBe(true);
      expect(seen.fc.allclose(expected, { rtol: 1e-4, atol: 1e-4 })).toBe(true);
      expect(net.modules().some((module) => Object.hasOwn(module, "forward"))).toBe(false);
    });
  });

  test("features run only as far as asked", () => {
    const device = getDevice("null");
    const backend = device.backend as NullBackend;
    const net = resnet18({ device, numClasses: 10 });
    const x = ones([2, 3, 64, 64], { device });
    const kernels = (run: () => unknown): number => {
      backend.reset();
      run();
      return backend.dispatched.length;
    };
    const upTo = (name: string): number => kernels(() => createFeatureExtractor(net, [name]).forward(x));
    const counts = ["conv1", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc"].map(upTo);
    expect(counts.every((count, i) => i === 0 || count > counts[i - 1]!)).toBe(true);
    expect(counts.at(-1)).toBe(kernels(() => net.forward(x)));
    const features = createFeatureExtractor(net, { avgpool: "pooled", layer3: "middle" });
    expect(kernels(() => features.forward(x))).toBe(upTo("avgpool"));
    const { pooled, middle } = features.forward(x);
    expect([pooled.shape, middle.shape]).toEqual([[2, 512, 1, 1], [2, 256, 4, 4]]);
  });
});

describe("options", () => {
  test("other normalisations", () => {
    const net = new ResNet(BasicBlock, [1, 1, 1, 1], {
      numClasses: 2,
      normLayer: (channels) => new GroupNorm(4, channels),
    });
    expect(net.forward(randn([1, 3, 32, 32])).shape).toEqual([1, 2]);
    expect(Object.keys(net.stateDict())).not.toContain("bn1.running_mean");
  });

  test.each<[string, () => unknown, RegExp]>([
    ["an unknown one", () => resnet34({ classes: 3 } as object), /ResNet: unknown option "classes"/],
    ["groups of basic blocks", () => resnet18({ groups: 2, device: "null" }), /BasicBlock: groups 2.*Bottleneck/],
    ["stages", () => new ResNet(BasicBlock, [1, 1]), /4 stages, got \[1,1\]/],
    ["a probability", () => mobilenetV2({ dropout: 2 }), /2 is not within 0 to 1/],
    ["patches", () => vitB16({ imageSize: 100 }), /patches of 16 pixels do not divide an image of 100/],
    [
      "another image",
      () => new VisionTransformer(sizes, { imageSize: 64 }).forward(ones([1, 3, 32, 32])),
      /\[1, 3, 32, 32\]; expected \[N, 3, 64, 64\]/,
    ],
  ])("refuse %s", (_, call, message) => expect(call).toThrow(message));
});

describe("stochastic depth", () => {
  test("drops whole samples while training, and keeps the mean", () => {
    const layer = new StochasticDepth(0.25, { generator: new Generator(3) });
    const x = ones([4000, 2, 1], { dtype: "float64" }).requiresGrad_();
    const y = layer.forward(x);
    const [first, second] = [y.select(1, 0), y.select(1, 1)];
    expect(first.equal(second)).toBe(true);
    expect(new Set(first.flatten().toArray() as number[])).toEqual(new Set([0, 4 / 3]));
    expect(Math.abs(y.mean().item() - 1)).toBeLessThan(0.05);
    y.sum().backward();
    expect(x.grad!.equal(y.detach())).toBe(true);
    expect(layer.eval().forward(x)).toBe(x);
    expect(new StochasticDepth(0).forward(x)).toBe(x);
  });
});
