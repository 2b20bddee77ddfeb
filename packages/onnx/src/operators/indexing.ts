/** Operators that read and write by index. */
import { type Tensor, where } from "@heddle/tensor";
import { sizeOf } from "@heddle/tensor/engine";
import type { Call } from "./call.ts";
import { int, type Operator, type Operators, string } from "./operator.ts";

/** Indices that may count from the end, as such that do not. */
function positive(index: Tensor, size: number): Tensor {
  return index.add(size).where(index.lt(0), index);
}

/** An index on the host keeps to the host; one that is a single number needs no kernel of gathering. */
function gather(c: Call): Tensor {
  const x = c.tensor(0);
  const axis = c.axis(c.num("axis"), x.ndim);
  const size = x.shape[axis]!;
  const given = c.raw(1);
  if (given.device.name === "reference" && given.numel === 1) {
    const at = c.numbers(1)[0]!;
    if (at < -size || at >= size) c.fail(`the index ${at} is not within the size ${size} of axis ${axis}`);
    const found = x.narrow(axis, at < 0 ? at + size : at, 1);
    const shape = [...x.shape.slice(0, axis), ...given.shape, ...x.shape.slice(axis + 1)];
    return found.reshape(shape);
  }
  const index = positive(c.tensor(1), size);
  const found = x.indexSelect(axis, index.reshape(-1));
  return found.reshape([...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)]);
}

function gatherElements(c: Call): Tensor {
  const x = c.tensor(0);
  const axis = c.axis(c.num("axis"), x.ndim);
  return x.gather(axis, positive(c.tensor(1), x.shape[axis]!));
}

/** Positions in the flattened first dimensions, from index tuples in the last dimension. */
function flatPlaces(index: Tensor, sizes: readonly number[]): Tensor {
  const depth = index.shape.at(-1)!;
  let places: Tensor | null = null;
  for (let d = 0; d < depth; d++) {
    const part = positive(index.select(-1, d), sizes[d]!);
    places = places === null ? part : places.mul(sizes[d]!).add(part);
  }
  return (places ?? index.sum(-1, { dtype: index.dtype })).reshape(-1);
}

function gatherND(c: Call, batchDims: number): Tensor {
  const x = c.tensor(0);
  const index = c.tensor(1);
  const depth = index.shape.at(-1)!;
  const batch = x.shape.slice(0, batchDims);
  const rest = x.shape.slice(batchDims + depth);
  const rows = sizeOf(batch);
  const inner = x.shape.slice(batchDims, batchDims + depth);
  const places = flatPlaces(index, inner).reshape([rows, -1]);
  const flat = x.reshape([rows * sizeOf(inner), ...rest]);
  const offsets = c.here(c.hostInts(Array.from({ length: rows }, (_, i) => i * sizeOf(inner)))).unsqueeze(1);
  const found = flat.indexSelect(0, places.add(offsets).reshape(-1));
  return found.reshape([...index.shape.slice(0, -1), ...rest]);
}

type Reduction = "none" | "add" | "mul" | "max" | "min";
const reduces = { add: "sum", mul: "prod", max: "amax", min: "amin" } as const;

function scatterElements(c: Call, reduction: Reduction): Tensor {
  const x = c.tensor(0);
  const axis = c.axis(c.num("axis"), x.ndim);
  const index = positive(c.tensor(1), x.shape[axis]!);
  const source = c.tensor(2);
  return reduction === "none"
    ? x.scatter(axis, index, source)
    : x.scatter(axis, index, source, { reduce: reduces[reduction] });
}

function scatterND(c: Call, reduction: Reduction): Tensor {
  const x = c.tensor(0);
  const index = c.tensor(1);
  const depth = index.shape.at(-1)!;
  const rest = x.shape.slice(depth);
  const places = flatPlaces(index, x.shape.slice(0, depth));
  const flat = x.reshape([sizeOf(x.shape.slice(0, depth)), sizeOf(rest)]);
  const source = c.tensor(2).reshape([places.shape[0]!, sizeOf(rest)]);
  const at = places.unsqueeze(1).expand([places.shape[0]!, sizeOf(rest)]);
  const result = reduction === "none"
    ? flat.scatter(0, at, source)
    : flat.scatter(0, at, source, { reduce: reduces[reduction] });
  return result.reshape(x.shape);
}

/** `values` holds the value elsewhere and the value at the index. */
function oneHot(c: Call): Tensor {
  const depth = c.number(1);
  const given = c.raw(0);
  const axis = c.axis(c.num("axis"), given.ndim + 1);
  c.place([...given.shape, depth]);
  const index = positive(c.tensor(0).to(c.dtypeHere("int64")), depth).unsqueeze(axis);
  const places = c.here(c.hostInts(Array.from({ length: depth }, (_, i) => i)));
  const shape = Array.from({ length: given.ndim + 1 }, (_, d) => d === axis ? depth : 1);
  const [off, on] = c.tensor(2).unbind(0) as [Tensor, Tensor];
  return where(index.eq(places.reshape(shape)), on, off);
}

/** Slices for which a mask is true. */
function compress(c: Call): Tensor {
  const x = c.hasAttribute("axis") ? c.tensor(0) : c.tensor(0).reshape(-1);
  const axis = c.hasAttribute("axis") ? c.axis(c.num("axis"), x.ndim) : 0;
  const places = c.numbers(1).flatMap((is, i) => is !== 0 ? [i] : []);
  return x.indexSelect(axis, c.here(c.hostInts(places)));
}

/** The sums of overlapping blocks, which the columns hold, as an image. */
function columnsToImage(c: Call): Tensor {
  const x = c.tensor(0);
  const [image, block] = [c.numbers(1), c.numbers(2)];
  const dims = image.length;
  const per = (name: string, value: number): readonly number[] => c.list(name) ?? Array<number>(dims).fill(value);
  const [dilations, strides] = [per("dilations", 1), per("strides", 1)];
  const pads = c.list("pads") ?? Array<number>(2 * dims).fill(0);
  const padded = image.map((size, d) => size + pads[d]! + pads[d + dims]!);
  const counts = padded.map((size, d) => Math.floor((size - dilations[d]! * (block[d]! - 1) - 1) / strides[d]!) + 1);
  // The position in the padded image of each element of each block.
  const places: number[] = [];
  const visit = (d: number, tap: number[]): void => {
    if (d < dims) {
      for (let k = 0; k < block[d]!; k++) visit(d + 1, [...tap, k]);
      return;
    }
    const walk = (e: number, at: number): void => {
      if (e === dims) places.push(at);
      else {for (let i = 0; i < counts[e]!; i++) {
          walk(e + 1, at * padded[e]! + i * strides[e]! + tap[e]! * dilations[e]!);
        }}
    };
    walk(0, 0);
  };
  visit(0, []);
  const [n, rows, columns] = x.shape as [number, number, number];
  const channels = rows / sizeOf(block);
  const flat = x.reshape([n, channels, sizeOf(block) * columns]);
  const target = c.full([n, channels, sizeOf(padded)], 0, x.dtype);
  let y = target.indexAdd(2, c.here(c.hostInts(places)), flat).reshape([n, channels, ...padded]);
  image.forEach((size, d) => y = y.narrow(d + 2, pads[d]!, size));
  return y;
}

const reduction = (values: readonly Reduction[]) => string("none", values);
const scatterAttributes = { axis: int(0) };
const three = { inputs: [3, 3], through: [0] } as const satisfies Partial<Operator>;
const plain: Operator = { ...three, attributes: scatterAttributes, run: (c) => scatterElements(c, "none") };

/** The operators of indices. */
export const indexing: Operators = {
  Gather: { 1: { inputs: [2, 2], weights: [0], attributes: { axis: int(0) }, run: gather } },
  GatherElements: { 11: { inputs: [2, 2], weights: [0], attributes: { axis: int(0) }, run: gatherElements } },
  GatherND: {
    11: { inputs: [2, 2], weights: [0], run: (c) => gatherND(c, 0) },
    12: {
      inputs: [2, 2],
      weights: [0],
      attributes: { batch_dims: int(0) },
      run: (c) => gatherND(c, c.num("batch_dims")),
    },
  },
  Scatter: { 9: plain },
  ScatterElements: {
    11: plain,
    16: {
      ...three,
      attributes: { ...scatterAttributes, reduction: reduction(["none", "add", "mul"]) },
      run: (c) => scatterElements(c, c.text("reduction") as Reduction),
    },
    18: {
      ...three,
      attributes: { ...scatterAttributes, reduction: reduction(["none", "add", "mul", "max", "min"]) },
      run: (c) => scatterElements(c, c.text("reduction") as Reduction),
    },
  },
  ScatterND: {
    11: { ...three, run: (c) => scatterND(c, "none") },
    16: {
      ...three,
      attributes: { reduction: reduction(["none", "add", "mul"]) },
      run: (c) => scatterND(c, c.text("reduction") as Reduction),
    },
    18: {
      ...three,
      attributes: { reduction: reduction(["none", "add", "mul", "max", "min"]) },
      run: (c) => scatterND(c, c.text("reduction") as Reduction),
    },
  },
  OneHot: { 9: { inputs: [3, 3], attributes: { axis: int(-1) }, numbers: [1], run: oneHot } },
  Compress: { 9: { inputs: [2, 2], attributes: { axis: int() }, numbers: [1], run: compress } },
  Col2Im: {
    18: {
      inputs: [3, 3],
      attributes: { dilations: { kind: "ints" }, pads: { kind: "ints" }, strides: { kind: "ints" } },
      numbers: [1, 2],
      run: columnsToImage,
    },
  },
};
