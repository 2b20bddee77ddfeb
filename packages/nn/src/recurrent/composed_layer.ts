/** One layer of a recurrent network in one direction, composed of recorded operations. */
import { stack, type Tensor, where, zerosLike } from "@heddle/tensor";
import { linear } from "../functional/linear.ts";
import type { RecurrentRule, RecurrentWeights } from "./rule.ts";

/** The input of a layer. */
export interface RecurrentSequenceInput {
  /** `[T, N, inputSize]` */
  readonly input: Tensor;
  /** The state before the first step: `[N, hiddenSize]` each. */
  readonly states: readonly Tensor[];
  readonly weights: RecurrentWeights;
  /** `[T, N, 1]`: 1 within a sequence; where it is 0, the state stays unchanged and the output is zero. */
  readonly mask: Tensor | null;
  /** Whether to run from the last step to the first. */
  readonly reverse: boolean;
}

/** The output of a layer. */
export interface RecurrentSequenceOutput {
  /** The hidden state after each step, `[T, N, hiddenSize]`. */
  readonly output: Tensor;
  /** The state after the last step. */
  readonly states: readonly Tensor[];
}

/** Runs one layer in one direction with recorded operations. */
export function composedSequence(rule: RecurrentRule, given: RecurrentSequenceInput): RecurrentSequenceOutput {
  const { input, weights, mask, reverse } = given;
  const { weightIh, weightHh, biasIh, biasHh, weightHr } = weights;
  const { gates, summed } = rule;
  const fromInput = linear(input, weightIh, biasIh).unbind(0);
  const outputs: Tensor[] = Array(fromInput.length);
  let states = given.states;
  for (let i = 0; i < fromInput.length; i++) {
    const t = reverse ? fromInput.length - 1 - i : i;
    const fromHidden = linear(states[0]!, weightHh, biasHh);
    let { next } = summed
      ? rule.step(fromInput[t]!.add(fromHidden).chunk(gates, -1), [], states)
      : rule.step(fromInput[t]!.chunk(gates, -1), fromHidden.chunk(gates, -1), states);
    if (weightHr !== null) next = [linear(next[0]!, weightHr), ...next.slice(1)];
    const goesOn = mask?.select(0, t).gt(0) ?? null;
    if (goesOn !== null) next = next.map((state, s) => where(goesOn, state, states[s]!));
    outputs[t] = goesOn === null ? next[0]! : where(goesOn, next[0]!, zerosLike(next[0]!));
    states = next;
  }
  return { output: stack(outputs), states };
}
