/** Whether operations are being recorded. */
import { checkSynchronous } from "@heddle/tensor/engine";

let enabled = true;
let evaluating = false;

/** Whether operations are recorded now. */
export function isGradEnabled(): boolean {
  return enabled;
}

/** Whether operations are not recorded because the program asked for it, rather than within a recorded function or a backward pass. */
export function isEvaluating(): boolean {
  return evaluating;
}

function withMode<T>(operation: string, mode: boolean, fn: () => T, evaluates = !mode): T {
  const [before, evaluated] = [enabled, evaluating];
  enabled = mode;
  evaluating = evaluates;
  try {
    const result = fn();
    checkSynchronous(
      operation,
      result,
      "its awaited part would run in the mode around it: wrap what lies between awaits",
    );
    return result;
  } finally {
    enabled = before;
    evaluating = evaluated;
  }
}

/**
 * Runs a function without recording: its results need no gradient, and parameters can be written in place.
 *
 * @throws TypeError when the function is asynchronous.
 *
 * @example
 * ```ts
 * import { noGrad } from "@heddle/autograd";
 * import { ones } from "@heddle/tensor";
 * const w = ones([2], { requiresGrad: true });
 * noGrad(() => w.mul_(0.5));
 * ```
 */
export function noGrad<T>(fn: () => T): T {
  return withMode("noGrad", false, fn);
}

/** Runs a function with recording, inside {@link noGrad} for instance. */
export function enableGrad<T>(fn: () => T): T {
  return withMode("enableGrad", true, fn);
}

/** {@link setGradEnabled} for the library's own passes over a graph that is recorded, or may be: {@link isEvaluating} stays as it is. */
export function setRecording<T>(mode: boolean, fn: () => T): T {
  return withMode("setRecording", mode, fn, evaluating && !mode);
}

/** {@link enableGrad} or {@link noGrad}, depending on a flag. */
export function setGradEnabled<T>(mode: boolean, fn: () => T): T {
  return withMode("setGradEnabled", mode, fn);
}
