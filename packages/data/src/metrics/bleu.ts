import { checkOptions } from "@heddle/tensor/engine";
import { type BleuTokenize, bleuTokens } from "./bleu_tokens.ts";

/** How to replace a precision of 0, which would make the score 0. */
export type BleuSmoothing = "exp" | "floor" | "add-k" | "none";

/** Options of {@link corpusBleu}; the defaults are sacreBLEU's. */
export interface BleuOptions {
  /** How sentences are tokenised (default "13a", for untokenised text; "none" is for text that is tokenised already). */
  tokenize?: BleuTokenize;
  /** Whether capitals count as small letters (default false). */
  lowercase?: boolean;
  /**
   * Default "exp": the first order without a match counts as half a match, the second as a quarter, and so on. "floor" counts `smoothValue`
   * matches there, "add-k" adds `smoothValue` to matches and n-grams of every order but the first, "none" leaves 0.
   */
  smoothMethod?: BleuSmoothing;
  /** For "floor" (default 0.1) and "add-k" (default 1). */
  smoothValue?: number;
  /** The longest n-grams (default 4). */
  maxOrder?: number;
  /** Whether orders of which there is no n-gram are left out, as for sentences alone (default false). */
  effectiveOrder?: boolean;
}

/** What {@link corpusBleu} found. */
export interface BleuScore {
  /** BLEU, from 0 to 100. */
  readonly score: number;
  /** The share of n-grams that a reference has too, in per cent, for n = 1, 2, …; smoothed. */
  readonly precisions: readonly number[];
  /** The factor below 1 for text shorter than its reference. */
  readonly brevityPenalty: number;
  /** Tokens of all hypotheses. */
  readonly hypothesisLength: number;
  /** Tokens of the references, of each sentence the one nearest in length. */
  readonly referenceLength: number;
  /** n-grams that a reference has too, for n = 1, 2, … */
  readonly counts: readonly number[];
  /** All n-grams of the hypotheses. */
  readonly totals: readonly number[];
  /** sacreBLEU's description of how it was computed: scores are comparable only if it is the same. */
  readonly signature: string;
}

const SMOOTHING: Readonly<Record<BleuSmoothing, number | null>> = { exp: null, floor: 0.1, "add-k": 1, none: null };
const TOKENIZE: readonly string[] = ["13a", "none", "char"];

/**
 * BLEU of a whole text (Papineni et al. 2002), counted as sacreBLEU counts it (Post 2018): the geometric mean of the precisions of 1- to
 * 4-grams, times the brevity penalty. Counts are summed over all sentences before they are divided, so that it is not the mean of sentences' scores.
 *
 * @param hypotheses the translations
 * @param references one for each of them; or several lists, each with one for each of them, as sacreBLEU takes them
 * @throws when numbers of sentences differ, there are none, one is not a string, or an option is unknown
 *
 * @example
 * ```ts
 * import { corpusBleu } from "@heddle/data";
 *
 * const { score, precisions } = corpusBleu(["The cat sat on the mat."], ["The cat is on the mat."]);
 * console.log(score.toFixed(2), precisions.map(Math.round)); // 48.89 [ 86, 67, 40, 25 ]
 * ```
 */
export function corpusBleu(
  hypotheses: readonly string[],
  references: readonly string[] | readonly (readonly string[])[],
  options: BleuOptions = {},
): BleuScore {
  checkOptions("corpusBleu", options, [
    "tokenize",
    "lowercase",
    "smoothMethod",
    "smoothValue",
    "maxOrder",
    "effectiveOrder",
  ]);
  const { tokenize = "13a", lowercase = false, smoothMethod = "exp", maxOrder = 4, effectiveOrder = false } = options;
  checkSettings(tokenize, smoothMethod, maxOrder);
  const lists = listsOf(hypotheses, references);
  const cut = (sentence: string, where: string): string[] => {
    if (typeof sentence !== "string") {
      throw new TypeError(
        `corpusBleu: ${where} is ${JSON.stringify(sentence)}; sentences are strings, not token lists.`,
      );
    }
    return bleuTokens(lowercase ? sentence.toLowerCase() : sentence, tokenize);
  };
  const counts = new Array<number>(maxOrder).fill(0);
  const totals = new Array<number>(maxOrder).fill(0);
  let hypothesisLength = 0;
  let referenceLength = 0;
  hypotheses.forEach((sentence, i) => {
    const tokens = cut(sentence, `hypothesis ${i}`);
    const others = lists.map((list) => cut(list[i]!, `reference ${i}`));
    hypothesisLength += tokens.length;
    referenceLength += nearestLength(tokens.length, others);
    for (let n = 1; n <= maxOrder; n++) {
      totals[n - 1]! += Math.max(0, tokens.length - n + 1);
      counts[n - 1]! += matches(tokens, others, n);
    }
  });

  const smoothValue = options.smoothValue ?? SMOOTHING[smoothMethod] ?? 0;
  const { precisions, filled } = smoothed(counts, totals, smoothMethod, smoothValue);
  const brevityPenalty = hypothesisLength >= referenceLength
    ? 1
    : hypothesisLength === 0
    ? 0
    : Math.exp(1 - referenceLength / hypothesisLength);
  const orders = effectiveOrder ? filled : maxOrder;
  const logs = precisions.slice(0, orders).reduce((sum, precision) => sum + Math.log(precision), 0);
  const score = counts.some((count) => count > 0) ? brevityPenalty * Math.exp(logs / orders) : 0;
  const value = SMOOTHING[smoothMethod] === null ? "" : `[${smoothValue.toFixed(2)}]`;
  const signature = `nrefs:${lists.length}|case:${lowercase ? "lc" : "mixed"}|eff:${effectiveOrder ? "yes" : "no"}|` +
    `tok:${tokenize}|smooth:${smoothMethod}${value}`;
  return { score, precisions, brevityPenalty, hypothesisLength, referenceLength, counts, totals, signature };
}

function checkSettings(tokenize: string, smoothMethod: string, maxOrder: number): void {
  const fail = (what: string): never => {
    throw new Error(`corpusBleu: ${what}`);
  };
  if (!TOKENIZE.includes(tokenize)) fail(`tokenize must be one of ${TOKENIZE.join(", ")}, got ${tokenize}.`);
  if (!Object.hasOwn(SMOOTHING, smoothMethod)) {
    fail(`smoothMethod must be one of ${Object.keys(SMOOTHING).join(", ")}, got ${smoothMethod}.`);
  }
  if (!Number.isInteger(maxOrder) || maxOrder < 1) fail(`maxOrder must be a positive integer, got ${maxOrder}.`);
}

function listsOf(
  hypotheses: readonly string[],
  references: readonly string[] | readonly (readonly string[])[],
): readonly (readonly string[])[] {
  if (hypotheses.length === 0) throw new Error("corpusBleu: there are no sentences to score.");
  const lists = Array.isArray(references[0])
    ? references as readonly (readonly string[])[]
    : [references as readonly string[]];
  lists.forEach((list, k) => {
    if (list.length === hypotheses.length) return;
    throw new Error(
      `corpusBleu: ${hypotheses.length} hypotheses, but ${list.length} references${
        lists.length > 1 ? ` in list ${k}` : ""
      }; each hypothesis needs its own.` +
        (lists.length === hypotheses.length
          ? " Several references are given as several lists of all sentences, not as a list for each sentence."
          : ""),
    );
  });
  return lists;
}

/** The length nearest to the hypothesis's, the shorter of two that are as near. */
function nearestLength(length: number, references: readonly (readonly string[])[]): number {
  const far = (reference: number): number => Math.abs(reference - length);
  return references.map((reference) => reference.length)
    .reduce((best, next) => far(next) < far(best) || (far(next) === far(best) && next < best) ? next : best);
}

/** n-grams that are in a reference, each as often at most as in the reference that has most of it. */
function matches(tokens: readonly string[], references: readonly (readonly string[])[], n: number): number {
  const most = new Map<string, number>();
  for (const reference of references) {
    for (const [ngram, count] of ngrams(reference, n)) most.set(ngram, Math.max(count, most.get(ngram) ?? 0));
  }
  let found = 0;
  for (const [ngram, count] of ngrams(tokens, n)) found += Math.min(count, most.get(ngram) ?? 0);
  return found;
}

function ngrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    // Tokens have no spaces in them.
    const ngram = tokens.slice(i, i + n).join(" ");
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** Precisions in per cent, 0 from the first order on of which there is no n-gram; and how many orders there are before it. */
function smoothed(
  counts: readonly number[],
  totals: readonly number[],
  method: BleuSmoothing,
  value: number,
): { precisions: number[]; filled: number } {
  const precisions = counts.map(() => 0);
  if (counts.every((count) => count === 0)) return { precisions, filled: 0 };
  let halves = 1;
  let n = 0;
  for (; n < counts.length; n++) {
    const added = method === "add-k" && n > 0 ? value : 0;
    const [count, total] = [counts[n]! + added, totals[n]! + added];
    if (total === 0) break;
    if (count > 0) precisions[n] = 100 * count / total;
    else if (method === "exp") precisions[n] = 100 / ((halves *= 2) * total);
    else if (method === "floor") precisions[n] = 100 * value / total;
  }
  return { precisions, filled: n };
}
