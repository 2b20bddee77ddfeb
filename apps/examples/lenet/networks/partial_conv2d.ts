import { noGrad } from "@heddle/autograd";
import { Module, Parameter } from "@heddle/nn";
import { conv2d, empty, type Tensor, tensor, zeros } from "@heddle/tensor";

/**
 * A convolution in which each output map depends on only some of the input maps: LeNet-5's C3.
 *
 * Only the kernels that exist are parameters. Each step copies them into a dense kernel of zeros; the zeros are
 * constants and get no gradient.
 */
export class PartialConv2d extends Module {
  /** One kernel per connection, [connections, size, size], ordered by output map. */
  readonly weight: Parameter;
  /** [output maps] */
  readonly bias: Parameter;
  /** The position of each kernel in the dense one, as output map × input maps + input map. */
  declare readonly places: Tensor;
  private readonly dense: readonly [outputs: number, inputs: number, size: number];

  /** `inputs[o]` lists the input maps, of `maps`, of output map o. */
  constructor(inputs: readonly (readonly number[])[], maps: number, size: number) {
    super();
    const places = inputs.flatMap((seen, output) => seen.map((map) => output * maps + map));
    this.dense = [inputs.length, maps, size];
    // Derived from the table, so it is not saved with the weights.
    this.registerBuffer("places", tensor(places, { dtype: "int32" }), { persistent: false });
    this.weight = new Parameter(empty([places.length, size, size]));
    this.bias = new Parameter(zeros([inputs.length]));
    // Uniform with standard deviation 1/√inputs, which differs from map to map.
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
