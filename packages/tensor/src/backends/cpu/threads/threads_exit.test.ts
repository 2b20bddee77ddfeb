/** Programs with threads end like programs without. These tests start real processes of the runtime that runs them. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "heddle-threads-"));
afterAll(() => rmSync(folder, { recursive: true }));

const deno = "deno" in process.versions;
const bun = "bun" in process.versions;
/** Node 20 cannot read TypeScript by itself. */
const runtime: readonly string[] = deno ? ["run", "--quiet", "-A", "--no-check"] : bun ? [] : ["--import", "tsx"];

const beginning = `
import process from "node:process";
import { Engine } from ${JSON.stringify(new URL("../engine.ts", import.meta.url).href)};
import { ModuleBuilder } from ${JSON.stringify(new URL("../../../code/module.ts", import.meta.url).href)};
import { get, i32, op, set, whileLoop } from ${JSON.stringify(new URL("../../../code/tree.ts", import.meta.url).href)};
// Counts down from the address of the parameters.
function make(threads = 3, host = { pow: Math.pow }) {
  const engine = new Engine(host, threads);
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  f.emit(whileLoop(get(f.params[0]), set(f.params[0], op("i32.sub", get(f.params[0]), i32(1)))));
  return { engine, entry: engine.compile("count", () => module) };
}
`;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly args?: readonly string[];
  readonly input?: string;
  readonly env?: Record<string, string>;
  /** Called when the program prints something. */
  readonly onOutput?: (kill: (signal: NodeJS.Signals) => void) => void;
}

let scripts = 0;

/** Runs a program to its end; one that hangs is killed, which its signal shows. */
function run(script: string, { args = runtime, input = "", env = {}, onOutput }: Options = {}): Promise<Ended> {
  const path = join(folder, `script${scripts++}.mts`);
  writeFileSync(path, beginning + script);
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...args, path], {
    cwd: process.cwd(),
    env: { ...inherited, HEDDLE_DEBUG: "", NO_COLOR: "1", ...env },
    stdio: "pipe",
  });
  const killer = setTimeout(() => child.kill("SIGKILL"), 300_000);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
    onOutput?.((signal) => child.kill(signal));
  });
  child.stderr.on("data", (text) => stderr += text);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(killer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

const clean = (stdout: string, code = 0): Ended => ({ code, signal: null, stdout, stderr: "" });

test("a program ends when it is done", async () => {
  const script = `
    const { engine, entry } = make();
    if (!engine.ready(20_000)) throw new Error("not ready");
    for (let i = 0; i < 1000; i++) engine.parallel(entry, 1000, 10, 1);
    console.log("done");`;
  expect(await run(script)).toEqual(clean("done\n"));
  // Still busy in the event loop for a while, then done.
  const later = script.replace('console.log("done")', 'setTimeout(() => console.log("later"), 200)');
  expect(await run(later)).toEqual(clean("later\n"));
});

test("a program may end while its threads are starting, or have been closed", async () => {
  const starting = `
    const { engine, entry } = make();
    engine.ready(0);
    engine.parallel(entry, 1000, 10, 1);
    console.log("done");`;
  for (let i = 0; i < 3; i++) expect(await run(starting)).toEqual(clean("done\n"));
  const closed = `
    for (let i = 0; i < 5; i++) {
      const { engine, entry } = make();
      engine.ready(i * 20);
      engine.parallel(entry, 1000, 10, 1);
      engine.close();
    }
    console.log("done");`;
  expect(await run(closed)).toEqual(clean("done\n"));
});

test("an exception ends a program with its message", async () => {
  const ended = await run(`
    const { engine, entry } = make();
    engine.ready(20_000);
    engine.parallel(entry, 1000, 10, 1);
    throw new Error("as it was meant");`);
  expect(ended).toMatchObject({ code: 1, signal: null, stdout: "" });
  expect(ended.stderr).toContain("as it was meant");
});

test("process.exit ends a program, at rest and from a timer", async () => {
  const script = `
    const { engine, entry } = make();
    engine.ready(20_000);
    engine.parallel(entry, 1000, 10, 1);
    console.log("bye");
    process.exit(7);`;
  expect(await run(script)).toEqual(clean("bye\n", 7));
  const timer = script.replace(
    "process.exit(7)",
    "process.on('exit', () => engine.parallel(entry, 1000, 10, 1)); setTimeout(() => process.exit(7), 100)",
  );
  expect(await run(timer)).toEqual(clean("bye\n", 7));
});

test("signals end a program in the middle of a job", async () => {
  const ended = await run(
    `
    const { engine, entry } = make();
    engine.ready(20_000);
    console.log("at work");
    for (;;) engine.parallel(entry, 100_000_000, 10, 1);`,
    { onOutput: (kill) => kill("SIGTERM") },
  );
  expect(ended.signal === "SIGTERM" || ended.code === 143).toBe(true);
  expect(ended.stderr).toBe("");
});

test("standard input is the program's", async () => {
  const ended = await run(
    `
    const { engine, entry } = make();
    engine.ready(20_000);
    let text = "";
    for await (const chunk of process.stdin) {
      text += chunk;
      engine.parallel(entry, 1000, 10, 1);
    }
    console.log(text.length);`,
    { input: "0123456789".repeat(10_000) },
  );
  expect(ended).toEqual(clean("100000\n"));
});

/** Loads the script again in a worker, which has none of the loaders of the main thread. */
const again = JSON.stringify(
  deno || bun
    ? `import(require("node:worker_threads").workerData)`
    : `import("tsx/esm/api").then(({ register }) => (register(), import(require("node:worker_threads").workerData)))`,
);

test("threads below a worker, which is then terminated at work", async () => {
  const ended = await run(`
    import { isMainThread, parentPort, Worker } from "node:worker_threads";
    if (isMainThread) {
      const worker = new Worker(${again}, { eval: true, workerData: import.meta.url });
      const said = await new Promise((resolve) => worker.on("message", resolve));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await worker.terminate();
      console.log(said);
    } else {
      const { engine, entry } = make();
      parentPort.postMessage(engine.ready(20_000));
      setTimeout(() => { for (;;) engine.parallel(entry, 1_000_000, 10, 1); }, 10);
    }`);
  expect(ended).toEqual(clean("true\n"));
});

test("HEDDLE_DEBUG says why there is one thread", async () => {
  const script = `
    const outside = 3;
    const { engine, entry } = make(3, { f: (x) => x * outside });
    engine.ready(20_000);
    for (let i = 0; i < 5; i++) engine.parallel(entry, 50_000_000, 2, 1);
    console.log("done");`;
  expect(await run(script)).toEqual(clean("done\n"));
  const loud = await run(script, { env: { HEDDLE_DEBUG: "1" } });
  expect(loud).toMatchObject({ code: 0, stdout: "done\n" });
  expect(loud.stderr).toMatch(/^heddle cpu: 1 threads, .* a host function uses more than its parameters[^\n]*\n$/);
  const bound = await run(script.replace("(x) => x * outside", "Math.sin.bind(null)"), { env: { HEDDLE_DEBUG: "1" } });
  expect(bound).toMatchObject({ code: 0, stdout: "done\n" });
  expect(bound.stderr).toMatch(/^heddle cpu: 1 threads, .* "f" has no source[^\n]*\n$/);
});

test.runIf(deno)("a program without permissions runs", async () => {
  const script = `
    const { engine, entry } = make();
    console.log(engine.ready(20_000));
    for (let i = 0; i < 5; i++) engine.parallel(entry, 100, 10, 1);`;
  expect(await run(script, { args: ["run", "--quiet", "--no-prompt", "--no-check"] })).toEqual(clean("true\n"));
});

test("no Worker, no shared memory, no waiting: one thread and no error", async () => {
  const script = `
    const { engine, entry } = make();
    engine.parallel(entry, 50_000_000, 10, 1);
    engine.parallel(entry, 1000, 10, 1);
    console.log(engine.threads, engine.ready(2000));`;
  const without = "process.getBuiltinModule = undefined; globalThis.Worker = undefined;";
  expect(await run(without + script)).toEqual(clean("3 false\n"));
  const refused = `
    globalThis.Worker = class { constructor() { throw new Error("refused"); } };
    process.getBuiltinModule = () => globalThis;`;
  expect(await run(refused + script)).toEqual(clean("3 false\n"));
  expect(await run("Atomics.wait = () => { throw new TypeError(); };" + script)).toEqual(clean("1 true\n"));
  expect(await run("globalThis.SharedArrayBuffer = undefined;" + script)).toEqual(clean("1 true\n"));
});

test("workers that die immediately: one thread and no error", async () => {
  const script = `
    const { engine, entry } = make(3, { f: Object.assign((x) => x, { toString: () => "((" }) });
    for (let i = 0; i < 3; i++) {
      engine.parallel(entry, 50_000_000, 10, 1);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    console.log(engine.ready(2000));`;
  // Deno prints exceptions in workers, even if they are caught.
  expect(await run(script)).toMatchObject({ code: 0, signal: null, stdout: "false\n" });
  const loud = await run(script, { env: { HEDDLE_DEBUG: "1" } });
  expect(loud).toMatchObject({ code: 0, signal: null, stdout: "false\n" });
  expect(loud.stderr).toContain("heddle cpu: 1 threads, as no more can be started: ");
});
