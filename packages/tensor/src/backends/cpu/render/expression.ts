/** Renders expressions as vector code. */
import type { Expr } from "../../../ir/kernel.ts";
import { elementwiseRows, type FunctionPrim, isComparison } from "../../../prims/elementwise.ts";
import type { FunctionBuilder, ModuleBuilder } from "../../../code/module.ts";
import { type Code, get, type Local, set } from "../../../code/tree.ts";
import { type LaneKind, laneKind, roundedToBfloat16 } from "./lanes.ts";
import { castLanes, chooseByComparison, needsHost, renderOperation, type Site } from "./operations.ts";
import { operandDType } from "./expression_analysis.ts";

/** Functions imported from the host, by primitive. */
export type Hosts = ReadonlyMap<FunctionPrim, { readonly index: number }>;

/** A leaf of an expression. */
export type Leaf = Extract<Expr, { readonly index: number }>;

/** Renders an expression on all lanes. `leaf` returns the code of inputs and scalars. Repeated subexpressions are computed once. */
export function renderExpression(
  f: FunctionBuilder,
  lanes: number,
  hosts: Hosts,
  expr: Expr,
  leaf: (expr: Leaf) => Code,
): Code {
  const { first, values } = renderExpressions(f, lanes, hosts, [expr], leaf);
  return [first, values[0]!];
}

/** Renders several expressions. Shared subexpressions come first. */
export function renderExpressions(
  f: FunctionBuilder,
  lanes: number,
  hosts: Hosts,
  exprs: readonly Expr[],
  leaf: (expr: Leaf) => Code,
): { readonly first: Code; readonly values: readonly Code[] } {
  const shared: Map<Expr, Local> = new Map();
  const first: Code[] = [];
  const render = (node: Expr): Code => {
    if (node.op === "input" || node.op === "scalar") return leaf(node);
    const known = shared.get(node);
    return known ? get(known) : compute(node);
  };
  const compute = (node: Operation): Code => {
    const siteOf = (node: Operation): Site => {
      const dtype = operandDType(node);
      return { f, dtype, kind: laneKind(dtype)!, lanes, host: (name) => hosts.get(name)! };
    };
    const site = siteOf(node);
    const [test, yes, no] = node.args as readonly [Expr, Expr, Expr];
    if (node.op === "where" && isOperation(test) && isComparison(test.op) && !shared.has(test)) {
      const compared = siteOf(test);
      if (bitsOf(compared.kind) === bitsOf(site.kind)) {
        return chooseByComparison(compared, test.op, test.args.map(render), render(yes), render(no));
      }
    }
    const args = node.args.map(render);
    if (node.op === "cast") return castLanes(f, site.dtype, node.dtype, args[0]!)!;
    const value = renderOperation(node.op, site, args);
    return node.dtype === "bfloat16" ? roundedToBfloat16(f, value) : value;
  };
  for (const node of repeated(exprs)) {
    const local = f.local("vector");
    first.push(set(local, compute(node)));
    shared.set(node, local);
  }
  return { first, values: exprs.map(render) };
}

type Operation = Exclude<Expr, Leaf>;

const isOperation = (expr: Expr): expr is Operation => expr.op !== "input" && expr.op !== "scalar";

const bitsOf = (kind: LaneKind): string => kind.slice(1);

/** The operations that are used more than once, each after its own operands. */
function repeated(roots: readonly Expr[]): Operation[] {
  const uses: Map<Expr, number> = new Map();
  const order: Operation[] = [];
  const visit = (expr: Expr): void => {
    if (expr.op === "input" || expr.op === "scalar") return;
    const count = uses.get(expr) ?? 0;
    uses.set(expr, count + 1);
    if (count > 0) return;
    expr.args.forEach(visit);
    order.push(expr);
  };
  roots.forEach(visit);
  return order.filter((expr) => uses.get(expr)! > 1);
}

function hostPrims(expr: Expr, found: Set<FunctionPrim>): void {
  if (expr.op === "input" || expr.op === "scalar") return;
  if (needsHost(expr.op, operandDType(expr))) found.add(expr.op);
  expr.args.forEach((arg) => hostPrims(arg, found));
}

/** Imports the host functions that expressions need. Call it before the module's functions are created. */
export function importHosts(module: ModuleBuilder, exprs: readonly Expr[]): Hosts {
  const found: Set<FunctionPrim> = new Set();
  for (const expr of exprs) hostPrims(expr, found);
  const hosts = new Map<FunctionPrim, { readonly index: number }>();
  for (const prim of found) {
    hosts.set(prim, module.importFunction(prim, Array(elementwiseRows[prim].arity).fill("f64"), ["f64"]));
  }
  return hosts;
}
