/** Extracts the outputs of modules inside a network. */
import { keep, type Tensor } from "@heddle/tensor";
import { handOver, internals } from "@heddle/tensor/engine";
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
   * Runs the network until the last of the modules has returned.
   *
   * @throws Error naming a module that was not called.
   */
  forward(...args: unknown[]): Record<Names, Tensor> {
    const found = new Map<Names, Tensor>();
    const unkept: Tensor[] = [];
    const handles: HookHandle[] = [];
    const finished = new Error("FeatureExtractor: all outputs were found; the network must not catch this error");
    try {
      for (const [name, answer] of this.names) {
        handles.push(
          this.model.getSubmodule(name).registerForwardHook((_, __, output: Tensor) => {
            if (found.has(answer)) return;
            found.set(answer, output);
            // The module may be called in a scope that ends before this method does.
            if (!internals(output).kept) unkept.push(keep(output));
            if (found.size === this.names.size) throw finished;
          }),
        );
      }
      this.model.forward(...args as never[]);
    } catch (error) {
      if (error !== finished) throw error;
    } finally {
      for (const handle of handles) handle.remove();
      for (const output of unkept) {
        internals(output).kept = false;
        handOver(internals(output));
      }
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
 * A module that returns the outputs of modules inside a network. It shares the network's parameters, and runs the network only until
 * the last of these modules has returned. Of a module that is called several times it returns the first output. torchvision:
 * `create_feature_extractor`.
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
