/** The traversal: gradients from outputs back to leaves, each node once, later operations first. */
import { type BackwardOptions, checkOptions, keep, onesLike, scope, Tensor } from "@heddle/tensor";
import { setGradEnabled } from "./grad_mode.ts";
import { alias, attach, type Edge, edgeOf, Leaf, type Node } from "./node.ts";

/** Options of {@link grad}. */
export interface GradOptions extends BackwardOptions {
  /** Gradients to start from, one an output; null means 1 for an output of one element. */
  readonly gradOutputs?: readonly (Tensor | null)[];
  /** Whether an input that the outputs do not depend on gets null rather than an error. */
  readonly allowUnused?: boolean;
}

/** Every node that can be reached, later ones first. */
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

/** Gradients on their way to a node, by output. Handles of the engine's own, freed as soon as they have been used. */
class Arrivals {
  private readonly byNode: Map<Node, (Tensor | null)[]> = new Map();

  add({ node, index }: Edge, gradient: Tensor): void {
    let slots = this.byNode.get(node);
    if (slots === undefined) this.byNode.set(node, slots = []);
    const there = slots[index];
    if (!there) {
      slots[index] = alias(gradient);
      return;
    }
    const sum = there.add(gradient);
    slots[index] = alias(sum);
    sum.dispose();
    there.dispose();
  }

  take(node: Node): (Tensor | null)[] | null {
    const slots = this.byNode.get(node) ?? null;
    this.byNode.delete(node);
    if (slots !== null) { for (let i = 0; i < slots.length; i++) slots[i] ??= null; }
    return slots;
  }

  free(): void {
    for (const slots of this.byNode.values()) for (const slot of slots) slot?.dispose();
  }
}

/** Runs hooks and fills retained gradients of one node's outputs. */
function observe(node: Node, gradients: (Tensor | null)[]): void {
  gradients.forEach((gradient, i) => {
    if (gradient === null) return;
    for (const hook of [...node.hooks[i] ?? []]) {
      const replaced = hook(gradients[i]!);
      if (replaced instanceof Tensor) gradients[i] = replaced;
    }
    const retained = node.retained.get(i);
    if (retained) accumulate(retained, gradients[i]!, false);
  });
}

/** Adds to a tensor's `grad`. */
function accumulate(tensor: Tensor, gradient: Tensor, createGraph: boolean): void {
  if (tensor.isDisposed) return;
  if (tensor.grad === null || tensor.grad.isDisposed) {
    if (createGraph) tensor.grad = keep(alias(gradient));
    else if (gradient.storage.unique && gradient.isContiguous()) {
      // Nobody else looks at this memory: it becomes the gradient.
      tensor.grad = keep(alias(gradient));
      attach(tensor.grad, null);
    } else {
      const copy = gradient.detach().clone();
      tensor.grad = keep(alias(copy));
      copy.dispose();
    }
  } else if (createGraph) tensor.grad = keep(tensor.grad.add(gradient));
  else tensor.grad.add_(gradient.detach());
}

interface Traversal {
  readonly roots: readonly Edge[];
  readonly gradients: readonly Tensor[];
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** With targets, only paths that lead to them are followed and nothing is accumulated. */
  readonly targets: readonly Edge[] | null;
  readonly captured: (Tensor | null)[];
}

function traverse({ roots, gradients, retainGraph, createGraph, targets, captured }: Traversal): void {
  const order = reachable(roots);
  const needed = targets === null ? null : leadingTo(order, targets);
  const arrivals = new Arrivals();
  roots.forEach((root, i) => arrivals.add(root, gradients[i]!));
  try {
    for (const node of order) {
      const arrived = arrivals.take(node);
      if (arrived === null) continue;
      const inner = scope();
      try {
        const given = [...arrived];
        observe(node, given);
        targets?.forEach((target, t) => {
          if (target.node === node && given[target.index]) captured[t] = alias(given[target.index]!);
        });
        if (node instanceof Leaf) {
          if (targets === null) accumulate(node.tensor, given[0]!, createGraph);
        } else if (needed === null || needed.has(node)) {
          const results = node.run(given);
          results.forEach((result, i) => {
            const edge = node.edges[i];
            if (result && edge && (needed === null || needed.has(edge.node))) arrivals.add(edge, result);
          });
        }
      } finally {
        inner.end();
        for (const gradient of arrived) gradient?.dispose();
      }
      if (!retainGraph) node.clear();
    }
  } finally {
    arrivals.free();
  }
}

/** The targets' nodes and all through which gradients come to them. */
function leadingTo(order: readonly Node[], targets: readonly Edge[]): Set<Node> {
  const needed = new Set(targets.map(({ node }) => node));
  for (let i = order.length - 1; i >= 0; i--) {
    if (order[i]!.edges.some((edge) => edge && needed.has(edge.node))) needed.add(order[i]!);
  }
  return needed;
}

function start(
  operation: string,
  outputs: readonly Tensor[],
  given: readonly (Tensor | null)[] | undefined,
): { roots: Edge[]; gradients: Tensor[] } {
  const roots: Edge[] = [];
  const gradients: Tensor[] = [];
  outputs.forEach((output, i) => {
    if (output.isDisposed) throw output.freedError(operation);
    const edge = output.requiresGrad ? edgeOf(output) : null;
    if (edge === null) {
      throw new Error(
        `${operation}: the tensor of shape [${
          output.shape.join(", ")
        }] needs no gradient: nothing it was computed from has requiresGrad, or it was ` +
          `computed inside noGrad`,
      );
    }
    const gradient = given?.[i] ?? null;
    if (gradient === null && output.numel !== 1) {
      throw new Error(
        `${operation}: gradients start from one number, but this tensor has shape [${
          output.shape.join(", ")
        }]; reduce it with sum() or mean(), or give ` +
          `the gradient to start from`,
      );
    }
    if (
      gradient !== null && (gradient.ndim !== output.ndim || gradient.shape.some((size, d) => size !== output.shape[d]))
    ) {
      throw new RangeError(
        `${operation}: the gradient has shape [${gradient.shape.join(", ")}], its tensor [${
          output.shape.join(", ")
        }]; they must be equal`,
      );
    }
    roots.push(edge);
    gradients.push(gradient === null ? onesLike(output) : gradient.to(output.dtype));
  });
  return { roots, gradients };
}

/** Accumulates gradients in the leaves; what `Tensor.backward` does, for several tensors at once. */
export function backward(
  outputs: readonly Tensor[],
  gradOutputs?: readonly (Tensor | null)[],
  options: BackwardOptions = {},
): void {
  checkOptions("backward", options, ["createGraph", "retainGraph"]);
  const { createGraph = false, retainGraph = createGraph } = options;
  const outer = scope();
  try {
    setGradEnabled(createGraph, () => {
      const { roots, gradients } = start("backward", outputs, gradOutputs);
      traverse({ roots, gradients, retainGraph, createGraph, targets: null, captured: [] });
    });
  } finally {
    outer.end();
  }
}

/**
 * Gradients of outputs with respect to inputs (PyTorch's `torch.autograd.grad`), without touching any `grad`. With `createGraph`
 * they can be differentiated again.
 *
 * @throws Error when an output needs no gradient, or an input has no part in the outputs (unless `allowUnused`).
 *
 * @example
 * ```ts
 * import { grad } from "@heddle/autograd";
 * import { tensor } from "@heddle/tensor";
 * const x = tensor(3, { requiresGrad: true });
 * const [first] = grad([x.pow(3)], [x], { createGraph: true });
 * const [second] = grad([first!], [x]);
 * second!.item(); // 18
 * ```
 */
export function grad(
  outputs: readonly Tensor[] | Tensor,
  inputs: readonly Tensor[] | Tensor,
  options: GradOptions = {},
): (Tensor | null)[] {
  checkOptions("grad", options, ["allowUnused", "createGraph", "gradOutputs", "retainGraph"]);
  const from = outputs instanceof Tensor ? [outputs] : outputs;
  const to = inputs instanceof Tensor ? [inputs] : inputs;
  const { createGraph = false, retainGraph = createGraph, allowUnused = false, gradOutputs } = options;
  const targets = to.map((input, i) => {
    const edge = input.requiresGrad ? edgeOf(input) : null;
    if (edge === null) {
      throw new Error(
        `grad: input ${i} of shape [${
          input.shape.join(", ")
        }] needs no gradient; call requiresGrad_() before computing the outputs`,
      );
    }
    return edge;
  });
  const captured = new Array<Tensor | null>(to.length).fill(null);
  const outer = scope();
  try {
    setGradEnabled(createGraph, () => {
      const { roots, gradients } = start("grad", from, gradOutputs);
      traverse({ roots, gradients, retainGraph, createGraph, targets, captured });
    });
  } finally {
    outer.end();
  }
  const results = captured.map((gradient, i) => {
    if (gradient === null) {
      if (allowUnused) return null;
      throw new Error(
        `grad: the outputs do not depend on input ${i} of shape [${
          to[i]!.shape.join(", ")
        }]; leave it out, or pass { allowUnused: true }`,
      );
    }
    // A handle that belongs to the caller's scope.
    const result = new Tensor(gradient.storage, gradient.dtype, gradient);
    if (createGraph) attach(result, edgeOf(gradient));
    gradient.dispose();
    return result;
  });
  return results;
}
