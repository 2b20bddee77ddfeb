/** The generated module of convolutions' input gradients: for each tap the weights' transpose times the gradient, added where the tap reaches. */
import {
  call,
  type Code,
  get,
  i32,
  type Local,
  type MemoryImport,
  ModuleBuilder,
  op,
  set,
  when,
} from "../../../wasm/assembler.ts";
import { copyRows, fillZeros } from "./conv_image.ts";
import type { Element } from "./element.ts";
import { addMul, Params, range } from "./loops.ts";
import { packPanel, spreadPanel } from "./pack.ts";
import { firstRow, rowsOf } from "./panels.ts";
import { tableKernels } from "./table_kernel.ts";

const fields = [
  "phase",
  "groups",
  "w",
  "wGroup",
  "wPart",
  "wRow",
  "wFilter",
  "packed",
  "spread",
  "parts",
  "partRows",
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
  "vectors",
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
 * What a call works on. `phase` is 0 to pack weights (items: parts of every group), 1 to form gradients (items: groups of images). The
 * rows of the product, `partRows` in each of `parts`, are added at the offsets that `targets` lists. `preparedBytes` is 0 when
 * gradients are added in place.
 */
export const convInputGradParams: Params<typeof fields[number]> = new Params(fields);

/** The module for an element type; `spread` says whether the weights' panels are spread. */
export function convInputGradModule(memory: MemoryImport, e: Element, spread: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(memory);
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const tiles = tableKernels(module, e, "add", spread);
  const pack = module.func(ints(7), []);
  packPanel(pack, e);
  const expand = spread ? module.func(ints(3), []) : null;
  if (expand) spreadPanel(expand, e);
  const bring = module.func(ints(8), []);
  copyRows(bring, e, "return");
  const clear = module.func(ints(2), []);
  fillZeros(clear);

  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as [Local, Local, Local, Local];
  const field = (name: typeof fields[number]): Code => convInputGradParams.read(p, name);
  const names = ["t", "part", "panel", "group", "row", "rows", "image", "target", "first"] as const;
  const [t, part, panel, group, row, rows, image, target, first] = names.map(() => run.local("i32")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const eachPanel = (...body: Code[]): Code => [
    set(first, op("i32.mul", addMul(get(part), get(group), field("parts")), field("partRows"))),
    range(
      panel,
      i32(0),
      field("panels"),
      1,
      set(row, firstRow(panel, field("tall"), field("height"))),
      set(rows, rowsOf(panel, field("tall"), field("height"))),
      ...body,
    ),
  ];
  const at = (base: Code, bytes: number): Code =>
    addMul(base, op("i32.mul", op("i32.add", get(first), get(row)), field("filtersPadded")), i32(bytes));
  const packedAt = at(field("packed"), e.bytes);
  const spreadAt = at(field("spread"), 16);
  run.emit(when(
    op("i32.eqz", field("phase")),
    range(
      t,
      get(begin),
      get(end),
      1,
      set(group, op("i32.div_s", get(t), field("parts"))),
      set(part, op("i32.rem_s", get(t), field("parts"))),
      eachPanel(
        call(
          pack,
          addMul(
            addMul(addMul(field("w"), get(group), field("wGroup")), get(part), field("wPart")),
            get(row),
            field("wRow"),
          ),
          field("wRow"),
          field("wFilter"),
          field("filters"),
          get(rows),
          packedAt,
          op("i32.mul", get(rows), i32(e.bytes)),
        ),
        expand ? call(expand, packedAt, spreadAt, op("i32.mul", get(rows), field("filters"))) : [],
      ),
    ),
    range(
      t,
      get(begin),
      get(end),
      1,
      set(group, op("i32.rem_s", get(t), field("groups"))),
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
        part,
        i32(0),
        field("parts"),
        1,
        eachPanel(call(
          tiles,
          expand ? spreadAt : packedAt,
          get(rows),
          field("filters"),
          field("offsets"),
          addMul(field("g"), get(t), field("gGroup")),
          field("columns"),
          field("vectors"),
          get(target),
          addMul(field("targets"), op("i32.add", op("i32.mul", get(part), field("partRows")), get(row)), i32(4)),
        )),
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
  return module.build();
}
