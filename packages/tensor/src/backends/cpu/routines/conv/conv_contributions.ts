/** Cuts the contributions of outputs to an image into vectors, whose lanes are added to memory. */
import { columnEntry, columnVectors, type ConvGeometry, type ImageLayout, sizeOfVolume } from "./conv_geometry.ts";

/** The bytes of a table entry for a vector of `vectorBytes` bytes that spans two rows. */
export function splitEntry(vectorBytes: number): number {
  return 16 + 2 * vectorBytes;
}

/** The bytes of a table entry for a vector of whole rows. */
export function piecesEntry(vectorBytes: number): number {
  return piecesMask + vectorBytes;
}

/** Where the mask begins in an entry for a vector of whole rows. */
export const piecesMask = 32;

/** The bytes of a table entry for a vector that is longer than a row. */
export const longEntry = 16;

/** The cost of adding a vector to memory, in multiply-adds. */
const addCost = 6;

/**
 * "rows": vectors within rows, some of which overlap. "positions": vectors of adjacent positions, some of which span two rows.
 * "pieces": vectors of two or four whole rows, each of 16 or 32 bytes. "long": vectors that are longer than a row, one for each;
 * what they read behind it is not used.
 */
export type Cut = "rows" | "positions" | WideCut;

export type WideCut = "pieces of 16" | "pieces of 32" | "long";

/** The cut of outputs into vectors of one or several whole rows, or null if these would be mostly empty, or a row fills a vector. */
export function wideCut(
  { output, output: [, , ow] }: ConvGeometry,
  vectorBytes: number,
  bytes: number,
): WideCut | null {
  const row = ow * bytes;
  if (row >= vectorBytes || sizeOfVolume(output) * bytes < vectorBytes) return null;
  if (row === 16 || row === 32) return `pieces of ${row}`;
  // Masked stores of AVX2 are slow on some processors.
  return vectorBytes === 64 && 2 * row > vectorBytes ? "long" : null;
}

/** The number of vectors of a cut, and the number of additions of vectors to memory per tap. */
function countOf(
  cut: "rows" | "positions",
  { output, output: [od, oh, ow] }: ConvGeometry,
  lanes: number,
): [number, number] {
  if (cut === "rows") {
    const vectors = od * oh * Math.ceil(ow / lanes);
    return [vectors, vectors];
  }
  const vectors = Math.ceil(sizeOfVolume(output) / lanes);
  let borders = 0;
  for (let row = 1; row < od * oh; row++) if ((row * ow) % lanes !== 0) borders++;
  return [vectors, vectors + borders];
}

/** The faster of the cuts "rows" and "positions", and its cost in vector multiply-adds per tap. Rows must be at least a vector long. */
export function bestCut(g: ConvGeometry, lanes: number): { readonly cut: Cut; readonly cost: number } {
  const costs = (["rows", "positions"] as const).map((cut) => {
    const [vectors, adds] = countOf(cut, g, lanes);
    return { cut, cost: vectors * g.filters + adds * addCost };
  });
  return costs[1]!.cost < costs[0]!.cost ? costs[1]! : costs[0]!;
}

/**
 * Tables of the vectors of a cut. Whole vectors have the byte offsets of their outputs and of their target in the image. Other
 * vectors also have, with the cut "rows", a mask of the lanes to add, at 16; with the cut "positions", the target in a second row
 * at 8 (where a whole vector with these lanes would begin), and masks for both rows, at 16 and behind it. With the cut "pieces" all
 * vectors are others, with the target of each row from 4 on, and a mask of the lanes that no earlier vector covers. With the cut
 * "long" too; they have the length of a row at 8.
 */
export function contributions(
  g: ConvGeometry,
  image: ImageLayout,
  lanes: number,
  bytes: number,
  cut: Cut,
): { readonly whole: Int32Array; readonly others: Int32Array } {
  const [od, oh, ow] = g.output;
  if (cut === "rows") {
    const { table } = columnVectors(g, image, lanes, bytes);
    const words = columnEntry(lanes * bytes) / 4;
    for (let i = 0; i < table.length; i += words) [table[i], table[i + 1]] = [table[i + 1]!, table[i]!];
    const whole = od * oh * Math.floor(ow / lanes) * words;
    return { whole: table.subarray(0, whole), others: table.subarray(whole) };
  }
  const positions = sizeOfVolume(g.output);
  const rowOf = (position: number): number => Math.floor(position / ow);
  const place = (position: number): number => {
    const row = rowOf(position);
    return image.position(Math.floor(row / oh), row % oh, position % ow);
  };
  const mask = (wanted: (lane: number) => boolean): number[] =>
    Array.from({ length: lanes * bytes / 4 }, (_, word) => wanted(Math.floor(word * 4 / bytes)) ? -1 : 0);
  if (cut === "long") {
    const rows = Array.from({ length: od * oh }, (_, row) => [row * ow * bytes, place(row * ow), ow, 0]);
    return { whole: new Int32Array(), others: Int32Array.from(rows.flat()) };
  }
  if (cut !== "positions") {
    const table: number[] = [];
    for (let v = 0; v * lanes < positions; v++) {
      const first = Math.min(v * lanes, positions - lanes);
      const targets = Array.from({ length: lanes / ow }, (_, row) => place(first + row * ow));
      const header = [first * bytes, ...targets];
      while (header.length < piecesMask / 4) header.push(0);
      table.push(...header, ...mask((lane) => first + lane >= v * lanes));
    }
    return { whole: new Int32Array(), others: Int32Array.from(table) };
  }
  const noMask = new Array<number>(lanes * bytes / 4).fill(0);
  const [whole, others]: [number[], number[]] = [[], []];
  for (let v = 0; v * lanes < positions; v++) {
    const first = Math.min(v * lanes, positions - lanes);
    const last = first + lanes - 1;
    const fresh = v * lanes - first;
    if (fresh === 0 && rowOf(first) === rowOf(last)) {
      whole.push(first * bytes, place(first), 0, 0, ...noMask);
      continue;
    }
    const border = rowOf(last) * ow - first; // lanes from here on belong to the second row
    others.push(
      first * bytes,
      place(first),
      place(last) - (lanes - 1) * bytes,
      0,
      ...mask((lane) => lane >= fresh && lane < border),
      ...mask((lane) => lane >= fresh && lane >= border),
    );
  }
  return { whole: Int32Array.from(whole), others: Int32Array.from(others) };
}
