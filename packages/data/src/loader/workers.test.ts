/** Workers of loaders, by real processes of the runtime that runs the tests: a test runner has loaders of its own. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { ListDataset } from "../datasets/list_dataset.ts";
import { DataLoader } from "./data_loader.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-workers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const root = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const address = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href);
const [library, tensors] = [address("packages/data/src/mod.ts"), address("packages/tensor/src/mod.ts")];
/** Node 20 cannot read TypeScript by itself. */
const runtime: readonly string[] = "deno" in process.versions
  ? ["run", "--quiet", "-A", "--no-check", "--no-lock", "--config", join(root, "deno.json")]
  : "bun" in process.versions
  ? []
  : ["--import", "tsx"];

// What workers make their data sets from.
writeFileSync(
  join(folder, "sets.mts"),
  `
import { Compose, DrawnDigits, GaussianNoise, getWorkerInfo, RandomCrop, ToTensor } from ${library};
import { rand, tensor } from ${tensors};
const transform = new Compose([new ToTensor(), new RandomCrop(28, { padding: 2 }), new GaussianNoise()]);
export const digits = new DrawnDigits({ size: 50, transform });
export const seeded = async ({ seed, size }) => new DrawnDigits({ size, seed, transform });
export default {
  length: 23,
  async get(index, generator) {
    // Later samples are ready sooner.
    await new Promise((resolve) => setTimeout(resolve, 23 - index));
    return { noise: rand([2], { generator }), index, word: "w" + index, big: BigInt(index), flag: index % 2 === 0 };
  },
};
export const faulty = { length: 20, get: (i) => { if (i === 13) throw new Error("bad luck"); return i; } };
export const faultyBatches = { ...faulty, getBatch: (all) => tensor(all.map((i) => faulty.get(i))) };
export const stuck = { length: 20, get: (i) => { while (i > 3); return i; } };
export const lost = { length: 20, get: (i) => i < 4 ? i : new Promise(() => {}) };
export const counted = (counter) => ({ length: 40, get: (i) => { Atomics.add(counter, 0, 1); return i; } });
export const broken = () => { throw new Error("no disk"); };
export const word = "hello";
const share = () => getWorkerInfo() ?? { id: 0, numWorkers: 1, seed: 0 };
// Worker k has k, k + n, k + 2n, …
export const stream = { *[Symbol.iterator]() { const { id, numWorkers } = share(); for (let i = id; i < 20; i += numWorkers) yield { i, x: tensor([i, i / 2]) }; } };
export const slowStream = { async *[Symbol.asyncIterator]() {
  for (const sample of stream) { await new Promise((resolve) => setTimeout(resolve, 30 * (2 - share().id))); yield sample; }
} };
export function* lines(name) { for (let i = 0; i < 4; i++) yield name + share().id + "/" + share().numWorkers + ":" + i; }
export const uneven = { *[Symbol.iterator]() { for (let i = 0; i < [1, 5, 3][share().id]; i++) yield share().id * 10 + i; } };
export const seeds = { *[Symbol.iterator]() { yield { seed: String(share().seed), id: share().id }; } };
export const madeIn = () => [share().id, share().numWorkers];
export const list = [5, 6, 7];
export const faultyStream = { *[Symbol.iterator]() { yield 1; yield 2; yield 3; throw new Error("torn tape"); } };
export const closing = (counter) => ({ *[Symbol.iterator]() { try { for (let i = 0;; i++) yield i; } finally { Atomics.add(counter, 0, 1); } } });
export const ends = { *[Symbol.iterator]() { yield 1; while (true); } };
export const dies = { length: 20, get: (i) => { if (i === 5) setTimeout(() => { throw new Error("later"); }); return new Promise(() => {}); } };
`,
);

const beginning = `
import { DataLoader } from ${library};
import { Generator } from ${tensors};
import * as sets from "./sets.mts";
const module = new URL("./sets.mts", import.meta.url);
const flat = (batch) => JSON.stringify(batch, function (key, json) { const v = this[key]; return typeof v === "bigint" ? String(v) : v?.toTypedArray ? [v.dtype, v.shape, Array.from(v.toTypedArray(), String)] : json; });
async function read(loader, epochs = 1) {
  const batches = [];
  for (let e = 0; e < epochs; e++) for await (const batch of loader) batches.push(flat(batch));
  return batches;
}
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
async function fails(run) {
  try { await run(); } catch (error) { return error.message; }
  return "nothing was wrong";
}
`;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

let scripts = 0;

/** Runs a program to its end; one that hangs is killed, which its signal shows. */
function run(script: string): Promise<Ended> {
  const path = join(folder, `script${scripts++}.mts`);
  writeFileSync(path, beginning + script);
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...runtime, path], {
    cwd: root,
    env: { ...inherited, HEDDLE_DEBUG: "", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killer = setTimeout(() => child.kill("SIGKILL"), 300_000);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => stdout += text);
  child.stderr.on("data", (text) => stderr += text);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(killer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

const clean = (stdout: string): Ended => ({ code: 0, signal: null, stdout, stderr: "" });

describe("workers", () => {
  test("give the batches that there are without them, in their order, in every epoch", async () => {
    const ended = await run(`
      for (const [name, options] of [["digits", { batchSize: 8, shuffle: true }], ["default", { batchSize: 5 }]]) {
        const make = (workers) => new DataLoader(sets[name], { ...options, generator: new Generator(7), ...(workers && { workers }) });
        const alone = await read(make(), 2);
        console.log(name, alone.length, new Set(alone).size);
        for (const [count, prefetch] of name === "digits" ? [[1, 1], [3, 2]] : [[2, 2]]) {
          console.log(same(await read(make({ module, export: name, count, prefetch }), 2), alone));
        }
      }
    `);
    expect(ended).toEqual(clean("digits 14 14\ntrue\ntrue\ndefault 10 10\ntrue\n"));
  });

  test("collate what the loader is told to, and make data sets of what they are given", async () => {
    const ended = await run(`
      const collate = (samples) => samples.map(({ word }) => word).join();
      const workers = { module };
      console.log(JSON.stringify((await read(new DataLoader(sets.default, { batchSize: 9, collate, workers }))).map((b) => JSON.parse(b))));
      const small = await sets.seeded({ seed: 3, size: 5 });
      const made = new DataLoader(small, { workers: { module: module.href, export: "seeded", argument: { seed: 3, size: 5 } } });
      console.log(same(await read(made), await read(new DataLoader(small))));
      made.close();
      console.log((await read(made)).length);
    `);
    const words = ["w0,w1,w2,w3,w4,w5,w6,w7,w8", "w9,w10,w11,w12,w13,w14,w15,w16,w17", "w18,w19,w20,w21,w22"];
    expect(ended).toEqual(clean(`${JSON.stringify(words)}\ntrue\n5\n`));
  });

  test("prepare as many batches ahead as they are told to", { tags: ["long"] }, async () => {
    const ended = await run(`
      const counter = new Int32Array(new SharedArrayBuffer(4));
      const workers = { module, export: "counted", argument: counter, prefetch: 3 };
      let first = true;
      for await (const batch of new DataLoader(sets.counted(counter), { batchSize: 2, workers })) {
        if (!first) continue;
        first = false;
        // The first batch and three more of two samples; a fifth is asked for only when the second is taken.
        while (Atomics.load(counter, 0) < 8) await new Promise((resolve) => setTimeout(resolve, 20));
        await new Promise((resolve) => setTimeout(resolve, 300));
        console.log(Atomics.load(counter, 0));
      }
      console.log(Atomics.load(counter, 0));
    `);
    expect(ended).toEqual(clean("8\n40\n"));
  });

  test("an epoch taken up in the middle goes on as it would have", { tags: ["long"] }, async () => {
    const ended = await run(`
      const make = (seed) => new DataLoader(sets.digits, {
        batchSize: 8, shuffle: true, generator: new Generator(seed), workers: { module, export: "digits", count: 2 },
      });
      const first = make(1);
      const [seen, states] = [[], []];
      for await (const batch of first) { seen.push(flat(batch)); states.push(JSON.stringify(first.stateDict())); }
      const second = make(2);
      second.loadStateDict(JSON.parse(states[2]));
      console.log(same(await read(second), seen.slice(3)));
      console.log(same(await read(second), await read(first)));
    `);
    expect(ended).toEqual(clean("true\ntrue\n"));
  });

  test("errors arrive with the number of the sample", async () => {
    const ended = await run(`
      for (const name of ["faulty", "faultyBatches"]) {
        const loader = new DataLoader(sets[name], { batchSize: 6, workers: { module, export: name, count: 2 } });
        const seen = [];
        console.log(await fails(async () => { for await (const batch of loader) seen.push(batch.toArray().length); }), seen.join());
      }
    `);
    const message =
      "DataLoader: batch 2 (samples 12, 13, 14, 15, 16, … (6 in all)) could not be loaded: sample 13: bad luck 6,6\n";
    expect(ended).toEqual(clean(message + message));
  });

  test("a data set that cannot be made is an error that says why", { tags: ["long"] }, async () => {
    const ended = await run(`
      const attempt = (workers, data = sets.faulty) => fails(() => read(new DataLoader(data, { workers })));
      console.log(await attempt({ module, export: "broken" }));
      console.log(await attempt({ module, export: "missing" }));
      console.log(await attempt({ module, export: "word" }));
      console.log(await attempt({ module: new URL("./nowhere.mts", module) }));
      console.log(await attempt({ module, export: "digits" }));
      console.log(await attempt({ module, export: "faulty", argument: () => {} }));
    `);
    expect({ ...ended, stdout: "" }).toEqual(clean(""));
    const lines = ended.stdout.trim().split("\n");
    expect(lines[0]).toMatch(/a worker could not make its data set from file:.*sets\.mts: no disk$/);
    expect(lines[1]).toMatch(/: there is no export "missing"$/);
    expect(lines[2]).toMatch(/: the export "word" is not a data set, nor a function that returns one$/);
    expect(ended.stdout).toMatch(/could not make its data set from file:.*nowhere\.mts: .*nowhere\.mts/);
    expect(ended.stdout).toMatch(/the data set of the workers has 50 samples, that of the loader has 20 samples/);
    expect(ended.stdout).not.toContain("nothing was wrong");
  });

  test("a loop that is left early leaves nothing behind, whatever the workers do", { tags: ["long"] }, async () => {
    for (const name of ["digits", "stuck", "lost"]) {
      const ended = await run(`
        const loader = new DataLoader(sets.${name}, { batchSize: 2, workers: { module, export: "${name}", count: 2 } });
        let seen = 0;
        for await (const batch of loader) if (++seen === 2) break;
        console.log("left");
      `);
      expect(ended).toEqual(clean("left\n"));
    }
  });

  test("closing ends what is waited for; a worker that dies does, too", async () => {
    const ended = await run(`
      const lost = new DataLoader(sets.lost, { batchSize: 8, workers: { module, export: "lost" } });
      setTimeout(() => lost.close(), 500);
      console.log(await fails(() => read(lost)));
      const dies = new DataLoader(sets.dies, { batchSize: 8, workers: { module, export: "dies" } });
      console.log((await fails(() => read(dies))).replace(/Uncaught |Error: /g, ""));
    `);
    expect(ended.stdout).toBe("DataLoader: the workers were closed.\nDataLoader: a worker failed: later\n");
    expect([ended.code, ended.signal]).toEqual([0, null]);
  });

  test("of an iterable data set each make batches of their own, which are taken in turn", async () => {
    const ended = await run(`
      const numbers = (batch) => Array.from(batch.i.toTypedArray()).join(" ");
      const order = async (name, count, options = {}) => {
        const batches = [];
        for await (const batch of new DataLoader(sets[name], { batchSize: 3, workers: { module, export: name, count }, ...options })) batches.push(numbers(batch));
        return batches.join(", ");
      };
      console.log(await order("stream", 2));
      console.log(await order("slowStream", 2));
      console.log(await order("stream", 1) === await order("stream", 1, { workers: undefined }));
      console.log(await order("stream", 2, { dropLast: true }));
      const uneven = new DataLoader(sets.uneven, { workers: { module, export: "uneven", count: 3, prefetch: 1 } });
      for (let epoch = 0; epoch < 2; epoch++) {
        const seen = [];
        for await (const batch of uneven) seen.push(batch.item());
        console.log(seen.join());
      }
      const collate = (samples) => samples.map(({ i }) => i).join("+");
      console.log((await read(new DataLoader(sets.stream, { batchSize: 4, collate, workers: { module, export: "stream", count: 3 } }))).join());
      for await (const { x } of new DataLoader(sets.stream, { batchSize: 10, workers: { module, export: "stream", count: 2 } })) {
        console.log(x.dtype, x.shape.join(), x.sum().item());
      }
    `);
    expect(ended).toEqual(clean([
      "0 2 4, 1 3 5, 6 8 10, 7 9 11, 12 14 16, 13 15 17, 18, 19",
      "0 2 4, 1 3 5, 6 8 10, 7 9 11, 12 14 16, 13 15 17, 18, 19",
      "true",
      "0 2 4, 1 3 5, 6 8 10, 7 9 11, 12 14 16, 13 15 17",
      "0,10,20,11,21,12,22,13,14",
      "0,10,20,11,21,12,22,13,14",
      '"0+3+6+9","1+4+7+10","2+5+8+11","12+15+18","13+16+19","14+17"',
      "float32 10,2 135",
      "float32 10,2 150",
      "",
    ].join("\n")));
  });

  test(
    "of an iterable data set know their number, have a seed, and may make it of a generator",
    { tags: ["long"] },
    async () => {
      const ended = await run(`
      const workers = (name, rest) => ({ workers: { module, export: name, count: 2, ...rest } });
      const loader = new DataLoader(sets.lines("a"), { batchSize: 2, ...workers("lines", { argument: "b" }) });
      console.log((await read(loader)).join());
      console.log((await read(loader)).length);
      const seeds = async () => {
        const loader = new DataLoader(sets.seeds, workers("seeds"));
        return (await read(loader, 2)).map((batch) => JSON.parse(batch).seed[0]);
      };
      const [a, b] = [await seeds(), await seeds()];
      console.log(same(a, b), new Set(a).size);
      console.log((await read(new DataLoader(sets.madeIn(), workers("madeIn")))).length);
      console.log((await read(new DataLoader(sets.list, { batchSize: 3, ...workers("list") }))).join());
    `);
      expect(ended).toEqual(clean([
        '["b0/2:0","b0/2:1"],["b1/2:0","b1/2:1"],["b0/2:2","b0/2:3"],["b1/2:2","b1/2:3"]',
        "4",
        "true 4",
        "2",
        '["int32",[3],["5","6","7"]]',
        "",
      ].join("\n")));
    },
  );

  test("of an iterable data set go on from a saved state, and end with the loop", { tags: ["long"] }, async () => {
    const ended = await run(`
      const make = () => new DataLoader(sets.stream, { batchSize: 3, workers: { module, export: "stream", count: 2 } });
      const first = make();
      const [seen, states] = [[], []];
      for await (const batch of first) { seen.push(flat(batch)); states.push(JSON.stringify(first.stateDict())); }
      const second = make();
      second.loadStateDict(JSON.parse(states[3]));
      console.log(same(await read(second), seen.slice(4)));
      console.log(same(await read(second), seen));
      // Two loops over one loader do not disturb each other.
      const [one, two] = [first[Symbol.asyncIterator](), first[Symbol.asyncIterator]()];
      const both = [[], []];
      for (let i = 0; i < seen.length; i++) {
        for (const [k, loop] of [one, two].entries()) both[k].push(flat((await loop.next()).value));
      }
      console.log(same(both[0], seen), same(both[1], seen));
      const counter = new Int32Array(new SharedArrayBuffer(4));
      const closing = new DataLoader(sets.closing(counter), { workers: { module, export: "closing", argument: counter, count: 2 } });
      for await (const batch of closing) if (batch.item() === 4) break;
      while (Atomics.load(counter, 0) < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      console.log("closed", Atomics.load(counter, 0));
    `);
    expect(ended).toEqual(clean("true\ntrue\ntrue true\nclosed 2\n"));
  });

  test("errors of an iterable data set name the worker and the sample", { tags: ["long"] }, async () => {
    const ended = await run(`
      const seen = [];
      const loader = new DataLoader(sets.faultyStream, { batchSize: 2, workers: { module, export: "faultyStream", count: 2 } });
      console.log(await fails(async () => { for await (const batch of loader) seen.push(batch.toArray().join("+")); }), seen.join());
      console.log(await fails(() => read(new DataLoader(sets.stream, { workers: { module, export: "digits" } }))));
      for await (const batch of new DataLoader(sets.ends, { workers: { module, export: "ends" } })) break;
      console.log("left");
    `);
    const lines = ended.stdout.trim().split("\n");
    expect(lines[0]).toBe("DataLoader: a batch of worker 0 could not be loaded: sample 3: torn tape 1+2,1+2");
    expect(lines[1]).toMatch(
      /data set of the workers has 50 samples, that of the loader is iterable; both must be the same/,
    );
    expect([lines[2], ended.code, ended.signal, ended.stderr]).toEqual(["left", 0, null, ""]);
  });

  test("bad options are refused before anything starts", () => {
    const data = new ListDataset([1, 2, 3]);
    const make = (workers: object): () => unknown => () => new DataLoader(data, { workers: workers as never });
    expect(make({ module: "./sets.ts" })).toThrow(
      /workers\.module must be a URL such as new URL.*got "\.\/sets\.ts"/,
    );
    expect(make({ module: "file:///x.ts", count: 0 })).toThrow(/workers\.count must be a positive integer, got 0/);
    expect(make({ module: "file:///x.ts", prefetch: 1.5 })).toThrow(/workers\.prefetch must be a positive integer/);
    expect(make({ module: "file:///x.ts", threads: 2 })).toThrow(/unknown option "threads"/);
    expect(() => [...new DataLoader(data, { workers: { module: "file:///x.ts" } })]).toThrow(/for await/);
  });
});
