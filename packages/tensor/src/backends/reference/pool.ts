/** Max-pooling (with the positions of the maxima) and sum-pooling, and their gradients. */
import type { Attrs, PoolAttrs } from "../../prims/attrs.ts";
import { sizeOf } from "../../shape.ts";
import { type HostOperand, load, store, valuesOf } from "./host_operand.ts";

/** The largest value of each window (the first of equal ones; NaN wins), and its position in the plane. */
export function maxPool([xs]: readonly HostOperand[], [ys, at]: readonly HostOperand[], attrs: PoolAttrs): void {
  const fill = (values: readonly number[], by: number) => [...Array<number>(3 - values.length).fill(by), ...values];
  const [id, ih, iw] = fill(xs!.shape.slice(2), 1) as [number, number, number];
  const [od, oh, ow] = fill(ys!.shape.slice(2), 1) as [number, number, number];
  const [kernel, stride, padding, dilation] = [
    fill(attrs.kernel, 1),
    fill(attrs.stride, 1),
    fill(attrs.padding, 0),
    fill(attrs.dilation, 1),
  ];
  const x = load(xs!);
  const y = valuesOf(ys!.dtype, sizeOf(ys!.shape));
  const indices = new Int32Array(y.length);
  /** The input indices of the taps of output position `o` along dimension `d`. */
  const reach = (d: number, o: number, size: number): number[] => {
    const result: number[] = [];
    const start = o * stride[d]! - padding[d]!;
    // Skip the taps before the image: windows may be far larger than it.
    for (let k = Math.max(Math.ceil(-start / dilation[d]!), 0); k < kernel[d]!; k++) {
      const i = start + k * dilation[d]!;
      if (i >= size) break;
      result.push(i);
    }
    return result;
  };
  const windows = (d: number, count: number, size: number) =>
    Array.from({ length: count }, (_, o) => reach(d, o, size));
  const [wd, wh, ww] = [windows(0, od, id), windows(1, oh, ih), windows(2, ow, iw)];
  let o = 0;
  for (let plane = 0; plane < xs!.shape[0]! * xs!.shape[1]!; plane++) {
    const start = plane * id * ih * iw;
    for (const depths of wd) {
      for (const rows of wh) {
        for (const columns of ww) {
          let best = -1;
          let max: number = 0;
          for (const z of depths) {
            for (const r of rows) {
              for (const c of columns) {
                const i = (z * ih + r) * iw + c;
                const v = x[start + i]!;
                if (best < 0 || v > max || (v !== v && max === max)) {
                  best = i;
                  max = v;
                }
              }
            }
          }
          if (best >= 0) y[o] = max;
          indices[o++] = best;
        }
      }
    }
  }
  store(ys!, y);
  store(at!, indices);
}

/** Adds every element of the gradient at the position of its maximum. Windows without elements have the index −1. */
export function maxPoolGrad([gs, at]: readonly HostOperand[], [xs]: readonly HostOperand[]): void {
  const [g, indices] = [load(gs!), load(at!)];
  const x = valuesOf(xs!.dtype, sizeOf(xs!.shape));
  const [plane, outputs] = [sizeOf(xs!.shape.slice(2)), sizeOf(gs!.shape.slice(2))];
  for (let o = 0; o < g.length; o++) {
    const index = Number(indices[o]!);
    if (index >= 0) x[Math.floor(o / outputs) * plane + index]! += g[o]!;
  }
  store(xs!, x);
}

/** Calls `visit` for every output and each element of its window inside the image, with their positions in the planes. */
function eachTap(
  x: readonly number[],
  y: readonly number[],
  { kernel, stride, padding }: Attrs["sumPool"],
  visit: (x: number, y: number) => void,
): void {
  const fill = (values: readonly number[], by: number) => [...Array<number>(2 - values.length).fill(by), ...values];
  const [ih, iw] = fill(x.slice(2), 1) as [number, number];
  const [oh, ow] = fill(y.slice(2), 1) as [number, number];
  const [kh, kw] = fill(kernel, 1) as [number, number];
  const [sh, sw] = fill(stride, 1) as [number, number];
  const [ph, pw] = fill(padding, 0) as [number, number];
  for (let plane = 0; plane < x[0]! * x[1]!; plane++) {
    for (let r = 0; r < oh; r++) {
      for (let c = 0; c < ow; c++) {
        for (let i = Math.max(r * sh - ph, 0); i < Math.min(r * sh - ph + kh, ih); i++) {
          for (let j = Math.max(c * sw - pw, 0); j < Math.min(c * sw - pw + kw, iw); j++) {
            visit((plane * ih + i) * iw + j, (plane * oh + r) * ow + c);
          }
        }
      }
    }
  }
}

/** Sums of windows, times the scale. */
export function sumPool([xs]: readonly HostOperand[], [ys]: readonly HostOperand[], attrs: Attrs["sumPool"]): void {
  const x = load(xs!);
  const sums = new Float64Array(sizeOf(ys!.shape));
  eachTap(xs!.shape, ys!.shape, attrs, (i, o) => sums[o]! += Number(x[i]!));
  store(ys!, sums.map((sum) => sum * attrs.scale));
}

/** For every element, the sum of the gradients of the windows that contain it, times the scale. */
export function sumPoolGrad(
  [gs]: readonly HostOperand[],
  [xs]: readonly HostOperand[],
  attrs: Attrs["sumPoolGrad"],
): void {
  const g = load(gs!);
  const sums = new Float64Array(sizeOf(xs!.shape));
  eachTap(xs!.shape, gs!.shape, attrs, (i, o) => sums[i]! += Number(g[o]!));
  store(xs!, sums.map((sum) => sum * attrs.scale));
}
