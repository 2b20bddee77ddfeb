/**
 * Training loops and what stands around them.
 *
 * @module
 */
export type { Callback, EpochRecord, StepRecord, Training } from "./callback.ts";
export type { Metric, MetricValue } from "./metrics/metric.ts";
