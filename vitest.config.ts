import { availableParallelism, loadavg } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = fileURLToPath(new URL("./", import.meta.url));

// `threads` errs at exit under Deno, `forks` fails on Bun.
const pool = "deno" in process.versions ? "forks" : "threads";

// Vitest 5 wants Node 22; all that Node 20 lacks for it is this, which it calls when it reports failures.
if (!("groupBy" in Map)) {
  Object.defineProperty(Map, "groupBy", {
    value<K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> {
      const groups = new Map<K, T[]>();
      let index = 0;
      for (const item of items) {
        const key = keyOf(item, index++);
        groups.set(key, [...groups.get(key) ?? [], item]);
      }
      return groups;
    },
  });
}

// A guard against tests that hang. The slowest test takes seconds; a machine that is busy already gets more time.
const hangMs = 600_000 * Math.max(1, loadavg()[0]! / availableParallelism());

/** Files that take longest come first, so that no worker ends with one of them while the others have nothing to do. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /\/conformance\/|\/workers\.test|\/examples\/\w+\/main/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const config: ViteUserConfig = defineConfig({
  // Sources, never a `dist/` that happens to be there. `tsconfigPaths` would leave out the modules that tests write.
  resolve: {
    alias: [
      { find: /^@heddle\/([a-z]+)$/, replacement: `${root}packages/$1/src/mod.ts` },
      { find: /^@heddle\/tensor\/(engine|backend|code)$/, replacement: `${root}packages/tensor/src/$1_mod.ts` },
      { find: "@heddle/nn/functional", replacement: `${root}packages/nn/src/functional/mod.ts` },
      { find: /^@heddle\/(data|models|train)\/([a-z]+)$/, replacement: `${root}packages/$1/src/$2.ts` },
    ],
  },
  // Node 20 does not know `using`.
  oxc: { target: "es2022" },
  test: {
    pool,
    include: ["{packages,apps,bench,conformance,tools}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/runs/**"],
    // Files share what they import. Setting it up 270 times takes longer than many of the tests.
    isolate: false,
    setupFiles: [`${root}vitest.setup.ts`],
    // vitest would leave one core to itself.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    tags: [
      { name: "long", description: "Tests that take long; `test:all` and CI run them, `test` leaves them out." },
      {
        name: "once",
        description: "Tests that take long and do not depend on the runtime; CI runs them on Deno only.",
      },
    ],
    testTimeout: hangMs,
    hookTimeout: hangMs,
    teardownTimeout: hangMs,
  },
});

export default config;
