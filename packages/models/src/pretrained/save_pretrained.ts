/** Writes a model in the layout that `fromPretrained` reads. */
import type { Module } from "@heddle/nn";
import { putFile, save } from "@heddle/store";
import { checkOptions } from "@heddle/tensor/engine";
import { adaptedLayers } from "../lora/adapted_layer.ts";
import { architectureOf, tiedNames } from "./architectures.ts";
import { nodeModules } from "./node.ts";

/** Options of {@link savePretrained}. */
export interface SavePretrainedOptions {
  /** The content of `tokenizer.json`, such as `tokenizerJson` of `BytePairEncoding` of `@heddle/data/bpe`. */
  readonly tokenizerJson?: object;
  /**
   * Writes the weights as files `model-00001-of-00003.safetensors` of at most so many bytes and their index, as `save` of `@heddle/store`
   * does; as one file if they fit.
   */
  readonly maxShardBytes?: number;
}

/**
 * Writes `config.json`, `model.safetensors`, and what else there is into a folder, which `fromPretrained` and Hugging Face's
 * `from_pretrained` read. A tied weight is written once. Each file appears complete or not at all, the configuration last.
 *
 * @throws TypeError for a model that has no name in Hugging Face; Error for one with LoRA adapters, whose files `fromPretrained` would
 *   refuse; the system's error when the folder cannot be written.
 *
 * @example
 * ```ts ignore
 * import { GPT2LMHeadModel, savePretrained } from "@heddle/models";
 *
 * const model = new GPT2LMHeadModel({ vocab_size: 500, n_positions: 64, n_embd: 64, n_layer: 2, n_head: 4 });
 * await savePretrained(model, "my-model");
 * ```
 */
export async function savePretrained(
  model: Module,
  folder: string,
  options: SavePretrainedOptions = {},
): Promise<void> {
  checkOptions("savePretrained", options, ["tokenizerJson", "maxShardBytes"]);
  const node = nodeModules();
  if (node === null) {
    throw new Error("savePretrained: there are no folders here; encode(model.stateDict()) gives the bytes");
  }
  const { name, modelType } = architectureOf(model);
  checkUnadapted(model);
  const { config, generationConfig } = model as { config?: object; generationConfig?: object };
  const path = (file: string): string => node.path.join(folder, file);
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  await node.fs.mkdir(folder, { recursive: true });
  const aliases = new Set(tiedNames(model).flatMap(([, ...others]) => others));
  const all = model.stateDict();
  try {
    const state = Object.fromEntries(Object.entries(all).filter(([name]) => !aliases.has(name)));
    const { maxShardBytes } = options;
    await save(state, path("model.safetensors"), {
      metadata: { format: "pt" },
      ...maxShardBytes === undefined ? {} : { maxShardBytes },
    });
  } finally {
    for (const tensor of Object.values(all)) tensor.dispose();
  }
  if (options.tokenizerJson !== undefined) putFile(path("tokenizer.json"), json(options.tokenizerJson));
  if (generationConfig !== undefined && Object.keys(generationConfig).length > 0) {
    putFile(path("generation_config.json"), json(generationConfig));
  }
  putFile(path("config.json"), json({ ...config, model_type: modelType, architectures: [name] }));
}

/** @throws Error for a model with adapters: its state has other names than the architecture. */
function checkUnadapted(model: Module): void {
  if (adaptedLayers(model).length === 0) return;
  throw new Error(
    `savePretrained: the ${model.constructor.name} has LoRA adapters (@heddle/models/lora); saveLora(model, folder) saves them alone, ` +
      "and mergeLora(model) and removeLora(model, { keepMerged: true }) make them part of the weights that are saved here",
  );
}
