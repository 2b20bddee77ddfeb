/** Bundles pages as an application would: minified, as modules, for browsers that do not know `using`. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type OutputChunk, rolldown } from "rolldown";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");

/** A bundle: code by the name of its file, and what the code still imports from outside the bundle. */
export interface Bundle {
  readonly files: ReadonlyMap<string, string>;
  readonly outside: readonly string[];
}

/**
 * Bundles the modules beside this file that are named; `cpu_page` becomes `cpu_page.js`.
 *
 * @throws Error when something cannot be resolved or parsed
 */
export async function bundle(pages: readonly string[]): Promise<Bundle> {
  const build = await rolldown({
    input: Object.fromEntries(pages.map((page) => [page, join(here, `${page}.ts`)])),
    platform: "browser",
    // Its paths lead to the sources of all packages, not to a `dist/` that happens to be there.
    tsconfig: join(root, "tsconfig.json"),
    transform: { target: "es2022" },
    onLog(level, log) {
      if (level === "warn") throw new Error(`the bundler warns: ${log.message}`);
    },
  });
  try {
    const { output } = await build.generate({ format: "esm", minify: true, entryFileNames: "[name].js" });
    const chunks = output.filter((file): file is OutputChunk => file.type === "chunk");
    const files = new Map(chunks.map((chunk) => [chunk.fileName, chunk.code]));
    const outside = chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports])
      .filter((name) => !files.has(name));
    return { files, outside };
  } finally {
    await build.close();
  }
}
