/** OpenBLAS's core for PyTorch: on a processor newer than the library, its default can be several times slower than the best. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { duration } from "./report.ts";

/** A core that was tried. */
export interface TriedCore {
  /** The value of `OPENBLAS_CORETYPE`; null where it was not set. */
  readonly asked: string | null;
  /** The core that OpenBLAS used: another one if it does not know the one asked for. */
  readonly used: string;
  /** Milliseconds of a 1024³ product and eight of 512³, on one thread, the fastest of half a second each. */
  readonly time: number;
}

/** How PyTorch multiplies. */
export interface BlasChoice {
  /** The value of `OPENBLAS_CORETYPE`, or null to leave it alone. */
  readonly core: string | null;
  readonly tried: readonly TriedCore[];
  /** How many times the fastest core's time the default takes; 1 where there is nothing to choose. */
  readonly defaultRatio: number;
  /** Lines for the report. */
  readonly about: readonly string[];
}

/** Flags of the processor, as Linux names them, that each core's kernels need. Those that need the most come last. */
const CORES: Readonly<Record<string, readonly string[]>> = {
  Haswell: ["avx2", "fma"],
  Zen: ["avx2", "fma"],
  SkylakeX: ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"],
  Cooperlake: ["avx512f", "avx512vl", "avx512_bf16"],
  SapphireRapids: ["avx512f", "avx512vl", "avx512_bf16", "amx_bf16"],
};

/** The cores that a processor with these flags can run. */
export function plausibleCores(flags: ReadonlySet<string>): string[] {
  return Object.entries(CORES).filter(([, needed]) => needed.every((flag) => flags.has(flag))).map(([name]) => name);
}

/** This processor's flags; none where the system does not tell. */
export function processorFlags(): ReadonlySet<string> {
  try {
    return new Set(
      /^flags\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]
        ?.split(" "),
    );
  } catch {
    return new Set();
  }
}

interface Probe {
  readonly mkl: boolean;
  readonly core: string | null;
  readonly times: Readonly<Record<string, number>>;
}

/** Runs the probe in a process of its own; null if it fails, as on an illegal instruction. */
function probe(python: string, core: string | null): Probe | null {
  const { status, stdout } = spawnSync(
    python,
    [join(dirname(fileURLToPath(import.meta.url)), "peers/blas_probe.py")],
    {
      env: {
        ...process.env,
        OMP_NUM_THREADS: "1",
        OPENBLAS_NUM_THREADS: "1",
        ...core === null ? {} : { OPENBLAS_CORETYPE: core },
      },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  if (status !== 0) return null;
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as Probe;
  } catch {
    return null;
  }
}

/** Above this ratio the report warns of the default. */
const SLOW = 1.1;

/**
 * Finds the fastest of OpenBLAS's cores for PyTorch, by timing each in a process of its own.
 *
 * A core in the environment's `OPENBLAS_CORETYPE` is kept. The default is measured on this processor, so the choice holds for
 * this machine alone.
 *
 * @param python a program that has PyTorch
 * @param cores the cores to try besides the default
 */
export function chooseBlasCore(
  python: string,
  cores: readonly string[] = plausibleCores(processorFlags()),
): BlasChoice {
  const given = process.env["OPENBLAS_CORETYPE"];
  const fixed = (about: string): BlasChoice => ({
    core: null,
    tried: [],
    defaultRatio: 1,
    about: [about],
  });
  if (given) {
    return fixed(
      `PyTorch's BLAS core is the environment's, OPENBLAS_CORETYPE=${given}; no other was tried`,
    );
  }
  const first = probe(python, null);
  if (first === null) {
    return fixed(
      "PyTorch's BLAS core is the default: the probe of its speed failed",
    );
  }
  if (first.mkl) {
    return fixed(
      "PyTorch multiplies with MKL, which has no cores to choose from",
    );
  }
  if (first.core === null) {
    return fixed(
      "PyTorch does not multiply with OpenBLAS: there are no cores to choose from",
    );
  }
  const time = ({ times }: Probe): number => 8 * times["512"]! + times["1024"]!;
  const tried: TriedCore[] = [{
    asked: null,
    used: first.core,
    time: time(first),
  }];
  const notes: string[] = [];
  for (const core of cores) {
    if (same(core, first.core)) continue;
    const result = probe(python, core);
    if (result === null || result.core === null) {
      notes.push(`${core} does not run`);
    } else if (!same(result.core, core)) {
      notes.push(`${core} is not known to this OpenBLAS`);
    } else tried.push({ asked: core, used: result.core, time: time(result) });
  }
  const best = tried.reduce((a, b) => b.time < a.time ? b : a);
  const defaultRatio = tried[0]!.time / best.time;
  const list = tried.map(({ asked, used, time }) => `${asked ?? `the default, ${used},`} ${duration(time)}`);
  const about = [
    `PyTorch multiplies with OpenBLAS's core ${best.used}, ${
      best.asked === null
        ? "the default"
        : `by OPENBLAS_CORETYPE; the default takes ${defaultRatio.toFixed(2)} times as long`
    }: ${[...list, ...notes].join("; ")} (1024³ and eight times 512³, one thread)`,
  ];
  if (defaultRatio > SLOW) {
    about.push(
      `WARNING: OpenBLAS does not choose its fastest core here. PyTorch's products take ${
        defaultRatio.toFixed(1)
      } times as long unless OPENBLAS_CORETYPE=${best.used} is set`,
    );
  }
  return { core: best.asked, tried, defaultRatio, about };
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
