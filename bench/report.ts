/** Rows as text. */
import type { Outcome, Row } from "./measure.ts";

/** Of a team's outcomes, the fastest by the median. */
export function best(row: Row, team: string): Outcome | undefined {
  let found: Outcome | undefined;
  for (const outcome of row.outcomes) {
    if (outcome.team !== team || outcome.median === undefined) continue;
    if (found === undefined || outcome.median < found.median!) found = outcome;
  }
  return found;
}

/** A time with three digits and its unit. */
export function duration(ms: number): string {
  const [value, unit] = ms >= 1000 ? [ms / 1000, "s"] : ms >= 0.1 ? [ms, "ms"] : [ms * 1000, "µs"];
  return `${value.toPrecision(value >= 100 ? Math.ceil(Math.log10(value + 1)) : 3)} ${unit}`;
}

const HEAD = [
  "",
  "median",
  "min",
  "rate",
  "of loop",
  "÷ PyTorch",
  "off by",
  "runs",
];

/** The lines of a case: one for each contender, ratios to PyTorch's best last. */
export function rowLines(row: Row): string[] {
  const torch = best(row, "torch");
  const cells = row.outcomes.map((outcome) => {
    if (outcome.error !== undefined || outcome.median === undefined) {
      return null;
    }
    const { median, min, rate, threads, runs } = outcome;
    const unit = row.case.amount?.unit;
    // A core's multiply-adds are its own; memory's speed is everyone's.
    const loop = row.reference === undefined ? NaN : row.reference * (unit === "GFLOP/s" ? threads : 1);
    return [
      `  ${outcome.contender}`,
      duration(median),
      duration(min!),
      rate === undefined ? "" : `${rate.toFixed(1)} ${unit}`,
      Number.isNaN(loop) || rate === undefined ? "" : `${(100 * rate / loop).toFixed(0)}%`,
      torch === undefined ? "" : (median / torch.median!).toFixed(2) +
        (outcome === torch ? " *" : "  "),
      outcome.difference === 0 ? "" : outcome.difference!.toExponential(0),
      String(runs),
    ];
  });
  const widths = [14, 9, 9, 13, 8, 11, 7, 6];
  const line = (texts: readonly string[]): string =>
    texts.map((text, i) => i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)).join(" ").trimEnd();
  const { name, epoch } = row.case;
  return [
    line([name.length <= 14 ? name : "", ...HEAD.slice(1)]),
    ...cells.map((texts, i) =>
      texts
        ? line(texts)
        : `  ${row.outcomes[i]!.contender.padEnd(12)} left out: ${row.outcomes[i]!.error!.split("\n")[0]}`
    ),
    ...epoch === undefined ? [] : [
      `  an epoch of ${epoch} steps: ${
        row.outcomes.filter((outcome) => outcome.median !== undefined).map((
          outcome,
        ) => `${outcome.contender} ${duration(outcome.median! * epoch)}`).join(
          ", ",
        )
      }`,
    ],
  ];
}
