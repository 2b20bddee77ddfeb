/**
 * Training loops and what stands around them.
 *
 * @module
 */
export type { Callback, EpochRecord, StepRecord, Training } from "./callback.ts";
export {
  type About,
  Checkpoint,
  CheckpointError,
  type CheckpointOptions,
  plainState,
  type SaveCheckpointOptions,
  type Stateful,
} from "./checkpoint/checkpoint.ts";
export { FolderError } from "./files/folder_error.ts";
export { CsvLog } from "./logs/csv_log.ts";
export { JsonLines, type JsonLinesOptions } from "./logs/json_lines.ts";
export { Progress, type ProgressOptions } from "./text/progress.ts";
export { Screen, type Stream } from "./text/screen.ts";

export { type Batches, type Pair } from "./loop/batches.ts";
export { type LossOptions, type Metrics, type StepResult } from "./loop/batch_loss.ts";
export { evaluate, type EvaluateOptions, type Evaluation } from "./loop/evaluate.ts";
export { findLearningRate, type FindLearningRateOptions, type LearningRates } from "./loop/find_learning_rate.ts";
export { fit } from "./loop/fit.ts";
export {
  type AbortSignalLike,
  type Figures,
  type FitCheckpoint,
  type FitOptions,
  type Schedule,
} from "./loop/fit_options.ts";
export { type Ending, History } from "./loop/history.ts";
export { Interrupt } from "./loop/interrupt.ts";
export { MixedPrecision, type MixedPrecisionOptions, type MixedPrecisionState } from "./loop/mixed_precision.ts";
export type { Metric, MetricValue } from "./metrics/metric.ts";
