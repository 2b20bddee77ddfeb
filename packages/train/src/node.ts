/**
 * Node's modules for files and signals, loaded on first use and not by `import`, so that browsers can load the package (Node from 20.16 on,
 * Deno and Bun have `process.getBuiltinModule`).
 */
import { builtinModule } from "@heddle/tensor/engine";

function builtin(name: string): unknown {
  const found = builtinModule(name);
  if (found !== undefined) return found;
  throw new Error(
    `train: "${name}" is not available here, which folders, logs and checkpoints need; in a browser leave them out, and keep the bytes ` +
      "of encode(model.stateDict()) of @heddle/store; on Node use 20.16 or later",
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
  get os(): typeof import("node:os") {
    return builtin("node:os") as typeof import("node:os");
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
  get workers(): typeof import("node:worker_threads") {
    return builtin("node:worker_threads") as typeof import("node:worker_threads");
  },
};

/** The process if there is one; browsers have none. */
export function currentProcess(): NodeJS.Process | null {
  return builtinModule<NodeJS.Process>("node:process") ?? null;
}
