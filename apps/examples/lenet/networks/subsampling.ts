import { Module, Parameter } from "@heddle/nn";
import { avgPool2d, full, fused, type Tensor, zeros } from "@heddle/tensor";

/**
 * LeNet-5's subsampling: the sum of each 2×2 square, times a coefficient, plus a bias, one of each per map. [n, maps,
 * h, w] becomes [n, maps, h/2, w/2].
 */
export class Subsampling extends Module {
  readonly coefficient: Parameter;
  readonly bias: Parameter;

  constructor(maps: number) {
    super();
    // 1/√inputs, like the weights of the other layers.
    this.coefficient = new Parameter(full([maps, 1, 1], 0.5));
    this.bias = new Parameter(zeros([maps, 1, 1]));
  }

  forward(x: Tensor): Tensor {
    // The sum of four is four times their mean; multiplying the few coefficients by 4 is cheaper than multiplying the
    // pixels.
    return affine([avgPool2d(x, 2), this.coefficient.mul(4), this.bias]);
  }
}

const affine = fused("subsampling", (x, factor, bias) => x.mul(factor).add(bias));
