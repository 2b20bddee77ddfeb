/** The form of gradient rules. */
import { type Scalar, Symbolic, type Tensor, where, whereSymbolic, zeros } from "@heddle/tensor";
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

/** Zeros like a gradient, for functions that are constant between steps. */
export const flat: InputRule<Prim> = linear((g) => g.mul(0).maskedFill(g.isfinite().logicalNot(), 0));

/** Selects a gradient or zero by a condition. */
export function choose(condition: Tensor, a: Tensor | Scalar, b: Tensor | Scalar): Tensor {
  // Rules of element-wise primitives are also written down as expressions: see PrimitiveNode.
  if ((condition as unknown) instanceof Symbolic) {
    return whereSymbolic(condition as never, a as never, b as never) as unknown as Tensor;
  }
  return where(condition, a, b);
}

/** {@link zerosOf} as an expanded number, for readers that do not keep it. */
export function sparseZerosOf({ shape, dtype, device }: ValueMeta): Tensor {
  return zeros([], { dtype, device }).expand(shape);
}

/** Zeros of an input's shape. */
export function zerosOf(meta: ValueMeta): Tensor {
  return zeros(meta.shape, { dtype: meta.dtype, device: meta.device });
}
