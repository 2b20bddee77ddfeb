/** Changes of brightness that depend on values alone, or on their neighbours, on one picture; uint8 as torchvision has them. */
import { blendedByte, clamped, type Place } from "./colour.ts";

const { fround } = Math;

/** A float from 0 to 1 as one of 256 levels: the uint8 that `ToTensor` makes it from. */
function levelOf(value: number): number {
  // NaN counts as 0.
  return Math.min(255, Math.max(0, Math.floor(value * 255.999))) || 0;
}

/** Replaces each level of a plane by another. */
function mapLevels({ data, area, bound }: Place, plane: number, table: ArrayLike<number>): void {
  for (let p = plane; p < plane + area; p++) {
    data[p] = bound === 1 ? table[levelOf(data[p]!)]! / 255 : table[data[p]!]!;
  }
}

/** White becomes black. */
export function invert({ data, at, channels, area, bound }: Place): void {
  const end = at + channels * area;
  for (let p = at; p < end; p++) data[p] = bound - data[p]!;
}

/** Inverts the values from a threshold on. */
export function solarize({ data, at, channels, area, bound }: Place, threshold: number): void {
  const end = at + channels * area;
  for (let p = at; p < end; p++) if (data[p]! >= threshold) data[p] = bound - data[p]!;
}

/** Keeps the highest bits of the 8 of each value. */
export function posterize(place: Place, bits: number): void {
  const table = Uint8Array.from({ length: 256 }, (_, level) => level & -(2 ** (8 - bits)));
  for (let c = 0; c < place.channels; c++) mapLevels(place, place.at + c * place.area, table);
}

/** Changes each channel's levels so that all occur about as often. One whose pixels are almost all alike stays. */
export function equalize(place: Place): void {
  const { data, at, channels, area, bound } = place;
  const counts = new Int32Array(256);
  const table = new Uint8Array(256);
  for (let plane = at; plane < at + channels * area; plane += area) {
    counts.fill(0);
    for (let p = plane; p < plane + area; p++) counts[bound === 1 ? levelOf(data[p]!) : data[p]!]!++;
    const last = counts.findLast((count) => count > 0) ?? 0;
    const step = Math.floor((area - last) / 255);
    if (step === 0) continue;
    let sum = Math.floor(step / 2);
    for (let level = 0; level < 256; level++) {
      table[level] = Math.min(255, Math.floor(sum / step));
      sum += counts[level]!;
    }
    table[0] = 0;
    mapLevels(place, plane, table);
  }
}

/** Stretches each channel so that it reaches from black to white; one of a single value stays. */
export function stretch({ data, at, channels, area, bound }: Place): void {
  for (let plane = at; plane < at + channels * area; plane += area) {
    let [least, most] = [Infinity, -Infinity];
    for (let p = plane; p < plane + area; p++) {
      const value = data[p]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (!(most > least)) continue;
    const factor = bound === 1 ? 1 / (most - least) : fround(fround(1 / (most - least)) * bound);
    for (let p = plane; p < plane + area; p++) {
      const value = (data[p]! - least) * factor;
      data[p] = bound === 1 ? value : fround(value);
    }
  }
}

/**
 * Moves values away from those of a smoothed picture (factor above 1) or towards it. The outermost pixels are not smoothed. `before`
 * is memory for a copy of a plane.
 */
export function sharpen(
  { data, at, channels, area, width, bound }: Place,
  factor: number,
  before: Float32Array | Uint8Array,
): void {
  const height = area / width;
  if (height < 3 || width < 3) return;
  for (let plane = at; plane < at + channels * area; plane += area) {
    before.set(data.subarray(plane, plane + area));
    for (let y = 0, p = 0; y < height; y++) {
      for (let x = 0; x < width; x++, p++) {
        const value = before[p]!;
        let smooth = value;
        if (x > 0 && x < width - 1 && y > 0 && y < height - 1) {
          let sum = 4 * value;
          for (let q = p - width; q <= p + width; q += width) sum += before[q - 1]! + before[q]! + before[q + 1]!;
          smooth = bound === 1 ? sum / 13 : Math.round(sum / 13);
        }
        data[plane + p] = bound === 1
          ? clamped(factor * value + (1 - factor) * smooth)
          : blendedByte(value, smooth, factor);
      }
    }
  }
}
