/**
 * Tiles whose left operand's rows lie anywhere, the steps of the inner dimension side by side in segments: taps of an image, whose
 * segments are rows of outputs. The right operand is packed.
 */
import {
  call,
  type Code,
  type FunctionBuilder,
  get,
  i32,
  type Local,
  type Locals,
  memory,
  type ModuleBuilder,
  op,
  set,
  when,
} from "../../../wasm/assembler.ts";
import { type Element, loadSplat } from "./element.ts";
import { advance, times } from "./loops.ts";
import { Tile, tileVectors, unroll } from "./register_tile.ts";

/** Rows of the largest of these tiles: with a fifth, V8 runs out of registers (83% of the ceiling against 88%). */
export const rowOffsetKernelRows: number = 4;

/** Longest segment whose steps are written out, where multiply-adds are fused: loops of few turns take a tenth of the time. */
const writtenOut = 16;

/** The length that kernels for such segments have to know, 0 where they need not. */
export function knownLength(e: Element, length: number): number {
  return e.fused && length <= writtenOut ? length : 0;
}

/** Arguments of {@link rowOffsetKernel}. */
const parameters = 13;

/**
 * `(left, rows, images, imageBytes, planes, planeCount, segments, segmentBytes, length, right, out, stride, adds)`: rows begin at
 * `left` plus the offsets that the table `rows` lists. Of each of `images` images the planes begin at the offsets that `planes` lists,
 * and in a plane `segments` segments of `length` steps (`known` ones, if that is not 0) follow each other `segmentBytes` apart.
 *
 * Where multiply-adds are not fused, steps are taken one by one and elements spread as they are loaded: 43 to 46 GFLOP/s on
 * JavaScriptCore and V8 of Node 20, against 29 to 37 for the unrolled loop, which with fused ones reaches 56.
 */
function rowOffsetKernel(f: FunctionBuilder, e: Element, rows: number, known: number): void {
  const [
    left,
    rowTable,
    images,
    imageBytes,
    planes,
    planeCount,
    segments,
    segmentBytes,
    length,
    right,
    out,
    stride,
    adds,
  ] = f.params as Locals<13>;
  const tile = new Tile(f, e, rows, tileVectors);
  const names = ["plane", "planesLeft", "segmentsLeft", "count", "begin", "jump", "squares"] as const;
  const [plane, planesLeft, segmentsLeft, count, begin, jump, squares] = names.map(() => f.local("i32")) as Locals<7>;
  const pointers = Array.from({ length: rows }, () => f.local("i32"));
  const pitch = 16 * tileVectors;
  const fromRight = (s: number) => (j: number): Code => memory("v128.load", s * pitch + 16 * j, get(right));
  const unrolled = Array.from({ length: unroll }, (_, s) => tile.step(tile.fromRows(pointers, s), fromRight(s)));
  const move = (by: Code | number, steps: number): Code => [
    pointers.map((pointer) => advance(pointer, by)),
    advance(right, steps * pitch),
  ];
  const single = [tile.step((i) => loadSplat(e, 0, get(pointers[i]!)), fromRight(0)), move(e.bytes, 1)];
  const whole = known - known % e.lanes;
  const straight = times(
    segmentsLeft,
    Array.from({ length: known }, (_, s) =>
      tile.step(
        s < whole ? tile.fromRows(pointers, s) : (i) => loadSplat(e, s * e.bytes, get(pointers[i]!)),
        fromRight(s),
      )),
    move(get(segmentBytes), known),
  );
  const long = times(
    segmentsLeft,
    set(count, get(squares)),
    times(count, unrolled, move(unroll * e.bytes, unroll)),
    set(count, op("i32.and", get(length), i32(unroll - 1))),
    times(count, single),
    pointers.map((pointer) => advance(pointer, get(jump))),
  );
  const stepByStep = times(
    segmentsLeft,
    set(count, get(length)),
    times(count, single),
    pointers.map((pointer) => advance(pointer, get(jump))),
  );
  f.emit(
    tile.clear(),
    set(squares, op("i32.shr_u", get(length), i32(2))),
    set(jump, op("i32.sub", get(segmentBytes), op("i32.mul", get(length), i32(e.bytes)))),
    times(
      images,
      set(plane, get(planes)),
      set(planesLeft, get(planeCount)),
      times(
        planesLeft,
        set(begin, op("i32.add", get(left), memory("i32.load", 0, get(plane)))),
        pointers.map((pointer, i) => set(pointer, op("i32.add", get(begin), memory("i32.load", 4 * i, get(rowTable))))),
        set(segmentsLeft, get(segments)),
        known > 0 ? straight : e.fused ? long : stepByStep,
        advance(plane, 4),
      ),
      advance(left, get(imageBytes)),
    ),
    tile.store(out, get(stride), i32(tileVectors * e.lanes), get(adds)),
  );
}

/**
 * Adds to a module a function `(height, …)` that calls the kernel for so many rows with the other arguments; `known` is as
 * {@link knownLength} says.
 */
export function rowOffsetKernels(module: ModuleBuilder, e: Element, known: number): FunctionBuilder {
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const kernels = Array.from({ length: rowOffsetKernelRows }, (_, r) => {
    const f = module.func(ints(parameters), []);
    rowOffsetKernel(f, e, r + 1, known);
    return f;
  });
  const f = module.func(ints(parameters + 1), []);
  const [height, ...rest] = f.params as [Local, ...Local[]];
  f.emit(kernels.map((kernel, r) => when(op("i32.eq", get(height), i32(r + 1)), call(kernel, ...rest.map(get)))));
  return f;
}
