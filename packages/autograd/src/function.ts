/** Operations with custom gradients. */
import { isFloat, Tensor, zeros } from "@heddle/tensor";
import { checkSynchronous } from "@heddle/tensor/engine";
import { isGradEnabled, setRecording } from "./grad_mode.ts";
import { attach, clearedError, type Edge, edgeOf, metaOf, Node, Saved, type ValueMeta } from "./node.ts";
import { toMeta } from "./undo_broadcast.ts";

/** The context shared by forward and backward of one call. */
export interface FunctionContext {
  /** Saves tensors for backward and holds their memory until it has run. Inputs and outputs only, as in PyTorch. */
  saveForBackward(...tensors: Tensor[]): void;
  /** In backward: the saved tensors, in order. */
  readonly savedTensors: readonly Tensor[];
  /** For each tensor argument, whether its gradient is needed. */
  readonly needsInputGrad: readonly boolean[];
  /** Anything else that backward needs. */
  [key: string]: unknown;
}

/** The two passes of an operation. Tensor and other arguments may be mixed; only tensors have gradients. */
export interface FunctionDefinition<Args extends readonly unknown[], Result extends Tensor | readonly Tensor[]> {
  /** Shown as `gradFn`. */
  readonly name?: string;
  /** Runs without recording. */
  forward(context: FunctionContext, ...args: Args): Result;
  /**
   * Computes the gradients of the tensor arguments, in order, from those of the outputs; null for none. It is differentiable if it uses
   * tensor operations. A missing gradient of one of several outputs is passed as zeros.
   */
  backward(context: FunctionContext, ...gradients: Tensor[]): readonly (Tensor | null)[] | Tensor;
}

class FunctionNode extends Node {
  private readonly definition: FunctionDefinition<readonly never[], Tensor | readonly Tensor[]>;
  private readonly context: FunctionContext;
  private readonly inputs: readonly ValueMeta[];
  private outputs: readonly ValueMeta[];
  private saved: Saved[] | null;

  constructor(
    definition: FunctionDefinition<readonly never[], Tensor | readonly Tensor[]>,
    context: FunctionContext,
    edges: (Edge | null)[],
    inputs: readonly ValueMeta[],
  ) {
    super(definition.name ?? "customFunction", edges);
    this.definition = definition;
    this.context = context;
    this.inputs = inputs;
    this.outputs = [];
    this.saved = [];
  }

  /** Stores the outputs, and which inputs and outputs forward saved. */
  finish(outputs: readonly Tensor[], saved: readonly Tensor[]): void {
    this.outputs = outputs.map(metaOf);
    this.saved = saved.map((tensor) => {
      const index = outputs.indexOf(tensor);
      return new Saved(tensor, index >= 0 ? { node: this, index } : null);
    });
  }

  run(gradients: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    if (this.saved === null) throw clearedError(this.name);
    const savedTensors = this.saved.map((value) => value.unpack(this.name));
    const given = this.outputs.map((meta, i) => gradients[i] ?? zerosLikeMeta(meta));
    const context = Object.assign(Object.create(this.context) as FunctionContext, { savedTensors });
    const results = this.definition.backward(context, ...given);
    checkSynchronous(`${this.name}: backward`, results, "gradients are needed at once");
    const list = results instanceof Tensor ? [results] : results;
    if (list.length !== this.inputs.length) {
      throw new Error(
        `${this.name}: backward gave ${list.length} gradients for ${this.inputs.length} tensor arguments; give one each, or null`,
      );
    }
    return list.map((gradient, i) => gradient === null || !this.edges[i] ? null : toMeta(gradient, this.inputs[i]!));
  }

  clear(): void {
    this.saved?.forEach((value) => value.release());
    this.saved = null;
  }
}

function zerosLikeMeta({ shape, dtype, device }: ValueMeta): Tensor {
  return zeros(shape, { dtype, device });
}

/**
 * Creates an operation from a custom forward and backward pass (PyTorch's `torch.autograd.Function`).
 *
 * @example
 * ```ts
 * import { customFunction } from "@heddle/autograd";
 * import { type Tensor, tensor } from "@heddle/tensor";
 * const cube = customFunction({
 *   forward(context, x: Tensor) {
 *     context.saveForBackward(x);
 *     return x.pow(3);
 *   },
 *   backward(context, g) {
 *     const [x] = context.savedTensors;
 *     return g.mul(x!.square().mul(3));
 *   },
 * });
 * const x = tensor([2], { requiresGrad: true });
 * cube(x).backward();
 * x.grad!.item(); // 12
 * ```
 */
export function customFunction<Args extends readonly unknown[], Result extends Tensor | readonly Tensor[]>(
  definition: FunctionDefinition<Args, Result>,
): (...args: Args) => Result {
  return (...args) => {
    const tensors = args.filter((arg): arg is Args[number] & Tensor => arg instanceof Tensor) as Tensor[];
    let toSave: readonly Tensor[] = [];
    const context: FunctionContext = {
      saveForBackward: (...given) => void (toSave = given),
      savedTensors: [],
      needsInputGrad: tensors.map((x) => x.requiresGrad),
    };
    const result = setRecording(false, () => {
      const result = definition.forward(context, ...args);
      checkSynchronous(
        `${definition.name ?? "customFunction"}: forward`,
        result,
        "await before calling it, and give it the values",
      );
      return result;
    });
    if (!isGradEnabled() || !tensors.some((x) => x.requiresGrad)) return result;
    const node = new FunctionNode(
      definition as unknown as FunctionDefinition<readonly never[], Tensor | readonly Tensor[]>,
      context,
      tensors.map(edgeOf),
      tensors.map(metaOf),
    );
    const given: readonly Tensor[] = result instanceof Tensor ? [result] : result;
    // An input that is returned unchanged gets a new handle, so that its history is not overwritten.
    const outputs = given.map((output) => tensors.includes(output) ? output.detach() : output);
    node.finish(outputs, toSave.map((x) => given.includes(x) ? outputs[given.indexOf(x)]! : x));
    outputs.forEach((output, index) => isFloat(output.dtype) && attach(output, { node, index }));
    return (result instanceof Tensor ? outputs[0] : outputs) as Result;
  };
}
