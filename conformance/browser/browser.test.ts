import { getDevice } from "@heddle/tensor";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipping } from "../expected.ts";
import { expectTrained, wrong } from "./agreement.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { findChromium, openChromium, SOFTWARE_WEBGPU } from "./chromium.ts";
import { type FileReport, NETWORK, workOnFiles } from "./file_work.ts";
import type { Posted, Report } from "./report.ts";
import { servedFiles } from "./served_files.ts";
import { type PageServer, type Place, servePages } from "./server.ts";
import { type Failure, operations, train, type Training, type Values } from "./work.ts";

/** Guards against a page that hangs; on an idle machine one takes 1 to 5 s. Shorter than vitest's own limit, to say what the browser said. */
const HANG_MS = 400_000;

const STEPS = 20;

// The browser does not depend on the runtime that opens it, so one runtime is enough.
const opens = "deno" in process.versions;
const chromium = opens ? findChromium() : null;
if (!opens) console.warn("the tests in a browser are skipped: Deno opens it");
else if (chromium === null) {
  skipping("the tests in a browser", "no Chromium or Chrome on the PATH (Debian: apt-get install -y chromium)");
}

let bundled: Bundle;
let server: PageServer | undefined;
let served: Map<string, Uint8Array<ArrayBuffer>>;
const fileNames = (): string[] => [...served.keys()].filter((name) => name !== NETWORK);
/** This process's results. */
let expected: { operations: Record<string, Values | Failure>; training: Training };

beforeAll(async () => {
  bundled = await bundle(["cpu_page", "worker_page", "gpu_page", "minimal_page", "file_page"]);
  served = await servedFiles();
  const names = JSON.stringify(fileNames());
  server = await servePages(new Map<string, string | Uint8Array>([...bundled.files, ...served, ["names.json", names]]));
  const here = getDevice("cpu");
  expected = { operations: await operations(here), training: await train(here, STEPS) };
});
afterAll(() => server?.close());

/** Opens a page and waits for its report. */
async function visit<R = Report>(page: string, place: Place, flags: readonly string[] = []): Promise<R> {
  const posted = server!.posted();
  const browser = openChromium(chromium!, server!.url(page, place), flags);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Failure>((resolve) => {
    timer = setTimeout(() => resolve({ error: `${page} posted nothing within ${HANG_MS / 1000} s` }), HANG_MS);
  });
  try {
    const ended = browser.ended.then((error): Posted<unknown> => ({ error }));
    const result = await Promise.race([posted, ended, late]);
    if ("error" in result) throw new Error(`${result.error}\n${browser.output()}`);
    return result.report as R;
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

test("the bundle imports nothing from outside", () => {
  expect(bundled.outside).toEqual([]);
  for (const [name, code] of bundled.files) expect(code, name).not.toMatch(/\b(from|import)\s*["']node:/);
});

test("the work can be compared", () => {
  const results = Object.entries(expected.operations);
  expect(results.length).toBeGreaterThan(10);
  for (const [name, result] of results) {
    if ("error" in result) throw new Error(`${name}: ${result.error}`);
    expect(new Set(result.values).size, name).toBeGreaterThan(2);
  }
});

describe.skipIf(chromium === null)("cpu in Chromium", { tags: ["long"] }, () => {
  test("the main thread of an isolated page", async () => {
    const report = await visit("cpu_page", { served: "isolated", worker: false });
    expect(report.crossOriginIsolated).toBe(true);
    // A browser's main thread must not block.
    expect(report.threads).toMatchObject({ allowed: 1, sharedMemory: true });
    expect(wrong(report.operations, expected.operations, 1e-5)).toEqual([]);
    expectTrained(report.training, expected.training, 1e-5);
  });

  test("the main thread of a page that is not isolated", async () => {
    const report = await visit("cpu_page", { served: "plain", worker: false });
    expect(report.crossOriginIsolated).toBe(false);
    expect(report.threads).toMatchObject({ allowed: 1, sharedMemory: false });
    expect(wrong(report.operations, expected.operations, 1e-5)).toEqual([]);
    expectTrained(report.training, expected.training, 1e-5);
  });

  test("a worker of an isolated page, with threads", async () => {
    const report = await visit("cpu_page", { served: "isolated", worker: true });
    expect(report.crossOriginIsolated).toBe(true);
    expect(report.threads).toEqual({ allowed: report.cores, sharedMemory: true, up: true });
    expect(wrong(report.operations, expected.operations, 1e-5)).toEqual([]);
    expectTrained(report.training, expected.training, 1e-5);
  });

  test("a worker under a content security policy, with threads but without kernels that are loops in JavaScript", async () => {
    const report = await visit("cpu_page", { served: "strict", worker: true });
    expect(report.threads).toEqual({ allowed: report.cores, sharedMemory: true, up: true });
    const refused = wrong(report.operations, expected.operations, 1e-5);
    expect(refused.map((line) => line.slice(0, line.indexOf(":")))).toEqual([
      "integers",
      "positions of the largest",
      "float16 in plain loops",
    ]);
    for (const line of refused) expect(line).toContain("'unsafe-eval'");
    expectTrained(report.training, expected.training, 1e-5);
  });
});

describe("files", () => {
  let here: FileReport;
  beforeAll(async () => {
    here = await workOnFiles(fileNames(), (name) => Promise.resolve(new Response(served.get(name)!)));
  });

  test("the work can be compared", () => {
    for (const [name, result] of Object.entries({ ...here.contents, ...here.encoded })) {
      expect(result, name).not.toMatch(/^error/);
      expect(result.length, name).toBeGreaterThan(20);
    }
    // Whatever a file is read from, its content is the same.
    const contents = Object.entries(here.contents), kinds = new Set(contents.map(([name]) => name.split(" in ")[0]!));
    for (const kind of kinds) {
      const same = contents.filter(([name]) => name.startsWith(`${kind} in `)).map(([, content]) => content);
      expect([same.length, new Set(same).size], kind).toEqual([4, 1]);
    }
    expect(here.losses.at(-1)).toBeLessThan(here.losses[0]!);
  });

  const places: readonly Place[] = [{ served: "plain", worker: false }, { served: "strict", worker: true }];
  test.skipIf(chromium === null).for(places)(
    "are read and encoded in Chromium: %o",
    { tags: ["long"] },
    async (place) => {
      const { losses, ...read } = await visit<FileReport>("file_page", place);
      expect(read).toEqual({ contents: here.contents, encoded: here.encoded });
      expect(losses.length).toBe(here.losses.length);
      losses.forEach((loss, i) => expect(loss).toBeCloseTo(here.losses[i]!, 5));
    },
  );
});

describe.skipIf(chromium === null)("gpu in Chromium", { tags: ["long"] }, () => {
  const places: readonly [name: string, page: string, worker: boolean][] = [
    ["in the main thread", "gpu_page", false],
    ["in a worker", "gpu_page", true],
    ["within the limits that every adapter has", "minimal_page", false],
  ];
  test.each(places)("%s", async (_, page, worker) => {
    const report = await visit(page, { served: "plain", worker }, SOFTWARE_WEBGPU);
    expect(wrong(report.operations, expected.operations, 1e-4)).toEqual([]);
    expectTrained(report.training, expected.training, 1e-3);
  });
});
