import { noGrad } from "@heddle/autograd";
import { DataLoader } from "@heddle/data";
import { cat, randn, scope, type Tensor, tidy } from "@heddle/tensor";
import { trainClassifier } from "../digits/classifier.ts";
import type { DigitSets } from "../digits/digits.ts";
import { errorPercent } from "../classification/predictions.ts";
import { RECIPES } from "../lenet/networks/mod.ts";
import { predict } from "../classification/predict.ts";
import { inceptionScore, type SampleScore } from "./inception_score.ts";
import { Generator, NOISE } from "./networks.ts";

/** Images to evaluate, and training steps of the classifier; more than 20 epochs do not improve it. */
const PICTURES = 1_000, STEPS = 600, PASSES = 20;

/**
 * Trains a classifier on the training digits, and evaluates test digits, generated ones, and those of an untrained
 * generator.
 */
export async function evaluate(
  generator: Generator,
  sets: DigitSets,
  dryRun: boolean,
): Promise<{ classifierError: number; real: SampleScore; drawn: SampleScore; untrained: SampleScore }> {
  using _ = scope();
  const classifier = RECIPES.convnet.make();
  const steps = dryRun ? 1 : Math.min(STEPS, PASSES * Math.ceil(sets.train.length / 100));
  await trainClassifier(classifier, sets.train, { steps, batch: 100, lr: 0.1 });
  classifier.eval();
  const read = (images: Tensor): Tensor => noGrad(() => tidy(() => classifier.forward(images)));
  const verdict = (batches: Iterable<Tensor>): Promise<SampleScore> => inceptionScore(cat(Array.from(batches, read)));
  function* pictures(of: Generator): Iterable<Tensor> {
    of.eval();
    const batch = dryRun ? 10 : 500;
    for (let done = 0; done < (dryRun ? batch : PICTURES); done += batch) {
      yield noGrad(() => of.forward(randn([batch, NOISE])));
    }
    of.train();
  }
  function* testDigits(): Iterable<Tensor> {
    for (const [images] of new DataLoader(sets.test, { batchSize: 500 })) yield images;
  }
  return {
    classifierError: errorPercent(await predict(classifier, sets.test)),
    real: await verdict(testDigits()),
    drawn: await verdict(pictures(generator)),
    untrained: await verdict(pictures(new Generator())),
  };
}
