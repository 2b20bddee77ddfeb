/** The order in which nodes are run, and when values are used for the last time. */
import { describe, type Graph, type Node, usedBy } from "./graph.ts";
import type { Problems } from "./problems.ts";

/** The nodes so that each follows those that it depends on; files have them in such an order already, most of the time. */
export function inOrder(nodes: readonly Node[], problems: Problems): Node[] {
  const producers = new Map<string, number>();
  nodes.forEach(({ outputs }, i) => outputs.forEach((name) => producers.set(name, i)));
  const waiting = nodes.map(() => 0);
  const followers: number[][] = nodes.map(() => []);
  nodes.forEach((node, i) => {
    for (const name of usedBy(node)) {
      const producer = producers.get(name);
      if (producer === undefined) continue;
      followers[producer]!.push(i);
      waiting[i]!++;
    }
  });
  const sorted: Node[] = [];
  // Each node comes as early as it can, and by its place in the file.
  const ready: number[] = [];
  let next = 0;
  const done = nodes.map(() => false);
  const finish = (i: number): void => {
    done[i] = true;
    sorted.push(nodes[i]!);
    for (const follower of followers[i]!) if (--waiting[follower]! === 0 && follower < next) ready.push(follower);
  };
  for (; next < nodes.length; next++) {
    if (waiting[next] === 0 && !done[next]) finish(next);
    while (ready.length > 0) finish(ready.pop()!);
  }
  const stuck = nodes.findIndex((_, i) => !done[i]);
  if (stuck >= 0) {
    problems.nodes.push(`${describe(nodes[stuck]!)}: it depends on its own output; the graph has a cycle`);
  }
  return sorted;
}

/** Finds after which node each value is not used any more. */
export function findDead(graph: Graph): void {
  const last = new Map<string, number>();
  graph.nodes.forEach((node, i) => {
    for (const name of node.outputs) last.set(name, i);
    for (const name of usedBy(node)) last.set(name, i);
  });
  for (const name of graph.outputs) last.delete(name);
  for (const name of [...graph.constants.keys(), ...graph.state.keys()]) last.delete(name);
  const dead: string[][] = graph.nodes.map(() => []);
  for (const [name, i] of last) dead[i]!.push(name);
  graph.dead = dead;
}
