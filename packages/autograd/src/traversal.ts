/** The traversal: gradients from outputs back to leaves, each node once, later operations first. */
import { scope, type Tensor } from "@heddle/tensor";
import { checkGradient, checkSynchronous } from "@heddle/tensor/engine";
import { alias, attach, type Edge, Leaf, type Node } from "./node.ts";

/** All reachable nodes, later ones first; leaves come last. */
function reachable(roots: readonly Edge[]): Node[] {
  const seen = new Set<Node>();
  const pending = roots.map(({ node }) => node);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const edge of node.edges) if (edge && !seen.has(edge.node)) pending.push(edge.node);
  }
  return [...seen].sort((a, b) => b.sequence - a.sequence);
}

/** The targets' nodes and all nodes from which gradients flow to them. */
function leadingTo(order: readonly Node[], targets: readonly Edge[]): Set<Node> {
  const needed = new Set(targets.map(({ node }) => node));
  for (let i = order.length - 1; i >= 0; i--) {
    if (order[i]!.edges.some((edge) => edge && needed.has(edge.node))) needed.add(order[i]!);
  }
  return needed;
}

/** Gradients by output of a node. */
type Gradients = (Tensor | null)[];

/** Gradients pending at a node, by output. The traversal owns the handles and frees them after use. */
class Arrivals {
  private readonly byNode: Map<Node, Gradients> = new Map();

  /** Adds gradients along the edges: all of them, or none if memory runs out. Sums are made in the open scope. */
  add(edges: readonly (Edge | null)[], gradients: readonly (Tensor | null)[]): void {
    const sums: (Tensor | null)[] = [];
    for (let i = 0; i < edges.length; i++) {
      const edge = edges[i];
      let sum = gradients[i] ?? null;
      if (edge && sum !== null) {
        const before = sameTarget(edges, sums, i);
        const there = before >= 0 ? sums[before]! : this.byNode.get(edge.node)?.[edge.index];
        if (before >= 0) sums[before] = null;
        if (there) sum = there.add(sum);
        sums.push(sum);
      } else sums.push(null);
    }
    // Nothing below can fail.
    for (let i = 0; i < edges.length; i++) {
      const sum = sums[i];
      if (!sum) continue;
      const { node, index } = edges[i]!;
      let held = this.byNode.get(node);
      if (held === undefined) this.byNode.set(node, held = []);
      replace(held, index, sum);
    }
  }

  /** The gradients that have arrived at a node; null for outputs without one. */
  at(node: Node): Gradients | null {
    const slots = this.byNode.get(node);
    if (slots === undefined) return null;
    for (let i = 0; i < slots.length; i++) slots[i] ??= null;
    return slots;
  }

  /** Frees the gradients that have arrived at a node. */
  drop(node: Node): void {
    const slots = this.byNode.get(node);
    if (slots === undefined) return;
    for (let i = 0; i < slots.length; i++) slots[i]?.dispose();
    this.byNode.delete(node);
  }

  free(): void {
    for (const node of [...this.byNode.keys()]) this.drop(node);
  }
}

/** The position before `i` of a sum for the same target; -1 if there is none. */
function sameTarget(edges: readonly (Edge | null)[], sums: readonly (Tensor | null)[], i: number): number {
  const { node, index } = edges[i]!;
  for (let j = i - 1; j >= 0; j--) if (sums[j] && edges[j]!.node === node && edges[j]!.index === index) return j;
  return -1;
}

/** Replaces a held tensor by another. */
function replace(slots: Gradients, index: number, value: Tensor): void {
  const held = alias(value);
  slots[index]?.dispose();
  slots[index] = held;
}

/** Runs the hooks of a node's outputs. */
function hooked(node: Node, gradients: Gradients): Gradients {
  const { hooks } = node;
  if (hooks === null) return gradients;
  return gradients.map((gradient, i) => {
    for (const hook of gradient === null ? [] : [...hooks[i] ?? []]) {
      const replaced = hook(gradient!);
      checkSynchronous(
        "registerHook",
        replaced,
        "backward does not wait for it: take a clone() of the gradient, and await later",
      );
      if (replaced === undefined || replaced === null) continue;
      checkGradient("registerHook", gradient!, replaced);
      gradient = replaced;
    }
    return gradient;
  });
}

/** The request of a traversal. */
export interface Purpose {
  readonly roots: readonly Edge[];
  /** The initial gradients, by root; null for 1. */
  readonly given: readonly (Tensor | null)[];
  /** Gradients of the roots. */
  readonly gradients: readonly Tensor[];
  readonly createGraph: boolean;
  /** With targets, only paths that lead to them are followed and nothing is accumulated. */
  readonly targets: readonly Edge[] | null;
}

/**
 * One backward pass. It may fail at any node, usually because memory runs out, and continue later from that node: the gradients that
 * arrived there are kept, and tensors receive theirs only at the end.
 */
export class Traversal {
  /** With targets: their gradients. */
  readonly captured: Gradients;
  /** Whether it has freed values that another traversal of the graph would need. */
  hasCleared = false;
  private readonly purpose: Purpose;
  private readonly versions: readonly (number | undefined)[];
  private readonly order: readonly Node[];
  private readonly needed: ReadonlySet<Node> | null;
  private readonly arrivals: Arrivals = new Arrivals();
  /** Tensors with what is to be added to their `grad`. */
  private readonly due: [tensor: Tensor, gradient: Tensor][] = [];
  /** Tensors with what is to be their `grad`. */
  private readonly fresh: Map<Tensor, Tensor> = new Map();
  /** The next node of `order`, and whether its hooks have run. */
  private next = 0;
  private isHooked = false;

  constructor(purpose: Purpose) {
    this.purpose = purpose;
    const { roots, given, gradients, targets } = purpose;
    this.versions = given.map((tensor) => tensor?.storage.version);
    this.captured = (targets ?? []).map(() => null);
    this.order = reachable(roots);
    this.needed = targets === null ? null : leadingTo(this.order, targets);
    this.arrivals.add(roots, gradients);
  }

  /** Whether this traversal matches a request. */
  isFor({ roots, given, createGraph, targets }: Purpose): boolean {
    const { purpose } = this;
    return purpose.createGraph === createGraph && same(purpose.roots, roots) && same(purpose.targets, targets) &&
      given.every((tensor, i) => tensor === purpose.given[i] && tensor?.storage.version === this.versions[i]);
  }

  /** Runs or continues. */
  run(retainGraph: boolean): void {
    for (; this.next < this.order.length; this.next++) {
      const node = this.order[this.next]!;
      if (!this.visit(node) || retainGraph) continue;
      node.clear();
      this.hasCleared ||= !(node instanceof Leaf);
    }
    this.accumulate();
  }

  /** @returns whether a gradient came to the node. */
  private visit(node: Node): boolean {
    const { arrivals, needed } = this;
    const arrived = arrivals.at(node);
    if (arrived === null) return false;
    const inner = scope();
    try {
      if (!this.isHooked) {
        const gradients = hooked(node, arrived);
        for (let i = 0; i < gradients.length; i++) {
          if (gradients[i] !== arrived[i]) replace(arrived, i, gradients[i]!);
        }
        this.isHooked = true;
      }
      if (!(node instanceof Leaf) && (needed === null || needed.has(node))) {
        const results = node.run(arrived);
        arrivals.add(
          needed === null ? node.edges : node.edges.map((edge) => edge && needed.has(edge.node) ? edge : null),
          results,
        );
      }
    } finally {
      inner.end();
    }
    this.collect(node, arrived);
    arrivals.drop(node);
    this.isHooked = false;
    return true;
  }

  /** Holds the requested gradients among those that arrived at a node. */
  private collect(node: Node, arrived: Gradients): void {
    const { targets } = this.purpose;
    targets?.forEach((target, t) => {
      const gradient = target.node === node ? arrived[target.index] : null;
      if (gradient) this.captured[t] = alias(gradient);
    });
    if (node.retained !== null) {
      for (const [index, tensor] of node.retained) if (arrived[index]) this.due.push([tensor, alias(arrived[index])]);
    }
    if (node instanceof Leaf && targets === null) this.due.push([node.tensor, alias(arrived[0]!)]);
  }

  /** Assigns gradients to tensors: all of them, or none if memory runs out. */
  private accumulate(): void {
    const { createGraph } = this.purpose;
    const inner = scope();
    try {
      const fresh = new Map<Tensor, Tensor>();
      const added: [grad: Tensor, gradient: Tensor][] = [];
      for (const entry of this.due) {
        const [tensor] = entry;
        if (tensor.isDisposed) continue;
        checkGradient("backward", tensor, entry[1]);
        const grad = fresh.get(tensor) ?? tensor.grad;
        const isFirst = grad === null || grad.isDisposed;
        // The new gradient must have its own memory.
        if (isFirst ? !createGraph && !isOwn(entry[1]) : grad.storage === entry[1].storage) own(entry);
        const [, gradient] = entry;
        if (isFirst) fresh.set(tensor, gradient);
        else if (createGraph || fresh.has(tensor)) fresh.set(tensor, grad.add(gradient));
        else added.push([grad, gradient.detach()]);
      }
      // Nothing below allocates.
      for (const [grad, gradient] of added) grad.add_(gradient);
      for (const [tensor, gradient] of fresh) this.fresh.set(tensor, alias(gradient));
    } finally {
      inner.end();
    }
  }

  /** Assigns the gradients of tensors that had none, in the scope of the caller, and frees everything else. */
  finish(): void {
    for (const [tensor, gradient] of this.fresh) {
      if (!this.purpose.createGraph) attach(gradient, null);
      tensor.grad = gradient;
    }
    this.free();
  }

  /** Frees everything. */
  free(): void {
    this.arrivals.free();
    for (const [, gradient] of this.due) gradient.dispose();
    for (const gradient of this.captured) gradient?.dispose();
    this.due.length = 0;
    this.captured.fill(null);
  }
}

/** Whether a gradient's memory is not shared. */
function isOwn(gradient: Tensor): boolean {
  return gradient.storage.unique && gradient.isContiguous();
}

/** Replaces a gradient by a copy. */
function own(entry: [tensor: Tensor, gradient: Tensor]): void {
  const before = entry[1];
  entry[1] = alias(before.clone());
  before.dispose();
}

function same(a: readonly Edge[] | null, b: readonly Edge[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every(({ node, index }, i) => node === b[i]!.node && index === b[i]!.index);
}
