/**
 * For device implementations: the interface of a backend, and the kernels and routines it runs.
 *
 * @module
 */
import "./mod.ts";

export type { Backend, Binding, DeviceBuffer, Program, Replay, ReplaySlot, ReplayStep } from "./backend.ts";
export { registerDevice } from "./device.ts";
export {
  type NativeCode,
  type NativeFunction,
  type NativeMemory,
  nativeSlotBytes,
  useNativeCode,
} from "./backends/cpu/native_code.ts";
export type { Run } from "./backends/cpu/compiled_module.ts";
export type { CodeModule } from "./code/module.ts";
export { debug } from "./engine/debug.ts";
export { environmentVariable, isGranted, type Permission } from "./runtime.ts";
export {
  type Access,
  type Expr,
  type Kernel,
  type Operand as RoutineOperand,
  type Routine,
  showExpr,
} from "./ir/kernel.ts";
export {
  type RowKernel,
  type RowReduction,
  type RowSource,
  type RowStep,
  showRows,
  stepExpressions,
  type Work,
} from "./ir/rows.ts";
export type {
  Activation,
  AssembleAttrs,
  AssemblePrim,
  AttentionAttrs,
  Attrs,
  ConvAttrs,
  ElementwiseAttrs,
  Epilogue,
  FftAttrs,
  MatmulAttrs,
  None,
  PoolAttrs,
  Prim,
  RandomAttrs,
  ReduceAttrs,
  ReducePrim,
  ReductionAttrs,
  RoutineAttrs,
  RoutinePrim,
  RowAttrs,
  RowPrim,
  ScatterMode,
  SoftmaxAttrs,
  SumPoolAttrs,
  ViewAttrs,
  ViewPrim,
  ViewStep,
} from "./prims/attrs.ts";
export {
  type BinaryFunction,
  binaryFunctions,
  binaryOperations,
  type BinaryPrim,
  choices,
  type ElementwisePrim,
  type ElementwiseRow,
  elementwiseRows,
  type FunctionPrim,
  type OperationPrim,
  type UnaryFunction,
  unaryFunctions,
  unaryOperations,
  type UnaryPrim,
} from "./prims/elementwise.ts";
export type { OpTypes, TypeRule } from "./prims/type_rules.ts";
export * as polynomials from "./backends/cpu/math/polynomials.ts";
export { twoOverPi } from "./backends/cpu/math/huge_angle.ts";
export { NullBackend } from "./backends/null.ts";
export { ReferenceBackend } from "./backends/reference/mod.ts";
export { normalPair } from "./backends/reference/normal.ts";
export { broadcastStrides, contiguousStrides, isContiguous, sameShape, sizeOf } from "./shape.ts";
export { itemSize } from "./dtype.ts";
export { isKey, NumberKey } from "./number_key.ts";
