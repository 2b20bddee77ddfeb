/** What a classifier says of generated digits: whether they can be read, and whether every digit is among them. */
import { noGrad } from "@heddle/autograd";
import { type Tensor, tidy } from "@heddle/tensor";

/** A verdict over many pictures. */
export interface Verdict {
  /** Share of the pictures that are read as each digit. */
  shares: number[];
  /** Mean probability that the classifier gives to what it reads. */
  confidence: number;
  /**
   * exp of the mean divergence of each picture's class probabilities from those of all pictures (T. Salimans and others, 2016,
   * arXiv:1606.03498, with this classifier for theirs): 1 where all pictures look alike or like nothing, 10 where each is
   * read for certain and all digits are equally many.
   */
  score: number;
}

/** The verdict on pictures whose logits are given, [n, 10]. */
export async function judge(logits: Tensor): Promise<Verdict> {
  const classes = logits.shape[1]!;
  const probabilities = noGrad(() => tidy(() => logits.softmax(1)));
  const values = await probabilities.data() as Float32Array;
  probabilities.dispose();
  const count = values.length / classes;
  const shares = new Array<number>(classes).fill(0), mean = new Array<number>(classes).fill(0);
  let confidence = 0, divergence = 0;
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * classes, (i + 1) * classes);
    const best = row.indexOf(Math.max(...row));
    shares[best]! += 1 / count;
    confidence += row[best]! / count;
    for (const [k, p] of row.entries()) {
      mean[k]! += p / count;
      if (p > 0) divergence += p * Math.log(p) / count;
    }
  }
  for (const p of mean) if (p > 0) divergence -= p * Math.log(p);
  return { shares, confidence, score: Math.exp(divergence) };
}
