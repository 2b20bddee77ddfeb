/** Caches tables that generated code reads, in the heap, for calls of the same geometry. */
import type { Engine } from "../engine.ts";

/** The most bytes of cached tables. The least recently used are evicted first. */
const most = 2 ** 25;

interface Kept {
  readonly value: unknown;
  readonly blocks: readonly { readonly pointer: number; readonly bytes: number }[];
  readonly bytes: number;
}

/** Tables by key, the least recently used first. */
class Tables {
  readonly byKey: Map<string, Kept> = new Map();
  private bytes = 0;

  /** Adds tables, and evicts others until all fit. */
  keep(engine: Engine, key: string, tables: Kept): void {
    this.byKey.set(key, tables);
    this.bytes += tables.bytes;
    for (const [old, { blocks, bytes }] of this.byKey) {
      if (this.bytes <= most || old === key) break;
      this.byKey.delete(old);
      this.bytes -= bytes;
      for (const block of blocks) engine.heap.release(block.pointer, block.bytes);
    }
  }
}

const kept: WeakMap<Engine, Tables> = new WeakMap();

/** The cached result of `build` for a key. `build` calls `put` to copy tables to the heap, and gets their addresses. */
export function tablesFor<T>(engine: Engine, key: string, build: (put: (table: Int32Array) => number) => T): T {
  let tables = kept.get(engine);
  if (tables === undefined) kept.set(engine, tables = new Tables());
  const found = tables.byKey.get(key);
  if (found !== undefined) {
    tables.byKey.delete(key);
    tables.byKey.set(key, found);
    return found.value as T;
  }
  const blocks: { pointer: number; bytes: number }[] = [];
  let value: T;
  try {
    value = build((table) => {
      const bytes = table.byteLength;
      const pointer = engine.heap.alloc(bytes);
      new Int32Array(engine.heap.memory.buffer, pointer, table.length).set(table);
      blocks.push({ pointer, bytes });
      return pointer;
    });
  } catch (error) {
    for (const { pointer, bytes } of blocks) engine.heap.release(pointer, bytes);
    throw error;
  }
  // The entry itself counts too, which bounds the number of entries.
  tables.keep(engine, key, { value, blocks, bytes: blocks.reduce((sum, { bytes }) => sum + bytes, 2048) });
  return value;
}
