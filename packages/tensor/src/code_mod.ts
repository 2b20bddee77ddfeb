/**
 * For packages that render generated code: its tree of operations, and the renderer for WebAssembly.
 *
 * @module
 */
export { type CodeModule, FunctionBuilder, type ImportedFunction, ModuleBuilder } from "./code/module.ts";
export * from "./code/operations.ts";
export * from "./code/tree.ts";
export { type MemoryImport, renderWasm } from "./code/wasm.ts";
