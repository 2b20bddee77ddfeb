/** The generated module of input gradients: for each tap, the transposed weights times the gradient, added at the tap's offset. */
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import type { Cut } from "./conv_contributions.ts";
import { copyRows, fillZeros } from "./conv_image.ts";
import type { Element } from "../element.ts";
import { addMul, Params, range } from "../loops.ts";
import { packPanel, spreadPanel } from "../matmul/pack.ts";
import { eachPanel, panelRows } from "../matmul/panels.ts";
import { offsetTableKernels, type TableMode } from "./offset_table_kernel.ts";

const fields = [
  "phase",
  "groups",
  "w",
  "wGroup",
  "wFilter",
  "sources",
  "packed",
  "spread",
  "depth",
  "panels",
  "tall",
  "height",
  "filters",
  "filtersPadded",
  "offsets",
  "targets",
  "g",
  "gGroup",
  "columns",
  "whole",
  "otherColumns",
  "others",
  "x",
  "xGroup",
  "xChannel",
  "xBytes",
  "complete",
  "channels",
  "rows",
  "rowCount",
  "step",
  "prepared",
  "preparedThread",
  "preparedChannel",
  "preparedBytes",
] as const;

/**
 * The parameters of a call. `phase` is 0 to pack weights (items: panels of every group), 1 to compute gradients (items: groups of
 * images). For the `depth` rows of the product, `sources` lists the offsets of their weights, and `targets` the offsets at which
 * their contributions are added. `columns` lists the `whole` vectors of positions, `otherColumns` the `others` (see
 * conv_contributions.ts). `preparedBytes` is 0 if gradients are added in place.
 */
export const convInputGradParams: Params<typeof fields[number]> = new Params(fields);

/** The kernel of vectors that are not within a row, or overlap. */
const otherModes = {
  "rows": "add masked",
  "positions": "add split",
  "pieces of 16": "add pieces of 16",
  "pieces of 32": "add pieces of 32",
  "long": "add first",
} as const satisfies Record<Cut, TableMode>;

/** Generates the module for an element type and a cut into vectors. `spread` is whether the panels of weights are spread. */
export function convInputGradModule(
  e: Element,
  spread: boolean,
  cut: Cut,
): CodeModule {
  const module = new ModuleBuilder();
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const whole = cut === "rows" || cut === "positions" ? offsetTableKernels(module, e, "add", spread) : null;
  const others = offsetTableKernels(module, e, otherModes[cut], spread);
  const pack = packPanel(module, e);
  const expand = spread ? spreadPanel(module, e) : null;
  const bring = copyRows(module, e, "return");
  const clear = fillZeros(module, e.vectorBytes);

  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as Locals<4>;
  const field = (name: typeof fields[number]): Code => convInputGradParams.read(p, name);
  const names = ["t", "panel", "group", "first", "rows", "image", "target", "i", "g"] as const;
  const [t, panel, group, first, rows, image, target, i, g] = names.map(() => run.local("i32")) as Locals<9>;
  const bounds = panelRows(panel, first, rows, field);
  const at = (base: Code, bytes: number): Code =>
    addMul(base, op("i32.mul", addMul(get(first), get(group), field("depth")), field("filtersPadded")), i32(bytes));
  const packedAt = at(field("packed"), e.bytes);
  const spreadAt = at(field("spread"), 16);
  const multiply = (tiles: FunctionBuilder, columns: Code, vectors: Code): Code =>
    call(
      tiles,
      expand ? spreadAt : packedAt,
      get(rows),
      field("filters"),
      field("offsets"),
      get(g),
      columns,
      vectors,
      get(target),
      addMul(field("targets"), get(first), i32(4)),
      i32(0),
      i32(0),
    );
  run.emit(when(
    op("i32.eqz", field("phase")),
    eachPanel({ item: t, group, panel, row: first, rows }, [begin, end], field, [
      range(
        i,
        i32(0),
        get(rows),
        1,
        call(
          pack,
          op(
            "i32.add",
            addMul(field("w"), get(group), field("wGroup")),
            memory("i32.load", 0, addMul(field("sources"), op("i32.add", get(first), get(i)), i32(4))),
          ),
          i32(0),
          field("wFilter"),
          field("filters"),
          i32(1),
          addMul(packedAt, get(i), i32(e.bytes)),
          op("i32.mul", get(rows), i32(e.bytes)),
        ),
      ),
      expand ? call(expand, packedAt, spreadAt, op("i32.mul", get(rows), field("filters"))) : [],
    ]),
    range(
      t,
      get(begin),
      get(end),
      1,
      set(group, op("i32.rem_s", get(t), field("groups"))),
      set(g, addMul(field("g"), get(t), field("gGroup"))),
      set(image, addMul(field("x"), get(t), field("xGroup"))),
      set(target, get(image)),
      when(
        field("preparedBytes"),
        [
          set(target, addMul(field("prepared"), get(thread), field("preparedThread"))),
          call(clear, get(target), field("preparedBytes")),
          when(op("i32.eqz", field("complete")), call(clear, get(image), field("xBytes"))),
        ],
        call(clear, get(image), field("xBytes")),
      ),
      range(
        panel,
        i32(0),
        field("panels"),
        1,
        bounds,
        whole === null ? [] : multiply(whole, field("columns"), field("whole")),
        when(field("others"), multiply(others, field("otherColumns"), field("others"))),
      ),
      when(
        field("preparedBytes"),
        call(
          bring,
          get(image),
          get(target),
          field("rows"),
          field("rowCount"),
          field("step"),
          field("channels"),
          field("xChannel"),
          field("preparedChannel"),
        ),
      ),
    ),
  ));
  return module;
}
