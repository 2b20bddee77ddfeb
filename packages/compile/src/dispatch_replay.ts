/** Replays steps one dispatch at a time, on backends without replays of their own. */
import type { Scalar } from "@heddle/tensor";
import type { Backend, Replay, ReplayStep } from "@heddle/tensor/backend";

/** A replay that dispatches each step. */
export function dispatchReplay(backend: Backend, steps: readonly ReplayStep[]): Replay {
  return {
    run(slots): void {
      for (const { program, inputs, outputs, scalars } of steps) {
        backend.dispatch(
          program,
          inputs,
          outputs,
          scalars.map((scalar): Scalar => typeof scalar === "object" ? slots[scalar.slot]! : scalar),
        );
      }
    },
    dispose(): void {},
  };
}
