// A GPT that learns a play by characters, without the runner: data, network, loop, one line printed.
import { DataLoader, LanguageModelWindows } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { AdamW, clipGradNorm_ } from "@heddle/optim";
import { manualSeed, scope } from "@heddle/tensor";
import { negativeLogLikelihood } from "./evaluate.ts";
import { Writer } from "./generate.ts";
import { Gpt } from "./model.ts";
import { loadText } from "./text.ts";
import { learnTokens } from "./tokens.ts";

manualSeed(0);
const text = loadText(null, 20_000);
const tokens = learnTokens("characters", text, 0);
const learned = Int32Array.from(tokens.encode(text.train)), heldOut = Int32Array.from(tokens.encode(text.heldOut));

const context = 64;
const model = new Gpt({ vocabulary: tokens.size, context, layers: 2, heads: 2, width: 64, dropout: 0 });
const loader = new DataLoader(new LanguageModelWindows(learned, context, { random: true }), { batchSize: 16 });
const optimizer = new AdamW(model.parameters(), { lr: 3e-3, betas: [0.9, 0.99] });

for (let epoch = 0; epoch < 7; epoch++) {
  for (const [inputs, targets] of loader) {
    using _ = scope();
    const logits = model.forward(inputs);
    const loss = F.crossEntropy(logits.flatten(0, 1), targets.flatten());
    optimizer.zeroGrad();
    loss.backward();
    clipGradNorm_(model.parameters(), 1);
    optimizer.step();
  }
}
const nats = await negativeLogLikelihood(model, heldOut) / heldOut.length;
const written = await new Writer(model, tokens).write("At noon the", 40, { temperature: 0.7, topK: null, topP: null });
console.log(`${nats.toFixed(2)} nats per character of new text; it writes: ${written.replaceAll("\n", " ")}`);
