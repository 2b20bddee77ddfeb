// A bidirectional LSTM with a conditional random field that finds names, without the runner: data, model, loop, one line printed.
import { entityF1 } from "@heddle/data";
import { Adam, clipGradNorm_ } from "@heddle/optim";
import { Generator, manualSeed, scope } from "@heddle/tensor";
import { batchOf, batchSampler, loadCorpus, tagNumbers, tagsOf, Words } from "./corpus.ts";
import { Tagger } from "./tagger.ts";

manualSeed(0);
// Generated sentences; a folder in place of null reads train.txt and test.txt in CoNLL's columns.
const { train, test } = await loadCorpus(null, null);
const words = Words.of(train), tags = tagsOf(train);
const sizes = { words: words.vocabulary.size, tags: tags.length, embedding: 32, hidden: 32, dropout: 0.3 };
const model = new Tagger(sizes, true);
const optimizer = new Adam(model.parameters(), { lr: 1e-2 });

const batches = batchSampler(train, 16, new Generator(0));
for (let epoch = 0; epoch < 6; epoch++) {
  for (const indices of batches) {
    using _ = scope();
    const sentences = indices.map((index) => train[index]!);
    // The negative log-likelihood of the tags of whole sentences, which rules out tags that cannot follow each other.
    const loss = model.loss(batchOf(sentences.map((sentence) => sentence.words), words), tagNumbers(sentences, tags));
    optimizer.zeroGrad();
    loss.backward();
    clipGradNorm_(model.parameters(), 5);
    optimizer.step();
  }
}
const found = await model.tag(batchOf(test.map((sentence) => sentence.words), words));
const names = found.map((row) => row.map((tag) => tags[tag]!));
const { f1 } = entityF1(names, test.map((sentence) => sentence.tags));
console.log(`the entities of the test sentences are found with an F1 of ${(100 * f1).toFixed(1)}%`);
