// Finds the TypeScript examples of a README or of a source's doc comments, and makes modules of them. Every block marked
// `ts` is run; a block that cannot run, such as a fragment, is marked `ts ignore`, as for `deno test --doc`. Where a line
// ends in its value, as in `x.sum().item(); // 6`, the value is compared; after "about" it may differ a little.

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

const IMPORT =
  /^import\s+(?<type>type\s+)?(?:(?:\{(?<names>[^}]*)\}|\* as (?<all>\w+))\s+from\s+)?(?<from>"[^"]+");$/gm;
const STATED =
  /^(?!(?:const|let|return|using|throw|for|if|console)\b)(?<value>[^\s/}].*); \/\/ (?<about>about )?(?<stated>.+)$/gm;

/** A comment that is a value: numbers, bigints, strings, booleans, null, arrays and objects. */
const LITERAL =
  /^(?:[\s[\]{},]|-?\d[\d_.]*(?:e[+-]?\d+)?n?|-?Infinity|NaN|true|false|null|undefined|"[^"]*"|'[^']*'|[a-z]\w*:)+$/i;

/** How many lines of an example end in their value. */
export function statedValues(code: string): number {
  return [...code.matchAll(STATED)].filter((match) => LITERAL.test(match.groups!["stated"]!)).length;
}

/**
 * A module that exports `examples`, an array with one asynchronous function for each example, which runs it and compares
 * the values that it states.
 *
 * @param here the URL of this file, from which the module takes {@link checkValue}.
 */
export function exampleModule(examples: readonly Example[], here: string): string {
  const functions = examples.map(({ code }) => {
    const body = code
      .replace(IMPORT, (_, type?: string, names?: string, all?: string, from?: string) => {
        if (type !== undefined) return "";
        if (all !== undefined) return `const ${all} = await import(${from});`;
        if (names === undefined) return `await import(${from});`;
        const values = names.split(",").filter((name) => name.trim() !== "" && !name.trim().startsWith("type "));
        return `const { ${values.map((name) => name.replace(" as ", ": ")).join(", ")} } = await import(${from});`;
      })
      .replace(
        STATED,
        (line, value: string, about: string | undefined, stated: string) =>
          LITERAL.test(stated)
            ? `$check(${JSON.stringify(line)}, ${value}, (${stated}), ${about !== undefined});`
            : line,
      );
    return `async () => {\n${body}}`;
  });
  return `import { checkValue as $check } from ${JSON.stringify(here)};\n` +
    `export const examples = [\n${functions.join(",\n")}\n];\n`;
}

/** @throws Error naming the line of an example when it states another value than it has. */
export function checkValue(line: string, actual: unknown, stated: unknown, about: boolean): void {
  if (!same(actual, stated, about)) {
    const show = (value: unknown) =>
      JSON.stringify(value, (_, part: unknown) => ArrayBuffer.isView(part) ? [...part as Float32Array] : plain(part));
    throw new Error(`${line}: the value is ${show(actual)}`);
  }
}

/** JSON has neither bigints nor NaN. */
function plain(value: unknown): unknown {
  return typeof value === "bigint"
    ? `${value}n`
    : typeof value === "number" && !Number.isFinite(value)
    ? `${value}`
    : value;
}

function same(actual: unknown, stated: unknown, about: boolean): boolean {
  if (typeof actual === "number" && typeof stated === "number") {
    return actual === stated || Number.isNaN(actual) && Number.isNaN(stated) ||
      about && Math.abs(actual - stated) <= 1e-3 * Math.abs(stated) + 1e-7;
  }
  if (typeof actual !== "object" || actual === null || typeof stated !== "object" || stated === null) {
    return actual === stated;
  }
  const [a, b] = [Object.entries(actual), stated as Record<string, unknown>];
  const listed = Array.isArray(actual) || ArrayBuffer.isView(actual);
  return listed === Array.isArray(stated) && a.length === Object.keys(b).length &&
    a.every(([key, value]) => key in b && same(value, b[key], about));
}
