/** Which contenders are available, and why others are left out. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type BlasChoice, chooseBlasCore } from "./blas_core.ts";
import type { Device } from "./case.ts";
import type { Command } from "./contender_process.ts";

/** This folder, and the repository's. */
export const benchFolder: string = dirname(fileURLToPath(import.meta.url));
export const root: string = dirname(benchFolder);

/** Where Heddle can run. */
export const RUNTIMES = ["deno", "bun", "node"] as const;
export type Runtime = typeof RUNTIMES[number];

/** The libraries that Heddle is compared with. */
export const PEERS = ["torch", "jax-js", "tfjs", "onnxruntime", "onnxruntime-web"] as const;
export type Peer = typeof PEERS[number];

/** The contenders that start, and a line for each that does not. */
export interface Field {
  readonly commands: Command[];
  readonly leftOut: string[];
  /** How PyTorch multiplies, if it is measured. */
  readonly blas?: BlasChoice;
}

/** The runtime that runs this. */
export function ownRuntime(): Runtime {
  return "deno" in process.versions ? "deno" : "bun" in process.versions ? "bun" : "node";
}

/** How a runtime starts a script. */
function launch(
  runtime: Runtime,
  script: string,
  ...words: string[]
): Pick<Command, "command" | "args"> {
  const own = runtime === ownRuntime();
  if (runtime === "deno") {
    // The root's workspace, which Deno would not find because of this folder's package.json.
    const run = [
      "run",
      "-A",
      "--config",
      join(root, "deno.json"),
      script,
      ...words,
    ];
    return own ? { command: process.execPath, args: run } : { command: "npx", args: ["-y", "deno@2.9.6", ...run] };
  }
  if (runtime === "bun") {
    return {
      command: own ? process.execPath : join(root, "node_modules/.bin/bun"),
      args: [script, ...words],
    };
  }
  return {
    command: own ? process.execPath : "node",
    args: ["--import", "tsx", script, ...words],
  };
}

/** The number of threads to measure besides one: `HEDDLE_THREADS`, or all cores. */
export function allThreads(): number {
  return Number(process.env.HEDDLE_THREADS) || availableParallelism();
}

/** The numbers of threads to measure a library with, of which the best counts: one, half and all, since two threads can share a core. */
export function threadCounts(): number[] {
  const all = allThreads();
  return [...new Set([1, Math.ceil(all / 2), all])];
}

/** What Heddle's CPU kernels can be compiled for, by name: environment variables of its process. `native` is the best there is. */
export const TARGETS: Readonly<
  Record<string, Readonly<Record<string, string>>>
> = {
  native: {},
  avx512: { HEDDLE_NATIVE: "avx512" },
  avx2: { HEDDLE_NATIVE: "avx2" },
  wasm: { HEDDLE_NATIVE: "0" },
};

/** Heddle in a runtime with a target, on one thread and on all; or on the GPU. */
export function heddle(
  runtime: Runtime,
  several: boolean,
  device: Device = "cpu",
  target: string = "native",
): Command[] {
  const team = [
    "heddle",
    ...several ? [runtime] : [],
    ...target === "native" ? [] : [target],
  ].join("-");
  if (device === "gpu") {
    const start = launch(runtime, join(benchFolder, "heddle.ts"), "gpu");
    return [{
      name: `${team}-gpu`,
      team,
      threads: 1,
      ...start,
      env: { HEDDLE_THREADS: "1" },
      cwd: root,
    }];
  }
  return threadCounts().map((threads) => ({
    name: `${team}-${threads}`,
    team,
    threads,
    ...launch(runtime, join(benchFolder, "heddle.ts")),
    env: { ...TARGETS[target]!, HEDDLE_THREADS: String(threads) },
    cwd: root,
  }));
}

function pythonWithTorch(): string | undefined {
  return [process.env.PYTHON ?? "python3", "/usr/bin/python3"].find((python) =>
    spawnSync(python, ["-c", "import torch, numpy"], { stdio: "ignore" })
      .status === 0
  );
}

/** Installs this folder's packages, once. Returns why that failed, or null. */
function install(): string | null {
  if (existsSync(join(benchFolder, "node_modules", ".package-lock.json"))) {
    return null;
  }
  console.error("Setting up: npm ci in bench/");
  const ci = [
    "ci",
    "--no-fund",
    "--no-audit",
    "--ignore-scripts",
    "--loglevel=error",
  ];
  const options = {
    cwd: benchFolder,
    stdio: ["ignore", 2, 2] as ("ignore" | number)[],
    shell: process.platform === "win32",
  };
  let result = spawnSync("npm", ci, options);
  if (result.error && ownRuntime() === "deno") {
    const args = [
      "run",
      "-A",
      "--no-config",
      "--node-modules-dir=none",
      "npm:npm@11.19.1",
      ...ci,
    ];
    result = spawnSync(process.execPath, args, options);
  }
  if (result.error) return result.error.message;
  return result.status === 0 ? null : `npm ci ended with ${result.status ?? result.signal}`;
}

/**
 * The requested peers that are available; by default PyTorch, and the others if they are installed.
 *
 * @param asked the peers, or null for that default
 */
export function peers(asked: readonly Peer[] | null, device: Device): Field {
  const field: Field = { commands: [], leftOut: [] };
  let blas: BlasChoice | undefined;
  const python = device === "cpu" ? pythonWithTorch() : undefined;
  if (device === "gpu") field.leftOut.push("PyTorch: it has no WebGPU");
  else if (asked === null || asked.includes("torch")) {
    if (python === undefined) {
      field.leftOut.push(
        "PyTorch: no python3 with torch and numpy was found (PYTHON names one)",
      );
    } else {
      console.error("Timing the cores of PyTorch's BLAS");
      blas = chooseBlasCore(python);
      for (const threads of threadCounts()) {
        field.commands.push({
          name: `torch-${threads}`,
          team: "torch",
          threads,
          command: python,
          args: [join(benchFolder, "peers/pytorch.py"), String(threads)],
          env: {
            OMP_NUM_THREADS: String(threads),
            OPENBLAS_NUM_THREADS: String(threads),
            PYTHONDONTWRITEBYTECODE: "1",
            ...blas.core === null ? {} : { OPENBLAS_CORETYPE: blas.core },
          },
          cwd: root,
        });
      }
    }
  } else field.leftOut.push("PyTorch: not asked for");
  const scripts = {
    "jax-js": "jax_js.ts",
    tfjs: "tfjs.ts",
    onnxruntime: "onnxruntime.ts",
    "onnxruntime-web": "onnxruntime.ts",
  } as const;
  for (const name of ["jax-js", "tfjs", "onnxruntime", "onnxruntime-web"] as const) {
    const isOnnx = name.startsWith("onnxruntime");
    const installed = existsSync(
      join(benchFolder, "node_modules", ".package-lock.json"),
    );
    if (device === "gpu" && name === "tfjs") {
      field.leftOut.push("tfjs: its WebGPU is for browsers");
      continue;
    }
    if (asked === null ? !installed : !asked.includes(name)) {
      field.leftOut.push(`${name}: not asked for (--peers all)`);
      continue;
    }
    if (isOnnx && device === "gpu") {
      field.leftOut.push(`${name}: it is measured on the CPU`);
      continue;
    }
    if (isOnnx && python === undefined) {
      field.leftOut.push(`${name}, on the family inference: PyTorch, which exports its networks, was not found`);
    }
    const failed = install();
    if (failed !== null) {
      field.leftOut.push(
        `${name}: its packages could not be installed, ${failed}`,
      );
      continue;
    }
    const script = join(benchFolder, "peers", scripts[name]);
    if (isOnnx) {
      const installedName = name === "onnxruntime" ? "onnxruntime-node" : name;
      for (const threads of threadCounts()) {
        field.commands.push({
          name: `${name}-${threads}`,
          team: name,
          threads,
          ...launch("node", script, installedName, String(threads), ...python === undefined ? [] : [python]),
          cwd: root,
        });
      }
      continue;
    }
    // TensorFlow.js can locate its WebAssembly files only on Node.
    const runtime = name === "tfjs" ? "node" : ownRuntime();
    field.commands.push(
      device === "gpu"
        ? {
          name: `${name}-gpu`,
          team: name,
          threads: 1,
          ...launch(runtime, script, "webgpu"),
          cwd: root,
        }
        : {
          name,
          team: name,
          threads: allThreads(),
          ...launch(runtime, script),
          cwd: root,
        },
    );
  }
  return blas ? { ...field, blas } : field;
}
