import { Compose, RandomAffine, RandomApply, ToTensor, type Transform } from "@heddle/data";

/**
 * Distortions of the digits to learn from, after section III.A of LeNet-5's paper: shifts both ways, scaling and shearing, of
 * nine digits in ten (540,000 distorted ones beside 60,000 there; here each epoch has its own). The paper does not say how
 * large they are; its squeezing is left out.
 */
export const DISTORTIONS: Transform = new Compose([
  new ToTensor(),
  new RandomApply(
    new RandomAffine(0, { translate: [2 / 28, 2 / 28], scale: [0.9, 1.1], shear: 10, interpolation: "bilinear" }),
    0.9,
  ),
]);
