/**
 * The generated module of convolutions by Winograd's tiles: transforms the weights, then for each block transforms tiles,
 * multiplies, and transforms back.
 */
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import type { Element } from "../element.ts";
import { addMul, least, locals, range } from "../loops.ts";
import { firstRow, rowsOf } from "../matmul/panels.ts";
import { tileRows } from "../matmul/register_tile.ts";
import { tileKernel } from "./winograd_kernel.ts";
import { squareBytes } from "./winograd_passes.ts";
import { cutPlane, paddedPlane } from "./winograd_planes.ts";
import { type WinogradField, winogradParams } from "./winograd_params.ts";
import { points } from "./winograd_points.ts";
import { taps, wideTaps } from "./winograd_taps.ts";
import { outputs, samples, tileParameters } from "./winograd_tiles.ts";

/** Generates the module. */
export function winogradModule(e: Element): CodeModule {
  const module = new ModuleBuilder();
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const kernels = Array.from({ length: tileRows(e) }, (_, r) => ({
    whole: tileKernel(module, e, r + 1),
    half: tileKernel(module, e, r + 1, 1),
  }));
  const { vectorBytes, lanes } = e;
  const [square, vectorShift, laneShift] = [squareBytes(e), Math.log2(vectorBytes), Math.log2(lanes)];
  const isWide = vectorBytes > 16;
  /** Functions for tiles anywhere, and with wide vectors for tiles of which some are adjacent. */
  const variants = [false, ...isWide ? [true] : []];
  const toPoints = variants.map((adjacent) => {
    const f = module.func(ints(tileParameters(e) + 3), [], undefined, vectorBytes);
    samples(f, e, adjacent);
    return f;
  });
  const fromPoints = variants.map((adjacent) => {
    const f = module.func(ints(tileParameters(e) + 5), [], undefined, vectorBytes);
    outputs(f, e, adjacent);
    return f;
  });
  const weights = module.func(ints(isWide ? 7 : 8), [], undefined, vectorBytes);
  if (isWide) wideTaps(weights, e);
  else taps(weights, e);
  const prepare = module.func(ints(9), [], undefined, vectorBytes);
  paddedPlane(prepare);
  const cut = module.func(ints(6), [], undefined, vectorBytes);
  cutPlane(cut);

  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as Locals<4>;
  const field = (name: WinogradField): Code => winogradParams.read(p, name);
  const v = {
    ...locals(run, "t", "panel", "row", "rows", "r", "channel", "image", "images", "firstImage", "xi"),
    ...locals(run, "firstTileRow", "bandRows", "tile", "tiles", "square", "plane", "values", "products"),
    ...locals(run, "firstProducts", "weights", "place", "result", "step"),
  };
  const panelRows = [
    set(v.row, firstRow(v.panel, field("tall"), field("height"))),
    set(v.rows, rowsOf(v.panel, field("tall"), field("height"))),
  ];
  const panelAt = addMul(field("weights"), op("i32.mul", get(v.row), field("channels")), i32(4));
  /** The tiles of all lanes from `tile` on. Beyond the last tile it is the last again, which is then written several times. */
  const tilesOf = (table: Code, base: Code): Code[] => {
    if (vectorBytes > 16) return [addMul(table, get(v.tile), i32(4)), base, op("i32.sub", get(v.tiles), get(v.tile))];
    return [0, 1, 2, 3].map((k) =>
      op(
        "i32.add",
        base,
        memory(
          "i32.load",
          0,
          addMul(
            table,
            least(op("i32.add", get(v.tile), i32(k)), op("i32.sub", get(v.tiles), i32(1))),
            i32(4),
          ),
        ),
      )
    );
  };

  /** Calls the function for tiles as they lie. */
  const callVariant = ([anywhere, adjacent]: readonly FunctionBuilder[], ...args: Code[]): Code => {
    if (adjacent === undefined) return call(anywhere!, ...args);
    const apart = op("i32.and", field("tileColumns"), i32(vectorBytes / 16 - 1));
    return when(apart, call(anywhere!, ...args), call(adjacent, ...args));
  };

  const panelOfTile = op("i32.shr_u", get(v.tile), i32(laneShift + 1));
  const half = op("i32.and", op("i32.shr_u", get(v.tile), i32(laneShift)), i32(1));

  const valuesOfTile = addMul(
    get(v.values),
    addMul(
      op("i32.or", op("i32.shl", get(v.channel), i32(1)), half),
      panelOfTile,
      op("i32.shl", field("channels"), i32(1)),
    ),
    i32(square),
  );

  /** The filters of a panel are the lanes of a wide vector. */
  const wideWeights: Code = isWide
    ? range(
      v.channel,
      i32(0),
      field("channels"),
      1,
      call(
        weights,
        addMul(addMul(field("w"), get(v.row), field("wFilter")), get(v.channel), field("wChannel")),
        field("wFilter"),
        field("wTap"),
        get(v.rows),
        addMul(panelAt, op("i32.mul", get(v.channel), get(v.rows)), i32(4)),
        field("weightsXi"),
        get(v.square),
      ),
    )
    : [];
  const bringWeights: Code = range(
    v.t,
    get(begin),
    get(end),
    1,
    set(v.panel, get(v.t)),
    panelRows,
    isWide ? wideWeights : range(
      v.r,
      i32(0),
      get(v.rows),
      1,
      range(
        v.channel,
        i32(0),
        field("channels"),
        4,
        call(
          weights,
          addMul(
            addMul(field("w"), op("i32.add", get(v.row), get(v.r)), field("wFilter")),
            get(v.channel),
            field("wChannel"),
          ),
          field("wChannel"),
          field("wTap"),
          op("i32.sub", field("channels"), get(v.channel)),
          addMul(panelAt, addMul(get(v.r), get(v.channel), get(v.rows)), i32(4)),
          op("i32.mul", get(v.rows), i32(4)),
          field("weightsXi"),
          get(v.square),
        ),
      ),
    ),
  );

  const bringSamples: Code = range(
    v.channel,
    i32(0),
    field("channels"),
    1,
    range(
      v.image,
      i32(0),
      get(v.images),
      1,
      call(
        prepare,
        addMul(
          addMul(field("x"), op("i32.add", get(v.firstImage), get(v.image)), field("xBatch")),
          get(v.channel),
          field("xChannel"),
        ),
        field("xRow"),
        field("xHeight"),
        field("xWidth"),
        addMul(get(v.plane), get(v.image), field("preparedImage")),
        field("pitch"),
        addMul(i32(points - 4), get(v.bandRows), i32(4)),
        op("i32.sub", field("top"), op("i32.mul", get(v.firstTileRow), i32(4))),
        field("left"),
      ),
    ),
    range(
      v.tile,
      i32(0),
      get(v.tiles),
      lanes,
      callVariant(
        toPoints,
        ...tilesOf(field("sources"), get(v.plane)),
        field("pitch"),
        valuesOfTile,
        get(v.square),
      ),
    ),
  );

  // A panel has two vectors of tiles. In the last one, the second may have no tiles.
  const wholePanels = op("i32.shr_u", op("i32.add", get(v.tiles), i32(lanes - 1)), i32(laneShift + 1));
  const hasHalf = op(
    "i32.eqz",
    op("i32.and", op("i32.shr_u", op("i32.sub", get(v.tiles), i32(1)), i32(laneShift)), i32(1)),
  );
  /** The address of a panel of samples or products, with so many channels or filters. */
  const panelFrom = (base: Code, panel: Code, count: Code): Code =>
    addMul(base, panel, op("i32.mul", count, i32(2 * square)));
  const multiply: Code = range(
    v.xi,
    i32(0),
    i32(points * points),
    1,
    set(v.products, op("i32.add", get(v.firstProducts), op("i32.shl", get(v.xi), i32(vectorShift)))),
    set(v.weights, addMul(field("weights"), get(v.xi), field("weightsXi"))),
    range(
      v.panel,
      i32(0),
      field("panels"),
      1,
      set(v.rows, rowsOf(v.panel, field("tall"), field("height"))),
      kernels.map(({ whole, half }, index) => {
        const product = (kernel: FunctionBuilder, first: Code, count: Code): Code =>
          call(
            kernel,
            get(v.weights),
            panelFrom(
              op("i32.add", get(v.values), op("i32.shl", get(v.xi), i32(vectorShift))),
              first,
              field("channels"),
            ),
            panelFrom(get(v.products), first, field("filters")),
            field("channels"),
            count,
            op("i32.mul", field("channels"), i32(2 * square)),
            op("i32.mul", field("filters"), i32(2 * square)),
          );
        return when(op("i32.eq", get(v.rows), i32(index + 1)), [
          product(whole, i32(0), wholePanels),
          when(hasHalf, product(half, wholePanels, i32(1))),
        ]);
      }),
      set(v.weights, addMul(get(v.weights), op("i32.mul", get(v.rows), field("channels")), i32(4))),
      set(v.products, addMul(get(v.products), get(v.rows), i32(2 * square))),
    ),
  );

  const result = addMul(
    addMul(field("y"), get(v.firstImage), field("yBatch")),
    get(v.r),
    field("yChannel"),
  );
  const firstY = op("i32.mul", get(v.firstTileRow), i32(4));
  const bringOutputs: Code = range(
    v.r,
    i32(0),
    field("filters"),
    1,
    set(v.result, addMul(result, firstY, op("i32.mul", field("yWidth"), i32(4)))),
    set(v.place, get(v.result)),
    set(v.step, op("i32.mul", field("yWidth"), i32(4))),
    when(field("cut"), [
      set(v.place, op("i32.add", get(v.square), field("cut"))),
      set(v.step, field("cutPitch")),
    ]),
    range(
      v.tile,
      i32(0),
      get(v.tiles),
      lanes,
      callVariant(
        fromPoints,
        addMul(
          get(v.firstProducts),
          addMul(
            op("i32.or", op("i32.shl", get(v.r), i32(1)), half),
            panelOfTile,
            op("i32.shl", field("filters"), i32(1)),
          ),
          i32(square),
        ),
        get(v.square),
        ...tilesOf(field("targets"), get(v.place)),
        get(v.step),
        addMul(field("bias"), get(v.r), field("biasStep")),
        field("rectifies"),
      ),
    ),
    when(
      field("cut"),
      range(
        v.image,
        i32(0),
        get(v.images),
        1,
        call(
          cut,
          addMul(get(v.place), get(v.image), field("cutImage")),
          field("cutPitch"),
          addMul(get(v.result), get(v.image), field("yBatch")),
          op("i32.mul", field("yWidth"), i32(4)),
          least(op("i32.mul", get(v.bandRows), i32(4)), op("i32.sub", field("yHeight"), firstY)),
          field("yWidth"),
        ),
      ),
    ),
  );

  run.emit(
    set(v.square, addMul(field("prepared"), get(thread), field("scratch"))),
    when(op("i32.eqz", field("phase")), [bringWeights, op("return")]),
    set(v.plane, op("i32.add", get(v.square), i32(square))),
    set(v.values, op("i32.add", get(v.square), field("values"))),
    set(v.firstProducts, op("i32.add", get(v.square), field("products"))),
    range(
      v.t,
      get(begin),
      get(end),
      1,
      set(v.firstImage, op("i32.mul", op("i32.div_s", get(v.t), field("bands")), field("blockImages"))),
      set(v.images, least(op("i32.sub", field("batch"), get(v.firstImage)), field("blockImages"))),
      set(v.firstTileRow, op("i32.mul", op("i32.rem_s", get(v.t), field("bands")), field("bandRows"))),
      set(v.bandRows, least(op("i32.sub", field("tileRows"), get(v.firstTileRow)), field("bandRows"))),
      set(v.tiles, op("i32.mul", op("i32.mul", get(v.images), get(v.bandRows)), field("tileColumns"))),
      bringSamples,
      multiply,
      bringOutputs,
    ),
  );
  return module;
}
