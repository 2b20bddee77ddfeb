/** The generated module of matrix products: packs both operands into panels, then multiplies panels tile by tile. */
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { call, choose, type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import type { Element } from "../element.ts";
import { type Kernels, multiply } from "./gemm_multiply.ts";
import { packLeft, packRight, packRightRows } from "./gemm_pack.ts";
import { type GemmField, gemmParams, rightPitch } from "./gemm_params.ts";
import { addMul, least, range } from "../loops.ts";
import { packPanel, spreadPanel } from "./pack.ts";
import { packedKernel, tileRows, tileVectors } from "./register_tile.ts";
import { multiplyTiles } from "./tile_multiply.ts";
import { packPanels, packRightPanel, packTiles } from "./tile_pack.ts";

/** The functions with which a module packs and multiplies. */
interface Parts {
  /** `(params, source, panels, from, to)`: packs left panels. */
  readonly lefts: FunctionBuilder;
  /** `(params, source, target, panel, from, steps)`: packs steps of a right panel. */
  readonly rights: FunctionBuilder;
  /** `(params, source, target, from, to)`: packs whole right panels from contiguous rows; null if they are packed one by one. */
  readonly rightRows: FunctionBuilder | null;
  /** `(params, left panels, right panels, out, i0, i1, j0, j1, scratch, bias)`: multiplies panels. */
  readonly products: FunctionBuilder;
}

const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");

/** The parts for multiply-adds of vectors. */
function vectorParts(module: ModuleBuilder, e: Element): Parts {
  const kernels = (spread: boolean) =>
    Array.from({ length: tileRows(e) }, (_, r) =>
      Array.from({ length: tileVectors }, (_, v) => {
        const f = module.func(ints(11), [], undefined, e.vectorBytes);
        packedKernel(f, e, r + 1, v + 1, spread);
        return f;
      }));
  const pack = packPanel(module, e);
  const lefts = module.func(ints(5), []);
  packLeft(lefts, e, pack);
  const rights = module.func(ints(6), [], undefined, e.vectorBytes);
  packRight(rights, e, pack);
  const rightRows = e.vectorBytes > 16 ? module.func(ints(5), [], undefined, e.vectorBytes) : null;
  if (rightRows !== null) packRightRows(rightRows, e);
  const plain = kernels(false);
  let spread: Kernels["spread"] = null;
  if (e.spread) {
    const make = spreadPanel(module, e);
    spread = { kernels: kernels(true), make };
  }
  const products = module.func(ints(10), []);
  multiply(products, e, rights, { plain, spread });
  return { lefts, rights, rightRows, products };
}

/** The parts for tiles. */
function tileParts(module: ModuleBuilder, e: Element): Parts {
  const lefts = packPanels(module, "left", packTiles(module, e, "left"));
  const pack = packTiles(module, e, "right");
  const rights = packRightPanel(module, pack);
  const rightRows = packPanels(module, "right", pack);
  return { lefts, rights, rightRows, products: multiplyTiles(module, e, rights) };
}

/** Generates the module for an element type. */
export function gemmModule(e: Element): CodeModule {
  const module = new ModuleBuilder();
  const { lefts, rights, rightRows, products } = (e.packing === "tiles" ? tileParts : vectorParts)(module, e);
  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as Locals<4>;
  const [t, i, j, scratch] = [run.local("i32"), run.local("i32"), run.local("i32"), run.local("i32")];
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const rightPanels = field("rightPanels");
  const entry = (index: number): Code => memory("i32.load", 4 * index, addMul(field("table"), get(t), i32(12)));
  const [spreadAt, panel] = [run.local("i32"), run.local("i32")];
  const allRights = (source: Code, target: Code, from: Code, to: Code): Code =>
    range(
      panel,
      from,
      to,
      1,
      call(
        rights,
        get(p),
        source,
        addMul(target, op("i32.mul", get(panel), field("kPadded")), i32(rightPitch(e))),
        get(panel),
        i32(0),
        field("k"),
      ),
    );
  run.emit(
    set(spreadAt, addMul(field("spread"), get(thread), field("spreadThread"))),
    when(op("i32.eqz", field("phase")), [
      when(field("inTurn"), [
        set(begin, op("i32.add", get(begin), rightPanels)),
        set(end, op("i32.add", get(end), rightPanels)),
      ]),
      rightRows === null ? [] : [
        set(j, least(get(end), op("i32.div_u", field("n"), i32(tileVectors * e.lanes)))),
        when(op("i32.and", op("i32.eq", field("rightN"), i32(e.bytes)), op("i32.lt_s", get(begin), get(j))), [
          call(rightRows, get(p), field("right"), field("packedRight"), get(begin), get(j)),
          set(begin, get(j)),
        ]),
      ],
      allRights(field("right"), field("packedRight"), get(begin), least(get(end), rightPanels)),
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
      op("return"),
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
          choose("i32", field("inTurn"), field("right"), field("packedRight")),
          field("out"),
          get(i),
          least(op("i32.add", get(i), field("blockRows")), field("leftPanels")),
          get(j),
          least(op("i32.add", get(j), field("blockColumns")), rightPanels),
          get(spreadAt),
          field("bias"),
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
          when(op("i32.eqz", field("inTurn")), allRights(entry(1), get(j), i32(0), rightPanels)),
          call(lefts, get(p), entry(0), get(i), i32(0), field("leftPanels")),
          call(
            products,
            get(p),
            get(i),
            choose("i32", field("inTurn"), entry(1), get(j)),
            entry(2),
            i32(0),
            field("leftPanels"),
            i32(0),
            rightPanels,
            get(spreadAt),
            addMul(field("bias"), get(t), field("biasStep")),
          ),
        ),
      ],
    ),
  );
  return module;
}
