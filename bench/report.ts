/** Rows as text. */
import type { Device } from "./case.ts";
import type { Outcome, Row } from "./measure.ts";

/** The result with the smallest median. */
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

/** Heddle's best time as a share of its rival's, and plain words where Heddle is slower. */
export function ratioText(ratio: number): string {
  const text = ratio.toFixed(2);
  return Number(text) > 1 ? `${text}, slower` : text;
}

/** What a training step on a GPU costs, as text. */
function costsText(
  { kernels, submits, recording, thread, buffers, bytes }: NonNullable<
    Outcome["costs"]
  >,
): string {
  return [
    `${kernels.toFixed(1)} kernels and ${submits.toFixed(2)} submissions a step`,
    `recording ${recording.toFixed(1)} µs a kernel`,
    ...thread === null ? [] : [`the thread's CPU time ${thread.toFixed(1)} µs a kernel`],
    ...buffers === undefined ? [] : [`${buffers} buffers of ${bytes} bytes`],
  ].join(", ");
}

/** The contender that ratios refer to. */
const RIVALS = {
  cpu: ["torch", "PyTorch"],
  gpu: ["jax-js", "jax-js"],
} as const;

/** Heddle's teams. */
function heddleTeams(row: Row): string[] {
  return [...new Set(row.outcomes.map(({ team }) => team))].filter((team) => team.startsWith("heddle"));
}

/** Each of Heddle's teams with its best time as a share of the rival's best, over all numbers of threads. */
function ratios(row: Row, rival: string): [team: string, ratio: number][] {
  const other = best(row, rival);
  return heddleTeams(row).flatMap((team) => {
    const own = best(row, team);
    return own && other ? [[team, own.median! / other.median!] as [string, number]] : [];
  });
}

/** The lines of a case: one for each contender, with ratios to the device's rival. */
export function rowLines(row: Row, device: Device = "cpu"): string[] {
  const [team, title] = RIVALS[device];
  const rival = best(row, team);
  const cells = row.outcomes.map((outcome) => {
    if (outcome.error !== undefined || outcome.median === undefined) {
      return null;
    }
    const { median, min, rate, threads, runs } = outcome;
    const unit = row.case.amount?.unit;
    // Multiply-adds scale with cores; memory bandwidth is shared.
    const loop = row.reference === undefined ? NaN : row.reference * (unit === "GFLOP/s" ? threads : 1);
    return [
      `  ${outcome.contender}`,
      duration(median),
      duration(min!),
      rate === undefined ? "" : `${rate.toFixed(1)} ${unit}`,
      Number.isNaN(loop) || rate === undefined ? "" : `${(100 * rate / loop).toFixed(0)}%`,
      rival === undefined ? "" : (median / rival.median!).toFixed(2) +
        (outcome === rival ? " *" : "  "),
      outcome.difference === 0 ? "" : outcome.difference!.toExponential(0),
      String(runs),
    ];
  });
  const widths = [16, 9, 9, 13, 8, 11, 7, 6];
  const line = (texts: readonly string[]): string =>
    texts.map((text, i) => i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)).join(" ").trimEnd();
  const { epoch } = row.case;
  return [
    line([
      "",
      "median",
      "min",
      "rate",
      "of loop",
      `÷ ${title}`,
      "off by",
      "runs",
    ]),
    ...cells.map((texts, i) =>
      texts
        ? line(texts)
        : `  ${row.outcomes[i]!.contender.padEnd(14)} left out: ${row.outcomes[i]!.error!.split("\n")[0]}`
    ),
    ...ratios(row, team).map(([name, ratio]) => `  ${name}'s best ÷ ${title}'s best: ${ratioText(ratio)}`),
    ...row.outcomes.filter(({ costs }) => costs).map(({ contender, costs }) => `  ${contender}: ${costsText(costs!)}`),
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

/** The rows as a table in Markdown, Heddle and PyTorch by their numbers of threads, for bench/README.md. */
export function summary(rows: readonly Row[]): string[] {
  const lines = rows.flatMap((row) => {
    const teams = heddleTeams(row);
    const times = (row.case.epoch ?? 0) > 0 ? row.case.epoch! : 1;
    const { amount } = row.case;
    const time = (outcome: Outcome | undefined): string => {
      if (outcome?.median === undefined) return "–";
      const rate = amount?.unit === "GFLOP/s" && outcome.rate !== undefined
        ? ` (${outcome.rate.toFixed(1)} ${amount.unit})`
        : "";
      return duration(outcome.median * times) + rate;
    };
    /** A team on one thread, and its best on several. */
    const pair = (team: string): [Outcome | undefined, Outcome | undefined] => {
      const of = row.outcomes.filter((outcome) => outcome.team === team);
      return [
        of.find(({ threads }) => threads === 1),
        best(
          { ...row, outcomes: of.filter(({ threads }) => threads > 1) },
          team,
        ),
      ];
    };
    const all = ratios(row, "torch");
    return teams.map((team) => {
      const [one, several] = pair(team);
      const share = one?.rate !== undefined && row.reference ? `${(100 * one.rate / row.reference).toFixed(0)}%` : "–";
      const ratio = all.find(([name]) => name === team)?.[1];
      const name = (times > 1 ? row.case.name.replace("step", "epoch") : row.case.name) +
        (teams.length > 1 ? `, ${team}` : "");
      const cells = [
        name,
        time(one),
        time(several),
        share,
        ...pair("torch").map(time),
      ];
      return `| ${[...cells, ratio === undefined ? "–" : ratioText(ratio)].join(" | ")} |`;
    });
  });
  return [
    "| work | Heddle, 1 thread | threads | 1 thread's share of the loop | PyTorch, 1 thread | threads | best ÷ best |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ];
}

/** The rows of a GPU as a table in Markdown: Heddle beside jax-js. */
export function gpuSummary(rows: readonly Row[]): string[] {
  const pair = (row: Row, show: (outcome: Outcome) => string): string =>
    ["heddle", "jax-js"].map((team) => best(row, team)).map((outcome) => outcome ? show(outcome) : "–").join(" / ");
  const cost = (
    row: Row,
    key: "kernels" | "submits" | "recording" | "thread",
  ): string =>
    pair(
      row,
      ({ costs }) => costs?.[key] == null ? "–" : costs[key].toFixed(key === "kernels" || key === "submits" ? 0 : 1),
    );
  const lines = rows.map((row) => {
    const [heddle, rival] = [best(row, "heddle"), best(row, RIVALS.gpu[0])];
    const ratio = heddle && rival ? (rival.median! / heddle.median!).toFixed(1) : "–";
    const time = ({ median, rate }: Outcome): string =>
      duration(median!) +
      (rate === undefined ? "" : ` (${rate.toFixed(1)} ${row.case.amount!.unit})`);
    return `| ${
      [
        row.case.name,
        pair(row, time).replace(" / ", " | "),
        ratio,
        cost(row, "kernels"),
        cost(row, "submits"),
        cost(row, "recording"),
        cost(row, "thread"),
      ].join(" | ")
    } |`;
  });
  return [
    "| work | Heddle | jax-js | times as fast | kernels | submissions | µs of recording a kernel | µs of CPU a kernel |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ];
}
