/** Sizes of convolutions, and how their images lie in memory for the kernels. */
import type { ConvAttrs } from "../../../prims/attrs.ts";
import { isContiguous } from "../../../shape.ts";
import type { CpuOperand } from "./operand.ts";

/** Depth, height and width; the first ones 1 where there are fewer. */
export type Volume = readonly [number, number, number];

/** A convolution's sizes. */
export interface ConvGeometry {
  readonly batch: number;
  readonly groups: number;
  /** Channels of a group. */
  readonly channels: number;
  /** Filters of a group. */
  readonly filters: number;
  readonly input: Volume;
  readonly kernel: Volume;
  readonly output: Volume;
  readonly stride: Volume;
  /** Zeros before and behind; a negative number leaves so many elements out. */
  readonly padding: Volume;
  readonly dilation: Volume;
}

/** Number of elements. */
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

/** All that tables depend on: any batch has the same. */
export function geometryKey(g: ConvGeometry): string {
  return Object.values({ ...g, batch: 1 }).join();
}

/** Whether no dimension is empty, so that there is something to sum. */
export function hasTerms(g: ConvGeometry): boolean {
  return [g.batch, g.channels, g.filters, ...g.input, ...g.kernel, ...g.output].every((n) => n > 0);
}

/** Strides of an operand `[N, C, …]` in bytes: batch, channel, depth, height, width. */
export function imageStrides(operand: CpuOperand, bytes: number): readonly [number, number, number, number, number] {
  const [n, c, ...rest] = operand.strides.map((stride) => stride * bytes) as [number, number, ...number[]];
  const [d, h, w] = volume(rest, 0);
  return [n, c, d, h, w];
}

/** Whether an operand is contiguous within each image's channel. */
export function planesContiguous({ shape, strides }: CpuOperand): boolean {
  return isContiguous(shape.slice(2), strides.slice(2));
}

/** A row that is copied between an image and its prepared form: byte offsets within a channel, number of elements. */
export interface RowCopy {
  readonly image: number;
  readonly prepared: number;
  readonly count: number;
}

/**
 * An image as the kernels read it: padded, and its columns sorted by their remainder modulo the stride, so that what a vector of
 * neighbouring outputs needs for a tap are neighbours. An element's place is the sum of its position's and its tap's.
 */
export interface ImageLayout {
  /** Whether the image already lies as it should. */
  readonly inPlace: boolean;
  /** Bytes from a channel to the next. */
  readonly channel: number;
  /** Bytes of a prepared channel. */
  readonly bytes: number;
  /** Copies that prepare a channel; zeros are everywhere else. */
  readonly rows: readonly RowCopy[];
  /** Bytes between elements of a row in the image. */
  readonly step: number;
  /** Whether the copies reach every element of the image. */
  readonly complete: boolean;
  /** Byte offset of a tap `[kd, kh, kw]` within a channel. */
  readonly tap: (depth: number, row: number, column: number) => number;
  /** Byte offset of an output position's first tap. */
  readonly position: (depth: number, row: number, column: number) => number;
}

/** What generated code is told of images in memory and of their prepared form; strides in bytes. */
export function imageFields(
  x: CpuOperand,
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

/** The layout for an image of the given strides (in bytes); `copy` asks for a prepared one even where none is needed. */
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
    // Columns i of this remainder lie at i · stride + remainder − padding in the image.
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

/** Byte offsets of all taps of all channels of a group, in the order of the weights. */
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

/** Bytes of an entry that {@link columnVectors} makes. */
export const columnEntry: number = 32;

/**
 * Vectors of neighbouring outputs that cover every row: for each the byte offsets of its image position and of its output, and at 16
 * a mask of the lanes that no earlier vector has. A row's last vector is moved back to end with it; rows are at least a vector long.
 * Those that overlap come last, since adding to memory that has just been added to in part waits.
 */
export function columnVectors(
  g: ConvGeometry,
  image: ImageLayout,
  lanes: number,
  bytes: number,
): { readonly table: Int32Array; readonly count: number } {
  const [od, oh, ow] = g.output;
  const perRow = Math.ceil(ow / lanes);
  const words = columnEntry / 4;
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
