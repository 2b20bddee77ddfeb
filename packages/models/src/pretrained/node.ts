/** Node's modules, loaded on first use and not by `import`, so that browsers can load the package. */

/** The modules by name. */
export interface NodeModules {
  readonly fs: typeof import("node:fs/promises");
  readonly path: typeof import("node:path");
}

type Process = { getBuiltinModule?: (name: string) => unknown };

/** Node's modules; null in browsers. */
export function nodeModules(): NodeModules | null {
  const load = (globalThis as { process?: Process }).process?.getBuiltinModule;
  if (load === undefined) return null;
  return { fs: load("node:fs/promises") as NodeModules["fs"], path: load("node:path") as NodeModules["path"] };
}
