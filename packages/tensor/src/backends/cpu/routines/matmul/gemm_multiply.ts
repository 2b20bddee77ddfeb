/** Generated code that multiplies packed panels, tile by tile. */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { branchIf, call, type Code, get, i32, type Locals, loop, op, set, when } from "../../../../code/tree.ts";
import type { Element } from "../element.ts";
import { type GemmField, gemmParams, rightPitch } from "./gemm_params.ts";
import { addMul, least, range } from "../loops.ts";
import { firstRow, rowsOf } from "./panels.ts";
import { tileVectors, unroll } from "./register_tile.ts";

/** Kernels by rows and vectors, and the functions that spread packed left panels for them. */
export interface Kernels {
  readonly plain: readonly (readonly FunctionBuilder[])[];
  readonly spread: { readonly kernels: readonly (readonly FunctionBuilder[])[]; readonly make: FunctionBuilder } | null;
}

/** The number of right panels from which spreading a left panel pays. */
const manyPanels = 6;

/**
 * `(params, left panels, right panels, out, i0, i1, j0, j1, scratch, bias)`: multiplies panels, with the inner dimension in blocks
 * that stay in cache. If right panels are packed just before use, the argument is the right operand itself.
 */
export function multiply(f: FunctionBuilder, e: Element, rights: FunctionBuilder, { plain, spread }: Kernels): void {
  const [p, left, right, out, i0, i1, j0, j1, scratch, bias] = f.params as Locals<10>;
  const names = ["i", "j", "row", "rows", "columns", "from", "steps", "panel", "target", "stride"] as const;
  const [i, j, row, rows, columns, from, steps, panel, target, stride] = names.map(() => f.local("i32")) as Locals<10>;
  const fetching = ["next", "nextStride", "ahead", "aheadStride"] as const;
  const [next, nextStride, ahead, aheadStride] = fetching.map(() => f.local("i32")) as Locals<4>;
  const fetches = e.vectorBytes > 16;
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const width = tileVectors * e.lanes;
  const pitch = i32(rightPitch(e));
  /** The address of a right panel at a step. */
  const rightPanel = (panel: Code, step: Code): Code =>
    addMul(get(right), op("i32.add", op("i32.mul", panel, field("kPadded")), step), pitch);
  /**
   * Right panels are streamed from beyond the L2 cache, and the first tile would wait for the next one. So each tile fetches a part of
   * it, a step every four steps, until all is there. If it is yet to be packed, these are rows of the operand.
   */
  const setNext = when(
    field("inTurn"),
    [
      set(next, addMul(get(right), op("i32.mul", op("i32.add", get(j), i32(1)), i32(width)), field("rightN"))),
      set(next, addMul(get(next), get(from), field("rightK"))),
      set(nextStride, field("rightK")),
    ],
    [
      set(
        next,
        op(
          "select",
          rightPanel(op("i32.add", get(j), i32(1)), get(from)),
          rightPanel(get(j0), op("i32.add", get(from), get(steps))),
          op("i32.lt_s", op("i32.add", get(j), i32(1)), get(j1)),
        ),
      ),
      set(nextStride, pitch),
    ],
  );
  const nth = op("i32.sub", get(i), get(i0));
  const setAhead = [
    set(ahead, addMul(get(next), op("i32.mul", nth, op("i32.div_u", get(steps), i32(unroll))), get(nextStride))),
    set(aheadStride, op("select", get(nextStride), i32(0), op("i32.lt_s", nth, i32(unroll)))),
  ];
  const leftPanel = addMul(
    addMul(get(left), op("i32.mul", get(row), field("kPadded")), i32(e.bytes)),
    op("i32.mul", get(from), get(rows)),
    i32(e.bytes),
  );
  const tile = (kernels: Kernels["plain"], source: Code): Code => {
    const byRows = (vectors: number): Code =>
      kernels.map((byVectors, index) =>
        when(
          op("i32.eq", get(rows), i32(index + 1)),
          call(
            byVectors[vectors - 1]!,
            source,
            get(panel),
            addMul(get(target), get(row), get(stride)),
            get(steps),
            get(stride),
            get(columns),
            op("i32.or", get(from), field("adds")),
            op(
              "select",
              addMul(get(bias), get(j), i32(rightPitch(e))),
              i32(0),
              op("i32.and", op("i32.ne", get(bias), i32(0)), op("i32.eqz", get(from))),
            ),
            op(
              "i32.and",
              field("rectifies"),
              op("i32.ge_s", op("i32.add", get(from), get(steps)), field("k")),
            ),
            get(ahead),
            get(aheadStride),
          ),
        )
      );
    return when(op("i32.gt_s", get(columns), i32(e.lanes)), byRows(2), byRows(1));
  };
  const eachLeft = (...body: Code[]): Code =>
    range(
      i,
      get(i0),
      get(i1),
      1,
      set(row, firstRow(i, field("tall"), field("height"))),
      set(rows, rowsOf(i, field("tall"), field("height"))),
      fetches ? setAhead : [],
      ...body,
    );
  const eachRight = (...body: Code[]): Code =>
    range(
      j,
      get(j0),
      get(j1),
      1,
      set(columns, op("i32.sub", field("n"), op("i32.mul", get(j), i32(width)))),
      set(columns, least(get(columns), i32(width))),
      set(target, addMul(get(out), get(j), i32(rightPitch(e)))),
      when(
        field("inTurn"),
        [
          call(rights, get(p), get(right), get(scratch), get(j), get(from), get(steps)),
          set(panel, get(scratch)),
        ],
        set(panel, rightPanel(get(j), get(from))),
      ),
      fetches ? setNext : [],
      ...body,
    );
  const asPacked = eachRight(eachLeft(tile(plain, leftPanel)));
  f.emit(
    set(stride, field("outStride")),
    loop(
      set(steps, least(op("i32.sub", field("k"), get(from)), field("depth"))),
      spread === null ? asPacked : when(
        op("i32.lt_s", op("i32.sub", get(j1), get(j0)), i32(manyPanels)),
        asPacked,
        eachLeft(
          call(spread.make, leftPanel, get(scratch), op("i32.mul", get(rows), get(steps))),
          eachRight(tile(spread.kernels, get(scratch))),
        ),
      ),
      set(from, op("i32.add", get(from), field("depth"))),
      branchIf(0, op("i32.lt_s", get(from), field("k"))),
    ),
  );
}
