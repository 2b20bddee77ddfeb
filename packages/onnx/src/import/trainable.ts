/** Which tensors of a file are weights. */
import { type Graph, innerGraphs } from "./graph.ts";

/**
 * The names of a graph, and of those around it, whose values enter operators as weights: directly, or through operators that only
 * rearrange, as when a weight is transposed first.
 */
export function trainableNames(graph: Graph): Set<string> {
  const found = new Set<string>();
  for (const node of graph.nodes.toReversed()) {
    for (const inner of innerGraphs(node)) {
      const within = trainableNames(inner);
      if (inner === node.body) inner.inputs.forEach(({ name }, i) => within.has(name) && found.add(node.inputs[i]!));
      else for (const name of within) found.add(name);
    }
    const { weights = [], through = [] } = node.operator;
    const passed = !node.outputs.some((name) => found.has(name))
      ? []
      : through === "all"
      ? node.inputs.keys()
      : through;
    for (const i of [...weights, ...passed]) {
      const name = node.inputs[i] ?? "";
      if (name !== "") found.add(name);
    }
  }
  return found;
}

/** The names whose values are needed as numbers on the host and nowhere else, also through operators on such values alone. */
export function hostNames(graph: Graph): Set<string> {
  const found = new Set<string>();
  const others = new Set<string>();
  const visit = (graph: Graph): void => {
    for (const name of graph.outputs) others.add(name);
    for (const node of graph.nodes.toReversed()) {
      const only = node.outputs.some((name) => found.has(name)) && !node.outputs.some((name) => others.has(name));
      node.inputs.forEach((name, i) => (only || node.operator.numbers?.includes(i) ? found : others).add(name));
      innerGraphs(node).forEach(visit);
    }
  };
  visit(graph);
  return new Set([...found].filter((name) => !others.has(name)));
}

/** The names at inputs of a kind: running statistics, or what scales and shifts what was normalised. */
export function namesAt(graph: Graph, kind: "statistics" | "affine"): Set<string> {
  const found = new Set<string>();
  for (const node of graph.nodes) {
    for (const i of node.operator[kind] ?? []) found.add(node.inputs[i]!);
    for (const inner of innerGraphs(node)) for (const name of namesAt(inner, kind)) found.add(name);
  }
  return found;
}
