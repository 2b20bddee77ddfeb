/**
 * Tiles whose left operand's rows lie anywhere, the steps of the inner dimension side by side in segments: taps of an image, whose
 * segments are the rows of outputs. The right operand is packed.
 */
import {
  call,
  type Code,
  type FunctionBuilder,
  get,
  i32,
  type Local,
  memory,
  type ModuleBuilder,
  op,
  set,
  when,
} from "../../../wasm/assembler.ts";
import { type Element, loadSplat } from "./element.ts";
import { advance, times } from "./loops.ts";
import { Tile, tileRows, tileVectors, unroll } from "./tile.ts";

/**
 * `(left, rows, images, imageBytes, segments, segmentCount, length, right, out, stride, adds)`: rows begin at `left` plus the offsets
 * that the table `rows` lists; of each of `images` images the segments begin at the offsets that `segments` lists.
 */
function rowKernel(f: FunctionBuilder, e: Element, rows: number): void {
  const [left, rowTable, images, imageBytes, segments, segmentCount, length, right, out, stride, adds] = f.params as [
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
    Local,
  ];
  const tile = new Tile(f, e, rows, tileVectors);
  const [segment, rest, count, begin] = [0, 0, 0, 0].map(() => f.local("i32")) as [Local, Local, Local, Local];
  const offsets = Array.from({ length: rows }, () => f.local("i32"));
  const pointers = offsets.map(() => f.local("i32"));
  const pitch = 16 * tileVectors;
  const fromRight = (s: number) => (j: number): Code => memory("v128.load", s * pitch + 16 * j, get(right));
  const move = (steps: number): Code => [
    pointers.map((pointer) => advance(pointer, steps * e.bytes)),
    advance(right, steps * pitch),
  ];
  f.emit(
    tile.clear(),
    offsets.map((offset, i) => set(offset, memory("i32.load", 4 * i, get(rowTable)))),
    times(
      images,
      set(segment, get(segments)),
      set(rest, get(segmentCount)),
      times(
        rest,
        set(begin, op("i32.add", get(left), memory("i32.load", 0, get(segment)))),
        pointers.map((pointer, i) => set(pointer, op("i32.add", get(begin), get(offsets[i]!)))),
        set(count, op("i32.shr_u", get(length), i32(2))),
        times(
          count,
          Array.from({ length: unroll }, (_, s) => tile.step(tile.fromRows(pointers, s), fromRight(s))),
          move(unroll),
        ),
        set(count, op("i32.and", get(length), i32(unroll - 1))),
        times(count, tile.step((i) => loadSplat(e, 0, get(pointers[i]!)), fromRight(0)), move(1)),
        advance(segment, 4),
      ),
      advance(left, get(imageBytes)),
    ),
    tile.store(out, get(stride), i32(tileVectors * e.lanes), get(adds)),
  );
}

/** Adds to a module a function `(height, …)` that calls the kernel for so many rows with the other arguments. */
export function rowKernels(module: ModuleBuilder, e: Element): FunctionBuilder {
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const kernels = Array.from({ length: tileRows }, (_, r) => {
    const f = module.func(ints(11), []);
    rowKernel(f, e, r + 1);
    return f;
  });
  const f = module.func(ints(12), []);
  const [height, ...rest] = f.params as [Local, ...Local[]];
  f.emit(kernels.map((kernel, r) => when(op("i32.eq", get(height), i32(r + 1)), call(kernel, ...rest.map(get)))));
  return f;
}
