/** Groups of nodes that are computed together: element-wise ones as one kernel, a convolution with the normalisation after it. */
import { fuseConvBnWeights } from "@heddle/nn";
import { type Device, fused, type FusedFunction, type Symbolic, type Tensor } from "@heddle/tensor";
import { type Expr, isTensor, keepsPrepared, symbolsOf } from "@heddle/tensor/engine";
import { Call } from "../operators/call.ts";
import { convolve } from "../operators/convolution.ts";
import { numbersOf } from "../operators/host.ts";
import type { Point } from "../operators/operator.ts";
import type { Value } from "../operators/value.ts";
import { type Graph, type Group, type Node, usedBy } from "./graph.ts";

/** The most tensors of a kernel: WebGPU has eight buffers at least, one of which is written. */
const mostInputs = 7;
const mostNodes = 32;

/** Finds the groups of a graph, and reorders its nodes so that those of a group follow each other. */
export function fuseNodes(graph: Graph): void {
  const uses = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of usedBy(node)) {
      const users = uses.get(name);
      if (users === undefined) uses.set(name, [node]);
      else users.push(node);
    }
  }
  const leaving = new Set(graph.outputs);
  const context: Context = {
    graph,
    places: new Map(graph.nodes.map((node, i) => [node, i])),
    producers: new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const))),
    uses: (name) => leaving.has(name) ? [] : uses.get(name) ?? [],
    taken: new Set(),
  };
  const found = new Map<Node, Group>();
  for (const find of [normalisedConvolution, pointwiseGroup]) {
    for (const node of graph.nodes.toReversed()) {
      if (context.taken.has(node)) continue;
      const group = find(node, context);
      if (group === null) continue;
      for (const member of group.nodes) context.taken.add(member);
      found.set(node, group);
    }
  }
  // The others of a group come as late as its last node: only the group uses them.
  const ordered = graph.nodes.flatMap((node) => found.get(node)?.nodes ?? (context.taken.has(node) ? [] : [node]));
  graph.nodes.splice(0, graph.nodes.length, ...ordered);
  const places = new Map(ordered.map((node, i) => [node, i]));
  graph.groups = new Map([...found.values()].map((group) => [places.get(group.nodes[0]!)!, group]));
}

interface Context {
  readonly graph: Graph;
  readonly places: ReadonlyMap<Node, number>;
  readonly producers: ReadonlyMap<string, Node>;
  /** The nodes that use a value; none for the graph's outputs. */
  readonly uses: (name: string) => readonly Node[];
  readonly taken: Set<Node>;
}

/** The node that makes a value, if only `users` use it. */
function only(name: string, users: ReadonlySet<Node>, { producers, uses, taken }: Context): Node | null {
  const producer = producers.get(name);
  if (producer === undefined || taken.has(producer) || producer.outputs.length !== 1) return null;
  const all = uses(name);
  return all.length > 0 && all.every((user) => users.has(user)) ? producer : null;
}

// Element-wise nodes.

/** The group of element-wise nodes that ends in a node. */
function pointwiseGroup(last: Node, context: Context): Group | null {
  if (!isPointwise(last, context)) return null;
  const members = new Set([last]);
  for (const member of members) { // which grows
    for (const name of member.inputs) {
      const producer = only(name, members, context);
      if (producer === null || members.has(producer) || members.size === mostNodes) continue;
      if (!isPointwise(producer, context) || repeats(producer, members, context)) continue;
      members.add(producer);
      if (inputsOf(members, context).length > mostInputs) members.delete(producer);
    }
  }
  const nodes = [...members].sort((a, b) => context.places.get(a)! - context.places.get(b)!);
  const inputs = inputsOf(members, context);
  const kernel = fused(nodes.map(({ op }) => op).join(" "), (...symbols) => {
    const values = new Map<string, Symbolic>(inputs.map((name, i) => [name, symbols[i]!]));
    for (const node of nodes) values.set(node.outputs[0]!, express(node, (name) => values.get(name)!, context)!);
    return values.get(last.outputs[0]!)!;
  });
  return { nodes, inputs, run: (given, runner) => runPointwise(kernel, given, runner.device) };
}

function runPointwise(kernel: FusedFunction, given: readonly Value[], device: Device): Tensor | null {
  const [first] = given;
  if (!isTensor(first)) return null;
  const { dtype } = first;
  if (dtype !== "float32" && dtype !== "float64") return null;
  const tensors: Tensor[] = [];
  for (const value of given) {
    if (!isTensor(value) || value.dtype !== dtype || value.ndim === 0 || value.device !== device) return null;
    tensors.push(value);
  }
  return kernel(tensors);
}

/** A tensor of which nothing is known but that it is one, to see what nodes make of it. */
const unknown = symbolsOf([])({ op: "input", index: 0, dtype: "float32" });

/** Whether a node is an element-wise function of tensors that can be expressed. */
function isPointwise(node: Node, context: Context): boolean {
  return node.operator.pointwise !== undefined && node.outputs.length === 1 && inputsOf([node], context).length > 0 &&
    express(node, () => unknown, context) !== null;
}

/** The values that element-wise nodes use and others make. */
function inputsOf(members: Iterable<Node>, { graph }: Context): string[] {
  const [used, made] = [new Set<string>(), new Set<string>()];
  for (const { inputs, outputs } of members) {
    for (const name of inputs) if (name !== "" && !isNumber(name, graph)) used.add(name);
    for (const name of outputs) made.add(name);
  }
  return [...used].filter((name) => !made.has(name));
}

const cheap: ReadonlySet<string> = new Set(
  [
    "input",
    "scalar",
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "abs",
    "maximum",
    "minimum",
    "relu",
    "sqrt",
    "where",
    "lt",
    "gt",
  ],
);

function isCheap(expr: Expr): boolean {
  return cheap.has(expr.op) && (!("args" in expr) || expr.args.every(isCheap));
}

/**
 * Whether a costly function would be computed more often in the group than alone, as its result is broadcast there. Its result has the
 * full shape if the group's other inputs are among what it is computed from.
 */
function repeats(producer: Node, members: ReadonlySet<Node>, context: Context): boolean {
  if (isCheap(express(producer, () => unknown, context)!.expr)) return false;
  const before = new Set(inputsOf([producer], context));
  for (const name of before) { // which grows
    const maker = context.producers.get(name);
    if (maker !== undefined && isPointwise(maker, context)) {
      for (const each of inputsOf([maker], context)) before.add(each);
    }
  }
  return inputsOf(members, context).some((name) => name !== producer.outputs[0] && !before.has(name));
}

/** The value of a node as an expression of its inputs. */
function express(node: Node, valueOf: (name: string) => Symbolic, { graph }: Context): Symbolic | null {
  const inputs = node.inputs.map((name): Point => {
    if (name === "") return undefined;
    return isNumber(name, graph) ? numbersOf(graph.constants.get(name)!)[0]! : valueOf(name);
  });
  return node.operator.pointwise!(inputs, node.attributes);
}

/** Whether a value is one number of the program, which does not decide the shape of a result. */
function isNumber(name: string, graph: Graph): boolean {
  const constant = graph.constants.get(name);
  return constant !== undefined && constant.numel === 1 && constant.ndim <= 1 && constant.dtype !== "bool";
}

// Convolutions.

/** A convolution, the batch normalisation after it, and `Relu` after that. In evaluation without gradients they are one product. */
function normalisedConvolution(last: Node, context: Context): Group | null {
  const relu = last.op === "Relu" ? last : null;
  const second = relu === null ? last : only(relu.inputs[0]!, new Set([relu]), context);
  const norm = second?.op === "BatchNormalization" && second.outputs.length === 1 ? second : null;
  const first = norm === null ? second : only(norm.inputs[0]!, new Set([norm]), context);
  if (first?.op !== "Conv" || first === last) return null;
  const nodes = [first, norm, relu].filter((node) => node !== null);
  const tensors = [...first.inputs.slice(1), ...norm?.inputs.slice(1) ?? []].filter((name) => name !== "");
  if (!tensors.every((name) => context.graph.state.has(name))) return null;
  const activation = relu === null ? "none" : "relu";
  const inputs = [first.inputs[0]!, first.inputs[1]!, first.inputs[2] ?? "", ...norm?.inputs.slice(1) ?? []];
  return {
    nodes,
    inputs,
    run(given, runner) {
      const [x, weight, bias, ...statistics] = given as readonly (Tensor | null)[];
      if (runner.training || !keepsPrepared() || !isTensor(x) || x.device !== runner.device) return null;
      if (x.dtype !== weight!.dtype || (x.dtype !== "float32" && x.dtype !== "float64")) return null;
      const call = new Call(first, [x, weight!, bias!], runner, null);
      if (norm === null) return convolve(call, x, weight!, bias!, activation);
      const [scale, shift, runningMean, runningVar] = statistics as Tensor[];
      if (statistics.some((each) => each!.dtype !== x.dtype)) return null;
      const eps = norm.attributes.epsilon as number;
      const folded = fuseConvBnWeights(weight!, bias!, {
        runningMean: runningMean!,
        runningVar: runningVar!,
        eps,
        weight: scale!,
        bias: shift!,
      });
      return convolve(call, x, folded[0], folded[1], activation);
    },
  };
}
