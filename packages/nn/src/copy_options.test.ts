import { arange, type Tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  Conv2d,
  ConvTranspose2d,
  HuberLoss,
  LayerNorm,
  LPPool2d,
  MaxPool2d,
  Module,
  MSELoss,
  MultiMarginLoss,
  RMSNorm,
  Unflatten,
  Upsample,
  ZeroPad2d,
} from "./mod.ts";

/** Losses take a second tensor, transposed convolutions a size. */
type Layer = Module & { forward(input: Tensor, second: never): Tensor };

const image = (): Tensor => arange(32).reshape(1, 2, 4, 4);

const run = (layer: Layer, [input, second]: readonly Tensor[]): Tensor => layer.forward(input!, second as never);

/** Layers made of arrays and options that the caller may write to later. */
const layers: Record<string, { readonly make: (args: Args) => Layer; readonly inputs?: () => Tensor[] }> = {
  Conv2d: {
    make: ({ two, one }) => new Conv2d(2, 1, two, { stride: one, padding: one, dilation: one }),
  },
  ConvTranspose2d: { make: ({ two, one }) => new ConvTranspose2d(2, 1, two, { stride: two, padding: one }) },
  MaxPool2d: { make: ({ two, one, options }) => new MaxPool2d(two, { ...options, stride: one }) },
  "MaxPool2d with options": { make: ({ two, sizes }) => new MaxPool2d(two, sizes) },
  AvgPool2d: { make: ({ two, sizes }) => new AvgPool2d(two, sizes) },
  LPPool2d: { make: ({ two, strides }) => new LPPool2d(2, two, strides) },
  AdaptiveAvgPool2d: { make: ({ two }) => new AdaptiveAvgPool2d(two) },
  Upsample: { make: ({ upsampling }) => new Upsample(upsampling) },
  ZeroPad2d: { make: ({ four }) => new ZeroPad2d(four) },
  LayerNorm: { make: ({ plane }) => new LayerNorm(plane) },
  RMSNorm: { make: ({ plane }) => new RMSNorm(plane) },
  Unflatten: { make: ({ two }) => new Unflatten(3, two) },
  MSELoss: { make: ({ reduction }) => new MSELoss(reduction), inputs: () => [image(), image().add(1)] },
  HuberLoss: { make: ({ huber }) => new HuberLoss(huber), inputs: () => [image(), image().add(5)] },
  MultiMarginLoss: {
    make: ({ margin }) => new MultiMarginLoss(margin),
    inputs: () => [arange(4).reshape(1, 4), arange(1, { dtype: "int32" })],
  },
};

/** Arguments; {@link spoil} writes to all of them. */
function args() {
  return {
    one: [1, 1],
    two: [2, 2],
    four: [1, 1, 1, 1],
    plane: [4, 4],
    options: {},
    sizes: { stride: [1, 1], padding: [1, 1] },
    strides: { stride: [1, 1] },
    upsampling: { size: [8, 8] },
    reduction: { reduction: "sum" as "sum" | "none" },
    huber: { delta: 2 },
    margin: { margin: 1 },
  };
}
type Args = ReturnType<typeof args>;

function spoil(value: object): void {
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === "object") spoil(inner as object);
    else (value as Record<string, unknown>)[name] = typeof inner === "number" ? 3 : "none";
  }
}

test.each(Object.keys(layers))("%s keeps nothing that the caller may write to", (name) => {
  const { make, inputs = () => [image()] } = layers[name]!;
  const given = args();
  const layer = make(given);
  const [text, first] = [String(layer), run(layer, inputs())];
  spoil(given);
  const second = run(layer, inputs());
  expect([String(layer), second.shape, second.toArray()]).toEqual([text, first.shape, first.toArray()]);
});
