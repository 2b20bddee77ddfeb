/** Sentences with their entities in brackets. */

/** `[PER Anna Silva] visited [LOC Lima] .`; an "I-" that goes on with nothing begins an entity, as it does where these are counted. */
export function marked(words: readonly string[], tags: readonly string[]): string {
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
