import process from "node:process";
import { defineConfig, type ViteUserConfig } from "vitest/config";

// `threads` errs at exit under Deno, `forks` fails on Bun.
const pool = "deno" in process.versions ? "forks" : "threads";

const config: ViteUserConfig = defineConfig({
  resolve: { tsconfigPaths: true },
  // Node 20 does not know `using`.
  oxc: { target: "es2022" },
  test: {
    pool,
    include: ["{packages,apps,conformance,tools}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/runs/**"],
    testTimeout: 60_000,
  },
});

export default config;
