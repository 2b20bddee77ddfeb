/** Evaluates the networks on test names. */
import { noGrad } from "@heddle/autograd";
import type { Vocabulary } from "@heddle/data";
import { functional as F, sample } from "@heddle/nn";
import { full, scope, tidy } from "@heddle/tensor";
import { collateNames, nameLoader } from "./batches.ts";
import { MAX_LETTERS, type Name } from "./names.ts";
import type { NameClassifier, NameWriter } from "./networks.ts";

/** Batch size for testing. */
const BATCH = 256;

/** The probability of each language for each name, `[names][languages]`. */
export async function classify(
  network: NameClassifier,
  names: readonly Name[],
  vocabulary: Vocabulary,
): Promise<number[][]> {
  const rows: number[][] = [];
  network.eval();
  for (const { letters, lengths } of nameLoader(names, vocabulary, { batch: BATCH })) {
    const shares = noGrad(() => tidy(() => network.forward(letters, lengths).softmax(1)));
    const values = await shares.data("float32");
    const width = shares.shape[1]!;
    for (let row = 0; row < lengths.length; row++) rows.push([...values.subarray(row * width, (row + 1) * width)]);
    shares.dispose();
  }
  network.train();
  return rows;
}

/** The confusion matrix of the languages: `counts[true][predicted]`. */
export function confusion(names: readonly Name[], shares: readonly (readonly number[])[]): number[][] {
  const languages = shares[0]?.length ?? 0;
  const counts = Array.from({ length: languages }, () => Array<number>(languages).fill(0));
  names.forEach(({ language }, i) => counts[language]![argmax(shares[i]!)]!++);
  return counts;
}

/** The accuracies of a matrix of {@link confusion}, in percent. */
export interface Accuracy {
  /** Of all names. */
  accuracy: number;
  /** The mean of the languages' accuracies, so that every language counts the same. */
  meanAccuracy: number;
  /** Of each language. */
  byLanguage: number[];
}

/** The accuracies of a confusion matrix; languages without names are ignored. */
export function accuracyOf(counts: readonly (readonly number[])[]): Accuracy {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const right = counts.map((row, i) => row[i]!);
  const byLanguage = counts.map((row, i) => 100 * right[i]! / sum(row));
  const known = byLanguage.filter((share) => !Number.isNaN(share));
  return {
    accuracy: 100 * sum(right) / sum(counts.map(sum)),
    meanAccuracy: sum(known) / known.length,
    byLanguage,
  };
}

/** Mean cross-entropy of the letters of names in nats, including their ends. */
export async function letterLoss(network: NameWriter, names: readonly Name[], vocabulary: Vocabulary): Promise<number> {
  network.eval();
  let total = 0, letters = 0;
  for (const batch of nameLoader(names, vocabulary, { batch: BATCH })) {
    const loss = noGrad(() =>
      tidy(() => {
        const scores = network.forward(batch.letters, batch.languages);
        return F.crossEntropy(scores.flatten(0, 1), batch.next.flatten(), { ignoreIndex: 0, reduction: "sum" });
      })
    );
    total += Number((await loss.data())[0]);
    letters += batch.lengths.reduce((sum, length) => sum + length, 0);
    loss.dispose();
  }
  network.train();
  return total / letters;
}

/** Names of a language with the given beginning, sampled at a temperature. */
export async function generateNames(
  network: NameWriter,
  vocabulary: Vocabulary,
  { language, count, beginning = [], temperature }: {
    language: number;
    count: number;
    beginning?: readonly string[];
    temperature: number;
  },
): Promise<string[]> {
  using _ = scope();
  network.eval();
  const given = collateNames(Array.from({ length: count }, () => ({ letters: beginning, language })), vocabulary);
  const languages = full([count], language, { dtype: "int32" });
  const empty = { languages, state: null };
  // Decoding starts with the last letter of the beginning; the letters before it are read first.
  const memory = beginning.length === 0
    ? empty
    : noGrad(() => network.read(given.letters.narrow(1, 0, beginning.length), empty)[1]);
  const last = beginning.length === 0 ? vocabulary.bos : vocabulary.id(beginning.at(-1)!);
  const { tokens } = await sample(network, memory, {
    start: last,
    batch: count,
    end: vocabulary.eos,
    maxLength: MAX_LETTERS,
    temperature,
  });
  network.train();
  return tokens.map((row) => [...beginning, ...vocabulary.decode(row)].join(""));
}

/** The index of the largest value. */
export function argmax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
