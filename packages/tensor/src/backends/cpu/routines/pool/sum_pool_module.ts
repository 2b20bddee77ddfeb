/** The generated modules of sum-pooling and its gradient. */
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { type Code, get, i32, type Local, type Locals, op, set, when } from "../../../../code/tree.ts";
import { element } from "../element.ts";
import { addMul, advance, least, Params, planeAddress, range } from "../loops.ts";
import { gatherRows, mostColumns, type SumPoolShape, writeLongRow, writeRow } from "./sum_pool_rows.ts";
import type { Rows } from "./window_rows.ts";

const fields = [
  "channels",
  "x",
  "xBatch",
  "xChannel",
  "xRow",
  "xColumns",
  "xRows",
  "y",
  "yRows",
  "yRowBytes",
  "strideRows",
  "first",
  "firstPhase",
  "last",
  "lastPhase",
  "blocks",
  "left",
  "skip",
  "scratch",
  "scratchBytes",
  "yColumns",
] as const;

/**
 * The parameters of a call (items: planes). `x` is the input: the image, or the gradient of the outputs. `y` is written row by row:
 * `blocks` whole blocks of columns, then the rest of the row.
 *
 * The first row of `y` is computed from the rows `first` to `last` − 1 of `x`, as far as these exist. For sums, both advance by
 * `strideRows` with each row; for a gradient, by one every `strideRows` rows, which the phases count.
 *
 * `scratch` has a row for each thread, with zeros on both sides, `left` bytes of them before it. The elements for the first column
 * of `y` begin at `skip` bytes.
 */
export const sumPoolParams: Params<typeof fields[number]> = new Params(fields);

/** Generates the module for a geometry of windows. */
export function sumPoolModule(shape: SumPoolShape): CodeModule {
  const e = element(shape.kind, false);
  const module = new ModuleBuilder();
  const run = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const [p, begin, end, thread] = run.params as Locals<4>;
  const field = (name: typeof fields[number]): Code => sumPoolParams.read(p, name);
  const int = (): Local => run.local("i32");
  const [t, r, plane, yRow, y, from, to, scratch] = [int(), int(), int(), int(), int(), int(), int(), int()];
  const [first, last, known, knownLast] = [int(), int(), int(), int()];
  const [begins, beginsPhase, ends, endsPhase] = [int(), int(), int(), int()];
  const [count, step, stride, xRows] = [int(), int(), int(), int()];
  const rows: Rows = { at: from, count, step, usual: shape.rows };
  const orZero = (value: Local): Code => op("select", get(value), i32(0), op("i32.gt_s", get(value), i32(0)));
  /** Advances a bound of the rows of `x` that form a row of `y`. */
  const next = (bound: Local, phase: Local): Code =>
    shape.of === "sums" ? advance(bound, get(stride)) : [
      advance(phase, 1),
      when(op("i32.eq", get(phase), get(stride)), [advance(bound, 1), set(phase, i32(0))]),
    ];
  const long = shape.kernel > mostColumns || shape.stride > mostColumns;
  const rowStart = addMul(get(plane), get(first), get(step));
  const prepared: Code = [
    // A row of a gradient often needs the same sum of rows as the previous one.
    when(op("i32.or", op("i32.ne", get(first), get(known)), op("i32.ne", get(last), get(knownLast))), [
      set(known, get(first)),
      set(knownLast, get(last)),
      set(from, rowStart),
      set(to, op("i32.add", get(scratch), field("left"))),
      gatherRows(run, e, shape, op("i32.div_u", field("xColumns"), i32(e.lanes)), from, to, rows),
    ]),
    set(from, op("i32.add", get(scratch), field("skip"))),
  ];
  run.emit(
    set(step, field("xRow")),
    set(stride, field("strideRows")),
    set(xRows, field("xRows")),
    set(scratch, addMul(field("scratch"), get(thread), field("scratchBytes"))),
    set(yRow, addMul(field("y"), op("i32.mul", get(begin), field("yRows")), field("yRowBytes"))),
    range(
      t,
      get(begin),
      get(end),
      1,
      set(plane, planeAddress(t, field)),
      set(known, i32(-1)),
      set(begins, field("first")),
      set(beginsPhase, field("firstPhase")),
      set(ends, field("last")),
      set(endsPhase, field("lastPhase")),
      range(
        r,
        i32(0),
        field("yRows"),
        1,
        set(first, orZero(begins)),
        set(last, least(get(ends), get(xRows))),
        set(count, op("i32.sub", get(last), get(first))),
        set(count, orZero(count)),
        shape.direct ? set(from, rowStart) : prepared,
        set(y, get(yRow)),
        long
          ? writeLongRow(run, e, shape, field("yColumns"), from, y)
          : writeRow(run, e, shape, field("blocks"), from, y, rows),
        advance(yRow, field("yRowBytes")),
        next(begins, beginsPhase),
        next(ends, endsPhase),
      ),
    ),
  );
  return module;
}
