/** The networks by name, each with the recipe that trains it well. */
import { ConvNet } from "./convnet.ts";
import { LeNet5 } from "./lenet5.ts";
import { Mlp } from "./mlp.ts";
import type { DigitNetwork } from "./network.ts";

export { type DigitNetwork, type Layer, parameterCount } from "./network.ts";

/** A network and how plain SGD trains it. */
export interface Recipe {
  title: string;
  make(): DigitNetwork;
  batch: number;
  lr: number;
  /** What the learning rate is multiplied by when this share of the training (0 to 1) is done. */
  schedule(share: number): number;
}

const constant = (): number => 1;
const linear = (share: number): number => 1 - share;

/** What `--model` chooses among. */
export const RECIPES: Record<"lenet5" | "convnet" | "mlp", Recipe> = {
  lenet5: { title: "LeNet-5", make: () => new LeNet5(), batch: 10, lr: 0.05, schedule: linear },
  convnet: { title: "ConvNet", make: () => new ConvNet(), batch: 100, lr: 0.1, schedule: constant },
  mlp: { title: "MLP", make: () => new Mlp(), batch: 100, lr: 0.1, schedule: constant },
};
