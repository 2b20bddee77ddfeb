/** Lines that a person types, or that a file brings, and their answers. */
import { flag, type Option, type Options } from "./options.ts";
import type { Stream } from "./screen.ts";

/** What is wrong with one line. It is said, and the next line is read. */
export class LineError extends Error {
  override name = "LineError";
}

/** Answers a line of text, which is never empty. @throws LineError for a line that it cannot answer, with the reason */
export type Answer = (line: string) => string | Promise<string>;

/** Where lines come from; `process.stdin` is one. */
export interface LineSource extends AsyncIterable<Uint8Array | string> {
  isTTY?: boolean;
}

/** Where answers go, and where everything else is said. */
export interface AnswerStreams {
  stdin: LineSource;
  answers: Stream;
  remarks: Stream;
}

/** The option of an example that answers lines. */
export interface AskOptions extends Options {
  ask: Option<boolean>;
}

/** `--ask`: what is asked, and what the answer is, in words such as "a sentence to translate". */
export function askOptions(what: string): AskOptions {
  return { ask: flag({ help: `train nothing: read lines, each ${what}, and answer them with the model in --out` }) };
}

/** How many lines were answered, and how many could not be. */
export interface LineCounts {
  answered: number;
  refused: number;
}

/**
 * Answers every line until there are no more. Each line gets exactly one line of answer: an empty one for an empty line, and for a
 * line that is refused, whose reason is said among the remarks with its number. So the lines of a file and their answers stay side by
 * side. A person at a terminal sees a prompt, and no empty answers.
 */
export async function answerLines({ stdin, answers, remarks }: AnswerStreams, answer: Answer): Promise<LineCounts> {
  const counts = { answered: 0, refused: 0 };
  const typed = stdin.isTTY === true;
  const prompt = (): void => void (typed && remarks.write("> "));
  let number = 0;
  prompt();
  for await (const bytes of splitLines(stdin)) {
    number++;
    let text = "";
    try {
      const line = decode(bytes).trim();
      if (line !== "") {
        text = (await answer(line)).replace(/\s*\n\s*/g, " ");
        counts.answered++;
      }
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      counts.refused++;
      remarks.write(typed ? `${error.message}\n` : `line ${number}: ${error.message}\n`);
    }
    if (!typed || text !== "") answers.write(`${text}\n`);
    prompt();
  }
  if (typed) remarks.write("\n");
  return counts;
}

const NEWLINE = 0x0a;

/** Lines as bytes, without their ends: letters of several bytes may be cut anywhere by the stream. */
async function* splitLines(source: LineSource): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const piece of source) {
    const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    const all = new Uint8Array(rest.length + bytes.length);
    all.set(rest);
    all.set(bytes, rest.length);
    let start = 0;
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, start)) {
      yield all.subarray(start, end);
      start = end + 1;
    }
    rest = all.slice(start);
  }
  if (rest.length > 0) yield rest;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new LineError("these bytes are no UTF-8; save the text as UTF-8");
  }
}
