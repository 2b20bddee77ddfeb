/**
 * Automatic differentiation. Importing it makes `requiresGrad` and `backward()` of tensors work.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { tensor } from "@heddle/tensor";
 * const w = tensor([1, 2], { requiresGrad: true });
 * w.square().sum().backward();
 * console.log(w.grad!.toArray()); // [2, 4]
 * ```
 * @module
 */
import { installTape } from "@heddle/tensor/engine";
import { tape } from "./record.ts";

installTape(tape);

export { backward, grad, type GradOptions } from "./engine.ts";
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from "./grad_mode.ts";
export { customFunction, type FunctionContext, type FunctionDefinition } from "./function.ts";
export { type Checked, gradcheck, type GradcheckOptions, gradgradcheck } from "./gradcheck.ts";
export { hessian, jacobian } from "./functional.ts";
