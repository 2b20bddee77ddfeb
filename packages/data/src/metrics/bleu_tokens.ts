/** How {@link corpusBleu} tokenises a sentence: like WMT's evaluation tool, at white space only, or into characters. */
export type BleuTokenize = "13a" | "none" | "char";

// Python's white space, at which sacreBLEU cuts; JavaScript's \s differs in a few control characters and the byte order mark.
const SPACES = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+`;
const BETWEEN = new RegExp(SPACES, "u");
const TRAILING = new RegExp(`${SPACES}$`, "u");
const ENTITIES: readonly (readonly [string, string])[] = [
  ["&quot;", '"'],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
];
// ASCII's punctuation except the apostrophe, comma, hyphen and full stop, which depend on their neighbours.
const PUNCTUATION = /[!-&(-+/:-@[-`{-~]/g;

/** The tokens of a sentence by which n-grams are counted. */
export function bleuTokens(sentence: string, tokenize: BleuTokenize): string[] {
  const text = tokenize === "13a" ? spaced(sentence) : sentence;
  const pieces = text.split(BETWEEN).filter((piece) => piece !== "");
  return tokenize === "char" ? pieces.flatMap((piece) => Array.from(piece)) : pieces;
}

/** The rules of NIST's mteval-v13a, in order; each sees the result of the one before. */
function spaced(sentence: string): string {
  let text = sentence.replace(TRAILING, "").replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  for (const [entity, character] of ENTITIES) text = text.replaceAll(entity, character);
  return ` ${text} `
    .replace(PUNCTUATION, " $& ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/g, "$1 $2 ");
}
