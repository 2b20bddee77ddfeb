/** What detectors of objects do with their boxes. */
import { fromTypedArray, stack, type Tensor } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { float, int, type Operator, type Operators, string } from "./operator.ts";

/** A box by its corners, and its area. */
interface Box {
  readonly low: readonly [number, number];
  readonly high: readonly [number, number];
  readonly area: number;
}

/** A box from two opposite corners `[y, x, y, x]`, or from its centre and size `[x, y, width, height]`. */
function boxOf([a, b, c, d]: readonly [number, number, number, number], centred: boolean): Box {
  const [low, high] = centred
    ? [[b - d / 2, a - c / 2], [b + d / 2, a + c / 2]]
    : [[Math.min(a, c), Math.min(b, d)], [Math.max(a, c), Math.max(b, d)]];
  return { low, high, area: (high[0]! - low[0]!) * (high[1]! - low[1]!) } as unknown as Box;
}

/** The area of the intersection by that of the union. */
function overlap(a: Box, b: Box): number {
  const extent = ([0, 1] as const).map((d) =>
    Math.max(0, Math.min(a.high[d], b.high[d]) - Math.max(a.low[d], b.low[d]))
  );
  const common = extent[0]! * extent[1]!;
  return common === 0 ? 0 : common / (a.area + b.area - common);
}

/** Of each image and class the best boxes that overlap no better one by more than a threshold: `[image, class, box]`. */
function nonMaxSuppression(c: Call): Tensor {
  const [images, count] = c.raw(0).shape as [number, number, number];
  const classes = c.raw(1).shape[1]!;
  const [boxes, scores] = [c.numbers(0), c.numbers(1)];
  const [most, limit] = [c.number(2, 0), c.number(3, 0)];
  const least = c.has(4) ? c.number(4) : -Infinity;
  const centred = c.num("center_point_box") === 1;
  const chosen: number[] = [];
  for (let image = 0; image < images; image++) {
    const all = Array.from({ length: count }, (_, i) => {
      const at = 4 * (image * count + i);
      return boxOf([boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!], centred);
    });
    for (let each = 0; each < classes; each++) {
      const score = (i: number): number => scores[(image * classes + each) * count + i]!;
      const order = all.map((_, i) => i).filter((i) => score(i) > least).sort((i, j) => score(j) - score(i));
      const kept: number[] = [];
      for (const i of order) {
        if (kept.length >= most) break;
        if (kept.every((j) => overlap(all[i]!, all[j]!) <= limit)) kept.push(i);
      }
      for (const i of kept) chosen.push(image, each, i);
    }
  }
  return c.hostInts(chosen).reshape([chosen.length / 3, 3]);
}

/** The two elements between which a sample lies, and their weights, for each of several samples along a dimension. */
function corners(from: number, step: number, count: number, size: number): { index: Int32Array; weight: Float32Array } {
  const [index, weight] = [new Int32Array(2 * count), new Float32Array(2 * count)];
  for (let i = 0; i < count; i++) {
    const place = from + (i + 0.5) * step;
    // Samples outside are zero.
    if (!(place >= -1 && place <= size)) continue;
    const within = Math.min(Math.max(place, 0), size - 1), low = Math.floor(within);
    index.set([low, Math.min(low + 1, size - 1)], 2 * i);
    weight.set([1 - (within - low), within - low], 2 * i);
  }
  return { index, weight };
}

/** Regions of images as maps of one size: the mean, or the largest, of samples between the elements. */
function roiAlign(c: Call, halfPixel: boolean): Tensor {
  const [images, channels, ...sizes] = c.raw(0).shape as [number, number, number, number];
  const [regions, indices] = [c.numbers(1), c.numbers(2)];
  const wanted = [c.num("output_height"), c.num("output_width")];
  const [scale, ratio, largest] = [c.num("spatial_scale"), c.num("sampling_ratio"), c.text("mode") === "max"];
  c.place([indices.length, channels, ...wanted]);
  const shift = halfPixel ? 0.5 : 0;
  const maps = indices.map((image, r) => {
    if (!(image >= 0 && image < images)) c.fail(`region ${r} is of image ${image}; there are ${images}`);
    const box = regions.slice(4 * r, 4 * r + 4).map((edge) => edge * scale - shift);
    const along = [1, 0].map((d) => {
      const extent = box[d + 2]! - box[d]!;
      return { from: box[d]!, cell: (halfPixel ? extent : Math.max(extent, 1)) / wanted[1 - d]! };
    });
    const grid = along.map(({ cell }) => ratio > 0 ? ratio : Math.max(0, Math.ceil(cell)));
    if (grid.includes(0)) return c.full([channels, ...wanted], 0, c.raw(0).dtype);
    c.place([channels, ...grid.map((count, d) => 2 * count * wanted[d]!)]);
    let map = c.tensor(0).select(0, image);
    along.forEach(({ from, cell }, d) => {
      const { index, weight } = corners(from, cell / grid[d]!, grid[d]! * wanted[d]!, sizes[d]!);
      const [at, factor] = [index, weight].map((values) =>
        fromTypedArray(values, [values.length], { device: map.device })
      );
      const factors = factor!.to(map.dtype);
      map = map.indexSelect(d + 1, at!).mul(d === 0 ? factors.unsqueeze(-1) : factors);
    });
    // [channels, height, samples, corners, width, samples, corners]
    const parts = map.reshape([channels, ...grid.flatMap((count, d) => [wanted[d]!, count, 2])]);
    const samples = parts.sum([3, 6]);
    return largest ? samples.amax([2, 4]) : samples.mean([2, 4]);
  });
  return maps.length === 0 ? c.full([0, channels, ...wanted], 0, c.raw(0).dtype) : stack(maps);
}

const alignment: Operator = {
  inputs: [3, 3],
  attributes: {
    mode: string("avg", ["avg", "max"]),
    output_height: int(1),
    output_width: int(1),
    sampling_ratio: int(0),
    spatial_scale: float(1),
  },
  numbers: [1, 2],
  note: "mode max: of the samples, unlike ONNX Runtime",
  run: (c) => roiAlign(c, false),
};

/** The operators of detectors. */
export const detection: Operators = {
  NonMaxSuppression: {
    10: {
      inputs: [2, 5],
      attributes: { center_point_box: int(0) },
      numbers: [0, 1, 2, 3, 4],
      note: "computed on the host",
      run: nonMaxSuppression,
    },
  },
  RoiAlign: {
    10: alignment,
    16: {
      ...alignment,
      attributes: {
        ...alignment.attributes,
        coordinate_transformation_mode: string("half_pixel", ["half_pixel", "output_half_pixel"]),
      },
      run: (c) => roiAlign(c, c.text("coordinate_transformation_mode") === "half_pixel"),
    },
  },
};
