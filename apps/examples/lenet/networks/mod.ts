/** The networks by name, each with a training recipe. */
import { ConvNet } from "./convnet.ts";
import { LeNet5 } from "./lenet5.ts";
import { Mlp } from "./mlp.ts";
import type { DigitNetwork } from "./network.ts";

export { type DigitNetwork, type Layer } from "./network.ts";

/** A network and its hyperparameters for plain SGD. */
export interface Recipe {
  title: string;
  make(): DigitNetwork;
  batch: number;
  lr: number;
  /** The factor of the learning rate after this share of the training (0 to 1). */
  schedule(share: number): number;
}

const constant = (): number => 1;
const linear = (share: number): number => 1 - share;

/** The names that `--model` takes. */
export const RECIPES: Record<"lenet5" | "convnet" | "mlp", Recipe> = {
  lenet5: { title: "LeNet-5", make: () => new LeNet5(), batch: 10, lr: 0.05, schedule: linear },
  convnet: { title: "ConvNet", make: () => new ConvNet(), batch: 100, lr: 0.1, schedule: constant },
  mlp: { title: "MLP", make: () => new Mlp(), batch: 100, lr: 0.1, schedule: constant },
};
