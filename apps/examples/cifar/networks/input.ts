/** What the networks do with an image first. */
import { Module } from "@heddle/nn";
import { type Tensor, tensor } from "@heddle/tensor";

/** Shifts and scales each channel by its mean and standard deviation over CIFAR-10's training images. */
export class NormaliseChannels extends Module {
  declare readonly mean: Tensor;
  declare readonly deviation: Tensor;

  constructor() {
    super();
    // They follow from the data set, so weights are saved without them.
    this.registerBuffer("mean", tensor([[[0.4914]], [[0.4822]], [[0.4465]]]), { persistent: false });
    this.registerBuffer("deviation", tensor([[[0.247]], [[0.2435]], [[0.2616]]]), { persistent: false });
  }

  forward(images: Tensor): Tensor {
    return images.sub(this.mean).div(this.deviation);
  }
}

const CROP = 28, MARGIN = 2;

/**
 * The middle 28×28 of an image, with mean 0 and standard deviation 1 over all its values: Zhang et al. 2017, appendix A. An image
 * of one value only becomes 0: the deviation is at least 1/√values, as in TensorFlow's `per_image_standardization`, for bytes.
 */
export class WhitenMiddle extends Module {
  forward(images: Tensor): Tensor {
    const middle = images.narrow(2, MARGIN, CROP).narrow(3, MARGIN, CROP);
    const values = 3 * CROP * CROP;
    const centred = middle.sub(middle.mean([1, 2, 3], { keepdim: true }));
    const deviation = centred.square().mean([1, 2, 3], { keepdim: true }).sqrt();
    return centred.div(deviation.clamp({ min: 1 / 255 / Math.sqrt(values) }));
  }
}
