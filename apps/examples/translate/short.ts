// A recurrent translator with attention, without the runner: data, model, loop, one line printed.
import { Adam, clipGradNorm_ } from "@heddle/optim";
import { manualSeed, scope } from "@heddle/tensor";
import { pairLoader, vocabulariesOf } from "../translation/batches.ts";
import { bleuOf, translateAll, wordLoss } from "../translation/evaluate.ts";
import { loadPairs } from "../translation/pairs.ts";
import { Translator } from "./translator.ts";

manualSeed(0);
// Sentences of a small grammar; the folder of a corpus in place of null reads real ones.
const { train, validation, minCount } = await loadPairs(null, "fr-en");
const vocabularies = vocabulariesOf(train, minCount);
const words = { source: vocabularies.source.size, target: vocabularies.target.size };
const sizes = { attention: "dot", bidirectional: true, embedding: 64, hidden: 64, layers: 1, dropout: 0.1 } as const;
const model = new Translator(words, sizes);
const optimizer = new Adam(model.parameters(), { lr: 5e-3 });

for (let epoch = 0; epoch < 6; epoch++) {
  for (const { source, lengths, previous, next } of pairLoader(train, vocabularies, { batchSize: 32, shuffle: true })) {
    using _ = scope();
    // At each word the decoder reads the correct words before it, and predicts the next.
    const loss = wordLoss(model.forward(source, lengths, previous), next);
    optimizer.zeroGrad();
    loss.backward();
    clipGradNorm_(model.parameters(), 1);
    optimizer.step();
  }
}
const translations = await translateAll(model, validation.map(([french]) => french), vocabularies);
const bleu = bleuOf(translations, validation);
console.log(`BLEU ${bleu.toFixed(1)}; “${validation[0]![0].join(" ")}” is “${translations[0]!.join(" ")}”`);
