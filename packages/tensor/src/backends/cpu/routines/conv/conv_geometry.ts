/** The sizes of convolutions, and the memory layout of images for the kernels. */
import type { ConvAttrs } from "../../../../prims/attrs.ts";
import { isContiguous } from "../../../../shape.ts";
import type { Operand } from "../../../../ir/kernel.ts";
import type { PlanOperand } from "../plan.ts";

/** Depth, height and width. The first ones are 1 if there are fewer dimensions. */
export type Volume = readonly [number, number, number];

/** The sizes of a convolution. */
export interface ConvGeometry {
  readonly batch: number;
  readonly groups: number;
  /** Channels per group. */
  readonly channels: number;
  /** Filters per group. */
  readonly filters: number;
  readonly input: Volume;
  readonly kernel: Volume;
  readonly output: Volume;
  readonly stride: Volume;
  /** Zeros before and after the image. A negative number crops. */
  readonly padding: Volume;
  readonly dilation: Volume;
}

/** The number of elements. */
export const sizeOfVolume = ([d, h, w]: Volume): number => d * h * w;

function volume(values: readonly number[], fill: number): Volume {
  return [values.at(-3) ?? fill, values.at(-2) ?? fill, values.at(-1) ?? fill];
}

/** The geometry for shapes `[N, C, …]`, `[O, C / groups, …]` and `[N, O, …]`. */
export function convGeometry(
  x: readonly number[],
  w: readonly number[],
  y: readonly number[],
  attrs: ConvAttrs,
): ConvGeometry {
  return {
    batch: x[0]!,
    groups: attrs.groups,
    channels: x[1]! / attrs.groups,
    filters: w[0]! / attrs.groups,
    input: volume(x.slice(2), 1),
    kernel: volume(w.slice(2), 1),
    output: volume(y.slice(2), 1),
    stride: volume(attrs.stride, 1),
    padding: volume(attrs.padding, 0),
    dilation: volume(attrs.dilation, 1),
  };
}

/** Whether no dimension is empty, so that sums have terms. */
export function hasTerms(g: ConvGeometry): boolean {
  return g.batch > 0 && g.channels > 0 && g.filters > 0 &&
    sizeOfVolume(g.input) > 0 && sizeOfVolume(g.kernel) > 0 && sizeOfVolume(g.output) > 0;
}

/** The strides of an operand `[N, C, …]` in bytes: batch, channel, depth, height, width. */
export function imageStrides(operand: Operand, bytes: number): readonly [number, number, number, number, number] {
  const [n, c, ...rest] = operand.strides.map((stride) => stride * bytes) as [number, number, ...number[]];
  const [d, h, w] = volume(rest, 0);
  return [n, c, d, h, w];
}

/** Whether each channel of each image is contiguous. */
export function planesContiguous({ shape, strides }: Operand): boolean {
  return isContiguous(shape.slice(2), strides.slice(2));
}

/** A row that is copied between an image and its prepared form: byte offsets within a channel, and the number of elements. */
export interface RowCopy {
  readonly image: number;
  readonly prepared: number;
  readonly count: number;
}

/**
 * The layout of an image for the kernels: padded, with columns sorted by their remainder modulo the stride, so that the elements of
 * a tap for adjacent outputs are adjacent. The offset of an element is the sum of the offsets of its position and its tap.
 */
export interface ImageLayout {
  /** Whether the image already has this layout. */
  readonly inPlace: boolean;
  /** The bytes from a channel to the next. */
  readonly channel: number;
  /** The bytes of a prepared channel. */
  readonly bytes: number;
  /** The copies that prepare a channel. The rest is zero. */
  readonly rows: readonly RowCopy[];
  /** The bytes between elements of a row in the image. */
  readonly step: number;
  /** Whether the copies reach every element of the image. */
  readonly complete: boolean;
  /** The byte offset of a tap `[kd, kh, kw]` within a channel. */
  readonly tap: (depth: number, row: number, column: number) => number;
  /** The byte offset of an output position's first tap. */
  readonly position: (depth: number, row: number, column: number) => number;
}

/** Parameters that describe images in memory and their prepared form. Strides are in bytes. */
export function imageFields(
  x: PlanOperand,
  strides: readonly [number, number, number, number, number],
  { channels }: ConvGeometry,
  layout: ImageLayout,
): {
  readonly x: number;
  readonly xBatch: number;
  readonly xGroup: number;
  readonly xChannel: number;
  readonly channels: number;
  readonly rowCount: number;
  readonly step: number;
  readonly preparedChannel: number;
  readonly preparedBytes: number;
} {
  return {
    x: x.pointer,
    xBatch: strides[0],
    xGroup: channels * strides[1],
    xChannel: strides[1],
    channels,
    rowCount: layout.rows.length,
    step: layout.step,
    preparedChannel: layout.channel,
    preparedBytes: channels * layout.bytes,
  };
}

/** The layout of an image with the given strides (in bytes). `copy` requests a prepared image even if none is needed. */
export function imageLayout(
  g: ConvGeometry,
  [, channel, sd, sh, sw]: readonly [number, number, number, number, number],
  bytes: number,
  copy = false,
): ImageLayout {
  const [id, ih, iw] = g.input;
  const [kd, kh, kw] = g.kernel;
  const [od, oh, ow] = g.output;
  const [strideD, strideH, strideW] = g.stride;
  const [padD, padH, padW] = g.padding;
  const [dilationD, dilationH, dilationW] = g.dilation;
  const step = sw * strideW;
  if (!copy && padD === 0 && padH === 0 && padW === 0 && strideW === 1 && (sw === bytes || ow === 1)) {
    return {
      inPlace: true,
      channel,
      bytes: 0,
      rows: [],
      step,
      complete: false,
      tap: (a, b, c) => a * dilationD * sd + b * dilationH * sh + c * dilationW * sw,
      position: (a, b, c) => a * strideD * sd + b * strideH * sh + c * sw,
    };
  }
  const depth = (od - 1) * strideD + (kd - 1) * dilationD + 1;
  const height = (oh - 1) * strideH + (kh - 1) * dilationH + 1;
  const width = ow + Math.floor(((kw - 1) * dilationW) / strideW);
  const pitch = width * bytes;
  const plane = depth * height * pitch;
  const remainders = [...new Set(Array.from({ length: kw }, (_, k) => (k * dilationW) % strideW))];
  const rows: RowCopy[] = [];
  let reached = 0;
  remainders.forEach((remainder, phase) => {
    // Column i of this remainder is at i · stride + remainder − padding in the image.
    const from = Math.max(Math.ceil((padW - remainder) / strideW), 0);
    const to = Math.min(Math.floor((iw - 1 + padW - remainder) / strideW) + 1, width);
    if (to <= from) return;
    for (let z = Math.max(padD, 0); z < Math.min(depth, id + padD); z++) {
      for (let y = Math.max(padH, 0); y < Math.min(height, ih + padH); y++) {
        rows.push({
          image: (z - padD) * sd + (y - padH) * sh + (from * strideW + remainder - padW) * sw,
          prepared: phase * plane + (z * height + y) * pitch + from * bytes,
          count: to - from,
        });
        reached += to - from;
      }
    }
  });
  return {
    inPlace: false,
    channel: plane * remainders.length,
    bytes: plane * remainders.length,
    rows,
    step,
    complete: reached === id * ih * iw,
    tap: (a, b, c) => {
      const shift = c * dilationW;
      const phase = remainders.indexOf(shift % strideW);
      return phase * plane + (a * dilationD * height + b * dilationH) * pitch + Math.floor(shift / strideW) * bytes;
    },
    position: (a, b, c) => (a * strideD * height + b * strideH) * pitch + c * bytes,
  };
}

/** The byte offsets of all taps of all channels of a group, in the order of the weights. */
export function tapOffsets(g: ConvGeometry, image: ImageLayout): Int32Array {
  const [kd, kh, kw] = g.kernel;
  const offsets = new Int32Array(g.channels * kd * kh * kw);
  let i = 0;
  for (let c = 0; c < g.channels; c++) {
    for (let a = 0; a < kd; a++) {
      for (let b = 0; b < kh; b++) {
        for (let k = 0; k < kw; k++) offsets[i++] = c * image.channel + image.tap(a, b, k);
      }
    }
  }
  return offsets;
}

/** The bytes of an entry of {@link columnVectors}, for vectors of `vectorBytes` bytes. */
export function columnEntry(vectorBytes: number): number {
  return 16 + vectorBytes;
}

/**
 * A table of vectors of adjacent outputs that cover every row. Each has the byte offsets of its image position and of its output,
 * and at 16 a mask of the lanes that no earlier vector covers. The last vector of a row is moved back to end with the row; rows
 * must be at least a vector long. Overlapping vectors come last, since a load after a partial store to the same memory stalls.
 */
export function columnVectors(
  g: ConvGeometry,
  image: ImageLayout,
  lanes: number,
  bytes: number,
): { readonly table: Int32Array; readonly count: number } {
  const [od, oh, ow] = g.output;
  const perRow = Math.ceil(ow / lanes);
  const words = columnEntry(lanes * bytes) / 4;
  const table = new Int32Array(od * oh * perRow * words);
  const whole = Math.floor(ow / lanes);
  let at = 0;
  for (const [first, last] of [[0, whole], [whole, perRow]] as const) {
    for (let z = 0; z < od; z++) {
      for (let y = 0; y < oh; y++) {
        for (let v = first; v < last; v++, at += words) {
          const x = Math.min(v * lanes, ow - lanes);
          table[at] = image.position(z, y, x);
          table[at + 1] = ((z * oh + y) * ow + x) * bytes;
          for (let lane = 0; lane < lanes; lane++) {
            if (x + lane >= v * lanes) table.fill(-1, at + 4 + lane * bytes / 4, at + 4 + (lane + 1) * bytes / 4);
          }
        }
      }
    }
  }
  return { table, count: od * oh * perRow };
}
