/** The table of primitives: the types and shapes of their inputs and outputs. Gradients and renderers are tables over the same names. */
import type { Geometry } from "../shape.ts";
import type {
  AssemblePrim,
  Attrs,
  ElementwisePrim,
  Prim,
  ReducePrim,
  RoutinePrim,
  RowPrim,
  ViewPrim,
} from "./attrs.ts";
import { type ElementwiseRow, elementwiseRows } from "./elementwise.ts";
import { routineRules } from "./routines.ts";
import type { Meta } from "./meta.ts";
import { type TypeRule, type TypeRuleName, typeRules } from "./type_rules.ts";
import { viewRules } from "./views.ts";

/** A row of the table. */
export type Row<P extends Prim> = P extends ElementwisePrim ? ElementwiseRow
  : P extends ReducePrim ? { readonly kind: "reduce"; readonly types: TypeRule }
  : P extends ViewPrim ? { readonly kind: "view"; readonly geometry: (input: Geometry, attrs: Attrs[P]) => Geometry }
  : P extends AssemblePrim ? { readonly kind: "assemble" }
  : P extends RowPrim ? { readonly kind: "rows" }
  : P extends RoutinePrim
    ? { readonly kind: "routine"; readonly outputs: (inputs: readonly Meta[], attrs: Attrs[P]) => readonly Meta[] }
  : never;

const reduction = (rule: TypeRuleName): { kind: "reduce"; types: TypeRule } => ({
  kind: "reduce",
  types: typeRules[rule],
});

/** The outputs of row primitives are in `engine/row_rules.ts`. */
const rows = { kind: "rows" } as const;

/** The table. */
export const table: { readonly [P in Prim]: Row<P> } = {
  ...elementwiseRows,
  sum: reduction("accumulate"),
  prod: reduction("accumulate"),
  amax: reduction("same"),
  amin: reduction("same"),
  argmax: reduction("index"),
  argmin: reduction("index"),
  softmax: rows,
  softmaxGrad: rows,
  logSoftmax: rows,
  logSoftmaxGrad: rows,
  labelLoss: rows,
  labelLossGrad: rows,
  normalize: rows,
  normalizeGrad: rows,
  rmsNormalize: rows,
  rmsNormalizeGrad: rows,
  cat: { kind: "assemble" },
  embed: { kind: "assemble" },
  ...viewRules,
  ...routineRules,
};
