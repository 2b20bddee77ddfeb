/** What large pictures cost, by processes of the runtime that runs the tests. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { constants, createDeflate } from "node:zlib";
import { zeros } from "@heddle/tensor";
import { afterAll, expect, test } from "vitest";
import { encodeImage } from "./image_file.ts";
import { joinPngChunks } from "./png_chunks.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-large-"));
afterAll(() => rmSync(folder, { recursive: true }));

const runtime: readonly string[] = "deno" in process.versions
  ? ["run", "--quiet", "-A", "--no-check", "--config", join(process.cwd(), "deno.json")]
  : "bun" in process.versions
  ? []
  : ["--import", "tsx"];

/** What a process prints that decodes a file: the shape, and the most memory it had in MiB. */
function decoding(path: string): Promise<{ shape: string; peak: number }> {
  const script = join(folder, "decode.mts");
  writeFileSync(
    script,
    `import process from "node:process";
import { readFileSync } from "node:fs";
import { decodeImage } from ${JSON.stringify(new URL("./image_file.ts", import.meta.url).href)};
decodeImage(Uint8Array.of(${encodeImage(zeros([2, 2])).join()})); // so that code and heap are there
const before = process.memoryUsage().rss;
const { shape } = decodeImage(readFileSync(${JSON.stringify(path)}));
const status = readFileSync("/proc/self/status", "utf8");
console.log(JSON.stringify({ shape: String(shape), peak: Number(/VmHWM:\\s*(\\d+)/.exec(status)[1]) / 1024 - before / 2 ** 20 }));
`,
  );
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...runtime, script], {
    cwd: process.cwd(),
    env: { ...inherited, NO_COLOR: "1" },
  });
  let output = "";
  child.stdout.on("data", (data) => output += data);
  child.stderr.on("data", (data) => output += data);
  return new Promise((resolve, reject) => {
    child.on("close", (code) => code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`${code}: ${output}`)));
  });
}

/** A PNG file of one colour, made without having its pixels. */
async function flat(width: number, height: number, colour: number, bytes: number): Promise<Uint8Array> {
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([16, colour], 8);
  const deflate = createDeflate({ level: constants.Z_BEST_COMPRESSION });
  const pieces: Uint8Array[] = [];
  deflate.on("data", (piece: Uint8Array) => pieces.push(piece));
  const row = new Uint8Array(1 + width * bytes).fill(0x12, 1);
  for (let y = 0; y < height; y++) {
    if (!deflate.write(row)) await new Promise((resolve) => deflate.once("drain", resolve));
  }
  deflate.end();
  await new Promise((resolve) => deflate.once("end", resolve));
  return joinPngChunks([
    { type: "IHDR", content: header },
    ...pieces.map((content) => ({ type: "IDAT", content })),
    { type: "IEND", content: new Uint8Array(0) },
  ]);
}

test.runIf(process.platform === "linux").each([
  ["8192×8192 of RGBA in 16 bits", 8192, 6, 8, 256],
  ["4096×4096 of RGB in 16 bits", 4096, 2, 6, 48],
])(
  "%s: at most three times what it decodes to, and what code takes",
  { tags: ["long"] },
  async (_, size, colour, bytes, decoded) => {
    const path = join(folder, `${size}.png`);
    writeFileSync(path, await flat(size, size, colour, bytes));
    const { shape, peak } = await decoding(path);
    expect(shape).toBe(`${bytes / 2},${size},${size}`);
    expect(peak).toBeLessThan(3 * decoded + 128);
  },
);
