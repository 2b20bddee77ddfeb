import { Generator, rand, scope, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { DataLoader } from "../loader/data_loader.ts";
import { Compose } from "../transforms/compose.ts";
import { Lambda } from "../transforms/lambda.ts";
import { Normalize } from "../transforms/normalize.ts";
import { Pad } from "../transforms/pad.ts";
import { ToTensor } from "../transforms/to_tensor.ts";
import type { Transform } from "../transforms/transform.ts";
import { LabelledImages } from "./labelled_images.ts";

const pixels = Uint8Array.from({ length: 5 * 6 }, (_, i) => (i * 67) % 256);
const labels = [2, 0, 1, 1, 0];
const classes = ["a", "b", "c"];
const make = (transform?: Transform, generator?: Generator): LabelledImages =>
  new LabelledImages({ pixels, labels, imageShape: [2, 3], classes, transform, generator });

describe("LabelledImages", () => {
  test("samples are float32 pictures from 0 to 1 with a channel, and labels", () => {
    const [image, label] = make().get(1);
    expect([image.dtype, image.shape, label]).toEqual(["float32", [1, 2, 3], 0]);
    expect([...image.toTypedArray()]).toEqual([...pixels.subarray(6, 12)].map((p) => Math.fround(p / 255)));
    expect(make().label(0)).toBe(2);
  });

  test("the stored pictures and labels as tensors, made once and out of all scopes", () => {
    const data = make();
    {
      using _ = scope();
      expect(data.images.shape).toEqual([5, 2, 3]);
      expect(data.labels.toArray()).toEqual(labels);
    }
    expect([data.images.dtype, data.labels.dtype]).toEqual(["uint8", "int32"]);
    expect([...data.images.toTypedArray()]).toEqual([...pixels]);
    expect(data.images).toBe(data.images);
  });

  const transforms: [string, Transform | undefined][] = [
    ["none", undefined],
    ["ToTensor", new ToTensor()],
    ["a composition", new Compose([new ToTensor(), new Pad(1), new Normalize([0.1], [0.3])])],
    ["one without ToTensor", new Lambda((x) => x.to("float32").add(1), { batched: true })],
    ["one for samples only", new Compose([new ToTensor(), new Lambda((x) => x.flatten())])],
    [
      "a layout of its own",
      new Lambda((x) => new ToTensor({ layout: "CHW" }).apply(x.unsqueeze(-3)), { batched: true }),
    ],
  ];
  test.each(transforms)("a batch is what its samples are, with the transform: %s", (_, transform) => {
    const data = make(transform);
    const at = [3, 0, 3];
    const [images, classOf] = data.getBatch(at);
    at.forEach((index, place) => {
      const [image, label] = data.get(index);
      expect(images.select(0, place).shape).toEqual(image.shape);
      expect(images.select(0, place).toArray()).toEqual(image.toArray());
      expect(classOf.at(place).item()).toBe(label);
    });
    expect([images.dtype, classOf.dtype]).toEqual(["float32", "int32"]);
  });

  test("scaling while copying gives the bits of ToTensor", () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const data = new LabelledImages({ pixels: all, labels: [0], imageShape: [16, 16], classes: ["x"] });
    expect(data.get(0)[0].toTypedArray()).toEqual(new ToTensor().apply(data.images).toTypedArray());
  });

  test("pictures with channels keep them", () => {
    const data = new LabelledImages({ pixels, labels, imageShape: [3, 1, 2], classes });
    expect(data.get(0)[0].shape).toEqual([3, 1, 2]);
    expect(data.getBatch([1, 2])[0].shape).toEqual([2, 3, 1, 2]);
    expect(data.images.shape).toEqual([5, 3, 1, 2]);
    const last = new LabelledImages({
      pixels,
      labels,
      imageShape: [1, 2, 3],
      classes,
      transform: new ToTensor({ layout: "HWC" }),
    });
    expect(last.get(4)[0].toArray()).toEqual(last.getBatch([0, 4])[0].select(0, 1).toArray());
    expect(last.get(4)[0].shape).toEqual([3, 1, 2]);
  });

  test("random transforms draw from the generator of the data set", () => {
    const noise = new Lambda((x: Tensor, g) => x.to("float32").add(rand(x.shape, g ? { generator: g } : {})));
    const run = (seed: number): unknown => make(noise, new Generator(seed)).get(0)[0].toArray();
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  test("a loader uses the batches", () => {
    const data = make();
    data.get = () => {
      throw new Error("one by one");
    };
    const shapes = Array.from(new DataLoader(data, { batchSize: 2 }), ([x, y]) => [x.shape, y.toArray()]);
    expect(shapes).toEqual([[[2, 1, 2, 3], [2, 0]], [[2, 1, 2, 3], [1, 1]], [[1, 1, 2, 3], [0]]]);
  });

  test("a label out of range, sizes that do not fit and indices out of range are refused", () => {
    const parts = { pixels, labels, imageShape: [2, 3], classes, name: "letters.idx" };
    expect(() => new LabelledImages({ ...parts, labels: [0, 1, 2, 3, 0] })).toThrow(
      "letters.idx: label 3 of sample 3 is out of range for 3 classes (0 to 2).",
    );
    expect(() => new LabelledImages({ ...parts, labels: [0, 1, -1, 0, 0] })).toThrow(/label -1 of sample 2/);
    expect(() => new LabelledImages({ ...parts, labels: [0] })).toThrow(/30 pixels are not 1 pictures of \[2, 3\]/);
    expect(() => make(new ToTensor({ layout: "CHW" }))).toThrow(/layout "CHW" does not fit pictures of \[2, 3\]/);
    expect(() => make().get(5)).toThrow(/index 5 is out of range for 5 samples/);
    expect(() => make().getBatch([0, 7])).toThrow(/index 7 is out of range/);
    expect(() => make().label(-1)).toThrow(/index -1/);
  });
});
