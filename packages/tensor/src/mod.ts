/**
 * Tensors: dtypes, views, operations, random numbers, devices and memory.
 *
 * Packages that extend tensors (operations as primitives, the tape, fused kernels) import `@heddle/tensor/engine`; device
 * implementations import `@heddle/tensor/backend`.
 *
 * @example
 * ```ts
 * import { randn, tensor } from "@heddle/tensor";
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(x.matmul(x).sum(0, { keepdim: true }).toArray());
 * ```
 * @module
 */
import { CpuBackend } from "./backends/cpu/mod.ts";
import { NullBackend } from "./backends/null.ts";
import { ReferenceBackend } from "./backends/reference/mod.ts";
import { registerDevice } from "./device.ts";

registerDevice("cpu", () => new CpuBackend());
registerDevice("reference", () => new ReferenceBackend());
registerDevice("null", () => new NullBackend());

export * from "./dtype.ts";
export { Tensor } from "./tensor/tensor.ts";
export type { DataArray, NestedArray, Operand, TensorOptions } from "./tensor/core.ts";
export type { AddedProductOptions, ValueOptions } from "./ops/added_products.ts";
export type { AlphaOptions, ClampOptions, DivOptions, RoundOptions } from "./ops/arithmetic.ts";
export type { CloseOptions } from "./ops/comparison.ts";
export type { ContractedDims } from "./ops/contractions.ts";
export type { CdistOptions } from "./ops/distance.ts";
export type { Histogram, HistogramDD, HistogramDDOptions, HistogramOptions } from "./ops/histogram.ts";
export { histogramdd } from "./ops/histogram.ts";
export type { IndexReduction } from "./ops/indexing.ts";
export type { GradientOptions, TrapezoidOptions } from "./ops/integration.ts";
export { gradient } from "./ops/integration.ts";
export type { DiagonalOptions, SliceOptions } from "./ops/written_views.ts";
export type { Sections } from "./ops/pieces.ts";
export type { ScatterOptions } from "./ops/scatter.ts";
export type { SearchOptions } from "./ops/searching.ts";
export type { CovOptions, VarianceOptions } from "./ops/statistics.ts";
export { trilIndices, triuIndices } from "./ops/triangle_indices.ts";
export type { Dims, ReduceOptions, ValuesAndIndices } from "./ops/reduction.ts";
export type { NanToNumOptions } from "./ops/missing_values.ts";
export type { QuantileInterpolation, QuantileOptions } from "./ops/order_statistics.ts";
export type { Unique, UniqueOptions } from "./ops/sorting.ts";
export type { RandomOptions } from "./ops/random_fill.ts";
export type { Index, SliceString } from "./ops/index_resolution.ts";
export type { BackwardOptions } from "./engine/tape.ts";
export type { ScatterMode } from "./prims/attrs.ts";
export type { Elementwise } from "./prims/elementwise.ts";
export * from "./ops/creation.ts";
export * from "./ops/random.ts";
export * from "./ops/join.ts";
export {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastTensors,
  cartesianProd,
  columnStack,
  dstack,
  hstack,
  vstack,
} from "./ops/stacking.ts";
export { einsum } from "./ops/einsum.ts";
export {
  conv1d,
  conv2d,
  conv3d,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
} from "./ops/conv.ts";
export type { PerDim } from "./ops/spatial.ts";
export * from "./ops/pool.ts";
export * from "./ops/fft.ts";
export * from "./ops/fft_frequencies.ts";
export * from "./ops/stft.ts";
export * from "./ops/windows.ts";
export { fuse, fused, type FusedFunction } from "./engine/fuse.ts";
export { Symbolic, type SymbolicOperand, whereSymbolic } from "./engine/symbolic.ts";
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from "./random.ts";
export { type Freeable, keep, Scope, scope, tidy } from "./memory/scope.ts";
export { memory, type MemoryReport, resetPeakMemory, Storage } from "./memory/storage.ts";
export {
  defaultDevice,
  Device,
  type DeviceName,
  deviceNames,
  getDevice,
  setDefaultDevice,
  type ToTarget,
} from "./device.ts";
export { threadCount } from "./env.ts";
export { getMatmulPrecision, type MatmulPrecision, setMatmulPrecision } from "./matmul_precision.ts";
export { broadcastShapes, type Geometry, type Shape } from "./shape.ts";
