/** The generated module of im2col: copies every tap of every output position to a matrix, or adds it back from one (col2im). */
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { copyRows, fillZeros } from "./conv_image.ts";
import { add, type Element, finishing, loadOne, loadSplat, narrowed, storeLane } from "../element.ts";
import { addMul, advance, Params, range, times } from "../loops.ts";

const fields = [
  "phase",
  "image",
  "imageBatch",
  "imageChannel",
  "prepared",
  "preparedBatch",
  "preparedChannel",
  "preparedBytes",
  "rows",
  "rowCount",
  "step",
  "channels",
  "images",
  "taps",
  "tapCount",
  "positions",
  "positionCount",
  "columns",
  "plain",
  "plainBatch",
  "matrix",
  "matrixRow",
  "bias",
  "rectifies",
] as const;

/**
 * The parameters of a call. A column matrix has a row for each tap of each channel, and a column for each position of each image.
 * `phase` is one of: 0: prepare images (items: images). 1: gather columns from prepared images (items: channels). 2: zero prepared
 * images (items: images). 3: add columns to prepared images (items: channels). 4: copy prepared images back (items: images). 5:
 * copy `plain`, `[image, row, position]`, to `matrix`, `[row, image, position]` (items: rows). 6: the reverse, plus the row's
 * element of `bias`, with negative results as zeros if `rectifies`.
 */
export const convIm2colParams: Params<typeof fields[number]> = new Params(fields);

/** Generates the module for an element type. */
export function convIm2colModule(e: Element): CodeModule {
  const module = new ModuleBuilder();
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const prepare = copyRows(module, e, "prepare");
  const bring = copyRows(module, e, "return");
  const clear = fillZeros(module, e.vectorBytes);
  const [int, real] = e.bytes === 4 ? ["i32", "f32"] as const : ["i64", "f64"] as const;

  const narrow = narrowed(e, 16);
  const run = module.func(ints(4), [], "run");
  const [p, begin, end] = run.params as Locals<3>;
  const field = (name: typeof fields[number]): Code => convIm2colParams.read(p, name);
  const names = ["t", "tap", "image", "count", "from", "to", "position", "base"] as const;
  const [t, tap, image, count, from, to, position, base] = names.map(() => run.local("i32")) as Locals<8>;
  const rows = (f: { readonly index: number }): Code =>
    call(
      f,
      addMul(field("image"), get(t), field("imageBatch")),
      addMul(field("prepared"), get(t), field("preparedBatch")),
      field("rows"),
      field("rowCount"),
      field("step"),
      field("channels"),
      field("imageChannel"),
      field("preparedChannel"),
    );
  /** Loops over a channel's rows of the matrix, at `to`, and the corresponding elements, at `from`. */
  const eachColumn = (body: Code): Code => [
    set(to, addMul(field("columns"), op("i32.mul", get(t), field("tapCount")), field("matrixRow"))),
    range(
      tap,
      i32(0),
      field("tapCount"),
      1,
      set(
        base,
        op(
          "i32.add",
          addMul(field("prepared"), get(t), field("preparedChannel")),
          memory("i32.load", 0, addMul(field("taps"), get(tap), i32(4))),
        ),
      ),
      set(image, field("images")),
      times(
        image,
        set(position, field("positions")),
        set(count, field("positionCount")),
        times(
          count,
          set(from, op("i32.add", get(base), memory("i32.load", 0, get(position)))),
          body,
          advance(to, e.bytes),
          advance(position, 4),
        ),
        advance(base, field("preparedBatch")),
      ),
    ),
  ];
  const type = e.kind.startsWith("f") ? real : int;
  const eachRow = (body: Code): Code => [
    set(to, addMul(field("matrix"), get(t), field("matrixRow"))),
    set(image, field("images")),
    set(base, addMul(field("plain"), op("i32.mul", get(t), field("positionCount")), i32(e.bytes))),
    times(image, set(from, get(base)), body, advance(base, field("plainBatch"))),
  ];
  const toMatrix = eachRow([
    set(count, field("positionCount")),
    times(
      count,
      memory(`${int}.store`, 0, get(to), memory(`${int}.load`, 0, get(from))),
      advance(from, e.bytes),
      advance(to, e.bytes),
    ),
  ]);
  const [addend, rectifies] = [run.local("vector"), run.local("i32")];
  const [finish, finished] = finishing(run, narrow, rectifies);
  const fromMatrix = [
    set(rectifies, field("rectifies")),
    finish,
    set(addend, loadSplat(narrow, 0, addMul(field("bias"), get(t), i32(e.bytes)))),
    eachRow([
      set(count, op("i32.div_u", field("positionCount"), i32(narrow.lanes))),
      times(
        count,
        memory("vector.store", 0, get(from), finished(add(narrow, memory("vector.load", 0, get(to)), get(addend)))),
        advance(from, 16),
        advance(to, 16),
      ),
      set(count, op("i32.rem_u", field("positionCount"), i32(narrow.lanes))),
      times(
        count,
        storeLane(narrow, 0, 0, get(from), finished(add(narrow, loadOne(narrow, 0, get(to)), get(addend)))),
        advance(from, e.bytes),
        advance(to, e.bytes),
      ),
    ]),
  ];
  const phases: Code[] = [
    rows(prepare),
    eachColumn(memory(`${int}.store`, 0, get(to), memory(`${int}.load`, 0, get(from)))),
    call(clear, addMul(field("prepared"), get(t), field("preparedBatch")), field("preparedBytes")),
    eachColumn(
      memory(
        `${type}.store`,
        0,
        get(from),
        op(`${type}.add`, memory(`${type}.load`, 0, get(from)), memory(`${type}.load`, 0, get(to))),
      ),
    ),
    rows(bring),
    toMatrix,
    fromMatrix,
  ];
  run.emit(
    phases.map((code, phase) =>
      when(op("i32.eq", field("phase"), i32(phase)), range(t, get(begin), get(end), 1, code))
    ),
  );
  return module;
}
