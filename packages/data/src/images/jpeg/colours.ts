import type { Pixels } from "../pixels.ts";
import type { Component, Frame } from "./frame.ts";

/** What the components stand for. */
export type JpegColours = "grey" | "rgb" | "ycc" | "cmyk" | "ycck";

/** The colour transform in Adobe's segment: 0 none, 1 YCbCr, 2 YCCK; null without such a segment. */
export type AdobeTransform = number | null;

/** What three or four components stand for, by the rules of libjpeg. */
export function coloursOf(components: readonly Component[], jfif: boolean, adobe: AdobeTransform): JpegColours {
  if (components.length === 1) return "grey";
  if (components.length === 4) return adobe === 2 ? "ycck" : "cmyk";
  if (jfif) return "ycc";
  if (adobe !== null) return adobe === 0 ? "rgb" : "ycc";
  return String.fromCharCode(...components.map(({ id }) => id)) === "RGB" ? "rgb" : "ycc";
}

/**
 * The pixels of samples. Components with fewer samples than the picture has pixels are smoothed as libjpeg does it by
 * default ("fancy upsampling"); CMYK, which Adobe's programs store inverted, becomes colours as in Pillow.
 */
export function pixelsOf(frame: Frame, colours: JpegColours): Pixels {
  const { width, height } = frame;
  const area = width * height;
  const channels = colours === "grey" ? 1 : 3;
  const planes = new Uint8Array(channels * area);
  const rows = frame.components.map((component) => rowsOf(component, frame));
  for (let y = 0; y < height; y++) {
    const [first, second, third, fourth] = rows.map((row) => row(y)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const at = y * width;
    if (colours === "grey") planes.set(first.subarray(0, width), at);
    else if (colours === "rgb") {
      for (const [c, row] of [first, second, third].entries()) planes.set(row.subarray(0, width), c * area + at);
    } else if (colours === "ycc") {
      for (let x = 0; x < width; x++) {
        const light = first[x]!, blue = second[x]! - 128, red = third[x]! - 128;
        planes[at + x] = clamp(light + toRed(red));
        planes[area + at + x] = clamp(light + toGreen(blue, red));
        planes[2 * area + at + x] = clamp(light + toBlue(blue));
      }
    } else {
      for (let x = 0; x < width; x++) {
        let c = first[x]!, m = second[x]!, yellow = third[x]!;
        if (colours === "ycck") {
          const grey = c, blue = m - 128, red = yellow - 128;
          c = clamp(255 - grey - toRed(red));
          m = clamp(255 - grey - toGreen(blue, red));
          yellow = clamp(255 - grey - toBlue(blue));
        }
        // Inks are stored inverted: 255 is none.
        const light = fourth[x]!;
        planes[at + x] = light - timesPart(255 - c, light);
        planes[area + at + x] = light - timesPart(255 - m, light);
        planes[2 * area + at + x] = light - timesPart(255 - yellow, light);
      }
    }
  }
  return { width, height, channels, planes };
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

// JFIF's factors with 16 fractional bits, rounded as libjpeg does.
const toRed = (red: number): number => (91881 * red + 32768) >> 16;
const toBlue = (blue: number): number => (116130 * blue + 32768) >> 16;
const toGreen = (blue: number, red: number): number => (-22554 * blue - 46802 * red + 32768) >> 16;

/** a × b / 255, rounded. */
function timesPart(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/** A function that gives the row y of a component, in as many samples as the picture has pixels; good until the next call. */
function rowsOf(component: Component, { width, maxH, maxV }: Frame): (y: number) => Uint8Array {
  const { samples, blocksAcross, height: ownHeight, width: ownWidth } = component;
  const stride = 8 * blocksAcross;
  const across = maxH / component.h, down = maxV / component.v;
  const row = (y: number): Uint8Array => samples!.subarray(y * stride, (y + 1) * stride);
  const near = (y: number): Uint8Array => row(Math.max(0, Math.min(ownHeight - 1, y)));
  if (across === 1 && down === 1) return row;
  const out = new Uint8Array(Math.max(width, across * ownWidth));
  if (across === 1 && down === 2) {
    return (y) => {
      const own = row(y >> 1), other = near((y >> 1) + (y & 1 ? 1 : -1)), half = y & 1 ? 2 : 1;
      for (let x = 0; x < ownWidth; x++) out[x] = (3 * own[x]! + other[x]! + half) >> 2;
      return out;
    };
  }
  if (across === 2 && down <= 2 && ownWidth > 2) {
    // Three quarters of the nearer row and one quarter of the other; then the same for columns.
    const sums = new Uint16Array(ownWidth);
    const bits = 2 * down;
    return (y) => {
      if (down === 2) {
        const own = row(y >> 1), other = near((y >> 1) + (y & 1 ? 1 : -1));
        for (let x = 0; x < ownWidth; x++) sums[x] = 3 * own[x]! + other[x]!;
      } else sums.set(row(y).subarray(0, ownWidth));
      const [left, right] = down === 2 ? [8, 7] : [1, 2];
      for (let x = 0; x < ownWidth; x++) {
        const own = sums[x]!;
        out[2 * x] = x === 0 ? (4 * own + left) >> bits : (3 * own + sums[x - 1]! + left) >> bits;
        out[2 * x + 1] = x === ownWidth - 1 ? (4 * own + right) >> bits : (3 * own + sums[x + 1]! + right) >> bits;
      }
      return out;
    };
  }
  return (y) => {
    const own = row(Math.floor(y / down));
    for (let x = 0; x < width; x++) out[x] = own[Math.floor(x / across)]!;
    return out;
  };
}
