import { CounterRandom } from "./counter_random.ts";
import { type Glyph, GLYPHS } from "./glyphs.ts";
import { Trace, writeGlyph } from "./pen.ts";
import { rasterise, SIDE } from "./raster.ts";

/** Pictures of digits and what they show. */
export interface DrawnImages {
  /** Grey values of `count` pictures of 28×28, row by row. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** The digit of each. */
  readonly labels: Int32Array<ArrayBuffer>;
}

const DIGITS = 10;

/**
 * Draws pictures of digits. Picture i depends on the seed and i alone, so a larger set starts with the
 * smaller one. Each run of ten pictures has every digit once, in random order.
 */
export function drawDigits(count: number, seed: number): DrawnImages {
  const random = new CounterRandom(seed);
  const trace = new Trace();
  const pixels = new Uint8Array(count * SIDE * SIDE);
  const labels = new Int32Array(count);
  const order = new Int32Array(DIGITS);
  for (let i = 0; i < count; i++) {
    // Streams alternate: even ones shuffle the digits, odd ones draw.
    if (i % DIGITS === 0) shuffleDigits(order, random, 2 * i);
    const digit = order[i % DIGITS] as number;
    random.select(2 * i + 1);
    labels[i] = digit;
    writeGlyph(chooseGlyph(GLYPHS[digit] as readonly Glyph[], random), random, trace);
    rasterise(trace, random, pixels, i * SIDE * SIDE);
  }
  return { pixels, labels };
}

function shuffleDigits(order: Int32Array, random: CounterRandom, stream: number): void {
  random.select(stream);
  for (let i = 0; i < DIGITS; i++) {
    const j = random.below(i + 1);
    order[i] = order[j] as number;
    order[j] = i;
  }
}

function chooseGlyph(glyphs: readonly Glyph[], random: CounterRandom): Glyph {
  let ticket = random.uniform() * glyphs.reduce((sum, glyph) => sum + glyph.weight, 0);
  for (const glyph of glyphs) {
    ticket -= glyph.weight;
    if (ticket < 0) return glyph;
  }
  return glyphs[glyphs.length - 1] as Glyph;
}
