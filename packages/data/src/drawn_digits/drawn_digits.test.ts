import { describe, expect, test } from "vitest";
import { DataLoader } from "../loader/data_loader.ts";
import { Compose } from "../transforms/compose.ts";
import { Pad } from "../transforms/pad.ts";
import { ToTensor } from "../transforms/to_tensor.ts";
import { drawDigits } from "./draw.ts";
import { DrawnDigits } from "./drawn_digits.ts";

describe("DrawnDigits", () => {
  test("is a data set of pictures and labels", () => {
    const digits = new DrawnDigits({ size: 30 });
    expect([digits.length, digits.images.shape, digits.classes.length]).toEqual([30, [30, 28, 28], 10]);
    const [image, label] = digits.get(3);
    expect([image.shape, image.dtype]).toEqual([[1, 28, 28], "float32"]);
    expect(label).toBe(digits.labels.at(3).item());
    expect([...digits.images.toTypedArray()]).toEqual([...drawDigits(30, 0).pixels]);
  });

  test("seeds and halves differ, the same are the same", () => {
    const bytes = (options: object): string => String(new DrawnDigits({ size: 10, ...options }).images.toTypedArray());
    const all = [{}, { train: false }, { seed: 1 }, { seed: 1, train: false }, { seed: -1 }].map(bytes);
    expect(new Set(all).size).toBe(5);
    expect(bytes({ train: true, seed: 0 })).toBe(all[0]);
  });

  test("takes a transform and goes through a loader", () => {
    const digits = new DrawnDigits({ size: 7, transform: new Compose([new ToTensor(), new Pad(2)]) });
    const shapes = Array.from(new DataLoader(digits, { batchSize: 4 }), ([x, y]) => [x.shape, y.shape]);
    expect(shapes).toEqual([[[4, 1, 32, 32], [4]], [[3, 1, 32, 32], [3]]]);
  });

  test("bad options are refused", () => {
    expect(() => new DrawnDigits({ size: -1 })).toThrow(/size must be an integer from 0 to 1048576, got -1/);
    expect(() => new DrawnDigits({ size: 1.5 })).toThrow(/got 1\.5/);
    expect(() => new DrawnDigits({ seed: 2 ** 53 })).toThrow(/seed must be an integer/);
    expect(() => new DrawnDigits({ count: 5 } as object)).toThrow(/unknown option "count"/);
    expect(() => new DataLoader(new DrawnDigits({ size: 0 }))).toThrow(/empty/);
  });
});
