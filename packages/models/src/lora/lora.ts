import { type Module, Parameter } from "@heddle/nn";
import type { Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { adapterFor, type LoraAdapter, type LoraHost, type LoraSettings, whyNot } from "./adapter.ts";
import {
  adapt,
  type AdaptedLayer,
  adaptedLayers,
  isAdapted,
  mergeLayer,
  ownModules,
  unadapt,
  unmergeLayer,
} from "./adapted_layer.ts";
import { type LoraTarget, targeted } from "./targets.ts";

/** Options of {@link addLora}. */
export interface LoraOptions {
  /** The rank of the change of each weight. */
  readonly rank: number;
  /** The layers that get adapters: `Linear`, `Embedding`, `Conv2d` of one group, and layers like GPT-2's with a weight `[in, out]`. */
  readonly targets: LoraTarget | readonly LoraTarget[];
  /** Changes are scaled by alpha / rank; by default alpha is the rank. */
  readonly alpha?: number;
  /** The probability of dropout before each adapter; 0 by default. */
  readonly dropout?: number;
  /** Whether to scale by alpha / √rank, which suits high ranks; false by default. */
  readonly rslora?: boolean;
  /** Which biases are trained (and saved) too: none (the default), all of the model, or those of the adapted layers. */
  readonly bias?: "none" | "all" | "loraOnly";
  /** Whether targets that are not of nn's classes have weights `[in, out]`. A class called `Conv1D` has, without this. */
  readonly fanInFanOut?: boolean;
  /** The adapter's name: `"default"` by default. A model can have several, of which one acts. */
  readonly adapter?: string;
  /** Draws the initial values and the dropout. */
  readonly generator?: Generator;
}

/** Options of the functions that work on one of several adapters. */
export interface LoraChoice {
  /** The adapter's name; by default the one that acts. */
  readonly adapter?: string;
}

/** What {@link addLora} did. */
export interface LoraReport {
  /** The names of the layers with the adapter. */
  readonly layers: readonly string[];
  /** The elements that are trained. */
  readonly trained: number;
  /** All elements of the model with the adapter. */
  readonly total: number;
}

const BIASES = ["none", "all", "loraOnly"] as const;

/** Parameters that were frozen for an adapter, so that they can be released with it. */
const frozen: WeakSet<Parameter> = new WeakSet();

/**
 * Adds low-rank adapters beside layers of a model, and freezes everything else: `y = layer(x) + B(A(x)) · alpha / rank`. B starts at
 * zero, so that the outputs do not change at first. The layers keep their names and their class; the adapter is in the property `lora`.
 * Give the optimiser `model.parameters()` afterwards; it skips what is frozen. PEFT: `get_peft_model(model, LoraConfig(…))`.
 *
 * A second adapter under another name takes over; {@link useLora} switches between them.
 *
 * @throws RangeError for a target that names no module. TypeError for a module that can have no adapter. Nothing is changed then.
 *
 * @example
 * ```ts
 * import { addLora, mergeLora } from "@heddle/models/lora";
 * import { Linear, ReLU, Sequential } from "@heddle/nn";
 * const model = new Sequential(new Linear(64, 64), new ReLU(), new Linear(64, 10));
 * addLora(model, { rank: 4, alpha: 8, targets: "0" }).trained; // 512
 * model.parameters().filter((each) => each.requiresGrad).length; // 2
 * mergeLora(model); // ready to be exported
 * ```
 */
export function addLora(model: Module, options: LoraOptions): LoraReport {
  checkOptions("addLora", options, [
    "adapter",
    "alpha",
    "bias",
    "dropout",
    "fanInFanOut",
    "generator",
    "rank",
    "rslora",
    "targets",
  ]);
  const { adapter = "default", targets, generator } = options;
  const settings = settingsOf(options);
  if (typeof adapter !== "string" || !/^[\w-]+$/.test(adapter)) {
    throw new TypeError(`addLora: an adapter's name has letters, digits, "_" and "-", got ${JSON.stringify(adapter)}`);
  }
  const layers = adaptedLayers(model);
  if (layers.some(([, { lora }]) => lora.has(adapter))) {
    throw new Error(
      `addLora: there is an adapter "${adapter}" already; removeLora(model) takes it away, or give another name`,
    );
  }
  checkUnmerged("addLora", layers);
  const found = targeted("addLora", ownModules(model), targets);
  for (const [name, module] of found) {
    const why = isAdapted(module) ? null : whyNot(module, settings);
    if (why !== null) throw new TypeError(`addLora: "${name}" (${module.constructor.name}) ${why}`);
  }
  const made = [...found].map(([, module]) =>
    adapterFor(module as LoraHost, settings, generator).train(module.training)
  );
  [...found].forEach(([, module], i) =>
    (isAdapted(module) ? module : adapt(module as LoraHost)).lora.set(adapter, made[i]!)
  );
  useLora(model, adapter);
  const parameters = model.parameters();
  const count = (list: readonly Parameter[]): number => list.reduce((sum, { numel }) => sum + numel, 0);
  return {
    layers: [...found.keys()],
    trained: count(parameters.filter(({ requiresGrad }) => requiresGrad)),
    total: count(parameters),
  };
}

function settingsOf(options: LoraOptions): LoraSettings {
  const { rank, alpha = rank, dropout = 0, rslora = false, bias = "none", fanInFanOut = false } = options;
  if (!Number.isInteger(rank) || rank < 1) {
    throw new RangeError(`addLora: rank is a whole number of at least 1, got ${rank}`);
  }
  if (!(alpha > 0 && Number.isFinite(alpha))) throw new RangeError(`addLora: alpha is a number above 0, got ${alpha}`);
  if (!(dropout >= 0 && dropout < 1)) throw new RangeError(`addLora: dropout is a probability below 1, got ${dropout}`);
  if (!BIASES.includes(bias)) {
    throw new RangeError(`addLora: bias is ${BIASES.join(", ")}, got ${JSON.stringify(bias)}`);
  }
  return { rank, alpha, dropout, rslora, bias, fanInFanOut };
}

/**
 * Makes an adapter act and be trained, in place of the one before; null switches all adapters off, and then nothing of the model is
 * trained. PEFT: `set_adapter`, `disable_adapter`.
 *
 * @throws RangeError for an unknown adapter, with the known ones
 */
export function useLora(model: Module, adapter: string | null): void {
  const layers = adaptedLayers(model);
  checkUnmerged("useLora", layers);
  if (adapter !== null) checkKnown("useLora", layers, adapter);
  const trained = new Set<Parameter>();
  for (const [, layer] of layers) {
    layer.lora.active = adapter;
    const acting = layer.lora.acting;
    for (const [, factor] of acting?.factors() ?? []) trained.add(factor);
  }
  const biases = new Set(biasesOf(model, layers).values());
  for (const [, parameter] of model.namedParameters()) {
    if (trained.has(parameter)) parameter.requiresGrad = true;
    else if (biases.has(parameter)) release(parameter);
    else if (parameter.requiresGrad) {
      parameter.requiresGrad = false;
      frozen.add(parameter);
    }
  }
}

function release(parameter: Parameter): void {
  if (frozen.delete(parameter)) parameter.requiresGrad = true;
}

/** The biases that are trained with the acting adapter, by name. */
export function biasesOf(model: Module, layers: readonly (readonly [string, AdaptedLayer])[]): Map<string, Parameter> {
  const acting = layers.filter(([, { lora }]) => lora.acting !== null);
  const setting = acting[0]?.[1].lora.acting?.settings.bias ?? "none";
  if (setting === "none") return new Map();
  const hosts = new Set(acting.map(([name]) => name));
  return new Map(
    model.namedParameters().filter(([name]) => {
      const [, owner, own] = /^(.*?)\.?([^.]*)$/.exec(name)!;
      return setting === "all" ? /bias/i.test(own!) : own === "bias" && hosts.has(owner!);
    }),
  );
}

/**
 * Adds the acting adapter's change to the weights, so that inference costs what it did without, and the model can be exported. The
 * weights before are kept for {@link unmergeLora}.
 *
 * @throws Error when there is no acting adapter, it is merged already, or a weight belongs to other modules too
 */
export function mergeLora(model: Module): void {
  const layers = adaptedLayers(model);
  checkUnmerged("mergeLora", layers);
  const acting = layers.filter(([, { lora }]) => lora.acting !== null);
  if (acting.length === 0) {
    throw new Error("mergeLora: no adapter acts; addLora or loadLora adds one, useLora switches it on");
  }
  const owners = new Map<Parameter, string>();
  for (const [name, module] of ownModules(model)) {
    for (const [, parameter] of module.ownParameters()) {
      const other = owners.get(parameter);
      const layer = acting.find(([, { weight }]) => weight === parameter);
      if (other !== undefined && layer !== undefined) {
        throw new Error(
          `mergeLora: "${other}" and "${name}" have one weight, and only "${
            layer[0]
          }" has the adapter; separate them first`,
        );
      }
      owners.set(parameter, name);
    }
  }
  for (const [, layer] of acting) mergeLayer(layer);
}

/** Takes the merged change out of the weights again: they are as before {@link mergeLora}, bit for bit. */
export function unmergeLora(model: Module): void {
  for (const [, layer] of adaptedLayers(model)) unmergeLayer(layer);
}

/** Options of {@link removeLora}. */
export interface RemoveLoraOptions {
  /** Whether weights into which an adapter was merged stay so; false by default. */
  readonly keepMerged?: boolean;
}

/**
 * Takes all adapters away. The names of parameters, the classes of layers and what is trained are as before {@link addLora}; so are the
 * weights, unless `keepMerged` is true. PEFT: `unload`, `merge_and_unload`.
 */
export function removeLora(model: Module, options: RemoveLoraOptions = {}): void {
  checkOptions("removeLora", options, ["keepMerged"]);
  for (const [, layer] of adaptedLayers(model)) {
    if (options.keepMerged) layer.lora.original?.dispose();
    else unmergeLayer(layer);
    for (const each of layer.lora.parameters()) each.dispose();
    unadapt(layer);
  }
  for (const parameter of model.parameters()) release(parameter);
}

/** The adapters by layer. @throws Error when there is none, RangeError for an unknown one */
export function adaptersOf(
  operation: string,
  model: Module,
  choice: LoraChoice,
): { readonly adapter: string; readonly layers: [string, AdaptedLayer, LoraAdapter][] } {
  const all = adaptedLayers(model);
  const adapter = choice.adapter ?? all.map(([, { lora }]) => lora.active).find((each) => each !== null);
  if (adapter === undefined || adapter === null) throw new Error(`${operation}: no adapter acts; addLora adds one`);
  checkKnown(operation, all, adapter);
  return {
    adapter,
    layers: all.filter(([, { lora }]) => lora.has(adapter)).map((
      [name, layer],
    ) => [name, layer, layer.lora.get(adapter)]),
  };
}

/** The names of a model's adapters. */
export function loraAdapters(model: Module): string[] {
  return [...new Set(adaptedLayers(model).flatMap(([, { lora }]) => [...lora.keys()]))];
}

function checkKnown(operation: string, layers: readonly (readonly [string, AdaptedLayer])[], adapter: string): void {
  const known = new Set(layers.flatMap(([, { lora }]) => [...lora.keys()]));
  if (!known.has(adapter)) {
    throw new RangeError(
      `${operation}: there is no adapter "${adapter}"; there are ${[...known].join(", ") || "none"}`,
    );
  }
}

function checkUnmerged(operation: string, layers: readonly (readonly [string, AdaptedLayer])[]): void {
  const merged = layers.find(([, { lora }]) => lora.merged !== null);
  if (merged === undefined) return;
  throw new Error(`${operation}: the adapter "${merged[1].lora.merged}" is merged; unmergeLora(model) comes first`);
}
