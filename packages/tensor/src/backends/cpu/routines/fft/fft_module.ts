/** The module of Fourier transforms along rows. */
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Local, type Locals, op, set, whileLoop } from "../../../../code/tree.ts";
import { addMul, advance, least, locals, Params, range } from "../loops.ts";
import { type FftDType, lanesOf, vectorBytes } from "./complex_vectors.ts";
import { gatherPass, halvesPass, mergePass, pass, productPass, spreadPass, zeroPass } from "./fft_passes.ts";
import { type Direction, stagesFunction } from "./fft_stages.ts";

/** How a row of complex numbers is transformed: in the lanes of one row, several rows side by side, or as a convolution (Bluestein). */
export type Method = "one" | "several" | "chirp";
/** What rows hold: complex numbers, or real numbers before or after the transform. */
export type Kind = "complex" | "fromReal" | "toReal";

type Field =
  | "scaleLow"
  | "scaleHigh"
  | "x"
  | "xRow"
  | "out"
  | "outRow"
  | "n"
  | "length"
  | "m"
  | "stages"
  | "count"
  | "merge"
  | "chirp"
  | "spectrum"
  | "one"
  | "halves"
  | "work"
  | "workBytes"
  | "a"
  | "b"
  | "c"
  | "scratch";

/** The fields of the parameter block. The float64 `scale` comes first. */
export const fftParams: Params<Field> = new Params<Field>([
  ...["scaleLow", "scaleHigh", "x", "xRow", "out", "outRow", "n"] as const,
  // Lanes have m points each: `count` stages, their twiddle factors, and those of the lanes.
  ...["length", "m", "stages", "count", "merge"] as const,
  // Bluestein's chirp, and the conjugate of its spectrum.
  ...["chirp", "spectrum", "one"] as const,
  "halves",
  ...["work", "workBytes", "a", "b", "c", "scratch"] as const,
]);

/** Generates a module: transforms of the rows `begin` to `end − 1`. Its scratch memory, by thread, has the buffers a, b and c. */
export function fftModule(
  dtype: FftDType,
  direction: Direction,
  kind: Kind,
  method: Method,
  fma: boolean,
): CodeModule {
  const module = new ModuleBuilder();
  const lanes = lanesOf(dtype);
  const bytes = vectorBytes / lanes;
  const made = (params: number, build: (builder: ReturnType<typeof pass>) => void) => {
    const builder = pass(module, dtype, fma, params);
    build(builder);
    return builder.f;
  };
  const several = method === "several";
  const stages = stagesFunction(module, dtype, fma, direction, !several);
  const halves = kind === "complex" ? null : made(4, (b) => halvesPass(b, kind === "toReal"));
  const merge = several ? null : made(5, (b) => mergePass(b, direction));
  const rows = several ? { gather: made(5, gatherPass), spread: made(6, spreadPass) } : null;
  const chirp = method === "chirp"
    ? {
      product: made(4, (b) => productPass(b, false)),
      conjugated: made(4, (b) => productPass(b, true)),
      zero: made(2, zeroPass),
    }
    : null;

  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const [block, begin, end, thread] = f.params as Locals<4>;
  const names = ["from", "stride", "to", "work", "a", "b", "c", "scratch", "live", "r", "n", "at"] as const;
  const { from, stride, to, work, a, b, c, scratch, live, r, n, at } = locals(f, ...names);
  const read = (name: Parameters<typeof fftParams.read>[1]): Code => fftParams.read(block, name);
  const buffer = (local: Local, name: "a" | "b" | "c" | "scratch"): Code =>
    set(local, op("i32.add", get(work), read(name)));
  const result = (source: Code): Code =>
    call(stages, read("stages"), read("count"), source, get(a), get(b), get(scratch));
  /** One row whose length is a multiple of the number of lanes, in pairs. */
  const single = (source: Code, target: Code, scale: Code): Code => [
    set(at, result(source)),
    call(merge!, get(at), target, read("m"), read("merge"), scale),
  ];
  const row = (): Code => {
    if (rows !== null) {
      return [
        call(rows.gather, get(from), get(stride), get(live), get(a), get(n)),
        set(at, result(get(a))),
        call(rows.spread, get(at), get(to), read("outRow"), get(live), get(n), get(block)),
      ];
    }
    if (chirp === null) return single(get(from), get(to), get(block));
    return [
      call(chirp.product, get(from), read("chirp"), get(c), get(n)),
      call(chirp.zero, addMul(get(c), get(n), i32(bytes)), op("i32.sub", read("length"), get(n))),
      single(get(c), get(c), read("one")),
      call(chirp.conjugated, get(c), read("spectrum"), get(c), read("length")),
      single(get(c), get(c), get(block)),
      call(chirp.conjugated, get(c), read("chirp"), get(to), get(n)),
    ];
  };
  /** Turns the live rows at `source` into half spectra, or back. */
  const turned = (source: Local, sourceRow: Code, target: Local, targetRow: Code): Code =>
    range(
      r,
      i32(0),
      get(live),
      1,
      call(
        halves!,
        addMul(get(source), get(r), sourceRow),
        addMul(get(target), get(r), targetRow),
        get(n),
        read("halves"),
      ),
    );
  const rowBytes = op("i32.mul", get(n), i32(bytes));
  f.emit(
    set(work, addMul(read("work"), get(thread), read("workBytes"))),
    buffer(a, "a"),
    buffer(b, "b"),
    buffer(c, "c"),
    buffer(scratch, "scratch"),
    set(n, read("n")),
    whileLoop(
      op("i32.lt_s", get(begin), get(end)),
      set(live, several ? least(i32(lanes), op("i32.sub", get(end), get(begin))) : i32(1)),
      set(from, addMul(read("x"), get(begin), read("xRow"))),
      set(to, addMul(read("out"), get(begin), read("outRow"))),
      set(stride, read("xRow")),
      // Rows of real numbers to be: their spectrum is turned in the scratch memory at `work`.
      kind === "toReal"
        ? [turned(from, read("xRow"), work, rowBytes), set(from, get(work)), set(stride, rowBytes)]
        : [],
      row(),
      kind === "fromReal" ? turned(to, read("outRow"), to, read("outRow")) : [],
      advance(begin, several ? lanes : 1),
    ),
  );
  return module;
}
