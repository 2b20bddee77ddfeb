/** Tables that generated code reads, kept in the heap for calls of the same geometry. */
import type { Engine } from "../engine.ts";

/** Tables that are kept; those longest not used go first. */
const most = 256;

interface Kept<T> {
  readonly value: T;
  readonly blocks: readonly { readonly pointer: number; readonly bytes: number }[];
}

const kept: WeakMap<Engine, Map<string, Kept<unknown>>> = new WeakMap();

/** What `build` makes for a key, with the addresses that `put` gives for its tables. */
export function tablesFor<T>(engine: Engine, key: string, build: (put: (table: Int32Array) => number) => T): T {
  let tables = kept.get(engine);
  if (tables === undefined) kept.set(engine, tables = new Map());
  let found = tables.get(key) as Kept<T> | undefined;
  if (found === undefined) {
    const blocks: { pointer: number; bytes: number }[] = [];
    const value = build((table) => {
      const bytes = table.byteLength;
      const pointer = engine.heap.alloc(bytes);
      new Int32Array(engine.heap.memory.buffer, pointer, table.length).set(table);
      blocks.push({ pointer, bytes });
      return pointer;
    });
    found = { value, blocks };
    if (tables.size >= most) {
      const [oldest, { blocks }] = tables.entries().next().value!;
      tables.delete(oldest);
      for (const { pointer, bytes } of blocks) engine.heap.release(pointer, bytes);
    }
  } else tables.delete(key);
  tables.set(key, found);
  return found.value;
}
