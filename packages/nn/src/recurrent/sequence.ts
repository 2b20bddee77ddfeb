/**
 * One layer of a recurrent network in one direction, forward and backward: one product for the inputs of all steps, then for each step a
 * product and a kernel; backward a kernel and a product for each step, and then one product for each weight.
 */
import { composite, makeTensor, matmulInto, moveTo } from "@heddle/tensor/engine";
import { customFunction, type FunctionContext, grad, isGradEnabled } from "@heddle/autograd";
import { empty, fused, Tensor, tidy, whereSymbolic, zeros } from "@heddle/tensor";
import { linear } from "../functional/linear.ts";
import { composedSequence, type RecurrentSequenceInput, type RecurrentSequenceOutput } from "./composed_layer.ts";
import { kernelsOf, passing } from "./kernels.ts";
import type { RecurrentRule } from "./rule.ts";

/** The tensors of a {@link RecurrentSequenceInput}, null for missing ones, in the order of {@link unpacked}. */
type Operands = readonly (Tensor | null)[];

function packed({ input, mask, weights, states }: RecurrentSequenceInput): Operands {
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  return [input, mask, weightIh, weightHh, biasIh, biasHh, ...states];
}

function unpacked(operands: Operands, reverse: boolean): RecurrentSequenceInput {
  const [input, mask, weightIh, weightHh, biasIh, biasHh, ...states] = operands as Tensor[];
  const weights = { weightIh: weightIh!, weightHh: weightHh!, biasIh: biasIh!, biasHh: biasHh!, weightHr: null };
  return { input: input!, mask: mask!, weights, states, reverse };
}

/** Handles on parts `[N, size]` of a tensor that move from step to step, so that a step makes no tensors. */
class StepParts {
  readonly parts: readonly Tensor[];
  private readonly offsets: readonly number[];
  private readonly perStep: number;

  /** @param apart the number of elements from a part to the next one, and `perStep` from a step to the next one. */
  constructor(
    of: Tensor,
    { count = 1, shape, strides, apart = 0, perStep }: {
      count?: number;
      shape: readonly [number, number];
      strides: readonly [number, number];
      apart?: number;
      perStep: number;
    },
  ) {
    this.offsets = Array.from({ length: count }, (_, part) => of.offset + part * apart);
    this.perStep = perStep;
    this.parts = this.offsets.map((offset) => makeTensor(of.storage, of.dtype, { shape, strides, offset }));
  }

  /** Moves the parts to a step. */
  at(step: number): void {
    for (let i = 0; i < this.parts.length; i++) moveTo(this.parts[i]!, this.offsets[i]! + step * this.perStep);
  }
}

/** Blocks of `size` columns of a contiguous `[T, N, blocks · size]`. */
function columns(of: Tensor, rows: number, size: number): StepParts {
  const width = of.shape.at(-1)!;
  return new StepParts(of, {
    count: width / size,
    shape: [rows, size],
    strides: [width, 1],
    apart: size,
    perStep: of.ndim === 2 ? 0 : rows * width,
  });
}

/** The parts of a contiguous `[T, count, N, size]`. */
function layers(of: Tensor): StepParts {
  const [, count, rows, size] = of.shape as [number, number, number, number];
  const apart = rows * size;
  return new StepParts(of, { count, shape: [rows, size], strides: [size, 1], apart, perStep: count * apart });
}

/** The state of a contiguous `[states, T + 1, N, size]`. */
function stateOf(all: Tensor): StepParts {
  const [count, steps, rows, size] = all.shape as [number, number, number, number];
  const perStep = rows * size;
  return new StepParts(all, { count, shape: [rows, size], strides: [size, 1], apart: steps * perStep, perStep });
}

/** The steps of a `[T, N, size]` of any layout. */
function stepsOf(x: Tensor): StepParts {
  const [, rows, size] = x.shape as [number, number, number];
  const [perStep, ...strides] = x.strides as [number, number, number];
  return new StepParts(x, { shape: [rows, size], strides, perStep });
}

/**
 * What forward saves for backward: the states, `[states, T + 1, N, H]`, of which the first or (in reverse) the last is the given one; and
 * kept values, `[T, kept, N, H]`.
 */
interface Walked extends RecurrentSequenceOutput {
  readonly all: Tensor;
  readonly kept: Tensor | null;
}

const endsAtZero = fused("recurrent output", (x, mask) => whereSymbolic(mask.gt(0), x, 0));

function walk(rule: RecurrentRule, given: RecurrentSequenceInput, keeps: boolean): Walked {
  const { input, weights, mask, reverse } = given;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const [steps, batch] = input.shape as [number, number, number];
  const [width, size] = weightHh.shape as [number, number];
  const { dtype, device } = input;
  const kernels = kernelsOf(rule, mask !== null);
  const made = tidy(() => {
    const fromInput = linear(input, weightIh, biasIh);
    const fromHidden = empty([batch, width], { dtype, device });
    const all = empty([rule.states, steps + 1, batch, size], { dtype, device });
    const kept = keeps ? empty([steps, rule.kept, batch, size], { dtype, device }) : null;
    const turned = weightHh.t();
    const [before, after] = [stateOf(all), stateOf(all)];
    const gates = columns(fromInput, batch, size);
    const keptParts = kept === null ? null : layers(kept);
    const maskStep = mask === null ? null : stepsOf(mask);
    const targets = [...keptParts?.parts ?? [], ...after.parts];
    const inputs = [
      ...gates.parts,
      ...columns(fromHidden, batch, size).parts,
      ...before.parts,
      ...maskStep?.parts ?? [],
    ];
    const step = kept === null ? kernels.stepAlone : kernels.step;
    before.at(reverse ? steps : 0);
    before.parts.forEach((state, s) => state.copy_(given.states[s]!));
    for (let i = 0; i < steps; i++) {
      const t = reverse ? steps - 1 - i : i;
      before.at(reverse ? t + 1 : t);
      after.at(reverse ? t : t + 1);
      gates.at(t);
      keptParts?.at(t);
      maskStep?.at(t);
      matmulInto(fromHidden, before.parts[0]!, turned, biasHh);
      step(targets, inputs);
    }
    const hidden = all.select(0, 0).narrow(0, reverse ? 0 : 1, steps);
    // A separate handle: a view would share its base's history.
    const output = mask === null ? makeTensor(all.storage, dtype, hidden) : endsAtZero([hidden, mask]);
    return [output, all, kept, ...after.parts.map((state) => state.clone())] as const;
  });
  const [output, all, kept, ...states] = made;
  return { output, all, kept, states };
}

/** Gradients of the operands, from those of the output and of the last state. */
function walkBack(
  rule: RecurrentRule,
  { input, weights, mask, reverse }: RecurrentSequenceInput,
  { all, kept }: Pick<Walked, "all" | "kept">,
  gradients: readonly Tensor[],
  wanted: readonly boolean[],
): (Tensor | null)[] {
  const { weightIh, weightHh } = weights;
  const [steps, batch, inputSize] = input.shape as [number, number, number];
  const { dtype, device } = input;
  const [width, size] = weightHh.shape as [number, number];
  const { gradient } = kernelsOf(rule, mask !== null);
  const passed = passing(rule, mask !== null);
  const [ofX, , ofWeightIh, ofWeightHh, ofBiasIh, ofBiasHh, ofH] = wanted;
  const ofInput = empty([steps, batch, width], { dtype, device });
  const ofHidden = rule.summed ? ofInput : empty([steps, batch, width], { dtype, device });
  const [ofOutput, ...ofStates] = gradients as [Tensor, ...Tensor[]];
  const running = passed.map((s) => s === 0 ? zeros([batch, size], { dtype, device }) : ofStates[s]!.clone());
  const [before, after] = [stateOf(all), stateOf(all)];
  const inputGates = columns(ofInput, batch, size);
  const hiddenGates = rule.summed ? null : columns(ofHidden, batch, size);
  const hiddenStep = stepsOf(ofHidden);
  const outputStep = stepsOf(ofOutput);
  const keptParts = kept === null ? null : layers(kept);
  const maskStep = mask === null ? null : stepsOf(mask);
  // The hidden state's gradient starts out as if it came through the weights.
  const through = steps > 1 || ofH ? empty([batch, size], { dtype, device }) : null;
  const targets = [...inputGates.parts, ...hiddenGates?.parts ?? [], ...running];
  const inputs = [
    ...keptParts?.parts ?? [],
    ...before.parts,
    ...after.parts,
    ...outputStep.parts,
    ofStates[0]!,
    ...maskStep?.parts ?? [],
  ];
  for (let i = steps - 1; i >= 0; i--) {
    const t = reverse ? steps - 1 - i : i;
    before.at(reverse ? t + 1 : t);
    after.at(reverse ? t : t + 1);
    inputGates.at(t);
    hiddenGates?.at(t);
    outputStep.at(t);
    keptParts?.at(t);
    maskStep?.at(t);
    gradient(targets, inputs);
    if (i === 0 && !ofH) break;
    hiddenStep.at(t);
    matmulInto(through!, hiddenStep.parts[0]!, weightHh);
    if (i === steps - 1) inputs[inputs.indexOf(ofStates[0]!)] = through!;
  }
  const rows = steps * batch;
  const [inputRows, hiddenRows] = [ofInput.view(rows, width), ofHidden.view(rows, width)];
  const states = all.select(0, 0).narrow(0, reverse ? 1 : 0, steps).reshape(rows, size);
  return [
    ofX ? inputRows.matmul(weightIh).view(steps, batch, inputSize) : null,
    null,
    ofWeightIh ? inputRows.t().matmul(input.reshape(rows, inputSize)) : null,
    ofWeightHh ? hiddenRows.t().matmul(states) : null,
    ofBiasIh ? inputRows.sum(0) : null,
    ofBiasHh ? hiddenRows.sum(0) : null,
    !ofH ? null : passed.includes(0) ? through!.add(running[0]!) : through,
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

/**
 * Runs one layer in one direction over a sequence, by the fastest applicable method, with weights that need not belong to a module.
 * {@link recurrentRule} returns the rule. Unlike the layers, it does not compute float16 in float32.
 *
 * @example
 * ```ts
 * import { recurrentRule, recurrentSequence } from "@heddle/nn";
 * import { randn, zeros } from "@heddle/tensor";
 * const weights = { weightIh: randn([24, 4]), weightHh: randn([24, 8]), biasIh: null, biasHh: null, weightHr: null };
 * const input = randn([5, 2, 4]); // [T, N, inputSize]
 * const { output } = recurrentSequence(recurrentRule("GRU"), {
 *   input,
 *   states: [zeros([2, 8])],
 *   weights,
 *   mask: null,
 *   reverse: false,
 * });
 * output.shape; // [5, 2, 8]
 * ```
 */
export function recurrentSequence(rule: RecurrentRule, given: RecurrentSequenceInput): RecurrentSequenceOutput {
  // The product with the projection is in the middle of a step, which no kernel supports.
  if (given.weights.weightHr !== null) return composedSequence(rule, given);
  const operands = packed(given);
  const { name, order = null } = rule;
  const attrs = { rule: name, order, reverse: given.reverse };
  const [output, ...states] = composite("recurrent", operands, attrs, () => ran(rule, given, operands));
  return { output: output!, states };
}

function ran(rule: RecurrentRule, given: RecurrentSequenceInput, operands: Operands): readonly Tensor[] {
  if (!isGradEnabled() || !operands.some((operand) => operand?.requiresGrad)) {
    const { output, states, all } = walk(rule, given, false);
    all.dispose();
    return [output, ...states];
  }
  let run = functions.get(rule);
  if (run === undefined) functions.set(rule, run = sequenceFunction(rule));
  return run(given.reverse, ...operands);
}
