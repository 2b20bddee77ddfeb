/** Words that a person types, and their neighbours. */
import { type Answer, LineError } from "../runner/prompt.ts";
import type { WordVectors } from "./vectors.ts";

/** Neighbours listed per line. */
const COUNT = 8;

/** Replies to a word, or to a sum such as `king - man + woman`, with the nearest words. */
export function neighbourAnswer(vectors: WordVectors): Answer {
  return (line) => {
    const parts = line.toLowerCase().replace(/([+−–]|(?<=\s)-(?=\s))/g, " $1 ").trim().split(/\s+/);
    const sum = new Float32Array(vectors.size);
    const asked: string[] = [];
    let sign = 1;
    for (const part of parts) {
      if (part === "+") sign = 1;
      else if (/^[-−–]$/.test(part)) sign = -1;
      else {
        if (!vectors.vocabulary.has(part)) {
          throw new LineError(
            `"${part}" is not among the ${vectors.vocabulary.size} words of the text, or is too rare`,
          );
        }
        vectors.of(part).forEach((value, i) => sum[i]! += sign * value);
        asked.push(part);
        sign = 1;
      }
    }
    if (asked.length === 0) throw new LineError("no word is named; give one, or a sum such as: king - man + woman");
    return vectors.nearest(sum, COUNT, asked).map(({ word, cosine }) => `${word} ${cosine.toFixed(2)}`).join(", ");
  };
}
