/** Finds the names that a mistyped word may mean. */

/**
 * The number of insertions, deletions, substitutions and transpositions of adjacent letters that turn `a` into `b` (the
 * optimal string alignment distance).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j - 1]! + (same ? 0 : 1), last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The `names` that `word` may mean, nearest first: those with up to a third of its letters wrong (two in a short word),
 * and those of which one is a prefix of the other.
 */
export function nearMatches(word: string, names: readonly string[]): string[] {
  const typed = word.toLowerCase();
  const allowed = Math.max(Math.min(2, typed.length - 1), Math.floor(typed.length / 3));
  return names
    .map((name) => {
      const known = name.toLowerCase();
      const begins = typed.length > 1 && (known.startsWith(typed) || typed.startsWith(known));
      const distance = editDistance(typed, known);
      return { name, distance: begins ? Math.min(distance, 1) : distance };
    })
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
}
