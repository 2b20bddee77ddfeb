/** Runs the host's part of a step again, which gives the numbers of a replay. */
import { type Scalar, type Tensor, tidy, zeros } from "@heddle/tensor";
import { activeTape, type CaptureHooks, capturingWith, type Dispatch, internals } from "@heddle/tensor/engine";
import type { HostAction } from "./recording.ts";

/** The host did something else than in the recording. Nothing of the step has run. */
export class OtherPath extends Error {
  override name = "OtherPath";
}

type Update = HostAction & { kind: "update" };

/** The host's part of a step: draws, updates and effects, in order. */
export class Rerun implements CaptureHooks {
  private readonly actions: readonly HostAction[];
  private readonly slots: Scalar[];
  private dispatches: Update["dispatches"] = [];
  private at = 0;
  private readonly standIns: Map<Update, Tensor> = new Map();

  /** @param slots where the numbers go. */
  constructor(actions: readonly HostAction[], slots: Scalar[]) {
    this.actions = actions;
    this.slots = slots;
  }

  /** Runs all actions. @throws OtherPath if one does something else than in the recording; streams and states are then as they were. */
  run(): void {
    const { actions, slots } = this;
    if (actions.length === 0) return;
    const taken: [stream: (HostAction & { kind: "draw" })["stream"], first: number][] = [];
    const before: [state: object, copy: object][] = [];
    let effects = 0;
    const all = (): void => {
      for (let i = 0; i < actions.length; i++) {
        const action = actions[i]!;
        if (action.kind === "update") {
          before.push([action.state, { ...action.state }]);
          this.update_(action);
        } else if (action.kind === "effect") {
          effects++;
          capturingWith(null, action.run);
        } else {
          const first = action.stream.take(action.blocks);
          taken.push([action.stream, first]);
          for (const { step, offset } of action.uses) slots[step.slots[0]!] = first + offset;
        }
      }
    };
    try {
      capturingWith(this, () => {
        const tape = activeTape();
        if (tape === null) all();
        else tape.paused(all);
      });
    } catch (error) {
      for (const [stream, first] of taken.reverse()) stream.rewind(first);
      for (const [state, copy] of before) Object.assign(state, copy);
      if (effects > 0) {
        throw new Error(
          "compile: an optimiser does something else than in the recording, after a schedule has stepped; step schedules at the end of the step",
          { cause: error },
        );
      }
      throw error instanceof OtherPath ? error : new OtherPath(String(error), { cause: error });
    }
  }

  private update_(action: Update): void {
    this.dispatches = action.dispatches;
    this.at = 0;
    if (action.dispatches.every(({ fused }) => fused !== null)) action.run(standIn);
    else {
      const like = this.like(action);
      tidy(() => action.run(like));
    }
    if (this.at !== action.dispatches.length) throw new OtherPath("an update has fewer operations than before");
  }

  /** A tensor in the place of the gradient. */
  private like(action: Update): Tensor {
    let tensor = this.standIns.get(action);
    if (tensor === undefined) {
      const { shape, dtype, device } = action.like;
      tensor = capturingWith(null, () => zeros(shape, { dtype, device }));
      internals(tensor).kept = true;
      this.standIns.set(action, tensor);
    }
    return tensor;
  }

  /** Frees the tensors in the place of gradients. */
  dispose(): void {
    for (const tensor of this.standIns.values()) tensor.dispose();
  }

  fused(update: object, operands: readonly unknown[]): boolean {
    const next = this.dispatches[this.at];
    if (next === undefined) throw new OtherPath("an update has more operations than before");
    if (next.fused === null) return false;
    const { step, fused: { numbers } } = next;
    if (next.fused.update !== update) throw new OtherPath(`${step.operation} is another update than before`);
    let n = 0;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i];
      if (typeof operand === "object") continue;
      if (n < numbers) this.slots[step.slots[n]!] = operand as Scalar;
      n++;
    }
    if (n !== numbers) throw new OtherPath(`${step.operation} has ${n} numbers instead of ${numbers}`);
    this.at++;
    return true;
  }

  dispatch({ operation, program, scalars }: Dispatch): boolean {
    const next = this.dispatches[this.at++];
    if (next === undefined || next.step.program !== program) throw new OtherPath(`${operation} was not there before`);
    for (let i = 0; i < scalars.length; i++) this.slots[next.step.slots[i]!] = scalars[i]!;
    return true;
  }

  made(): void {}
  wrote(): void {}
  read(operation: string): void {
    throw new OtherPath(`${operation} reads a tensor in an update`);
  }
  drew(): void {}
  gradient(): void {}
  update(gradient: Tensor, _: object, run: (gradient: Tensor) => void): void {
    run(gradient);
  }
  depends(): void {}
  check(): void {}
  effect(run: () => void): void {
    capturingWith(null, run);
  }
}

/** Fused updates take numbers alone: the gradient is not looked at. */
const standIn = {} as Tensor;
