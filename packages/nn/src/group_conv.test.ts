import { gradcheck } from "@heddle/autograd";
import { cat, conv2d, Generator, ones, randint, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { BatchNorm3d } from "./batch_norm.ts";
import { Sequential } from "./container.ts";
import { GroupConv2d, GroupPool, LiftingConv2d } from "./group_conv.ts";
import { MaxPool3d } from "./pooling.ts";
import { ReLU } from "./rectifier.ts";
import { elementsOf, quotient, type Symmetry } from "./symmetry.ts";

const generator = new Generator(5);
const groups = ["p4", "p4m"] as const;

/** Small whole numbers: sums of their products are exact in any order, so that equal means equal. */
const whole = (shape: number[]): Tensor => randint(-4, 5, shape, { generator }).float();

function withWholeWeights<L extends LiftingConv2d | GroupConv2d>(layer: L): L {
  layer.loadStateDict({ weight: whole([...layer.weight.shape]), bias: whole([...layer.bias!.shape]) });
  return layer;
}

/** Images under an element: mirrored left to right if it is of the second four, then turned counter-clockwise. */
function transformed(images: Tensor, element: number): Tensor {
  let result = element >= 4 ? images.flip([-1]) : images;
  for (let turn = 0; turn < element % 4; turn++) result = result.transpose(-1, -2).flip([-2]);
  return result;
}

/** Feature maps `[N, C, order, H, W]` under an element g: at (h, y) what was at (g⁻¹h, g⁻¹y). */
function transformedFeatures(features: Tensor, group: Symmetry, element: number): Tensor {
  const elements = elementsOf("test", group);
  const planes = elements.map((_, h) => features.narrow(2, quotient(elements, element, h), 1));
  return transformed(cat(planes, 2), element);
}

describe.each(groups)("%s", (group) => {
  const order = group === "p4" ? 4 : 8;
  const all = [...Array(order).keys()];

  test.each(
    [
      ["", 3, {}],
      ["with padding", 3, { padding: 1 }],
      ["of an even size", 2, {}],
      ["with a stride that ends as it begins", 3, { stride: 2 }],
      ["with dilation and a mirrored border", 3, { dilation: 2, padding: 2, paddingMode: "reflect" }],
      ["in groups", 5, { groups: 2, padding: "same" }],
    ] as const,
  )("images transformed give features transformed, exactly: lifting %s", (_, size, options) => {
    const layer = withWholeWeights(new LiftingConv2d(2, 4, size, { ...options, group }));
    const x = whole([2, 2, 7, 7]);
    const y = layer.forward(x);
    expect(y.shape.slice(0, 3)).toEqual([2, 4, order]);
    for (const g of all) {
      expect(layer.forward(transformed(x, g)).equal(transformedFeatures(y, group, g)), `element ${g}`).toBe(true);
      if (g > 0) expect(layer.forward(transformed(x, g)).equal(y), `element ${g} changes nothing`).toBe(false);
    }
  });

  test("features transformed give features transformed, exactly", () => {
    const layer = withWholeWeights(new GroupConv2d(2, 3, 3, { padding: 1, group }));
    const x = whole([2, 2, order, 5, 5]);
    const y = layer.forward(x);
    expect(y.shape).toEqual([2, 3, order, 5, 5]);
    for (const g of all) {
      const expected = transformedFeatures(y, group, g);
      expect(layer.forward(transformedFeatures(x, group, g)).equal(expected), `element ${g}`).toBe(true);
    }
  });

  test("at the first element, the identity, it is the plain convolution of all planes", () => {
    const lifting = withWholeWeights(new LiftingConv2d(2, 3, 3, { padding: 1, group }));
    const x = whole([2, 2, 5, 5]);
    const plain = conv2d(x, lifting.weight, { padding: 1, bias: lifting.bias });
    expect(lifting.forward(x).select(2, 0).equal(plain)).toBe(true);
    const onGroup = withWholeWeights(new GroupConv2d(2, 3, 3, { group }));
    const features = whole([2, 2, order, 5, 5]);
    const flat = conv2d(features.flatten(1, 2), onGroup.weight, { bias: onGroup.bias });
    expect(onGroup.forward(features).select(2, 0).equal(flat)).toBe(true);
  });

  test("a network with batch norm and pools answers turned images as it answers upright ones", () => {
    const net = new Sequential(
      withWholeWeights(new LiftingConv2d(1, 4, 3, { group })),
      new BatchNorm3d(4),
      new ReLU(),
      new MaxPool3d([1, 2, 2]),
      withWholeWeights(new GroupConv2d(4, 6, 3, { group })),
      new BatchNorm3d(6),
      new ReLU(),
      new GroupPool(),
    ).to("float64");
    const x = randn([3, 1, 14, 14], { dtype: "float64", generator });
    const answer = (images: Tensor): Tensor => net.forward(images).mean([2, 3]);
    const upright = answer(x);
    for (const g of all) {
      expect(answer(transformed(x, g)).allclose(upright, { rtol: 1e-9, atol: 1e-11 }), `element ${g}`).toBe(true);
    }
    // One statistic a channel, over batch, group and space.
    expect((net.at(1) as BatchNorm3d).runningMean!.shape).toEqual([4]);
  });

  test("one filter a channel for all positions, one bias", () => {
    const count = (layer: LiftingConv2d | GroupConv2d): number => layer.parameters().reduce((n, p) => n + p.numel, 0);
    expect(count(new LiftingConv2d(3, 16, 5, { group }))).toBe(16 * 3 * 25 + 16);
    expect(count(new GroupConv2d(16, 8, 3, { group }))).toBe(8 * 16 * order * 9 + 8);
    expect(count(new GroupConv2d(16, 8, 3, { group, bias: false }))).toBe(8 * 16 * order * 9);
  });

  test("gradients", () => {
    for (
      const [layer, shape] of [
        [new LiftingConv2d(1, 2, 3, { group, dtype: "float64", padding: 1, stride: 2 }), [1, 1, 3, 3]],
        [new GroupConv2d(1, 1, 2, { group, dtype: "float64" }), [1, 1, order, 2, 2]],
      ] as const
    ) {
      const x = randn([...shape], { dtype: "float64", generator }).requiresGrad_();
      const forward = (input?: Tensor, weight?: Tensor, bias?: Tensor): Tensor => {
        Object.assign(layer, { weight, bias });
        return layer.forward(input!).square();
      };
      expect(gradcheck(forward, [x, layer.weight, layer.bias!])).toBe(true);
    }
  });
});

test("the bound of the initial weights is that of a convolution with as many connections", () => {
  const layer = new GroupConv2d(4, 64, 3, { generator });
  const largest = layer.weight.detach().abs().max().item();
  expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(4 * 4 * 9));
  expect(largest).toBeGreaterThan(0.95 / Math.sqrt(4 * 4 * 9));
});

test("GroupPool takes the maximum or the mean over the elements", () => {
  const x = ones([1, 2, 4, 1, 1]).mul(randn([4, 1, 1], { generator }));
  expect(new GroupPool().forward(x).shape).toEqual([1, 2, 1, 1]);
  expect(new GroupPool().forward(x).select(1, 0).item()).toBe(x.max().item());
  expect(new GroupPool({ mode: "mean" }).forward(x).allclose(x.mean(2))).toBe(true);
  expect(String(new GroupPool({ mode: "mean" }))).toBe("GroupPool(mean)");
});

describe("what is refused, and what is printed", () => {
  test("groups, modes and shapes", () => {
    expect(() => new LiftingConv2d(1, 1, 3, { group: "p6" as "p4" })).toThrow(
      'LiftingConv2d: there is no group "p6"; use "p4" or "p4m"',
    );
    expect(() => new GroupConv2d(1, 1, [3, 3] as unknown as number)).toThrow("GroupConv2d: kernelSize is [3,3]");
    expect(() => new LiftingConv2d(3, 4, 3).forward(ones([1, 1, 5, 5]))).toThrow("expected [N, 3, H, W]");
    expect(() => new GroupConv2d(3, 4, 3).forward(ones([1, 3, 5, 5]))).toThrow(
      'expected [N, 3, 4, H, W] for the group "p4", as a LiftingConv2d makes it of images',
    );
    expect(() => new GroupConv2d(3, 4, 3, { group: "p4m" }).forward(ones([1, 3, 4, 5, 5]))).toThrow(
      "expected [N, 3, 8, H, W]",
    );
    expect(() => new GroupPool({ mode: "sum" as "max" })).toThrow('GroupPool: mode "sum" is unknown');
    expect(() => new GroupPool().forward(ones([1, 2]))).toThrow("expected [N, C, order, …]");
  });

  test("the layers", () => {
    expect(String(new LiftingConv2d(1, 8, 3, { padding: 1 }))).toBe(
      "LiftingConv2d(1, 8, kernelSize=[3, 3], stride=[1, 1], padding=[1, 1], group=p4)",
    );
    expect(String(new GroupConv2d(8, 16, 3, { group: "p4m", bias: false }))).toBe(
      "GroupConv2d(8, 16, kernelSize=[3, 3], stride=[1, 1], bias=false, group=p4m)",
    );
  });
});
