/**
 * ONNX models in as trainable networks, and networks out as ONNX.
 *
 * @module
 */
export {};
