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
export { Progress, type ProgressOptions } from "./text/progress.ts";
export { Screen, type Stream } from "./text/screen.ts";
export type { Metric, MetricValue } from "./metrics/metric.ts";
