/** Reads the tensors of a file: the elements of each piece once, and the tensors as views of them. */
import type { Device, Geometry, Tensor } from "@heddle/tensor";
import { makeTensor, sizeOf } from "@heddle/tensor/engine";
import { type Fail, shortened } from "../errors.ts";
import type { PlacedTensor } from "../formats/format.ts";
import { type Piece, readPieces } from "./pieces.ts";

/** The tensors, in their order. Those of one piece share memory. On an error none stays. */
export async function readTensors(placed: readonly PlacedTensor[], device: Device | string): Promise<Tensor[]> {
  const pieces = [...new Set(placed.map(({ piece }) => piece))];
  const read = await readPieces(pieces, device);
  const bases = new Map<Piece, Tensor>(pieces.map((piece, i) => [piece, read[i]!]));
  const direct = new Set<Tensor>();
  const tensors = placed.map(({ piece, geometry }) => {
    const base = bases.get(piece)!;
    if (geometry !== null) return makeTensor(base.storage, base.dtype, geometry);
    direct.add(base);
    return base;
  });
  for (const base of read) if (!direct.has(base)) base.dispose(); // its memory lives as long as a view does
  return tensors;
}

/** The most dimensions of a tensor in a file. */
export const MOST_DIMENSIONS = 64;

/** Checks that a view lies within `numel` elements. */
export function checkGeometry(name: string, { shape, strides, offset }: Geometry, numel: number, fail: Fail): void {
  const whole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (![...shape, ...strides, offset].every(whole) || shape.length !== strides.length) {
    fail(`${shortened(name)} has a shape, strides or an offset that are no whole numbers from 0`);
  }
  if (shape.length > MOST_DIMENSIONS) fail(`${shortened(name)} has ${shape.length} dimensions`);
  const shown = `shape [${shape.slice(0, 8).join(", ")}] and strides [${strides.slice(0, 8).join(", ")}]`;
  if (!Number.isSafeInteger(8 * shape.reduce((product, size) => product * Math.max(size, 1), 1))) {
    fail(`${shortened(name)} has ${shown}: too many elements`);
  }
  // The end of the last element; of nothing, where it would begin.
  const end = sizeOf(shape) === 0 ? offset : shape.reduce((sum, size, d) => sum + (size - 1) * strides[d]!, offset + 1);
  if (!(end <= numel)) fail(`${shortened(name)} has ${shown} from ${offset} on, in a storage of ${numel} elements`);
}

/** An array whose first index changes fastest, as a view of one with reversed dimensions. */
export function columnMajor(
  name: string,
  shape: readonly number[],
  piece: (reversed: readonly number[]) => Piece,
): PlacedTensor {
  let stride = 1;
  const strides = shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
  return { name, piece: piece([...shape].reverse()), geometry: { shape, strides, offset: 0 } };
}
