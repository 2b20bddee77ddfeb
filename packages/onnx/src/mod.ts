/**
 * ONNX models in as trainable networks, and networks out as ONNX.
 *
 * @module
 */
export { type DynamicAxes, type Exportable, exportOnnx, type ExportOptions } from "./export/export_onnx.ts";
