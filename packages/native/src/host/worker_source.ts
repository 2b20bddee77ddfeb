/** Runs of native functions as source text for worker threads, which have no modules. */
import { libcUrl } from "./foreign.ts";
import { openLibc } from "./libc.ts";
import { runsOn } from "./run.ts";

/** The source of a function `(memory) => (code, slot, key) => run`. `checked` says whether the code checks addresses. */
export function workerSource(checked: boolean): string {
  // esbuild wraps functions in `__name` to keep their names.
  return `((memory) => {
  const __name = (f) => f;
  return (${runsOn})((${openLibc})(${JSON.stringify(libcUrl)}), memory, ${checked});
})`;
}
