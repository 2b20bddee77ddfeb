/** Replies to lines from a terminal or a pipe. */
import { type Stream } from "@heddle/train/text";
import { flag, type Option, type Options } from "./options.ts";

/** An error in one line. It is printed, and the next line is read. */
export class LineError extends Error {
  override name = "LineError";
}

/** Replies to a line of text, which is never empty. @throws LineError for a line that it rejects, with the reason */
export type Answer = (line: string) => string | Promise<string>;

/** A source of lines, such as `process.stdin`. */
export interface LineSource extends AsyncIterable<Uint8Array | string> {
  isTTY?: boolean;
}

/** Streams of {@link answerLines}: replies go to `answers`, everything else to `remarks`. */
export interface AnswerStreams {
  stdin: LineSource;
  answers: Stream;
  remarks: Stream;
}

/** The option of an example that replies to lines. */
export interface AskOptions extends Options {
  ask: Option<boolean>;
}

/** The option `--ask`; `what` describes a line, such as "a sentence to translate". */
export function askOptions(what: string): AskOptions {
  return { ask: flag({ help: `do not train; read lines, each ${what}, and reply with the model in --out` }) };
}

/** The number of answered and of rejected lines. */
export interface LineCounts {
  answered: number;
  refused: number;
}

/**
 * Replies to every line until the end of the input. Each line gets exactly one line in return: an empty one for an
 * empty or rejected line, whose reason goes to the remarks with its number. So the lines of a file and their replies
 * stay aligned. A person at a terminal sees a prompt, and no empty replies.
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

/** Lines as bytes, without line ends: a stream may split characters of several bytes anywhere. */
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
    throw new LineError("the line is not valid UTF-8; save the text as UTF-8");
  }
}
