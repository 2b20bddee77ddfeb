import { fromTypedArray, type Tensor } from "@heddle/tensor";

/** A picture as files have it: rows of pixels, the channels of each together. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 (grey), 2 (grey and opacity), 3 (red, green, blue) or 4 (with opacity). */
  readonly channels: number;
  /** `width × height × channels` bytes. */
  readonly data: Uint8Array;
}

/** Which channels a picture is given, whatever its file has (torchvision's `ImageReadMode`). */
export type ImageMode = "unchanged" | "gray" | "rgb";

const MODES: readonly ImageMode[] = ["unchanged", "gray", "rgb"];

/** @throws for an unknown mode */
export function checkImageMode(where: string, mode: ImageMode): ImageMode {
  if (MODES.includes(mode)) return mode;
  throw new Error(`${where}: mode must be ${MODES.map((known) => `"${known}"`).join(", ")}, got "${mode}".`);
}

/** A tensor [channels, height, width] of uint8. */
export function tensorOfPixels({ width, height, channels, data }: Pixels, mode: ImageMode): Tensor {
  const area = width * height;
  const colours = channels >= 3;
  const wanted = mode === "unchanged" ? channels : mode === "rgb" ? 3 : 1;
  const planes = new Uint8Array(wanted * area);
  for (let p = 0, q = 0; p < area; p++, q += channels) {
    if (mode === "gray" && colours) {
      // ITU-R BT.601 in whole numbers, as Pillow computes it.
      planes[p] = (19595 * data[q]! + 38470 * data[q + 1]! + 7471 * data[q + 2]! + 32768) >> 16;
    } else {
      for (let c = 0; c < wanted; c++) planes[c * area + p] = data[q + (mode === "rgb" && !colours ? 0 : c)]!;
    }
  }
  return fromTypedArray(planes, [wanted, height, width]);
}

/** @throws unless a file's declared size is within the limit, before memory is taken for it */
export function checkDeclaredSize(name: string, width: number, height: number, maxPixels: number): void {
  if (width < 1 || height < 1) throw new Error(`${name}: the picture claims a size of ${width}×${height} pixels.`);
  if (width * height <= maxPixels) return;
  throw new Error(
    `${name}: the picture claims ${width}×${height} pixels (width × height), more than the ${maxPixels} that are ` +
      `allowed. If it really is that large, raise maxPixels.`,
  );
}
