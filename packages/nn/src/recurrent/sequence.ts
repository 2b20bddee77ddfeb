/**
 * One layer of a recurrent network in one direction, forward and backward: one product for the inputs of all steps, then for each step a
 * product and a kernel; backward a kernel and a product for each step, and then one product for each weight.
 */
import { makeTensor } from "@heddle/tensor/engine";
import { customFunction, type FunctionContext, grad, isGradEnabled } from "@heddle/autograd";
import { empty, fused, Tensor, tidy, whereSymbolic, zeros } from "@heddle/tensor";
import { linear } from "../functional/linear.ts";
import { composedSequence, type SequenceInput, type SequenceOutput } from "./composed_layer.ts";
import { kernelsOf, passing } from "./kernels.ts";
import type { RecurrentRule } from "./rule.ts";

/** The tensors of a {@link SequenceInput}, null for missing ones, in the order of {@link unpacked}. */
type Operands = readonly (Tensor | null)[];

function packed({ input, mask, weights, states }: SequenceInput): Operands {
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  return [input, mask, weightIh, weightHh, biasIh, biasHh, ...states];
}

function unpacked(operands: Operands, reverse: boolean): SequenceInput {
  const [input, mask, weightIh, weightHh, biasIh, biasHh, ...states] = operands as Tensor[];
  const weights = { weightIh: weightIh!, weightHh: weightHh!, biasIh: biasIh!, biasHh: biasHh!, weightHr: null };
  return { input: input!, mask: mask!, weights, states, reverse };
}

/** Blocks of `size` columns of a matrix at a step: `[N, size]` each, of a contiguous `[…, N, blocks · size]`. */
function blocks(of: Tensor, step: number, size: number): Tensor[] {
  const [rows, width] = of.shape.slice(-2) as [number, number];
  const geometry = { shape: [rows, size], strides: [width, 1] };
  return Array.from({ length: width / size }, (_, block) =>
    makeTensor(of.storage, of.dtype, {
      ...geometry,
      offset: of.offset + step * rows * width + block * size,
    }));
}

/**
 * What forward saves for backward: the states, `[states, T + 1, N, H]`, of which the first or (in reverse) the last is the given one; and
 * kept values.
 */
interface Walked extends SequenceOutput {
  readonly all: Tensor;
  readonly kept: Tensor | null;
}

const endsAtZero = fused("recurrent output", (x, mask) => whereSymbolic(mask.gt(0), x, 0));

function walk(rule: RecurrentRule, given: SequenceInput, keeps: boolean): Walked {
  const { input, weights, mask, reverse } = given;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const [steps, batch] = input.shape as [number, number, number];
  const size = weightHh.shape[1]!;
  const { dtype, device } = input;
  const kernels = kernelsOf(rule, mask !== null);
  const made = tidy(() => {
    const fromInput = linear(input, weightIh, biasIh);
    const all = empty([rule.states, steps + 1, batch, size], { dtype, device });
    const kept = keeps ? empty([steps, batch, rule.kept * size], { dtype, device }) : null;
    const stateAt = (t: number): Tensor[] => given.states.map((_, s) => blocks(all, s * (steps + 1) + t, size)[0]!);
    const [first, last] = reverse ? [steps, 0] : [0, steps];
    let before = stateAt(first);
    before.forEach((state, s) => state.copy_(given.states[s]!));
    for (let i = 0; i < steps; i++) {
      const t = reverse ? steps - 1 - i : i;
      const fromHidden = linear(before[0]!, weightHh, biasHh);
      const after = stateAt(reverse ? t : t + 1);
      const inputs = [...blocks(fromInput, t, size), ...blocks(fromHidden, 0, size), ...before];
      if (mask !== null) inputs.push(mask.select(0, t));
      if (kept !== null) kernels.step([...blocks(kept, t, size), ...after], inputs);
      else kernels.stepAlone(after, inputs);
      fromHidden.dispose();
      before = after;
    }
    const hidden = all.select(0, 0).narrow(0, reverse ? 0 : 1, steps);
    // A separate handle: a view would share its base's history.
    const output = mask === null ? makeTensor(all.storage, dtype, hidden) : endsAtZero([hidden, mask]);
    return [output, all, kept, ...stateAt(last).map((state) => state.clone())] as const;
  });
  const [output, all, kept, ...states] = made;
  return { output, all, kept, states };
}

/** Gradients of the operands, from those of the output and of the last state. */
function walkBack(
  rule: RecurrentRule,
  { input, weights, mask, reverse }: SequenceInput,
  { all, kept }: Pick<Walked, "all" | "kept">,
  gradients: readonly Tensor[],
  wanted: readonly boolean[],
): (Tensor | null)[] {
  const { weightIh, weightHh } = weights;
  const [steps, batch, inputSize] = input.shape as [number, number, number];
  const { dtype, device } = input;
  const size = weightHh.shape[1]!;
  const width = weightHh.shape[0]!;
  const { gradient } = kernelsOf(rule, mask !== null);
  const passed = passing(rule, mask !== null);
  const [ofX, , ofWeightIh, ofWeightHh, ofBiasIh, ofBiasHh, ofH] = wanted;
  const ofInput = empty([steps, batch, width], { dtype, device });
  const ofHidden = rule.summed ? ofInput : empty([steps, batch, width], { dtype, device });
  const [ofOutput, ...ofStates] = gradients as [Tensor, ...Tensor[]];
  const stateAt = (t: number): Tensor[] =>
    Array.from({ length: rule.states }, (_, s) => blocks(all, s * (steps + 1) + t, size)[0]!);
  // The hidden state's gradient starts out as if it came through the weights.
  let through = ofStates[0]!;
  const running = passed.map((s) => s === 0 ? zeros([batch, size], { dtype, device }) : ofStates[s]!.clone());
  for (let i = steps - 1; i >= 0; i--) {
    const t = reverse ? steps - 1 - i : i;
    const [before, after] = reverse ? [stateAt(t + 1), stateAt(t)] : [stateAt(t), stateAt(t + 1)];
    const targets = [...blocks(ofInput, t, size), ...rule.summed ? [] : blocks(ofHidden, t, size), ...running];
    const inputs = [...kept === null ? [] : blocks(kept, t, size), ...before, ...after, ofOutput.select(0, t), through];
    if (mask !== null) inputs.push(mask.select(0, t));
    gradient(targets, inputs);
    if (i > 0 || ofH) through = ofHidden.select(0, t).matmul(weightHh);
  }
  const rows = steps * batch;
  const [inputRows, hiddenRows] = [ofInput.view(rows, width), ofHidden.view(rows, width)];
  const before = all.select(0, 0).narrow(0, reverse ? 1 : 0, steps).reshape(rows, size);
  return [
    ofX ? inputRows.matmul(weightIh).view(steps, batch, inputSize) : null,
    null,
    ofWeightIh ? inputRows.t().matmul(input.reshape(rows, inputSize)) : null,
    ofWeightHh ? hiddenRows.t().matmul(before) : null,
    ofBiasIh ? inputRows.sum(0) : null,
    ofBiasHh ? hiddenRows.sum(0) : null,
    !ofH ? null : passed.includes(0) ? through.add(running[0]!) : through,
    ...passed.filter((s) => s > 0).map((s) => running[passed.indexOf(s)]!),
  ];
}

type SequenceFunction = (reverse: boolean, ...operands: (Tensor | null)[]) => readonly Tensor[];

/** The layer as an operation with its own gradient. For second derivatives it is composed of single operations. */
function sequenceFunction(rule: RecurrentRule): SequenceFunction {
  return customFunction<[boolean, ...(Tensor | null)[]], readonly Tensor[]>({
    name: rule.name,
    forward(context: FunctionContext, reverse: boolean, ...operands: (Tensor | null)[]) {
      const { output, states, all, kept } = walk(rule, unpacked(operands, reverse), true);
      const there = operands.filter((operand) => operand !== null);
      context.saveForBackward(...there, all, kept!);
      // Positions of the tensors among the operands.
      Object.assign(context, { reverse, places: operands.map((operand) => there.indexOf(operand!)) });
      return [output, ...states];
    },
    backward(context: FunctionContext, ...gradients: Tensor[]) {
      const { savedTensors, needsInputGrad, reverse, places } = context as FunctionContext & {
        reverse: boolean;
        places: readonly number[];
      };
      const operands = places.map((place) => place < 0 ? null : savedTensors[place]!);
      const [all, kept] = savedTensors.slice(-2) as [Tensor, Tensor];
      const wanted = places.map((place) => place >= 0 && needsInputGrad[place]!);
      const found = isGradEnabled()
        ? gradientsAgain(rule, operands, reverse, gradients, wanted)
        : walkBack(rule, unpacked(operands, reverse), { all, kept }, gradients, wanted);
      return found.filter((_, i) => places[i]! >= 0);
    },
  });
}

/** Gradients that can be differentiated themselves. */
function gradientsAgain(
  rule: RecurrentRule,
  operands: Operands,
  reverse: boolean,
  gradOutputs: readonly Tensor[],
  wanted: readonly boolean[],
): (Tensor | null)[] {
  const { output, states } = composedSequence(rule, unpacked(operands, reverse));
  const options = { gradOutputs, createGraph: true, allowUnused: true };
  const found = grad([output, ...states], operands.filter((_, i) => wanted[i]) as Tensor[], options);
  return wanted.map((is) => is ? found.shift()! : null);
}

const functions: Map<RecurrentRule, SequenceFunction> = new Map();

/** Runs a layer over a sequence, by the fastest applicable method. */
export function runSequence(rule: RecurrentRule, given: SequenceInput): SequenceOutput {
  // The product with the projection is in the middle of a step, which no kernel supports.
  if (given.weights.weightHr !== null) return composedSequence(rule, given);
  const operands = packed(given);
  if (!isGradEnabled() || !operands.some((operand) => operand?.requiresGrad)) {
    const { output, states, all } = walk(rule, given, false);
    all.dispose();
    return { output, states };
  }
  let run = functions.get(rule);
  if (run === undefined) functions.set(rule, run = sequenceFunction(rule));
  const [output, ...states] = run(given.reverse, ...operands) as [Tensor, ...Tensor[]];
  return { output, states };
}
