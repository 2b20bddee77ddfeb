import { fromTypedArray, type Tensor } from "@heddle/tensor";

/** A picture laid out as in a tensor: one plane per channel, each row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 (grey), 2 (grey and opacity), 3 (red, green, blue) or 4 (with opacity). */
  readonly channels: number;
  /** `channels × height × width` bytes. */
  readonly planes: Uint8Array;
}

/** The channels that a picture is converted to (torchvision's `ImageReadMode`). */
export type ImageMode = "unchanged" | "gray" | "rgb";

const MODES: readonly ImageMode[] = ["unchanged", "gray", "rgb"];

/** @throws for an unknown mode */
export function checkImageMode(where: string, mode: ImageMode): ImageMode {
  if (MODES.includes(mode)) return mode;
  throw new Error(`${where}: mode must be ${MODES.map((known) => `"${known}"`).join(", ")}, got "${mode}".`);
}

/** A tensor [channels, height, width] of uint8. */
export function tensorOfPixels({ width, height, channels, planes }: Pixels, mode: ImageMode): Tensor {
  const area = width * height;
  const colours = channels >= 3;
  if (mode === "gray" && colours) {
    const grey = new Uint8Array(area);
    // ITU-R BT.601 in whole numbers, as Pillow computes it.
    for (let p = 0; p < area; p++) {
      grey[p] = (19595 * planes[p]! + 38470 * planes[area + p]! + 7471 * planes[2 * area + p]! + 32768) >> 16;
    }
    return fromTypedArray(grey, [1, height, width]);
  }
  if (mode === "rgb" && !colours) {
    const same = new Uint8Array(3 * area);
    for (let c = 0; c < 3; c++) same.set(planes.subarray(0, area), c * area);
    return fromTypedArray(same, [3, height, width]);
  }
  // Opacity, which is left out, comes last.
  const wanted = mode === "unchanged" ? channels : mode === "rgb" ? 3 : 1;
  return fromTypedArray(planes.subarray(0, wanted * area), [wanted, height, width]);
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
