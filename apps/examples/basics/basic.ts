/** What the examples of this folder share: their options and their structure. */
import type { Example, Figures, Run } from "../runner/example.ts";
import { PAGES } from "./pages.ts";
import { type RunOptions, runOptions, type Values } from "../runner/options.ts";

/** An example of the basics. Its parameters are constants at the top of its file, not options. */
export type Basic = Example<RunOptions>;

/**
 * Makes an example of this folder from its name: `linear-regression` is in `linear_regression.ts`, can be started from
 * there, and writes to `runs/basics/linear-regression`, as it does under `deno task basics`.
 */
export function basic(
  name: string,
  about: string,
  run: (options: Values<RunOptions>, run: Run) => Figures | Promise<Figures>,
): Basic {
  return {
    name,
    about,
    page: PAGES[name]!,
    command: `deno run -A apps/examples/basics/${name.replaceAll("-", "_")}.ts`,
    options: runOptions({
      name: `basics/${name}`,
      data: "generated digits, where digits are used",
    }),
    run: async (options, around) => await run(options, around),
  };
}
