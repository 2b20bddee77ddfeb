/**
 * Reading and writing tensors in files.
 *
 * @module
 */
export {};
