// A transformer that translates, without the runner: data, model, loop, one line printed.
import { Adam, LambdaLR } from "@heddle/optim";
import { manualSeed, scope } from "@heddle/tensor";
import { pairLoader, vocabulariesOf } from "../translation/batches.ts";
import { bleuOf, translateAll, wordLoss } from "../translation/evaluate.ts";
import { loadPairs } from "../translation/pairs.ts";
import { TransformerTranslator } from "./model.ts";
import { inverseSquareRoot } from "./schedule.ts";

manualSeed(0);
// Sentences of a small grammar; the folder of a corpus in place of null reads real ones.
const { train, validation, minCount } = await loadPairs(null, "fr-en");
// Both languages share one vocabulary, as in the paper.
const vocabularies = vocabulariesOf(train, minCount, true);
const model = new TransformerTranslator(vocabularies.source.size, {
  layers: 2,
  heads: 4,
  width: 64,
  feedForward: 128,
  dropout: 0.1,
  norm: "first",
});
const optimizer = new Adam(model.parameters(), { lr: 5e-3, betas: [0.9, 0.98], eps: 1e-9 });
const schedule = new LambdaLR(optimizer, { lrLambda: (step) => inverseSquareRoot(step, 40) });

for (let epoch = 0; epoch < 4; epoch++) {
  for (const { source, lengths, previous, next } of pairLoader(train, vocabularies, { batchSize: 32, shuffle: true })) {
    using _ = scope();
    // The decoder sees the correct words before each word at once, and a mask hides the later ones.
    const loss = wordLoss(model.forward(source, lengths, previous), next, 0.1);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    schedule.step();
  }
}
const translations = await translateAll(model, validation.map(([french]) => french), vocabularies);
const bleu = bleuOf(translations, validation);
console.log(`BLEU ${bleu.toFixed(1)}; “${validation[0]![0].join(" ")}” is “${translations[0]!.join(" ")}”`);
