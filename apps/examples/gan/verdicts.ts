import { noGrad } from "@heddle/autograd";
import { DataLoader } from "@heddle/data";
import { cat, randn, scope, type Tensor, tidy } from "@heddle/tensor";
import { trainClassifier } from "../digits/classifier.ts";
import type { DigitSets } from "../digits/digits.ts";
import { errorPercent } from "../lenet/mistakes.ts";
import { RECIPES } from "../lenet/networks/mod.ts";
import { predict } from "../lenet/predict.ts";
import { judge, type Verdict } from "./judge.ts";
import { Generator, NOISE } from "./networks.ts";

/** Pictures that a verdict is over, and steps that the classifier learns for; more than 20 passes are of no use to it. */
const PICTURES = 1_000, STEPS = 600, PASSES = 20;

/** What a classifier that learns from the training digits says of test digits, of generated ones, and of an untrained generator's. */
export async function verdicts(
  generator: Generator,
  sets: DigitSets,
  dryRun: boolean,
): Promise<{ classifierError: number; real: Verdict; drawn: Verdict; untrained: Verdict }> {
  using _ = scope();
  const classifier = RECIPES.convnet.make();
  const steps = dryRun ? 1 : Math.min(STEPS, PASSES * Math.ceil(sets.train.length / 100));
  await trainClassifier(classifier, sets.train, { steps, batch: 100, lr: 0.1 });
  classifier.eval();
  const read = (images: Tensor): Tensor => noGrad(() => tidy(() => classifier.forward(images)));
  const verdict = (batches: Iterable<Tensor>): Promise<Verdict> => judge(cat(Array.from(batches, read)));
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
