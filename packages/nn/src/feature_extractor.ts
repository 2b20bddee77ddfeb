/** Extracts the outputs of modules inside a network. */
import type { Tensor } from "@heddle/tensor";
import type { HookHandle } from "./hooks.ts";
import { Module } from "./module.ts";

/** A module whose `forward` takes any arguments. */
export type Callable = Module & { forward(...args: never[]): unknown };

/**
 * A network that returns the outputs of modules inside it, by name. Made by {@link createFeatureExtractor}.
 */
export class FeatureExtractor<Names extends string = string> extends Module {
  /** The network, shared and not copied. */
  readonly model: Callable;
  private readonly names: ReadonlyMap<string, Names>;

  /** @param names the name of each output, by the name of its module. */
  constructor(model: Callable, names: ReadonlyMap<string, Names>) {
    super();
    this.model = model;
    this.names = names;
    for (const name of names.keys()) model.getSubmodule(name);
  }

  /**
   * Runs the whole network.
   *
   * @throws Error naming a module that was not called.
   */
  forward(...args: unknown[]): Record<Names, Tensor> {
    const found = new Map<Names, Tensor>();
    const handles: HookHandle[] = [];
    try {
      for (const [name, answer] of this.names) {
        handles.push(
          this.model.getSubmodule(name).registerForwardHook((_, __, output: Tensor) => void found.set(answer, output)),
        );
      }
      this.model.forward(...args as never[]);
    } finally {
      for (const handle of handles) handle.remove();
    }
    const missing = [...this.names].find(([, answer]) => !found.has(answer));
    if (missing !== undefined) {
      throw new Error(
        `FeatureExtractor: the module "${
          missing[0]
        }" was not called; is it used by ${this.model.constructor.name}.forward?`,
      );
    }
    return Object.fromEntries([...this.names.values()].map((name) => [name, found.get(name)])) as Record<Names, Tensor>;
  }
}

/**
 * A module that returns the outputs of modules inside a network. It shares the network's parameters and runs the whole network. Of a
 * module that is called several times it returns the last output. torchvision: `create_feature_extractor`.
 *
 * @param modules names as in `namedModules()` ("" is the network itself), or an object with names for the outputs: `{ "layers.2":
 * "middle" }`.
 * @throws RangeError for an unknown name, with the known ones.
 *
 * @example
 * ```ts
 * import { createFeatureExtractor, Linear, ReLU, Sequential } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const net = Sequential.named({ hidden: new Linear(4, 8), relu: new ReLU(), output: new Linear(8, 2) });
 * const features = createFeatureExtractor(net, ["relu"]).forward(randn([3, 4]));
 * features.relu.shape; // [3, 8]
 * ```
 */
export function createFeatureExtractor<const N extends string>(
  model: Callable,
  modules: readonly N[] | { readonly [name: string]: N },
): FeatureExtractor<N> {
  const pairs = Array.isArray(modules)
    ? (modules as readonly N[]).map((name) => [name, name] as const)
    : Object.entries(modules as { readonly [name: string]: N });
  return new FeatureExtractor(model, new Map<string, N>(pairs));
}
