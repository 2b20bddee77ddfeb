/** Gives readers damaged files and looks at what they do. */
import { Buffer } from "node:buffer";
import process from "node:process";
import { drawFrom, mutate } from "./mutate.ts";
import type { Reader } from "./readers.ts";

/** What a reader did wrong, and how to have it again. */
export interface Fault {
  readonly reader: string;
  readonly seed: number;
  readonly number: number;
  readonly what: string;
  /** The file, as base64. */
  readonly file: string;
}

// Of processor time, not of the clock, so that a busy machine is no fault; and of memory taken from the system.
const MOST_SECONDS = 2;
const MOST_BYTES = 256 * 2 ** 20;

/** What the reader makes of its files as they are. @throws when it refuses one */
export async function wholeResults(reader: Reader): Promise<string[]> {
  return await Promise.all(reader.files.map((file) => reader.read(file)));
}

/** Case `number` of a seed: a file is damaged and read. Null when the reader did well. */
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
  const before = { time: process.cpuUsage(), memory: process.memoryUsage().rss };
  let what: string | null = null;
  try {
    const result = await reader.read(bytes);
    if (reader.checked && !repaired && mutant.inPlace && result !== whole[chosen]) what = "took what was damaged";
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError || !reader.says.test(error.message)) {
      what = error instanceof Error
        ? `${error.name}: ${error.message.slice(0, 300)}\n${error.stack ?? ""}`
        : String(error);
    } else if (error.message.length > 1000) what = `an error of ${error.message.length} characters`;
  }
  const { user, system } = process.cpuUsage(before.time);
  if ((user + system) / 1e6 > MOST_SECONDS) what ??= `took ${(user + system) / 1e6} s of processor time`;
  const grown = process.memoryUsage().rss - before.memory;
  if (grown > MOST_BYTES) what ??= `took ${grown} bytes`;
  return what === null
    ? null
    : { reader: reader.name, seed, number, what, file: Buffer.from(bytes).toString("base64").slice(0, 8000) };
}
