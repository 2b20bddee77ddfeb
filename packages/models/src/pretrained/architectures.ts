/** The architectures by the names that `config.json` has, and how the names in published files differ from the model's. */
import type { Module } from "@heddle/nn";
import { tidy } from "@heddle/tensor";
import {
  BertForMaskedLM,
  BertForSequenceClassification,
  BertModel,
  RobertaForMaskedLM,
  RobertaForSequenceClassification,
  RobertaModel,
} from "../language/bert.ts";
import { DistilBertForMaskedLM, DistilBertForSequenceClassification, DistilBertModel } from "../language/distilbert.ts";
import { GPT2LMHeadModel, GPT2Model } from "../language/gpt2.ts";
import type { ModelOptions } from "../language/hub_module.ts";
import {
  LlamaForCausalLM,
  LlamaModel,
  MistralForCausalLM,
  Qwen2ForCausalLM,
  Qwen3ForCausalLM,
} from "../language/llama.ts";
import { T5ForConditionalGeneration } from "../language/t5.ts";

/** A class of models that are made from a configuration. */
export type ModelClass<M extends Module = Module> = new (config: never, options?: ModelOptions) => M;

/** A model of a class; the constructor checks the configuration. Once its parameters are disposed of, no memory of it is left. */
export function make<M extends Module>(
  model: ModelClass<M>,
  config: Readonly<Record<string, unknown>>,
  options: ModelOptions = {},
): M {
  let made: M;
  // The tensors that parameters are made of are freed; parameters outlive scopes.
  tidy(() => void (made = new model(config as never, options)));
  return made!;
}

/** What the classes of one family have in common. */
interface Family {
  /** `model_type` of its configurations. */
  readonly type: string;
  /** Where a model with a head has the model without; files may have names with or without it. */
  readonly prefix: string;
  /** Names in files that belong to no parameter: buffers of old versions, and heads that the models here lack. */
  readonly ignored: RegExp;
  /** The classes, the first being that of a configuration without `architectures`. */
  readonly classes: Readonly<Record<string, ModelClass>>;
}

/** The original files have a bias that the published model does not use. */
const T5_IGNORED = /^decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight$/;

const FAMILIES: readonly Family[] = [
  {
    type: "gpt2",
    prefix: "transformer",
    ignored: /\.attn\.(bias|masked_bias)$/,
    classes: { GPT2LMHeadModel, GPT2Model },
  },
  {
    type: "llama",
    prefix: "model",
    ignored: /rotary_emb\.inv_freq$/,
    classes: { LlamaForCausalLM, LlamaModel },
  },
  { type: "mistral", prefix: "model", ignored: /rotary_emb\.inv_freq$/, classes: { MistralForCausalLM } },
  { type: "qwen2", prefix: "model", ignored: /rotary_emb\.inv_freq$/, classes: { Qwen2ForCausalLM } },
  { type: "qwen3", prefix: "model", ignored: /rotary_emb\.inv_freq$/, classes: { Qwen3ForCausalLM } },
  {
    type: "bert",
    prefix: "bert",
    ignored: /position_ids$|^cls\.seq_relationship\./,
    classes: { BertModel, BertForMaskedLM, BertForSequenceClassification },
  },
  {
    type: "roberta",
    prefix: "roberta",
    ignored: /position_ids$/,
    classes: {
      RobertaModel,
      RobertaForMaskedLM,
      RobertaForSequenceClassification,
    },
  },
  {
    type: "xlm-roberta",
    prefix: "roberta",
    ignored: /position_ids$/,
    classes: {
      XLMRobertaModel: RobertaModel,
      XLMRobertaForMaskedLM: RobertaForMaskedLM,
      XLMRobertaForSequenceClassification: RobertaForSequenceClassification,
    },
  },
  {
    type: "distilbert",
    prefix: "distilbert",
    ignored: /position_ids$/,
    classes: { DistilBertModel, DistilBertForMaskedLM, DistilBertForSequenceClassification },
  },
  {
    type: "t5",
    prefix: "",
    ignored: T5_IGNORED,
    classes: { T5ForConditionalGeneration },
  },
  {
    type: "mt5",
    prefix: "",
    ignored: T5_IGNORED,
    classes: { MT5ForConditionalGeneration: T5ForConditionalGeneration },
  },
];

/** The names in `architectures` that are known, with the `model_type` of each. */
export const knownArchitectures: readonly { readonly name: string; readonly modelType: string }[] = FAMILIES.flatMap(
  ({ classes, type }) => Object.keys(classes).map((name) => ({ name, modelType: type })),
);

/** The class that a configuration names. @throws RangeError for an unknown one, with the known ones. */
export function classOf(config: Readonly<Record<string, unknown>>): ModelClass {
  const { architectures, model_type: given } = config;
  const name: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  for (const { classes, type } of FAMILIES) {
    if (typeof name === "string" ? Object.hasOwn(classes, name) : type === given) {
      return typeof name === "string" ? classes[name]! : Object.values(classes)[0]!;
    }
  }
  const related = FAMILIES.filter(({ type }) => type === given).flatMap(({ classes }) => Object.keys(classes));
  const known = related.length > 0 ? related : knownArchitectures.map(({ name }) => name);
  throw new RangeError(
    `fromPretrained: config.json names the architecture ${JSON.stringify(name)} of model_type ${
      JSON.stringify(given)
    }, which is unknown; known are ${known.join(", ")}${
      related.length > 0 ? `, as { architecture: ${related[0]} }` : ""
    }`,
  );
}

/**
 * Refuses a class for a configuration of another architecture. A class that is not here, and a `model_type` that is unknown, fit all.
 *
 * @throws TypeError for a class of another `model_type`.
 */
export function checkClass(model: ModelClass, { model_type: given }: Readonly<Record<string, unknown>>): void {
  const families = FAMILIES.filter(({ classes }) => Object.values(classes).includes(model));
  const wanted = FAMILIES.find(({ type }) => type === given);
  if (families.length === 0 || wanted === undefined || families.includes(wanted)) return;
  const types = families.map(({ type }) => JSON.stringify(type)).join(" and ");
  throw new TypeError(
    `fromPretrained: config.json has the model_type "${wanted.type}", but ${model.name} is of ${types}; known for it are ${
      Object.keys(wanted.classes).join(", ")
    }`,
  );
}

/** The name and `model_type` of a model. @throws TypeError for a class that is not here. */
export function architectureOf(model: Module): { readonly name: string; readonly modelType: string } {
  for (const { classes, type } of FAMILIES) {
    const name = Object.keys(classes).find((each) => classes[each] === model.constructor);
    if (name !== undefined) return { name, modelType: type };
  }
  throw new TypeError(
    `savePretrained: ${model.constructor.name} has no name in Hugging Face; those that have are ${
      knownArchitectures.map(({ name }) => name).join(", ")
    }. For other models there is save(model, path) of @heddle/store`,
  );
}

function familyOf(model: Module): Family | undefined {
  return FAMILIES.find(({ classes }) => Object.values(classes).some((each) => each === model.constructor));
}

/**
 * The names that a model has for those of a file; null for what belongs to no parameter. Files of a model without head lack the prefix
 * that a model with head has, and the other way round; norms were once named as in TensorFlow.
 */
export function nameMap(model: Module, names: readonly string[]): Map<string, string | null> {
  const own = new Set(stateNames(model));
  const family = familyOf(model);
  const find = (name: string): string | null => {
    const modern = name.replace(
      /\bLayerNorm\.(gamma|beta)$/,
      (_, old) => `LayerNorm.${old === "gamma" ? "weight" : "bias"}`,
    );
    if (own.has(modern) || family === undefined) return modern;
    const prefix = `${family.prefix}.`;
    if (own.has(prefix + modern)) return prefix + modern;
    if (modern.startsWith(prefix) && own.has(modern.slice(prefix.length))) return modern.slice(prefix.length);
    return family.ignored.test(modern) ? null : modern;
  };
  return new Map(names.map((name) => [name, find(name)]));
}

/** The names of a model's parameters and buffers in state dicts. */
export function stateNames(model: Module): string[] {
  return [...storages(model).keys()];
}

/** The names of each parameter that has several. */
export function tiedNames(model: Module): string[][] {
  const groups = new Map<object, string[]>();
  for (const [name, storage] of storages(model)) groups.set(storage, [...groups.get(storage) ?? [], name]);
  return [...groups.values()].filter(({ length }) => length > 1);
}

function storages(model: Module): Map<string, object> {
  return tidy(() => new Map(Object.entries(model.stateDict()).map(([name, { storage }]) => [name, storage])));
}
