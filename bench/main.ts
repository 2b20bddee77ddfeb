// Measures Heddle and other libraries, as README.md describes.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, release, tmpdir, totalmem } from "node:os";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type Case, type Device, DEVICES } from "./case.ts";
import { heddle, ownRuntime, type Peer, PEERS, peers, root, type Runtime, RUNTIMES, TARGETS } from "./contenders.ts";
import { type Command, ContenderProcess } from "./contender_process.ts";
import { writeDigits } from "./digit_batches.ts";
import { families } from "./families/mod.ts";
import { type Effort, measure, measureFresh, type Row } from "./measure.ts";
import type { Answer } from "./serve.ts";
import { gpuSummary, rowLines, summary } from "./report.ts";
import { soak, type Soaked, soakLines } from "./soak.ts";

const HELP = `Times Heddle and its peers on the same work.

  task bench [filter…] [options]

A filter is a family or a part of a case's name; without one everything runs except "memory", which takes minutes.

  --peers LIST    some of torch, jax-js, tfjs, onnxruntime, onnxruntime-web, or all, or none; all but torch are installed in bench/ on demand
                  (default: torch, and the others once they are installed)
  --device NAME   cpu, or gpu: Heddle and jax-js on WebGPU (default cpu)
  --on LIST       runtimes for Heddle: deno, bun, node (default: the one that runs this)
  --targets LIST  what Heddle's CPU kernels are compiled for, some of native, avx512, avx2 and wasm; native takes the best
                  of the machine, or WebAssembly (default native)
  --rounds N      turns of every contender (default 9)
  --seconds S     of each contender in each turn (default 0.3)
  --quick         3 turns of 0.05 s, to check that everything works
  --data DIR      folder with MNIST's four files (default data/mnist; random numbers if it does not exist)
  --steps N       steps of the memory family (default 10000 on the CPU, 2000 on the GPU)
  --out FILE      the report (default runs/bench/<time>.json)
  --list          prints the cases and ends
`;

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "string" },
    device: { type: "string", default: "cpu" },
    on: { type: "string" },
    targets: { type: "string", default: "native" },
    rounds: { type: "string", default: "9" },
    seconds: { type: "string", default: "0.3" },
    quick: { type: "boolean", default: false },
    data: {
      type: "string",
      default: join(
        process.env["HEDDLE_TEST_DATA"] || join(root, "data"),
        "mnist",
      ),
    },
    steps: { type: "string" },
    out: { type: "string" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

function chosen<T extends string>(
  option: string,
  text: string,
  known: readonly T[],
): T[] {
  if (text === "all") return [...known];
  if (text === "none") return [];
  return text.split(",").map((name) => {
    if (!known.includes(name as T)) {
      throw new RangeError(
        `--${option} ${name}: expected one of ${known.join(", ")}`,
      );
    }
    return name as T;
  });
}

function machine(): { cpu: string; cores: number; memoryGiB: number; system: string } {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? "unknown",
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
  };
}

function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      cwd: root,
      encoding: "utf8",
    }).trim();
  } catch {
    return "unknown";
  }
}

/** The contenders that start, with their descriptions; the others are added to `leftOut`. */
async function start(
  commands: readonly Command[],
  leftOut: string[],
): Promise<Map<ContenderProcess, Answer>> {
  const started = new Map<ContenderProcess, Answer>();
  for (const command of commands) {
    const contender = new ContenderProcess(command);
    const { about, adapter, error } = await contender.ask({ do: "hello" });
    if (about !== undefined) {
      started.set(contender, {
        about,
        ...adapter === undefined ? {} : { adapter },
      });
    } else {
      leftOut.push(`${command.name}: ${error!.split("\n")[0]}`);
      contender.close();
    }
  }
  return started;
}

/** Memory hardly depends on threads, so one PyTorch process is enough. */
function soaking(contenders: readonly ContenderProcess[]): Command[] {
  return contenders.map(({ command }) => command).filter(({ team, threads }) =>
    team.startsWith("heddle") || team === "torch" && threads === 1
  );
}

async function main(): Promise<number> {
  const device: Device = options.device as Device;
  if (!DEVICES.includes(device)) {
    throw new RangeError(
      `--device ${device}: expected ${DEVICES.join(" or ")}`,
    );
  }
  const wanted = (of: Case): boolean => {
    if (of.device !== undefined && of.device !== device) return false;
    if (filters.length === 0) return of.family !== "memory";
    return filters.some((filter) => of.family === filter || of.family !== "memory" && of.name.includes(filter));
  };
  const cases = families.flatMap((family) => family.cases).filter(wanted);
  if (options.list) {
    for (const of of cases) console.log(`${of.family.padEnd(12)} ${of.name}`);
    return 0;
  }
  if (cases.length === 0) {
    console.error(
      `bench: nothing is called ${filters.join(" or ")}; families are ${families.map((f) => f.name).join(", ")}`,
    );
    return 2;
  }
  const counting = device === "cpu" ? 0 : options.quick ? 0.1 : 4;
  const effort: Effort = options.quick ? { rounds: 3, seconds: 0.05, warmUp: 0.05, counting } : {
    rounds: Number(options.rounds),
    seconds: Number(options.seconds),
    warmUp: 0.5,
    counting,
  };

  const runtimes: Runtime[] = options.on === undefined ? [ownRuntime()] : chosen("on", options.on, RUNTIMES);
  const asked: Peer[] | null = options.peers === undefined ? null : chosen("peers", options.peers, PEERS);
  const targets = chosen("targets", options.targets, Object.keys(TARGETS));
  const { commands: peerCommands, leftOut, blas } = peers(asked, device);
  const commands = [
    ...runtimes.flatMap((runtime) => targets.flatMap((target) => heddle(runtime, runtimes.length > 1, device, target))),
    ...peerCommands,
  ];
  const scratch = mkdtempSync(join(tmpdir(), "heddle-bench-"));
  const digitsFile = join(scratch, "digits");
  const digits = writeDigits(digitsFile, options.data);
  const begun = new Date();
  const started = await start(commands, leftOut);
  const contenders = [...started.keys()];
  const about = Object.fromEntries(
    [...started].map(([{ command: { name, threads } }, { about, adapter }]) => [
      name,
      adapter !== undefined ? about! : `${about}, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    ]),
  );
  const adapters = [
    ...new Set([...started.values()].flatMap(({ adapter }) => adapter ?? [])),
  ];
  if (adapters.length > 1) {
    throw new Error(
      `the contenders chose different GPUs: ${adapters.join("; ")}`,
    );
  }
  const head = {
    date: begun.toISOString(),
    commit: commit(),
    machine: { ...machine(), ...blas ? { blas } : {} },
    device,
    ...adapters.length > 0 ? { adapter: adapters[0] } : {},
    contenders: about,
    leftOut,
    digits,
    effort,
  };
  console.log(
    `${head.machine.cpu}, ${head.machine.cores} cores, ${head.machine.system}; Heddle at ${head.commit}; ${digits}`,
  );
  for (const [name, text] of Object.entries(about)) {
    console.log(`  ${name.padEnd(12)} ${text}`);
  }
  for (const line of leftOut) console.log(`  left out: ${line}`);
  for (const line of blas?.about ?? []) console.log(`  ${line}`);

  const rows: Row[] = [];
  const soaked: Soaked[] = [];
  try {
    for (const each of cases) {
      const work: Case = each.sizes.model === undefined
        ? each
        : { ...each, sizes: { ...each.sizes, digits: digitsFile } };
      console.log(`\n${work.name}`);
      if (work.family === "memory") {
        for (const command of soaking(contenders)) {
          const outcome = await soak(
            work,
            command,
            Number(options.steps ?? work.sizes.soak),
          );
          soaked.push(outcome);
          for (const line of soakLines(outcome)) console.log(line);
        }
        continue;
      }
      const own = contenders.map(({ command }) => command).filter(({ team }) => team.startsWith("heddle"));
      const row = work.fresh
        ? await measureFresh(work, own, effort.rounds)
        : await measure(work, contenders, effort, scratch);
      rows.push(row);
      for (const line of rowLines(row, device)) console.log(line);
    }
  } finally {
    for (const contender of contenders) contender.close();
    rmSync(scratch, { recursive: true, force: true });
  }

  const file = resolve(
    options.out ??
      join(
        root,
        "runs/bench",
        `${begun.toISOString().replaceAll(":", "-").slice(0, 19)}.json`,
      ),
  );
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify({ ...head, rows, memory: soaked }, null, 2)}\n`,
  );
  if (rows.length > 1) {
    console.log(
      `\n${(device === "gpu" ? gpuSummary(rows) : summary(rows)).join("\n")}`,
    );
  }
  console.log(
    `\n* the best of whom it is divided by, 1.00 by definition. The report: ${relative(process.cwd(), file)}`,
  );
  // Different outputs are a bug, and their times would be meaningless.
  return rows.some((row) => row.outcomes.some((outcome) => (outcome.difference ?? 0) > row.case.tolerance)) ? 1 : 0;
}

if (options.help) console.log(HELP);
else {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(
      `bench: ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exitCode = 2;
  }
}
