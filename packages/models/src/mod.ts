/**
 * Architectures with the parameter names of torchvision and Hugging Face.
 *
 * @module
 */
export * from "./language/mod.ts";
export * from "./pretrained/mod.ts";
