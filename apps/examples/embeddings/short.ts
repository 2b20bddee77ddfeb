// Word vectors by skip-gram with negative sampling, without the runner: text, model, loop, one line printed.
import { Adam } from "@heddle/optim";
import { manualSeed, scope } from "@heddle/tensor";
import { loadText } from "./corpus.ts";
import { Pairs } from "./pairs.ts";
import { SkipGram } from "./skip_gram.ts";
import { evaluateGroups, WordVectors } from "./vectors.ts";
import { GROUPS } from "./word_groups.ts";

manualSeed(0);
// Generated sentences; a file's path in place of null reads a text.
const corpus = await loadText(null, 5, 5_000);
const pairs = new Pairs(corpus, { window: 5, negatives: 5, sample: 1e-3, batch: 256 });
const model = new SkipGram(corpus.vocabulary.size, 32);
const optimizer = new Adam(model.parameters(), { lr: 1e-2 });

for (let epoch = 0; epoch < 3; epoch++) {
  for (const batch of pairs.batches(epoch)) {
    using _ = scope();
    // Words of the text near each other get similar vectors, random words different ones.
    const loss = model.loss(batch);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
}
const vectors = new WordVectors(corpus.vocabulary, await model.words.weight.detach().data("float32"));
const near = vectors.nearest(vectors.of("guitar"), 3, ["guitar"]).map(({ word }) => word);
const { nearestPercent } = evaluateGroups(vectors, GROUPS)!;
console.log(
  `${nearestPercent.toFixed(1)}% of the words are nearest to one of their group; guitar is near ${near.join(", ")}`,
);
