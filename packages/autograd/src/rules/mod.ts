/** One gradient rule for each primitive: a missing one is a type error. */
import type { Prim } from "@heddle/tensor/engine";
import { elementwiseRules } from "./elementwise.ts";
import { reductionRules } from "./reductions.ts";
import { routineRules } from "./routines.ts";
import { rowRules } from "./rows.ts";
import type { Rules } from "./rule.ts";
import { viewRules } from "./views.ts";

/** The table. */
export const rules: Rules<Prim> = {
  ...elementwiseRules,
  ...reductionRules,
  ...viewRules,
  ...rowRules,
  ...routineRules,
};
