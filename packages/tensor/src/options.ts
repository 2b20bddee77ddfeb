/** Checks of options at run time, for callers without type checks: unknown names, and values outside a list of words. */

/**
 * Throws for an option that the function does not have, since a misspelt option would otherwise be ignored; and for a flag or a
 * number in quotes, such as `bias: "false"`, which JavaScript treats as true.
 *
 * @param known all names in the options' type. A list that lacks one does not compile.
 * @throws TypeError for an unknown option, with the function and the most similar known name; for a flag or a number in quotes; or
 * if `options` is not an object.
 *
 * @example
 * ```ts
 * import { checkOptions } from "@heddle/tensor/engine";
 * interface ScaleOptions {
 *   readonly factor?: number;
 * }
 * function scale(value: number, options: ScaleOptions = {}): number {
 *   checkOptions("scale", options, ["factor"]);
 *   return value * (options.factor ?? 2);
 * }
 * scale(1, { factor: 3 }); // 3
 * ```
 */
export function checkOptions<O extends object, const K extends readonly (keyof O)[]>(
  operation: string,
  options: O,
  known: K & AllOf<O, K>,
): void {
  checkNames(operation, options, known as readonly string[]);
  for (const name in options) {
    const value = options[name] as unknown;
    if (typeof value === "string" && !texts.has(name)) checkWord(operation, name, value);
  }
}

/** Options whose value may be any text: names, also of columns and modules, paths, separators and the arguments of workers. */
const texts: ReadonlySet<string> = new Set([
  "adapter",
  "argument",
  "by",
  "comment",
  "delimiter",
  "device",
  "export",
  "group",
  "md5",
  "module",
  "name",
  "quote",
  "root",
  "sha256",
  "stratify",
  "target",
  "targets",
  "thousands",
]);

/** Throws for a flag or a number in quotes: it would count as true, or be concatenated as text. */
function checkWord(operation: string, name: string, value: string): void {
  const flag = value === "true" || value === "false";
  if (!flag && (value.trim() === "" || Number.isNaN(Number(value)))) return;
  throw new TypeError(
    `${operation}: option ${name} is the string ${JSON.stringify(value)}; ` +
      `give ${flag ? "true or false" : "a number"} without quotes`,
  );
}

/** A type error for a list of option names that lacks one. */
export type AllOf<O extends object, K extends readonly unknown[]> = [Exclude<keyof O, K[number]>] extends [never]
  ? unknown
  : { readonly "names that are missing": `${Exclude<keyof O, K[number]> & string}` };

/** Checks only the names, as {@link checkOptions} does: for names known at run time only, or options whose values are any text. */
export function checkNames(operation: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw noOptions(operation, typeof options === "object" ? JSON.stringify(options) : String(options), known);
  }
  for (const name in options) {
    if (known.includes(name) || !Object.hasOwn(options, name)) continue;
    const made = options.constructor?.name ?? "Object";
    // A tensor, for one, where the options belong.
    throw made === "Object"
      ? unknownOption(operation, name, known)
      : noOptions(operation, `an object of class ${made}`, known);
  }
}

function noOptions(operation: string, shown: string, known: readonly string[]): TypeError {
  return new TypeError(`${operation}: expected an object of options such as { ${known[0]}: … }, got ${shown}`);
}

function unknownOption(operation: string, name: string, known: readonly string[]): TypeError {
  const near = closestName(name, known);
  return new TypeError(
    `${operation}: unknown option "${name}"${near === undefined ? "" : `, did you mean "${near}"?`} ` +
      `(known: ${known.join(", ")})`,
  );
}

/**
 * The word that was probably meant: equal but for case and underscores, an abbreviation by initials, at a small edit distance, or
 * contained in the other.
 */
export function closestName(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[_\s-]/g, "");
  const wanted = plain(word);
  if (wanted === "") return undefined;
  const initials = word.split(/(?=[A-Z])|[_\s-]/).map((part) => part[0]?.toLowerCase()).join("");
  const same = known.find((k) => plain(k) === wanted || (initials.length > 1 && k === initials));
  if (same !== undefined) return same;
  const distances = known.map((k) => ({ k, away: editDistance(wanted, plain(k)) })).sort((a, b) => a.away - b.away);
  const closest = distances[0];
  if (closest !== undefined && closest.away <= Math.max(1, Math.floor(wanted.length / 3))) return closest.k;
  return known.find((k) => plain(k).startsWith(wanted) || wanted.startsWith(plain(k)));
}

/** The Damerau-Levenshtein distance: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      }
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** @throws TypeError that lists the allowed words. */
export function checkOption(operation: string, name: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  throw new TypeError(
    `${operation}: ${name} is ${typeof value === "string" ? JSON.stringify(value) : String(value)}; use one of ${
      words.map((word) => `"${word}"`).join(", ")
    }`,
  );
}
