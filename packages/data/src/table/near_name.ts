/** Names that were perhaps meant. */

/** The error's words about a name that does not exist: what was perhaps meant, and the names that exist. */
export function unknownName(name: unknown, known: readonly string[]): string {
  const near = typeof name === "string" ? nearest(name, known) : undefined;
  const hint = near === undefined ? "" : `did you mean ${JSON.stringify(near)}? `;
  const shown = known.slice(0, 20).map((each) => JSON.stringify(clip(each))).join(", ");
  return `${hint}There ${known.length === 1 ? "is" : "are"} ${shown || "none"}${
    known.length > 20 ? ` and ${known.length - 20} more` : ""
  }`;
}

/** A text of at most 40 characters, for errors. */
export function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]/g, "");
  const same = known.find((each) => plain(each) === plain(name));
  if (same !== undefined || name.length > 100 || known.length > 10_000) return same;
  const most = Math.max(1, Math.ceil(name.length / 3));
  let best: string | undefined, least = most + 1;
  for (const each of known) {
    if (Math.abs(each.length - name.length) > most) continue;
    const distance = edits(name, each);
    if (distance < least) [best, least] = [each, distance];
  }
  return best;
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
