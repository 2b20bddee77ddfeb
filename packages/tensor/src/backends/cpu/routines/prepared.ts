/** What routines prepare from operands whose contents last, such as packed or transformed weights, kept for the next run. */
import type { Engine } from "../engine.ts";

/** Memory of the heap. */
interface Block {
  readonly pointer: number;
  readonly bytes: number;
}

/** The memory of a tensor, with what was prepared from it. */
export interface Source extends Block {
  prepared: Map<string, Block> | null;
}

/** What an engine keeps. */
interface Kept {
  readonly sources: Set<Source>;
  /** The sources of the present run. */
  running: readonly (Source | undefined)[];
}

const kept: WeakMap<Engine, Kept> = new WeakMap();

/** What an engine keeps, which gives way when memory is used up. */
function keptBy(engine: Engine): Kept {
  let found = kept.get(engine);
  if (found === undefined) {
    const own: Kept = { sources: new Set(), running: [] };
    kept.set(engine, found = own);
    engine.heap.spare = () => {
      const idle = [...own.sources].filter((source) => !own.running.includes(source));
      for (const source of idle) forget(engine, source);
      return idle.length > 0;
    };
  }
  return found;
}

/** The most bytes that are prepared from a source, in multiples of its own: transformed weights of convolutions take four. */
const mostTimes = 8;
const leastBytes = 65_536;

/**
 * The address of `bytes` bytes that `write` computes from a source, and from nothing else but what is in the key. They are kept until
 * {@link forget} is called, when the source is written to or freed, or until memory is used up.
 */
export function prepared(
  engine: Engine,
  source: Source,
  key: string,
  bytes: number,
  write: (pointer: number) => void,
): number {
  const found = source.prepared?.get(key);
  if (found !== undefined) return found.pointer;
  let held = 0;
  for (const block of source.prepared?.values() ?? []) held += block.bytes;
  if (held + bytes > Math.max(mostTimes * source.bytes, leastBytes)) forget(engine, source);
  const pointer = engine.heap.alloc(bytes);
  try {
    write(pointer);
  } catch (error) {
    engine.heap.release(pointer, bytes);
    throw error;
  }
  (source.prepared ??= new Map()).set(key, { pointer, bytes });
  keptBy(engine).sources.add(source);
  return pointer;
}

/** Says which sources a run uses: nothing that was prepared from them gives way until the next call. */
export function use(engine: Engine, sources: Kept["running"]): void {
  keptBy(engine).running = sources;
}

/** Frees what was prepared from a source. */
export function forget(engine: Engine, source: Source): void {
  if (source.prepared === null) return;
  for (const { pointer, bytes } of source.prepared.values()) engine.heap.release(pointer, bytes);
  source.prepared = null;
  kept.get(engine)?.sources.delete(source);
}
