/**
 * Architectures with the parameter names of torchvision and Hugging Face.
 *
 * @module
 */
export * from "./vision/mod.ts";
