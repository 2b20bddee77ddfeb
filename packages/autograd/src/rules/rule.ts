/** The form of gradient rules. */
import { type Elementwise, type Scalar, Symbolic, type Tensor, where, whereSymbolic, zeros } from "@heddle/tensor";
import { type Attrs, type Prim } from "@heddle/tensor/engine";
import type { ValueMeta } from "../node.ts";

/** Values that a rule can read: operands by position, the output, a second output (indices, for operations that select) and a third. */
export type Value = "a" | "b" | "c" | "out" | "indices" | "second" | "third";

/** The context of a rule: the values it reads, the attributes, and the metadata of the inputs and the output. */
export interface Context<P extends Prim> {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  readonly out: Tensor;
  readonly indices: Tensor;
  readonly second: Tensor;
  readonly third: Tensor;
  readonly attrs: Attrs[P];
  readonly inputs: readonly ValueMeta[];
  /** The input that the gradient is for, when a rule applies to several. */
  readonly input: number;
}

/** The gradient of one input. Its shape and dtype may be those of the broadcast, promoted operand: the engine converts it. */
export interface InputRule<P extends Prim> {
  readonly reads: readonly Value[] | ((attrs: Attrs[P]) => readonly Value[]);
  readonly gradient: (g: Tensor, context: Context<P>) => Tensor;
}

/** One rule for each input; null where an input (a condition, an index) has none. The last applies to all further inputs. */
export type Rule<P extends Prim> = readonly (InputRule<P> | null)[];

/**
 * The gradients of all inputs at once, through an activation among the attributes, where they share work; null for those that are not
 * needed.
 */
export interface JointRule<P extends Prim> {
  /** The values to save, by the number of inputs. */
  readonly reads: (inputs: number, attrs: Attrs[P]) => readonly Value[];
  readonly gradients: (g: Tensor, context: Context<P>, wanted: readonly boolean[]) => readonly (Tensor | null)[];
}

/** Rules of some of the primitives; null where the result depends on the inputs in steps or not at all, and is not recorded. */
export type Rules<Q extends Prim> = { readonly [P in Q]: Rule<P> | JointRule<P> | null };

/** A gradient that reads only the incoming one. */
export function linear<P extends Prim>(gradient: (g: Tensor, context: Context<P>) => Tensor): InputRule<P> {
  return { reads: [], gradient };
}

/** A gradient that reads the named values, separated by spaces. */
export function reading<P extends Prim>(
  names: string,
  gradient: (g: Tensor, context: Context<P>) => Tensor,
): InputRule<P> {
  return { reads: names.split(" ") as Value[], gradient };
}

/** The values that rules of element-wise primitives read: operands by position, and the result. */
export interface ElementwiseValues<T> {
  readonly a: T;
  readonly b: T;
  readonly c: T;
  readonly out: T;
}

/** The gradient of one input of an element-wise primitive, on tensors or on symbols. */
export interface ElementwiseRule {
  readonly reads: readonly (keyof ElementwiseValues<unknown>)[];
  readonly gradient: <T extends Elementwise<T>>(g: T, values: ElementwiseValues<T>) => T;
  /** Whether it is the incoming gradient itself. */
  readonly passes?: true;
}

/** Of an element-wise primitive: one rule for each input; null where an input (a condition) has none. */
export type ElementwiseRules = readonly (ElementwiseRule | FlatRule | null)[];

/** The gradient of functions that are constant between their steps. */
export interface FlatRule {
  readonly reads: readonly [];
  readonly flat: true;
  readonly gradient: (g: Tensor) => Tensor;
}

/** Zeros like a gradient. Where several operations run as one kernel, such an input has no part in the derivative. */
export const flat: FlatRule = {
  reads: [],
  flat: true,
  gradient: (g) => g.mul(0).maskedFill(g.isfinite().logicalNot(), 0),
};

/** Elements of `a` where the condition holds, of `b` elsewhere. */
export function choose<T extends Elementwise<T>>(condition: T, a: T | Scalar, b: T | Scalar): T {
  const choice = condition instanceof Symbolic
    ? whereSymbolic(condition, a as Symbolic | Scalar, b as Symbolic | Scalar)
    : where(condition as unknown as Tensor, a as Tensor | Scalar, b as Tensor | Scalar);
  return choice as unknown as T;
}

/** {@link zerosOf} as an expanded number, for readers that do not keep it. */
export function sparseZerosOf({ shape, dtype, device }: ValueMeta): Tensor {
  return zeros([], { dtype, device }).expand(shape);
}

/** Zeros of an input's shape. */
export function zerosOf(meta: ValueMeta): Tensor {
  return zeros(meta.shape, { dtype: meta.dtype, device: meta.device });
}
