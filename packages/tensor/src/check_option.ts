/** Options that are one of a few words. Types say so already; this is for callers without them. */

/** @throws TypeError naming the words there are. */
export function checkOption(operation: string, name: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  throw new TypeError(
    `${operation}: ${name} is ${JSON.stringify(value)}; use one of ${words.map((word) => `"${word}"`).join(", ")}`,
  );
}
