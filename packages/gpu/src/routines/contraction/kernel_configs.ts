/** The kernels for contractions with their tile sizes. `choice.ts` chooses among them. */

/**
 * - register: an invocation computes `rows` × `columns` outputs in registers. Software adapters have no fast workgroup
 *   memory, and loads dominate their time, so large tiles win (512³ on lavapipe: 6 GFLOP/s with 4×4, 11 with 8×8, 18
 *   with 16×16).
 * - tile: a workgroup computes `rows` × `columns` outputs, an invocation `ownRows` × `ownColumns` of them, from panels
 *   of `depth` terms in workgroup memory.
 * - dot: a workgroup computes one output. For few outputs whose terms are adjacent in memory.
 */
export type KernelVariant =
  | { readonly kind: "register"; readonly rows: number; readonly columns: number; readonly group: number }
  | TileVariant
  | { readonly kind: "dot"; readonly rows: 1; readonly columns: 1; readonly group: number };

/** Sizes of a tile. `group` is the number of invocations. */
export interface TileVariant {
  readonly kind: "tile";
  readonly rows: number;
  readonly columns: number;
  readonly ownRows: number;
  readonly ownColumns: number;
  readonly depth: number;
  readonly group: number;
}

const register = <R extends number, C extends number>(rows: R, columns: C, group: number): KernelVariant => ({
  kind: "register",
  rows,
  columns,
  group,
});

const tile = (rows: number, columns: number, ownRows: number, ownColumns: number, depth: number): TileVariant => ({
  kind: "tile",
  ...{ rows, columns, ownRows, ownColumns, depth },
  group: rows / ownRows * (columns / ownColumns),
});

/** The tiles. All fit the 16 KiB of workgroup memory and the 256 invocations that every adapter has. */
export const tiles: Readonly<Record<TileName, TileVariant>> = {
  tile128x128: tile(128, 128, 8, 8, 8),
  tile64x128: tile(64, 128, 8, 8, 16),
  tile128x64: tile(128, 64, 8, 8, 16),
  tile32x128: tile(32, 128, 4, 8, 16),
  tile128x32: tile(128, 32, 8, 4, 16),
  tile16x128: tile(16, 128, 4, 8, 16),
  tile128x16: tile(128, 16, 8, 4, 16),
  tile8x128: tile(8, 128, 4, 4, 16),
  tile128x8: tile(128, 8, 4, 4, 16),
  tile64x64: tile(64, 64, 4, 4, 16),
  tile32x32: tile(32, 32, 4, 4, 16),
};

/** The name of a tile. */
export type TileName =
  | "tile128x128"
  | "tile64x128"
  | "tile128x64"
  | "tile32x128"
  | "tile128x32"
  | "tile16x128"
  | "tile128x16"
  | "tile8x128"
  | "tile128x8"
  | "tile64x64"
  | "tile32x32";

/** The name of a configuration. */
export type KernelConfigName =
  | TileName
  | "register16"
  | "register8"
  | "register4"
  | "row8"
  | "column8"
  | "single"
  | "row"
  | "rows4"
  | "columns4"
  | "dot";

/** The configurations by name; `tune` may time them. */
export const kernelConfigs: Readonly<Record<KernelConfigName, KernelVariant>> = {
  register16: register(16, 16, 8),
  register8: register(8, 8, 8),
  register4: register(4, 4, 8),
  row8: register(1, 8, 8),
  column8: register(8, 1, 8),
  // For a few outputs with many terms.
  single: register(1, 1, 8),
  // For GPUs: a thread computes a column, so that adjacent threads read adjacent elements.
  row: register(1, 1, 64),
  rows4: register(4, 1, 64),
  columns4: register(1, 4, 64),
  ...tiles,
  dot: { kind: "dot", rows: 1, columns: 1, group: 64 },
};
