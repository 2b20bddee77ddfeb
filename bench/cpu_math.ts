/**
 * Nanoseconds an element of the CPU backend's vector functions on one thread: over 4 M float32 in memory and over 4,096 in the
 * first-level cache, beside a loop over Math.* and, where a python3 has torch, PyTorch. Results are compared first; runs are
 * interleaved, figures are the best of several.
 *
 *     npx -y deno@2.9.6 run -A bench/cpu_math.ts [exp tanh …]
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { ArrayFunction } from "../packages/tensor/src/backends/cpu/testing/array_function.ts";
import { binaryMath, unaryMath } from "../packages/tensor/src/backends/cpu/math/mod.ts";
import { errorInUlp, ulpBound } from "../packages/tensor/src/backends/cpu/testing/math_bounds.ts";
import { functions } from "../packages/tensor/src/backends/reference/functions.ts";

const count = 4_000_000;
const small = 4096;
const rounds = 12;

/** A PyTorch process that times one function at a time on one thread, over the same numbers. */
class Torch {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly answers: AsyncIterator<string>;

  constructor(python: string) {
    const program = `
import sys, time, torch
torch.set_num_threads(1)
i = torch.arange(${count}, dtype=torch.float64)
wide = (torch.sin(i * 1.7) * 5).float()
positive = wide.abs() + 1e-3
inside = wide / 5.1
out = torch.empty_like(wide)
print(torch.__version__, flush=True)
for line in sys.stdin:
    name, kind = line.split()
    f = getattr(torch, name)
    x = {"wide": wide, "positive": positive, "above": positive + 1, "inside": inside}[kind]
    args = (x, wide) if name in ("pow", "atan2", "logaddexp") else (x,)
    start = time.perf_counter()
    f(*args, out=out)
    print(time.perf_counter() - start, flush=True)
`;
    this.child = spawn(python, ["-c", program]);
    const lines: Interface = createInterface({ input: this.child.stdout });
    this.answers = lines[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    return (await this.answers.next()).value as string;
  }

  async milliseconds(name: string, kind: string): Promise<number> {
    this.child.stdin.write(`${name} ${kind}\n`);
    return Number(await this.line()) * 1e3;
  }

  end(): void {
    this.child.stdin.end();
  }
}

const python = ["python3", "/usr/bin/python3"].find((path) => spawnSync(path, ["-c", "import torch"]).status === 0);
const torch = python === undefined ? null : new Torch(python);
console.log(
  torch ? `PyTorch ${await torch.line()}, one thread` : "no python3 with torch was found",
);
console.log("function    ms/4M  ns/elem  ns in L1  Math ms  torch ms  ratio");

const kindOf = (name: string): "wide" | "positive" | "above" | "inside" =>
  /^(log\d*|log1p|pow)$/.test(name)
    ? "positive"
    : name === "acosh"
    ? "above"
    : /^(asin|acos|atanh)$/.test(name)
    ? "inside"
    : "wide";

const chosen = process.argv.slice(2);
for (const [name, expand] of Object.entries({ ...unaryMath, ...binaryMath })) {
  if (expand === null || (chosen.length > 0 && !chosen.includes(name))) continue;
  const arity = name in binaryMath ? 2 : 1;
  const f = new ArrayFunction(arity, expand, count);
  const [x, y, out] = [f.operand(0), f.operand(arity - 1), f.operand(-1)];
  const kind = kindOf(name);
  for (let i = 0; i < f.length; i++) {
    const wide = Math.fround(Math.sin(i * 1.7) * 5);
    y[i] = wide;
    x[i] = kind === "wide" ? wide : kind === "inside" ? wide / 5.1 : Math.abs(wide) + (kind === "above" ? 1.001 : 1e-3);
  }
  const reference = functions[name as "pow"];
  f.run();
  for (let i = 0; i < count; i += 101) {
    const error = errorInUlp(out[i]!, reference(x[i]!, y[i]!));
    if (error > ulpBound(name as "exp")) {
      throw new Error(`${name}(${x[i]}) is off by ${error} ulp`);
    }
  }
  const plain = new Float32Array(count);
  let [large, cached, host, peer] = [Infinity, Infinity, Infinity, Infinity];
  const timed = (work: () => void): number => {
    const start = performance.now();
    work();
    return performance.now() - start;
  };
  for (let round = 0; round < rounds; round++) {
    large = Math.min(large, timed(() => f.run()));
    cached = Math.min(
      cached,
      timed(() => {
        for (let i = 0; i < 100; i++) f.run(small);
      }),
    );
    if (round < 3) {
      host = Math.min(
        host,
        timed(() => {
          for (let i = 0; i < count; i++) plain[i] = reference(x[i]!, y[i]!);
        }),
      );
    }
    if (torch) peer = Math.min(peer, await torch.milliseconds(name, kind));
  }
  const column = (value: number, width: number, digits: number): string =>
    (Number.isFinite(value) ? value.toFixed(digits) : "–").padStart(width);
  console.log(
    name.padEnd(8) + column(large, 9, 2) + column(large / count * 1e6, 9, 2) +
      column(cached * 1e4 / small, 10, 2) +
      column(host, 9, 1) + column(peer, 10, 2) + column(large / peer, 7, 2),
  );
}
torch?.end();
