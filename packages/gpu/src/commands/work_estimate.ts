/**
 * Estimates how long a GPU takes for a piece of work, so that submissions end in time: systems reset a GPU that works on
 * one for seconds, and it should start while the rest of a step is still recorded.
 */
import type { Attrs, Routine } from "@heddle/tensor/backend";
import { sizeOf, type Work } from "@heddle/tensor/backend";

/** Operations a second of the GPU that is assumed: a small one, with 2 TFLOP/s at best, of which kernels reach a quarter. */
const operationsPerSecond = 5e11;
/** Bytes a second of its memory. */
const bytesPerSecond = 5e10;

/** The estimated milliseconds of some work on a small GPU. */
export function estimateMilliseconds(work: Work): number {
  return 1000 * (operations(work) / operationsPerSecond + accesses(work) * 4 / bytesPerSecond);
}

/** Multiplications and additions of matrix products, convolutions and attention. The accesses decide how long everything else takes. */
function operations(work: Work): number {
  if (work.kind !== "routine") return 0;
  const { name, inputs, outputs } = work as Routine;
  const [first, second] = inputs;
  switch (name) {
    case "matmul":
      return 2 * sizeOf(outputs[0]!.shape) * first!.shape.at(-1)!;
    case "conv":
      return perWindow(outputs[0]!.shape, second!.shape);
    case "convInputGrad":
      return perWindow(first!.shape, second!.shape);
    case "convWeightGrad":
      return perWindow(first!.shape, outputs[0]!.shape);
    case "attention":
      return scores(first!.shape, second!.shape) * 2 * (first!.shape.at(-1)! + outputs[0]!.shape.at(-1)!);
    case "attentionGrad":
      // Seven products of scores with queries, keys, values or gradients.
      return scores(first!.shape, inputs[4]!.shape) * 2 * (4 * inputs[4]!.shape.at(-1)! + 3 * first!.shape.at(-1)!);
    default:
      return 0;
  }
}

/** Pairs of queries and keys. */
function scores(queries: readonly number[], keys: readonly number[]): number {
  return sizeOf(queries.slice(0, -1)) * keys.at(-2)!;
}

/** Operations of a convolution with weights `[O, C, …]`, for all elements of its output. */
function perWindow(output: readonly number[], weight: readonly number[]): number {
  return 2 * sizeOf(output) * sizeOf(weight.slice(1));
}

/** Elements read and written, counting what a pooling window or a step of a sort reads again. */
function accesses(work: Work): number {
  if (work.kind !== "routine") {
    const outputs = work.kind === "kernel" ? 1 : work.outputs.length;
    return sizeOf(work.shape) * (work.inputs.length + outputs);
  }
  const { name, inputs, outputs, attrs } = work as Routine;
  const elements = [...inputs, ...outputs].reduce((n, { shape }) => n + sizeOf(shape), 0);
  switch (name) {
    case "sort":
      return elements * Math.ceil(Math.log2(elements + 1));
    case "maxPool":
    case "maxPoolGrad":
    case "sumPool":
    case "sumPoolGrad":
      return elements * sizeOf((attrs as Attrs["maxPool"]).kernel);
    default:
      return elements;
  }
}
