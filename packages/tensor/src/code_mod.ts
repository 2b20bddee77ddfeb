/**
 * For packages that render generated code: its tree of operations, the renderer for WebAssembly, and an interpreter to compare with.
 *
 * @module
 */
export { interpret, type Machine } from "./code/interpreter/interpreter.ts";
export { type Value, Vector } from "./code/interpreter/model.ts";
export { type CodeModule, FunctionBuilder, type ImportedFunction, ModuleBuilder } from "./code/module.ts";
export * from "./code/operations.ts";
export * from "./code/tree.ts";
export { type MemoryImport, renderWasm } from "./code/wasm.ts";
