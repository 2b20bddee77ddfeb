/** Runs an example as a test does. */
import { type Example, runExample } from "./example.ts";
import type { RunOptions } from "./options.ts";

/** What goes in beside the arguments. */
export interface HeardOptions {
  /** What is typed: the lines that `--ask` reads. */
  typed?: string;
  /** The run breaks off, with an error, where it says this on standard error. */
  crashAt?: string;
}

/** What came out. */
export interface Heard {
  code: number;
  stdout: string;
  stderr: string;
}

/** @throws Error "the power went" at `crashAt`. */
export async function heardRun<S extends RunOptions>(
  example: Example<S>,
  args: readonly string[],
  { typed = "", crashAt }: HeardOptions = {},
): Promise<Heard> {
  let stdout = "", stderr = "";
  const code = await runExample(example, args, {
    stdout: { write: (text) => stdout += text },
    stderr: {
      write(text) {
        stderr += text;
        if (crashAt !== undefined && text.includes(crashAt)) throw new Error("the power went");
      },
    },
    stdin: (async function* () {
      yield typed;
    })(),
  });
  return { code, stdout, stderr };
}
