/** Splits rows into panels: as few as tiles allow, with heights that differ by at most one, since tiles of one row are slow. */
import { type Code, get, type Local, op, set } from "../../../../code/tree.ts";
import { least, range } from "../loops.ts";

/** `count` panels, of which the first `tall` have `height` + 1 rows, the others `height`. */
export interface Panels {
  readonly count: number;
  readonly tall: number;
  readonly height: number;
}

/** Splits `rows` rows into panels of at most `most` rows. */
export function panelsOf(rows: number, most: number): Panels {
  const count = Math.ceil(rows / most);
  const height = count === 0 ? 0 : Math.floor(rows / count);
  return { count, tall: rows - height * count, height };
}

/** The first row of a panel. */
export function firstRow(panel: Local, tall: Code, height: Code): Code {
  return op("i32.add", op("i32.mul", get(panel), height), least(get(panel), tall));
}

/** Sets a panel's first row, and the number of its rows. */
export function panelRows(panel: Local, row: Local, rows: Local, field: (name: "tall" | "height") => Code): Code {
  const [tall, height] = [field("tall"), field("height")];
  return [set(row, firstRow(panel, tall, height)), set(rows, rowsOf(panel, tall, height))];
}

/** Locals that {@link eachPanel} sets. */
export interface PanelLocals {
  readonly item: Local;
  readonly group: Local;
  readonly panel: Local;
  readonly row: Local;
  readonly rows: Local;
}

/** Runs the body for the items from `begin` to `end`, which are the panels of each group in turn. */
export function eachPanel(
  { item, group, panel, row, rows }: PanelLocals,
  [begin, end]: readonly [Local, Local],
  field: (name: "panels" | "tall" | "height") => Code,
  body: Code,
): Code {
  return range(
    item,
    get(begin),
    get(end),
    1,
    set(group, op("i32.div_s", get(item), field("panels"))),
    set(panel, op("i32.rem_s", get(item), field("panels"))),
    panelRows(panel, row, rows, field),
    body,
  );
}

/** The number of rows of a panel. */
export function rowsOf(panel: Local, tall: Code, height: Code): Code {
  return op("i32.add", height, op("i32.lt_s", get(panel), tall));
}

/** Whether to spread panels of this many steps when they are packed: they must still fit in the L2 cache. */
export function spreadPays(steps: number): boolean {
  return steps <= 2048;
}
