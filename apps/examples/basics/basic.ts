/** What the examples of this folder share: their options, and how one is told. */
import type { Example, Figures, Run } from "../runner/example.ts";
import { type RunOptions, runOptions, type Values } from "../runner/options.ts";

/** An example of the basics. What may be changed in it are constants at the top of its file, not options. */
export type Basic = Example<RunOptions>;

/**
 * An example of this folder by its name: `linear-regression` is in `linear_regression.ts`, is started alone from there, and
 * writes to `runs/basics/linear-regression`, where `deno task basics` puts its pictures too.
 */
export function basic(
  name: string,
  about: string,
  run: (options: Values<RunOptions>, run: Run) => Figures | Promise<Figures>,
): Basic {
  return {
    name,
    about,
    command: `deno run -A apps/examples/basics/${name.replaceAll("-", "_")}.ts`,
    options: runOptions({
      name: `basics/${name}`,
      data: "digits that the program draws itself, where digits are used",
    }),
    run: async (options, around) => await run(options, around),
  };
}
