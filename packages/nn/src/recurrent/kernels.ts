/** The kernels of a step and of its gradient, generated from the rule. */
import { type Symbolic, whereSymbolic } from "@heddle/tensor";
import { fusedUpdate, type UpdateFunction } from "@heddle/tensor/engine";
import type { RecurrentRule } from "./rule.ts";

/**
 * The kernels of a rule. All operands are `[N, hiddenSize]` but the mask, `[N, 1]`, which is 1 within a sequence and 0 where the state
 * stays unchanged.
 */
export interface RecurrentKernels {
  /** Writes the kept values and the new state. Inputs: from the input and from the hidden state by gate, the state before. */
  readonly step: UpdateFunction;
  /** The same without the kept values. */
  readonly stepAlone: UpdateFunction;
  /**
   * Writes the gradients by gate, of the parts from the input and (unless they are the same) from the hidden state; and, for the states
   * in {@link passing}, overwrites the gradients of the new state with those of the old one. Inputs: the kept values, the state before
   * and after, the gradient of the output, and that of the hidden state through the weights.
   */
  readonly gradient: UpdateFunction;
}

/** The states whose gradient partly bypasses the weights; with a mask, all. */
export function passing(rule: RecurrentRule, masked: boolean): readonly number[] {
  return rule.passes.flatMap((passes, s) => passes || masked ? [s] : []);
}

/** Removes the first elements. */
function take(operands: Symbolic[], count: number): Symbolic[] {
  return operands.splice(0, count);
}

function stepKernel(rule: RecurrentRule, masked: boolean, keeps: boolean): UpdateFunction {
  const { gates, states, kept, summed } = rule;
  return fusedUpdate(rule.name, (...operands) => {
    take(operands, states + (keeps ? kept : 0));
    const [fromInput, fromHidden, before] = [take(operands, gates), take(operands, gates), take(operands, states)];
    const made = summed
      ? rule.step(fromInput.map((x, g) => x.add(fromHidden[g]!)), [], before)
      : rule.step(fromInput, fromHidden, before);
    const [mask] = operands;
    const next = masked ? made.next.map((state, s) => whereSymbolic(mask!.gt(0), state, before[s]!)) : made.next;
    return [...keeps ? made.kept : [], ...next];
  });
}

function gradientKernel(rule: RecurrentRule, masked: boolean): UpdateFunction {
  const { gates, states, kept, summed } = rule;
  const passed = passing(rule, masked);
  return fusedUpdate(`${rule.name} gradient`, (...operands) => {
    take(operands, gates * (summed ? 1 : 2));
    const incoming = take(operands, passed.length);
    const [keptValues, before, after] = [take(operands, kept), take(operands, states), take(operands, states)];
    const [ofOutput, throughWeights, mask] = operands as [Symbolic, Symbolic, Symbolic];
    const goesOn = masked ? mask.gt(0) : null;
    const only = (x: Symbolic, other: Symbolic | number): Symbolic =>
      goesOn === null ? x : whereSymbolic(goesOn, x, other);
    const direct = (state: number): Symbolic | undefined => incoming[passed.indexOf(state)];
    const hidden = only(ofOutput, 0).add(throughWeights);
    const gradients = Array.from({ length: states }, (_, s) => {
      const own = direct(s);
      return s > 0 ? own! : own === undefined ? hidden : hidden.add(own);
    });
    const found = rule.gradient({ gradients, kept: keptValues, before, after });
    return [
      ...[...found.fromInput, ...found.fromHidden].map((x) => only(x, 0)),
      ...passed.map((s) => {
        const part = found.before[s] ?? null;
        return part === null ? whereSymbolic(goesOn!, 0, gradients[s]!) : only(part, gradients[s]!);
      }),
    ];
  });
}

const known: Map<RecurrentRule, RecurrentKernels>[] = [new Map(), new Map()];

/** See {@link RecurrentKernels}. */
export function kernelsOf(rule: RecurrentRule, masked: boolean): RecurrentKernels {
  const ofMask = known[Number(masked)]!;
  let kernels = ofMask.get(rule);
  if (kernels === undefined) {
    kernels = {
      step: stepKernel(rule, masked, true),
      stepAlone: stepKernel(rule, masked, false),
      gradient: gradientKernel(rule, masked),
    };
    ofMask.set(rule, kernels);
  }
  return kernels;
}
