/** The table of operators, by domain and name. */
import { activations } from "./activations.ts";
import { controlFlow } from "./control_flow.ts";
import { convolution } from "./convolution.ts";
import { creation } from "./creation.ts";
import { detection } from "./detection.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { losses } from "./losses.ts";
import { matrix } from "./matrix.ts";
import { normalization } from "./normalization.ts";
import type { Operator, Operators } from "./operator.ts";
import { pooling } from "./pooling.ts";
import { quantized } from "./quantized.ts";
import { recurrences } from "./recurrent.ts";
import { reductions } from "./reductions.ts";
import { resizing } from "./resize.ts";
import { shapes } from "./shapes.ts";
import { signals } from "./signals.ts";

/** The families of ONNX's own operators. */
export const families: Readonly<Record<string, Operators>> = {
  "Element-wise": elementwise,
  "Activations": activations,
  "Products": matrix,
  "Convolutions": convolution,
  "Pools": pooling,
  "Normalisations": normalization,
  "Reductions and order": reductions,
  "Shapes": shapes,
  "Indices": indexing,
  "Resizing and sampling": resizing,
  "Detection": detection,
  "Recurrent networks": recurrences,
  "Control flow and sequences": controlFlow,
  "Creation and random numbers": creation,
  "Signals": signals,
  "Quantisation": quantized,
  "Losses": losses,
};

/** Operators by domain; ONNX's own is `""`. */
const domains: Readonly<Record<string, Operators>> = { "": Object.assign({}, ...Object.values(families)) };

/**
 * The last operator set that is read. 22 and 23 changed the operators here in their types only. Before 7 an operator is read if it has
 * not changed since.
 */
export const lastOpset = 23;

/** The form of an operator in an operator set, or null where there is none. */
export function findOperator(domain: string, name: string, opset: number): Operator | null {
  const versions = versionsOf(domain, name);
  const since = versions?.findLast((version) => version <= opset);
  return since === undefined ? null : domains[domain]![name]![since]!;
}

/** The versions of an operator since which it has another form, in ascending order; null for an unknown one. */
export function versionsOf(domain: string, name: string): number[] | null {
  const known = Object.hasOwn(domains, domain) ? domains[domain]! : {};
  return Object.hasOwn(known, name) ? Object.keys(known[name]!).map(Number).sort((a, b) => a - b) : null;
}
