/** Generated code that prepares images for convolutions, and copies prepared gradients back, row by row from a table. */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import type { ImageLayout } from "./conv_geometry.ts";
import { type Element, loadFirst, storeFirst, zeros } from "../element.ts";
import { advance, times, unrolled } from "../loops.ts";

/** The bytes of an entry of {@link rowTable}. */
const rowEntry = 16;

/** The table of copies for generated code: image offset, prepared offset, count. */
export function rowTable({ rows }: ImageLayout): Int32Array {
  const table = new Int32Array(rows.length * rowEntry / 4);
  rows.forEach(({ image, prepared, count }, i) => table.set([image, prepared, count], i * rowEntry / 4));
  return table;
}

/**
 * Adds a function `(image, prepared, table, rows, step, channels, imageChannel, preparedChannel)` to a module, which copies rows of
 * every channel, to the prepared form or from it.
 */
export function copyRows(module: ModuleBuilder, e: Element, direction: "prepare" | "return"): FunctionBuilder {
  const f = module.func(new Array<"i32">(8).fill("i32"), [], undefined, e.vectorBytes);
  const [image, prepared, table, rows, step, channels, imageChannel, preparedChannel] = f.params as Locals<8>;
  const [entry, row, count, whole] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const [outer, inner] = [f.local("i32"), f.local("i32")];
  const scalar = e.bytes === 4 ? "i32" : "i64";
  const { vectorBytes } = e;
  const [from, to] = direction === "prepare" ? [outer, inner] : [inner, outer];
  const move = (count: number): Code => [
    Array.from(
      { length: count },
      (_, i) => memory("vector.store", vectorBytes * i, get(to), memory("vector.load", vectorBytes * i, get(from))),
    ),
    advance(outer, vectorBytes * count),
    advance(inner, vectorBytes * count),
  ];
  const vectors: Code = [
    set(whole, op("i32.div_u", get(count), i32(4 * e.lanes))),
    times(whole, move(4)),
    set(whole, op("i32.rem_u", op("i32.div_u", get(count), i32(e.lanes)), i32(4))),
    times(whole, move(1)),
    set(count, op("i32.rem_u", get(count), i32(e.lanes))),
    vectorBytes === 16 ? [] : when(get(count), [
      storeFirst(e, 0, get(to), loadFirst(e, 0, get(from), get(count)), get(count)),
      set(count, i32(0)),
    ]),
  ];
  f.emit(times(
    channels,
    set(entry, get(table)),
    set(row, get(rows)),
    times(
      row,
      set(outer, op("i32.add", get(image), memory("i32.load", 0, get(entry)))),
      set(inner, op("i32.add", get(prepared), memory("i32.load", 4, get(entry)))),
      set(count, memory("i32.load", 8, get(entry))),
      when(op("i32.eq", get(step), i32(e.bytes)), vectors),
      times(
        count,
        memory(`${scalar}.store`, 0, get(to), memory(`${scalar}.load`, 0, get(from))),
        advance(outer, get(step)),
        advance(inner, e.bytes),
      ),
      advance(entry, rowEntry),
    ),
    advance(image, get(imageChannel)),
    advance(prepared, get(preparedChannel)),
  ));
  return f;
}

/** Adds a function `(pointer, bytes)` to a module, which writes zeros; the bytes are a multiple of 4. */
export function fillZeros(module: ModuleBuilder, vectorBytes: number = 16): FunctionBuilder {
  const f = module.func(["i32", "i32"], [], undefined, vectorBytes);
  const [pointer, bytes] = f.params as Locals<2>;
  const [vectors, rest] = [f.local("i32"), f.local("i32")];
  f.emit(
    set(vectors, op("i32.shr_u", get(bytes), i32(Math.log2(vectorBytes)))),
    unrolled(vectors, rest, 4, [memory("vector.store", 0, get(pointer), zeros), advance(pointer, vectorBytes)]),
    set(rest, op("i32.shr_u", op("i32.and", get(bytes), i32(vectorBytes - 1)), i32(2))),
    times(rest, memory("i32.store", 0, get(pointer), i32(0)), advance(pointer, 4)),
  );
  return f;
}
