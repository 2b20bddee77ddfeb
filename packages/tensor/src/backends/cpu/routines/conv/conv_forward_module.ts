/** The generated module of convolutions: packs weights, prepares images, and computes tiles that read images in place. */
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Locals, op, set, when } from "../../../../code/tree.ts";
import { copyRows, fillZeros } from "./conv_image.ts";
import type { Element } from "../element.ts";
import { addMul, least, Params, range } from "../loops.ts";
import { packPanel, spreadPanel } from "../matmul/pack.ts";
import { eachPanel, panelRows } from "../matmul/panels.ts";
import { positionEntry, positionKernels } from "./position_kernel.ts";
import { offsetTableKernels } from "./offset_table_kernel.ts";
import { columnEntry } from "./conv_geometry.ts";

const fields = [
  "phase",
  "groups",
  "w",
  "wGroup",
  "wFilter",
  "wStep",
  "wPart",
  "parts",
  "partSteps",
  "filters",
  "packed",
  "spread",
  "panels",
  "tall",
  "height",
  "steps",
  "stepsPadded",
  "offsets",
  "x",
  "xBatch",
  "xGroup",
  "xChannel",
  "channels",
  "rows",
  "rowCount",
  "step",
  "prepared",
  "preparedThread",
  "preparedChannel",
  "preparedBytes",
  "y",
  "yBatch",
  "yGroup",
  "yFilter",
  "columns",
  "vectors",
  "blocks",
  "blockVectors",
  "bias",
  "rectifies",
] as const;

/**
 * The parameters of a call. `phase` is 0 to pack weights (items: panels of every group; the steps are those of `parts` parts, one
 * after another), 1 to convolve (items: blocks of columns of every group of every image). `preparedBytes` is 0 if images are read
 * in place. `bias` is the address of one element per filter, or 0.
 */
export const convForwardParams: Params<typeof fields[number]> = new Params(fields);

/**
 * The form of tiles: rows of filters and vectors of positions, with spread or plain panels of weights; or rows of positions and
 * vectors of filters.
 */
export type ConvForm = "filters" | "spread filters" | "positions";

/** Generates the module for an element type and a form of tiles. Tiles of positions have `vectors` vectors of filters. */
export function convForwardModule(e: Element, form: ConvForm, vectors: 1 | 2): CodeModule {
  const module = new ModuleBuilder();
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const spread = form === "spread filters";
  const tiles = form === "positions"
    ? positionKernels(module, e, vectors)
    : offsetTableKernels(module, e, "store", spread);
  const pack = packPanel(module, e);
  const expand = spread ? spreadPanel(module, e) : null;
  const prepare = copyRows(module, e, "prepare");
  const clear = fillZeros(module, e.vectorBytes);

  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as Locals<4>;
  const field = (name: typeof fields[number]): Code => convForwardParams.read(p, name);
  const names = ["t", "panel", "group", "row", "rows", "image", "right", "prepared", "done", "first", "part"] as const;
  const [t, panel, group, row, rows, image, right, prepared, done, first, part] = names.map(() =>
    run.local("i32")
  ) as Locals<11>;
  const bounds = panelRows(panel, row, rows, field);
  const at = (base: Code, bytes: number): Code =>
    addMul(base, op("i32.mul", addMul(get(row), get(group), field("filters")), field("stepsPadded")), i32(bytes));
  const packedAt = at(field("packed"), e.bytes);
  const spreadAt = at(field("spread"), 16);
  run.emit(when(
    op("i32.eqz", field("phase")),
    eachPanel({ item: t, group, panel, row, rows }, [begin, end], field, [
      range(
        part,
        i32(0),
        field("parts"),
        1,
        call(
          pack,
          addMul(
            addMul(addMul(field("w"), get(group), field("wGroup")), get(row), field("wFilter")),
            get(part),
            field("wPart"),
          ),
          field("wFilter"),
          field("wStep"),
          field("partSteps"),
          get(rows),
          addMul(packedAt, op("i32.mul", get(part), get(rows)), i32(e.bytes)),
          op("i32.mul", op("i32.mul", get(rows), field("parts")), i32(e.bytes)),
        ),
      ),
      expand ? call(expand, packedAt, spreadAt, op("i32.mul", get(rows), field("steps"))) : [],
    ]),
    [
      set(prepared, addMul(field("prepared"), get(thread), field("preparedThread"))),
      // The margins stay zero from image to image.
      call(clear, get(prepared), field("preparedBytes")),
      set(done, i32(-1)),
      range(
        t,
        get(begin),
        get(end),
        1,
        set(image, op("i32.div_s", get(t), field("blocks"))),
        set(first, op("i32.mul", op("i32.rem_s", get(t), field("blocks")), field("blockVectors"))),
        set(group, op("i32.rem_s", get(image), field("groups"))),
        set(
          right,
          addMul(
            addMul(field("x"), op("i32.div_s", get(image), field("groups")), field("xBatch")),
            get(group),
            field("xGroup"),
          ),
        ),
        when(field("preparedBytes"), [
          when(
            op("i32.ne", get(done), get(image)),
            call(
              prepare,
              get(right),
              get(prepared),
              field("rows"),
              field("rowCount"),
              field("step"),
              field("channels"),
              field("xChannel"),
              field("preparedChannel"),
            ),
          ),
          set(done, get(image)),
          set(right, get(prepared)),
        ]),
        set(
          image,
          addMul(
            addMul(field("y"), op("i32.div_s", get(image), field("groups")), field("yBatch")),
            get(group),
            field("yGroup"),
          ),
        ),
        range(
          panel,
          i32(0),
          field("panels"),
          1,
          bounds,
          call(
            tiles,
            expand ? spreadAt : packedAt,
            get(rows),
            field("steps"),
            field("offsets"),
            get(right),
            addMul(
              field("columns"),
              get(first),
              i32(form === "positions" ? positionEntry : columnEntry(e.vectorBytes)),
            ),
            least(op("i32.sub", field("vectors"), get(first)), field("blockVectors")),
            addMul(get(image), get(row), field("yFilter")),
            field("yFilter"),
            addMul(field("bias"), addMul(get(row), get(group), field("filters")), i32(e.bytes)),
            field("rectifies"),
          ),
        ),
      ),
    ],
  ));
  return module;
}
