/**
 * Tiles whose left rows begin at offsets from a table. The steps of the inner dimension are contiguous in segments: the rows are
 * taps of an image, and the segments are rows of outputs. The right operand is packed.
 */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Local, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { type Element, loadSplat } from "../element.ts";
import { advance, times } from "../loops.ts";
import { Tile, tileRows, unroll } from "../matmul/register_tile.ts";

/** The rows of the largest tile. With a fifth, V8 runs out of registers (83% of peak speed against 88%). */
export function rowOffsetKernelRows(e: Element): number {
  return e.vectorBytes === 16 ? 4 : tileRows(e);
}

/** The longest segment that is unrolled, if multiply-adds are fused: loops with few iterations take a tenth of the time. */
const writtenOut = 16;

/** The segment length that is fixed in the kernel, or 0 if it is a parameter. */
export function knownLength(e: Element, length: number): number {
  return e.fused && length <= writtenOut ? length : 0;
}

/** Arguments of {@link rowOffsetKernel}. */
const parameters = 13;

/**
 * `(left, rows, images, imageBytes, planes, planeCount, segments, segmentBytes, length, right, out, stride, adds)`: rows begin at
 * `left` plus the offsets in the table `rows`. The planes of each of `images` images begin at the offsets in `planes`. A plane has
 * `segments` segments of `length` steps (or `known`, if that is not 0), `segmentBytes` apart.
 *
 * If multiply-adds are not fused, the loop is not unrolled, and elements are broadcast when they are loaded: 43 to 46 GFLOP/s on
 * JavaScriptCore and V8 of Node 20, against 29 to 37 for the unrolled loop. With fused multiply-adds the unrolled loop reaches 56.
 */
function rowOffsetKernel(f: FunctionBuilder, e: Element, rows: number, vectors: 1 | 2, known: number): void {
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
  const tile = new Tile(f, e, rows, vectors);
  const names = ["plane", "planesLeft", "segmentsLeft", "count", "begin", "jump", "squares"] as const;
  const [plane, planesLeft, segmentsLeft, count, begin, jump, squares] = names.map(() => f.local("i32")) as Locals<7>;
  const pointers = Array.from({ length: rows }, () => f.local("i32"));
  const { vectorBytes } = e;
  const pitch = vectorBytes * vectors;
  const fromRight = (s: number) => (j: number): Code => memory("vector.load", s * pitch + vectorBytes * j, get(right));
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
    tile.store(out, get(stride), i32(vectors * e.lanes), get(adds)),
  );
}

/**
 * Adds to a module a function `(height, …)` that calls the kernel for this many rows with the other arguments. Tiles have
 * `vectors` vectors. `known` is the result of {@link knownLength}.
 */
export function rowOffsetKernels(module: ModuleBuilder, e: Element, vectors: 1 | 2, known: number): FunctionBuilder {
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const kernels = Array.from({ length: rowOffsetKernelRows(e) }, (_, r) => {
    const f = module.func(ints(parameters), [], undefined, e.vectorBytes);
    rowOffsetKernel(f, e, r + 1, vectors, known);
    return f;
  });
  const f = module.func(ints(parameters + 1), []);
  const [height, ...rest] = f.params as [Local, ...Local[]];
  f.emit(kernels.map((kernel, r) => when(op("i32.eq", get(height), i32(r + 1)), call(kernel, ...rest.map(get)))));
  return f;
}
