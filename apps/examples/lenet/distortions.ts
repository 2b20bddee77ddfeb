import { Compose, RandomAffine, RandomApply, ToTensor, type Transform } from "@heddle/data";

/**
 * Distortions of training digits, after section III.A of the LeNet-5 paper: shifts, scaling and shearing of nine digits
 * in ten (the paper has 540,000 distorted digits beside 60,000 originals; here each epoch has its own). The paper does
 * not give their sizes; its squeezing is left out.
 */
export const DISTORTIONS: Transform = new Compose([
  new ToTensor(),
  new RandomApply(
    new RandomAffine(0, { translate: [2 / 28, 2 / 28], scale: [0.9, 1.1], shear: 10, interpolation: "bilinear" }),
    0.9,
  ),
]);
