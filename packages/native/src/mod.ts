/**
 * Machine code for the CPU device of `@heddle/tensor`. Importing this package is all there is to do.
 *
 * @example
 * ```ts
 * import "@heddle/native";
 * import { ones } from "@heddle/tensor";
 * ones([2, 2]).add(1).sum().item(); // 8
 * ```
 * @module
 */
export { type KernelReport, type NativeReport, nativeReport } from "./report.ts";
export type { Target } from "./host/cpu.ts";
export type { Runtime } from "./host/libc.ts";
