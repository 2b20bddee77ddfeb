import type { Module } from "@heddle/nn";

/** The number of trainable values of a module. */
export function parameterCount(module: Module): number {
  return module.parameters().reduce((count, { numel }) => count + numel, 0);
}
