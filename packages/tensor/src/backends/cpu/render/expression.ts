/** Expressions as code on vectors. */
import type { Expr } from "../../../ir/kernel.ts";
import type { ElementwisePrim } from "../../../prims/attrs.ts";
import type { Code, FunctionBuilder, ModuleBuilder } from "../../../wasm/assembler.ts";
import { laneKind } from "./lanes.ts";
import { hostArity, needsHost, renderCast, renderOperation, type Site } from "./operations.ts";
import { operandDType } from "./plan.ts";

/** Functions imported from the host, by primitive. */
export type Hosts = ReadonlyMap<ElementwisePrim, { readonly index: number }>;

/** A leaf of an expression. */
export type Leaf = Extract<Expr, { readonly index: number }>;

/** The code of an expression, all lanes at once; `leaf` gives that of inputs and scalars. */
export function renderExpression(
  f: FunctionBuilder,
  lanes: number,
  hosts: Hosts,
  expr: Expr,
  leaf: (expr: Leaf) => Code,
): Code {
  if (expr.op === "input" || expr.op === "scalar") return leaf(expr);
  const args = expr.args.map((arg) => renderExpression(f, lanes, hosts, arg, leaf));
  const dtype = operandDType(expr);
  const site: Site = { f, dtype, kind: laneKind(dtype)!, lanes, host: (name) => hosts.get(name)! };
  return expr.op === "cast" ? renderCast(site, expr.dtype, args[0]!)! : renderOperation(expr.op, site, args);
}

function hostPrims(expr: Expr, found: Set<ElementwisePrim>): void {
  if (expr.op === "input" || expr.op === "scalar") return;
  if (needsHost(expr.op, operandDType(expr))) found.add(expr.op);
  expr.args.forEach((arg) => hostPrims(arg, found));
}

/** Imports what expressions need from the host. To be called before the module's functions are made. */
export function importHosts(module: ModuleBuilder, exprs: readonly Expr[]): Hosts {
  const found: Set<ElementwisePrim> = new Set();
  for (const expr of exprs) hostPrims(expr, found);
  const hosts = new Map<ElementwisePrim, { readonly index: number }>();
  for (const prim of found) {
    hosts.set(prim, module.importFunction(prim, Array(hostArity.get(prim)!).fill("f64"), ["f64"]));
  }
  return hosts;
}
