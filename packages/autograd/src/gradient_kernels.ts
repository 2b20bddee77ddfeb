/** Kernels of the gradients of element-wise primitives: a rule, on symbols, gives the expression of one kernel. */
import { fused, type FusedFunction, type Symbolic } from "@heddle/tensor";
import { fusedSum, type FusedSumFunction } from "@heddle/tensor/engine";
import type { Edge } from "./node.ts";
import type { ElementwiseRule, ElementwiseRules, ElementwiseValues, FlatRule } from "./rules/rule.ts";

/** The kernels of a gradient. Their operands are the incoming gradient and the values that the rule reads. */
export interface GradientKernel {
  readonly reads: readonly (keyof ElementwiseValues<unknown>)[];
  /** The gradient of each element. */
  readonly each: FusedFunction;
  /** Its sum over dimensions along which the operand was repeated. */
  readonly sum: FusedSumFunction;
}

/** By primitive; then by input, with and without a twin. */
const known: Map<string, (GradientKernel | null)[]> = new Map();

/**
 * The kernels of the gradient of an input, or (with a twin) of two inputs that are one tensor: the sum of both. Null where the rule is
 * best run on the tensor: it gives the incoming gradient itself, or its shape alone.
 */
export function gradientKernel(
  prim: string,
  rules: ElementwiseRules,
  input: number,
  twin: number,
): GradientKernel | null {
  let kernels = known.get(prim);
  if (kernels === undefined) known.set(prim, kernels = []);
  const key = 4 * input + twin + 1;
  let kernel = kernels[key];
  if (kernel === undefined) kernels[key] = kernel = write(prim, rules[input]!, twin < 0 ? null : rules[twin]!);
  return kernel;
}

function write(
  prim: string,
  rule: ElementwiseRule | FlatRule,
  twin: ElementwiseRule | FlatRule | null,
): GradientKernel | null {
  if ("flat" in rule) return null;
  const other = twin === null || "flat" in twin ? null : twin;
  if (other === null && rule.passes) return null;
  const reads = [...new Set([...rule.reads, ...other?.reads ?? []])];
  const expression = (g: Symbolic, ...others: Symbolic[]): Symbolic => {
    const values = Object.fromEntries(reads.map((name, i) => [name, others[i]])) as unknown as ElementwiseValues<
      Symbolic
    >;
    const gradient = rule.gradient(g, values);
    return other === null ? gradient : gradient.add(other.gradient(g, values));
  };
  const name = `${prim} gradient`;
  return {
    reads,
    each: fused(name, expression as (...operands: Symbolic[]) => Symbolic),
    sum: fusedSum(name, expression as (...operands: Symbolic[]) => Symbolic),
  };
}

function same(a: Edge | null | undefined, b: Edge): boolean {
  return !!a && a.node === b.node && a.index === b.index;
}

/** Whether an earlier operand is the same tensor as operand `i`, whose gradient it includes. */
export function twinBefore(edges: readonly (Edge | null)[], i: number): boolean {
  for (let j = 0; j < i; j++) if (same(edges[j], edges[i]!)) return true;
  return false;
}

/** The later operand that is the same tensor as operand `i`; -1 if there is none. */
export function twinAfter(edges: readonly (Edge | null)[], i: number): number {
  for (let j = i + 1; j < edges.length; j++) if (same(edges[j], edges[i]!)) return j;
  return -1;
}
