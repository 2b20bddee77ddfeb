/**
 * Tensors: dtypes, views, operations, random numbers, devices and memory.
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
export { checkGradient } from "./tensor/core.ts";
export type { DataArray, NestedArray, Operand, TensorOptions, ViewSource } from "./tensor/core.ts";
export type { AlphaOptions, ClampOptions, DivOptions, RoundOptions } from "./tensor/elementwise.ts";
export type { CloseOptions } from "./tensor/comparison.ts";
export type { Dims, ReduceOptions, ValuesAndIndices } from "./tensor/reduction.ts";
export type { Unique } from "./tensor/ordering.ts";
export type { RandomOptions } from "./tensor/filling.ts";
export * from "./ops/creation.ts";
export * from "./ops/random.ts";
export * from "./ops/join.ts";
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
  type PerDim,
} from "./ops/conv.ts";
export { labelLoss } from "./ops/label_loss.ts";
export { linear, type LinearOptions } from "./ops/linear.ts";
export { maskedSoftmax, type MaskedSoftmaxOptions } from "./ops/masked_softmax.ts";
export { matmulInto } from "./ops/matmul_into.ts";
export {
  normalize,
  type Normalized,
  type NormalizeOptions,
  rmsNormalize,
  type RmsNormalizeOptions,
} from "./ops/normalize.ts";
export * from "./ops/pool.ts";
export type { Index, SliceString } from "./ops/slices.ts";
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from "./random.ts";
export { keep, Scope, scope, tidy } from "./scope.ts";
export { memory, type MemoryReport, reclaiming, resetPeakMemory, Storage } from "./storage.ts";
export {
  defaultDevice,
  Device,
  type DeviceName,
  deviceNames,
  getDevice,
  registerDevice,
  setDefaultDevice,
  type ToTarget,
} from "./device.ts";
export { dataFolder, threadCount } from "./env.ts";
export { printOnConsole } from "./runtime.ts";
export { markClass, otherCopy } from "./brand.ts";
export { type AllOf, checkNames, checkOption, checkOptions, nearest } from "./options.ts";
export { checkOperands, checkTensor } from "./checks.ts";
export { broadcastShapes, checkHostSize, type Geometry, type Shape } from "./shape.ts";

export { fuse, fused, type FusedFunction, fuseSum } from "./fuse.ts";
export { type Float32Operands, hasHalfGradient, inFloat32, isHalf, widened } from "./in_float32.ts";
export { fusedUpdate, type UpdateFunction } from "./update.ts";
export { Symbolic, type SymbolicOperand, symbolsOf, whereSymbolic } from "./symbolic.ts";

// For autograd and for backends.
export { checkSynchronous } from "./check_synchronous.ts";
export { apply, applyAll, applyInPlace } from "./apply.ts";
export { runExpression } from "./execute/elementwise.ts";
export { hasRows } from "./execute/rows.ts";
export { activeTape, type BackwardOptions, installTape, type Tape, type TapeSlot } from "./tape.ts";
export type {
  Activation,
  Attrs,
  ConvAttrs,
  ElementwisePrim,
  Epilogue,
  PoolAttrs,
  Prim,
  RandomAttrs,
  ReduceAttrs,
  ReducePrim,
  RoutinePrim,
  RowPrim,
  ScatterMode,
  ViewPrim,
  ViewStep,
} from "./prims/attrs.ts";
export type { Backend, Binding, DeviceBuffer, Program } from "./backend.ts";
export { type Expr, type Kernel, type Routine, showExpr } from "./ir/kernel.ts";
export { debug } from "./debug.ts";
export { elementValue } from "./scalar.ts";
export * as polynomials from "./backends/cpu/math/polynomials.ts";
export { twoOverPi } from "./backends/cpu/math/huge_angle.ts";
export { type RowKernel, type RowStep, showRows, stepExpressions, type Work } from "./ir/rows.ts";
export { NullBackend } from "./backends/null.ts";
export { ReferenceBackend } from "./backends/reference/mod.ts";
export { normalPair } from "./backends/reference/normal.ts";
