// What the outputs of a digit classifier look for, without the runner: data, training, gradient ascent, one line printed.
import { grad, noGrad } from "@heddle/autograd";
import { DataLoader, DrawnDigits } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { keep, manualSeed, rand, scope } from "@heddle/tensor";
import { fit } from "@heddle/train";
import { Network } from "../fine-tuning/network.ts";
import { blurred } from "./maximise.ts";

manualSeed(0);
const loader = new DataLoader(new DrawnDigits({ size: 2000 }), { batchSize: 50, shuffle: true });
const model = new Network(10);
await fit(model, loader, {
  loss: F.crossEntropy,
  optimizer: new Adam(model.parameters(), { lr: 2e-3 }),
  epochs: 2,
});
model.eval().requiresGrad_(false);

// An image for each digit, from faint noise, climbs in the direction of a higher output.
let images = keep(rand([10, 1, 28, 28]).mul(0.1));
for (let step = 1; step <= 60; step++) {
  using _ = scope();
  const pixels = images.requiresGrad_();
  const [slope] = grad([model.forward(pixels).diagonal().sum()], [pixels]);
  const size = slope!.abs().mean([1, 2, 3], { keepdim: true }).add(1e-12);
  const climbed = pixels.detach().add(slope!.div(size), { alpha: 0.03 }).mul(0.99);
  images = keep(blurred(climbed, step % 4 === 0 ? 0.5 : 0).clamp({ min: 0, max: 1 }));
  pixels.dispose();
}
const outputs = noGrad(() => model.forward(images).softmax(1).diagonal().mean().item());
console.log(
  `the network takes its own images for the digits that they maximise with a probability of ${outputs.toFixed(3)}`,
);
