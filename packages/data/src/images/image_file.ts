import { isFloat, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import { node } from "../node.ts";
import { GRID_OPTIONS, type GridOptions, makeGrid } from "./grid.ts";
import { type Orientation, orientationOf, oriented } from "./exif.ts";
import { decodeJpeg, isJpeg } from "./jpeg/jpeg.ts";
import { checkImageMode, type ImageMode, type Pixels, tensorOfPixels } from "./pixels.ts";
import { decodePng, encodePng } from "./png.ts";
import { isPng } from "./png_chunks.ts";

/** Options of {@link decodeImage} and {@link readImage}. */
export interface ImageReadOptions {
  /**
   * Channels of the result: "unchanged" as the file has them (default), "gray" one, "rgb" three. The latter two leave
   * out opacity.
   */
  mode?: ImageMode;
  /** The most pixels (width × height) that a file may declare (default 2^26, 8192 squared). */
  maxPixels?: number;
  /**
   * Whether to apply Exif's orientation (Pillow's `exif_transpose`). By default the picture stays as stored, as in
   * torchvision.
   */
  orientation?: boolean;
}

/** The options' names, for readers with further options. */
export const READ_OPTIONS: readonly ["mode", "maxPixels", "orientation"] = ["mode", "maxPixels", "orientation"];
/** The default of `maxPixels`. */
export const MAX_PIXELS: number = 2 ** 26;

/**
 * The picture of a PNG or JPEG file's bytes, as uint8 of shape [channels, height, width] (torchvision's
 * `decode_image`). 16 bits per channel become 8, and palettes are resolved. Memory is allocated only for the decoded
 * picture, and only after its declared size was checked against `maxPixels` and the size of the file.
 *
 * @param name what errors call it
 * @throws when the bytes are neither PNG nor JPEG, are cut short or damaged, or declare more pixels than allowed or than
 *   they have
 *
 * @example
 * ```ts
 * import { decodeImage, encodeImage } from "@heddle/data";
 * import { zeros } from "@heddle/tensor";
 *
 * const bytes = encodeImage(zeros([3, 8, 10]));
 * console.log(decodeImage(bytes, { mode: "gray" }).shape); // [ 1, 8, 10 ]
 * ```
 */
export function decodeImage(bytes: Uint8Array, options: ImageReadOptions = {}, name: string = "decodeImage"): Tensor {
  checkOptions("decodeImage", options, READ_OPTIONS);
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(
      `decodeImage: expected the file's bytes, a Uint8Array, got ${
        bytes === null ? "null" : `a value of type ${typeof bytes}`
      }; ` +
        `readImage takes a path.`,
    );
  }
  const mode = checkImageMode("decodeImage", options.mode ?? "unchanged");
  const { maxPixels = MAX_PIXELS, orientation = false } = options;
  if (!(maxPixels >= 1)) throw new RangeError(`decodeImage: maxPixels must be a number from 1, got ${maxPixels}.`);
  const turned = (pixels: Pixels, noted: () => Orientation): Tensor =>
    tensorOfPixels(orientation ? oriented(pixels, noted()) : pixels, mode);
  if (isPng(bytes)) {
    const { pixels, exif } = decodePng(bytes, name, maxPixels);
    return turned(pixels, () => orientationOf(exif));
  }
  if (isJpeg(bytes)) {
    const { pixels, orientation: noted } = decodeJpeg(bytes, name, maxPixels);
    return turned(pixels, () => noted);
  }
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new Error(`${name}: neither a PNG nor a JPEG file: its ${bytes.length} bytes begin with "${start}".`);
}

/**
 * Reads a PNG or JPEG file (torchvision's `read_image`); see {@link decodeImage}.
 *
 * @throws when the file cannot be read, and as `decodeImage`; the error names the file
 *
 * @example
 * ```ts ignore
 * import { readImage } from "@heddle/data";
 *
 * const photo = await readImage("cat.jpg", { mode: "rgb" }); // uint8 [3, height, width]
 * ```
 */
export async function readImage(path: string, options: ImageReadOptions = {}): Promise<Tensor> {
  checkOptions("readImage", options, READ_OPTIONS);
  return decodeImage(await node.fs.readFile(path), options, path);
}

/**
 * The bytes of a PNG file of a picture (torchvision's `encode_png`).
 *
 * @param image [1, 2, 3 or 4 channels, height, width] or [height, width]; uint8, or float from 0 to 1, which is rounded
 * @throws for other shapes and dtypes
 *
 * @example
 * ```ts
 * import { DrawnDigits, encodeImage } from "@heddle/data";
 *
 * const png = encodeImage(new DrawnDigits({ size: 1 }).get(0)[0]);
 * console.log(png.subarray(1, 4)); // the letters PNG
 * ```
 */
export function encodeImage(image: Tensor): Uint8Array {
  checkArguments("encodeImage", arguments, 1, true);
  const shape = image.ndim === 2 ? [1, ...image.shape] : image.shape;
  const [channels, height, width] = shape as [number, number, number];
  if (shape.length !== 3 || channels < 1 || channels > 4 || height * width === 0) {
    throw new Error(
      `encodeImage: expected [1 to 4 channels, height, width] or [height, width], got [${image.shape.join(", ")}].` +
        (shape.length === 4 ? " makeGrid makes one picture of many." : ""),
    );
  }
  if (!isFloat(image.dtype) && image.dtype !== "uint8") {
    throw new Error(`encodeImage: expected uint8 (0 to 255) or float (0 to 1), got ${image.dtype}.`);
  }
  const planes = image.dtype === "uint8" ? image.toTypedArray("uint8") : Uint8Array.from<number | bigint>(
    image.toTypedArray(),
    // NaN is black.
    (value) => Math.min(255, Math.max(0, Math.floor(Number(value) * 255 + 0.5))) || 0,
  );
  return encodePng({ width, height, channels, planes });
}

/**
 * Writes pictures into a PNG file: one [C, H, W] or [H, W], or a batch [N, C, H, W] or a list as a grid (torchvision's
 * `save_image`). Floats from 0 to 1 become 0 to 255; uint8 stays. The file appears complete or not at all.
 *
 * @param path ends in ".png"; its folder is created if necessary
 * @param options as for {@link makeGrid}
 * @throws for other shapes, dtypes and file names, or when the file cannot be written
 *
 * @example
 * ```ts ignore
 * import { saveImage } from "@heddle/data";
 *
 * await saveImage(samples, "runs/samples.png", { nrow: 10, normalize: true });
 * ```
 */
export async function saveImage(
  images: Tensor | readonly Tensor[],
  path: string,
  options: GridOptions = {},
): Promise<void> {
  checkOptions("saveImage", options, GRID_OPTIONS);
  if (!path.toLowerCase().endsWith(".png")) {
    throw new Error(`saveImage: pictures are written as PNG; give a name that ends in ".png", not "${path}".`);
  }
  const bytes = encodeImage(makeGrid(images, options));
  await node.fs.mkdir(node.path.dirname(path), { recursive: true });
  const part = `${path}.${node.process.pid}-${node.crypto.randomBytes(4).toString("hex")}.part`;
  try {
    await node.fs.writeFile(part, bytes);
    await node.fs.rename(part, path);
  } catch (error) {
    await node.fs.rm(part, { force: true });
    throw error;
  }
}
