/** The parameter block of convolutions by Winograd's tiles. */
import { Params } from "../loops.ts";

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

/** The name of a field of {@link winogradParams}. */
export type WinogradField = typeof fields[number];

/**
 * The parameters of a call. `phase` is 0 to transform weights (items: panels of filters), 1 to convolve (items: blocks). A block is
 * `blockImages` images or, if there are several `bands`, a band of `bandRows` rows of tiles of an image. `sources` and `targets`
 * list the byte offsets of its tiles in the prepared samples and in the results. `scratch` is the size of a thread's scratch
 * memory, which begins with a square at the address `prepared`; `values`, `products` and `cut` are addresses in it. `cut` is 0 if
 * no tile extends beyond the outputs.
 */
export const winogradParams: Params<WinogradField> = new Params(fields);
