/** Stochastic depth. */
import { ones, type Tensor } from "@heddle/tensor";
import { DropoutNd, functional } from "@heddle/nn";

/**
 * Drops the residual branch of each sample of `[N, …]` at probability `p` while training, and divides the others by 1 − p: Huang et al.,
 * "Deep networks with stochastic depth" (2016). torchvision: `StochasticDepth` in mode "row".
 */
export class StochasticDepth extends DropoutNd {
  forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    const each = ones([x.shape[0]!, ...Array<number>(x.ndim - 1).fill(1)], { dtype: x.dtype, device: x.device });
    return x.mul(functional.dropout(each, this.p, this.drawing));
  }
}
