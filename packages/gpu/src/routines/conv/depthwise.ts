/**
 * Depthwise convolutions in two dimensions, for software adapters. There is no sum over channels, and a contraction
 * would load every element once for each tap. Here a thread computes a tile of outputs, unrolled, and each element is
 * loaded once for the tile. On lavapipe, 3×3 on [8, 128, 28, 28] went from 26 to 3.8 ms, the gradient of the input from
 * 24 to 2.9, and the gradient of the weight takes about half the time.
 */
import { isFloat } from "@heddle/tensor";
import type { Attrs, ConvAttrs } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { functions } from "../../render/math/functions.ts";
import { computeType } from "../../render/wgsl_types.ts";
import { type BoundBuffer, dispatch } from "../shared/dispatch.ts";
import { geometryOf } from "./conv_params.ts";

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Columns of a tile. */
const columns = 4;

/** Most multiplications in an unrolled tile. */
const maxUnrolled = 256;

/** Rows of a tile. */
const tileRows = ([height, width]: readonly number[]): number =>
  [4, 2, 1].find((rows) => rows * columns * height! * width! <= maxUnrolled) ?? 1;

/**
 * Whether this file computes a convolution with a weight of shape `w`. For the gradient of the input, strides have to
 * divide the tile.
 */
export function isDepthwise(
  gpu: GpuContext,
  w: readonly number[],
  { groups, stride }: ConvAttrs,
  gradient: boolean,
): boolean {
  const kernel = w.slice(2);
  if (!gpu.software || w.length !== 4 || w[1] !== 1 || groups < 2) return false;
  if (kernel[0]! * kernel[1]! * columns > maxUnrolled) return false;
  return !gradient || (w[0] === groups && tileRows(kernel) % stride[0]! === 0 && columns % stride[1]! === 0);
}

/**
 * The offset, along one dimension, from a tile to the source element that the tap `t` of the tile's element `i`
 * multiplies; null if the tap does not meet the element.
 */
type TapOffset = (i: number, t: number) => number | null;

const forwardReach = ({ stride, dilation, padding }: ConvAttrs, d: number): TapOffset => (i, t) =>
  i * stride[d]! + t * dilation[d]! - padding[d]!;

const gradientReach = ({ stride, dilation, padding }: ConvAttrs, d: number): TapOffset => (i, t) => {
  const at = i + padding[d]! - t * dilation[d]!;
  return at % stride[d]! === 0 ? at / stride[d]! : null;
};

/** A number that may be negative, as a u32 to add. */
const wrapping = (value: number): string => `${value >>> 0}u`;

/** Collects the loads that a tile needs from the operand NAME, each once. Elements outside the plane are zero. */
class SharedLoads {
  private readonly name: string;
  private readonly zero: string;
  private readonly lines: string[] = [];
  private readonly known: Set<string> = new Set();

  constructor(name: string, { dtype }: BoundBuffer) {
    this.name = name;
    this.zero = isFloat(dtype) ? "0f" : "0";
  }

  private once(name: string, line: string): void {
    if (!this.known.has(name)) this.lines.push(line);
    this.known.add(name);
  }

  /** The value at a row and a column relative to the tile. */
  at(row: number, column: number): string {
    const { name, zero } = this;
    const [i, j] = [row, column].map((n) => n < 0 ? `m${-n}` : `${n}`);
    const value = `${name}_${i}_${j}`;
    this.once(`row ${i}`, `let ${name}_row_${i} = ${name}_y + ${wrapping(row)};`);
    this.once(`column ${j}`, `let ${name}_column_${j} = ${name}_x + ${wrapping(column)};`);
    this.once(
      value,
      `let ${value} = select(${zero}, ${name}_get(${name}_place + ${name}_row_${i} * p.${name}Stride2 + ` +
        `${name}_column_${j} * p.${name}Stride3), ${name}_row_${i} < p.${name}Size2 && ${name}_column_${j} < p.${name}Size3);`,
    );
    return value;
  }

  /** The statements of all loads, for a tile at `row` and `column` of the plane that starts at `place`. */
  from(place: string, row: string, column: string): string {
    const { name } = this;
    return `let ${name}_place = ${place}; let ${name}_y = ${row}; let ${name}_x = ${column};\n${this.lines.join("\n")}`;
  }
}

/** What the shader of a tile depends on, apart from dtypes. */
const keyOf = (kernel: readonly number[], { stride, padding, dilation }: ConvAttrs): string =>
  `${kernel} ${stride} ${padding} ${dilation}`;

/** Computes the convolution. The bias has one element for each filter. */
export function depthwise(
  gpu: GpuContext,
  [x, w, bias]: readonly GpuOperand[],
  out: GpuOperand,
  attrs: Attrs["conv"],
): void {
  const steps = attrs.stride;
  tiles(gpu, `forward ${keyOf(w!.shape.slice(2), attrs)}`, x!, w!, bias ?? null, out, {
    reach: [forwardReach(attrs, 0), forwardReach(attrs, 1)],
    step: (size, d) => size * steps[d]!,
    relu: attrs.activation === "relu",
  });
}

/** Computes the gradient of the input. */
export function depthwiseInputGrad(
  gpu: GpuContext,
  [g, w]: readonly GpuOperand[],
  out: GpuOperand,
  attrs: Attrs["convInputGrad"],
): void {
  const steps = attrs.stride;
  tiles(gpu, `input gradient ${keyOf(w!.shape.slice(2), attrs)}`, g!, w!, null, out, {
    reach: [gradientReach(attrs, 0), gradientReach(attrs, 1)],
    step: (size, d) => size / steps[d]!,
    relu: false,
  });
}

interface Walk {
  readonly reach: readonly [TapOffset, TapOffset];
  /** Distance in the source between tiles of a size. */
  readonly step: (size: number, d: number) => number;
  readonly relu: boolean;
}

function tiles(
  gpu: GpuContext,
  key: string,
  source: GpuOperand,
  w: GpuOperand,
  bias: GpuOperand | null,
  out: GpuOperand,
  { reach, step, relu }: Walk,
): void {
  const [height, width] = w.shape.slice(2) as [number, number];
  const rows = tileRows([height, width]);
  const [images, channels, high, wide] = out.shape as [number, number, number, number];
  const [down, across] = [Math.ceil(high / rows), Math.ceil(wide / columns)];
  const type = computeType(out.dtype);
  dispatch(gpu, {
    key: `depthwise ${key}${bias === null ? "" : " bias"}${relu ? " relu" : ""}`,
    reads: { source, w, ...bias === null ? {} : { bias } },
    writes: { out },
    params: {
      ...geometryOf({ source, w }),
      ...{ down, across, channels, high, wide, outAt: out.offset, filters: channels / source.shape[1]! },
      ...bias === null ? {} : { biasAt: bias.offset, biasStride: bias.strides[0] ?? 0 },
    },
    threads: images * channels * down * across,
    declarations: () => relu ? `${functions.relu_f}\n` : "",
    body: () => {
      const loads = new SharedLoads("source", source);
      const taps = count(height).flatMap((a) => count(width).map((b) => [a, b] as const));
      const cells = count(rows).flatMap((i) => count(columns).map((j) => [i, j] as const));
      const sums = cells.flatMap(([i, j]) =>
        taps.flatMap(([a, b]) => {
          const [row, column] = [reach[0](i, a), reach[1](j, b)];
          if (row === null || column === null) return [];
          const value = loads.at(row, column);
          const sum = `s${i}_${j}`;
          return type === "f32" ? `${sum} = fma(w${a}_${b}, ${value}, ${sum});` : `${sum} += w${a}_${b} * ${value};`;
        })
      );
      const result = (sum: string): string => {
        const value = bias === null ? sum : `(${sum} + bias_get(p.biasAt + channel * p.biasStride))`;
        return relu ? `relu_f(${value})` : value;
      };
      const stores = cells.map(([i, j]) =>
        `if (row + ${i}u < p.high && column + ${j}u < p.wide) { out_set(to + ${i}u * p.wide + ${j}u, ${
          result(`s${i}_${j}`)
        }); }`
      );
      return `
let tile_column = thread % p.across;
let tile_row = (thread / p.across) % p.down;
let plane = thread / (p.across * p.down);
let channel = plane % p.channels;
${loadWeights(taps)}
${
        loads.from(
          "p.sourceAt + (plane / p.channels) * p.sourceStride0 + (channel / p.filters) * p.sourceStride1",
          `tile_row * ${step(rows, 0)}u`,
          `tile_column * ${step(columns, 1)}u`,
        )
      }
${cells.map(([i, j]) => `var s${i}_${j}: ${type};`).join(" ")}
${sums.join("\n")}
let row = tile_row * ${rows}u;
let column = tile_column * ${columns}u;
let to = p.outAt + (plane * p.high + row) * p.wide + column;
${stores.join("\n")}
`;
    },
  });
}

const loadWeights = (taps: readonly (readonly [number, number])[]): string =>
  taps.map(([a, b]) =>
    `let w${a}_${b} = w_get(p.wAt + channel * p.wStride0 + ${a}u * p.wStride2 + ${b}u * p.wStride3);`
  ).join("\n");

/** Number of threads to use for the gradient of the weight. */
const wantedThreads = 256;

/**
 * Computes the gradient of the weight. A thread sums for one row of a filter's taps, over some quads of the images'
 * rows; then the threads' sums are added in order. (With all taps in one thread it was up to twice as fast on lavapipe,
 * but SwiftShader takes minutes to compile loops with so many loads.)
 */
export function depthwiseWeightGrad(
  gpu: GpuContext,
  [g, x]: readonly GpuOperand[],
  out: GpuOperand,
  attrs: Attrs["convWeightGrad"],
): void {
  const [height, width] = attrs.kernelSize as [number, number];
  const [images, filters, high, wide] = g!.shape as [number, number, number, number];
  const across = Math.ceil(wide / columns);
  const all = images * high * across;
  const own = filters * height;
  // Lavapipe ends loops after 65,535 iterations.
  const per = Math.min(32768, Math.max(1, Math.ceil(all * own / wantedThreads)));
  const parts = Math.ceil(all / per);
  const type = computeType(out.dtype);
  const accumulator = { dtype: type === "f32" ? "float32" : "int32" } as const;
  const buffer = gpu.scratch(4 * Math.max(1, parts) * own * width);
  dispatch(gpu, {
    key: `depthwise weight gradient ${keyOf(attrs.kernelSize, attrs)}`,
    reads: { g: g!, x: x! },
    writes: { sums: { ...accumulator, buffer } },
    params: {
      ...geometryOf({ g: g!, x: x! }),
      ...{ all, per, height, filters, high, across, each: filters / x!.shape[1]! },
    },
    threads: own * parts,
    groupSize: 8,
    body: () => {
      const [given, read] = [new SharedLoads("g", g!), new SharedLoads("x", x!)];
      const reach = forwardReach(attrs, 1);
      const taps = count(width);
      const sums = count(columns).flatMap((j) =>
        taps.map((b) => {
          const [left, right] = [given.at(0, j), read.at(0, reach(j, b)!)];
          return type === "f32" ? `s${b} = fma(${left}, ${right}, s${b});` : `s${b} += ${left} * ${right};`;
        })
      );
      return `
let tap_row = thread % p.height;
let own = (thread / p.height) % p.filters;
let part = thread / (p.height * p.filters);
${taps.map((b) => `var s${b}: ${type};`).join(" ")}
let end = min((part + 1u) * p.per, p.all);
for (var quad = part * p.per; quad < end; quad++) {
  let column = (quad % p.across) * ${columns}u;
  let row = (quad / p.across) % p.high;
  let image = quad / (p.across * p.high);
  ${given.from("p.gAt + image * p.gStride0 + own * p.gStride1", "row", "column")}
  ${
        read.from(
          "p.xAt + image * p.xStride0 + (own / p.each) * p.xStride1",
          `row * ${attrs.stride[0]}u + tap_row * ${attrs.dilation[0]}u - ${attrs.padding[0]}u`,
          `column * ${attrs.stride[1]}u`,
        )
      }
  ${sums.join("\n  ")}
}
${taps.map((b) => `sums_set(thread * ${width}u + ${b}u, s${b});`).join("\n")}
`;
    },
  });
  dispatch(gpu, {
    key: `depthwise weight gradient sums`,
    reads: { sums: { ...accumulator, buffer } },
    writes: { out },
    params: { parts, outAt: out.offset },
    threads: own * width,
    body: () => `
var sum: ${type};
for (var part = 0u; part < p.parts; part++) { sum += sums_get(thread + part * p.threads); }
out_set(p.outAt + thread, sum);
`,
  });
  gpu.release(buffer);
}
