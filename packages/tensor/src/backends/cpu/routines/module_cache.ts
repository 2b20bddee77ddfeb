/** Caches generated modules, by engine. */
import type { Engine } from "../engine.ts";
import type { BuildModule, CompiledModule, CompileOptions } from "../compiled_module.ts";

const compiled: WeakMap<Engine, Map<string, CompiledModule>> = new WeakMap();

/**
 * The compiled module for a key, which must contain everything that `build` depends on. A routine may run it several times, with
 * what earlier runs laid out in memory: it changes to native code only here.
 */
export function cachedModule(
  engine: Engine,
  key: string,
  build: BuildModule,
  options: Pick<CompileOptions, "tiles"> = {},
): CompiledModule {
  let entries = compiled.get(engine);
  if (entries === undefined) compiled.set(engine, entries = new Map());
  let entry = entries.get(key);
  if (entry === undefined) entries.set(key, entry = engine.compile(key, build, { keeps: true, ...options }));
  else engine.refresh(entry);
  return entry;
}
