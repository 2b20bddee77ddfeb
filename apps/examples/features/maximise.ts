/** Images that maximise a network's units, by gradient ascent on the pixels. */
import { grad } from "@heddle/autograd";
import { conv2d, Generator, keep, linspace, pad, rand, scope, type Tensor, tidy } from "@heddle/tensor";

/** The settings of gradient ascent. */
export interface Ascent {
  steps: number;
  /** The mean change of a pixel per step (ink is 1). */
  rate: number;
  /** Maximal shift of the images in pixels before each step: the result should not depend on exact positions. */
  jitter: number;
  /** The share of ink that fades per step, the gradient of an L2 penalty: irrelevant pixels disappear. */
  decay: number;
  /**
   * Standard deviation, in pixels, of the blur after every fourth step but the last, which suppresses high frequencies.
   */
  blur: number;
  generator?: Generator;
}

export const ASCENT: Ascent = { steps: 160, rate: 0.03, jitter: 1, decay: 0.01, blur: 0.5 };

/**
 * Images [count, 1, 28, 28] with pixels from 0 to 1, found by gradient ascent from faint noise; `excitement` returns
 * the activation for each image, [count].
 *
 * K. Simonyan, A. Vedaldi, A. Zisserman (2013), arXiv:1312.6034, with the regularisers of J. Yosinski and others
 * (2015), arXiv:1506.06579.
 */
export function maximise(excitement: (images: Tensor) => Tensor, count: number, ascent: Ascent = ASCENT): Tensor {
  const { steps, rate, jitter, decay, blur } = ascent;
  const generator = ascent.generator ?? new Generator(0);
  let images = tidy(() => rand([count, 1, 28, 28], { generator }).mul(0.1));
  for (let step = 1; step <= steps; step++) {
    using _ = scope();
    const [right, down] = generator.uniforms(2).map((share) => Math.floor(share * (2 * jitter + 1)) - jitter);
    const shifted = images.roll([down!, right!], [2, 3]).requiresGrad_();
    const [slope] = grad([excitement(shifted).sum()], [shifted]);
    // Each image moves equally far, whatever the size of its gradient.
    const size = slope!.abs().mean([1, 2, 3], { keepdim: true }).add(1e-12);
    let climbed = shifted.detach().add(slope!.div(size), { alpha: rate }).mul(1 - decay);
    if (step % 4 === 0 && step < steps) climbed = blurred(climbed, blur);
    const before = images;
    images = keep(climbed.clamp({ min: 0, max: 1 }).roll([-down!, -right!], [2, 3]));
    before.dispose();
  }
  return images;
}

/** Images [n, 1, h, w] convolved with a Gaussian of standard deviation `sigma`; edge pixels are replicated. */
export function blurred(images: Tensor, sigma: number): Tensor {
  if (sigma === 0) return images;
  return tidy(() => {
    const reach = Math.max(1, Math.ceil(2 * sigma));
    const bell = linspace(-reach, reach, 2 * reach + 1).div(sigma).square().mul(-0.5).exp();
    const weights = bell.div(bell.sum());
    const wide = pad(images, [reach, reach, reach, reach], { mode: "replicate" });
    return conv2d(conv2d(wide, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1));
  });
}
