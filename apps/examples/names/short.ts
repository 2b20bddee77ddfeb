// A network that tells the language of a surname, without the runner: data, network, loop, one line printed.
import { noGrad } from "@heddle/autograd";
import { Vocabulary } from "@heddle/data";
import { Embedding, functional as F, GRU, Linear, Module } from "@heddle/nn";
import { Adam, clipGradNorm_ } from "@heddle/optim";
import { manualSeed, scope, type Tensor } from "@heddle/tensor";
import { collateNames, nameLoader } from "./batches.ts";
import { loadNames } from "./names.ts";

/** Reads a surname letter by letter: maps letters [n, t] and the lengths of the rows to the logits of the languages. */
class Classifier extends Module {
  readonly embedding: Embedding;
  readonly gru: GRU = new GRU(16, 64, { batchFirst: true });
  readonly output: Linear;

  constructor(letters: number, languages: number) {
    super();
    this.embedding = new Embedding(letters, 16, { paddingIdx: 0 });
    this.output = new Linear(64, languages);
  }

  forward(letters: Tensor, lengths: readonly number[]): Tensor {
    const [, state] = this.gru.forward(this.embedding.forward(letters), null, { lengths });
    return this.output.forward(state.select(0, 0));
  }
}

manualSeed(0);
const { languages, train, test } = await loadNames(null, null, 0);
const vocabulary = Vocabulary.build(train.map(({ letters }) => letters));
const loader = nameLoader(train, vocabulary, { batch: 32, shuffle: true });
const model = new Classifier(vocabulary.size, languages.length);
const optimizer = new Adam(model.parameters(), { lr: 5e-3 });

for (let epoch = 0; epoch < 5; epoch++) {
  for (const { letters, lengths, languages } of loader) {
    using _ = scope();
    const loss = F.crossEntropy(model.forward(letters, lengths), languages);
    optimizer.zeroGrad();
    loss.backward();
    clipGradNorm_(model.parameters(), 1);
    optimizer.step();
  }
}
const { letters, lengths, languages: truth } = collateNames(test, vocabulary);
const wrong = noGrad(() => model.forward(letters, lengths).argmax(1).ne(truth).float().mean().item());
console.log(`the language of ${(100 * wrong).toFixed(1)}% of the test names is mistaken`);
