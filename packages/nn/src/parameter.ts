/** Parameters: the tensors of a module that are trained. */
import "@heddle/autograd";
import { isFloat, Tensor } from "@heddle/tensor";
import { checkOptions, checkTensor, markClass } from "@heddle/tensor/engine";

/** Options of {@link Parameter}. */
export interface ParameterOptions {
  /** Whether gradients are computed for it; true unless it is to stay frozen. */
  readonly requiresGrad?: boolean;
}

/**
 * A tensor that a {@link Module} owns and an optimiser changes: a leaf that requires a gradient, and that no scope frees. It shares
 * the memory of the tensor it is made of. PyTorch: `torch.nn.Parameter`.
 *
 * @throws TypeError for integers and bool, which have no gradients.
 *
 * @example
 * ```ts
 * import { Parameter } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * const scale = new Parameter(ones([3]));
 * scale.mul(2).sum().backward();
 * scale.grad!.toArray(); // [2, 2, 2]
 * ```
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, options: ParameterOptions = {}) {
    checkOptions("Parameter", options, ["requiresGrad"]);
    checkTensor("Parameter", data);
    const { requiresGrad = true } = options;
    if (requiresGrad && !isFloat(data.dtype)) {
      throw new TypeError(
        `Parameter: ${data.dtype} has no gradients; cast with .to("float32"), pass { requiresGrad: false }, or register a buffer`,
      );
    }
    // Untracked: a parameter made inside a scope outlives it.
    super(data.storage, data.dtype, data, false);
    this.kept = true;
    data.storage.lasting = true;
    if (requiresGrad) this.requiresGrad = true;
  }
}

markClass(Parameter, "@heddle/nn");
