/** Models that somebody trained, and their files. */
export type { ModelClass } from "./architectures.ts";
export { fromPretrained, type Pretrained, type PretrainedOptions } from "./from_pretrained.ts";
export type { HubOptions } from "./hub_options.ts";
export { savePretrained, type SavePretrainedOptions } from "./save_pretrained.ts";
export type { HubTokenizer } from "./tokenizer.ts";
