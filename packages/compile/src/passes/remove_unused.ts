/** Removes dispatches whose results nobody reads. */
import type { Pass } from "@heddle/tensor/engine";

/**
 * Removes dispatches that write nothing but temporary memory which no later dispatch reads.
 *
 * @example
 * ```ts
 * import { compile, removeUnused } from "@heddle/compile";
 * import { ones, type Tensor } from "@heddle/tensor";
 * const step = compile((x: Tensor) => {
 *   x.exp();
 *   return x.mul(2);
 * }, { passes: [removeUnused] });
 * for (let i = 0; i < 3; i++) step(ones([4]));
 * step.report().captures[0]!.passes.map(({ kernels }) => kernels); // [2, 1]
 * ```
 */
export const removeUnused: Pass = {
  name: "removeUnused",
  run: (captured) => {
    const read = new Set<number>();
    const kept = [...captured.steps].reverse().filter(({ inputs, outputs }) => {
      if (outputs.every(({ buffer: { id, role } }) => role === "inner" && !read.has(id))) return false;
      for (const { buffer } of [...inputs, ...outputs]) read.add(buffer.id);
      return true;
    });
    return kept.length === captured.steps.length ? captured : { buffers: captured.buffers, steps: kept.reverse() };
  },
};
