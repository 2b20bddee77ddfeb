/** The generated module of weight gradients: for each tap, the image at its offset times the gradient, summed over positions. */
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { copyRows, fillZeros } from "./conv_image.ts";
import { add, type Element, narrowed, storeLane } from "../element.ts";
import { addMul, advance, least, Params, range, times } from "../loops.ts";
import { packPanel } from "../matmul/pack.ts";
import { firstRow, rowsOf } from "../matmul/panels.ts";
import { rowOffsetKernels } from "./row_offset_kernel.ts";

const fields = [
  "phase",
  "groups",
  "batch",
  "adds",
  "x",
  "xBatch",
  "xGroup",
  "xChannel",
  "image",
  "imageBatch",
  "imageChannel",
  "imageGroup",
  "imageBytes",
  "channels",
  "rows",
  "rowCount",
  "step",
  "g",
  "gBatch",
  "filters",
  "positions",
  "packed",
  "packedPanel",
  "filterPanels",
  "filtersPadded",
  "taps",
  "depth",
  "panels",
  "tall",
  "height",
  "planes",
  "planeCount",
  "segments",
  "segmentBytes",
  "planeBlock",
  "segmentBlock",
  "length",
  "sums",
  "sumBytes",
  "imageBlocks",
  "blockImages",
  "turnImages",
  "tapBlocks",
  "blockPanels",
  "turns",
  "w",
] as const;

/** The number of taps whose sums are transposed to the order of the weights at a time. */
export const turnRows = 64;

/**
 * The parameters of a call. `phase` is 0 to prepare images (items: images); 1 to pack gradients (items: images), so that the
 * filters of a position are adjacent; 2 to sum products (items: blocks of taps of blocks of images of groups), each block of images
 * to its own sums; 3 to add these up (items: taps of groups); 4 for the same with only one block of images (items: {@link turnRows}
 * taps).
 */
export const convWeightGradParams: Params<typeof fields[number]> = new Params(fields);

/**
 * Generates the module for an element type. Panels have `vectors` vectors of filters. `known` is the segments' length if it is fixed
 * in the kernels, else 0.
 */
export function convWeightGradModule(e: Element, vectors: 1 | 2, known: number): CodeModule {
  const module = new ModuleBuilder();
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const kernels = rowOffsetKernels(module, e, vectors, known);
  const pack = packPanel(module, e);
  const prepare = copyRows(module, e, "prepare");
  const clear = fillZeros(module, e.vectorBytes);
  const width = vectors * e.lanes;
  const pitch = e.vectorBytes * vectors;
  const narrow = narrowed(e, 16);

  const run = module.func(ints(4), [], "run");
  const [p, begin, end] = run.params as Locals<3>;
  const field = (name: typeof fields[number]): Code => convWeightGradParams.read(p, name);
  const names = [
    "t",
    "c",
    "j",
    "panel",
    "row",
    "group",
    "block",
    "image",
    "last",
    "images",
    "plane",
    "segment",
    "sums",
    "from",
    "to",
    "right",
  ] as const;
  const [t, c, j, panel, row, group, block, image, last, images, plane, segment, sums, from, to, right] = names.map(
    () => run.local("i32"),
  ) as Locals<16>;
  const total = run.local("vector");

  const prepareImage: Code = range(
    c,
    i32(0),
    op("i32.mul", field("groups"), field("channels")),
    1,
    set(to, addMul(addMul(field("image"), get(t), field("imageBatch")), get(c), field("imageChannel"))),
    call(clear, get(to), field("imageBytes")),
    call(
      prepare,
      addMul(addMul(field("x"), get(t), field("xBatch")), get(c), field("xChannel")),
      get(to),
      field("rows"),
      field("rowCount"),
      field("step"),
      i32(1),
      i32(0),
      i32(0),
    ),
  );

  // The panels of all groups, one after another.
  const packGradient: Code = range(
    group,
    i32(0),
    field("groups"),
    1,
    range(
      j,
      i32(0),
      field("filterPanels"),
      1,
      set(
        to,
        addMul(
          addMul(
            field("packed"),
            addMul(get(j), get(group), field("filterPanels")),
            field("packedPanel"),
          ),
          op("i32.mul", get(t), field("positions")),
          i32(pitch),
        ),
      ),
      set(row, op("i32.mul", get(j), i32(width))),
      set(c, least(op("i32.sub", field("filters"), get(row)), i32(width))),
      when(
        op("i32.lt_s", get(c), i32(width)),
        call(clear, get(to), op("i32.mul", field("positions"), i32(pitch))),
      ),
      call(
        pack,
        addMul(
          addMul(field("g"), get(t), field("gBatch")),
          op("i32.mul", addMul(get(row), get(group), field("filters")), field("positions")),
          i32(e.bytes),
        ),
        op("i32.mul", field("positions"), i32(e.bytes)),
        i32(e.bytes),
        field("positions"),
        get(c),
        get(to),
        i32(pitch),
      ),
    ),
  );

  const multiply = call(
    kernels,
    rowsOf(panel, field("tall"), field("height")),
    addMul(
      addMul(addMul(field("image"), get(image), field("imageBatch")), get(group), field("imageGroup")),
      get(segment),
      field("segmentBytes"),
    ),
    addMul(field("taps"), get(row), i32(4)),
    get(images),
    field("imageBatch"),
    addMul(field("planes"), get(plane), i32(4)),
    least(op("i32.sub", field("planeCount"), get(plane)), field("planeBlock")),
    least(op("i32.sub", field("segments"), get(segment)), field("segmentBlock")),
    field("segmentBytes"),
    field("length"),
    get(right),
    addMul(addMul(get(sums), get(j), i32(pitch)), op("i32.mul", get(row), field("filtersPadded")), i32(e.bytes)),
    op("i32.mul", field("filtersPadded"), i32(e.bytes)),
    get(from),
  );
  const sumProducts: Code = [
    set(block, op("i32.div_s", get(t), field("tapBlocks"))),
    set(group, op("i32.div_s", get(block), field("imageBlocks"))),
    set(sums, addMul(field("sums"), get(block), field("sumBytes"))),
    set(image, op("i32.mul", op("i32.rem_s", get(block), field("imageBlocks")), field("blockImages"))),
    set(last, op("i32.add", get(image), field("blockImages"))),
    set(last, least(get(last), field("batch"))),
    set(block, op("i32.mul", op("i32.rem_s", get(t), field("tapBlocks")), field("blockPanels"))),
    // Continue the sums in memory, except in the very first pass.
    set(from, field("adds")),
    range(
      image,
      get(image),
      get(last),
      1,
      set(images, least(op("i32.sub", get(last), get(image)), field("turnImages"))),
      range(
        plane,
        i32(0),
        field("planeCount"),
        1,
        range(
          segment,
          i32(0),
          field("segments"),
          1,
          range(
            j,
            i32(0),
            field("filterPanels"),
            1,
            set(
              right,
              addMul(
                addMul(field("packed"), addMul(get(j), get(group), field("filterPanels")), field("packedPanel")),
                addMul(
                  op("i32.mul", get(image), field("positions")),
                  addMul(get(segment), get(plane), field("segments")),
                  field("length"),
                ),
                i32(pitch),
              ),
            ),
            range(
              panel,
              get(block),
              least(op("i32.add", get(block), field("blockPanels")), field("panels")),
              1,
              set(row, firstRow(panel, field("tall"), field("height"))),
              multiply,
            ),
          ),
          set(from, i32(1)),
          set(segment, op("i32.add", get(segment), op("i32.sub", field("segmentBlock"), i32(1)))),
        ),
        set(plane, op("i32.add", get(plane), op("i32.sub", field("planeBlock"), i32(1)))),
      ),
      set(image, op("i32.add", get(image), op("i32.sub", get(images), i32(1)))),
    ),
  ];

  const addUp: Code = [
    set(group, op("i32.div_s", get(t), field("depth"))),
    set(row, op("i32.rem_s", get(t), field("depth"))),
    set(
      to,
      addMul(
        field("w"),
        addMul(get(row), op("i32.mul", get(group), field("filters")), field("depth")),
        i32(e.bytes),
      ),
    ),
    range(
      j,
      i32(0),
      field("filters"),
      narrow.lanes,
      set(
        from,
        addMul(
          addMul(field("sums"), op("i32.mul", get(group), field("imageBlocks")), field("sumBytes")),
          addMul(get(j), get(row), field("filtersPadded")),
          i32(e.bytes),
        ),
      ),
      set(block, op("i32.sub", field("imageBlocks"), i32(1))),
      set(total, memory("vector.load", 0, get(from))),
      times(
        block,
        advance(from, field("sumBytes")),
        set(total, add(narrow, get(total), memory("vector.load", 0, get(from)))),
      ),
      Array.from(
        { length: narrow.lanes },
        (_, lane) =>
          when(op("i32.lt_s", op("i32.add", get(j), i32(lane)), field("filters")), [
            storeLane(narrow, 0, lane, get(to), get(total)),
            advance(to, op("i32.mul", field("depth"), i32(e.bytes))),
          ]),
      ),
    ),
  ];

  const turn: Code = [
    set(group, op("i32.div_s", get(t), field("turns"))),
    set(row, op("i32.mul", op("i32.rem_s", get(t), field("turns")), i32(turnRows))),
    call(
      pack,
      addMul(
        addMul(field("sums"), get(group), field("sumBytes")),
        op("i32.mul", get(row), field("filtersPadded")),
        i32(e.bytes),
      ),
      op("i32.mul", field("filtersPadded"), i32(e.bytes)),
      i32(e.bytes),
      field("filters"),
      least(op("i32.sub", field("depth"), get(row)), i32(turnRows)),
      addMul(
        field("w"),
        addMul(get(row), op("i32.mul", get(group), field("filters")), field("depth")),
        i32(e.bytes),
      ),
      op("i32.mul", field("depth"), i32(e.bytes)),
    ),
  ];

  run.emit(
    [prepareImage, packGradient, sumProducts, addUp, turn].map((code, phase) =>
      when(op("i32.eq", field("phase"), i32(phase)), range(t, get(begin), get(end), 1, code))
    ),
  );
  return module;
}
