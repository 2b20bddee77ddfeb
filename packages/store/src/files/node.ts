/**
 * Node's modules for files, loaded on first use and not by `import`, so that browsers can load the rest of the package (Node from 20.16
 * on, Deno and Bun have `process.getBuiltinModule`).
 */
import { builtinModule } from "@heddle/tensor/engine";

function builtin(name: string): unknown {
  const found = builtinModule(name);
  if (found !== undefined) return found;
  throw new Error(
    `store: "${name}" is not available here, which paths need; in a browser load(await fetch(url)) or a Blob, and write the bytes of ` +
      "encode(state); on Node use 20.16 or later",
  );
}

/** The modules by name. @throws Error if a module is not available, with the alternative */
export const node = {
  get crypto(): typeof import("node:crypto") {
    return builtin("node:crypto") as typeof import("node:crypto");
  },
  get fs(): typeof import("node:fs") {
    return builtin("node:fs") as typeof import("node:fs");
  },
  get path(): typeof import("node:path") {
    return builtin("node:path") as typeof import("node:path");
  },
  get process(): NodeJS.Process {
    return builtin("node:process") as NodeJS.Process;
  },
  get url(): typeof import("node:url") {
    return builtin("node:url") as typeof import("node:url");
  },
};
