// Finds the TypeScript examples of a README or of a source's doc comments. Every block marked `ts` is run; a block that
// cannot run, such as a fragment, is marked `ts ignore`, as for `deno test --doc`.

/** A fenced block of TypeScript. `line` is that of its first line of code. */
export interface Example {
  code: string;
  line: number;
}

const FENCE = /^(?<indent>[ \t]*)```(?:ts|typescript)[ \t]*(?<mark>[^\n`]*)\n(?<code>[^]*?)^\k<indent>```[ \t]*$/gm;

/** The examples of a Markdown text that run. */
export function markdownExamples(text: string): Example[] {
  const examples: Example[] = [];
  for (const match of text.matchAll(FENCE)) {
    const { indent, mark, code } = match.groups as { indent: string; mark: string; code: string };
    if (mark.split(/\s+/).includes("ignore")) continue;
    const lines = code.split("\n").map((line) => line.startsWith(indent) ? line.slice(indent.length) : line);
    examples.push({ code: lines.join("\n"), line: lineAt(text, match.index) + 1 });
  }
  return examples;
}

/** The examples in the doc comments of a TypeScript source that run. */
export function sourceExamples(text: string): Example[] {
  const examples: Example[] = [];
  for (const comment of text.matchAll(/\/\*\*[^]*?\*\//g)) {
    const first = lineAt(text, comment.index);
    const bare = comment[0].replace(/^[ \t]*\* ?/gm, "").replace(/^\/\*\* ?/, "");
    for (const { code, line } of markdownExamples(bare)) examples.push({ code, line: first + line - 1 });
  }
  return examples;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
