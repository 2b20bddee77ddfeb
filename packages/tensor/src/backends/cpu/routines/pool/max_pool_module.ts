/** The generated module of max-pooling: windows inside the image are processed by vectors, others one by one. */
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import {
  call,
  type Code,
  f32,
  f64,
  get,
  i32,
  i64,
  type Local,
  type Locals,
  memory,
  op,
  set,
  when,
} from "../../../../code/tree.ts";
import type { ElementKind } from "../element.ts";
import { poolQuads, poolRows, poolRowsParameters, type PoolWindow } from "./max_pool_kernels.ts";
import { addMul, advance, least, Params, planeAddress, range, times } from "../loops.ts";

const fields = [
  "channels",
  "x",
  "xBatch",
  "xChannel",
  "xDepth",
  "xRow",
  "xColumn",
  "y",
  "at",
  "inDepth",
  "inRows",
  "inColumns",
  "outDepth",
  "outRows",
  "outColumns",
  "kernelDepth",
  "kernelRows",
  "strideDepth",
  "strideRows",
  "padDepth",
  "padRows",
  "padColumns",
  "dilationDepth",
  "dilationRows",
  "from",
  "to",
  "depthFrom",
  "depthTo",
  "rowFrom",
  "rowTo",
  "numbers",
  "quads",
  "quadCount",
] as const;

/**
 * The parameters of a call (items: planes). Outputs in the columns `from` to `to` − 1, rows `rowFrom` to `rowTo` − 1 and depths
 * `depthFrom` to `depthTo` − 1 have windows inside the image. `numbers` lists the index of each tap relative to the first tap, four
 * times each.
 */
export const maxPoolParams: Params<typeof fields[number]> = new Params(fields);

/** The geometry that the code is specialised for. */
export interface PoolShape extends PoolWindow {
  readonly kind: ElementKind;
  /**
   * How windows inside the image are read. "rows": a vector of outputs at a time, from contiguous memory, for strides of 1 to 3.
   * "scattered": any four consecutive outputs, from the table `quads`. "single": one by one. The first two are for float32.
   */
  readonly reading: "rows" | "scattered" | "single";
}

/** The number of columns of a window from which those outside the image are skipped at once, rather than one by one. */
const manyColumns = 64;

/** The maximum of a number and 0. The number is evaluated twice. */
function positive(value: Code): Code {
  return op("select", value, i32(0), op("i32.gt_s", value, i32(0)));
}

/** Generates the module for a geometry of windows. Rows are processed by vectors of `vectorBytes` bytes. */
export function maxPoolModule(shape: PoolShape, vectorBytes: number): CodeModule {
  const { kind, kernel: [, kernelRows, kernel], stride, dilation, reading } = shape;
  const bytes = kind === "f32" || kind === "i32" ? 4 : 8;
  const module = new ModuleBuilder();
  const windows = vectorBytes / 4;
  const several = module.func(
    new Array<"i32">(reading === "scattered" ? 9 : poolRowsParameters).fill("i32"),
    [],
    undefined,
    reading === "rows" ? vectorBytes : 16,
  );
  if (reading === "scattered") poolQuads(several, shape);
  else if (reading === "rows") poolRows(several, shape);
  const run = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const [p, begin, end] = run.params as Locals<3>;
  const field = (name: typeof fields[number]): Code => maxPoolParams.read(p, name);
  const int = (): Local => run.local("i32");
  const [t, plane, y, at, z, r, c] = [int(), int(), int(), int(), int(), int(), int()];
  const [z0, z1, r0, r1, c0, start] = [int(), int(), int(), int(), int(), int()];
  const [kc, row, index, best, from] = [int(), int(), int(), int(), int()];
  const [firstTap, lastTap] = [int(), int()];
  const [value, most] = [run.local(kind), run.local(kind)];

  /** Sets the range of taps of an output position that are inside the image. */
  const clip = (first: Local, last: Local, o: Local, d: "Depth" | "Rows"): Code => {
    const dilationOf = field(`dilation${d}`);
    // Rounded up. Nothing is skipped if the window starts inside.
    const skipped = op("i32.div_s", op("i32.sub", op("i32.sub", dilationOf, i32(1)), get(start)), dilationOf);
    const room = op("i32.sub", op("i32.add", field(`in${d}`), op("i32.sub", dilationOf, i32(1))), get(start));
    return [
      set(start, op("i32.sub", op("i32.mul", get(o), field(`stride${d}`)), field(`pad${d}`))),
      set(first, op("select", i32(0), skipped, op("i32.ge_s", get(start), i32(0)))),
      set(last, least(op("i32.div_s", room, dilationOf), field(`kernel${d}`))),
    ];
  };
  const [rowStep, numberStep, depthStep, depthNumber] = [int(), int(), int(), int()];
  const [outPlane, whole, c1, c2] = [int(), int(), int(), int()];
  const [firstRow, firstNumber, depths, rows, depthsLeft, rowsLeft] = [int(), int(), int(), int(), int(), int()];
  /** Sets what the windows of a row of outputs share: the address and the index of the first element, and the steps. */
  const startRow: Code = [
    set(depths, positive(op("i32.sub", get(z1), get(z0)))),
    set(rows, positive(op("i32.sub", get(r1), get(r0)))),
    set(
      start,
      op(
        "i32.sub",
        addMul(op("i32.mul", get(z), field("strideDepth")), get(z0), field("dilationDepth")),
        field("padDepth"),
      ),
    ),
    set(firstRow, addMul(get(plane), get(start), field("xDepth"))),
    set(firstNumber, op("i32.mul", get(start), field("inRows"))),
    set(
      start,
      op(
        "i32.sub",
        addMul(op("i32.mul", get(r), field("strideRows")), get(r0), field("dilationRows")),
        field("padRows"),
      ),
    ),
    set(firstRow, addMul(get(firstRow), get(start), field("xRow"))),
    set(firstNumber, op("i32.mul", op("i32.add", get(firstNumber), get(start)), field("inColumns"))),
    set(
      depthStep,
      op("i32.sub", op("i32.mul", field("dilationDepth"), field("xDepth")), op("i32.mul", get(rows), get(rowStep))),
    ),
    set(
      depthNumber,
      op(
        "i32.sub",
        op("i32.mul", op("i32.mul", field("dilationDepth"), field("inRows")), field("inColumns")),
        op("i32.mul", get(rows), get(numberStep)),
      ),
    ),
  ];
  /** Loops over the rows of a window. `row` and `index` are the address and the index of each row's first element. */
  const eachRow = (body: Code): Code => [
    set(row, get(firstRow)),
    set(index, get(firstNumber)),
    set(depthsLeft, get(depths)),
    times(
      depthsLeft,
      set(rowsLeft, get(rows)),
      times(rowsLeft, body, advance(row, get(rowStep)), advance(index, get(numberStep))),
      advance(row, get(depthStep)),
      advance(index, get(depthNumber)),
    ),
  ];
  const float = kind.startsWith("f");
  const zero: Code = op(`${kind}.sub`, get(value), get(value));
  const wins = float
    ? op(
      "i32.or",
      op(`${kind}.gt` as "f32.gt", get(value), get(most)),
      op(
        "i32.and",
        op(`${kind}.ne` as "f32.ne", get(value), get(value)),
        op(`${kind}.eq` as "f32.eq", get(most), get(most)),
      ),
    )
    : op(`${kind}.gt_s` as "i32.gt_s", get(value), get(most));
  const store = `${kind}.store` as const;
  const one: Code = [
    set(best, i32(-1)),
    set(value, { f32: f32(0), f64: f64(0), i32: i32(0), i64: i64(0n) }[kind]),
    set(most, zero),
    set(c0, op("i32.sub", op("i32.mul", get(c), i32(stride)), field("padColumns"))),
    kernel < manyColumns ? [set(firstTap, i32(0)), set(lastTap, i32(kernel))] : [
      set(
        firstTap,
        op("i32.div_s", positive(op("i32.sub", i32(dilation - 1), get(c0))), i32(dilation)),
      ),
      set(
        lastTap,
        least(
          op(
            "i32.div_s",
            positive(op("i32.sub", op("i32.add", field("inColumns"), i32(dilation - 1)), get(c0))),
            i32(dilation),
          ),
          i32(kernel),
        ),
      ),
    ],
    eachRow(
      range(
        kc,
        get(firstTap),
        get(lastTap),
        1,
        set(from, addMul(get(c0), get(kc), i32(dilation))),
        when(op("i32.lt_u", get(from), field("inColumns")), [
          set(value, memory(`${kind}.load`, 0, addMul(get(row), get(from), field("xColumn")))),
          when(op("i32.or", op("i32.lt_s", get(best), i32(0)), wins), [
            set(most, get(value)),
            set(best, op("i32.add", get(index), get(from))),
          ]),
        ]),
      ),
    ),
    memory(store, 0, addMul(get(y), get(c), i32(bytes)), get(most)),
    memory("i32.store", 0, addMul(get(at), get(c), i32(4)), get(best)),
  ];

  const width = op("i32.sub", field("to"), field("from"));
  /** All windows of a depth that are inside the image. */
  const wholeRows: Code = [
    set(r, field("rowFrom")),
    clip(r0, r1, r, "Rows"),
    startRow,
    set(c0, op("i32.sub", op("i32.mul", field("from"), i32(stride)), field("padColumns"))),
    set(from, addMul(field("from"), field("rowFrom"), field("outColumns"))),
    call(
      several,
      addMul(get(firstRow), get(c0), i32(4)),
      op("i32.add", get(firstNumber), get(c0)),
      addMul(get(y), get(from), i32(4)),
      addMul(get(at), get(from), i32(4)),
      op("i32.div_u", op("i32.add", width, i32(windows - 1)), i32(windows)),
      op("i32.sub", width, i32(windows)),
      op("i32.sub", field("rowTo"), field("rowFrom")),
      op("i32.mul", field("strideRows"), field("xRow")),
      op("i32.mul", field("strideRows"), field("inColumns")),
      op("i32.mul", field("outColumns"), i32(4)),
      get(rowStep),
      get(depthStep),
      field("numbers"),
    ),
  ];
  const everyQuad: Code = [
    call(
      several,
      get(plane),
      get(y),
      get(at),
      field("quads"),
      field("quadCount"),
      field("xColumn"),
      get(rowStep),
      op(
        "i32.sub",
        op("i32.mul", field("dilationDepth"), field("xDepth")),
        op("i32.mul", i32(kernelRows), get(rowStep)),
      ),
      field("numbers"),
    ),
    advance(y, op("i32.mul", get(outPlane), i32(4))),
    advance(at, op("i32.mul", get(outPlane), i32(4))),
  ];
  const within = (o: Local, first: Code, last: Code): Code =>
    op("i32.and", op("i32.ge_s", get(o), first), op("i32.lt_s", get(o), last));
  const everyRow: Code = range(
    z,
    i32(0),
    field("outDepth"),
    1,
    clip(z0, z1, z, "Depth"),
    reading === "rows"
      ? [
        set(whole, within(z, field("depthFrom"), field("depthTo"))),
        when(op("i32.and", get(whole), op("i32.lt_s", field("rowFrom"), field("rowTo"))), wholeRows),
      ]
      : [],
    range(
      r,
      i32(0),
      field("outRows"),
      1,
      // Columns to skip here.
      set(c1, field("outColumns")),
      set(c2, field("outColumns")),
      reading === "rows"
        ? when(op("i32.and", get(whole), within(r, field("rowFrom"), field("rowTo"))), [
          set(c1, field("from")),
          set(c2, field("to")),
        ])
        : [],
      when(op("i32.or", get(c1), op("i32.lt_s", get(c2), field("outColumns"))), [
        clip(r0, r1, r, "Rows"),
        startRow,
        range(c, i32(0), field("outColumns"), 1, [
          when(op("i32.eq", get(c), get(c1)), set(c, get(c2))),
          when(op("i32.lt_s", get(c), field("outColumns")), one),
        ]),
      ]),
      advance(y, op("i32.mul", field("outColumns"), i32(bytes))),
      advance(at, op("i32.mul", field("outColumns"), i32(4))),
    ),
  );
  run.emit(
    set(rowStep, op("i32.mul", field("dilationRows"), field("xRow"))),
    set(numberStep, op("i32.mul", field("dilationRows"), field("inColumns"))),
    set(outPlane, op("i32.mul", op("i32.mul", field("outDepth"), field("outRows")), field("outColumns"))),
    set(y, addMul(field("y"), get(begin), op("i32.mul", get(outPlane), i32(bytes)))),
    set(at, addMul(field("at"), get(begin), op("i32.mul", get(outPlane), i32(4)))),
    range(
      t,
      get(begin),
      get(end),
      1,
      set(plane, planeAddress(t, field)),
      reading === "scattered" ? everyQuad : everyRow,
    ),
  );
  return module;
}
