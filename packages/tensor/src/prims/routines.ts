/** Shape and dtype rules of the routines. The functions that call routines check the arguments of users. */
import type { DType } from "../dtype.ts";
import { broadcastShapes, type Shape, showShape } from "../shape.ts";
import type { Attrs, RoutinePrim } from "./attrs.ts";
import type { Meta } from "./meta.ts";

type RoutineRow<P extends RoutinePrim> = {
  readonly kind: "routine";
  readonly outputs: (inputs: readonly Meta[], attrs: Attrs[P]) => readonly Meta[];
};

/** The number of positions of a window of `kernel` taps along `size` elements. */
export function windowCount(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  ceilMode: boolean,
): number {
  const room = size + 2 * padding - dilation * (kernel - 1) - 1;
  let count = (ceilMode ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  // With ceilMode the last window must still begin inside the input or the left padding.
  if (ceilMode && (count - 1) * stride >= size + padding) count--;
  return count;
}

const first = (inputs: readonly Meta[]): readonly Meta[] => [{ dtype: inputs[0]!.dtype, shape: inputs[0]!.shape }];

/** Rule of a routine that changes only the size of the planes. */
const planes = (
  { dtype, shape }: Meta,
  size: Shape,
): readonly Meta[] => [{ dtype, shape: [shape[0]!, shape[1]!, ...size] }];

/** @throws TypeError for bool, for which matrix products are not defined, as in PyTorch. */
function checkProduct(operation: string, dtype: DType): void {
  if (dtype === "bool") {
    throw new TypeError(`${operation}: not defined on bool; cast with .to("int32") or .to("float32")`);
  }
}

const attentionBatch = (operands: readonly Meta[]): Shape =>
  operands.map(({ shape }) => shape.slice(0, -2)).reduce<Shape>((a, b) => broadcastShapes("attention", a, b), []);

/** The rules by name. */
export const routineRules: { readonly [P in RoutinePrim]: RoutineRow<P> } = {
  matmul: {
    kind: "routine",
    outputs([a, b]) {
      checkProduct("matmul", a!.dtype);
      const batch = broadcastShapes("matmul", a!.shape.slice(0, -2), b!.shape.slice(0, -2));
      return [{ dtype: a!.dtype, shape: [...batch, a!.shape.at(-2)!, b!.shape.at(-1)!] }];
    },
  },
  conv: {
    kind: "routine",
    outputs([x, w], { stride, padding, dilation }) {
      checkProduct("conv", x!.dtype);
      const spatial = x!.shape.slice(2).map((size, i) =>
        windowCount(size, w!.shape[i + 2]!, stride[i]!, padding[i]!, dilation[i]!, false)
      );
      if (spatial.some((size) => size < 1)) {
        throw new RangeError(
          `conv: a kernel of shape ${showShape(w!.shape.slice(2))} with dilation ${
            showShape(dilation)
          } does not fit an input of ` +
            `shape ${showShape(x!.shape)} padded by ${showShape(padding)}; use more padding or a smaller kernel`,
        );
      }
      return [{ dtype: x!.dtype, shape: [x!.shape[0]!, w!.shape[0]!, ...spatial] }];
    },
  },
  convInputGrad: {
    kind: "routine",
    outputs([g, w], { inputSize, groups }) {
      checkProduct("conv", g!.dtype);
      return [{ dtype: g!.dtype, shape: [g!.shape[0]!, w!.shape[1]! * groups, ...inputSize] }];
    },
  },
  convWeightGrad: {
    kind: "routine",
    outputs: ([g, x], { kernelSize, groups }) => [
      { dtype: g!.dtype, shape: [g!.shape[1]!, x!.shape[1]! / groups, ...kernelSize] },
    ],
  },
  maxPool: {
    kind: "routine",
    outputs([x], { kernel, stride, padding, dilation, ceilMode }) {
      const spatial = kernel.map((size, i) =>
        windowCount(x!.shape[i + 2]!, size, stride[i]!, padding[i]!, dilation[i]!, ceilMode)
      );
      const shape = [x!.shape[0]!, x!.shape[1]!, ...spatial];
      return [{ dtype: x!.dtype, shape }, { dtype: "int32", shape }];
    },
  },
  maxPoolGrad: { kind: "routine", outputs: ([g], { inputSize }) => planes(g!, inputSize) },
  sumPool: {
    kind: "routine",
    outputs: ([x], { kernel, stride, padding, ceilMode }) =>
      planes(
        x!,
        kernel.map((size, i) => windowCount(x!.shape[i + 2]!, size, stride[i]!, padding[i]!, 1, ceilMode)),
      ),
  },
  sumPoolGrad: { kind: "routine", outputs: ([g], { inputSize }) => planes(g!, inputSize) },
  gather: { kind: "routine", outputs: ([x, index]) => [{ dtype: x!.dtype, shape: index!.shape }] },
  scatter: { kind: "routine", outputs: first },
  sort: {
    kind: "routine",
    outputs: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }, { dtype: "int32", shape: x!.shape }],
  },
  fft: {
    kind: "routine",
    outputs([x], { kind, n }) {
      const { dtype, shape } = x!;
      if (kind === "fromReal") return [{ dtype, shape: [...shape.slice(0, -1), n / 2 + 1, 2] }];
      return [{ dtype, shape: kind === "toReal" ? [...shape.slice(0, -2), n] : shape }];
    },
  },
  cumsum: { kind: "routine", outputs: first },
  cumprod: { kind: "routine", outputs: first },
  random: { kind: "routine", outputs: (_, { dtype, shape }) => [{ dtype, shape }] },
  attention: {
    kind: "routine",
    outputs([q, k, v]) {
      const batch = attentionBatch([q!, k!, v!]);
      return [
        { dtype: q!.dtype, shape: [...batch, q!.shape.at(-2)!, v!.shape.at(-1)!] },
        { dtype: "float32", shape: [...batch, q!.shape.at(-2)!, 2] },
      ];
    },
  },
  attentionGrad: {
    kind: "routine",
    outputs([, , , ...operands], { wanted }) {
      const batch = attentionBatch(operands.slice(0, 3));
      return wanted.map((i) => ({ dtype: operands[i]!.dtype, shape: [...batch, ...operands[i]!.shape.slice(-2)] }));
    },
  },
};
