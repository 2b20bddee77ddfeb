/** Generated modules, compiled once an engine. */
import type { Engine } from "../engine.ts";
import type { Entry } from "../entry.ts";

const compiled: WeakMap<Engine, Map<string, Entry>> = new WeakMap();

/** The entry for a key, which says all that `build` depends on. */
export function entryOf(engine: Engine, key: string, build: () => Uint8Array<ArrayBuffer>): Entry {
  let entries = compiled.get(engine);
  if (entries === undefined) compiled.set(engine, entries = new Map());
  let entry = entries.get(key);
  if (entry === undefined) entries.set(key, entry = engine.compile(build()));
  return entry;
}
