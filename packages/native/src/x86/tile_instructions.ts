/** The instructions of AMX: eight tile registers of 16 rows of 64 bytes. */
import { instruction, none, type VectorInstruction, vexOnly, xF2, xF3 } from "./instruction_rows.ts";

const tile = (name: string, prefix: number, opcode: number): VectorInstruction =>
  instruction(name, 2, prefix, 0, opcode, 0, vexOnly);

/** The names of the instructions. */
export type TileInstructionName =
  | "ldtilecfg"
  | "tilerelease"
  | "tilezero"
  | "tileloadd"
  | "tilestored"
  | "tdpbf16ps";

/**
 * The instructions. `reg` is the tile that is written or stored. Of products, `rm` is the first factor, and v the second. The index of
 * a memory operand is the register with the distance of rows. `ldtilecfg` reads 64 bytes.
 */
export const tileInstructions: { readonly [Name in TileInstructionName]: VectorInstruction } = {
  ldtilecfg: tile("ldtilecfg", none, 0x49),
  tilerelease: tile("tilerelease", none, 0x49),
  tilezero: tile("tilezero", xF2, 0x49),
  tileloadd: tile("tileloadd", xF2, 0x4b),
  tilestored: tile("tilestored", xF3, 0x4b),
  tdpbf16ps: tile("tdpbf16ps", xF3, 0x5c),
};
