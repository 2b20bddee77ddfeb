/** Sizes without sense are refused at once, before anything loops over them or asks for memory. */
import * as h from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import * as nn from "./mod.ts";

const F = nn.functional;
const image = () => h.ones([1, 1, 4, 4]);

describe("sizes of a billion and more", () => {
  test.each<[string, () => unknown]>([
    ["padding of a convolution", () => new nn.Conv2d(1, 1, 3, { padding: 1e9 }).forward(image())],
    ["padding beyond 2^53", () => new nn.Conv2d(1, 1, 3, { padding: 1e16 }).forward(image())],
    [
      "padding in another mode",
      () => new nn.Conv2d(1, 1, 3, { padding: 1e9, paddingMode: "circular" }).forward(image()),
    ],
    ["stride of a transposed convolution", () => new nn.ConvTranspose2d(1, 1, 3, { stride: 1e9 }).forward(image())],
    ["dilation", () => new nn.Conv2d(1, 1, 3, { dilation: 1e9 }).forward(image())],
    ["kernel", () => new nn.Conv2d(1, 1, 1e9)],
    ["kernel over a group", () => new nn.GroupConv2d(1, 1, 5000)],
    ["hidden state", () => new nn.LSTM(1, 1e9)],
    ["more recurrent layers than int32 counts", () => new nn.GRU(1, 1, { numLayers: 2 ** 31 })],
    ["adaptive means", () => F.adaptiveAvgPool2d(image(), 1e9)],
    ["adaptive means of a dimension", () => F.adaptiveAvgPool2d(image(), [1e9, 1])],
    ["adaptive maxima", () => F.adaptiveMaxPool2d(image(), 1e9)],
    ["scale of an image", () => new nn.Upsample({ scaleFactor: 1e9 }).forward(image())],
    ["size of an image", () => new nn.Upsample({ size: 1e9, mode: "bilinear" }).forward(image())],
    ["repetitions", () => h.ones([2]).repeat(1e9, 1e9)],
    ["expansion", () => h.ones([1, 1]).expand(1e9, 1e9)],
    ["a range", () => h.arange(1e12, { dtype: "int32" })],
    ["steps", () => h.linspace(0, 1, 1e12)],
    ["an identity", () => h.eye(1e7)],
    ["a permutation", () => h.randperm(1e12)],
    ["random integers", () => h.randint(0, 5, [1e12])],
    ["draws", () => h.multinomial(h.ones([4]), 1e12, { replacement: true })],
    ["counts", () => h.tensor([1], { dtype: "int32" }).bincount({ minlength: 1e12 })],
    ["recurrent layers", () => new nn.LSTM(1, 1, { numLayers: 1e9 })],
    ["transformer layers", () => new nn.TransformerEncoder(() => new nn.TransformerEncoderLayer(4, 1), 1e9)],
    ["a grid", () => F.affineGrid(h.ones([1, 2, 3]), [1, 1, 1e9, 1e9])],
  ])("%s", (_, call) => expect(call).toThrow(RangeError));
});

test.each([NaN, -1, 1.5, "3", null, Infinity])("%s is no size", (size) => {
  const given = size as never;
  const calls: (() => unknown)[] = [
    () => new nn.Linear(given, 1),
    () => new nn.Linear(1, given),
    () => new nn.Conv2d(1, 1, given),
    () => new nn.Conv2d(given, 1, 1),
    () => new nn.Conv2d(1, 1, 1, { stride: given }).forward(image()),
    () => new nn.Conv2d(1, 1, 1, { padding: given }).forward(image()),
    () => new nn.Conv2d(1, 1, 1, { dilation: given }).forward(image()),
    () => new nn.Conv2d(1, 1, 1, { groups: given }),
    () => new nn.ConvTranspose2d(1, 1, 1, { padding: given }).forward(image()),
    () => new nn.MaxPool2d(given).forward(image()),
    () => new nn.BatchNorm2d(given),
    () => new nn.LayerNorm(given),
    () => new nn.GroupNorm(given, 4),
    () => new nn.Embedding(given, 4),
    () => new nn.LSTM(given, 4),
    () => new nn.LSTM(4, 4, { numLayers: given }),
    () => new nn.MultiheadAttention(given, 1),
    () => F.adaptiveMaxPool2d(image(), [given === null ? 0 : given, 1]),
    () => image().unfold(0, given, 1),
    () => image().topk(given),
  ];
  for (const call of calls) expect(call, String(call)).toThrow();
});
