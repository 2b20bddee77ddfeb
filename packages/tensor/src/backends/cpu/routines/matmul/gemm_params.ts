/** The parameter block of generated matrix products. */
import type { Element } from "../element.ts";
import { Params } from "../loops.ts";
import { tileVectors } from "./register_tile.ts";
import { stepBytes } from "./tile_layout.ts";

/** The bytes of one step of a right panel. */
export function rightPitch({ vectorBytes, packing }: Pick<Element, "vectorBytes" | "packing">): number {
  return packing === "tiles" ? stepBytes : vectorBytes * tileVectors;
}

const fields = [
  "phase",
  "m",
  "n",
  "k",
  "kPadded",
  "left",
  "leftM",
  "leftK",
  "right",
  "rightK",
  "rightN",
  "packedLeft",
  "packedRight",
  "out",
  "outStride",
  "tall",
  "height",
  "leftPanels",
  "rightPanels",
  "blockRows",
  "blockColumns",
  "columnBlocks",
  "depth",
  "table",
  "scratch",
  "adds",
  "spread",
  "spreadThread",
  "inTurn",
  "bias",
  "biasStep",
  "rectifies",
] as const;

/** The name of a field of {@link gemmParams}. */
export type GemmField = typeof fields[number];

/**
 * The parameters of a call. `phase` is 0 to pack (items: right panels, then left panels), 1 to multiply (items: blocks of the
 * result, row by row), 2 for whole products (items: entries of `table`, with three pointers each). With `inTurn` right panels are
 * packed during the multiplication instead of before it. With `adds` products are added to the present values. `bias` is 0, or the
 * address of whole panels of columns that sums start from, `biasStep` bytes apart for the products of a table. With `rectifies`
 * negative results become zero. Strides are in bytes. The first `tall` left panels have `height` + 1 rows, the others `height`.
 */
export const gemmParams: Params<GemmField> = new Params(fields);
