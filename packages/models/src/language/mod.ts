/** Language models with Hugging Face's names. */
export * from "./bert.ts";
export { CausalLanguageModel, type CausalOptions } from "./causal_language_model.ts";
export * from "./distilbert.ts";
export type { GenerateOptions, GenerationConfig } from "./generation.ts";
export { GenerativeModel, type Prompt } from "./generative_model.ts";
export * from "./gpt2.ts";
export { HubModule, type ModelOptions } from "./hub_module.ts";
export type { LabelConfig } from "./labels.ts";
export * from "./llama.ts";
export { nextTokenLoss } from "./next_token_loss.ts";
export { type OutputConfig, OutputLayer } from "./output_layer.ts";
export type { RopeScaling } from "./rope_scaling.ts";
export * from "./t5.ts";
