/** Sentences with their entities in brackets. */

/** `[PER Anna Silva] visited [LOC Lima] .`; an "I-" that continues no entity begins one, as in the entity count. */
export function bracketEntities(words: readonly string[], tags: readonly string[]): string {
  let text = "";
  words.forEach((word, t) => {
    const type = tags[t]!.slice(2);
    const before = t === 0 ? "" : tags[t - 1]!.slice(2);
    const begins = type !== "" && (tags[t]!.startsWith("B-") || type !== before);
    if (before !== "" && (begins || type === "")) text += "]";
    text += `${t === 0 ? "" : " "}${begins ? `[${type} ` : ""}${word}`;
  });
  return tags.at(-1) === undefined || tags.at(-1) === "O" ? text : `${text}]`;
}
