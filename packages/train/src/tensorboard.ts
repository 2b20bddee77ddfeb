/**
 * Event files for TensorBoard.
 *
 * @module
 */
export { type DataFormat, TensorBoard, type TensorBoardOptions } from "./tensorboard/tensorboard.ts";
export type { Hyperparameter } from "./tensorboard/events.ts";
export type { Callback, EpochRecord, StepRecord, Training } from "./callback.ts";
export type { MetricValue } from "./metrics/metric.ts";
