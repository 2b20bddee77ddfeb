/** Node's modules, loaded on first use and not by `import`, so that browsers can load the package. */
import { builtinModule } from "@heddle/tensor/engine";

/** The modules by name. */
export interface NodeModules {
  readonly fs: typeof import("node:fs/promises");
  readonly path: typeof import("node:path");
}

/** Node's modules; null in browsers. */
export function nodeModules(): NodeModules | null {
  const fs = builtinModule<NodeModules["fs"]>("node:fs/promises");
  const path = builtinModule<NodeModules["path"]>("node:path");
  return fs === undefined || path === undefined ? null : { fs, path };
}
