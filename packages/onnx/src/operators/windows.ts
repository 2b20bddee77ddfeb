/** The geometry of convolutions and pools: kernels, strides and the padding on both sides of each dimension. */
import { type Tensor } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { type AttributeSpec, int, ints, string } from "./operator.ts";

/** Sizes by spatial dimension. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

type WindowAttribute = "auto_pad" | "dilations" | "kernel_shape" | "pads" | "strides";

/** The attributes that say them. */
export const windowAttributes: Readonly<Record<WindowAttribute, AttributeSpec>> = {
  auto_pad: string("NOTSET", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
  dilations: ints(),
  kernel_shape: ints(),
  pads: ints(),
  strides: ints(),
};

/** The attribute that rounds the number of windows up. */
export const ceilMode: AttributeSpec = int(0);

/**
 * The windows over an image. With `ceil_mode` the end is padded so far that the last window, which starts within the image or its
 * padding at the beginning, is whole.
 */
export function windowsOf(c: Call, x: Tensor, kernel: readonly number[]): Windows {
  const dims = x.ndim - 2;
  const sizes = x.shape.slice(2);
  if (kernel.length !== dims) {
    c.fail(`a kernel of ${kernel.length} dims does not fit an input of shape [${x.shape.join(", ")}]`);
  }
  const strides = c.list("strides") ?? Array<number>(dims).fill(1);
  const dilations = c.list("dilations") ?? Array<number>(dims).fill(1);
  if (strides.length !== dims || dilations.length !== dims) {
    c.fail(`strides or dilations do not fit ${dims} dimensions`);
  }
  const reach = kernel.map((k, d) => dilations[d]! * (k - 1) + 1);
  const automatic = c.hasAttribute("auto_pad") ? c.text("auto_pad") : "NOTSET";
  if (automatic.startsWith("SAME")) {
    const totals = sizes.map((size, d) =>
      Math.max(0, (Math.ceil(size / strides[d]!) - 1) * strides[d]! + reach[d]! - size)
    );
    const less = totals.map((total) => Math.floor(total / 2));
    const more = totals.map((total, d) => total - less[d]!);
    const [begins, ends] = automatic === "SAME_UPPER" ? [less, more] : [more, less];
    return { kernel, strides, dilations, begins, ends };
  }
  const pads = (automatic === "NOTSET" ? c.list("pads") : undefined) ?? Array<number>(2 * dims).fill(0);
  if (pads.length !== 2 * dims || pads.some((n) => n < 0)) {
    c.fail(`pads [${pads.join(", ")}] do not fit ${dims} dimensions`);
  }
  return { kernel, strides, dilations, begins: pads.slice(0, dims), ends: pads.slice(dims) };
}

/** The number of windows along each dimension. */
export function counts(
  c: Call,
  x: Tensor,
  { kernel, strides, dilations, begins, ends }: Windows,
  ceil: boolean,
): number[] {
  return kernel.map((k, d) => {
    const size = x.shape[d + 2]!;
    const room = size + begins[d]! + ends[d]! - dilations[d]! * (k - 1) - 1;
    if (room < 0) {
      c.fail(`a window of ${dilations[d]! * (k - 1) + 1} does not fit the padded size ${size + begins[d]! + ends[d]!}`);
    }
    if (!ceil) return Math.floor(room / strides[d]!) + 1;
    const count = Math.ceil(room / strides[d]!) + 1;
    // The last window must not start in the padding at the end.
    return (count - 1) * strides[d]! >= size + begins[d]! ? count - 1 : count;
  });
}

/** Padding with whole windows, for `pad` of the last dimensions: `[left, right, top, bottom, …]`. */
export function wholePads(x: Tensor, windows: Windows, count: readonly number[]): number[] {
  const { kernel, strides, dilations, begins } = windows;
  return kernel.flatMap((k, d) => {
    const needed = (count[d]! - 1) * strides[d]! + dilations[d]! * (k - 1) + 1;
    return [[begins[d]!, needed - begins[d]! - x.shape[d + 2]!]];
  }).reverse().flat();
}
