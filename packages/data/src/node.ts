/**
 * Node's modules for files, hashes and threads, loaded on first use and not by `import`, so that browsers can load the
 * rest of the package (Node from 20.16 on, Deno and Bun have `process.getBuiltinModule`).
 */
import { builtinModule } from "@heddle/tensor/engine";

/** The modules by name. */
export interface NodeModules {
  readonly crypto: typeof import("node:crypto");
  readonly fs: typeof import("node:fs/promises");
  readonly os: typeof import("node:os");
  readonly path: typeof import("node:path");
  readonly process: NodeJS.Process;
  readonly workers: typeof import("node:worker_threads");
  readonly zlib: typeof import("node:zlib");
}

function builtin(name: string): unknown {
  const found = builtinModule(name);
  if (found !== undefined) return found;
  throw new Error(
    `data: "${name}" is not available here, which files, downloads and workers need; in a browser fetch() the bytes, parse them with ` +
      "parseIdx or decodeImage, and build a TensorDataset or LabelledImages; on Node use 20.16 or later",
  );
}

/** @throws Error if a module is not available, with the alternative */
export const node: NodeModules = {
  get crypto(): NodeModules["crypto"] {
    return builtin("node:crypto") as NodeModules["crypto"];
  },
  get fs(): NodeModules["fs"] {
    return builtin("node:fs/promises") as NodeModules["fs"];
  },
  get os(): NodeModules["os"] {
    return builtin("node:os") as NodeModules["os"];
  },
  get path(): NodeModules["path"] {
    return builtin("node:path") as NodeModules["path"];
  },
  get process(): NodeModules["process"] {
    return builtin("node:process") as NodeModules["process"];
  },
  get workers(): NodeModules["workers"] {
    return builtin("node:worker_threads") as NodeModules["workers"];
  },
  get zlib(): NodeModules["zlib"] {
    return builtin("node:zlib") as NodeModules["zlib"];
  },
};
