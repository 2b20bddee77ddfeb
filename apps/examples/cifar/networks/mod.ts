/** The networks by name, each with a training recipe. */
import type { ScheduleName } from "../schedule.ts";
import { alexNet } from "./alexnet.ts";
import type { ImageNetwork, NetworkOptions } from "./image_network.ts";
import { inception } from "./inception.ts";
import { mlp } from "./mlp.ts";
import { resNet20 } from "./resnet.ts";
import { vgg } from "./vgg.ts";

export { ImageNetwork, type NetworkOptions } from "./image_network.ts";

/** A network and its hyperparameters for SGD with momentum 0.9. */
export interface Recipe {
  title: string;
  make(options?: NetworkOptions): ImageNetwork;
  batch: number;
  lr: number;
  schedule: ScheduleName;
}

/** For networks with batch norms, which tolerate a learning rate of 0.1; Zhang et al. use 0.01 for the others. */
const NORMED = { batch: 128, lr: 0.1, schedule: "cosine" } as const;
const PLAIN = { batch: 128, lr: 0.01, schedule: "cosine" } as const;

/** The names that `--model` takes. */
export type ModelName = "resnet20" | "vgg" | "alexnet" | "inception" | "inception-plain" | "mlp-1x512" | "mlp-3x512";

/** How each is built and trained. */
export const RECIPES: Readonly<Record<ModelName, Recipe>> = {
  resnet20: { title: "ResNet-20", make: resNet20, ...NORMED },
  vgg: { title: "VGG-like", make: vgg, ...NORMED },
  alexnet: { title: "Small AlexNet", make: alexNet, ...PLAIN },
  inception: { title: "Small Inception", make: (options) => inception(true, options), ...NORMED },
  "inception-plain": {
    title: "Small Inception without batch norm",
    make: (options) => inception(false, options),
    ...PLAIN,
  },
  "mlp-1x512": { title: "MLP 1×512", make: (options) => mlp(1, options), ...PLAIN },
  "mlp-3x512": { title: "MLP 3×512", make: (options) => mlp(3, options), ...PLAIN },
};

/** All names. */
export const MODELS: readonly ModelName[] = Object.keys(RECIPES) as ModelName[];
