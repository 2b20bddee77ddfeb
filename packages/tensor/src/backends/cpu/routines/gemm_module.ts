/** The generated module of matrix products: packs both operands into panels, then multiplies panels tile by tile. */
import {
  branchIf,
  call,
  type Code,
  type FunctionBuilder,
  get,
  i32,
  type Local,
  loop,
  ModuleBuilder,
  op,
  set,
  when,
} from "../../../wasm/assembler.ts";
import type { MemoryImport } from "../../../wasm/assembler.ts";
import type { Element } from "./element.ts";
import { addMul, least, Params, range } from "./loops.ts";
import { clear, packPanel, spreadPanel } from "./pack.ts";
import { firstRow, rowsOf } from "./panels.ts";
import { packedKernel, tileRows, tileVectors } from "./tile.ts";

/** Bytes of one step of a right panel. */
export const rightPitch: number = 16 * tileVectors;

/**
 * What a call works on. `phase` is 0 to pack (items: right panels, then left panels), 1 to multiply (items: blocks of the result,
 * row by row), 2 for whole products (items: entries of `table`, each of three pointers). With `adds` products are added to what is there. Strides are in bytes. Of the left panels
 * the first `tall` have `height` + 1 rows, the others `height`.
 */
export const gemmParams: Params<GemmField> = new Params([
  "phase",
  "m",
  "n",
  "k",
  "kPadded",
  "left",
  "leftM",
  "leftK",
  "right",
  "rightK",
  "rightN",
  "packedLeft",
  "packedRight",
  "out",
  "outStride",
  "tall",
  "height",
  "leftPanels",
  "rightPanels",
  "blockRows",
  "blockColumns",
  "columnBlocks",
  "depth",
  "table",
  "scratch",
  "adds",
  "spread",
  "spreadThread",
]);

/** See {@link gemmParams}. */
export type GemmField =
  | "phase"
  | "m"
  | "n"
  | "k"
  | "kPadded"
  | "left"
  | "leftM"
  | "leftK"
  | "right"
  | "rightK"
  | "rightN"
  | "packedLeft"
  | "packedRight"
  | "out"
  | "outStride"
  | "tall"
  | "height"
  | "leftPanels"
  | "rightPanels"
  | "blockRows"
  | "blockColumns"
  | "columnBlocks"
  | "depth"
  | "table"
  | "scratch"
  | "adds"
  | "spread"
  | "spreadThread";

/** `(params, source, panels, from, to)`: packs left panels. */
function packLeft(f: FunctionBuilder, e: Element, pack: FunctionBuilder): void {
  const [p, source, panels, from, to] = f.params as [Local, Local, Local, Local, Local];
  const [i, row, rows] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  f.emit(range(
    i,
    get(from),
    get(to),
    1,
    set(row, firstRow(i, field("tall"), field("height"))),
    set(rows, rowsOf(i, field("tall"), field("height"))),
    call(
      pack,
      addMul(get(source), get(row), field("leftM")),
      field("leftM"),
      field("leftK"),
      field("k"),
      get(rows),
      addMul(get(panels), op("i32.mul", get(row), field("kPadded")), i32(e.bytes)),
      op("i32.mul", get(rows), i32(e.bytes)),
    ),
  ));
}

/** `(params, source, panels, from, to)`: packs right panels; the last is filled up with zeros. */
function packRight(f: FunctionBuilder, e: Element, pack: FunctionBuilder): void {
  const [p, source, panels, from, to] = f.params as [Local, Local, Local, Local, Local];
  const [j, target, columns, at, bytes] = [0, 0, 0, 0, 0].map(() => f.local("i32")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const width = tileVectors * e.lanes;
  f.emit(range(
    j,
    get(from),
    get(to),
    1,
    set(target, addMul(get(panels), op("i32.mul", get(j), field("kPadded")), i32(rightPitch))),
    set(columns, op("i32.sub", field("n"), op("i32.mul", get(j), i32(width)))),
    set(columns, least(get(columns), i32(width))),
    when(op("i32.lt_s", get(columns), i32(width)), [
      set(at, get(target)),
      set(bytes, op("i32.mul", field("k"), i32(rightPitch))),
      clear(at, bytes),
    ]),
    call(
      pack,
      addMul(get(source), op("i32.mul", get(j), i32(width)), field("rightN")),
      field("rightN"),
      field("rightK"),
      field("k"),
      get(columns),
      get(target),
      i32(rightPitch),
    ),
  ));
}

/** Kernels by rows and vectors, with what makes their left panels out of packed ones where those have to be spread. */
interface Kernels {
  readonly plain: readonly (readonly FunctionBuilder[])[];
  readonly spread: { readonly kernels: readonly (readonly FunctionBuilder[])[]; readonly make: FunctionBuilder } | null;
}

/** Right panels from which on spreading a left panel pays. */
const manyPanels = 6;

/**
 * `(params, left panels, right panels, out, i0, i1, j0, j1, scratch)`: multiplies panels, the inner dimension in blocks that keep in
 * cache.
 */
function multiply(f: FunctionBuilder, e: Element, { plain, spread }: Kernels): void {
  const [p, left, right, out, i0, i1, j0, j1, scratch] = f.params as [
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
  const names = ["i", "j", "row", "rows", "columns", "from", "steps", "panel", "target", "stride"] as const;
  const [i, j, row, rows, columns, from, steps, panel, target, stride] = names.map(() => f.local("i32")) as [
    Local,
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
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const width = tileVectors * e.lanes;
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
      set(target, addMul(get(out), get(j), i32(rightPitch))),
      set(
        panel,
        addMul(get(right), op("i32.add", op("i32.mul", get(j), field("kPadded")), get(from)), i32(rightPitch)),
      ),
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

/** The module for an element type. */
export function gemmModule(memory: MemoryImport, e: Element): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(memory);
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const kernels = (spread: boolean) =>
    Array.from({ length: tileRows }, (_, r) =>
      Array.from({ length: tileVectors }, (_, v) => {
        const f = module.func(ints(7), []);
        packedKernel(f, e, r + 1, v + 1, spread);
        return f;
      }));
  const pack = module.func(ints(7), []);
  packPanel(pack, e);
  const lefts = module.func(ints(5), []);
  packLeft(lefts, e, pack);
  const rights = module.func(ints(5), []);
  packRight(rights, e, pack);
  const plain = kernels(false);
  let spread: Kernels["spread"] = null;
  if (e.spread) {
    const make = module.func(ints(3), []);
    spreadPanel(make, e);
    spread = { kernels: kernels(true), make };
  }
  const products = module.func(ints(9), []);
  multiply(products, e, { plain, spread });

  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as [Local, Local, Local, Local];
  const [t, i, j, scratch] = [run.local("i32"), run.local("i32"), run.local("i32"), run.local("i32")];
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const rightPanels = field("rightPanels");
  const entry = (index: number): Code => [addMul(field("table"), get(t), i32(12)), 0x28, 0, 4 * index]; // i32.load
  const spreadAt = run.local("i32");
  run.emit(
    set(spreadAt, addMul(field("spread"), get(thread), field("spreadThread"))),
    when(op("i32.eqz", field("phase")), [
      call(
        rights,
        get(p),
        field("right"),
        field("packedRight"),
        least(get(begin), rightPanels),
        least(get(end), rightPanels),
      ),
      set(begin, op("i32.sub", get(begin), rightPanels)),
      set(end, op("i32.sub", get(end), rightPanels)),
      call(
        lefts,
        get(p),
        field("left"),
        field("packedLeft"),
        op("select", get(begin), i32(0), op("i32.gt_s", get(begin), i32(0))),
        get(end),
      ),
      0x0f,
    ]),
    when(
      op("i32.eq", field("phase"), i32(1)),
      range(
        t,
        get(begin),
        get(end),
        1,
        set(i, op("i32.mul", op("i32.div_s", get(t), field("columnBlocks")), field("blockRows"))),
        set(j, op("i32.mul", op("i32.rem_s", get(t), field("columnBlocks")), field("blockColumns"))),
        call(
          products,
          get(p),
          field("packedLeft"),
          field("packedRight"),
          field("out"),
          get(i),
          least(op("i32.add", get(i), field("blockRows")), field("leftPanels")),
          get(j),
          least(op("i32.add", get(j), field("blockColumns")), rightPanels),
          get(spreadAt),
        ),
      ),
      [
        set(scratch, op("i32.mul", get(thread), field("scratch"))),
        set(i, op("i32.add", field("packedLeft"), get(scratch))),
        set(j, op("i32.add", field("packedRight"), get(scratch))),
        range(
          t,
          get(begin),
          get(end),
          1,
          call(rights, get(p), entry(1), get(j), i32(0), rightPanels),
          call(lefts, get(p), entry(0), get(i), i32(0), field("leftPanels")),
          call(
            products,
            get(p),
            get(i),
            get(j),
            entry(2),
            i32(0),
            field("leftPanels"),
            i32(0),
            rightPanels,
            get(spreadAt),
          ),
        ),
      ],
    ),
  );
  return module.build();
}
