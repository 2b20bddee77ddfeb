/** Operators that rearrange: shapes, axes, slices, joins, padding. */
import { cat, pad, type PadMode, type Tensor } from "@heddle/tensor";
import { sizeOf } from "@heddle/tensor/engine";
import type { Call } from "./call.ts";
import { int, ints, type Operator, type Operators, required, string } from "./operator.ts";
import { Outputs } from "./value.ts";

const one = [1, 1] as const;

/** The sizes of a dimension range, on the host. */
function shapeOf(c: Call, start: number, end: number): Tensor {
  return c.hostInts(c.raw(0).shape.slice(start, end));
}

/** Zero keeps the size of the input, unless `allowzero` says that it is a size. */
function reshape(c: Call, allowzero: boolean): Tensor {
  const x = c.tensor(0);
  const sizes = c.numbers(1).map((size, d) =>
    size === 0 && !allowzero
      ? x.shape[d] ?? c.fail(`the shape [${c.numbers(1).join(", ")}] keeps a size of dim ${d}, which the input lacks`)
      : size
  );
  return x.reshape(sizes);
}

function flatten(c: Call): Tensor {
  const x = c.tensor(0);
  const axis = c.num("axis") === x.ndim ? x.ndim : c.axis(c.num("axis"), x.ndim);
  return x.reshape([sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
}

function squeeze(c: Call, axes: readonly number[] | undefined): Tensor {
  const x = c.tensor(0);
  if (axes === undefined) return x.squeeze();
  const dims = axes.map((axis) => c.axis(axis, x.ndim));
  const wide = dims.find((d) => x.shape[d] !== 1);
  if (wide !== undefined) {
    c.fail(`axis ${wide} of shape [${x.shape.join(", ")}] has a size other than 1, so it cannot be removed`);
  }
  return dims.length === 0 ? x : x.squeeze(dims);
}

function unsqueeze(c: Call, axes: readonly number[]): Tensor {
  const x = c.tensor(0);
  const ndim = x.ndim + axes.length;
  const added = new Set(axes.map((axis) => c.axis(axis, ndim)));
  const sizes = [...x.shape];
  return x.reshape(Array.from({ length: ndim }, (_, d) => added.has(d) ? 1 : sizes.shift()!));
}

function expand(c: Call): Tensor {
  const { shape } = c.raw(0);
  const wanted = c.numbers(1);
  const ndim = Math.max(shape.length, wanted.length);
  const at = (sizes: readonly number[], d: number): number => sizes[d - ndim + sizes.length] ?? 1;
  const result = Array.from({ length: ndim }, (_, d) => at(shape, d) === 1 ? at(wanted, d) : at(shape, d));
  c.place(result);
  return c.tensor(0).expand(result);
}

function tile(c: Call): Tensor {
  const times = c.numbers(1);
  const { shape } = c.raw(0);
  c.place(shape.map((size, d) => size * times[d]!));
  return c.tensor(0).tile([...times]);
}

function concat(c: Call): Tensor {
  const parts = c.tensors();
  return cat(parts, c.axis(c.num("axis"), parts[0]!.ndim));
}

/** Parts of given sizes; or equal ones, of which the last may be smaller. */
function split(c: Call, sizes: readonly number[] | undefined, count: number): Outputs {
  const x = c.tensor(0);
  const axis = c.axis(c.num("axis"), x.ndim);
  const each = Math.ceil(x.shape[axis]! / count);
  const given = sizes ??
    Array.from({ length: count }, (_, i) => Math.max(0, Math.min(each, x.shape[axis]! - i * each)));
  return new Outputs(x.split([...given], axis));
}

/** Slices as in Python; starts and ends beyond the ends are cut. */
function slice(
  c: Call,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] | undefined,
  steps: readonly number[] | undefined,
): Tensor {
  let x = c.tensor(0);
  starts.forEach((start, i) => {
    const axis = c.axis(axes?.[i] ?? i, x.ndim);
    const [size, step] = [x.shape[axis]!, steps?.[i] ?? 1];
    if (step === 0) c.fail("a step of a slice is zero");
    const backwards = step < 0;
    const within = (at: number): number => {
      const counted = at < 0 ? at + size : at;
      return Math.max(backwards ? -1 : 0, Math.min(backwards ? size - 1 : size, counted));
    };
    const [from, to] = [within(start), within(ends[i]!)];
    if (backwards) {
      const count = Math.max(0, Math.ceil((from - to) / -step));
      const flipped = x.flip(axis);
      x = stepped(flipped, axis, size - 1 - from, count, -step);
    } else x = stepped(x, axis, from, Math.max(0, Math.ceil((to - from) / step)), step);
  });
  return x;
}

/** `count` elements from `start` on, each `step` after the one before. */
function stepped(x: Tensor, axis: number, start: number, count: number, step: number): Tensor {
  if (count === 0) return x.narrow(axis, 0, 0);
  const reach = Math.min(x.shape[axis]! - start, (count - 1) * step + 1);
  const part = start === 0 && reach === x.shape[axis] ? x : x.narrow(axis, start, reach);
  if (step === 1) return part;
  const places = Array.from({ length: part.ndim }, (_, d) => d === axis ? `::${step}` as const : ":" as const);
  return part.at(...places);
}

const padModes: Readonly<Record<string, PadMode>> = {
  constant: "constant",
  reflect: "reflect",
  edge: "replicate",
  wrap: "circular",
};

/** Pads, in ONNX's order: all begins, then all ends. Negative amounts crop. */
function padding(c: Call, pads: readonly number[], axes: readonly number[] | undefined, value: number): Tensor {
  const x = c.tensor(0);
  const dims = (axes ?? x.shape.map((_, d) => d)).map((axis) => c.axis(axis, x.ndim));
  if (pads.length !== 2 * dims.length) {
    c.fail(`${pads.length} pads do not fit ${dims.length} axes; expected two for each`);
  }
  const amounts = Array<number>(2 * x.ndim).fill(0);
  dims.forEach((d, i) => {
    amounts[2 * (x.ndim - 1 - d)] = pads[i]!;
    amounts[2 * (x.ndim - 1 - d) + 1] = pads[i + dims.length]!;
  });
  c.place(x.shape.map((size, d) => size + amounts[2 * (x.ndim - 1 - d)]! + amounts[2 * (x.ndim - 1 - d) + 1]!));
  while (amounts.length > 2 && amounts.at(-1) === 0 && amounts.at(-2) === 0) amounts.length -= 2;
  const mode = padModes[c.text("mode")]!;
  if (mode === "constant") return pad(c.tensor(0), amounts, { value });
  return pad(c.tensor(0), amounts, { mode });
}

const padValue = (c: Call): number => c.has(2) ? c.number(2) : 0;

function depthToSpace(c: Call): Tensor {
  const x = c.tensor(0);
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const b = c.num("blocksize");
  const depth = channels / (b * b);
  const [sizes, order] = c.text("mode") === "CRD"
    ? [[n, depth, b, b, h, w], [0, 1, 4, 2, 5, 3]]
    : [[n, b, b, depth, h, w], [0, 3, 4, 1, 5, 2]];
  return x.reshape(sizes).permute(order).reshape([n, depth, h * b, w * b]);
}

function spaceToDepth(c: Call): Tensor {
  const x = c.tensor(0);
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const b = c.num("blocksize");
  return x.reshape([n, channels, h / b, b, w / b, b]).permute([0, 3, 5, 1, 2, 4])
    .reshape([n, channels * b * b, h / b, w / b]);
}

/** Crops and pads both sides of axes to sizes. */
function centerCropPad(c: Call): Tensor {
  let x = c.tensor(0);
  const axes = c.list("axes") ?? x.shape.map((_, d) => d);
  const sizes = c.numbers(1);
  axes.forEach((axis, i) => {
    const d = c.axis(axis, x.ndim);
    const more = sizes[i]! - x.shape[d]!;
    if (more < 0) x = x.narrow(d, Math.floor(-more / 2), sizes[i]!);
    else if (more > 0) {
      const amounts = Array<number>(2 * (x.ndim - d)).fill(0);
      amounts[amounts.length - 2] = Math.floor(more / 2);
      amounts[amounts.length - 1] = more - Math.floor(more / 2);
      c.place(x.shape.map((size, k) => k === d ? sizes[i]! : size));
      x = pad(c.here(x), amounts);
    }
  });
  return x;
}

/** The triangle on one side of a diagonal. */
function trilu(c: Call): Tensor {
  const x = c.tensor(0);
  const k = c.number(1, 0);
  return c.num("upper") === 1 ? x.triu(k) : x.tril(k);
}

/** Reverses the first elements of each sequence. */
function reverseSequence(c: Call): Tensor {
  const x = c.tensor(0);
  const lengths = c.numbers(1);
  const [time, batch] = [c.num("time_axis"), c.num("batch_axis")];
  const moved = x.movedim([batch, time], [0, 1]);
  const rows = lengths.map((length, i) => {
    const row = moved.select(0, i);
    return cat([row.narrow(0, 0, length).flip(0), row.narrow(0, length, row.shape[0]! - length)]).unsqueeze(0);
  });
  return cat(rows).movedim([0, 1], [batch, time]);
}

const splitAxis = { axis: int(0) };
const shared = { inputs: one, through: [0] } as const;
const byNumbers = { inputs: [2, 2], through: [0], numbers: [1] } as const satisfies Partial<Operator>;

/** The operators of shapes. */
export const shapes: Operators = {
  Shape: {
    1: { inputs: one, ofShape: true, run: (c) => shapeOf(c, 0, Infinity) },
    15: {
      inputs: one,
      ofShape: true,
      attributes: { start: int(0), end: int() },
      run: (c) => shapeOf(c, c.num("start"), c.hasAttribute("end") ? c.num("end") : Infinity),
    },
  },
  Size: { 1: { inputs: one, ofShape: true, run: (c) => c.hostInts([c.raw(0).numel]).reshape([]) } },
  Reshape: {
    5: { ...byNumbers, run: (c) => reshape(c, false) },
    14: { ...byNumbers, attributes: { allowzero: int(0) }, run: (c) => reshape(c, c.num("allowzero") === 1) },
  },
  Flatten: { 1: { ...shared, attributes: { axis: int(1) }, run: flatten } },
  Squeeze: {
    1: { ...shared, attributes: { axes: ints() }, run: (c) => squeeze(c, c.list("axes")) },
    13: { inputs: [1, 2], through: [0], numbers: [1], run: (c) => squeeze(c, c.maybeNumbers(1)) },
  },
  Unsqueeze: {
    1: { ...shared, attributes: { axes: required(ints()) }, run: (c) => unsqueeze(c, c.list("axes")!) },
    13: { ...byNumbers, run: (c) => unsqueeze(c, c.numbers(1)) },
  },
  Transpose: {
    1: {
      ...shared,
      attributes: { perm: ints() },
      run: (c) => c.tensor(0).permute(c.list("perm") ?? c.raw(0).shape.map((_, d) => d).reverse()),
    },
  },
  Expand: { 8: { ...byNumbers, run: expand } },
  Tile: { 6: { ...byNumbers, run: tile } },
  Concat: { 4: { inputs: [1, Infinity], through: "all", attributes: { axis: required(int()) }, run: concat } },
  Split: {
    2: {
      inputs: one,
      outputs: Infinity,
      through: [0],
      attributes: { ...splitAxis, split: ints() },
      run: (c) => split(c, c.list("split"), c.node.outputs.length),
    },
    13: {
      inputs: [1, 2],
      outputs: Infinity,
      through: [0],
      attributes: splitAxis,
      numbers: [1],
      run: (c) => split(c, c.maybeNumbers(1), c.node.outputs.length),
    },
    18: {
      inputs: [1, 2],
      outputs: Infinity,
      through: [0],
      attributes: { ...splitAxis, num_outputs: int() },
      numbers: [1],
      run: (c) =>
        split(c, c.maybeNumbers(1), c.hasAttribute("num_outputs") ? c.num("num_outputs") : c.node.outputs.length),
    },
  },
  Slice: {
    1: {
      ...shared,
      attributes: { axes: ints(), starts: required(ints()), ends: required(ints()) },
      run: (c) => slice(c, c.list("starts")!, c.list("ends")!, c.list("axes"), undefined),
    },
    10: {
      inputs: [3, 5],
      through: [0],
      numbers: [1, 2, 3, 4],
      run: (c) => slice(c, c.numbers(1), c.numbers(2), c.maybeNumbers(3), c.maybeNumbers(4)),
    },
  },
  Pad: {
    2: {
      inputs: one,
      attributes: {
        mode: string("constant", ["constant", "reflect", "edge"]),
        pads: required(ints()),
        value: { kind: "float", default: 0 },
      },
      run: (c) => padding(c, c.list("pads")!, undefined, c.num("value")),
    },
    11: {
      inputs: [2, 3],
      attributes: { mode: string("constant", ["constant", "reflect", "edge"]) },
      numbers: [1, 2],
      run: (c) => padding(c, c.numbers(1), undefined, padValue(c)),
    },
    18: {
      inputs: [2, 4],
      attributes: { mode: string("constant", ["constant", "reflect", "edge", "wrap"]) },
      numbers: [1, 2, 3],
      run: (c) => padding(c, c.numbers(1), c.maybeNumbers(3), padValue(c)),
    },
  },
  DepthToSpace: {
    1: {
      inputs: one,
      attributes: { blocksize: required(int()), mode: string("DCR", ["DCR", "CRD"]) },
      run: depthToSpace,
    },
  },
  SpaceToDepth: { 1: { inputs: one, attributes: { blocksize: required(int()) }, run: spaceToDepth } },
  CenterCropPad: { 18: { inputs: [2, 2], attributes: { axes: ints() }, numbers: [1], run: centerCropPad } },
  Trilu: { 14: { inputs: [1, 2], attributes: { upper: int(1) }, numbers: [1], run: trilu } },
  ReverseSequence: {
    10: { inputs: [2, 2], attributes: { time_axis: int(0), batch_axis: int(1) }, numbers: [1], run: reverseSequence },
  },
};
