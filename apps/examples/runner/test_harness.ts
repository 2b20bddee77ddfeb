/** Runs an example in a test and captures its output. */
import { type Example, runExample } from "./example.ts";
import type { RunOptions } from "./options.ts";

/** Inputs beside the arguments. */
export interface TestRunOptions {
  /** The lines that `--ask` reads. */
  typed?: string;
  /** The run is interrupted by an error when it prints this to standard error. */
  crashAt?: string;
}

/** The captured output. */
export interface TestRunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs an example with these arguments. @throws Error "the power went" at `crashAt`. */
export async function testRun<S extends RunOptions>(
  example: Example<S>,
  args: readonly string[],
  { typed = "", crashAt }: TestRunOptions = {},
): Promise<TestRunResult> {
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
