/** How a picture continues beyond its edges: a value, its mirror image, its edge, or itself again. PyTorch's names. */
export type PaddingMode = "constant" | "reflect" | "replicate" | "circular";

const MODES: readonly PaddingMode[] = ["constant", "reflect", "replicate", "circular"];

/** @throws for an unknown mode, giving torchvision's name where it is one */
export function checkMode(where: string, mode: PaddingMode): PaddingMode {
  if (MODES.includes(mode)) return mode;
  const own = (mode as string) === "edge" ? ' (torchvision\'s "edge" is "replicate")' : "";
  throw new Error(`${where}: the padding mode must be ${MODES.join(", ")}, got "${mode}"${own}.`);
}

/**
 * The position that stands for position `i` of a row of `size`, or -1 for none. @throws where "reflect" or "circular" have
 * no such far border
 */
export function beyond(where: string, mode: PaddingMode, i: number, size: number): number {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case "constant":
      return -1;
    case "replicate":
      return i < 0 ? 0 : size - 1;
    case "reflect": {
      const mirrored = i < 0 ? -i : 2 * (size - 1) - i;
      if (mirrored >= 0 && mirrored < size) return mirrored;
      break;
    }
    case "circular": {
      const again = i < 0 ? i + size : i - size;
      if (again >= 0 && again < size) return again;
    }
  }
  const far = i < 0 ? -i : i - size + 1;
  throw new RangeError(
    `${where}: padding of ${far} is too wide for mode "${mode}" on ${size} pixels; use "replicate" or "constant".`,
  );
}

/** A window of a plane, which may reach beyond its edges. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Copies a window of the plane at `from` to the plane at `to`; the arrays must not overlap. */
export function copyWindow(
  where: string,
  source: Float32Array | Uint8Array,
  from: number,
  height: number,
  width: number,
  target: Float32Array | Uint8Array,
  to: number,
  window: Window,
  mode: PaddingMode,
  fill: number,
): void {
  const { top, left } = window;
  // The columns from `begin` to `end` of the window lie within the plane.
  const begin = Math.min(Math.max(0, -left), window.width);
  const end = Math.max(begin, Math.min(window.width, width - left));
  for (let y = 0; y < window.height; y++) {
    const row = to + y * window.width;
    const sourceY = beyond(where, mode, top + y, height);
    if (sourceY < 0) {
      for (let x = 0; x < window.width; x++) target[row + x] = fill;
      continue;
    }
    const start = from + sourceY * width;
    for (let x = begin; x < end; x++) target[row + x] = source[start + left + x]!;
    for (let x = 0; x < window.width; x++) {
      if (x === begin) x = end;
      if (x >= window.width) break;
      const sourceX = beyond(where, mode, left + x, width);
      target[row + x] = sourceX < 0 ? fill : source[start + sourceX]!;
    }
  }
}
