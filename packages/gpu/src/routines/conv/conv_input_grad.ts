/**
 * The gradient of a convolution's input. The polyphase algorithm computes it as several convolutions with stride 1. The
 * column algorithm (col2im) needs fewer multiplications where the first would mostly multiply padding.
 */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { softwareConfig } from "../contraction/choice.ts";
import type { KernelConfigName } from "../contraction/kernel_configs.ts";
import { runContraction } from "../contraction/run_contraction.ts";
import { gradientByColumns } from "./conv_input_grad_columns.ts";
import { polyphaseContractions } from "./conv_input_grad_polyphase.ts";
import { depthwiseInputGrad, isDepthwise } from "./depthwise.ts";
import { isWinograd, winogradInputGrad } from "./winograd.ts";

type InputGrad = Attrs["convInputGrad"];

/** Computes the gradient with the cheaper algorithm. `name` selects a configuration, for tests and timing. */
export function convInputGrad(
  gpu: GpuContext,
  [g, w]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: InputGrad,
  name?: KernelConfigName,
): void {
  if (sizeOf(out!.shape) === 0) return;
  if (name === undefined && isDepthwise(gpu, w!.shape, attrs, true)) {
    return depthwiseInputGrad(gpu, [g!, w!], out!, attrs);
  }
  if (name === undefined && isWinograd(gpu, [g!, w!, out!], w!.shape, g!.shape, attrs)) {
    return winogradInputGrad(gpu, [g!, w!], out!, attrs);
  }
  if (prefersColumns(gpu, g!, w!, attrs)) return gradientByColumns(gpu, g!, w!, out!, attrs, name);
  for (const contraction of polyphaseContractions(g!, w!, out!, attrs)) {
    runContraction(gpu, { ...contraction, bias: null, relu: false }, name);
  }
}

/** On software adapters the estimated cost decides (see `softwareCost`), on GPUs the number of launches. */
function prefersColumns(
  gpu: GpuContext,
  g: GpuOperand,
  w: GpuOperand,
  { stride, inputSize, groups }: InputGrad,
): boolean {
  if (sizeOf(g.shape) === 0 || sizeOf(w.shape) === 0) return false;
  const [kernel, windows] = [w.shape.slice(2), g.shape.slice(2)];
  const bytes = 4 * w.shape[1]! * groups * sizeOf(kernel) * sizeOf(windows);
  if (bytes > gpu.limits.maxStorageBufferBindingSize) return false;
  if (!gpu.software) return sizeOf(stride) > 9;
  const filters = w.shape[0]! / groups;
  const channels = w.shape[1]!;
  const images = g.shape[0]!;
  const cost = (m: number, n: number, terms: number): number =>
    softwareConfig({
      ...{ m, n, batch: groups, outer: 1, inner: terms },
      ...{ leftAlongSum: false, rightAlongSum: false },
    }).cost;
  // Taps of each element, including those outside of all windows.
  const around = kernel.reduce((n, size, d) => n * Math.ceil(size / stride[d]!), 1);
  const elements = images * sizeOf(inputSize);
  const directly = cost(channels, elements, filters * around);
  const multiplied = cost(channels * sizeOf(kernel), images * sizeOf(windows), filters);
  // Writing a column and reading it for an element cost about two loads.
  const moved = channels * groups * (14 * images * sizeOf(windows) * sizeOf(kernel) + 30 * elements * around);
  return multiplied + moved < directly;
}
