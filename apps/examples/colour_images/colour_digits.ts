import { DrawnDigits } from "@heddle/data";
import { Generator } from "@heddle/tensor";
import { IMAGE, SIDE, type StoredImages } from "./stored_images.ts";

const DIGIT = 28;
/** The minimal difference of ink and paper, summed over red, green and blue, so that every digit is legible. */
const CONTRAST = 0.9;

/**
 * Digits of a random colour on paper with a vertical gradient between two random colours: 32×32, in the layout of
 * CIFAR-10. The same arguments always give the same images; training and test images differ.
 */
export function drawColourDigits(size: number, train: boolean): StoredImages {
  const digits = new DrawnDigits({ size, train });
  const ink = size > 0 ? digits.images.toTypedArray("uint8") : new Uint8Array();
  const generator = new Generator(train ? 1 : 2);
  const pixels = new Uint8Array(size * IMAGE);
  for (let image = 0; image < size; image++) {
    const [pen, top, bottom] = drawColours(generator);
    const [right, down] = [...generator.uniforms(2)].map((value) => Math.floor(value * (SIDE - DIGIT + 1)));
    for (let place = 0; place < SIDE * SIDE; place++) {
      const y = Math.floor(place / SIDE), row = y - down!, column = place % SIDE - right!;
      const inside = row >= 0 && row < DIGIT && column >= 0 && column < DIGIT;
      const covered = inside ? ink[(image * DIGIT + row) * DIGIT + column]! / 255 : 0;
      for (let plane = 0; plane < 3; plane++) {
        const paper = top![plane]! + (bottom![plane]! - top![plane]!) * y / (SIDE - 1);
        const value = paper + (pen![plane]! - paper) * covered;
        pixels[image * IMAGE + plane * SIDE * SIDE + place] = Math.round(255 * value);
      }
    }
  }
  return { pixels, labels: Array.from({ length: size }, (_, i) => digits.label(i)), classes: digits.classes };
}

/** The colours of the ink and of both ends of the paper, each as red, green and blue from 0 to 1. */
function drawColours(generator: Generator): number[][] {
  for (;;) {
    const values = [...generator.uniforms(9)];
    const [pen, ...papers] = [0, 3, 6].map((from) => values.slice(from, from + 3));
    const distance = (paper: number[]): number => paper.reduce((sum, value, i) => sum + Math.abs(value - pen![i]!), 0);
    if (papers.every((paper) => distance(paper) > CONTRAST)) return [pen!, ...papers];
  }
}
