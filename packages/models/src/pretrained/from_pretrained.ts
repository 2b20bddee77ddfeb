/** Loads a model that somebody trained: architecture, weights, tokenizer. */
import type { LoadReport, Module } from "@heddle/nn";
import type { UrlLike } from "@heddle/store";
import type { Device, DType } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import type { GenerationConfig } from "../language/generation.ts";
import { checkClass, classOf, make, type ModelClass } from "./architectures.ts";
import { HUB_OPTIONS, type HubOptions } from "./hub_options.ts";
import { readJson } from "./json_file.ts";
import { openModel } from "./model_files.ts";
import { type HubTokenizer, readTokenizer } from "./tokenizer.ts";
import { loadWeights } from "./weights.ts";

/** Options of {@link fromPretrained}. */
export interface PretrainedOptions<M extends Module = Module> extends HubOptions {
  /** The class of the model; by default the one that `config.json` names. */
  readonly architecture?: ModelClass<M>;
  /** Keys that replace those of `config.json`, such as `{ num_labels: 3 }`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The dtype of the parameters; float32 by default, whatever the file has. */
  readonly dtype?: DType;
  /** The device of the parameters; the default device by default. */
  readonly device?: Device | string;
  /** Whether the names of weights must be the same on both sides; true by default. */
  readonly strict?: boolean;
}

/** What {@link fromPretrained} returns. */
export interface Pretrained<M extends Module = Module> extends LoadReport {
  /** In evaluation mode. */
  readonly model: M;
  /** The content of `config.json`, with the keys that the options replaced. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Hugging Face's tokenizer; null where the model has no `tokenizer.json`. */
  readonly tokenizer: HubTokenizer | null;
  /** The content of `generation_config.json`, which `generate` takes its defaults from; empty if there is none. */
  readonly generationConfig: GenerationConfig;
  /** The folder of the files; null in browsers. */
  readonly folder: string | null;
}

/**
 * Loads a model in Hugging Face's layout: `config.json`, which names the architecture; the weights (`model.safetensors`, in one file or
 * several, else `pytorch_model.bin`); and `tokenizer.json` and `generation_config.json`, if there are any.
 *
 * Repositories are fetched into the user's cache, checked by the checksums that the hub gives, and resumed after an interruption; the
 * second time nothing is fetched but the name of the commit, and without a network what is in the cache is used. In browsers there is
 * no cache; give the address of a folder there.
 *
 * @param place a folder, the name of a repository (`"org/name"`), or an address: of a repository, or of a folder of files
 * @throws RangeError for an architecture that is unknown, with the known ones; TypeError for a class of another architecture; Error for
 *   weights that do not fit, with all names, or of which no name matches, even if not strict; for files that are missing, damaged or cannot be fetched. No tensor stays then.
 *
 * @example
 * ```ts ignore
 * import { fromPretrained, GPT2LMHeadModel } from "@heddle/models";
 *
 * const { model, tokenizer } = await fromPretrained("openai-community/gpt2", { architecture: GPT2LMHeadModel });
 * const { ids } = tokenizer!.encode("The meaning of life is");
 * const { tokens } = await model.generate([ids], { maxNewTokens: 20, doSample: true, topK: 50, seed: 1 });
 * console.log(tokenizer!.decode(tokens[0]!));
 * ```
 */
export async function fromPretrained<M extends Module = Module>(
  place: string | UrlLike,
  options: PretrainedOptions<M> = {},
): Promise<Pretrained<M>> {
  checkOptions("fromPretrained", options, [...HUB_OPTIONS, "architecture", "config", "device", "dtype", "strict"]);
  const { architecture, dtype = "float32", device, strict = true } = options;
  const files = await openModel(place, options);
  const given = await readJson(files, "config.json");
  if (given === null) {
    throw new Error(`fromPretrained: ${files.name} has no config.json, which names the architecture`);
  }
  const config = { ...given, ...options.config };
  if (architecture !== undefined) checkClass(architecture, config);
  const model = make((architecture ?? classOf(config)) as ModelClass<M>, config, {
    dtype,
    ...(device === undefined ? {} : { device }),
  });
  try {
    // Small files come first: where the weights are, the others are too.
    const tokenizer = await readTokenizer(files);
    const generationConfig = await readJson(files, "generation_config.json") ?? generationKeys(config);
    const report = await loadWeights(model, files, strict);
    if ("generationConfig" in model) model.generationConfig = generationConfig;
    return { model: model.eval(), config, tokenizer, generationConfig, folder: files.folder, ...report };
  } catch (error) {
    for (const tensor of [...model.parameters(), ...model.buffers()]) tensor.dispose();
    throw error;
  }
}

/** What old configurations say about generation. */
function generationKeys(config: Readonly<Record<string, unknown>>): GenerationConfig {
  const { eos_token_id } = config;
  return eos_token_id === undefined ? {} : { eos_token_id };
}
