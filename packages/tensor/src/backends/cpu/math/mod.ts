/** The vector functions by the names of their primitives. What is not here is computed lane by lane on the host. */
import type { ElementwisePrim } from "../../../prims/attrs.ts";
import { erf } from "./error_function.ts";
import { exp, expm1, sigmoid, tanh } from "./exponential.ts";
import type { BinaryExpander, UnaryExpander } from "./lanes.ts";
import { log, log10, log2 } from "./logarithm.ts";
import { pow } from "./power.ts";
import { cos, sin, tan } from "./trigonometric.ts";

export type { BinaryExpander, UnaryExpander } from "./lanes.ts";

/** Functions of one vector. */
export const unaryMath: Partial<Record<ElementwisePrim, UnaryExpander>> = {
  exp,
  expm1,
  sigmoid,
  tanh,
  log,
  log2,
  log10,
  sin,
  cos,
  tan,
  erf,
};

/** Functions of two vectors. */
export const binaryMath: Partial<Record<ElementwisePrim, BinaryExpander>> = { pow };

/** All of them; how many operands each takes, the table of primitives says. */
export const vectorMath: Partial<Record<ElementwisePrim, UnaryExpander | BinaryExpander>> = {
  ...unaryMath,
  ...binaryMath,
};
