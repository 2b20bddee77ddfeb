/** Memory over many steps, each contender in a fresh process of its own. */
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

/** Runs the steps in one contender. */
export async function soak(work: Case, command: Command, steps: number): Promise<Soaked> {
  const contender = new ContenderProcess(command);
  const { error, live, seconds } = await contender.ask({ do: "soak", case: work, steps });
  const peakResident = contender.peakResident();
  contender.close();
  const who = { contender: command.name, steps };
  return error === undefined ? { ...who, seconds: seconds!, live: live!, peakResident } : { ...who, error };
}

/** The outcome as a line of text. */
export function soakLine({ contender, steps, error, live, seconds, peakResident }: Soaked): string {
  const name = `  ${contender.padEnd(14)}`;
  if (error !== undefined) return `${name} left out: ${error.split("\n")[0]}`;
  const mebibytes = peakResident === null || peakResident === undefined
    ? "unknown"
    : `${(peakResident / 2 ** 20).toFixed(1)} MiB`;
  const first = live?.[100];
  const bytes = typeof first === "number" ? `, live bytes ${first} at step 100, ${live?.[steps]} at ${steps}` : "";
  return `${name} peak resident ${mebibytes}${bytes}, ${seconds!.toFixed(1)} s`;
}
