/** Max-pooling in one to three dimensions, with the position of each maximum in its plane. */
import type { PoolAttrs } from "../../prims/attrs.ts";
import { sizeOf } from "../../shape.ts";
import { type HostOperand, load, store, valuesOf } from "./array.ts";

/** The largest value of each window (the first of equals; a NaN wins), and where it stands. */
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
  /** Input indices of the taps of output position `o` along dimension `d`. */
  const reach = (d: number, o: number, size: number): number[] => {
    const result: number[] = [];
    for (let k = 0; k < kernel[d]!; k++) {
      const i = o * stride[d]! - padding[d]! + k * dilation[d]!;
      if (i >= 0 && i < size) result.push(i);
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
          y[o] = max;
          indices[o++] = best;
        }
      }
    }
  }
  store(ys!, y);
  store(at!, indices);
}
