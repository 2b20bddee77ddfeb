/** Pools: the largest element, the mean or the norm of windows, or of whole channels. */
import { functional as F } from "@heddle/nn";
import {
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  conv3d,
  fromTypedArray,
  maxPool1d,
  maxPool2d,
  ones,
  pad,
  type Pooled,
  type Tensor,
} from "@heddle/tensor";
import { sizeOf } from "@heddle/tensor/engine";
import type { Call } from "./call.ts";
import { int, type Operators, required } from "./operator.ts";
import { Outputs } from "./value.ts";
import { ceilMode, counts, wholePads, windowAttributes, type Windows, windowsOf } from "./windows.ts";

const largest = [maxPool1d, maxPool2d, F.maxPool3d];
const means = [avgPool1d, avgPool2d, F.avgPool3d];
const convolutions = [conv1d, conv2d, conv3d];

function pooled(c: Call): { x: Tensor; windows: Windows; count: number[]; dims: number } {
  const x = c.tensor(0);
  const dims = x.ndim - 2;
  if (dims < 1 || dims > 3) c.fail(`pools are of 1 to 3 dimensions; the input has shape [${x.shape.join(", ")}]`);
  const windows = windowsOf(c, x, c.list("kernel_shape")!);
  const count = counts(c, x, windows, c.hasAttribute("ceil_mode") && c.num("ceil_mode") === 1);
  return { x, windows, count, dims };
}

/** Of integers, the largest elements are found among floats, which hold them all. */
function maxPool(c: Call): Outputs {
  const { x: given, windows, count, dims } = pooled(c);
  const x = given.dtype.startsWith("float") || given.dtype === "bfloat16" ? given : given.to("float32");
  const { kernel, strides, dilations, begins, ends } = windows;
  const run = largest[dims - 1]!;
  const amounts = wholePads(x, windows, count);
  const own = begins.every((n, d) => n <= kernel[d]! / 2 && n === ends[d] && amounts[2 * (dims - 1 - d) + 1]! <= n);
  const input = own ? x : pad(x, amounts, { value: -Infinity });
  const padding = own ? begins : kernel.map(() => 0);
  const options = { stride: [...strides], padding: [...padding], dilation: [...dilations] };
  if (!c.wants(1)) return new Outputs([run(input, [...kernel], options).to(given.dtype)]);
  const { values, indices } = (run as (x: Tensor, k: number[], o: object) => Pooled)(input, [...kernel], {
    ...options,
    returnIndices: true,
  });
  return new Outputs([values.to(given.dtype), places(c, x, indices, own ? null : { amounts, shape: input.shape })]);
}

/** Positions within planes, perhaps padded ones, as positions in the whole tensor. */
function places(
  c: Call,
  x: Tensor,
  indices: Tensor,
  padded: { amounts: readonly number[]; shape: readonly number[] } | null,
): Tensor {
  const sizes = x.shape.slice(2);
  const dims = sizes.length;
  const columnsFirst = c.hasAttribute("storage_order") && c.num("storage_order") === 1;
  // The position along each dimension.
  const along: Tensor[] = [];
  let rest = indices;
  const from = padded === null ? sizes : padded.shape.slice(2);
  for (let d = dims - 1; d >= 0; d--) {
    const begin = padded === null ? 0 : padded.amounts[2 * (dims - 1 - d)]!;
    along.unshift(rest.remainder(from[d]!).sub(begin));
    rest = rest.floorDivide(from[d]!);
  }
  const order = sizes.map((_, d) => d);
  if (columnsFirst) order.reverse();
  let place = along[order[0]!]!;
  for (const d of order.slice(1)) place = place.mul(sizes[d]!).add(along[d]!);
  const [n, channels] = x.shape as [number, number];
  const planes = c.here(c.hostInts(Array.from({ length: n * channels }, (_, i) => i * sizeOf(sizes))));
  return place.to("int32").add(planes.reshape([n, channels, ...Array<number>(dims).fill(1)])).to(c.dtypeHere("int64"));
}

/** How many elements of the image (or with its padding) each window covers, along one dimension. */
function covered(
  { kernel, strides, dilations, begins, ends }: Windows,
  size: number,
  d: number,
  count: number,
  padding: boolean,
): number[] {
  const [least, most] = padding ? [0, begins[d]! + size + ends[d]!] : [begins[d]!, begins[d]! + size];
  return Array.from({ length: count }, (_, i) => {
    let n = 0;
    for (let k = 0; k < kernel[d]!; k++) {
      const at = i * strides[d]! + k * dilations[d]!;
      if (at >= least && at < most) n++;
    }
    return n;
  });
}

/** The sums of windows of an image that is padded with zeros. */
function sums(x: Tensor, windows: Windows, count: readonly number[]): Tensor {
  const { kernel, strides, dilations } = windows;
  const dims = kernel.length;
  const input = pad(x, wholePads(x, windows, count));
  if (dilations.every((n) => n === 1)) {
    return means[dims - 1]!(input, [...kernel], { stride: [...strides] }).mul(sizeOf(kernel));
  }
  const [n, channels] = x.shape as [number, number];
  const planes = input.reshape([n * channels, 1, ...input.shape.slice(2)]);
  const weight = ones([1, 1, ...kernel], { dtype: x.dtype, device: x.device });
  const y = convolutions[dims - 1]!(planes, weight, { stride: [...strides], dilation: [...dilations] });
  return y.reshape([n, channels, ...y.shape.slice(2)]);
}

function averagePool(c: Call): Tensor {
  const { x, windows, count, dims } = pooled(c);
  const { kernel, strides, dilations, begins, ends } = windows;
  const padding = c.num("count_include_pad") === 1;
  const plain = begins.every((n, d) => n === ends[d] && n <= kernel[d]! / 2 && dilations[d] === 1) &&
    (!c.hasAttribute("ceil_mode") || c.num("ceil_mode") === 0);
  if (plain) {
    return means[dims - 1]!(x, [...kernel], { stride: [...strides], padding: [...begins], countIncludePad: padding });
  }
  let divisor: Tensor | null = null;
  for (let d = 0; d < dims; d++) {
    const values = Float32Array.from(covered(windows, x.shape[d + 2]!, d, count[d]!, padding), (n) => Math.max(n, 1));
    const shape = Array.from({ length: dims }, (_, e) => e === d ? count[d]! : 1);
    const part = fromTypedArray(values, shape, { device: x.device });
    divisor = divisor === null ? part : divisor.mul(part);
  }
  return sums(x, windows, count).div(divisor!.to(x.dtype));
}

function lpPool(c: Call): Tensor {
  const { x, windows, count } = pooled(c);
  const p = c.num("p");
  return sums(x.abs().pow(p), windows, count).clamp({ min: 0 }).pow(1 / p);
}

const spatial = (x: Tensor): number[] => x.shape.slice(2).map((_, d) => d + 2);

/** Puts elements back to where `MaxPool` found them. */
function maxUnpool(c: Call): Tensor {
  const [x, indices] = [c.tensor(0), c.tensor(1)];
  const kernel = c.list("kernel_shape")!;
  const strides = c.list("strides") ?? kernel.map(() => 1);
  const pads = c.list("pads") ?? Array<number>(2 * kernel.length).fill(0);
  const inferred = kernel.map((k, d) => (x.shape[d + 2]! - 1) * strides[d]! + k - pads[d]! - pads[d + kernel.length]!);
  const own = [...x.shape.slice(0, 2), ...inferred];
  const shape = c.has(2) ? c.numbers(2) : own;
  const flat = c.full([sizeOf(shape)], 0, x.dtype);
  const width = own.at(-1)!;
  // The indices are of the inferred shape, in which the last dimensions may be smaller.
  let places = indices.reshape(-1);
  if (c.has(2)) {
    let [rest, stride] = [places, 1];
    let moved: Tensor | null = null;
    for (let d = shape.length - 1; d >= 0; d--) {
      const part = rest.remainder(own[d]!).mul(stride);
      moved = moved === null ? part : moved.add(part);
      rest = rest.floorDivide(own[d]!);
      stride *= shape[d]!;
    }
    places = moved!;
  }
  if (width < 1) c.fail("the output would be empty");
  return flat.scatter(0, places, x.reshape(-1)).reshape([...shape]);
}

const { dilations: _, ...undilated } = windowAttributes;
const kernelRequired = { kernel_shape: required(windowAttributes.kernel_shape) };
const base = { ...undilated, ...kernelRequired };
const all = { ...windowAttributes, ...kernelRequired };
const count_include_pad = int(0);
const one = [1, 1] as const;

/** The pools. */
export const pooling: Operators = {
  AveragePool: {
    7: { inputs: one, attributes: { ...base, count_include_pad }, run: averagePool },
    10: { inputs: one, attributes: { ...base, count_include_pad, ceil_mode: ceilMode }, run: averagePool },
    19: { inputs: one, attributes: { ...all, count_include_pad, ceil_mode: ceilMode }, run: averagePool },
  },
  MaxPool: {
    1: { inputs: one, outputs: 2, attributes: { ...base, storage_order: int(0) }, run: maxPool },
    10: { inputs: one, outputs: 2, attributes: { ...all, storage_order: int(0), ceil_mode: ceilMode }, run: maxPool },
  },
  LpPool: {
    2: { inputs: one, attributes: { ...base, p: int(2) }, run: lpPool },
    18: { inputs: one, attributes: { ...all, p: int(2), ceil_mode: ceilMode }, run: lpPool },
  },
  GlobalAveragePool: { 1: { inputs: one, run: (c) => c.tensor(0).mean(spatial(c.raw(0)), { keepdim: true }) } },
  GlobalMaxPool: { 1: { inputs: one, run: (c) => c.tensor(0).amax(spatial(c.raw(0)), { keepdim: true }) } },
  GlobalLpPool: {
    2: {
      inputs: one,
      attributes: { p: int(2) },
      run: (c) => c.tensor(0).abs().pow(c.num("p")).sum(spatial(c.raw(0)), { keepdim: true }).pow(1 / c.num("p")),
    },
  },
  MaxUnpool: {
    9: {
      inputs: [2, 3],
      attributes: { ...kernelRequired, pads: windowAttributes.pads, strides: windowAttributes.strides },
      numbers: [2],
      run: maxUnpool,
    },
  },
};
