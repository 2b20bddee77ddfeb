/** Memory over many steps, every contender in a fresh process of its own. */
import type { Case } from "./case.ts";
import { type Command, ContenderProcess } from "./contender_process.ts";

/** What came of it; memory in bytes. */
export interface Soaked {
  readonly contender: string;
  readonly steps: number;
  readonly error?: string;
  readonly seconds?: number;
  /** Live bytes by step. */
  readonly live?: Readonly<Record<string, number | null>>;
  /** The most that the process ever had in memory, its runtime included. */
  readonly peakResident?: number | null;
}

/** Runs the steps in one contender after the other. */
export async function soak(
  work: Case,
  commands: readonly Command[],
  steps: number,
): Promise<Soaked[]> {
  const outcomes: Soaked[] = [];
  for (const command of commands) {
    const contender = new ContenderProcess(command);
    const { error, live, seconds } = await contender.ask({
      do: "soak",
      case: work,
      steps,
    });
    const peakResident = contender.peakResident();
    contender.close();
    outcomes.push({
      ...{ contender: command.name, steps },
      ...error === undefined ? { seconds: seconds!, live: live!, peakResident } : { error },
    });
  }
  return outcomes;
}

/** The outcomes as lines of text. */
export function soakLines(outcomes: readonly Soaked[]): string[] {
  const mebibytes = (bytes: number | null | undefined): string =>
    bytes === null || bytes === undefined ? "unknown" : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return outcomes.map(
    ({ contender, steps, error, live, seconds, peakResident }) => {
      if (error !== undefined) {
        return `  ${contender.padEnd(12)} left out: ${error.split("\n")[0]}`;
      }
      const first = live?.[100];
      const bytes = typeof first === "number" ? `, live bytes ${first} at step 100, ${live?.[steps]} at ${steps}` : "";
      return `  ${contender.padEnd(12)} peak resident ${mebibytes(peakResident)}${bytes}, ${seconds!.toFixed(1)} s`;
    },
  );
}
