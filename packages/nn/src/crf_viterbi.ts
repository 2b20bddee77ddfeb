/** The best path through a lattice of tags: Viterbi (1967). */
import type { DataArray } from "@heddle/tensor";

/** The tags (0 to `tags` − 1) of each step that maximise the sum of emissions, moves `[from, to]`, start score and end score. */
export function bestTags(
  steps: number,
  tags: number,
  emission: (step: number, tag: number) => number,
  moves: DataArray,
  first: DataArray,
  last: DataArray,
): number[] {
  let scores = Float64Array.from({ length: tags }, (_, tag) => Number(first[tag]) + emission(0, tag));
  const cameFrom = new Int32Array(steps * tags);
  for (let step = 1; step < steps; step++) {
    const next = new Float64Array(tags);
    for (let to = 0; to < tags; to++) {
      let [best, from] = [-Infinity, 0];
      for (let tag = 0; tag < tags; tag++) {
        const score = scores[tag]! + Number(moves[tag * tags + to]);
        if (score > best) [best, from] = [score, tag];
      }
      next[to] = best + emission(step, to);
      cameFrom[step * tags + to] = from;
    }
    scores = next;
  }
  const ending = scores.map((score, tag) => score + Number(last[tag]));
  const path = [ending.indexOf(Math.max(...ending))];
  for (let step = steps - 1; step > 0; step--) path.push(cameFrom[step * tags + path.at(-1)!]!);
  return path.reverse();
}
