// Checks and measures the GPU at hand, as docs/gpu_check.md describes.
import { gpuReport, tune, webgpu } from "@heddle/gpu";
import { type Device, getDevice, manualSeed, setDefaultDevice } from "@heddle/tensor";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import type { Check, Part, Results } from "./gpu_check/check.ts";
import { correctness } from "./gpu_check/correctness.ts";
import { attention, conv, matmul, memory, overheads } from "./gpu_check/speed.ts";
import { training } from "./gpu_check/training.ts";

const HELP =
  `Checks and measures Heddle on the GPU at hand, and writes one JSON file. About three minutes on a GPU; needs Deno.

  task gpu-check [options]

  --out FILE    the results, rewritten after each of them (default gpu_check.json)
  --only LIST   some of correctness, overheads, matmul, conv, memory, attention, training
  --budget S    seconds after which no part starts (default 180)
  --small       sizes for a software adapter, to try the program
`;

const PARTS: { readonly [name: string]: Part } = {
  correctness,
  overheads,
  matmul,
  conv,
  memory,
  attention,
  training,
};
/** What tuning may change, measured a second time with it. */
const TUNED = ["matmul", "conv", "training"];

/** Members of an object of WebGPU, whose getters are inherited. */
function members(of: object): Results {
  const found: Results = {};
  for (const key in of) found[key] = (of as Results)[key];
  return found;
}

interface Adapter {
  readonly info: object;
  readonly limits: object;
  readonly features: ReadonlySet<string>;
}

/** The adapter that `webgpu` opens, for its limits and features. */
async function adapter(): Promise<Results> {
  const { gpu } = navigator as unknown as { gpu: { requestAdapter(options: object): Promise<Adapter | null> } };
  const found = (await gpu.requestAdapter({ powerPreference: "high-performance" }))!;
  return { ...members(found.info), limits: members(found.limits), features: [...found.features] };
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      out: { type: "string", default: "gpu_check.json" },
      only: { type: "string", default: Object.keys(PARTS).join() },
      budget: { type: "string", default: "180" },
      small: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) return console.log(HELP);
  const only = options.only.split(",");
  const unknown = only.find((name) => !(name in PARTS));
  if (unknown !== undefined) throw new Error(`--only: there is no part "${unknown}"; parts: ${Object.keys(PARTS)}`);
  if (!("deno" in process.versions)) {
    throw new Error("the check needs Deno, which alone reads from a GPU synchronously");
  }
  const begin = performance.now();
  const seconds = (): number => Math.round((performance.now() - begin) / 1000);
  const left = (): number => 1000 * Number(options.budget) - (performance.now() - begin);

  const errors: string[] = [];
  const results: Results = {
    runtime: `deno ${process.versions.deno}`,
    platform: `${process.platform} ${process.arch}`,
  };
  const write = (): void => {
    Object.assign(results, { errors, seconds: seconds() });
    writeFileSync(options.out, `${JSON.stringify(results, null, 1)}\n`);
  };
  const run = async (name: string, part: Part, device: Device): Promise<void> => {
    if (left() < 5000) return void errors.push(`${name}: left out, no time`);
    console.error(`${seconds()} s  ${name}`);
    // Each result is written at once: a driver that resets may end the process.
    const found = new Proxy<Results>({}, {
      set(target, key, value) {
        target[key as string] = value;
        write();
        return true;
      },
    });
    results[name] = found;
    const check: Check = { device, small: options.small, left };
    await part(check, found).catch((error) => errors.push(`${name}: ${error}`));
    write();
  };

  // Tuning starts without the choices that earlier programs made.
  const cache = mkdtempSync(join(tmpdir(), "heddle-check-"));
  process.env.XDG_CACHE_HOME = cache;
  try {
    setDefaultDevice(getDevice("cpu"));
    manualSeed(0);
    const device = await webgpu({ powerPreference: "high-performance" });
    Object.assign(results, { small: options.small, adapter: { name: gpuReport(device).adapter, ...await adapter() } });
    for (const name of only) await run(name, PARTS[name]!, device);
    const tuned = await webgpu({ name: "tuned", powerPreference: "high-performance" });
    for (const name of only.filter((each) => TUNED.includes(each))) {
      const part = PARTS[name]!;
      await run(`${name}, choices`, async (check, found) => {
        const { clock, works } = await tune(check.device, () => part({ ...check, once: true }, {}));
        Object.assign(found, { clock, works });
      }, tuned);
      await run(`${name}, tuned`, part, tuned);
    }
    results.report = { fixed: gpuReport(device), tuned: gpuReport(tuned) };
    write();
    console.log(JSON.stringify(results, null, 1));
    console.error(`${seconds()} s  written to ${options.out}`);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
// Deno keeps a process alive whose GPU it has opened.
process.exit();
