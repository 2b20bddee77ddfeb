import { noGrad } from "@heddle/autograd";
import { Module, Parameter } from "@heddle/nn";
import { conv2d, empty, type Tensor, tensor, zeros } from "@heddle/tensor";

/**
 * A convolution each of whose output maps sees only some of the input maps: LeNet-5's C3.
 *
 * Only the kernels that exist are parameters. For each step they are laid into a dense kernel of zeros; the zeros get no
 * gradient, as they come from nowhere.
 */
export class PartialConv2d extends Module {
  /** One kernel for each connection, [connections, size, size], output map by output map. */
  readonly weight: Parameter;
  /** [output maps] */
  readonly bias: Parameter;
  /** Where each kernel goes in the dense one, as output map × input maps + input map. */
  declare readonly places: Tensor;
  private readonly dense: readonly [outputs: number, inputs: number, size: number];

  /** `inputs[o]` lists the input maps, of `maps`, that output map o sees. */
  constructor(inputs: readonly (readonly number[])[], maps: number, size: number) {
    super();
    const places = inputs.flatMap((seen, output) => seen.map((map) => output * maps + map));
    this.dense = [inputs.length, maps, size];
    // It follows from the table, so weights are saved without it.
    this.registerBuffer("places", tensor(places, { dtype: "int32" }), { persistent: false });
    this.weight = new Parameter(empty([places.length, size, size]));
    this.bias = new Parameter(zeros([inputs.length]));
    // Uniform of standard deviation 1/√inputs, which differ from map to map.
    noGrad(() => {
      let first = 0;
      for (const seen of inputs) {
        const bound = Math.sqrt(3 / (seen.length * size * size));
        this.weight.narrow(0, first, seen.length).uniform_(-bound, bound);
        first += seen.length;
      }
    });
  }

  forward(x: Tensor): Tensor {
    const [outputs, inputs, size] = this.dense;
    const kernels = zeros([outputs * inputs, size, size], { device: x.device }).indexAdd(0, this.places, this.weight);
    return conv2d(x, kernels.view(outputs, inputs, size, size), { bias: this.bias });
  }
}
