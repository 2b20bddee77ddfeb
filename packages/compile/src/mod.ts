/**
 * Steps that are recorded once and replayed without the JavaScript that made them.
 *
 * @module
 */
export { compile, type Compiled, type CompileOptions, type CompileReport, defaultPasses } from "./compile.ts";
export { type PassReport } from "./capture.ts";
export { live } from "./live.ts";
export { fuseActivations } from "./passes/fuse_activations.ts";
export { fuseElementwise } from "./passes/fuse_elementwise.ts";
export { removeUnused } from "./passes/remove_unused.ts";
export type { Captured, CapturedStep, Pass } from "@heddle/tensor/engine";
