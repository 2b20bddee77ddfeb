/**
 * Metrics that accumulate over batches.
 *
 * @module
 */
export type { Metric, MetricValue } from "./metrics/metric.ts";
