/**
 * Steps that are recorded once and replayed.
 *
 * @module
 */
export type { Captured, CapturedStep, Pass } from "@heddle/tensor/engine";
