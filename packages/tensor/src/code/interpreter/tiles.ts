/** The model of tiles and of rounding to bfloat16, as the processor does it. */
import type { TileOperation } from "../tree.ts";
import { fusedMultiplyAdd32 } from "./fused.ts";

const rows = 16;
const rowBytes = 64;
const tileBytes = rows * rowBytes;

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The bits of a float32 rounded to bfloat16, ties to even. Subnormal numbers become zero, and NaN is quiet. */
export function roundedBits(bits: number): number {
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return bits >>> 16 | 0x40;
  if (magnitude < 0x00800000) return bits >>> 16 & 0x8000;
  return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
}

/** The value of a bfloat16; subnormal numbers are zero. */
function valueOf(bits: number): number {
  word[0] = bits << 16;
  return (bits & 0x7f80) === 0 ? 0 * float[0]! : float[0]!;
}

/** A float32 number; subnormal numbers are zero. */
function flushed(value: number): number {
  return Math.abs(value) < 2 ** -126 ? 0 * value : value;
}

/** The tiles of a machine. */
export class Tiles {
  private tiles: Uint8Array[] | null = null;

  /** Carries out an operation. `at` is the address of a load or store without the offset. */
  run(name: TileOperation, immediate: number, memory: Uint8Array, at: number): void {
    if (name === "tiles_begin") return void (this.tiles = Array.from({ length: 8 }, () => new Uint8Array(tileBytes)));
    if (name === "tiles_end") return void (this.tiles = null);
    const { tiles } = this;
    if (tiles === null) throw new Error(`interpreter: ${name} before tiles_begin`);
    const tile = tiles[immediate & 7]!;
    const from = at + (immediate & ~7);
    switch (name) {
      case "tile_zero":
        return void tile.fill(0);
      case "tile_load":
        return tile.set(memory.subarray(from, from + tileBytes));
      case "tile_store":
        return memory.set(tile, from);
      case "tile_multiply":
        return multiply(tile, tiles[immediate >> 3 & 7]!, tiles[immediate >> 6 & 7]!);
    }
  }
}

/** `a · b + c`, rounded once. */
function addProduct(a: number, b: number, c: number): number {
  return flushed(fusedMultiplyAdd32(a, b, c));
}

function multiply(sum: Uint8Array, a: Uint8Array, b: Uint8Array): void {
  const sums = new Float32Array(sum.buffer);
  const [left, right] = [new Uint16Array(a.buffer), new Uint16Array(b.buffer)];
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < 16; n++) {
      let [even, odd] = [0, 0];
      for (let k = 0; k < 16; k++) {
        even = addProduct(valueOf(left[32 * m + 2 * k]!), valueOf(right[32 * k + 2 * n]!), even);
        odd = addProduct(valueOf(left[32 * m + 2 * k + 1]!), valueOf(right[32 * k + 2 * n + 1]!), odd);
      }
      const at = 16 * m + n;
      sums[at] = flushed(Math.fround(flushed(sums[at]!) + flushed(Math.fround(even + odd))));
    }
  }
}
