import { Dropout, Flatten, Linear, ReLU, Sequential } from "@heddle/nn";
import { ImageNetwork, type NetworkOptions } from "./image_network.ts";
import { WhitenMiddle } from "./input.ts";

/**
 * A multi-layer perceptron with `hidden` layers of 512: Zhang et al. 2017, appendix A. It has 1,209,866 parameters with
 * one layer and 1,735,178 with three.
 */
export function mlp(hidden: number, { classes = 10, dropout = 0 }: NetworkOptions = {}): ImageNetwork {
  return new ImageNetwork([
    { name: "input", does: "centre, whitened", layer: new Sequential(new WhitenMiddle(), new Flatten()) },
    ...Array.from({ length: hidden }, (_, i) => ({
      name: `fc${i + 1}`,
      does: "fully connected, ReLU",
      layer: new Sequential(new Linear(i === 0 ? 3 * 28 * 28 : 512, 512), new ReLU(), new Dropout(dropout)),
    })),
    { name: "output", does: "fully connected", layer: new Linear(512, classes) },
  ]);
}
