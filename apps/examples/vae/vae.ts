import { functional as F, Linear, Module } from "@heddle/nn";
import { randnLike, type Tensor } from "@heddle/tensor";

/** A normal distribution of independent components: means and logarithms of variances, [n, latent] each. */
export interface Code {
  mean: Tensor;
  logVariance: Tensor;
}

/** What a picture costs, in nats summed over a batch. Both are scalars; their sum is the negative ELBO. */
export interface Cost {
  /** −E[ln p(x|z)]: how badly the picture is told from a code that was drawn for it. */
  reconstruction: Tensor;
  /** KL(q(z|x) ‖ N(0, I)): how much the code says. */
  divergence: Tensor;
}

/**
 * The variational autoencoder of D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", 2014 (arXiv:1312.6114): pictures of
 * 784 pixels from 0 to 1, one hidden layer of 400 each way, normally distributed codes. ReLU stands for the paper's tanh.
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

  /** Where the codes of pictures [n, 1, 28, 28] probably are. */
  encode(images: Tensor): Code {
    const hidden = this.encoder.forward(images.flatten(1)).relu();
    return { mean: this.mean.forward(hidden), logVariance: this.logVariance.forward(hidden) };
  }

  /** The pictures of codes [n, latent], as logits of ink, [n, 784]. */
  decode(codes: Tensor): Tensor {
    return this.output.forward(this.decoder.forward(codes).relu());
  }

  /** The cost of pictures, estimated with one code drawn for each. */
  cost(images: Tensor): Cost {
    const { mean, logVariance } = this.encode(images);
    // Noise that is scaled and shifted lets the gradient through to both.
    const codes = mean.add(randnLike(mean).mul(logVariance.mul(0.5).exp()));
    return {
      reconstruction: F.binaryCrossEntropyWithLogits(this.decode(codes), images.flatten(1), { reduction: "sum" }),
      // Appendix B of the paper.
      divergence: logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum().mul(-0.5),
    };
  }
}
