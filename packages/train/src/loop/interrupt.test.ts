import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Interrupt } from "./interrupt.ts";

test("without a signal nothing is requested, and nothing stays behind", async () => {
  const before = process.listenerCount("SIGINT");
  {
    using interrupt = new Interrupt();
    expect(process.listenerCount("SIGINT")).toBe(before + 1);
    expect(await interrupt.requested()).toBe(false);
  }
  expect(process.listenerCount("SIGINT")).toBe(before);
});

const runtime: readonly string[] = "deno" in process.versions
  ? ["run", "--quiet", "-A", "--no-check", "--config", join(process.cwd(), "deno.json")]
  : "bun" in process.versions
  ? []
  : ["--import", "tsx"];

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-interrupt-")));
afterEach(() => rmSync(folder, { recursive: true }));

/** A program that trains for a long time, and prints every step, the ending, and the sum of its weights after 40 steps. */
const PROGRAM = `
const address = (path) => new URL(path, ${JSON.stringify(pathToFileURL(join(process.cwd(), "packages/")).href)}).href;
const { fit } = await import(address("train/src/mod.ts"));
const { functional: F, Linear } = await import(address("nn/src/mod.ts"));
const { SGD } = await import(address("optim/src/mod.ts"));
const { keep, manualSeed, randn } = await import(address("tensor/src/mod.ts"));
const [folder, steps, wait] = process.argv.slice(2);
manualSeed(1);
const batches = Array.from({ length: 10 }, () => [keep(randn([4, 3])), keep(randn([4, 1]))]);
const model = new Linear(3, 1), optimizer = new SGD(model.parameters(), { lr: 0.01 });
const slow = async ({ step }) => {
  console.log("step", step);
  if (wait === "hang" && step === 5) for (;;) await new Promise((resolve) => setTimeout(resolve, 1000));
  await new Promise((resolve) => setTimeout(resolve, Number(wait) || 0));
};
const history = await fit(model, batches, {
  loss: F.mseLoss, optimizer, epochs: Number(steps) / 10, checkpoint: { folder, everySteps: 3 }, callbacks: [{ onStep: slow }],
});
console.log("end", history.ending, history.rows.length, model.weight.toArray().join(), optimizer.paramGroups[0].lr);
`;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** Runs the program; `onStep` is called for each step that it prints. */
function run(args: string[], onStep: (step: number, child: ChildProcess) => void = () => {}): Promise<Ended> {
  const script = join(folder, "train.mts");
  writeFileSync(script, PROGRAM);
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...runtime, script, join(folder, "run"), ...args], {
    cwd: process.cwd(),
    env: { ...inherited, NO_COLOR: "1" },
  });
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
    for (const [, step] of String(data).matchAll(/step (\d+)\n/g)) onStep(Number(step), child);
  });
  child.stderr.on("data", (data) => output += data);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, output }));
  });
}
/** On Deno `child.kill` sends only the first signal, and then the exit code is lost. */
const send = (child: ChildProcess, signal: NodeJS.Signals): true => process.kill(child.pid!, signal);
const lastLine = (output: string): string => output.trim().split("\n").at(-1)!;

// Windows has no signals to send.
const posix = test.skipIf(process.platform === "win32");

posix(
  "SIGINT and SIGTERM write a checkpoint and end with what was done; after kill -9 too it goes on to the same bits",
  async () => {
    const whole = await run(["40"]);
    expect([whole.code, lastLine(whole.output)]).toEqual([0, expect.stringMatching(/^end finished 4 /)]);
    rmSync(join(folder, "run"), { recursive: true });
    for (const [signal, code, at] of [["SIGINT", 130, 5], ["SIGTERM", 143, 14], ["SIGKILL", null, 26]] as const) {
      let sent = false;
      const ended = await run(["40", "20"], (step, child) => {
        if (step < at || sent) return;
        sent = true;
        send(child, signal);
      });
      expect([ended.code, ended.output]).toEqual([code, expect.stringContaining(`step ${at}\n`)]);
      if (code !== null) expect(lastLine(ended.output)).toMatch(/^end interrupted \d /);
      expect(readdirSync(join(folder, "run")).filter((name) => name.endsWith(".safetensors"))).not.toEqual([]);
    }
    const resumed = await run(["40"]);
    expect(resumed.output).not.toContain("step 20\n");
    expect([resumed.code, lastLine(resumed.output)]).toEqual([0, lastLine(whole.output)]);
  },
);

posix("a second signal ends the process at once, where the training does not come to an end", async () => {
  let sent = false;
  const ended = await run(["40", "hang"], (step, child) => {
    if (step !== 5 || sent) return;
    sent = true;
    send(child, "SIGINT");
    setTimeout(() => send(child, "SIGINT"), 500);
  });
  expect(ended.code).toBe(130);
  expect(ended.output).not.toContain("end ");
  expect(existsSync(join(folder, "run", ".lock"))).toBe(true);
  // Its lock is taken over.
  expect((await run(["10"])).output).toContain("end finished");
});
