/** The generated module of matrix-vector products. They read the matrix once, from front to back, without packing. */
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  call,
  choose,
  type Code,
  get,
  i32,
  i64,
  type Local,
  type Locals,
  memory,
  op,
  set,
  when,
  wide,
} from "../../../../code/tree.ts";
import {
  add,
  atLeast,
  chooseFirst,
  type Element,
  floorOf,
  loadFirst,
  loadOne,
  loadSplat,
  madd,
  narrowed,
  pick,
  storeFirst,
  storeLane,
  storeOne,
  zeros,
} from "../element.ts";
import { addMul, advance, least, Params, range, times } from "../loops.ts";

const fields = [
  "matrix",
  "row",
  "column",
  "k",
  "vector",
  "vectorStep",
  "copy",
  "out",
  "outStep",
  "byColumns",
  "bias",
  "biasStep",
  "rectifies",
] as const;

/**
 * The parameters of a call (items: rows). `row` and `column` are the bytes between rows and columns of the matrix. Columns are
 * contiguous if `byColumns`, else rows are. A vector that is not contiguous is copied to `copy`, once per thread. Unless `bias` is
 * 0, an element of it is added to each result; its elements are `biasStep` bytes apart.
 */
export const gemvParams: Params<typeof fields[number]> = new Params(fields);

/** The number of columns that are processed together. */
const together = 4;
/** The number of rows. Two sums per row, or a single one of twice as many lanes, hide the latency of multiply-adds. */
const rowsTogether = (e: Element): number => e.vectorBytes > 16 ? 8 : 4;

/** `(matrix, row, k, vector, out, outStep, bias, biasStep, rectifies)`: `rows` dot products, eight vectors of terms at a time. */
function dotRows(f: FunctionBuilder, e: Element, rows: number): void {
  const [matrix, row, k, vector, out, outStep, bias, biasStep, rectifies] = f.params as Locals<9>;
  // Two sums per row hide the latency of multiply-adds.
  const sums = Array.from({ length: 2 * rows }, () => f.local("vector"));
  const pointers = Array.from({ length: rows }, () => f.local("i32"));
  const [x, count] = [f.local("vector"), f.local("i32")];
  const step = (offset: number, which: number): Code => [
    set(x, memory("vector.load", offset, get(vector))),
    pointers.map((pointer, i) => {
      const sum = sums[2 * i + which]!;
      return set(sum, madd(e, memory("vector.load", offset, get(pointer)), get(x), get(sum)));
    }),
  ];
  const move = (bytes: number): Code => [...pointers, vector].map((pointer) => advance(pointer, bytes));
  const total = f.local("vector");
  const reversed = Array.from({ length: e.lanes }, (_, i) => e.lanes - 1 - i);
  f.emit(
    sums.map((sum) => set(sum, zeros)),
    pointers.map((pointer, i) => set(pointer, i === 0 ? get(matrix) : op("i32.add", get(pointers[i - 1]!), get(row)))),
    set(count, op("i32.div_u", get(k), i32(4 * e.lanes))),
    times(count, step(0, 0), step(16, 1), step(32, 0), step(48, 1), move(64)),
    set(count, op("i32.rem_u", op("i32.div_u", get(k), i32(e.lanes)), i32(4))),
    times(count, step(0, 0), move(16)),
    set(count, op("i32.rem_u", get(k), i32(e.lanes))),
    times(
      count,
      set(x, loadOne(e, 0, get(vector))),
      pointers.map((pointer, i) => set(sums[2 * i]!, madd(e, loadOne(e, 0, get(pointer)), get(x), get(sums[2 * i]!)))),
      move(e.bytes),
    ),
    pointers.map((_, i) => [
      set(total, add(e, get(sums[2 * i]!), get(sums[2 * i + 1]!))),
      set(total, add(e, get(total), pick(e, reversed, get(total), get(total)))),
      e.lanes === 4 ? set(total, add(e, get(total), pick(e, [1, 0, 3, 2], get(total), get(total)))) : [],
      finishRow(e, { total, bias, biasStep, out, rectifies }),
      i + 1 < rows ? advance(out, get(outStep)) : [],
    ]),
  );
}

/**
 * {@link dotRows} for vectors of 32 bytes. A vector holds what are two vectors there, so that results have the same bits; what is
 * left after the last four of those, or of these halves, is added to the first half.
 */
function wideDotRows(f: FunctionBuilder, e: Element, rows: number): void {
  const [matrix, row, k, vector, out, outStep, bias, biasStep, rectifies] = f.params as Locals<9>;
  const sums = Array.from({ length: rows }, () => f.local("vector"));
  const pointers = Array.from({ length: rows }, () => f.local("i32"));
  const [x, total, count] = [f.local("vector"), f.local("vector"), f.local("i32")] as const;
  const half = e.lanes / 2;
  const move = (bytes: number): Code => [...pointers, vector].map((pointer) => advance(pointer, bytes));
  const step = (offset: number): Code => [
    set(x, memory("vector.load", offset, get(vector))),
    pointers.map((pointer, i) =>
      set(sums[i]!, madd(e, memory("vector.load", offset, get(pointer)), get(x), get(sums[i]!)))
    ),
  ];
  const first = (lanes: number): Code => [
    set(x, loadFirst(e, 0, get(vector), i32(lanes))),
    pointers.map((pointer, i) => {
      const sum = sums[i]!;
      const next = madd(e, loadFirst(e, 0, get(pointer), i32(lanes)), get(x), get(sum));
      return set(sum, chooseFirst(e, i32(lanes), next, get(sum)));
    }),
    move(lanes * e.bytes),
  ];
  const addTurned = (turned: Code): Code => set(total, add(e, get(total), turned));
  const turn = (lanes: number): Code => wide("turn", lanes * e.bytes / 4, get(total));
  f.emit(
    sums.map((sum) => set(sum, zeros)),
    pointers.map((pointer, i) => set(pointer, i === 0 ? get(matrix) : op("i32.add", get(pointers[i - 1]!), get(row)))),
    set(count, op("i32.div_u", get(k), i32(2 * e.lanes))),
    times(count, step(0), step(e.vectorBytes), move(2 * e.vectorBytes)),
    set(count, op("i32.rem_u", op("i32.div_u", get(k), i32(half)), i32(4))),
    times(count, first(half)),
    set(count, op("i32.rem_u", get(k), i32(half))),
    times(count, first(1)),
    sums.map((sum, i) => [
      set(total, get(sum)),
      addTurned(turn(half)),
      half === 2 ? addTurned(turn(1)) : [
        addTurned(wide("shuffle_quads", 0x1b, get(total), get(total))),
        addTurned(turn(1)),
      ],
      finishRow(e, { total, bias, biasStep, out, rectifies }),
      i + 1 < rows ? advance(out, get(outStep)) : [],
    ]),
  );
}

/** Stores lane 0 of a total, plus an element of the bias. */
function finishRow(
  e: Element,
  { total, bias, biasStep, out, rectifies }: Readonly<
    Record<"total" | "bias" | "biasStep" | "out" | "rectifies", Local>
  >,
): Code {
  return [
    when(get(bias), [
      set(total, add(e, get(total), loadOne(e, 0, get(bias)))),
      advance(bias, get(biasStep)),
    ]),
    storeOne(e, 0, get(out), rectified(e, get(total), get(rectifies))),
  ];
}

/** A vector, with negative elements replaced by zero if `rectifies`. */
function rectified(e: Element, value: Code, rectifies: Code): Code {
  return e.kind.startsWith("f") ? atLeast(e, value, floorOf(e, rectifies)) : value;
}

/** `(matrix, column, vector, out, rows)`: adds `columns` columns, each times its element of the vector, to the result. */
function addColumns(f: FunctionBuilder, e: Element, columns: number): void {
  const [matrix, column, vector, out, rows] = f.params as Locals<5>;
  const factors = Array.from({ length: columns }, () => f.local("vector"));
  const pointers = Array.from({ length: columns }, () => f.local("i32"));
  const [sum, count] = [f.local("vector"), f.local("i32")];
  const step = (offset: number): Code => [
    set(sum, memory("vector.load", offset, get(out))),
    pointers.map((pointer, i) =>
      set(sum, madd(e, memory("vector.load", offset, get(pointer)), get(factors[i]!), get(sum)))
    ),
    memory("vector.store", offset, get(out), get(sum)),
  ];
  const move = (bytes: number): Code => [...pointers, out].map((pointer) => advance(pointer, bytes));
  const masked: Code = [
    when(op("i32.ge_u", get(count), i32(e.lanes)), [
      step(0),
      move(e.vectorBytes),
      set(count, op("i32.sub", get(count), i32(e.lanes))),
    ]),
    when(get(count), [
      set(sum, loadFirst(e, 0, get(out), get(count))),
      pointers.map((pointer, i) =>
        set(sum, madd(e, loadFirst(e, 0, get(pointer), get(count)), get(factors[i]!), get(sum)))
      ),
      storeFirst(e, 0, get(out), get(sum), get(count)),
    ]),
  ];
  f.emit(
    factors.map((factor, i) => set(factor, loadSplat(e, i * e.bytes, get(vector)))),
    pointers.map((pointer, i) =>
      set(pointer, i === 0 ? get(matrix) : op("i32.add", get(pointers[i - 1]!), get(column)))
    ),
    set(count, op("i32.div_u", get(rows), i32(2 * e.lanes))),
    times(count, step(0), step(e.vectorBytes), move(2 * e.vectorBytes)),
    set(count, op("i32.rem_u", get(rows), i32(2 * e.lanes))),
    e.vectorBytes > 16 ? masked : times(
      count,
      set(sum, loadOne(e, 0, get(out))),
      pointers.map((pointer, i) => set(sum, madd(e, loadOne(e, 0, get(pointer)), get(factors[i]!), get(sum)))),
      storeLane(e, 0, 0, get(out), get(sum)),
      move(e.bytes),
    ),
  );
}

/** Generates the module for an element type. */
export function gemvModule(e: Element): CodeModule {
  const module = new ModuleBuilder();
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const narrow = narrowed(e, 16);
  const dots = Array.from({ length: rowsTogether(e) }, (_, i) => {
    const f = module.func(ints(9), [], undefined, Math.min(e.vectorBytes, 32));
    if (f.vectorBytes === 32) wideDotRows(f, narrowed(e, 32), i + 1);
    else dotRows(f, e, i + 1);
    return f;
  });
  const sums = Array.from({ length: together }, (_, i) => {
    const f = module.func(ints(5), [], undefined, e.vectorBytes);
    addColumns(f, e, i + 1);
    return f;
  });
  const int = e.bytes === 4 ? "i32" : "i64";
  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as Locals<4>;
  const field = (name: typeof fields[number]): Code => gemvParams.read(p, name);
  const [t, count, vector, from, to, matrix, out, bias] = Array.from({ length: 8 }, () => run.local("i32")) as Locals<
    8
  >;
  const rows = op("i32.sub", get(end), get(begin));
  run.emit(
    set(vector, field("vector")),
    when(op("i32.ne", field("vectorStep"), i32(e.bytes)), [
      set(from, get(vector)),
      set(vector, addMul(field("copy"), op("i32.mul", get(thread), field("k")), i32(e.bytes))),
      set(to, get(vector)),
      set(count, field("k")),
      times(
        count,
        memory(`${int}.store`, 0, get(to), memory(`${int}.load`, 0, get(from))),
        advance(from, field("vectorStep")),
        advance(to, e.bytes),
      ),
    ]),
    set(matrix, addMul(field("matrix"), get(begin), field("row"))),
    set(out, addMul(field("out"), get(begin), field("outStep"))),
    set(bias, field("bias")),
    when(get(bias), set(bias, addMul(get(bias), get(begin), field("biasStep")))),
    when(
      field("byColumns"),
      [
        set(to, get(out)),
        set(count, rows),
        times(
          count,
          memory(
            `${int}.store`,
            0,
            get(to),
            choose(int, get(bias), memory(`${int}.load`, 0, get(bias)), int === "i32" ? i32(0) : i64(0n)),
          ),
          when(get(bias), advance(bias, field("biasStep"))),
          advance(to, e.bytes),
        ),
        range(
          t,
          i32(0),
          field("k"),
          together,
          set(count, least(op("i32.sub", field("k"), get(t)), i32(together))),
          sums.map((f, i) =>
            when(
              op("i32.eq", get(count), i32(i + 1)),
              call(f, addMul(get(matrix), get(t), field("column")), field("column"), get(vector), get(out), rows),
            )
          ),
          advance(vector, together * e.bytes),
        ),
        when(field("rectifies"), [
          set(to, get(out)),
          set(count, rows),
          times(
            count,
            storeLane(narrow, 0, 0, get(to), rectified(narrow, loadOne(narrow, 0, get(to)), i32(1))),
            advance(to, e.bytes),
          ),
        ]),
      ],
      range(
        t,
        get(begin),
        get(end),
        dots.length,
        set(count, least(op("i32.sub", get(end), get(t)), i32(dots.length))),
        dots.map((f, i) =>
          when(
            op("i32.eq", get(count), i32(i + 1)),
            call(
              f,
              get(matrix),
              field("row"),
              field("k"),
              get(vector),
              get(out),
              field("outStep"),
              get(bias),
              field("biasStep"),
              field("rectifies"),
            ),
          )
        ),
        advance(matrix, op("i32.mul", field("row"), i32(dots.length))),
        advance(out, op("i32.mul", field("outStep"), i32(dots.length))),
        when(get(bias), advance(bias, op("i32.mul", field("biasStep"), i32(dots.length)))),
      ),
    ),
  );
  return module;
}
