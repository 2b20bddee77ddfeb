import { readText } from "@heddle/data";
import { noGrad } from "@heddle/autograd";
import type { Module, Parameter, StateDict } from "@heddle/nn";
import { load, putFile, save, type Source } from "@heddle/store";
import { Tensor, tidy } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { factorShapes, type LoraHost, type LoraSettings, whyNot } from "./adapter.ts";
import { type AdaptedLayer, isAdapted, ownModules } from "./adapted_layer.ts";
import { nodeModules } from "../pretrained/node.ts";
import { adaptersOf, addLora, biasesOf, type LoraChoice, type LoraReport, removeLora, useLora } from "./lora.ts";

/** The files of a folder in PEFT's layout. */
const CONFIG = "adapter_config.json", WEIGHTS = "adapter_model.safetensors";
/** What PEFT puts before the names of modules. */
const PREFIX = "base_model.model.";
const MOST_RANK = 1 << 16;

/** What `adapter_config.json` says, in PEFT's names. Other fields are ignored if they change nothing. */
export interface LoraConfig {
  readonly peft_type: "LORA";
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly target_modules: readonly string[] | string;
  readonly use_rslora: boolean;
  readonly bias: "none" | "all" | "lora_only";
  readonly fan_in_fan_out: boolean;
  readonly [field: string]: unknown;
}

/** Where an adapter is read from, if it is not a folder. */
export interface LoraFiles {
  /** The content of `adapter_config.json`. */
  readonly config: LoraConfig;
  /** `adapter_model.safetensors`: a path, a `Blob`, bytes, or a `Response`. */
  readonly weights: Source;
}

/** Options of {@link loadLora}. */
export interface LoadLoraOptions {
  /** The adapter's name in the model: `"default"` by default. */
  readonly adapter?: string;
}

/** The parameters of an adapter by their names in PEFT's files. */
function parametersOf(operation: string, model: Module, choice: LoraChoice): Map<string, Parameter> {
  const { adapter, layers } = adaptersOf(operation, model, choice);
  const found = new Map<string, Parameter>();
  for (const [name, , each] of layers) {
    for (const [end, parameter] of each.factors()) found.set(`${PREFIX}${name}.${end}`, parameter);
  }
  // Only the acting adapter has trained biases.
  const acting = layers.filter(([, { lora }]) => lora.active === adapter).map((
    [name, layer],
  ): [string, AdaptedLayer] => [name, layer]);
  for (const [name, parameter] of biasesOf(model, acting)) found.set(PREFIX + fileName(name, acting), parameter);
  return found;
}

/** PEFT wraps adapted layers: their own parameters are in `base_layer`. */
function fileName(name: string, layers: readonly (readonly [string, AdaptedLayer])[]): string {
  const at = name.lastIndexOf("."), owner = name.slice(0, at);
  return layers.some(([layer]) => layer === owner) ? `${owner}.base_layer${name.slice(at)}` : name;
}

/**
 * The tensors of an adapter by their names in PEFT's files, `base_model.model.NAME.lora_A.weight`, and the biases that are trained with
 * it. They share the model's memory. PEFT: `get_peft_model_state_dict`, with the prefix.
 *
 * @throws Error when there is no adapter
 *
 * @example
 * ```ts
 * import { addLora, loraStateDict } from "@heddle/models/lora";
 * import { Linear, Sequential } from "@heddle/nn";
 * const model = new Sequential(new Linear(8, 8));
 * addLora(model, { rank: 2, targets: "0" });
 * Object.keys(loraStateDict(model)); // ["base_model.model.0.lora_A.weight", "base_model.model.0.lora_B.weight"]
 * ```
 */
export function loraStateDict(model: Module, choice: LoraChoice = {}): StateDict {
  checkOptions("loraStateDict", choice, ["adapter"]);
  return Object.fromEntries(
    [...parametersOf("loraStateDict", model, choice)].map(([name, each]) => [name, each.detach()]),
  );
}

/** An adapter's configuration as `adapter_config.json` has it. @throws Error when there is no adapter */
export function loraConfig(model: Module, choice: LoraChoice = {}): LoraConfig {
  checkOptions("loraConfig", choice, ["adapter"]);
  const { layers } = adaptersOf("loraConfig", model, choice);
  const { rank, alpha, dropout, rslora, bias, fanInFanOut } = layers[0]![2].settings;
  return {
    peft_type: "LORA",
    auto_mapping: null,
    base_model_name_or_path: null,
    bias: bias === "loraOnly" ? "lora_only" : bias,
    fan_in_fan_out: fanInFanOut || layers.some(([, { constructor }]) => constructor.name === "Conv1D"),
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: dropout,
    modules_to_save: null,
    r: rank,
    rank_pattern: {},
    alpha_pattern: {},
    target_modules: layers.map(([name]) => name),
    task_type: null,
    use_dora: false,
    use_rslora: rslora,
  };
}

/**
 * Writes an adapter as PEFT does: `adapter_config.json` and `adapter_model.safetensors` in a folder, which is made if need be. The base
 * model's weights are not in it.
 *
 * @throws Error when there is no adapter
 *
 * @example
 * ```ts ignore
 * await saveLora(model, "adapters/legal-german");
 * // later, on the same base model
 * await loadLora(model, "adapters/legal-german");
 * ```
 */
export async function saveLora(model: Module, folder: string, choice: LoraChoice = {}): Promise<void> {
  checkOptions("saveLora", choice, ["adapter"]);
  const config = loraConfig(model, choice);
  await makeFolder(folder);
  await save(loraStateDict(model, choice), `${folder}/${WEIGHTS}`, { metadata: { format: "pt" } });
  putFile(`${folder}/${CONFIG}`, `${JSON.stringify(config, null, 2)}\n`);
}

async function makeFolder(folder: string): Promise<void> {
  const node = nodeModules();
  if (node === null) {
    throw new Error(
      "saveLora: there are no files here; encode loraStateDict(model) with @heddle/store, and loraConfig(model) as JSON",
    );
  }
  await node.fs.mkdir(folder, { recursive: true });
}

/**
 * Adds an adapter that PEFT or {@link saveLora} wrote to its base model. It acts from then on.
 *
 * @param source the folder, or its two files
 * @returns as {@link addLora} does
 * @throws Error for an adapter of another kind, or one that does not fit the model, naming what does not. Nothing is changed then.
 */
export async function loadLora(
  model: Module,
  source: string | LoraFiles,
  options: LoadLoraOptions = {},
): Promise<LoraReport> {
  checkOptions("loadLora", options, ["adapter"]);
  const { config, weights } = typeof source === "string" ? await readFolder(source) : source;
  const settings = settingsOf(config);
  const state = await load(weights, { format: "safetensors" });
  try {
    const layers = layersOf(model, state, settings);
    const { rank, alpha, dropout, rslora, bias, fanInFanOut } = settings;
    const report = addLora(model, {
      rank,
      alpha,
      dropout,
      rslora,
      bias,
      fanInFanOut,
      targets: layers.map((name) => new RegExp(`^${name.replace(/[\\^$*+?.()|[\]{}]/g, "\\$&")}$`)),
      ...options,
    });
    try {
      fill(model, state, options.adapter ?? "default");
    } catch (error) {
      withdraw(model, options.adapter ?? "default");
      throw error;
    }
    return report;
  } finally {
    for (const each of Object.values(state)) each.dispose();
  }
}

async function readFolder(folder: string): Promise<LoraFiles> {
  const path = `${folder}/${CONFIG}`;
  const text = await readText(path);
  try {
    return { config: JSON.parse(text) as LoraConfig, weights: `${folder}/${WEIGHTS}` };
  } catch (cause) {
    throw new Error(`loadLora: ${path} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** @throws Error for what is no configuration of a plain LoRA */
function settingsOf(config: LoraConfig): LoraSettings {
  const wrong = (what: string): Error => new Error(`loadLora: ${CONFIG}: ${what}`);
  if (typeof config !== "object" || config === null || config.peft_type !== "LORA") {
    throw wrong(`peft_type is ${JSON.stringify(config?.peft_type)?.slice(0, 40)}; only "LORA" is supported`);
  }
  for (
    const field of [
      "use_dora",
      "rank_pattern",
      "alpha_pattern",
      "modules_to_save",
      "layer_replication",
      "trainable_token_indices",
    ]
  ) {
    const value = config[field];
    const plain = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    if (value !== undefined && value !== null && value !== false && !plain) {
      throw wrong(`${field} is ${JSON.stringify(value).slice(0, 60)}, which is not supported`);
    }
  }
  const { r, lora_alpha, lora_dropout = 0, use_rslora = false, bias = "none", fan_in_fan_out = false } = config;
  if (!(Number.isInteger(r) && r >= 1 && r <= MOST_RANK)) {
    throw wrong(`r is ${JSON.stringify(r)?.slice(0, 40)}, no rank`);
  }
  if (!(lora_alpha > 0 && typeof lora_alpha === "number")) {
    throw wrong(`lora_alpha is ${JSON.stringify(lora_alpha)?.slice(0, 40)}`);
  }
  if (!(typeof lora_dropout === "number" && lora_dropout >= 0 && lora_dropout < 1)) {
    throw wrong(`lora_dropout is ${JSON.stringify(lora_dropout)?.slice(0, 40)}`);
  }
  const biases = { none: "none", all: "all", lora_only: "loraOnly" } as const;
  if (!Object.hasOwn(biases, bias)) {
    throw wrong(`bias is ${JSON.stringify(bias)?.slice(0, 40)}; there are none, all and lora_only`);
  }
  return {
    rank: r,
    alpha: lora_alpha,
    dropout: lora_dropout,
    rslora: use_rslora === true,
    bias: biases[bias],
    fanInFanOut: fan_in_fan_out === true,
  };
}

/** The layers that a file has factors of, after every shape was compared. */
function layersOf(model: Module, state: StateDict, settings: LoraSettings): string[] {
  const modules = new Map(ownModules(model));
  const names = new Set(
    Object.keys(state).flatMap((key) =>
      /^(?:base_model\.model\.)(.+)\.lora_(?:embedding_)?[AB](?:\.weight)?$/.exec(key)?.[1] ?? []
    ),
  );
  if (names.size === 0) {
    throw new Error(`loadLora: ${WEIGHTS} has no factors, whose names are ${PREFIX}NAME.lora_A.weight`);
  }
  for (const name of names) {
    const module = modules.get(name);
    const why = module === undefined
      ? `is not in the model, which has ${[...modules.keys()].filter((each) => each !== "").slice(0, 10).join(", ")}, …`
      : isAdapted(module)
      ? null
      : whyNot(module, settings);
    if (why !== null) throw new Error(`loadLora: the file has an adapter for "${name.slice(0, 100)}", which ${why}`);
    for (const [end, shape] of factorShapes(module as LoraHost, settings)) {
      const given = state[`${PREFIX}${name}.${end}`];
      if (given?.shape.join() !== shape.join()) {
        throw new Error(
          `loadLora: ${PREFIX}${name}.${end} has ${
            given === undefined ? "no values" : `shape [${given.shape.join(", ")}]`
          }, ` +
            `but rank ${settings.rank} of this layer needs [${shape.join(", ")}]`,
        );
      }
    }
  }
  return [...names];
}

/** Copies the tensors of a file into the adapter that was added. @throws Error for one that has no place */
function fill(model: Module, state: StateDict, adapter: string): void {
  const parameters = parametersOf("loadLora", model, { adapter });
  const pairs = Object.entries(state).map(([key, value]): [Parameter, Tensor] => {
    // Older versions of PEFT do not write "base_layer".
    const parameter = parameters.get(key) ?? parameters.get(key.replace(/\.([^.]+)$/, ".base_layer.$1"));
    if (parameter === undefined || parameter.shape.join() !== value.shape.join()) {
      throw new Error(
        `loadLora: ${key.slice(0, 100)} of shape [${
          value.shape.join(", ")
        }] has no place in the model with this adapter`,
      );
    }
    return [parameter, value];
  });
  noGrad(() => tidy(() => pairs.forEach(([parameter, value]) => void parameter.copy_(value.to(parameter.device)))));
}

/** Takes back an adapter that could not be filled. */
function withdraw(model: Module, adapter: string): void {
  const others = new Set<string>();
  for (const [, module] of ownModules(model)) {
    if (!isAdapted(module)) continue;
    module.lora.delete(adapter);
    for (const name of module.lora.keys()) others.add(name);
  }
  const [other] = others;
  if (other === undefined) removeLora(model);
  else useLora(model, other);
}
