/** The networks' preprocessing of images. */
import { Module } from "@heddle/nn";
import { type Tensor, tensor } from "@heddle/tensor";

/** Shifts and scales each channel by its mean and standard deviation over CIFAR-10's training images. */
export class NormaliseChannels extends Module {
  declare readonly mean: Tensor;
  declare readonly deviation: Tensor;

  constructor() {
    super();
    // They are constants of the dataset, so they are not saved with the weights.
    this.registerBuffer("mean", tensor([[[0.4914]], [[0.4822]], [[0.4465]]]), { persistent: false });
    this.registerBuffer("deviation", tensor([[[0.247]], [[0.2435]], [[0.2616]]]), { persistent: false });
  }

  forward(images: Tensor): Tensor {
    return images.sub(this.mean).div(this.deviation);
  }
}

const CROP = 28, MARGIN = 2;

/**
 * The central 28×28 pixels of an image, standardised to mean 0 and deviation 1 over all its values: Zhang et al. 2017,
 * appendix A. A constant image becomes 0: the deviation is at least 1/√values, as in TensorFlow's
 * `per_image_standardization`, for bytes.
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
