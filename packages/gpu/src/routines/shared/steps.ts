/** Several steps of a loop in each round. */
import type { GpuContext } from "../../gpu_context.ts";

/**
 * Steps with conditions in each round. On GPUs the bounds check of a round costs as much as a step; on software adapters both
 * branches of a condition run, and loads that are not needed cost more than rounds.
 */
export const stepsOf = ({ software }: GpuContext): number => software ? 1 : 4;

/** Code for `count` steps. */
export const inSteps = (count: number, code: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => code(i)).join("\n    ");

/** Whether step `i` of a round is before the end. The first one is. */
export const within = (i: number, at: string, end: string): string => i === 0 ? "true" : `${at} + ${i}u < ${end}`;
