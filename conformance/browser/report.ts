/** The report that a page posts, and the code that computes that of a device. */
import type { Device } from "@heddle/tensor";
import { type Failure, operations, train, type Training, turn, type Values } from "./work.ts";

/** What was computed and where. */
export interface Report {
  readonly crossOriginIsolated: boolean;
  readonly cores: number;
  /** Threads of the CPU engine, the calling one included, and whether all were up before the training; null on other devices. */
  readonly threads: { readonly allowed: number; readonly sharedMemory: boolean; readonly up: boolean } | null;
  readonly operations: Record<string, Values | Failure>;
  readonly training: Training | Failure;
  readonly milliseconds: { readonly operations: number; readonly threads: number; readonly training: number };
}

/** A page posts one or the other. */
export type Posted<R = Report> = { readonly report: R } | Failure;

/** The internals of the CPU engine that this module inspects. */
interface CpuEngine {
  readonly threads: number;
  readonly features: { readonly sharedMemory: boolean };
  ready(timeoutMs?: number): boolean;
}

/** Starts the engine's workers and lets the event loop turn until they are up, since a browser starts none while this thread works. */
async function allUp(engine: CpuEngine, timeoutMs: number): Promise<boolean> {
  for (const until = performance.now() + timeoutMs; !engine.ready(0); await turn()) {
    if (performance.now() > until) return false;
  }
  return true;
}

/** Computes everything on a device. */
export async function report(device: Device): Promise<Report> {
  const begin = performance.now();
  const results = await operations(device);
  const middle = performance.now();
  const engine = device.name === "cpu" ? (device.backend as unknown as { engine: CpuEngine }).engine : null;
  const threads = engine &&
    { allowed: engine.threads, sharedMemory: engine.features.sharedMemory, up: await allUp(engine, 300_000) };
  const up = performance.now();
  const training = await train(device).catch((error: unknown) => ({ error: trace(error) }));
  return {
    crossOriginIsolated: (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true,
    cores: navigator.hardwareConcurrency,
    threads,
    operations: results,
    training,
    milliseconds: { operations: middle - begin, threads: up - middle, training: performance.now() - up },
  };
}

/** Sends the report, or the error, to the server of the page. */
export async function post<R>(make: () => Promise<R>): Promise<void> {
  let posted: Posted<R>;
  try {
    posted = { report: await make() };
  } catch (error) {
    posted = { error: trace(error) };
  }
  await fetch("/results", { method: "POST", body: JSON.stringify(posted) });
}

function trace(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
