/** The pictures of the vectors. */
import { svd } from "@heddle/linalg";
import { fromTypedArray, tidy } from "@heddle/tensor";
import type { OutFolder } from "../runner/out_folder.ts";
import { heatMap } from "../runner/pictures/heat_map.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { mean } from "../runner/statistics.ts";
import { GROUPS } from "./word_groups.ts";
import type { Agreement } from "./pmi.ts";
import type { WordVectors } from "./vectors.ts";
import { type MapWord, wordMap } from "./word_map.ts";

/** Minimal number of words on the map: if the groups give fewer, the most frequent words are added. */
const LEAST = 40;

/** The words on the map, each with its group. */
function mapWords({ vocabulary }: WordVectors): { word: string; group: string | null }[] {
  const grouped = Object.entries(GROUPS).flatMap(([group, words]) =>
    words.filter((word) => vocabulary.has(word)).map((word) => ({ word, group: group as string | null }))
  );
  const others = vocabulary.tokens.filter((token) => !grouped.some(({ word }) => word === token)).slice(
    0,
    Math.max(0, LEAST - grouped.length),
  );
  return [...grouped, ...others.map((word) => ({ word, group: null }))];
}

/**
 * The first two principal components of the vectors of some words.
 *
 * @returns the coordinates of each word, and the share of the variance of both components.
 */
export function principalPlane(
  vectors: WordVectors,
  words: readonly string[],
): { points: number[][]; shares: number[] } {
  const values = Float64Array.from(words.flatMap((word) => [...vectors.of(word)]));
  return tidy(() => {
    const rows = fromTypedArray(values, [words.length, vectors.size], { device: "cpu" });
    const { U, S } = svd(rows.sub(rows.mean(0, { keepdim: true })), { fullMatrices: false });
    const variances = S.square();
    const shares = variances.div(variances.sum()).narrow(0, 0, 2);
    return {
      points: U.mul(S).narrow(1, 0, 2).toArray<number[][]>(),
      shares: shares.toArray<number[]>(),
    };
  });
}

/** The map of the words. */
export function drawMap(out: OutFolder, vectors: WordVectors): void {
  if (vectors.size < 2) return;
  const words = mapWords(vectors);
  const { points, shares } = principalPlane(vectors, words.map(({ word }) => word));
  const placed = words.map((word, i): MapWord => ({ ...word, x: points[i]![0]!, y: points[i]![1]! }));
  const named = (which: string, share: number): string =>
    `${which} principal component, ${(100 * share).toFixed(0)}% of the variance`;
  const svg = wordMap("Words by their vectors", placed, {
    x: { label: named("first", shares[0]!) },
    y: { label: named("second", shares[1]!) },
  });
  out.picture(
    "map.svg",
    svg,
  );
}

/** The mean cosine of the words of any two groups. */
export function drawGroups(out: OutFolder, vectors: WordVectors): void {
  const groups = Object.entries(GROUPS)
    .map(([name, words]) => [name, words.filter((word) => vectors.vocabulary.has(word))] as const)
    .filter(([, words]) => words.length > 1);
  if (groups.length < 2) return;
  const names = groups.map(([name]) => name);
  const cosines = groups.map(([, some]) =>
    groups.map(([, others]) => {
      const pairs = some.flatMap((a) => others.filter((b) => b !== a).map((b) => vectors.cosine(a, b)));
      return mean(pairs);
    })
  );
  const svg = heatMap({
    title: "Mean cosine of the words of two groups",
    subtitle: "on the diagonal, of different words of the same group",
    rows: { label: "", names },
    columns: { label: "", names },
    shares: cosines.map((row) => row.map((value) => Math.max(0, value))),
    words: cosines.map((row) => row.map((value) => value.toFixed(2).replace("-", "−"))),
    colourLabel: "cosine × 100%",
  });
  out.picture("groups.svg", svg);
}

/** The loss by step. */
export function drawLoss(out: OutFolder, { x, y }: { x: number[]; y: number[] }): void {
  const svg = lineChart({
    title: "Classifying pairs as real or negative",
    x: { label: "step" },
    y: { label: "cross-entropy of a pair and its negatives (nats)", include: 0 },
    series: [{ name: "training", x, y }],
  });
  out.picture("loss.svg", svg);
}

/** Points of the picture; more would overlap. */
const SHOWN = 800;

/** Dot products of vectors against the pointwise mutual information. */
export function drawAgreement(out: OutFolder, { expected, products, correlation }: Agreement): void {
  const step = Math.ceil(expected.length / SHOWN);
  const some = (values: readonly number[]): number[] => values.filter((_, i) => i % step === 0);
  const ends = [Math.min(...expected), Math.max(...expected)];
  const svg = lineChart({
    title: `Dot products of vectors and mutual information: correlation ${correlation.toFixed(2)}`,
    x: { label: "log P(pair) / (P(word) P(context)) − log negatives" },
    y: { label: "dot product of the vectors" },
    series: [
      { name: "optimum of each pair", x: ends, y: ends },
      { name: "pairs of frequent words", x: some(expected), y: some(products), as: "points" },
    ],
  });
  out.picture(
    "pmi.svg",
    svg,
  );
}
