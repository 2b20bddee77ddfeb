/** The generated modules of sums over windows and of their gradient. */
import {
  type Code,
  get,
  i32,
  type Local,
  type Locals,
  type MemoryImport,
  ModuleBuilder,
  op,
  set,
  when,
} from "../../../wasm/assembler.ts";
import { element } from "./element.ts";
import { addMul, advance, least, Params, planeAddress, range } from "./loops.ts";
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
 * What a call works on (items: planes). `x` is read: the image, or the outputs' gradient; `y` is written row by row, `blocks` whole
 * blocks of columns and the rest of the row.
 *
 * The first row of `y` is made of the rows `first` to `last` − 1 of `x`, as far as there are such. With each row of sums both move on
 * by `strideRows`; of a gradient, by one with every `strideRows` rows, and the phases count these.
 *
 * `scratch` has a row with zeros on both sides for each thread, `left` bytes of them before it; what the first column of `y` needs
 * begins at `skip` bytes.
 */
export const sumPoolParams: Params<typeof fields[number]> = new Params(fields);

/** The module for a shape of windows. */
export function sumPoolModule(memoryImport: MemoryImport, shape: SumPoolShape): Uint8Array<ArrayBuffer> {
  const e = element(shape.kind, false);
  const module = new ModuleBuilder(memoryImport);
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
  /** Moves on a bound of the rows of `x` that make a row of `y`. */
  const next = (bound: Local, phase: Local): Code =>
    shape.of === "sums" ? advance(bound, get(stride)) : [
      advance(phase, 1),
      when(op("i32.eq", get(phase), get(stride)), [advance(bound, 1), set(phase, i32(0))]),
    ];
  const long = shape.kernel > mostColumns || shape.stride > mostColumns;
  const rowStart = addMul(get(plane), get(first), get(step));
  const prepared: Code = [
    // The rows of a gradient often need the same rows' sum as the one before.
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
  return module.build();
}
