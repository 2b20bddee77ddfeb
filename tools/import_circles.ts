// Finds circles in a graph of imports.

/** For each node what it imports, with the place (`file:line`) of that import. */
export type ImportGraph = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Nodes that import each other, directly or through others. */
export interface Circle {
  /** All of them, sorted. */
  readonly nodes: readonly string[];
  /** The shortest way round: each node imports the next one, the last one the first. */
  readonly shortest: readonly string[];
}

/** The circles of a graph, one for each set of nodes that can all reach each other, sorted by their first node. */
export function findCircles(graph: ImportGraph): Circle[] {
  return components(graph)
    .filter((nodes) => nodes.length > 1 || graph.get(nodes[0]!)!.has(nodes[0]!))
    .map((nodes) => ({ nodes: nodes.sort(), shortest: shortestCircle(graph, nodes) }))
    .sort((a, b) => a.nodes[0]! < b.nodes[0]! ? -1 : 1);
}

/** `a → b (a.ts:1), b → a (b.ts:2)`. */
export function showCircle(graph: ImportGraph, circle: readonly string[]): string {
  return circle.map((from, i) => {
    const to = circle[(i + 1) % circle.length]!;
    return `${from} → ${to} (${graph.get(from)!.get(to)})`;
  }).join(", ");
}

/** The strongly connected components (Tarjan, 1972). Imports of nodes that the graph lacks are ignored. */
function components(graph: ImportGraph): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const open = new Set<string>();
  const visit = (node: string): void => {
    const number = order.size;
    order.set(node, number);
    lowest.set(node, number);
    stack.push(node);
    open.add(node);
    for (const next of graph.get(node)!.keys()) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) visit(next);
      if (open.has(next)) lowest.set(node, Math.min(lowest.get(node)!, lowest.get(next)!));
    }
    if (lowest.get(node) !== number) return;
    const component = stack.splice(stack.indexOf(node));
    for (const member of component) open.delete(member);
    found.push(component);
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}

/** The shortest circle through any of `nodes`, by a breadth-first search from each. */
function shortestCircle(graph: ImportGraph, nodes: readonly string[]): string[] {
  const inside = new Set(nodes);
  let best: string[] | null = null;
  for (const start of nodes) {
    const from = new Map<string, string>();
    const queue = [start];
    for (const node of queue) {
      for (const next of graph.get(node)!.keys()) {
        if (!inside.has(next) || from.has(next)) continue;
        from.set(next, node);
        queue.push(next);
      }
    }
    const circle: string[] = [];
    for (let node = from.get(start)!; node !== start; node = from.get(node)!) circle.unshift(node);
    circle.unshift(start);
    if (best === null || circle.length < best.length) best = circle;
  }
  return best!;
}
