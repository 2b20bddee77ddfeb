import { BatchNorm1d, BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential } from "@heddle/nn";
import { ImageNetwork, type NetworkOptions, type Stage } from "./image_network.ts";
import { NormaliseChannels } from "./input.ts";

/**
 * A small network in the style of VGG (Simonyan, Zisserman 2015): pairs of 3×3 convolutions, each pair followed by
 * pooling that halves the image while the channels double, then fully connected layers. With batch norms, and 32, 64
 * and 128 channels.
 */
export function vgg({ classes = 10, dropout = 0 }: NetworkOptions = {}): ImageNetwork {
  const convolution = (inputs: number, outputs: number) => [
    new Conv2d(inputs, outputs, 3, { padding: 1, bias: false }),
    new BatchNorm2d(outputs),
    new ReLU(),
  ];
  const block = (name: string, inputs: number, outputs: number): Stage => ({
    name,
    does: "2 × (convolution 3×3, norm, ReLU), max-pooling 2×2",
    layer: new Sequential(...convolution(inputs, outputs), ...convolution(outputs, outputs), new MaxPool2d(2)),
  });
  return new ImageNetwork([
    { name: "input", does: "normalised", layer: new NormaliseChannels() },
    block("block1", 3, 32),
    block("block2", 32, 64),
    block("block3", 64, 128),
    {
      name: "fc1",
      does: "fully connected, norm, ReLU",
      layer: new Sequential(
        new Flatten(),
        new Dropout(dropout),
        new Linear(128 * 4 * 4, 128, { bias: false }),
        new BatchNorm1d(128),
        new ReLU(),
      ),
    },
    { name: "output", does: "fully connected", layer: new Sequential(new Dropout(dropout), new Linear(128, classes)) },
  ]);
}
