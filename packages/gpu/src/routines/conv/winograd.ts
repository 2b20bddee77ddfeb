/**
 * 3×3 convolutions by Winograd's F(4×4, 3×3) (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016): 36
 * products for 16 outputs, where the plain sum has 144. Tiles of the image and the taps are evaluated at 36 points; for each
 * point there is one matrix product, of filters and channels with channels and tiles; then the tiles of the output are
 * interpolated. docs/decisions/006-winograd.md has the points and their rounding errors, 017-winograd-on-gpus.md the sizes
 * for which it pays.
 */
import { type Attrs, contiguousStrides, type ConvAttrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { functions } from "../../render/math/functions.ts";
import { literal } from "../../render/wgsl_types.ts";
import { matmul } from "../contraction/matmul.ts";
import { dispatch } from "../shared/dispatch.ts";
import { numbered } from "../shared/params.ts";

type Matrix = readonly (readonly number[])[];

const [a, b] = [5 / 8, 3 / 2] as const;
const [aa, bb] = [a * a, b * b] as const;
const transposed = (m: Matrix): Matrix => m[0]!.map((_, j) => m.map((row) => row[j]!));

/** Six samples at the points 0, ±a, ±b and infinity: Bᵀ in Lavin and Gray. */
const samplesAtPoints: Matrix = [
  [aa * bb, 0, -(aa + bb), 0, 1, 0],
  [0, -a * bb, -bb, a, 1, 0],
  [0, a * bb, -bb, -a, 1, 0],
  [0, -b * aa, -aa, b, 1, 0],
  [0, b * aa, -aa, -b, 1, 0],
  [0, aa * bb, 0, -(aa + bb), 0, 1],
];

const [ofZero, ofA, ofB] = [1 / (aa * bb), 1 / (2 * aa * (aa - bb)), 1 / (2 * bb * (bb - aa))] as const;

/** Three taps at the points: G. */
const tapsAtPoints: Matrix = [
  [ofZero, 0, 0],
  [ofA, a * ofA, aa * ofA],
  [ofA, -a * ofA, aa * ofA],
  [ofB, b * ofB, bb * ofB],
  [ofB, -b * ofB, bb * ofB],
  [0, 0, 1],
];

/** Four outputs from the points: Aᵀ. */
const outputsOfPoints: Matrix = [
  [1, 1, 1, 1, 1, 0],
  [0, a, -a, b, -b, 0],
  [0, aa, aa, bb, bb, 0],
  [0, a * aa, -a * aa, b * bb, -b * bb, 1],
];

/** Outputs of a tile, and distance of tiles, in each dimension. */
const tile = 4;
const points = 36;

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * Squares of a tensor: at `(channel, image, y, x)` the one that begins at row `4 y − padding` and column `4 x − padding` of a
 * plane.
 */
interface Squares {
  /** `[channels, images, height, width]`. */
  readonly planes: GpuOperand;
  readonly tiles: readonly [down: number, across: number];
  readonly padding: readonly [number, number];
}

const squareCount = ({ planes: { shape }, tiles }: Squares): number => sizeOf(shape.slice(0, 2)) * sizeOf(tiles);

/** The planes of images `[N, C, H, W]` or weights `[O, C, 3, 3]`, channels or filters first. */
function planesOf(operand: GpuOperand, first: 0 | 1): GpuOperand {
  const order = first === 0 ? [0, 1, 2, 3] : [1, 0, 2, 3];
  const along = (of: readonly number[]): number[] => order.map((d) => of[d]!);
  return { ...operand, shape: along(operand.shape), strides: along(operand.strides) };
}

const placeParams = ({ planes, tiles, padding }: Squares): Record<string, number> => ({
  at: planes.offset,
  ...numbered("stride", planes.strides),
  ...numbered("size", planes.shape),
  ...numbered("tiles", tiles),
  ...numbered("padding", padding),
});

/** Statements that find the square of a thread: row `rI` and column `cJ` are inside the plane if `rI_in` and `cJ_in` are. */
function placeCode(size: number): string {
  const each = count(size).map((i) =>
    `let r${i} = row0 + ${i}u; let r${i}_in = r${i} < p.size2; let c${i} = column0 + ${i}u; let c${i}_in = c${i} < p.size3;\n`
  );
  return `let plane = thread / (p.tiles0 * p.tiles1);
let channel = plane / p.size1;
let base = p.at + channel * p.stride0 + plane % p.size1 * p.stride1;
let row0 = thread / p.tiles1 % p.tiles0 * ${tile}u - p.padding0;
let column0 = thread % p.tiles1 * ${tile}u - p.padding1;
${each.join("")}`;
}

/** Statements that compute `TO = m · FROM · mᵀ` of a square `FROM00`, `FROM01`, …. */
function transform(m: Matrix, from: string, to: string): string {
  const sum = (factors: readonly number[], name: (k: number) => string): string =>
    factors.reduce((code, factor, k) => {
      if (factor === 0) return code;
      if (code === "") return factor === 1 ? name(k) : `${name(k)} * ${literal(factor)}`;
      return factor === 1 ? `${code} + ${name(k)}` : `fma(${name(k)}, ${literal(factor)}, ${code})`;
    }, "");
  const [rows, columns] = [count(m.length), count(m[0]!.length)];
  return rows.flatMap((i) => columns.map((j) => `let half${i}${j} = ${sum(m[i]!, (k) => `${from}${k}${j}`)};`)).join(
    "\n",
  ) +
    "\n" +
    rows.flatMap((i) => rows.map((j) => `let ${to}${i}${j} = ${sum(m[j]!, (k) => `half${i}${k}`)};`)).join("\n") + "\n";
}

/** The values of squares at all points: `[36, channels, images · tiles]`. The caller releases them. */
function atPoints(gpu: GpuContext, key: string, m: Matrix, squares: Squares): GpuOperand {
  const { planes, tiles } = squares;
  const shape = [points, planes.shape[0]!, planes.shape[1]! * sizeOf(tiles)];
  const out = scratch(gpu, shape);
  const size = count(m[0]!.length);
  dispatch(gpu, {
    key: `winograd ${key}`,
    reads: { x: planes },
    writes: { out },
    params: placeParams(squares),
    threads: squareCount(squares),
    body: () =>
      placeCode(size.length) +
      size.flatMap((i) =>
        size.map((j) =>
          `let x${i}${j} = select(0f, x_get(base + r${i} * p.stride2 + c${j} * p.stride3), r${i}_in && c${j}_in);`
        )
      ).join("\n") + "\n" + transform(m, "x", "y") +
      count(points).map((n) => `out_set(thread + ${n}u * p.threads, y${Math.floor(n / 6)}${n % 6});`).join("\n"),
  });
  return out;
}

/** Writes the squares whose values at the points are given, with the bias of their channel and ReLU. */
function ofPoints(
  gpu: GpuContext,
  key: string,
  m: Matrix,
  values: GpuOperand,
  squares: Squares,
  bias: GpuOperand | null = null,
  relu = false,
): void {
  const size = count(m.length);
  const result = (value: string): string => {
    const sum = bias === null ? value : `${value} + bias`;
    return relu ? `relu_f(${sum})` : sum;
  };
  dispatch(gpu, {
    key: `winograd ${key}${bias === null ? "" : " bias"}${relu ? " relu" : ""}`,
    reads: { x: values, ...(bias === null ? {} : { bias_of: bias }) },
    writes: { out: squares.planes },
    params: {
      ...placeParams(squares),
      ...(bias === null ? {} : { biasAt: bias.offset, biasStride: bias.strides[0]! }),
    },
    threads: squareCount(squares),
    declarations: () => relu ? `${functions.relu_f}\n` : "",
    body: () =>
      placeCode(size.length) + (bias === null ? "" : "let bias = bias_of_get(p.biasAt + channel * p.biasStride);\n") +
      count(points).map((n) => `let x${Math.floor(n / 6)}${n % 6} = x_get(thread + ${n}u * p.threads);`).join("\n") +
      "\n" + transform(m, "x", "y") +
      size.flatMap((i) =>
        size.map((j) =>
          `if (r${i}_in && c${j}_in) { out_set(base + r${i} * p.stride2 + c${j} * p.stride3, ${result(`y${i}${j}`)}); }`
        )
      ).join("\n"),
  });
}

function scratch(gpu: GpuContext, shape: readonly number[]): GpuOperand {
  return {
    buffer: gpu.scratch(4 * sizeOf(shape)),
    offset: 0,
    dtype: "float32",
    shape,
    strides: contiguousStrides(shape),
  };
}

const tilesOf = (spatial: readonly number[]): [number, number] =>
  spatial.map((size) => Math.ceil(size / tile)) as [number, number];

/** The squares of taps. */
const taps = (w: GpuOperand): Squares => ({ planes: planesOf(w, 0), tiles: [1, 1], padding: [0, 0] });

/**
 * Whether a convolution of `channels` with as many `filters`, or one of its gradients, is computed here. `output` is the
 * shape of the convolution's output, or of its gradient.
 */
export function isWinograd(
  gpu: GpuContext,
  operands: readonly GpuOperand[],
  [filters, channels, ...kernel]: readonly number[],
  [images, , ...spatial]: readonly number[],
  { stride, dilation, padding, groups }: ConvAttrs,
): boolean {
  if (gpu.software || kernel.length !== 2 || groups !== 1) return false;
  if (![...stride, ...dilation].every((n) => n === 1) || !kernel.every((n) => n === 3)) return false;
  if (!padding.every((n) => n <= 2) || !operands.every(({ dtype }) => dtype === "float32")) return false;
  const [f, c] = [filters!, channels!];
  const tiles = images! * sizeOf(tilesOf(spatial));
  // Fewer channels, and the values at the points take longer to write and read than the products that they save. Fewer
  // tiles, and those of the taps do.
  return f * c >= 64 * (f + c) && tiles >= 128 && images! * sizeOf(spatial) >= 0.75 * tile ** 2 * tiles &&
    4 * points * Math.max(tiles * f, tiles * c, f * c) <= gpu.limits.maxStorageBufferBindingSize;
}

/** Convolves `[N, C, H, W]` with `[O, C, 3, 3]`, with stride 1. */
export function winograd(
  gpu: GpuContext,
  [x, w, bias = null]: readonly [x: GpuOperand, w: GpuOperand, bias?: GpuOperand | null],
  out: GpuOperand,
  padding: readonly number[],
  relu: boolean,
): void {
  const tiles = tilesOf(out.shape.slice(2));
  const samples = { planes: planesOf(x, 1), tiles, padding: padding as [number, number] };
  const left = atPoints(gpu, "taps", tapsAtPoints, taps(w));
  const right = atPoints(gpu, "samples", samplesAtPoints, samples);
  const products = scratch(gpu, [points, left.shape[1]!, right.shape[2]!]);
  matmul(gpu, [left, right], [products], {});
  gpu.release(left.buffer);
  gpu.release(right.buffer);
  ofPoints(gpu, "outputs", outputsOfPoints, products, { planes: planesOf(out, 1), tiles, padding: [0, 0] }, bias, relu);
  gpu.release(products.buffer);
}

/** The gradient of the input: a convolution of the output's gradient with the taps in reverse order. */
export function winogradInputGrad(
  gpu: GpuContext,
  [g, w]: readonly [g: GpuOperand, w: GpuOperand],
  out: GpuOperand,
  { padding }: Attrs["convInputGrad"],
): void {
  const [filters, channels] = w.shape as [number, number];
  const [filter, channel, row, column] = w.strides as [number, number, number, number];
  const reversed: GpuOperand = {
    ...w,
    shape: [channels, filters, 3, 3],
    strides: [channel, filter, -row, -column],
    offset: w.offset + 2 * row + 2 * column,
  };
  winograd(gpu, [g, reversed], out, padding.map((n) => 2 - n), false);
}

/** The gradient of the weight. */
export function winogradWeightGrad(
  gpu: GpuContext,
  [g, x]: readonly [g: GpuOperand, x: GpuOperand],
  out: GpuOperand,
  { padding }: Attrs["convWeightGrad"],
): void {
  const tiles = tilesOf(g.shape.slice(2));
  const gradients = { planes: planesOf(g, 1), tiles, padding: [0, 0] as const };
  const samples = { planes: planesOf(x, 1), tiles, padding: padding as [number, number] };
  const left = atPoints(gpu, "gradients", transposed(outputsOfPoints), gradients);
  const right = atPoints(gpu, "samples", samplesAtPoints, samples);
  const turned = (of: readonly number[]): number[] => [of[0]!, of[2]!, of[1]!];
  const products = scratch(gpu, [points, left.shape[1]!, right.shape[1]!]);
  matmul(gpu, [left, { ...right, shape: turned(right.shape), strides: turned(right.strides) }], [products], {});
  gpu.release(left.buffer);
  gpu.release(right.buffer);
  ofPoints(gpu, "weights", transposed(tapsAtPoints), products, taps(out));
  gpu.release(products.buffer);
}
