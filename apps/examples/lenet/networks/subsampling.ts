import { Module, Parameter } from "@heddle/nn";
import { avgPool2d, full, type Tensor, zeros } from "@heddle/tensor";

/**
 * LeNet-5's subsampling: the sum of each 2×2 square, times a coefficient, plus a bias, one of each for every map.
 * [n, maps, h, w] becomes [n, maps, h/2, w/2].
 */
export class Subsampling extends Module {
  readonly coefficient: Parameter;
  readonly bias: Parameter;

  constructor(maps: number) {
    super();
    // 1/√inputs, as the weights of the other layers have it.
    this.coefficient = new Parameter(full([maps, 1, 1], 0.5));
    this.bias = new Parameter(zeros([maps, 1, 1]));
  }

  forward(x: Tensor): Tensor {
    // The sum of four is four times their mean; the 4 goes to the few coefficients, not to the many pixels.
    return avgPool2d(x, 2).mul(this.coefficient.mul(4)).add(this.bias);
  }
}
