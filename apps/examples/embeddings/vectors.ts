/** Learned vectors on the host, and queries on them. */
import type { Vocabulary } from "@heddle/data";
import { mean } from "../runner/statistics.ts";

/** A word and its cosine with the query. */
export interface Neighbour {
  readonly word: string;
  readonly cosine: number;
}

/** A unit vector for each word of a vocabulary. */
export class WordVectors {
  readonly vocabulary: Vocabulary;
  readonly size: number;
  private readonly values: Float32Array;

  /** @param values `[words, size]`, row by row, of any length. */
  constructor(vocabulary: Vocabulary, values: Float32Array) {
    this.vocabulary = vocabulary;
    this.size = values.length / vocabulary.size;
    this.values = new Float32Array(values.length);
    for (let row = 0; row < vocabulary.size; row++) {
      this.values.set(unit(values.subarray(row * this.size, (row + 1) * this.size)), row * this.size);
    }
  }

  /** The vector of a word of the vocabulary. */
  of(word: string): Float32Array {
    const row = this.vocabulary.id(word);
    return this.values.subarray(row * this.size, (row + 1) * this.size);
  }

  cosine(a: string, b: string): number {
    return dot(this.of(a), this.of(b));
  }

  /** The words nearest to a direction, except those in `without`. */
  nearest(direction: Float32Array, count: number, without: readonly string[] = []): Neighbour[] {
    const to = unit(direction);
    const all = this.vocabulary.tokens.map((word) => ({ word, cosine: dot(to, this.of(word)) }));
    return all.filter(({ word }) => !without.includes(word)).sort((a, b) => b.cosine - a.cosine).slice(0, count);
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / length);
}

/** How well vectors separate groups of related words. */
export interface GroupScore {
  /** Words of the groups that occur in the text. */
  readonly words: number;
  /** How often two words of a group are closer than two of different groups: 50% by chance. */
  readonly closerPercent: number;
  /** How often the nearest of these words is of the same group. */
  readonly nearestPercent: number;
  /** The same for random vectors. */
  readonly nearestByChancePercent: number;
  readonly meanCosineWithin: number;
  readonly meanCosineAcross: number;
}

/**
 * Evaluates vectors by groups of words; words that do not occur in the text are ignored. Returns null if no group has
 * two words.
 */
export function evaluateGroups(
  vectors: WordVectors,
  groups: Readonly<Record<string, readonly string[]>>,
): GroupScore | null {
  const known = Object.entries(groups).flatMap(([group, words]) =>
    words.filter((word) => vectors.vocabulary.has(word)).map((word) => ({ word, group }))
  );
  const within: number[] = [], across: number[] = [];
  known.forEach((a, i) => {
    for (const b of known.slice(0, i)) (a.group === b.group ? within : across).push(vectors.cosine(a.word, b.word));
  });
  if (within.length === 0 || across.length === 0) return null;
  const nearest = known.map(({ word, group }) => {
    const others = known.filter((other) => other.word !== word);
    const best = others.reduce((a, b) => vectors.cosine(word, b.word) > vectors.cosine(word, a.word) ? b : a);
    return {
      hit: best.group === group,
      chance: others.filter((other) => other.group === group).length / others.length,
    };
  });
  return {
    words: known.length,
    closerPercent: 100 * shareAbove(within, across),
    nearestPercent: 100 * mean(nearest.map(({ hit }) => Number(hit))),
    nearestByChancePercent: 100 * mean(nearest.map(({ chance }) => chance)),
    meanCosineWithin: mean(within),
    meanCosineAcross: mean(across),
  };
}

/**
 * How often a number of the first list exceeds one of the second: the Mann–Whitney U statistic as a share, with ties as
 * halves.
 */
export function shareAbove(first: readonly number[], second: readonly number[]): number {
  const sorted = [...second].sort((a, b) => a - b);
  const below = (value: number, orEqual: boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const won = first.reduce((sum, value) => sum + (below(value, false) + below(value, true)) / 2, 0);
  return won / (first.length * sorted.length);
}
