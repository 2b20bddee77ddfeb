/** One case, all contenders: outputs compared, then timed in turns. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./case.ts";
import { type Command, ContenderProcess } from "./contender_process.ts";
import type { Costs } from "./gpu_costs.ts";
import type { Held } from "./serve.ts";
import { difference, median, quartiles } from "./statistics.ts";

/** Durations of the measurement. */
export interface Effort {
  readonly rounds: number;
  /** Seconds of each contender in each round. */
  readonly seconds: number;
  /** Seconds of running without measuring, before the rounds. */
  readonly warmUp: number;
  /** Seconds for counting the CPU cost of training steps on a GPU, after the rounds; 0 on a CPU. */
  readonly counting: number;
}

/** A contender's result in a case. Times are in milliseconds per operation. */
export interface Outcome {
  readonly contender: string;
  readonly team: string;
  readonly threads: number;
  /** Why there are no times. */
  readonly error?: string;
  /** From the first contender's outputs, see {@link difference}; the first's own is 0. */
  readonly difference?: number;
  readonly median?: number;
  readonly min?: number;
  readonly quartiles?: readonly [number, number];
  readonly runs?: number;
  /** In the unit of the case's amount, at the median. */
  readonly rate?: number;
  /** On a GPU. */
  readonly costs?: Costs & Partial<Held>;
}

/** A case with the results of all contenders. */
export interface Row {
  readonly case: Case;
  readonly outcomes: Outcome[];
  /** The median rate of Heddle's reference loop on one thread, measured between the others. */
  readonly reference?: number;
}

/** Seconds to wait until spinning threads are asleep, before the next contender is timed. */
const CALM = 0.02;

/** Measures a case. The others' outputs are compared with those of the first contender. */
export async function measure(
  work: Case,
  contenders: readonly ContenderProcess[],
  effort: Effort,
  scratch: string,
): Promise<Row> {
  const outcomes = new Map<ContenderProcess, Outcome>();
  const racing: {
    contender: ContenderProcess;
    off: number;
    times: number[];
  }[] = [];
  let expected: Float32Array | null = null;
  for (const contender of contenders) {
    const { name, team, threads } = contender.command;
    const refuse = (error: string, more: Partial<Outcome> = {}): void =>
      void outcomes.set(contender, {
        contender: name,
        team,
        threads,
        error,
        ...more,
      });
    const file = join(scratch, "outputs");
    const failed = (await contender.ask({ do: "prepare", case: work })).error ??
      (await contender.ask({ do: "check", file })).error;
    if (failed !== undefined) {
      refuse(failed);
      await contender.ask({ do: "end" });
      continue;
    }
    const outputs = new Float32Array(new Uint8Array(readFileSync(file)).buffer);
    const off = expected === null ? 0 : difference(outputs, expected, work.largest);
    expected ??= outputs;
    if (off <= work.tolerance) racing.push({ contender, off, times: [] });
    else {
      refuse(
        `its outputs differ by ${off.toExponential(1)} of the largest, more than ${work.tolerance}`,
        {
          difference: off,
        },
      );
      await contender.ask({ do: "end" });
    }
  }
  const references: number[] = [];
  for (const { contender } of racing) {
    await contender.ask({ do: "time", seconds: effort.warmUp });
  }
  for (let round = 0; round < effort.rounds; round++) {
    if (work.amount && contenders[0]) {
      references.push(
        ...(await contenders[0].ask({
          do: "reference",
          unit: work.amount.unit,
        })).times ?? [],
      );
    }
    for (const { contender, times } of racing) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * CALM));
      const answer = await contender.ask({
        do: "time",
        seconds: effort.seconds,
      });
      for (const time of answer.times ?? []) times.push(time / (work.per ?? 1));
      if (answer.error !== undefined) times.length = 0;
    }
  }
  for (const { contender, off, times } of racing) {
    const { name, team, threads } = contender.command;
    const { costs } = effort.counting > 0 && work.epoch !== undefined
      ? await contender.ask({
        do: "costs",
        seconds: effort.counting,
        per: work.per ?? 1,
      })
      : {};
    await contender.ask({ do: "end" });
    outcomes.set(contender, {
      ...{ contender: name, team, threads, difference: off },
      ...times.length === 0 ? { error: "it stopped while it was timed" } : {
        ...timings(times),
        ...work.amount ? { rate: work.amount.of / median(times) / 1e6 } : {},
        ...costs ? { costs } : {},
      },
    });
  }
  return {
    case: work,
    outcomes: contenders.map((contender) => outcomes.get(contender)!),
    ...references.length > 0 ? { reference: median(references) } : {},
  };
}

/** Measures a case's first run, in a fresh process in every round. Importing and making the inputs is not counted. */
export async function measureFresh(work: Case, commands: readonly Command[], rounds: number): Promise<Row> {
  const racing = commands.map((command) => ({
    command,
    times: [] as number[],
    error: undefined as string | undefined,
  }));
  for (let round = 0; round < rounds; round++) {
    for (const racer of racing) {
      const contender = new ContenderProcess(racer.command);
      await contender.ask({ do: "hello" }); // opens its device
      const prepared = await contender.ask({ do: "prepare", case: work });
      const { times, error } = prepared.error === undefined
        ? await contender.ask({ do: "time", seconds: 0 })
        : prepared;
      contender.close();
      if (error !== undefined) racer.error = error;
      else racer.times.push(times![0]!);
    }
  }
  return {
    case: work,
    outcomes: racing.map(({ command: { name, team, threads }, times, error }) => ({
      ...{ contender: name, team, threads, difference: 0 },
      ...error === undefined ? timings(times) : { error },
    })),
  };
}

/** Statistics of milliseconds per operation. */
function timings(times: readonly number[]): Pick<Required<Outcome>, "median" | "min" | "quartiles" | "runs"> {
  return { median: median(times), min: Math.min(...times), quartiles: quartiles(times), runs: times.length };
}
