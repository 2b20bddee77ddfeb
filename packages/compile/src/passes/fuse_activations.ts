/** Applies a ReLU where a product or a convolution stores its results. */
import { isContiguous, type Kernel, type Routine, sizeOf } from "@heddle/tensor/backend";
import type { Captured, CapturedStep, Pass } from "@heddle/tensor/engine";

/**
 * Lets matrix products and convolutions apply the ReLU that follows, if nothing else reads their result. Results are the same bit for bit.
 *
 * @example
 * ```ts
 * import { compile, fuseActivations } from "@heddle/compile";
 * import { ones, type Tensor } from "@heddle/tensor";
 * const step = compile((x: Tensor) => x.matmul(x).relu(), { passes: [fuseActivations] });
 * for (let i = 0; i < 3; i++) step(ones([4, 4]));
 * step.report().captures[0]!.passes.map(({ kernels }) => kernels); // [2, 1]
 * ```
 */
export const fuseActivations: Pass = {
  name: "fuseActivations",
  run: (captured, backend) => {
    const steps: (CapturedStep | null)[] = [...captured.steps];
    for (let at = 0; at < steps.length; at++) {
      const step = steps[at];
      const product = step && productOf(step);
      if (!product) continue;
      const next = reluAfter(captured, at);
      if (next === null) continue;
      const work = { ...product, attrs: { ...product.attrs, activation: "relu" } } as Routine;
      steps[at] = { ...step, program: backend.prepare(work), outputs: captured.steps[next]!.outputs };
      steps[next] = null;
    }
    const kept = steps.filter((step) => step !== null);
    return kept.length === steps.length ? captured : { buffers: captured.buffers, steps: kept };
  },
};

/** The product of a step that can apply an activation to its results, or null. */
function productOf({ program: { work }, outputs: [output] }: CapturedStep): Routine<"matmul" | "conv"> | null {
  if (work.kind !== "routine" || (work.name !== "matmul" && work.name !== "conv")) return null;
  const { activation = "none" } = work.attrs as Routine<"matmul">["attrs"];
  const [{ dtype, shape, strides }] = work.outputs as [Routine["outputs"][number]];
  if (activation !== "none" || dtype !== "float32" || output!.buffer.role !== "inner") return null;
  return isContiguous(shape, strides) ? work as Routine<"matmul" | "conv"> : null;
}

/** The step that computes the ReLU of a step's result, and is its only reader; null if there is none. */
function reluAfter({ steps }: Captured, at: number): number | null {
  const made = steps[at]!.outputs[0]!;
  const uses = (step: CapturedStep, id: number): boolean =>
    [...step.inputs, ...step.outputs].some(({ buffer }) => buffer.id === id);
  const [next, ...others] = steps.flatMap((step, i) => i !== at && uses(step, made.buffer.id) ? [i] : []);
  if (next === undefined || others.length > 0 || next < at) return null;
  const { inputs: [input], outputs: [output], program: { work } } = steps[next]!;
  if (work.kind !== "kernel" || !isRelu(work) || input!.offset !== made.offset) return null;
  if (sizeOf(work.shape) !== sizeOf((steps[at]!.program.work as Routine).outputs[0]!.shape)) return null;
  if (output!.buffer.id === made.buffer.id) return null;
  // The result is there earlier than it was.
  return steps.slice(at, next).some((step) => uses(step, output!.buffer.id)) ? null : next;
}

/** Whether a kernel computes the ReLU of adjacent elements into adjacent elements. */
function isRelu({ expr, inputs, output, shape, reduce }: Kernel): boolean {
  return reduce === null && expr.op === "relu" && expr.dtype === "float32" && expr.args[0]!.op === "input" &&
    inputs.length === 1 && isContiguous(shape, inputs[0]!.strides) && isContiguous(shape, output.strides);
}
