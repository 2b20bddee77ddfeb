/**
 * Metrics that accumulate over batches, without leaving the device.
 *
 * @module
 */
export { Accuracy, type AccuracyOptions } from "./metrics/accuracy.ts";
export { Bleu } from "./metrics/bleu.ts";
export { ConfusionMatrix, type ConfusionMatrixOptions } from "./metrics/confusion_matrix.ts";
export type { LabelOptions } from "./metrics/labels.ts";
export { Mean } from "./metrics/mean.ts";
export {
  MeanAbsoluteError,
  type MeanError,
  type MeanErrorOptions,
  MeanSquaredError,
  type MeanSquaredErrorOptions,
} from "./metrics/mean_error.ts";
export type { Metric, MetricValue } from "./metrics/metric.ts";
export { Perplexity, type PerplexityOptions } from "./metrics/perplexity.ts";
export {
  type ClassAverage,
  type ClassFigure,
  type ClassFigureOptions,
  F1,
  Precision,
  Recall,
} from "./metrics/precision_recall.ts";
export { R2Score, type R2ScoreOptions } from "./metrics/r2_score.ts";
export { AveragePrecision, type RankingFigure, RocAuc } from "./metrics/ranking.ts";
export type { Multioutput } from "./metrics/regression.ts";
export type { RankingOptions } from "./metrics/score_curve.ts";
export type { MetricState } from "./metrics/state.ts";
