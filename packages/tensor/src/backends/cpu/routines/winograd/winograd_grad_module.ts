/**
 * The generated module of weight gradients by Winograd's tiles: transforms samples and gradients, multiplies them, and transforms
 * the sums to taps.
 */
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Local, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { type Element, narrowed } from "../element.ts";
import { addMul, advance, least, locals, Params, range } from "../loops.ts";
import { gradKernel } from "./winograd_kernel.ts";
import { paddedPlane } from "./winograd_planes.ts";
import { points, tileSize } from "./winograd_points.ts";
import { squareBytes } from "./winograd_passes.ts";
import { tapGradients } from "./winograd_taps.ts";
import { gradients, samples, tileParameters } from "./winograd_tiles.ts";

const fields = [
  "phase",
  "channels",
  "channelPanels",
  "filters",
  "filterQuads",
  "groupQuads",
  "batch",
  "units",
  "partUnits",
  "parts",
  "unitImages",
  "bands",
  "bandRows",
  "tileRows",
  "tileColumns",
  "unitTiles",
  "x",
  "xBatch",
  "xChannel",
  "xRow",
  "xHeight",
  "xWidth",
  "top",
  "left",
  "sources",
  "pitch",
  "plane",
  "g",
  "gBatch",
  "gChannel",
  "gRow",
  "gHeight",
  "gWidth",
  "hangs",
  "gSources",
  "gPitch",
  "square",
  "scratch",
  "samples",
  "gradients",
  "sums",
  "sumsXi",
  "sumsRow",
  "sumsPart",
  "w",
] as const;

/**
 * The parameters of a call. `phase` is 0 to sum products (items: each of `parts` parts of the batch for each group of `groupQuads`
 * times four filters, or as many as a vector has lanes), 1 to add up parts and write the taps (items: filters). A part has `partUnits` units. A unit is `unitImages`
 * images or, if there are several `bands`, a band of `bandRows` rows of tiles of an image. `sources` and `gSources` list the byte
 * offsets of an image's tiles. A thread processes one unit at a time: it transforms the unit's samples and gradients to its scratch
 * memory (`scratch` bytes from the address `square`; `samples` and `gradients` are addresses in it), and multiplies them. `hangs`
 * is whether tiles extend beyond the gradients, so that these have to be copied.
 */
export const winogradGradParams: Params<typeof fields[number]> = new Params(fields);

/** Generates the module. */
export function winogradGradModule(e: Element): CodeModule {
  const module = new ModuleBuilder();
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const square = squareBytes(e);
  const { vectorBytes, lanes } = e;
  const [wide, laneShift] = [vectorBytes > 16, Math.log2(lanes)];
  const kernelRows = vectorBytes === 64 ? 8 : 4;
  const kernel = gradKernel(module, e, kernelRows);
  const oneVectorKernel = wide ? gradKernel(module, e, kernelRows, 1) : kernel;
  const samplesToPoints = module.func(ints(tileParameters(e) + 3), [], undefined, vectorBytes);
  samples(samplesToPoints, e);
  const gradientsToPoints = module.func(ints(tileParameters(e) + 3), [], undefined, vectorBytes);
  gradients(gradientsToPoints, e);
  const prepare = module.func(ints(9), [], undefined, vectorBytes);
  paddedPlane(prepare);
  const finish = module.func(ints(8), []);
  tapGradients(finish, narrowed(e, 16));

  const run = module.func(ints(4), [], "run");
  const [p, begin, end, thread] = run.params as Locals<4>;
  const field = (name: typeof fields[number]): Code => winogradGradParams.read(p, name);
  const v = {
    ...locals(run, "t", "xi", "first", "quad", "lastQuad", "unit", "part", "image", "firstImage", "images"),
    ...locals(run, "firstRow", "bandRows", "tile", "tiles", "square", "planes", "samples", "gradients", "out"),
    ...locals(run, "source", "target"),
  };
  const planes = wide ? [] : Object.values(locals(run, "plane0", "plane1", "plane2", "plane3"));
  const w = wide ? locals(run, "k", "at", "plane", "count") : null;
  /** With wide vectors, the addresses of the planes of all lanes. */
  const planeTable = addMul(get(v.planes), i32(lanes), field("plane"));
  /** With wide vectors: runs code for each of the planes that there are, and lists the addresses that it sets. */
  const eachPlane = (
    { k, at, plane, count }: NonNullable<typeof w>,
    [base, batch, channel, channels]: readonly [Code, Code, Code, Code],
    body: Code,
  ): Code => [
    set(count, least(op("i32.sub", channels, get(v.first)), i32(lanes))),
    range(
      k,
      i32(0),
      get(count),
      1,
      set(
        at,
        addMul(
          addMul(base, op("i32.add", get(v.firstImage), get(v.image)), batch),
          op("i32.add", get(v.first), get(k)),
          channel,
        ),
      ),
      body,
      memory("i32.store", 0, addMul(planeTable, get(k), i32(4)), get(plane)),
    ),
  ];
  /** The plane of an image for lane `k`. Lanes beyond the last channel use the last one. */
  const planeAt = (base: Code, batch: Code, channel: Code, count: Code, k: number): Code =>
    addMul(
      addMul(base, op("i32.add", get(v.firstImage), get(v.image)), batch),
      least(op("i32.add", get(v.first), i32(k)), op("i32.sub", count, i32(1))),
      channel,
    );
  const eachTile = (transform: typeof samplesToPoints, table: Code, pitch: Code): Code =>
    range(
      v.tile,
      i32(0),
      get(v.tiles),
      1,
      set(v.source, memory("i32.load", 0, addMul(table, get(v.tile), i32(4)))),
      call(
        transform,
        ...(w
          ? [planeTable, get(v.source), get(w.count)]
          : planes.map((plane) => op("i32.add", get(plane), get(v.source)))),
        pitch,
        get(v.out),
        get(v.square),
      ),
      advance(v.out, square),
    );
  const eachImage = (...body: Code[]): Code => range(v.image, i32(0), get(v.images), 1, ...body);

  const prepareSamples = (from: Code, to: Code): Code =>
    call(
      prepare,
      from,
      field("xRow"),
      field("xHeight"),
      field("xWidth"),
      to,
      field("pitch"),
      addMul(i32(points - tileSize), get(v.bandRows), i32(tileSize)),
      op("i32.sub", field("top"), get(v.firstRow)),
      field("left"),
    );
  const bringSamples: Code = range(
    v.first,
    i32(0),
    field("channels"),
    lanes,
    set(
      v.out,
      addMul(
        get(v.samples),
        op("i32.mul", op("i32.shr_u", get(v.first), i32(laneShift)), field("unitTiles")),
        i32(square),
      ),
    ),
    eachImage(
      w
        ? eachPlane(w, [field("x"), field("xBatch"), field("xChannel"), field("channels")], [
          set(w.plane, addMul(get(v.planes), get(w.k), field("plane"))),
          prepareSamples(get(w.at), get(w.plane)),
        ])
        : planes.map((plane, k) => [
          set(plane, addMul(get(v.planes), i32(k), field("plane"))),
          prepareSamples(planeAt(field("x"), field("xBatch"), field("xChannel"), field("channels"), k), get(plane)),
        ]),
      eachTile(samplesToPoints, field("sources"), field("pitch")),
    ),
  );
  const bringGradient = (plane: Local, k: Code, at: Code): Code =>
    when(
      field("hangs"),
      [
        set(plane, addMul(get(v.planes), k, field("plane"))),
        call(
          prepare,
          at,
          field("gRow"),
          field("gHeight"),
          field("gWidth"),
          get(plane),
          field("gPitch"),
          op("i32.mul", get(v.bandRows), i32(tileSize)),
          op("i32.sub", i32(0), get(v.firstRow)),
          i32(0),
        ),
      ],
      set(plane, addMul(at, get(v.firstRow), field("gRow"))),
    );
  const bringGradients: Code = [
    set(v.out, get(v.gradients)),
    range(
      v.first,
      op("i32.mul", get(v.quad), i32(lanes)),
      op("i32.mul", get(v.lastQuad), i32(lanes)),
      lanes,
      set(v.target, get(v.out)),
      eachImage(
        w
          ? eachPlane(
            w,
            [field("g"), field("gBatch"), field("gChannel"), field("filters")],
            bringGradient(w.plane, get(w.k), get(w.at)),
          )
          : planes.map((plane, k) =>
            bringGradient(plane, i32(k), planeAt(field("g"), field("gBatch"), field("gChannel"), field("filters"), k))
          ),
        eachTile(gradientsToPoints, field("gSources"), field("gPitch")),
      ),
      set(v.out, addMul(get(v.target), field("unitTiles"), i32(square))),
    ),
  ];
  /** Multiplies `panels` panels from one on with the filters from `row` of a group on. */
  const multiplyPanels = (to: FunctionBuilder, row: number, first: Code | null, panels: Code): Code => {
    const samples = addMul(get(v.samples), get(v.xi), i32(vectorBytes));
    const filter = op("i32.mul", get(v.first), i32(lanes));
    const sums = addMul(
      addMul(addMul(field("sums"), get(v.part), field("sumsPart")), get(v.xi), field("sumsXi")),
      row === 0 ? filter : op("i32.add", filter, i32(row)),
      field("sumsRow"),
    );
    const quad = op("i32.mul", field("unitTiles"), i32(square));
    return call(
      to,
      row === 0 ? get(v.source) : op("i32.add", get(v.source), i32(row * e.bytes)),
      first === null ? samples : addMul(samples, first, quad),
      first === null ? sums : addMul(sums, first, i32(vectorBytes)),
      op("i32.mul", get(v.images), get(v.tiles)),
      field("sumsRow"),
      panels,
      quad,
      op("i32.ne", get(v.unit), op("i32.mul", get(v.part), field("partUnits"))),
    );
  };
  /** A panel has two vectors of channels. With wide vectors the last one may have one, and `channelPanels` counts vectors. */
  const multiplyGroup: Code = wide
    ? Array.from({ length: lanes / kernelRows }, (_, i) => {
      const vectors = field("channelPanels");
      const whole = op("i32.and", vectors, i32(-2));
      const inRange = op(
        "i32.lt_s",
        op("i32.add", op("i32.mul", get(v.first), i32(lanes)), i32(i * kernelRows)),
        field("filters"),
      );
      return when(inRange, [
        multiplyPanels(kernel, i * kernelRows, null, op("i32.shr_u", vectors, i32(1))),
        when(op("i32.and", vectors, i32(1)), multiplyPanels(oneVectorKernel, i * kernelRows, whole, i32(1))),
      ]);
    })
    : multiplyPanels(kernel, 0, null, field("channelPanels"));
  const multiply: Code = range(
    v.xi,
    i32(0),
    i32(points * points),
    1,
    set(v.source, addMul(get(v.gradients), get(v.xi), i32(vectorBytes))),
    range(
      v.first,
      get(v.quad),
      get(v.lastQuad),
      1,
      multiplyGroup,
      set(v.source, addMul(get(v.source), field("unitTiles"), i32(square))),
    ),
  );
  const addUp: Code = range(
    v.t,
    get(begin),
    get(end),
    1,
    set(v.part, op("i32.rem_s", get(v.t), field("parts"))),
    set(v.quad, op("i32.mul", op("i32.div_s", get(v.t), field("parts")), field("groupQuads"))),
    set(v.lastQuad, least(op("i32.add", get(v.quad), field("groupQuads")), field("filterQuads"))),
    range(
      v.unit,
      op("i32.mul", get(v.part), field("partUnits")),
      least(addMul(field("partUnits"), get(v.part), field("partUnits")), field("units")),
      1,
      set(v.firstImage, op("i32.mul", op("i32.div_s", get(v.unit), field("bands")), field("unitImages"))),
      set(v.images, least(op("i32.sub", field("batch"), get(v.firstImage)), field("unitImages"))),
      set(v.firstRow, op("i32.mul", op("i32.rem_s", get(v.unit), field("bands")), field("bandRows"))),
      set(v.bandRows, least(op("i32.sub", field("tileRows"), get(v.firstRow)), field("bandRows"))),
      set(v.tiles, op("i32.mul", get(v.bandRows), field("tileColumns"))),
      set(v.firstRow, op("i32.mul", get(v.firstRow), i32(tileSize))),
      bringSamples,
      bringGradients,
      multiply,
    ),
  );

  const writeTaps: Code = range(
    v.t,
    get(begin),
    get(end),
    1,
    range(
      v.first,
      i32(0),
      field("channels"),
      4,
      call(
        finish,
        addMul(addMul(field("sums"), get(v.t), field("sumsRow")), get(v.first), i32(4)),
        field("sumsXi"),
        field("parts"),
        field("sumsPart"),
        get(v.square),
        addMul(field("w"), addMul(get(v.first), get(v.t), field("channels")), i32(36)),
        i32(36),
        op("i32.sub", field("channels"), get(v.first)),
      ),
    ),
  );
  run.emit(
    set(v.square, addMul(field("square"), get(thread), field("scratch"))),
    set(v.planes, op("i32.add", get(v.square), i32(square))),
    set(v.samples, op("i32.add", get(v.square), field("samples"))),
    set(v.gradients, op("i32.add", get(v.square), field("gradients"))),
    when(op("i32.eqz", field("phase")), addUp, writeTaps),
  );
  return module;
}
