// Finds what a TypeScript source imports, without a parser: a tokenizer that knows comments, strings, templates and
// regular expressions, so that an `import` in any of those is not mistaken for one. TypeScript 7 has no parser to call.

/** One import found in a source. `start` and `end` bound the specifier between its quotes. */
export interface Import {
  specifier: string;
  kind: "static" | "type" | "export" | "dynamic" | "url";
  line: number;
  start: number;
  end: number;
}

interface Token {
  kind: "word" | "string" | "punctuation";
  text: string;
  line: number;
  start: number;
  end: number;
}

// After these words a slash starts a regular expression; after any other word it divides.
const BEFORE_REGEX = new Set(
  "return typeof case in of delete void throw new instanceof else do await yield".split(" "),
);

/** Every import, export-from, `import()` (in values and in types) and `new URL(x, import.meta.url)` of `source`. */
export function scanImports(source: string): Import[] {
  const tokens = tokenize(source);
  const found: Import[] = [];
  const text = (i: number): string => tokens[i]?.kind === "string" ? "" : tokens[i]?.text ?? "";
  const add = (i: number, kind: Import["kind"]): void => {
    const token = tokens[i];
    if (token?.kind !== "string") return;
    found.push({ specifier: token.text, kind, line: token.line, start: token.start, end: token.end });
  };
  for (let i = 0; i < tokens.length; i++) {
    if (text(i - 1) === ".") continue;
    if (text(i) === "import") {
      const next = text(i + 1);
      if (tokens[i + 1]?.kind === "string") add(i + 1, "static");
      else if (next === "(") add(i + 2, "dynamic");
      else if (next === "." && text(i + 3) === "." && text(i + 4) === "resolve") add(i + 6, "url");
      else if (/^[\w$*{]/.test(next)) {
        const type = next === "type" && text(i + 2) !== "from" && text(i + 2) !== ",";
        add(afterFrom(tokens, i + 1), type ? "type" : "static");
      }
    } else if (text(i) === "export") {
      const type = text(i + 1) === "type";
      const opens = text(i + (type ? 2 : 1));
      if (opens === "*" || opens === "{") add(afterFrom(tokens, i + 1), type ? "type" : "export");
    } else if (text(i) === "require" && text(i + 1) === "(") {
      add(i + 2, "dynamic");
    } else if (text(i) === "new" && text(i + 1) === "URL" && text(i + 5) === "import") {
      add(i + 3, "url");
    }
  }
  return found;
}

/** The place of the string after `from` in the clause that starts at `i`, or -1 when the clause ends without one. */
function afterFrom(tokens: Token[], i: number): number {
  let depth = 0;
  for (; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind === "string") {
      if (depth > 0) continue; // `import { "a name" as b }`
      const before = tokens[i - 1]!.text;
      return before === "from" || before === "(" ? i : -1;
    }
    if (token.text === "{") depth++;
    else if (token.text === "}") depth--;
    else if (token.text === ";") return -1;
    if (depth === 0 && token.text === "}" && tokens[i + 1]?.text !== "from") return -1;
  }
  return -1;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  // One entry for each template being read: how many braces are open inside its current `${`.
  const templates: number[] = [];
  let line = 1;
  let i = 0;
  const push = (kind: Token["kind"], start: number, end: number, text = source.slice(start, end)): void => {
    tokens.push({ kind, text, line, start, end });
  };
  const skip = (end: number): void => {
    for (; i < end; i++) if (source[i] === "\n") line++;
  };
  /** Reads template text from `from` on; a template without substitutions counts as a string. */
  const template = (from: number, whole: boolean): void => {
    let end = from;
    while (end < source.length && source[end] !== "`" && !source.startsWith("${", end)) {
      end += source[end] === "\\" ? 2 : 1;
    }
    if (source.startsWith("${", end)) {
      templates.push(0);
      push("punctuation", end, end + 2);
      skip(end + 2);
    } else {
      if (whole) push("string", from, end);
      else push("punctuation", end, end + 1);
      skip(end + 1);
    }
  };
  while (i < source.length) {
    const c = source[i]!;
    const rest = (pattern: RegExp): string => {
      pattern.lastIndex = i;
      return pattern.exec(source)?.[0] ?? "";
    };
    if (c === "/" && source[i + 1] === "/" || c === "#" && source[i + 1] === "!" && i === 0) {
      skip(i + rest(/[^\n]*/y).length);
    } else if (c === "/" && source[i + 1] === "*") {
      const end = source.indexOf("*/", i + 2);
      skip(end < 0 ? source.length : end + 2);
    } else if (c === '"' || c === "'") {
      const read = rest(c === '"' ? /"(?:[^"\\\n]|\\[^])*"?/y : /'(?:[^'\\\n]|\\[^])*'?/y);
      push("string", i + 1, i + read.length - 1);
      skip(i + read.length);
    } else if (c === "`") {
      template(i + 1, true);
    } else if (c === "}" && templates.at(-1) === 0) {
      templates.pop();
      template(i + 1, false);
    } else if (c === "/" && startsRegex(tokens.at(-1)) && rest(REGEX) !== "") {
      const read = rest(REGEX);
      push("punctuation", i, i + read.length, "/regex/");
      skip(i + read.length);
    } else if (/[\w$#\u0080-\uffff]/.test(c)) {
      const read = rest(/[\w$#\u0080-\uffff]+/y);
      push("word", i, i + read.length);
      skip(i + read.length);
    } else if (/\s/.test(c)) {
      skip(i + 1);
    } else {
      if (templates.length > 0 && c === "{") templates[templates.length - 1]!++;
      if (templates.length > 0 && c === "}") templates[templates.length - 1]!--;
      push("punctuation", i, i + 1);
      skip(i + 1);
    }
  }
  return tokens;
}

const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

function startsRegex(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === "string") return false;
  if (before.kind === "word") return BEFORE_REGEX.has(before.text);
  return !")]}`".includes(before.text) && before.text !== "/regex/";
}
