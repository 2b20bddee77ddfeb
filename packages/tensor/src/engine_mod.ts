/**
 * For packages that extend tensors (automatic differentiation, networks, optimisers, data, compilers): operations as primitives, the
 * tape, fused kernels, a tensor's internal members, and the checks and errors that Heddle's packages share.
 *
 * @module
 */
import "./mod.ts";

// Primitives, and the tape that records them for gradients.
export { apply, applyAll, applyInPlace } from "./engine/apply.ts";
export { runExpression } from "./engine/execute/elementwise.ts";
export { sumExpression } from "./engine/execute/reduce.ts";
export { activeTape, type BackwardOptions, installTape, keepsPrepared, type Tape } from "./engine/tape.ts";
export type {
  AssemblePrim,
  AttentionAttrs,
  Attrs,
  ElementwisePrim,
  None,
  Prim,
  ReducePrim,
  RoutinePrim,
  RowPrim,
  SoftmaxAttrs,
  SumPoolAttrs,
  ViewPrim,
  ViewStep,
} from "./prims/attrs.ts";
export { type Activation, activations, type ScatterMode } from "./prims/attrs.ts";
export type { Expr } from "./ir/kernel.ts";

// Recordings of what runs.
export {
  activeRecorder,
  checkValues,
  composite,
  type CompositeAttrs,
  type ExpressionAttrs,
  readsAtOnce,
  type Recorder,
  type StepAttrs,
  type StepInput,
  type StepPrim,
} from "./engine/recorder.ts";
export { type RecordedStep, Recording, type StepOf, type Value } from "./engine/recording.ts";

// Recordings of what reaches a backend, for compilers.
export type {
  Captured,
  CapturedBinding,
  CapturedBuffer,
  CapturedRole,
  CapturedScalar,
  CapturedStep,
  MemoryPlan,
  Pass,
} from "./engine/capture/captured.ts";

export {
  activeCapture,
  type CapturedOperand,
  type CapturedStorage,
  type CapturedStream,
  type CaptureHooks,
  capturingWith,
  type Dispatch,
} from "./engine/capture/hooks.ts";

// Dispatches, seen by profilers.
export { type DispatchWatch, setDispatchWatch } from "./engine/debug.ts";

// Fused kernels.
export { fusedSum, type FusedSumFunction, fusedTotal, type FusedTotalFunction } from "./engine/fuse.ts";
export { fusedUpdate, type UpdateFunction } from "./engine/fused_update.ts";
export { normalizeGradients, type NormalizeOperands } from "./engine/normalize_gradients.ts";
export { symbolsOf } from "./engine/symbolic.ts";
export {
  type Float32Arguments,
  type Float32Operands,
  hasHalfGradient,
  inFloat32,
  isHalf,
  widened,
} from "./engine/upcast.ts";

export { type HalfFormat, halfFormats } from "./half.ts";

// Operations that layers are built from.
export { attention, attentionGradient } from "./ops/attention.ts";
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

// A tensor's internal members.
export {
  become,
  checkGradient,
  type CoreOperand,
  disown,
  freedError,
  internals,
  isTensor,
  makeTensor,
  moveTo,
  own,
  type TapeSlot,
  type TensorCore,
  type TensorInternals,
  type ViewSource,
} from "./tensor/core.ts";
export { handOver, type Scoped } from "./memory/scope.ts";
export { reclaiming } from "./memory/storage.ts";

// Checks and errors.
export { checkNumberArray, checkOperands, checkTensor, checkTensors } from "./engine/checks.ts";
export { checkDivisor } from "./ops/pool_divisor.ts";
export { type AllOf, checkNames, checkOption, checkOptions } from "./options.ts";
export { checkHostSize, normalizeDims, showShape, sizeOf } from "./shape.ts";
export { checkSynchronous } from "./check_synchronous.ts";
export { elementValue } from "./scalar.ts";
export { markClass, otherCopy } from "./brand.ts";

// The runtime.
export { dataFolder, fixThreads, hubAddress } from "./env.ts";
export { crc32 } from "./crc32.ts";
export { builtinModule, environmentVariable, isGranted, type Permission, printOnConsole } from "./runtime.ts";
