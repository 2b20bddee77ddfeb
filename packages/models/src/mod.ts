/**
 * Architectures with the parameter names of torchvision and Hugging Face.
 *
 * @module
 */
export * from "./vision/mod.ts";
export { freeze, type FreezeOptions, type FreezeReport, type NamePattern, unfreeze } from "./freeze.ts";
export { replaceHead } from "./replace_head.ts";
export * from "./language/mod.ts";
export * from "./pretrained/mod.ts";
