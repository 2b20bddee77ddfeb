import { checkDeclaredSize } from "../pixels.ts";

/** A component of a JPEG picture: brightness, say, or one of two colours. */
export interface Component {
  readonly id: number;
  /** Samples across and down for each unit of the picture, 1 to 4. */
  readonly h: number;
  readonly v: number;
  /** Number of its quantisation table. */
  readonly tableNumber: number;
  /** Its size in samples. */
  readonly width: number;
  readonly height: number;
  /** Its blocks of 8×8, as many as whole units have. */
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** The table that its first scan found. */
  table: Uint16Array | null;
  /** Of each coefficient, in zigzag order, the lowest bit that is known; -1 where nothing is. */
  readonly known: Int8Array;
  /** The samples, `8 × blocksAcross` in a row. */
  samples: Uint8Array | null;
  /** Of a progressive picture: the coefficients of all blocks, and which blocks have others than the first. */
  coefficients: Int16Array | null;
  busy: Uint8Array | null;
}

/** What the header of a JPEG picture says. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly Component[];
  /** Units of the picture, each of `8 × the largest h` by `8 × the largest v` pixels. */
  readonly unitsAcross: number;
  readonly unitsDown: number;
  readonly maxH: number;
  readonly maxV: number;
}

const KINDS: Readonly<Record<number, string>> = {
  0xc3: "lossless",
  0xc5: "hierarchical",
  0xc6: "hierarchical",
  0xc7: "hierarchical",
  0xc9: "arithmetic",
  0xca: "arithmetic",
  0xcb: "arithmetic",
  0xcd: "arithmetic",
  0xce: "arithmetic",
  0xcf: "arithmetic",
};

/**
 * Reads a frame's header and takes the memory for it.
 *
 * @param marker the second byte of its marker
 * @param fileBytes size of the whole file: a block takes a bit at least
 * @throws for kinds of JPEG that are not read, impossible values, and more pixels than allowed or than the file can hold
 */
export function readFrame(
  segment: Uint8Array,
  marker: number,
  fileBytes: number,
  name: string,
  maxPixels: number,
): Frame {
  if (KINDS[marker] !== undefined) throw new Error(`${KINDS[marker]} JPEG is not supported; save it as baseline JPEG`);
  const [precision, heightHigh, heightLow, widthHigh, widthLow, count] = segment as unknown as number[];
  if (segment.length < 6 || segment.length !== 6 + 3 * count!) {
    throw new Error("its header has another length than it says");
  }
  if (precision !== 8) throw new Error(`JPEG of ${precision} bits per sample is not supported, only 8`);
  if (count !== 1 && count !== 3 && count !== 4) {
    throw new Error(`JPEG of ${count} components is not supported, only 1, 3 or 4`);
  }
  const [width, height] = [widthHigh! * 256 + widthLow!, heightHigh! * 256 + heightLow!];
  checkDeclaredSize(name, width, height, maxPixels);
  const described = Array.from({ length: count }, (_, i) => {
    const [id, sampling, tableNumber] = segment.subarray(6 + 3 * i) as unknown as number[];
    return { id: id!, h: sampling! >> 4, v: sampling! & 15, tableNumber: tableNumber! };
  });
  const maxH = Math.max(...described.map(({ h }) => h)), maxV = Math.max(...described.map(({ v }) => v));
  for (const { id, h, v, tableNumber } of described) {
    if (h < 1 || h > 4 || v < 1 || v > 4 || tableNumber > 3) throw new Error(`component ${id} has impossible values`);
    if (maxH % h !== 0 || maxV % v !== 0) {
      throw new Error("its sampling factors are not multiples of each other, which is not supported");
    }
  }
  if (new Set(described.map(({ id }) => id)).size !== count) throw new Error("two components have the same number");
  const unitsAcross = Math.ceil(width / (8 * maxH)), unitsDown = Math.ceil(height / (8 * maxV));
  const progressive = marker === 0xc2;
  const blocks = unitsAcross * unitsDown * described.reduce((sum, { h, v }) => sum + h * v, 0);
  // The shortest block has a code of one bit for its first coefficient, and another that says there are no more.
  const least = Math.floor(blocks * (progressive ? 1 : 2) / 8);
  if (least > fileBytes) {
    throw new Error(
      `it lies about its size: ${width}×${height} pixels take at least ${least} bytes, it has ${fileBytes}`,
    );
  }
  const components = described.map(({ id, h, v, tableNumber }): Component => {
    const [blocksAcross, blocksDown] = [unitsAcross * h, unitsDown * v];
    return {
      ...{ id, h, v, tableNumber, blocksAcross, blocksDown },
      width: Math.ceil(width * h / maxH),
      height: Math.ceil(height * v / maxV),
      table: null,
      known: new Int8Array(64).fill(-1),
      samples: progressive ? null : new Uint8Array(64 * blocksAcross * blocksDown),
      coefficients: progressive ? new Int16Array(64 * blocksAcross * blocksDown) : null,
      busy: progressive ? new Uint8Array(blocksAcross * blocksDown) : null,
    };
  });
  return { width, height, progressive, components, unitsAcross, unitsDown, maxH, maxV };
}
