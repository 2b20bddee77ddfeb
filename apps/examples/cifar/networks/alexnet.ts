import { Conv2d, Dropout, Flatten, init, Linear, LocalResponseNorm, MaxPool2d, ReLU, Sequential } from "@heddle/nn";
import { ImageNetwork, type NetworkOptions, type Stage } from "./image_network.ts";
import { WhitenMiddle } from "./input.ts";

/**
 * The small AlexNet of Zhang et al. 2017, appendix A: two blocks of convolution, pooling and local response
 * normalisation, then three fully connected layers; 1,387,786 parameters. Details that the paper omits (64 maps, the
 * constants of the norm, the initial weights) follow TensorFlow's CIFAR-10 tutorial, which matches the number of
 * parameters. With He initialisation it diverges in the first steps on meaningless images, as it does in PyTorch, and
 * all its units die.
 */
export function alexNet({ classes = 10, dropout = 0 }: NetworkOptions = {}): ImageNetwork {
  const convolution = (name: string, inputs: number): Stage => ({
    name,
    does: "convolution 5×5, ReLU, max-pooling 3×3, norm",
    layer: new Sequential(
      new Conv2d(inputs, 64, 5, { padding: 2 }),
      new ReLU(),
      new MaxPool2d(3, { stride: 2, padding: 1 }),
      new LocalResponseNorm(9, { alpha: 1e-3, beta: 0.75, k: 1 }),
    ),
  });
  const dense = (name: string, inputs: number, outputs: number): Stage => ({
    name,
    does: "fully connected, ReLU",
    layer: new Sequential(new Flatten(), new Linear(inputs, outputs), new ReLU(), new Dropout(dropout)),
  });
  const output = new Linear(192, classes);
  const network = new ImageNetwork([
    { name: "input", does: "centre, whitened", layer: new WhitenMiddle() },
    convolution("conv1", 3),
    convolution("conv2", 64),
    dense("fc1", 64 * 7 * 7, 384),
    dense("fc2", 384, 192),
    { name: "output", does: "fully connected", layer: output },
  ]);
  for (const module of network.modules()) {
    if (module instanceof Conv2d) init.normal_(module.weight, 0, 0.05);
    else if (module instanceof Linear) init.normal_(module.weight, 0, module === output ? 1 / 192 : 0.04);
  }
  return network;
}
