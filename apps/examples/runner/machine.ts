import { availableParallelism, cpus } from "node:os";
import process from "node:process";

/** The runtime and the processor, such as `Deno 2.9.6 on an Intel Xeon, 2 cores`. */
export function machineWords(): string {
  const { deno, bun, node } = process.versions as Record<string, string | undefined>;
  const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
  const cores = availableParallelism();
  // Some systems hide the processor's name.
  const model = cpus()[0]?.model.replace(/\((?:R|TM)\)|CPU|Processor/gi, "").replace(/\s+/g, " ").trim();
  return `${runtime}, ${model || process.arch}, ${cores} ${cores === 1 ? "core" : "cores"}`;
}
