/**
 * The hook for recordings: what runs between autograd and the devices, as a stream of primitives. Element-wise operations arrive as
 * expressions, reductions with the expression that they reduce, everything else by the name of its primitive.
 */
import type { DType, Scalar } from "../dtype.ts";
import { activeCapture } from "./capture/hooks.ts";
import type { Expr } from "../ir/kernel.ts";
import type {
  Activation,
  AssembleAttrs,
  ReduceAttrs,
  ReducePrim,
  RoutineAttrs,
  RowAttrs,
  ViewAttrs,
  ViewStep,
} from "../prims/attrs.ts";
import type { TensorCore } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** An element-wise expression of the inputs (by index) and of numbers. */
export interface ExpressionAttrs {
  /** The name of the operation, as in `memory()`. */
  readonly name: string;
  readonly expr: Expr;
  readonly scalars: readonly Scalar[];
}

/** Operations of several primitives that are recorded as one, by {@link composite}. A missing input is null. */
export interface CompositeAttrs {
  /** Inputs: `[N, C, …]`, running mean, running variance, weight, bias, residual. By running statistics. */
  batchNorm: { readonly eps: number; readonly activation: Activation };
  /**
   * Attention over keys, with masks as in `SoftmaxAttrs`. Inputs: queries, keys, values, masks. Query i attends to keys up to
   * i + `causalOffset` only, if that is a number.
   */
  scaledDotProductAttention: {
    readonly scale: number;
    readonly causalOffset: number | null;
    readonly dropoutP: number;
  };
  /**
   * One layer of a recurrent network in one direction. Inputs: `[T, N, inputSize]`, mask, weightIh, weightHh, biasIh, biasHh, states before.
   * Outputs: the hidden states, `[T, N, hiddenSize]`, and the states after the last step. `order`: of each block of weights, the number of
   * its gate in the layer's own order; null for that order.
   */
  recurrent: { readonly rule: string; readonly order: readonly number[] | null; readonly reverse: boolean };
  /** Resizes the dimensions after the second. A factor is null where it follows from the sizes. */
  interpolate: {
    readonly mode: string;
    readonly sizes: readonly number[];
    readonly factors: readonly (number | null)[];
    readonly alignCorners: boolean;
  };
}

/** Attributes of recorded steps. */
export interface StepAttrs
  extends
    RowAttrs,
    ViewAttrs,
    AssembleAttrs,
    RoutineAttrs,
    CompositeAttrs,
    Record<ReducePrim, ReduceAttrs & ExpressionAttrs & { readonly dtype: DType }> {
  expression: ExpressionAttrs;
  /** The first input, in which the view at the end of a path of views holds the second input. */
  write: { readonly path: readonly ViewStep[] };
}

/** What a recorded step does. */
export type StepPrim = keyof StepAttrs;

/** An input of a step; null for one that is missing. */
export type StepInput = Tensor | null;

/** Sees all operations while it is installed. */
export interface Recorder {
  /**
   * An operation is about to run.
   *
   * @param targets the tensors that it writes to; null if it makes its outputs.
   * @returns what to call with the outputs when it has run.
   */
  step<P extends StepPrim>(
    prim: P,
    inputs: readonly StepInput[],
    attrs: StepAttrs[P],
    targets: readonly Tensor[] | null,
  ): (outputs: readonly Tensor[]) => void;
  /** Values of a tensor are about to be read by the host. May throw. */
  read(operation: string, tensor: Tensor): void;
}

let active: Recorder | null = null;

/** The recorder of the running operation, or null. */
export function activeRecorder(): Recorder | null {
  return active;
}

/**
 * Whether the values of a tensor can be read on the spot, to check them or to take a shorter way: the device can, and nothing is being
 * recorded that would depend on them.
 */
export function readsAtOnce({ device }: TensorCore): boolean {
  return active === null && activeCapture() === null && device.backend.readsSynchronously;
}

/**
 * Checks values of a tensor on the host, where they can be read at once. A captured step checks them again before each run.
 *
 * @param check reads the tensor, and throws for values that the operation does not take.
 */
export function checkValues(tensor: Tensor, check: (tensor: Tensor) => void): void {
  if (active !== null || !tensor.device.backend.readsSynchronously) return;
  const capture = activeCapture();
  if (capture === null) check(tensor);
  else capture.check(tensor, check);
}

/** Runs a function whose operations a recorder sees; null for none. */
export function recordingWith<T>(recorder: Recorder | null, fn: () => T): T {
  const before = active;
  active = recorder;
  try {
    return fn();
  } finally {
    active = before;
  }
}

/** Runs an operation as one step of the active recorder. It does not see the operations within. */
export function recorded<P extends StepPrim>(
  prim: P,
  inputs: readonly StepInput[],
  attrs: StepAttrs[P],
  compute: () => readonly Tensor[],
): readonly Tensor[] {
  const ran = active!.step(prim, inputs, attrs, null);
  const outputs = recordingWith(null, compute);
  ran(outputs);
  return outputs;
}

/** {@link recorded} for an operation that writes to tensors. */
export function recordedWrite<P extends StepPrim>(
  prim: P,
  inputs: readonly StepInput[],
  attrs: StepAttrs[P],
  targets: readonly Tensor[],
  compute: () => void,
): void {
  const ran = active!.step(prim, inputs, attrs, targets);
  recordingWith(null, compute);
  ran(targets);
}

/**
 * Runs an operation of several primitives, which a recording has as one step. Exporters and compilers know more of it than of its
 * parts.
 *
 * @example
 * ```ts ignore
 * const [y] = composite("batchNorm", [x, mean, variance, null, null, null], { eps: 1e-5, activation: "none" }, () => [normalised(x)]);
 * ```
 */
export function composite<P extends keyof CompositeAttrs>(
  name: P,
  inputs: readonly StepInput[],
  attrs: CompositeAttrs[P],
  compute: () => readonly Tensor[],
): readonly Tensor[] {
  return active === null ? compute() : recorded(name, inputs, attrs as StepAttrs[P], compute);
}
