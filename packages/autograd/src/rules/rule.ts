/** How gradient rules are written. */
import { type Scalar, Symbolic, type Tensor, where, whereSymbolic, zeros } from "@heddle/tensor";
import { type Attrs, type Prim } from "@heddle/tensor/engine";
import type { ValueMeta } from "../node.ts";

/** Values that a rule can ask for: operands by position, the output, a second (of what selects: indices) and a third output. */
export type Value = "a" | "b" | "c" | "out" | "indices" | "second" | "third";

/** What a rule is given: the values it asked for, the attributes, and the metadata of the inputs and the output. */
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
  /** Which input the gradient is for, where a rule serves several. */
  readonly input: number;
}

/** The gradient of one input. Shape and dtype may still be those of the broadcast, promoted operand: the engine sees to that. */
export interface InputRule<P extends Prim> {
  readonly reads: readonly Value[] | ((attrs: Attrs[P]) => readonly Value[]);
  readonly gradient: (g: Tensor, context: Context<P>) => Tensor;
}

/** One rule an input; null where an input (a condition, an index) has none. The last serves all further inputs. */
export type Rule<P extends Prim> = readonly (InputRule<P> | null)[];

/**
 * The gradients of all inputs at once, through an activation among the attributes, where they share work; null for those that are not
 * wanted, or cheap to leave out.
 */
export interface JointRule<P extends Prim> {
  /** What to save, by the number of inputs. */
  readonly reads: (inputs: number, attrs: Attrs[P]) => readonly Value[];
  readonly gradients: (g: Tensor, context: Context<P>, wanted: readonly boolean[]) => readonly (Tensor | null)[];
}

/** Rules of some of the primitives; null: the result depends on the inputs in steps or not at all, and is not recorded. */
export type Rules<Q extends Prim> = { readonly [P in Q]: Rule<P> | JointRule<P> | null };

/** A gradient that reads nothing but the incoming one. */
export function linear<P extends Prim>(gradient: (g: Tensor, context: Context<P>) => Tensor): InputRule<P> {
  return { reads: [], gradient };
}

/** A gradient that reads the values named, separated by spaces. */
export function reading<P extends Prim>(
  names: string,
  gradient: (g: Tensor, context: Context<P>) => Tensor,
): InputRule<P> {
  return { reads: names.split(" ") as Value[], gradient };
}

/** Zeros like a gradient: of functions that are constant between their steps. */
export const flat: InputRule<Prim> = linear((g) => g.mul(0).maskedFill(g.isfinite().logicalNot(), 0));

/** A condition's choice between gradients and zero. */
export function choose(condition: Tensor, a: Tensor | Scalar, b: Tensor | Scalar): Tensor {
  // Rules of element-wise primitives are also written down as expressions: see PrimitiveNode.
  if ((condition as unknown) instanceof Symbolic) {
    return whereSymbolic(condition as never, a as never, b as never) as unknown as Tensor;
  }
  return where(condition, a, b);
}

/** {@link zerosOf} without memory for each: for what reads them once, into something of its own. */
export function sparseZerosOf({ shape, dtype, device }: ValueMeta): Tensor {
  return zeros([], { dtype, device }).expand(shape);
}

/** Zeros of an input's shape. */
export function zerosOf(meta: ValueMeta): Tensor {
  return zeros(meta.shape, { dtype: meta.dtype, device: meta.device });
}
