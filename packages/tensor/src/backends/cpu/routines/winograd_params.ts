/** What calls of the module of Winograd's tiles are told. */
import { Params } from "./loops.ts";

const fields = [
  "phase",
  "w",
  "wFilter",
  "wChannel",
  "wTap",
  "weights",
  "weightsXi",
  "channels",
  "filters",
  "panels",
  "tall",
  "height",
  "x",
  "xBatch",
  "xChannel",
  "xRow",
  "xHeight",
  "xWidth",
  "top",
  "left",
  "batch",
  "blockImages",
  "bands",
  "bandRows",
  "tileRows",
  "tileColumns",
  "sources",
  "targets",
  "prepared",
  "preparedImage",
  "pitch",
  "values",
  "products",
  "scratch",
  "y",
  "yBatch",
  "yChannel",
  "yHeight",
  "yWidth",
  "cut",
  "cutImage",
  "cutPitch",
  "bias",
  "biasStep",
  "rectifies",
] as const;

/** Name of a field of {@link winogradParams}. */
export type WinogradField = typeof fields[number];

/**
 * What a call works on. `phase` is 0 to bring weights to the points (items: panels of filters), 1 to convolve (items: blocks). A block is
 * `blockImages` images, or where there are several `bands` an image's band of `bandRows` rows of tiles; `sources` and `targets` list the
 * byte offsets of its tiles among prepared samples, and among results. `scratch` is the size of a thread's memory, which begins with a
 * square, from the address `prepared` on; `values`, `products` and `cut` are places in it. `cut` is 0 where no tile hangs over.
 */
export const winogradParams: Params<WinogradField> = new Params(fields);
