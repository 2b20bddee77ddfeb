import { arange, Generator, ones, rand, stack, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Compose } from "./compose.ts";
import { Lambda } from "./lambda.ts";
import { Normalize } from "./normalize.ts";
import { Pad } from "./pad.ts";
import { ToTensor } from "./to_tensor.ts";
import type { Transform } from "./transform.ts";

const bytes = (shape: number[]): Tensor => {
  const count = shape.reduce((a, b) => a * b, 1);
  return arange(count, { dtype: "int32" }).mul(37).remainder(256).reshape(shape).to("uint8");
};

/** A batch comes out as its samples would, one by one. */
function expectBatched(transform: Transform, samples: Tensor[]): void {
  expect(transform.batched).toBe(true);
  const batch = transform.apply(stack(samples));
  expect(batch.toArray()).toEqual(stack(samples.map((sample) => transform.apply(sample))).toArray());
}

describe("ToTensor", () => {
  test("grey uint8 pictures become float32 from 0 to 1 with a channel", () => {
    const out = new ToTensor().apply(tensor([[0, 51], [102, 255]], { dtype: "uint8" }));
    expect([out.dtype, out.shape]).toEqual(["float32", [1, 2, 2]]);
    expect(out.toArray()).toEqual([[[0, Math.fround(0.2)], [Math.fround(0.4), 1]]]);
    expect(new ToTensor().apply(bytes([5, 4, 3])).shape).toEqual([5, 1, 4, 3]);
    expectBatched(new ToTensor(), [bytes([4, 3]), bytes([4, 3]).flip([0])]);
  });

  test("pictures with channels, before or after height and width", () => {
    expect(new ToTensor({ layout: "CHW" }).apply(bytes([3, 4, 5])).shape).toEqual([3, 4, 5]);
    const picture = bytes([4, 5, 3]);
    const out = new ToTensor({ layout: "HWC" }).apply(picture);
    expect(out.shape).toEqual([3, 4, 5]);
    expect(out.at(2, 1, 3).item()).toBe(Math.fround(Number(picture.at(1, 3, 2).item()) / 255));
    expectBatched(new ToTensor({ layout: "HWC" }), [bytes([4, 5, 3]), bytes([4, 5, 3]).flip([0])]);
    expectBatched(new ToTensor({ layout: "CHW" }), [bytes([3, 4, 5])]);
  });

  test("float pictures are not scaled again", () => {
    expect(new ToTensor().apply(tensor([[0.5, 2]])).toArray()).toEqual([[[0.5, 2]]]);
  });

  test("what is no picture is refused", () => {
    expect(() => new ToTensor().apply(bytes([3]))).toThrow(
      /ToTensor: expected a tensor of shape \[H, W\].*got shape \[3\]/,
    );
    expect(() => new ToTensor().apply(bytes([2, 3, 4, 5]))).toThrow(/too many dimensions for layout "HW"/);
    expect(() => new ToTensor().apply(zeros([2, 2], { dtype: "int32" }))).toThrow(/got int32/);
    expect(() => new ToTensor({ layout: "WH" as "HW" })).toThrow(/layout must be.*"WH"/);
    expect(() => new ToTensor({ channels: 3 } as object)).toThrow(/unknown option "channels"/);
  });
});

describe("Normalize", () => {
  test("subtracts and divides by channel", () => {
    const out = new Normalize([1, 2], [2, 4]).apply(tensor([[[3, 5]], [[2, 6]]]));
    expect(out.toArray()).toEqual([[[1, 2]], [[0, 1]]]);
    expect(new Normalize(1, 2).apply(tensor([[[3]], [[5]]])).toArray()).toEqual([[[1]], [[2]]]);
    expect(new Normalize(0, 2).apply(ones([1, 1, 1], { dtype: "float64" })).dtype).toBe("float64");
    expectBatched(new Normalize([0.5, 0.2], [0.3, 0.7]), [rand([2, 3, 3]), rand([2, 3, 3])]);
  });

  test("the input is left alone", () => {
    const input = ones([2, 1, 1]);
    new Normalize([5, 6], [2, 2]).apply(input);
    expect(input.toArray()).toEqual([[[1]], [[1]]]);
  });

  test("bad figures and inputs are refused", () => {
    expect(() => new Normalize([1, 2], [1])).toThrow(/one number for each channel, got 2 and 1/);
    expect(() => new Normalize([], [])).toThrow(/got 0 and 0/);
    expect(() => new Normalize([0], [0])).toThrow(/deviations positive, got \[0\] and \[0\]/);
    expect(() => new Normalize([NaN], [1])).toThrow(/means must be finite/);
    expect(() => new Normalize([0, 0], [1, 1]).apply(ones([3, 2, 2]))).toThrow(/2 means for 3 channels.*\[3, 2, 2\]/);
    expect(() => new Normalize(0, 1).apply(bytes([1, 2, 2]))).toThrow(/got uint8. Put ToTensor before it/);
    expect(() => new Normalize(0, 1).apply(ones([2, 2]))).toThrow(/\[C, H, W\].*got shape \[2, 2\]/);
  });
});

describe("Pad", () => {
  test("widths as one, two or four numbers", () => {
    const input = ones([1, 2, 3]);
    expect(new Pad(2).apply(input).shape).toEqual([1, 6, 7]);
    expect(new Pad([1, 2]).apply(input).shape).toEqual([1, 6, 5]);
    expect(new Pad([1, 0, 0, 2]).apply(input).toArray()).toEqual([[
      [0, 1, 1, 1],
      [0, 1, 1, 1],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]]);
    expectBatched(new Pad([1, 2, 3, 4]), [rand([1, 2, 3]), rand([1, 2, 3])]);
  });

  test("fill and mode", () => {
    const input = tensor([[[1, 2, 3]]]);
    expect(new Pad([1, 0], { fill: 9 }).apply(input).toArray()).toEqual([[[9, 1, 2, 3, 9]]]);
    expect(new Pad([1, 0], { mode: "reflect" }).apply(input).toArray()).toEqual([[[2, 1, 2, 3, 2]]]);
    expect(new Pad([1, 0], { mode: "replicate" }).apply(input).toArray()).toEqual([[[1, 1, 2, 3, 3]]]);
    expect(new Pad(1).apply(bytes([1, 2, 2])).dtype).toBe("uint8");
  });

  test("bad widths are refused", () => {
    for (const padding of [-1, 1.5, [1, 2, 3], []]) expect(() => new Pad(padding)).toThrow(/Pad: padding must be/);
    expect(() => new Pad(1, { value: 1 } as object)).toThrow(/unknown option "value"/);
    expect(() => new Pad(1).apply(ones([3]))).toThrow(/got shape \[3\]/);
  });
});

describe("Compose and Lambda", () => {
  test("apply one after the other, and pass on the generator", () => {
    const noise = new Lambda((x, generator) => x.add(rand(x.shape, generator ? { generator } : {})));
    const transform = new Compose([new ToTensor(), noise, new Lambda((x) => x.mul(2))]);
    const run = (seed: number): unknown =>
      transform.apply(zeros([2, 2], { dtype: "uint8" }), new Generator(seed)).toArray();
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
    expect(new Compose([]).apply(ones([1])).toArray()).toEqual([1]);
  });

  test("a composition takes batches if all its parts do", () => {
    const one = new Lambda((x) => x);
    const many = new Lambda((x) => x, { batched: true });
    expect([one.batched, many.batched]).toEqual([false, true]);
    expect(new Compose([many, new ToTensor()]).batched).toBe(true);
    expect(new Compose([many, one]).batched).toBe(false);
    expect(new Compose([]).batched).toBe(true);
  });

  test("what is no transform is refused", () => {
    expect(() => new Compose([new ToTensor(), ((x: Tensor) => x) as unknown as Transform])).toThrow(
      /element 1 \(function\) is not a transform.*new Lambda/,
    );
    expect(() => new Lambda(5 as never)).toThrow(/expected a function, got number/);
  });
});
