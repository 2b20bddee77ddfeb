// Checks the conventions for files: snake_case names that name a concept, and a limit on length.

import type { Source } from "./check_layers.ts";

/** Above this a file has to be split. From 300 lines on it needs a reason, which no script can judge. */
export const MAX_LINES = 600;

/** Tables of contents, which have one entry for each method and no logic. */
const CONTENTS = ["packages/tensor/src/tensor/tensor.ts"];

const VAGUE = /^(utils?|helpers?|manager|misc|common)$/;

/** The violations in `sources`, one line each. */
export function checkLayout(sources: Source[]): string[] {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    const name = path.split("/").at(-1)!.replace(/(\.(test|config|d))?\.[cm]?tsx?$/, "");
    if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) wrong.push(`${path}: file names are snake_case`);
    if (VAGUE.test(name)) wrong.push(`${path}: "${name}" says nothing; name the concept the file holds`);
    const lines = text.split("\n").length - 1;
    if (lines > MAX_LINES && !CONTENTS.includes(path)) {
      wrong.push(`${path}: has ${lines} lines; split it (at most ${MAX_LINES}, better 300)`);
    }
  }
  return wrong;
}
