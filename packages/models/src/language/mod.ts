/** Language models with Hugging Face's names. */
export { CausalLanguageModel, type CausalOptions, type Prompt } from "./causal_language_model.ts";
export type { GenerateOptions, GenerationConfig } from "./generation.ts";
export { type GPT2Config, GPT2LMHeadModel, GPT2Model } from "./gpt2.ts";
export type { ModelOptions } from "./hub_module.ts";
export {
  type LlamaConfig,
  LlamaForCausalLM,
  LlamaModel,
  MistralForCausalLM,
  Qwen2ForCausalLM,
  Qwen3ForCausalLM,
} from "./llama.ts";
export { OutputLayer } from "./output_layer.ts";
export type { RopeScaling } from "./rope_scaling.ts";
export {
  type BertConfig,
  BertForMaskedLM,
  BertForSequenceClassification,
  BertModel,
  type BertModelOptions,
  type EncoderOptions,
  type EncoderOutput,
  RobertaForMaskedLM,
  RobertaForSequenceClassification,
  RobertaModel,
} from "./bert.ts";
export {
  type DistilBertConfig,
  DistilBertForMaskedLM,
  DistilBertForSequenceClassification,
  DistilBertModel,
} from "./distilbert.ts";
export type { LabelConfig } from "./labels.ts";
export { type T5Config, T5ForConditionalGeneration, type T5Options } from "./t5.ts";
export { nextTokenLoss } from "./next_token_loss.ts";
