/** Convolutions and transposed ones, in one to three dimensions. */
import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  pad,
  type Tensor,
  tidy,
} from "@heddle/tensor";
import type { Call } from "./call.ts";
import { int, ints, type Operators } from "./operator.ts";
import { windowAttributes, windowsOf } from "./windows.ts";

const forward = [conv1d, conv2d, conv3d];
const transposed = [convTranspose1d, convTranspose2d, convTranspose3d];

/** A convolution of tensors, of which the attributes of the node say how. */
export function convolve(
  c: Call,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  activation: "none" | "relu" = "none",
): Tensor {
  const dims = x.ndim - 2;
  const run = forward[dims - 1] ??
    c.fail(`convolutions are of 1 to 3 dimensions; the input has shape [${x.shape.join(", ")}]`);
  const { strides, dilations, begins, ends } = windowsOf(c, x, weight.shape.slice(2));
  const options = { bias, stride: strides, dilation: dilations, groups: c.num("group"), activation };
  if (begins.every((n, d) => n === ends[d])) return run(x, weight, { ...options, padding: begins });
  const common = begins.map((n, d) => Math.min(n, ends[d]!));
  const more = begins.map((n, d) => [n - common[d]!, ends[d]! - common[d]!]).reverse().flat();
  return tidy(() => run(pad(x, more), weight, { ...options, padding: common }));
}

/** Pads cut the output; with `output_shape` they follow from it. */
function convolveTransposed(c: Call): Tensor {
  const [x, weight, bias] = [c.tensor(0), c.tensor(1), c.maybe(2)];
  const dims = x.ndim - 2;
  const run = transposed[dims - 1] ??
    c.fail(`convolutions are of 1 to 3 dimensions; the input has shape [${x.shape.join(", ")}]`);
  const per = (name: string, value: number): readonly number[] => c.list(name) ?? Array<number>(dims).fill(value);
  const [strides, dilations, extra] = [per("strides", 1), per("dilations", 1), per("output_padding", 0)];
  const pads = c.list("pads") ?? Array<number>(2 * dims).fill(0);
  const automatic = c.text("auto_pad");
  const sizes = x.shape.slice(2);
  const full = sizes.map((size, d) => (size - 1) * strides[d]! + dilations[d]! * (weight.shape[d + 2]! - 1) + 1);
  const wanted = c.list("output_shape")?.slice(-dims) ??
    (automatic.startsWith("SAME") ? sizes.map((size, d) => size * strides[d]!) : undefined);
  let [begins, ends] = [pads.slice(0, dims), pads.slice(dims)];
  if (automatic === "VALID") [begins, ends] = [begins.map(() => 0), ends.map(() => 0)];
  if (wanted !== undefined) {
    const totals = full.map((size, d) => size + extra[d]! - wanted[d]!);
    const half = totals.map((total) => Math.floor(total / 2));
    const rest = totals.map((total, d) => total - half[d]!);
    [begins, ends] = automatic === "SAME_UPPER" ? [half, rest] : [rest, half];
  }
  c.place([x.shape[0]!, weight.shape[1]! * c.num("group"), ...full.map((size, d) => size + extra[d]!)]);
  const options = { bias, stride: strides, dilation: dilations, groups: c.num("group") };
  const even = begins.every((n, d) => n === ends[d] && n >= 0);
  if (even && extra.every((n, d) => n < Math.max(strides[d]!, dilations[d]!))) {
    return run(x, weight, { ...options, padding: begins, outputPadding: extra });
  }
  const whole = run(x, weight, { ...options, bias: null });
  const cut = pad(whole, begins.map((n, d) => [-n, extra[d]! - ends[d]!]).reverse().flat());
  return bias === null ? cut : cut.add(bias.reshape([1, -1, ...Array<number>(dims).fill(1)]));
}

/** The convolutions. */
export const convolution: Operators = {
  Conv: {
    1: {
      inputs: [2, 3],
      weights: [1, 2],
      attributes: { ...windowAttributes, group: int(1) },
      run: (c) => convolve(c, c.tensor(0), c.tensor(1), c.maybe(2)),
    },
  },
  ConvTranspose: {
    1: {
      inputs: [2, 3],
      weights: [1, 2],
      attributes: { ...windowAttributes, group: int(1), output_padding: ints(), output_shape: ints() },
      run: convolveTransposed,
    },
  },
};
