/** Corruptions of training images and labels, applied once before training: Zhang et al. 2017. */
import { Generator } from "@heddle/tensor";
import { IMAGE, SIDE, type StoredImages } from "../colour_images/colour_images.ts";
import { permutation } from "../permutation.ts";

const PLANE = SIDE * SIDE;

/** Replaces each label, with probability `share`, by one drawn uniformly from all classes. */
export function randomLabels(images: StoredImages, share: number, seed: number): StoredImages {
  const draws = new Generator(seed).uniforms(2 * images.labels.length);
  const labels = images.labels.map((label, i) =>
    draws[2 * i]! < share ? Math.floor(draws[2 * i + 1]! * images.classes.length) : label
  );
  return { ...images, labels };
}

/** One permutation of the pixels for all images. */
export function shuffledPixels(images: StoredImages, seed: number): StoredImages {
  const order = permutation(PLANE, new Generator(seed));
  return eachImage(images, () => order);
}

/** A separate permutation of the pixels for each image. */
export function randomPixels(images: StoredImages, seed: number): StoredImages {
  const generator = new Generator(seed);
  return eachImage(images, () => permutation(PLANE, generator));
}

/** Gaussian noise with the mean and the standard deviation of all values of the images. */
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
    // Box and Muller 1958; only one number of each pair is used.
    const normal = Math.sqrt(-2 * Math.log(1 - draws[2 * i]!)) * Math.cos(2 * Math.PI * draws[2 * i + 1]!);
    return Math.min(255, Math.max(0, Math.round(mean + deviation * normal)));
  });
  return { ...images, pixels: noise };
}

function eachImage(images: StoredImages, orderOf: () => Int32Array): StoredImages {
  const pixels = new Uint8Array(images.pixels.length);
  for (let image = 0; image < pixels.length; image += IMAGE) {
    const order = orderOf();
    for (let at = 0; at < IMAGE; at++) {
      pixels[image + at] = images.pixels[image + at - at % PLANE + order[at % PLANE]!]!;
    }
  }
  return { ...images, pixels };
}
