/** Changes of colour on one picture of three planes (red, green, blue) or one (grey), float32 from 0 to 1. */

// ITU-R BT.601's weights in torchvision's rounding.
const RED = 0.2989;
const GREEN = 0.587;
const BLUE = 0.114;

/** Where a picture lies. */
export interface Place {
  readonly data: Float32Array;
  /** Where its first plane begins. */
  readonly at: number;
  readonly channels: number;
  /** Values in a plane. */
  readonly area: number;
}

/** @throws unless pictures have one or three channels */
export function checkColours(where: string, channels: number): void {
  if (channels === 1 || channels === 3) return;
  throw new Error(`${where}: expected pictures of 1 or 3 channels, got ${channels}.`);
}

/** Multiplies by a factor. */
export function brighten({ data, at, channels, area }: Place, factor: number): void {
  for (let p = at; p < at + channels * area; p++) {
    const value = factor * data[p]!;
    data[p] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
}

/** Moves values away from the mean of the picture's grey (factor above 1) or towards it. */
export function contrast(place: Place, factor: number): void {
  const { data, at, channels, area } = place;
  const rest = (1 - factor) * meanGrey(place);
  for (let p = at; p < at + channels * area; p++) {
    const value = factor * data[p]! + rest;
    data[p] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
}

function meanGrey({ data, at, channels, area }: Place): number {
  let sum = 0;
  if (channels === 1) { for (let p = at; p < at + area; p++) sum += data[p]!; }
  else {
    let [red, green, blue] = [0, 0, 0];
    for (let p = at; p < at + area; p++) {
      red += data[p]!;
      green += data[p + area]!;
      blue += data[p + 2 * area]!;
    }
    sum = RED * red + GREEN * green + BLUE * blue;
  }
  return sum / area;
}

/** Moves colours away from the pixel's grey (factor above 1) or towards it. Grey pictures have none. */
export function saturate({ data, at, channels, area }: Place, factor: number): void {
  if (channels === 1) return;
  for (let p = at; p < at + area; p++) {
    const [r, g, b] = [data[p]!, data[p + area]!, data[p + 2 * area]!];
    const rest = (1 - factor) * (RED * r + GREEN * g + BLUE * b);
    const [red, green, blue] = [factor * r + rest, factor * g + rest, factor * b + rest];
    data[p] = red < 0 ? 0 : red > 1 ? 1 : red;
    data[p + area] = green < 0 ? 0 : green > 1 ? 1 : green;
    data[p + 2 * area] = blue < 0 ? 0 : blue > 1 ? 1 : blue;
  }
}

/** Turns the hue of every pixel by a part of the circle. Grey pictures have none. */
export function turnHue({ data, at, channels, area }: Place, part: number): void {
  if (channels === 1) return;
  // The circle has six parts, from one pure or mixed colour to the next.
  const turn = 6 * (part - Math.floor(part));
  for (let p = at; p < at + area; p++) {
    const [r, g, b] = [data[p]!, data[p + area]!, data[p + 2 * area]!];
    const most = r > g ? (r > b ? r : b) : g > b ? g : b;
    const least = r < g ? (r < b ? r : b) : g < b ? g : b;
    const chroma = most - least;
    if (chroma === 0) continue;
    let hue = most === r ? (g - b) / chroma : most === g ? (b - r) / chroma + 2 : (r - g) / chroma + 4;
    hue += turn;
    if (hue < 0) hue += 6;
    else if (hue >= 6) hue -= 6;
    const sector = hue | 0;
    const step = (hue - sector) * chroma;
    // One channel has the most, one the least, and the third goes up or down between them.
    const between = sector & 1 ? most - step : least + step;
    const red = sector === 0 || sector === 5 ? most : sector === 1 || sector === 4 ? between : least;
    const green = sector === 1 || sector === 2 ? most : sector === 0 || sector === 3 ? between : least;
    data[p] = red;
    data[p + area] = green;
    data[p + 2 * area] = sector === 3 || sector === 4 ? most : sector === 2 || sector === 5 ? between : least;
  }
}

/** Stretches each channel so that it reaches from 0 to 1; one of a single value stays. */
export function stretch({ data, at, channels, area }: Place): void {
  for (let plane = at; plane < at + channels * area; plane += area) {
    let [least, most] = [Infinity, -Infinity];
    for (let p = plane; p < plane + area; p++) {
      const value = data[p]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (!(most > least)) continue;
    const factor = 1 / (most - least);
    for (let p = plane; p < plane + area; p++) data[p] = (data[p]! - least) * factor;
  }
}

/** The grey of each pixel, into the plane at `to`. */
export function greyOf(source: Place, target: Float32Array, to: number): void {
  const { data, at, channels, area } = source;
  for (let p = 0; p < area; p++) {
    const q = at + p;
    target[to + p] = channels === 1 ? data[q]! : RED * data[q]! + GREEN * data[q + area]! + BLUE * data[q + 2 * area]!;
  }
}
