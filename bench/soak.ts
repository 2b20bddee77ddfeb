/** Memory over many steps, each contender in a fresh process. */
import type { Case } from "./case.ts";
import { type Command, ContenderProcess } from "./contender_process.ts";
import type { Answer } from "./serve.ts";

/** The result; memory in bytes. */
export interface Soaked {
  readonly contender: string;
  readonly steps: number;
  readonly error?: string;
  readonly seconds?: number;
  /** What was held after step 100 and after each tenth of the steps. */
  readonly held?: NonNullable<Answer["held"]>;
  /** The most that live tensors had. */
  readonly peak?: number | undefined;
  /** The most that the process ever had in memory, its runtime included. */
  readonly peakResident?: number | null;
}

/** Runs the steps in one contender. */
export async function soak(
  work: Case,
  command: Command,
  steps: number,
): Promise<Soaked> {
  const contender = new ContenderProcess(command);
  await contender.ask({ do: "hello" }); // opens its device
  const { error, held, peak, seconds } = await contender.ask({
    do: "soak",
    case: work,
    steps,
  });
  const peakResident = contender.peakResident();
  contender.close();
  const who = { contender: command.name, steps };
  return error === undefined ? { ...who, seconds: seconds!, held: held!, peak, peakResident } : { ...who, error };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** The result as lines of text: the first and the last values held. */
export function soakLines(
  { contender, steps, error, held, peak, seconds, peakResident }: Soaked,
): string[] {
  const name = `  ${contender.padEnd(14)}`;
  if (error !== undefined) return [`${name} left out: ${error.split("\n")[0]}`];
  const moments = Object.entries(held ?? {}).filter((_, i, all) => i === 0 || i === all.length - 1);
  return [
    `${name} peak resident ${peakResident == null ? "unknown" : mebibytes(peakResident)}${
      peak === undefined ? "" : `, of live tensors ${mebibytes(peak)}`
    }, ${steps} steps in ${seconds!.toFixed(1)} s`,
    ...moments.map(([step, { live, buffers, bytes, resident }]) =>
      [
        `    step ${step.padStart(6)}: resident ${mebibytes(resident)}`,
        ...live === undefined ? [] : [`live bytes ${live}`],
        ...buffers === undefined ? [] : [`${buffers} buffers of ${bytes} bytes on the GPU`],
      ].join(", ")
    ),
  ];
}
