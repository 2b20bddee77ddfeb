/** The public functions: gradients of outputs, accumulated in leaves or returned. */
import { type BackwardOptions, onesLike, scope, Tensor } from "@heddle/tensor";
import { checkOptions, checkTensor, freedError, makeTensor } from "@heddle/tensor/engine";
import { setRecording } from "./grad_mode.ts";
import { attach, type Edge, edgeOf } from "./node.ts";
import { Traversal } from "./traversal.ts";

/** Options of {@link grad}. */
export interface GradOptions extends BackwardOptions {
  /** Initial gradients, one for each output; null means 1, for an output of one element. */
  readonly gradOutputs?: readonly (Tensor | null)[];
  /** Whether an input on which no output depends gets null instead of an error. */
  readonly allowUnused?: boolean;
}

/** The roots of a backward pass, as given. */
interface Start {
  readonly roots: readonly Edge[];
  /** One for each root; null for 1. */
  readonly given: readonly (Tensor | null)[];
  readonly gradients: readonly Tensor[];
}

interface Request extends Start {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** With targets, only paths that lead to them are followed and nothing is accumulated. */
  readonly targets: readonly Edge[] | null;
}

/**
 * Runs a traversal. One that fails after it has freed values of the graph is stored at its first root, and continues when the same call
 * is repeated.
 *
 * @returns the finished traversal, to be freed.
 */
function traverse(request: Request): Traversal {
  const first = request.roots[0]!.node;
  const before = first.suspended as Traversal | null;
  first.suspended = null;
  const goesOn = before !== null && before.isFor(request);
  if (before !== null && !goesOn) before.free();
  const traversal = goesOn ? before : new Traversal(request);
  try {
    traversal.run(request.retainGraph);
  } catch (error) {
    if (traversal.hasCleared) first.suspended = traversal;
    else traversal.free();
    throw error;
  }
  return traversal;
}

/** One tensor or a list, as a list. @throws TypeError naming the element that is not a tensor. */
function listed(operation: string, name: string, given: readonly Tensor[] | Tensor): readonly Tensor[] {
  const list = Array.isArray(given) ? given as readonly Tensor[] : [given as Tensor];
  for (let i = 0; i < list.length; i++) checkTensor(operation, list[i], list.length === 1 ? name : `${name} ${i}`);
  return list;
}

/** @throws TypeError for invalid gradients, most often options in their place. */
function checkStart(operation: string, value: unknown): asserts value is Tensor | null | undefined {
  if (value === undefined || value === null || value instanceof Tensor) return;
  if (operation === "backward" && typeof value === "object" && ("retainGraph" in value || "createGraph" in value)) {
    throw new TypeError(
      "backward: the gradient to start from comes first, and options after it: backward(undefined, { retainGraph: true })",
    );
  }
  checkTensor(
    operation,
    value,
    operation === "backward"
      ? "the gradient to start from, which comes first (options after it, as in backward(undefined, { retainGraph: true })),"
      : "each of gradOutputs",
  );
}

function start(
  operation: string,
  outputs: readonly Tensor[],
  given: readonly (Tensor | null)[] = [],
): Start {
  const roots: Edge[] = [];
  const gradients: Tensor[] = [];
  outputs.forEach((output, i) => {
    if (output.isDisposed) throw freedError(output, operation);
    const edge = output.requiresGrad ? edgeOf(output) : null;
    if (edge === null) {
      throw new Error(
        `${operation}: the tensor of shape [${
          output.shape.join(", ")
        }] needs no gradient: nothing it was computed from has requiresGrad, or it was ` +
          `computed inside noGrad`,
      );
    }
    checkStart(operation, given[i]);
    const gradient = given[i] ?? null;
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
  return { roots, given: outputs.map((_, i) => given[i] ?? null), gradients };
}

/**
 * Accumulates gradients in the leaves; `Tensor.backward` for several tensors at once. If it fails (when memory runs out), no `grad` has
 * changed, and the same call can be repeated.
 */
export function backward(
  outputs: readonly Tensor[],
  gradOutputs?: readonly (Tensor | null)[],
  options: BackwardOptions = {},
): void {
  checkOptions("backward", options, ["createGraph", "retainGraph"]);
  const { createGraph = false, retainGraph = createGraph } = options;
  listed("backward", "output", outputs);
  if (outputs.length === 0) return;
  const outer = scope();
  try {
    setRecording(createGraph, () => {
      const traversal = traverse({
        ...start("backward", outputs, gradOutputs),
        retainGraph,
        createGraph,
        targets: null,
      });
      outer.suspend();
      traversal.finish();
    });
  } finally {
    outer.end();
  }
}

/**
 * Gradients of outputs with respect to inputs (PyTorch's `torch.autograd.grad`), without touching any `grad`. With `createGraph`
 * they can be differentiated again.
 *
 * @throws Error when an output needs no gradient, or no output depends on an input (unless `allowUnused`).
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
  const from = listed("grad", "output", outputs);
  const to = listed("grad", "input", inputs);
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
  if (gradOutputs !== undefined && !Array.isArray(gradOutputs)) {
    throw new TypeError(
      "grad: gradOutputs is a list with a tensor or null for each output; write { gradOutputs: [g] }",
    );
  }
  const results: (Tensor | null)[] = [];
  if (from.length === 0) return checkUsed(to.map(() => null), to, allowUnused);
  const outer = scope();
  try {
    setRecording(createGraph, () => {
      const traversal = traverse({ ...start("grad", from, gradOutputs), retainGraph, createGraph, targets });
      // New handles, which belong to the caller's scope.
      outer.suspend();
      for (const gradient of traversal.captured) {
        const result = gradient === null ? null : makeTensor(gradient.storage, gradient.dtype, gradient);
        if (result !== null && createGraph) attach(result, edgeOf(gradient!));
        results.push(result);
      }
      traversal.finish();
    });
  } finally {
    outer.end();
  }
  return checkUsed(results, to, allowUnused);
}

function checkUsed(
  gradients: (Tensor | null)[],
  inputs: readonly Tensor[],
  allowUnused: boolean,
): (Tensor | null)[] {
  const unused = gradients.indexOf(null);
  if (unused < 0 || allowUnused) return gradients;
  for (const gradient of gradients) gradient?.dispose();
  throw new Error(
    `grad: the outputs do not depend on input ${unused} of shape [${
      inputs[unused]!.shape.join(", ")
    }]; leave it out, or pass { allowUnused: true }`,
  );
}
