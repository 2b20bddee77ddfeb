/** The activations of the convnet's units. */
import { noGrad } from "@heddle/autograd";
import { DataLoader } from "@heddle/data";
import { type Tensor, tidy } from "@heddle/tensor";
import type { Digits } from "../digits/digits.ts";
import type { ConvNet } from "../lenet/networks/convnet.ts";
import { normalise } from "../lenet/networks/normalise.ts";

/** The outputs of both convolutions for images [n, 1, 28, 28], after ReLU: [n, 32, 24, 24] and [n, 64, 4, 4]. */
export function activations(network: ConvNet, images: Tensor): [first: Tensor, second: Tensor] {
  const first = network.conv1.forward(normalise(images));
  const second = network.conv2.forward(network.pool1.forward(first).relu());
  return [first.relu(), second.relu()];
}

/**
 * How strongly image i activates the centre of map i of the second convolution, before ReLU: [64] for [64, 1, 28, 28].
 */
export function mapCentreActivation(network: ConvNet): (images: Tensor) => Tensor {
  return (images) => middle(network, images).diagonal();
}

/** The same for every image and every map, [n, 64]: the mean of the four central units. */
function middle(network: ConvNet, images: Tensor): Tensor {
  const first = network.pool1.forward(network.conv1.forward(normalise(images))).relu();
  return network.conv2.forward(first).narrow(2, 1, 2).narrow(3, 1, 2).mean([2, 3]);
}

/** For each map the test digit that activates its centre most, and how strongly. */
export async function strongestDigits(network: ConvNet, digits: Digits): Promise<{ index: number; value: number }[]> {
  const best = Array.from({ length: 64 }, () => ({ index: 0, value: -Infinity }));
  let start = 0;
  for (const [images] of new DataLoader(digits, { batchSize: 100 })) {
    const { values, indices } = noGrad(() => tidy(() => middle(network, images).max(0)));
    const [most, where] = [await values.data("float32"), await indices.data("int32")];
    for (const [unit, value] of most.entries()) {
      if (value > best[unit]!.value) best[unit] = { index: start + where[unit]!, value };
    }
    values.dispose();
    indices.dispose();
    start += images.shape[0]!;
  }
  return best;
}
