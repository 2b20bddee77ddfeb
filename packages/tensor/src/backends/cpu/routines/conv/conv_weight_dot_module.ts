/** The generated module of weight gradients with few taps: dot products of gradients and images, without packing. */
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Local, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { copyRows, fillZeros } from "./conv_image.ts";
import { dotAside, dotKernels } from "../matmul/dot_kernel.ts";
import { add, type Element, narrowed, pick, storeLane, zeros } from "../element.ts";
import { addMul, advance, least, Params, range, times } from "../loops.ts";
import { firstRow, rowsOf } from "../matmul/panels.ts";

const fields = [
  "phase",
  "groups",
  "batch",
  "blockImages",
  "imageBlocks",
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
  "g",
  "gBatch",
  "gGroup",
  "gFilter",
  "filters",
  "filterPanels",
  "filterTall",
  "filterHeight",
  "taps",
  "depth",
  "tapPanels",
  "tapTall",
  "tapHeight",
  "planes",
  "planeCount",
  "segments",
  "segmentBytes",
  "loops",
  "sums",
  "sumBytes",
  "w",
] as const;

/**
 * The parameters of a call. `phase` is 0 to sum products (items: blocks of images of groups), each item to its own vectors; 1 to
 * add these up (items: filters of groups). `preparedBytes` is 0 if images are read in place.
 */
export const convWeightDotParams: Params<typeof fields[number]> = new Params(fields);

/**
 * Generates the module for an element type, the `dotLength` of the segments of images, and the most filters that are processed together.
 */
export function convWeightDotModule(
  e: Element,
  length: number,
  most: number,
): CodeModule {
  const module = new ModuleBuilder();
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const kernels = dotKernels(module, e, length, most);
  const prepare = copyRows(module, e, "prepare");
  const clear = fillZeros(module, e.vectorBytes);

  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as Locals<4>;
  const field = (name: typeof fields[number]): Code => convWeightDotParams.read(p, name);
  const names = [
    "t",
    "group",
    "image",
    "last",
    "i",
    "j",
    "filter",
    "tap",
    "right",
    "prepared",
    "sums",
    "count",
    "at",
  ] as const;
  const [t, group, image, last, i, j, filter, tap, right, prepared, sums, count, at] = names.map(() =>
    run.local("i32")
  ) as Locals<13>;
  const total = run.local("vector");
  const aside = dotAside(e);
  const { lanes } = narrowed(e, 16);
  const reversed = Array.from({ length: lanes }, (_, i) => lanes - 1 - i);

  const panel = (index: Local, first: Local, tall: Code, height: Code): Code =>
    set(first, firstRow(index, tall, height));
  const sumProducts: Code = [
    set(sums, addMul(field("sums"), get(t), field("sumBytes"))),
    call(clear, get(sums), field("sumBytes")),
    set(group, op("i32.div_s", get(t), field("imageBlocks"))),
    set(image, op("i32.mul", op("i32.rem_s", get(t), field("imageBlocks")), field("blockImages"))),
    set(last, op("i32.add", get(image), field("blockImages"))),
    set(last, least(get(last), field("batch"))),
    range(
      image,
      get(image),
      get(last),
      1,
      set(right, addMul(addMul(field("x"), get(image), field("xBatch")), get(group), field("xGroup"))),
      when(field("preparedBytes"), [
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
        set(right, get(prepared)),
      ]),
      range(
        i,
        i32(0),
        field("filterPanels"),
        1,
        panel(i, filter, field("filterTall"), field("filterHeight")),
        range(
          j,
          i32(0),
          field("tapPanels"),
          1,
          panel(j, tap, field("tapTall"), field("tapHeight")),
          aside === 1 ? [] : set(tap, op("i32.mul", get(tap), i32(aside))),
          call(
            kernels,
            rowsOf(i, field("filterTall"), field("filterHeight")),
            rowsOf(j, field("tapTall"), field("tapHeight")),
            addMul(
              addMul(addMul(field("g"), get(image), field("gBatch")), get(group), field("gGroup")),
              get(filter),
              field("gFilter"),
            ),
            field("gFilter"),
            get(right),
            addMul(field("taps"), get(tap), i32(4)),
            field("planes"),
            field("planeCount"),
            field("segments"),
            field("segmentBytes"),
            addMul(get(sums), addMul(get(tap), get(filter), field("depth")), i32(16)),
            op("i32.mul", field("depth"), i32(16)),
            op("i32.sub", field("depth"), op("i32.add", get(tap), i32(1))),
            field("loops"),
          ),
        ),
      ),
    ),
  ];
  const addUp: Code = [
    set(group, op("i32.div_s", get(t), field("filters"))),
    set(filter, op("i32.rem_s", get(t), field("filters"))),
    range(
      tap,
      i32(0),
      field("depth"),
      1,
      set(
        at,
        addMul(
          addMul(field("sums"), op("i32.mul", get(group), field("imageBlocks")), field("sumBytes")),
          addMul(get(tap), get(filter), field("depth")),
          i32(16),
        ),
      ),
      set(total, zeros),
      set(count, field("imageBlocks")),
      times(
        count,
        set(total, add(e, get(total), memory("vector.load", 0, get(at)))),
        advance(at, field("sumBytes")),
      ),
      set(total, add(e, get(total), pick(e, reversed, get(total), get(total)))),
      lanes === 4 ? set(total, add(e, get(total), pick(e, [1, 0, 3, 2], get(total), get(total)))) : [],
      storeLane(e, 0, 0, addMul(field("w"), addMul(get(tap), get(t), field("depth")), i32(e.bytes)), get(total)),
    ),
  ];
  run.emit(when(
    op("i32.eqz", field("phase")),
    [
      set(prepared, addMul(field("prepared"), get(thread), field("preparedThread"))),
      // The margins stay zero from image to image.
      call(clear, get(prepared), field("preparedBytes")),
      range(t, get(begin), get(end), 1, sumProducts),
    ],
    range(t, get(begin), get(end), 1, addUp),
  ));
  return module;
}
