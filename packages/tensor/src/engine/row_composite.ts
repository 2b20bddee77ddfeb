/** Row primitives where no row kernel suits: the same as plain operations. */
import { resultType } from "../dtype.ts";
import { tidy } from "../memory/scope.ts";
import type { Attrs, RowPrim } from "../prims/attrs.ts";
import { isRecorded } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { hasRows } from "./execute/rows.ts";
import { isHalf, widened } from "./upcast.ts";
import { type RowRule, rowRules } from "./row_rules.ts";

/** A row primitive as plain operations. */
export interface RowComposite<P extends RowPrim> {
  /** What the row kernel needs beside rows whose elements are neighbours, on a device that has row kernels. */
  readonly suits?: (inputs: readonly Tensor[]) => boolean;
  /** False where the row kernel has no gradient, so that the plain operations are recorded instead. */
  readonly differentiable?: false;
  /** The outputs of the row kernel, from inputs of which none is float16. */
  readonly compute: (inputs: readonly Tensor[], attrs: Attrs[P]) => readonly Tensor[];
}

/** One for each row primitive; null for gradients that are only asked for where the row kernel ran, and not recorded. */
export type RowComposites = { readonly [P in RowPrim]: RowComposite<P> | null };

let composites: RowComposites;

/** `Tensor` installs the composites: they are made of operations, which are above this. */
export function installRowComposites(table: RowComposites): void {
  composites = table;
}

/**
 * The outputs of a row primitive as plain operations, or null where the row kernel is to run.
 *
 * @param records whether the tape is on.
 */
export function composed<P extends RowPrim>(
  prim: P,
  inputs: readonly Tensor[],
  attrs: Attrs[P],
  records: boolean,
): readonly Tensor[] | null {
  const composite = composites[prim] as RowComposite<P> | null;
  if (composite === null) return null;
  const rule: RowRule<P> = rowRules[prim];
  const recorded = records && composite.differentiable === false && inputs.some(isRecorded);
  if (!recorded && hasRows(inputs[rule.space]!, rule.dims(attrs)) && composite.suits?.(inputs) !== false) return null;
  return tidy(() => {
    if (!isHalf(...inputs)) return composite.compute(inputs, attrs);
    const kinds = rule.outputs(attrs, inputs);
    const half = resultType(inputs) === "float16";
    return composite.compute(inputs.map(widened), attrs).map((output, i) =>
      half && kinds[i] !== "statistic" ? output.to("float16") : output
    );
  });
}
