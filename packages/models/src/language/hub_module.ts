/** Modules whose tensors are named as Hugging Face's. */
import { init, type LayerOptions, Module, snakeCase } from "@heddle/nn";
import type { Generator } from "@heddle/tensor";

/** Names that snake case does not give. */
const NAMES: Readonly<Record<string, string>> = { ln1: "ln_1", ln2: "ln_2", wi0: "wi_0", wi1: "wi_1" };

/** A module with Hugging Face's names in state dicts: `selfAttn` is `self_attn` there, and names with a capital, such as `LayerNorm`, stay. */
export abstract class HubModule extends Module {
  override stateKey(property: string): string {
    return NAMES[property] ?? (/^[A-Z]/.test(property) ? property : snakeCase(property));
  }
}

/** Where the parameters of a model are made; see `LayerOptions` of `@heddle/nn`. */
export type ModelOptions = LayerOptions;

/** The options of layers that draw no initial values. */
export function placement({ dtype, device }: ModelOptions): Omit<ModelOptions, "generator"> {
  return { ...(dtype === undefined ? {} : { dtype }), ...(device === undefined ? {} : { device }) };
}

/**
 * Draws the matrices of a model from normal distributions with the deviations that `deviation` returns by name, and sets biases to 0.
 * Weights of norms stay 1.
 */
export function drawInitial(model: Module, deviation: (name: string) => number, generator?: Generator): void {
  for (const [name, parameter] of model.namedParameters()) {
    if (parameter.ndim > 1) init.normal_(parameter, 0, deviation(name), { generator });
    else if (name.endsWith("bias")) init.zeros_(parameter);
  }
}
