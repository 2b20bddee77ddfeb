/** What generated code of matrix products is told. */
import { Params } from "./loops.ts";
import { tileVectors } from "./register_tile.ts";

/** Bytes of one step of a right panel. */
export const rightPitch: number = 16 * tileVectors;

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

/** Name of a field of {@link gemmParams}. */
export type GemmField = typeof fields[number];

/**
 * What a call works on. `phase` is 0 to pack (items: right panels, then left panels), 1 to multiply (items: blocks of the result,
 * row by row), 2 for whole products (items: entries of `table`, each of three pointers). With `inTurn` right panels are not packed
 * beforehand, but by whoever multiplies. With `adds` products are added to what is there. `bias` is 0 or the address of whole panels of
 * columns that sums begin with, `biasStep` bytes apart for products of a table; with `rectifies` results below zero become zero. Strides are in bytes. Of the left panels the
 * first `tall` have `height` + 1 rows, the others `height`.
 */
export const gemmParams: Params<GemmField> = new Params(fields);
