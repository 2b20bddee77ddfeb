/** Native code in whole processes, with their workers and permissions. These tests start the runtime that runs them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { foreign } from "./foreign.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-native-"));
afterAll(() => rmSync(folder, { recursive: true }));

const deno = "deno" in process.versions;
const bun = "bun" in process.versions;
const available = foreign();
/** The configuration maps the packages' names for the program, which lies elsewhere. */
const denoRun = [
  "run",
  "--quiet",
  "--no-check",
  `--config=${fileURLToPath(new URL("../../deno.json", import.meta.url))}`,
];
/** Node 20 cannot read TypeScript by itself. */
const runtime: readonly string[] = deno ? [...denoRun, "-A"] : bun ? [] : ["--import", "tsx"];
const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

const program = `
import { findHost } from ${url("./host.ts")};
import { runsOn } from ${url("./run.ts")};
import { workerSource } from ${url("./worker_source.ts")};
const host = findHost();
if (typeof host === "string") console.log(host);
else {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65535, shared: true });
  const words = new Int32Array(memory.buffer);
  // Copies "begin" to the word behind the parameters, and counts in the next.
  const code = host.foreign.map(Uint8Array.of(0x8b, 0x47, 0x04, 0x89, 0x47, 0x20, 0xff, 0x47, 0x24, 0xc3));
  runsOn(host.foreign, memory, false)(code, 64, "test")(1, 2, 3, 4);
  const body = \`
    const run = \${workerSource(false)}(memory)(\${code}n, 128, "test");
    run(5, 6, 7, 8);
    run(9, 10, 11, 12);
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);\`;
  let worker;
  if ("bun" in process.versions) {
    const source = "onmessage = ({ data: memory }) => {" + body + "}";
    worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    worker.postMessage(memory);
    while (Atomics.load(words, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  } else {
    const { Worker } = await import("node:worker_threads");
    worker = new Worker("const memory = require('node:worker_threads').workerData;" + body, {
      eval: true, workerData: memory, execArgv: [],
    });
    while (Atomics.load(words, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await worker.terminate();
  console.log(host.target, [...words.subarray(16, 26)].join(), [...words.subarray(32, 42)].join());
}
`;

const path = join(folder, "program.mts");
writeFileSync(path, program);

interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

function run(args: readonly string[] = runtime, env: Record<string, string> = {}): Ended {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, path], {
    encoding: "utf8",
    env: { ...inherited, HEDDLE_DEBUG: "", HEDDLE_NATIVE: "", NO_COLOR: "1", ...env },
    timeout: 300_000,
  });
  return { status, output: stdout, errors: stderr };
}

const ran = (target: string): Ended => ({
  status: 0,
  output: `${target} 1,2,3,4,0,0,0,0,2,1 9,10,11,12,0,0,0,0,10,2\n`,
  errors: "",
});
const refused = (reason: string): Ended => ({ status: 0, output: `${reason}\n`, errors: "" });

test("a process and its workers call machine code, or say nothing about why they do not", () => {
  if (typeof available === "string") return expect(run()).toEqual(refused(available));
  expect(run(runtime, { HEDDLE_NATIVE: "avx2" })).toEqual(ran("avx2"));
  expect(run().output).toMatch(/^avx(2|512) 1,2,3,4,0,0,0,0,2,1 9,10,11,12,0,0,0,0,10,2\n$/);
});

test("HEDDLE_NATIVE turns native code off, and refuses other values", () => {
  expect(run(runtime, { HEDDLE_NATIVE: "0" })).toEqual(refused("HEDDLE_NATIVE=0"));
  const failed = run(runtime, { HEDDLE_NATIVE: "sse" });
  expect(failed.status).not.toBe(0);
  expect(failed.errors).toContain("RangeError: HEDDLE_NATIVE=sse: expected 0, avx2, avx512 or amx");
});

const withDeno = test.skipIf(!deno || typeof available === "string");

withDeno("Deno needs the permission for libc's file and no other", () => {
  // Without any permission among the arguments, Deno gives its child processes all.
  const denoArgs = [...denoRun, "--no-prompt", "--allow-env"];
  expect(run(denoArgs)).toEqual(refused("no permission to call libc; run Deno with --allow-ffi=PATH-of-libc.so.6"));
  const files = ["/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib64/libc.so.6", "/usr/lib/libc.so.6"];
  const narrow = files.map((file) => run([...denoArgs, `--allow-ffi=${file}`]));
  expect(narrow.some(({ output, errors }) => /^avx(2|512) .*,2,1 .*,10,2\n$/.test(output) && errors === "")).toBe(true);
});
