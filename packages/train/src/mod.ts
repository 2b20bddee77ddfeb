/**
 * Training loops and what stands around them.
 *
 * @module
 */
export type { Metric, MetricValue } from "./metrics/metric.ts";
