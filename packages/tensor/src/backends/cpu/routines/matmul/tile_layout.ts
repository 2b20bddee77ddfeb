/**
 * How operands are packed for tiles (AMX). A panel has 32 rows of the left operand, or columns of the right one, as two tiles of 16; the
 * last panel is not shorter. It consists of blocks of 32 steps of the inner dimension, each one tile after the other. The numbers are
 * bfloat16. A tile of the left operand has a row in each of its rows, a tile of the right one pairs of steps, 16 columns side by side.
 */

/** The rows or columns of a tile, and of a panel. */
export const tileLines = 16;
export const panelLines: number = 2 * tileLines;
/** The steps of a block, and the bytes of a step of a panel. */
export const blockSteps = 32;
export const stepBytes: number = panelLines * 2;
/** The bytes of a tile, and of a block of a panel. */
export const tileBytes = 1024;
export const blockBytes: number = 2 * tileBytes;
/** The bytes of four tiles of sums. */
export const sumBytes: number = 4 * tileBytes;
