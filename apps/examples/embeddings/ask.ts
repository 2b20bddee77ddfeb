/** Words that a person asks for, and the words near them. */
import { type Answer, LineError } from "../runner/lines.ts";
import type { WordVectors } from "./vectors.ts";

/** Neighbours in an answer. */
const COUNT = 8;

/** Answers a word, or a sum such as `king - man + woman`, by the words whose vectors are nearest. */
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
            `"${part}" is not among the ${vectors.vocabulary.size} words of the text, or came too seldom`,
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
