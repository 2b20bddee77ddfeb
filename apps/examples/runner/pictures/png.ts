/** Images as PNG. */
import { encodeImage } from "@heddle/data";
import { fromTypedArray, scope } from "@heddle/tensor";

/** Rows of pixels of 8-bit channels, one (grey), three (red, green, blue) or four (with opacity). */
export interface Pixels {
  width: number;
  height: number;
  channels: 1 | 3 | 4;
  /** `width × height × channels` values, channel innermost. */
  data: Uint8Array;
}

/**
 * Encodes pixels as PNG.
 *
 * @throws RangeError if the number of values does not match the size.
 */
export function encodePng(pixels: Pixels): Uint8Array {
  const { width, height, channels, data } = pixels;
  if (data.length !== width * height * channels) {
    throw new RangeError(`encodePng: ${data.length} values for ${width} × ${height} pixels of ${channels} channels`);
  }
  using _ = scope();
  return encodeImage(fromTypedArray(data, [height, width, channels], { device: "cpu" }).movedim(2, 0));
}

/** The image as a `data:` URL. */
export function pngDataUrl(pixels: Pixels): string {
  let binary = "";
  for (const byte of encodePng(pixels)) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}

/** Grey pixels from intensities between 0 (black) and 1 (white); `invert` draws dark on light. */
export function greyPixels(
  values: ArrayLike<number>,
  size: { width: number; height: number },
  options: { invert?: boolean } = {},
): Pixels {
  const data = Uint8Array.from(values, (value) => {
    const level = Math.round(Math.min(1, Math.max(0, value)) * 255);
    return options.invert ? 255 - level : level;
  });
  return { ...size, channels: 1, data };
}

/**
 * Combines images of one size row by row, `gap` pixels apart on white.
 *
 * @throws RangeError if there are none, or they differ in size or channels.
 */
export function mosaic(images: readonly Pixels[], columns: number, gap = 0): Pixels {
  const [first] = images;
  if (first === undefined) throw new RangeError("mosaic: there are no images");
  const { width, height, channels } = first;
  const other = images.find((image) => image.width !== width || image.height !== height || image.channels !== channels);
  if (other !== undefined) {
    const size = (image: Pixels): string => `${image.width} × ${image.height} × ${image.channels}`;
    throw new RangeError(`mosaic: images of ${size(first)} and of ${size(other)} cannot be combined`);
  }
  const across = Math.min(columns, images.length), rows = Math.ceil(images.length / columns);
  const whole = { width: across * (width + gap) - gap, height: rows * (height + gap) - gap };
  const data = new Uint8Array(whole.width * whole.height * channels).fill(255);
  for (const [i, image] of images.entries()) {
    const left = i % columns * (width + gap), top = Math.floor(i / columns) * (height + gap);
    for (let y = 0; y < height; y++) {
      const row = image.data.subarray(y * width * channels, (y + 1) * width * channels);
      data.set(row, ((top + y) * whole.width + left) * channels);
    }
  }
  return { ...whole, channels, data };
}
