/** How rows are split into panels: as few as tiles allow, all of two heights that differ by one, since tiles of one row are slow. */
import { type Code, get, type Local, op } from "../../../wasm/assembler.ts";
import { least } from "./loops.ts";
import { tileRows } from "./tile.ts";

/** Of `count` panels the first `tall` have `height` + 1 rows, the others `height`. */
export interface Panels {
  readonly count: number;
  readonly tall: number;
  readonly height: number;
}

/** The panels of so many rows, none higher than `most`. */
export function panelsOf(rows: number, most: number = tileRows): Panels {
  const count = Math.ceil(rows / most);
  const height = count === 0 ? 0 : Math.floor(rows / count);
  return { count, tall: rows - height * count, height };
}

/** First row of a panel. */
export function firstRow(panel: Local, tall: Code, height: Code): Code {
  return op("i32.add", op("i32.mul", get(panel), height), least(get(panel), tall));
}

/** Rows of a panel. */
export function rowsOf(panel: Local, tall: Code, height: Code): Code {
  return op("i32.add", height, op("i32.lt_s", get(panel), tall));
}

/** Whether panels of so many steps are worth spreading once and for all: they still stream from the second-level cache. */
export function spreadPays(steps: number): boolean {
  return steps <= 2048;
}
