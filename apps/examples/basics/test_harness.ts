/** Runs an example in a test. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runExample } from "../runner/example.ts";
import type { Basic } from "./basic.ts";

/** The result of a run. */
export interface Outcome {
  /** The figures, read from the line that `--json` prints. */
  // deno-lint-ignore no-explicit-any -- every example has its own figures, which its test knows
  figures: any;
  /** What it printed for people. */
  said: string;
  /** Its pictures by name: the texts of the SVG files. */
  pictures: Record<string, string>;
  /** Its page, or null if it wrote none. */
  page: string | null;
}

/**
 * Runs an example with options in a temporary folder.
 *
 * @throws Error if its exit code is not 0.
 */
export async function testBasic(example: Basic, ...args: string[]): Promise<Outcome> {
  const out = mkdtempSync(join(tmpdir(), `heddle-${example.name}-`));
  let stdout = "", said = "";
  try {
    const code = await runExample(example, [...args, "--json", "--out", out], {
      stdout: { write: (text) => stdout += text },
      stderr: { write: (text) => said += text },
    });
    if (code !== 0) throw new Error(`${example.name} ended with ${code}: ${said}`);
    const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".svg"));
    const read = (file: string): string => readFileSync(join(out, file), "utf8");
    return {
      figures: JSON.parse(stdout),
      said,
      pictures: Object.fromEntries(files.map((file) => [file.replace(/\.svg$/, ""), read(file)])),
      page: existsSync(join(out, "index.html")) ? read("index.html") : null,
    };
  } finally {
    rmSync(out, { recursive: true });
  }
}
