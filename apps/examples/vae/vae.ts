import { functional as F, Linear, Module } from "@heddle/nn";
import { randnLike, type Tensor } from "@heddle/tensor";

/** A normal distribution of independent components: means and logarithms of variances, [n, latent] each. */
export interface Code {
  mean: Tensor;
  logVariance: Tensor;
}

/** The loss terms of images, in nats summed over a batch. Both are scalars; their sum is the negative ELBO. */
export interface Cost {
  /** −E[ln p(x|z)]: the reconstruction loss with a random code of the image. */
  reconstruction: Tensor;
  /** KL(q(z|x) ‖ N(0, I)): the information in the code. */
  divergence: Tensor;
}

/**
 * The variational autoencoder of D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", 2014 (arXiv:1312.6114):
 * images of 784 pixels from 0 to 1, one hidden layer of 400 in the encoder and in the decoder, Gaussian codes. ReLU
 * replaces the paper's tanh.
 */
export class Vae extends Module {
  readonly encoder: Linear = new Linear(784, 400);
  readonly mean: Linear;
  readonly logVariance: Linear;
  readonly decoder: Linear;
  readonly output: Linear = new Linear(400, 784);

  constructor(latent: number) {
    super();
    this.mean = new Linear(400, latent);
    this.logVariance = new Linear(400, latent);
    this.decoder = new Linear(latent, 400);
  }

  /** The distribution of the codes of images [n, 1, 28, 28]. */
  encode(images: Tensor): Code {
    const hidden = this.encoder.forward(images.flatten(1)).relu();
    return { mean: this.mean.forward(hidden), logVariance: this.logVariance.forward(hidden) };
  }

  /** Decodes codes [n, latent] into the logits of ink, [n, 784]. */
  decode(codes: Tensor): Tensor {
    return this.output.forward(this.decoder.forward(codes).relu());
  }

  /** The loss terms of images, estimated with one random code each. */
  cost(images: Tensor): Cost {
    const { mean, logVariance } = this.encode(images);
    // Reparameterised noise passes the gradient to the mean and the variance.
    const codes = mean.add(randnLike(mean).mul(logVariance.mul(0.5).exp()));
    return {
      reconstruction: F.binaryCrossEntropyWithLogits(this.decode(codes), images.flatten(1), { reduction: "sum" }),
      // Appendix B of the paper.
      divergence: logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum().mul(-0.5),
    };
  }
}
