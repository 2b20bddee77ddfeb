// A generator and a discriminator of digits, without the runner: data, networks, loop, one line printed.
import { noGrad } from "@heddle/autograd";
import { DataLoader, DrawnDigits } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { manualSeed, onesLike, rand, randn, scope, type Tensor, zerosLike } from "@heddle/tensor";
import { Discriminator, Generator, NOISE } from "./networks.ts";

const saysReal = (logits: Tensor): Tensor => F.binaryCrossEntropyWithLogits(logits, onesLike(logits));
const saysDrawn = (logits: Tensor): Tensor => F.binaryCrossEntropyWithLogits(logits, zerosLike(logits));

manualSeed(0);
const loader = new DataLoader(new DrawnDigits({ size: 1200 }), { batchSize: 50, shuffle: true });
const generator = new Generator(), discriminator = new Discriminator();
const drawing = new Adam(generator.parameters(), { lr: 5e-4, betas: [0.5, 0.999] });
const telling = new Adam(discriminator.parameters(), { lr: 5e-4, betas: [0.5, 0.999] });

for (let epoch = 0; epoch < 3; epoch++) {
  for (const [images] of loader) {
    using _ = scope();
    const drawn = generator.forward(randn([images.shape[0]!, NOISE]));

    // The discriminator learns to tell real digits from drawn ones.
    const loss = saysReal(discriminator.forward(images)).add(saysDrawn(discriminator.forward(drawn.detach())));
    telling.zeroGrad();
    loss.backward();
    telling.step();

    // The generator learns to draw what the discriminator takes for real; the gradients of the latter are discarded.
    const fooled = saysReal(discriminator.forward(drawn));
    drawing.zeroGrad();
    fooled.backward();
    drawing.step();
  }
}

const others = new DrawnDigits({ train: false, size: 1000 }).getBatch(Array.from({ length: 1000 }, (_, i) => i))[0];

/** The mean distance of images to the nearest of 1,000 digits, as text. */
function distance(images: Tensor): string {
  using _ = scope();
  const [a, b] = [images.flatten(1), others.flatten(1)];
  const products = a.matmul(b.t()).mul(-2);
  const squares = products.add(a.square().sum(1, { keepdim: true })).add(b.square().sum(1));
  return squares.min(1).values.sqrt().mean().item().toFixed(1);
}
const drawn = noGrad(() => generator.forward(randn([100, NOISE]))), noise = rand([100, 784]);
console.log(`a drawn digit is ${distance(drawn)} away from the nearest real one, noise ${distance(noise)}`);
