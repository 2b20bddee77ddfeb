/** What is done to the training images and their labels, once and for all, before anything is learned: Zhang et al. 2017. */
import { Generator } from "@heddle/tensor";
import { IMAGE, SIDE, type StoredImages } from "../colour_images/colour_images.ts";

const PLANE = SIDE * SIDE;

/** Each label replaced, with a probability of `share`, by one that is drawn among all classes. */
export function randomLabels(images: StoredImages, share: number, seed: number): StoredImages {
  const draws = new Generator(seed).uniforms(2 * images.labels.length);
  const labels = images.labels.map((label, i) =>
    draws[2 * i]! < share ? Math.floor(draws[2 * i + 1]! * images.classes.length) : label
  );
  return { ...images, labels };
}

/** One permutation of the pixels, the same for all images. */
export function shuffledPixels(images: StoredImages, seed: number): StoredImages {
  const order = permutation(new Generator(seed));
  return eachImage(images, () => order);
}

/** Another permutation of the pixels for each image. */
export function randomPixels(images: StoredImages, seed: number): StoredImages {
  const generator = new Generator(seed);
  return eachImage(images, () => permutation(generator));
}

/** Noise of the normal distribution, with the mean and the standard deviation of all the images' values. */
export function gaussianPixels(images: StoredImages, seed: number): StoredImages {
  const { pixels } = images;
  let sum = 0, squares = 0;
  for (const value of pixels) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / pixels.length, deviation = Math.sqrt(squares / pixels.length - mean * mean);
  const draws = new Generator(seed).uniforms(2 * pixels.length);
  const noise = Uint8Array.from(pixels, (_, i) => {
    // Box and Muller 1958; one of the pair.
    const normal = Math.sqrt(-2 * Math.log(1 - draws[2 * i]!)) * Math.cos(2 * Math.PI * draws[2 * i + 1]!);
    return Math.min(255, Math.max(0, Math.round(mean + deviation * normal)));
  });
  return { ...images, pixels: noise };
}

/** Fisher and Yates's shuffle of the places of an image; the three colours of a pixel stay together. */
function permutation(generator: Generator): Uint16Array {
  const draws = generator.uniforms(PLANE);
  const order = Uint16Array.from({ length: PLANE }, (_, i) => i);
  for (let i = PLANE - 1; i > 0; i--) {
    const j = Math.floor(draws[i]! * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function eachImage(images: StoredImages, orderOf: () => Uint16Array): StoredImages {
  const pixels = new Uint8Array(images.pixels.length);
  for (let image = 0; image < pixels.length; image += IMAGE) {
    const order = orderOf();
    for (let at = 0; at < IMAGE; at++) {
      pixels[image + at] = images.pixels[image + at - at % PLANE + order[at % PLANE]!]!;
    }
  }
  return { ...images, pixels };
}
