import { noGrad } from "@heddle/autograd";
import { Conv2d, init, type Layer, Linear, Module, Sequential } from "@heddle/nn";
import { type Tensor, tidy, zeros } from "@heddle/tensor";
import { parameterCount } from "../../parameter_count.ts";

/** A part of a network with its own row in the table of layers. */
export interface Stage {
  name: string;
  does: string;
  layer: Layer;
}

/** The options of a network. */
export interface NetworkOptions {
  /** Number of classes (default 10). */
  classes?: number;
  /** Dropout probability before its last layers, from 0 to 1 (default 0). */
  dropout?: number;
}

/**
 * A classifier of colour images, stage by stage: maps [n, 3, 32, 32] from 0 to 1 to logits [n, classes]. Weights start
 * as in He et al. 2015 for rectifiers, normal with variance 2/inputs, unless a network overrides them, and biases at 0.
 */
export class ImageNetwork extends Module {
  readonly body: Sequential;
  private readonly about: readonly Omit<Stage, "layer">[];

  constructor(stages: readonly Stage[]) {
    super();
    this.about = stages.map(({ name, does }) => ({ name, does }));
    this.body = Sequential.named(Object.fromEntries(stages.map(({ name, layer }) => [name, layer])));
    for (const module of this.modules()) {
      if (!(module instanceof Conv2d || module instanceof Linear)) continue;
      init.kaimingNormal_(module.weight, { nonlinearity: "relu" });
      if (module.bias !== null) init.zeros_(module.bias);
    }
  }

  forward(images: Tensor): Tensor {
    return this.body.forward(images);
  }

  /** The rows of the table of layers; the output sizes come from a forward pass. */
  table(): { name: string; does: string; output: string; parameters: number }[] {
    const training = this.training;
    this.eval();
    const device = this.parameters()[0]!.device, layers = [...this.body];
    const shapes = noGrad(() =>
      tidy(() => {
        let x = zeros([1, 3, 32, 32], { device });
        return layers.map((layer) => (x = layer.forward(x)).shape.slice(1));
      })
    );
    this.train(training);
    return this.about.map(({ name, does }, i) => {
      const [channels, ...sides] = shapes[i]!;
      const output = sides.length > 0 ? `${channels}@${sides.join("×")}` : String(channels);
      return { name, does, output, parameters: parameterCount(layers[i]!) };
    });
  }
}
