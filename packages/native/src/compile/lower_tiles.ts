/** Operations on tiles (AMX). */
import type { Node } from "@heddle/tensor/code";
import type { TileInstructionName } from "../x86/tile_instructions.ts";
import { flag, kinds, tileRowOf } from "./linear_code.ts";
import type { Lowering } from "./lower.ts";
import { Unsupported } from "./target.ts";

const instructions: { readonly [name: string]: TileInstructionName } = {
  tiles_begin: "ldtilecfg",
  tiles_end: "tilerelease",
  tile_zero: "tilezero",
  tile_load: "tileloadd",
  tile_store: "tilestored",
  tile_multiply: "tdpbf16ps",
};

const [rows, rowBytes] = [16, 64];

/** The configuration of all eight tiles: the palette, and from the bytes 16 and 48 on the bytes of a row and the number of rows. */
function configuration(): number[] {
  const bytes = new Uint8Array(64);
  bytes[0] = 1;
  for (let tile = 0; tile < 8; tile++) {
    bytes[16 + 2 * tile] = rowBytes;
    bytes[48 + tile] = rows;
  }
  return [...new Int32Array(bytes.buffer)];
}

/** Whether an operation is one on tiles. */
export function isTileOperation(name: string): boolean {
  return name in instructions;
}

export function tile(l: Lowering, { name, immediate, args }: Extract<Node, { kind: "wide" }>): number {
  if (!l.evex) throw new Unsupported("tiles for AVX2");
  const row = tileRowOf[instructions[name]!];
  if (name === "tiles_begin") {
    l.wholeConstant(configuration());
    l.code.emit(kinds.tile, row, -1, -1, -1, -1, -1, l.disp, 0, -1, flag.pool);
  } else if (args.length > 0) {
    l.address(args[0]!, immediate & ~7, rows * rowBytes);
    l.code.emit(kinds.tile, row, -1, -1, -1, -1, l.index, l.disp, immediate & 7, -1, l.memoryFlags);
  } else l.emit(kinds.tile, row, -1, -1, -1, immediate);
  return -1;
}
