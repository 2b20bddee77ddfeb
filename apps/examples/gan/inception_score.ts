/**
 * The quality of generated digits according to a classifier: whether they are legible, and whether every digit occurs.
 */
import { noGrad } from "@heddle/autograd";
import { type Tensor, tidy } from "@heddle/tensor";

/** The score of a set of images. */
export interface SampleScore {
  /** The share of the images classified as each digit. */
  shares: number[];
  /** The mean probability of the predicted class. */
  confidence: number;
  /**
   * The inception score (T. Salimans and others, 2016, arXiv:1606.03498), with this classifier in place of theirs: exp
   * of the mean divergence of each image's class probabilities from those of all images. It is 1 if all images look
   * alike or like nothing, and 10 if each is classified with certainty and all digits are equally frequent.
   */
  score: number;
}

/** The score of images with the given logits, [n, 10]. */
export async function inceptionScore(logits: Tensor): Promise<SampleScore> {
  const classes = logits.shape[1]!;
  const probabilities = noGrad(() => tidy(() => logits.softmax(1)));
  const values = await probabilities.data("float32");
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
