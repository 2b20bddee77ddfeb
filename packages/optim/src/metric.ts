/** Metrics that are monitored in training: losses and scores. */

/**
 * The value of a metric, or of what else is a number or a tensor.
 *
 * @param what it is called in the message.
 * @throws TypeError unless it is a number or a tensor of one element; strings would be compared letter by letter.
 */
export function metricValue(operation: string, metric: number | { item(): number }, what = "the metric"): number {
  const value: unknown = typeof (metric as { item?: unknown } | null | undefined)?.item === "function"
    ? (metric as { item(): number }).item()
    : metric;
  if (typeof value === "number") return value;
  throw new TypeError(
    `${operation}: expected ${what}, a number or a tensor of one element, got ${
      typeof value === "string"
        ? `the string ${JSON.stringify(value)}`
        : value === undefined || value === null
        ? String(value)
        : `a value of type ${typeof value}`
    }`,
  );
}
