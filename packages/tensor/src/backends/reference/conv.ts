/** Convolution in one to three dimensions and its two gradients, by im2col and a matrix product. */
import type { Attrs, ConvAttrs } from "../../prims/attrs.ts";
import { sizeOf } from "../../shape.ts";
import { type HostOperand, load, store, type Values, valuesOf } from "./host_operand.ts";
import { finish, multiplyInto, sumsOf } from "./matmul.ts";

/** The sizes of a convolution, with three spatial dimensions. */
interface Layout {
  readonly batch: number;
  readonly groups: number;
  /** Channels per group, in and out. */
  readonly channels: number;
  readonly filters: number;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly output: readonly number[];
  /** For each dimension, tap and output position: the input index, or -1 in the padding. */
  readonly reach: readonly Int32Array[];
}

function layout(x: readonly number[], w: readonly number[], y: readonly number[], attrs: ConvAttrs): Layout {
  const fill = (values: readonly number[], by: number) => [...Array<number>(3 - values.length).fill(by), ...values];
  const [input, kernel, output] = [fill(x.slice(2), 1), fill(w.slice(2), 1), fill(y.slice(2), 1)];
  const [stride, padding, dilation] = [fill(attrs.stride, 1), fill(attrs.padding, 0), fill(attrs.dilation, 1)];
  const reach = [0, 1, 2].map((d) => {
    const table = new Int32Array(kernel[d]! * output[d]!);
    for (let k = 0; k < kernel[d]!; k++) {
      for (let o = 0; o < output[d]!; o++) {
        const at = o * stride[d]! + k * dilation[d]! - padding[d]!;
        table[k * output[d]! + o] = at >= 0 && at < input[d]! ? at : -1;
      }
    }
    return table;
  });
  const { groups } = attrs;
  return { batch: x[0]!, groups, channels: x[1]! / groups, filters: w[0]! / groups, input, kernel, output, reach };
}

/** Calls `visit(column, position)` for every tap inside the image, with its position in the columns and in the channel's plane. */
function eachTap(l: Layout, visit: (column: number, position: number) => void): void {
  const [kd, kh, kw] = l.kernel as [number, number, number];
  const [od, oh, ow] = l.output as [number, number, number];
  const [, ih, iw] = l.input as [number, number, number];
  const [rd, rh, rw] = l.reach as [Int32Array, Int32Array, Int32Array];
  const volume = sizeOf(l.input);
  let column = 0;
  for (let c = 0; c < l.channels; c++) {
    for (let a = 0; a < kd; a++) {
      for (let b = 0; b < kh; b++) {
        for (let e = 0; e < kw; e++) {
          for (let z = 0; z < od; z++) {
            const depth = rd[a * od + z]!;
            for (let y = 0; y < oh; y++) {
              const row = rh[b * oh + y]!;
              if (depth < 0 || row < 0) {
                column += ow;
                continue;
              }
              const from = c * volume + (depth * ih + row) * iw;
              for (let x = 0; x < ow; x++, column++) {
                const at = rw[e * ow + x]!;
                if (at >= 0) visit(column, from + at);
              }
            }
          }
        }
      }
    }
  }
}

/** The positions of all taps of one image, in the columns and in the plane, computed once per call. */
function taps(l: Layout): { columns: Int32Array; positions: Int32Array } {
  const size = l.channels * sizeOf(l.kernel) * sizeOf(l.output);
  const columns = new Int32Array(size);
  const positions = new Int32Array(size);
  let n = 0;
  eachTap(l, (column, position) => {
    columns[n] = column;
    positions[n++] = position;
  });
  return { columns: columns.subarray(0, n), positions: positions.subarray(0, n) };
}

function toColumns(x: Values, at: number, { columns, positions }: ReturnType<typeof taps>, into: Values): void {
  for (let i = 0; i < columns.length; i++) into[columns[i]!] = x[at + positions[i]!]!;
}

/** `y = x * w + bias`. */
export function conv(
  [xs, ws, bias]: readonly HostOperand[],
  [ys]: readonly HostOperand[],
  attrs: Attrs["conv"],
): void {
  const l = layout(xs!.shape, ws!.shape, ys!.shape, attrs);
  const [x, w, table] = [load(xs!), load(ws!), taps(l)];
  const [area, depth, volume] = [sizeOf(l.output), l.channels * sizeOf(l.kernel), l.channels * sizeOf(l.input)];
  const { dtype } = ys!;
  const columns = valuesOf(dtype, depth * area);
  const y = sumsOf(dtype, sizeOf(ys!.shape));
  for (let i = 0; i < l.batch * l.groups; i++) {
    const g = i % l.groups;
    toColumns(x, i * volume, table, columns);
    multiplyInto(dtype, y, i * l.filters * area, w, g * l.filters * depth, columns, 0, l.filters, depth, area);
  }
  finish(y, bias, area, attrs);
  store(ys!, y);
}

/** The gradient of the input, which is also the forward pass of a transposed convolution. */
export function convInputGrad(
  [gs, ws]: readonly HostOperand[],
  [xs]: readonly HostOperand[],
  attrs: Attrs["convInputGrad"],
): void {
  const l = layout(xs!.shape, ws!.shape, gs!.shape, attrs);
  const [g, w, table] = [load(gs!), load(ws!), taps(l)];
  const [area, depth, volume] = [sizeOf(l.output), l.channels * sizeOf(l.kernel), l.channels * sizeOf(l.input)];
  const { dtype } = xs!;
  const turned = valuesOf(dtype, w.length);
  for (let q = 0; q < l.groups; q++) {
    const at = q * l.filters * depth;
    for (let f = 0; f < l.filters; f++) {
      for (let d = 0; d < depth; d++) turned[at + d * l.filters + f] = w[at + f * depth + d]!;
    }
  }
  const columns = sumsOf(dtype, depth * area);
  const x = sumsOf(dtype, sizeOf(xs!.shape));
  const zero = sumsOf(dtype, 1)[0]!;
  const { columns: from, positions: to } = table;
  for (let i = 0; i < l.batch * l.groups; i++) {
    columns.fill(zero);
    multiplyInto(
      dtype,
      columns,
      0,
      turned,
      (i % l.groups) * l.filters * depth,
      g,
      i * l.filters * area,
      depth,
      l.filters,
      area,
    );
    for (let t = 0; t < from.length; t++) x[i * volume + to[t]!]! += columns[from[t]!]!;
  }
  store(xs!, x);
}

/** The gradient of the kernel. */
export function convWeightGrad(
  [gs, xs]: readonly HostOperand[],
  [ws]: readonly HostOperand[],
  attrs: Attrs["convWeightGrad"],
): void {
  const l = layout(xs!.shape, ws!.shape, gs!.shape, attrs);
  const [g, x, table] = [load(gs!), load(xs!), taps(l)];
  const [area, depth, volume] = [sizeOf(l.output), l.channels * sizeOf(l.kernel), l.channels * sizeOf(l.input)];
  const { dtype } = ws!;
  const columns = valuesOf(dtype, depth * area);
  const w = sumsOf(dtype, sizeOf(ws!.shape));
  for (let i = 0; i < l.batch * l.groups; i++) {
    const q = i % l.groups;
    toColumns(x, i * volume, table, columns);
    multiplyInto(
      dtype,
      w,
      q * l.filters * depth,
      g,
      i * l.filters * area,
      columns,
      0,
      l.filters,
      area,
      depth,
      true,
    );
  }
  store(ws!, w);
}
