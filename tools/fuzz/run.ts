/** Passes damaged files to readers and checks their behaviour. */
import { Buffer } from "node:buffer";
import process from "node:process";
import { drawFrom, mutate } from "./mutate.ts";
import type { Reader } from "./reader.ts";

/** A reader's failure, and how to reproduce it. */
export interface Fault {
  readonly reader: string;
  readonly seed: number;
  readonly number: number;
  readonly what: string;
  /** The file, as base64. */
  readonly file: string;
}

// Limits of CPU time (not wall time, so that a busy machine does no harm) and of memory from the system.
const MOST_SECONDS = 2;
const MOST_BYTES = 256 * 2 ** 20;

/** The reader's results for its undamaged files. @throws when it refuses one */
export async function wholeResults(reader: Reader): Promise<string[]> {
  return await Promise.all(reader.files.map((file) => reader.read(file)));
}

/** Case `number` of a seed: a file is damaged and read. Null if the reader behaved correctly. */
export async function tryCase(
  reader: Reader,
  whole: readonly string[],
  seed: number,
  number: number,
): Promise<Fault | null> {
  const draw = drawFrom(seed, reader.name, number);
  const chosen = draw(reader.files.length), file = reader.files[chosen]!;
  const repaired = reader.repair !== undefined && draw(2) === 0;
  const mutant = mutate(file, reader.files, draw);
  const bytes = repaired ? reader.repair!(reader.checked ? file : mutant.bytes, draw) : mutant.bytes;
  let what = await faultOf(reader, bytes, reader.checked && !repaired && mutant.inPlace ? whole[chosen]! : null);
  // The system counts for the whole process, in which other tests may run; a failure of the reader itself repeats.
  for (let again = 0; again < 2 && what?.startsWith("took "); again++) what = await faultOf(reader, bytes, null);
  return what === null
    ? null
    : { reader: reader.name, seed, number, what, file: Buffer.from(bytes).toString("base64").slice(0, 8000) };
}

/** A reader's failure on a file with only one valid result; null if it behaved correctly. */
async function faultOf(reader: Reader, bytes: Uint8Array, only: string | null): Promise<string | null> {
  const before = { time: process.cpuUsage(), memory: process.memoryUsage().rss };
  try {
    const result = await reader.read(bytes);
    if (only !== null && result !== only) return "gave something else for what was damaged";
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    const { name, message, stack } = error;
    if (!reader.says.test(message)) {
      return `${name}: ${message.slice(0, 300)}\n${stack ?? ""}`;
    }
    if (message.length > 1000) return `an error of ${message.length} characters`;
  }
  const { user, system } = process.cpuUsage(before.time);
  if ((user + system) / 1e6 > MOST_SECONDS) return `took ${(user + system) / 1e6} s of processor time`;
  const grown = process.memoryUsage().rss - before.memory;
  return grown > MOST_BYTES ? `took ${grown} bytes` : null;
}
