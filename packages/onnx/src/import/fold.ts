/** Computes once what depends on constants of the program alone. */
import type { Tensor } from "@heddle/tensor";
import { isTensor } from "@heddle/tensor/engine";
import { asConstant, hostDevice, mostHostElements } from "../operators/host.ts";
import { type Graph, innerGraphs, type Node } from "./graph.ts";
import { Run } from "./run.ts";

/** The most elements that are computed in advance for a model. */
const mostElements = 2 ** 20;

/** Counts what may still be computed. */
export interface FoldBudget {
  elements: number;
}

/** Replaces nodes of a graph, and of those within it, by constants. Nodes that fail stay, to fail when they are run. */
export function foldConstants(
  graph: Graph,
  outer: ReadonlyMap<string, Tensor> = new Map(),
  budget: FoldBudget = { elements: mostElements },
): void {
  const known = new Map([...outer, ...graph.constants]);
  // Names of the graph hide those around it.
  for (const name of [...graph.inputs.map(({ name }) => name), ...graph.state.keys()]) known.delete(name);
  for (const { outputs } of graph.nodes) for (const name of outputs) if (!graph.constants.has(name)) known.delete(name);
  const kept = graph.nodes.filter((node) => {
    const inner = innerGraphs(node);
    for (const each of inner) foldConstants(each, each === node.body ? new Map() : known, budget);
    if (inner.length > 0 || node.operator.impure || !node.inputs.every((name) => name === "" || known.has(name))) {
      return true;
    }
    const results = budget.elements > 0 ? fold(node, known, budget) : null;
    if (results === null) return true;
    node.outputs.forEach((name, i) => {
      if (name === "") return;
      known.set(name, results[i]!);
      graph.constants.set(name, results[i]!);
    });
    return false;
  });
  graph.nodes.splice(0, graph.nodes.length, ...kept);
}

/** The results of a node, or null if it cannot be computed on the host. */
function fold(node: Node, known: ReadonlyMap<string, Tensor>, budget: FoldBudget): Tensor[] | null {
  const run = new Run({ device: hostDevice(), training: false, state: new Map(), buffers: new Set(), folding: true });
  const inputs = [...new Set(node.inputs)].filter((name) => name !== "");
  const graph: Graph = {
    inputs: inputs.map((name) => ({ name, kind: "tensor", type: 0, shape: null })),
    outputs: node.outputs.filter((name) => name !== ""),
    nodes: [node],
    initializers: new Map(),
    constants: new Map(),
    state: new Map(),
    dead: [],
    groups: new Map(),
  };
  let found: readonly unknown[];
  try {
    found = run.run(graph, inputs.map((name) => known.get(name)!));
  } catch {
    return null; // too large, or wrong: then the error comes when the node is run
  }
  for (const value of found) budget.elements -= isTensor(value) ? value.numel : 0;
  const all = new Map(graph.outputs.map((name, i) => [name, found[i]]));
  const results = node.outputs.map((name) => all.get(name) ?? null);
  if (!results.every((value, i) => node.outputs[i] === "" || (isTensor(value) && value.numel <= mostHostElements))) {
    return null;
  }
  return results.map((value) => isTensor(value) ? asConstant(value.contiguous()) : null as never);
}
