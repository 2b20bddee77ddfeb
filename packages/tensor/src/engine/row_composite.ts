/** Chooses between a row kernel and its composite, the same computation as plain operations. */
import { isHalfDType, resultType } from "../dtype.ts";
import { tidy } from "../memory/scope.ts";
import type { Attrs, RowPrim } from "../prims/attrs.ts";
import { isRecorded } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { hasRows } from "./execute/rows.ts";
import { activeRecorder, recorded as recordedStep, type StepAttrs } from "./recorder.ts";
import { isHalf, widened } from "./upcast.ts";
import { type RowRule, rowRules } from "./row_rules.ts";

/** A row primitive composed of plain operations. */
export interface RowComposite<P extends RowPrim> {
  /** Further conditions for the row kernel, beyond contiguous rows on a device that has row kernels. */
  readonly suits?: (inputs: readonly Tensor[]) => boolean;
  /** False if the row kernel has no gradient, so that the tape records the plain operations instead. */
  readonly differentiable?: false;
  /** Computes the outputs of the row kernel. No input is float16 or bfloat16. */
  readonly compute: (inputs: readonly Tensor[], attrs: Attrs[P]) => readonly Tensor[];
}

/** A composite for each row primitive; null for gradients that only follow a row kernel and are not recorded. */
export type RowComposites = { readonly [P in RowPrim]: RowComposite<P> | null };

let composites: RowComposites;

/** `Tensor` installs the composites. They call operations, which this layer cannot import. */
export function installRowComposites(table: RowComposites): void {
  composites = table;
}

/**
 * The outputs of a row primitive, computed by plain operations; null if the row kernel should run.
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
  const compute = () =>
    tidy(() => {
      if (!isHalf(...inputs)) return composite.compute(inputs, attrs);
      const kinds = rule.outputs(attrs, inputs);
      const dtype = resultType(inputs);
      return composite.compute(inputs.map(widened), attrs).map((output, i) =>
        isHalfDType(dtype) && kinds[i] !== "statistic" ? output.to(dtype) : output
      );
    });
  return activeRecorder() === null ? compute() : recordedStep(prim, inputs, attrs as StepAttrs[P], compute);
}
