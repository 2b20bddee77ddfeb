/**
 * Low-rank adapters: fine-tuning that trains and saves a small part beside a frozen model.
 *
 * @module
 */
export {
  addLora,
  loraAdapters,
  type LoraChoice,
  type LoraOptions,
  type LoraReport,
  mergeLora,
  removeLora,
  type RemoveLoraOptions,
  unmergeLora,
  useLora,
} from "./lora/lora.ts";
export type { LoraTarget } from "./lora/targets.ts";
export {
  loadLora,
  type LoadLoraOptions,
  type LoraConfig,
  loraConfig,
  type LoraFiles,
  loraStateDict,
  saveLora,
} from "./lora/lora_files.ts";
