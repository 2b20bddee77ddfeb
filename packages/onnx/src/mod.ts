/**
 * ONNX models in as trainable networks, and networks out as ONNX.
 *
 * @module
 */
export { importOnnx, type ImportOptions } from "./import/import_onnx.ts";
export { type OnnxInput, OnnxModule, type OnnxValueInfo } from "./import/onnx_module.ts";
export type { ChooseParameter } from "./import/weights.ts";
export { type DynamicAxes, type Exportable, exportOnnx, type ExportOptions } from "./export/export_onnx.ts";
