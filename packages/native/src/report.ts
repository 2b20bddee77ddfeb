/** What native code has done. */
import type { Target } from "./host/cpu.ts";
import type { Runtime } from "./host/libc.ts";

/** A generated kernel. */
export interface KernelReport {
  /** Says what it does. */
  readonly key: string;
  /** Whether it runs natively, or stays WebAssembly. */
  readonly state: "native" | "wasm";
  /** Why it stays WebAssembly. */
  readonly reason?: string;
  /** Bytes of machine code. */
  readonly bytes: number;
  /** Time that its compilation took, in milliseconds. */
  readonly compileMs: number;
  /** How often the calling thread ran it natively. */
  readonly runs: number;
}

/** What {@link nativeReport} returns. Printed as text, it is a table. */
export interface NativeReport {
  /** The instruction set that is in use; null if everything runs as WebAssembly. */
  readonly target: Target | null;
  /** Why there is no native code. */
  readonly reason?: string;
  /** Whether products multiply tiles with AMX. They may if `setMatmulPrecision("medium")` is set. */
  readonly amx: boolean;
  /** Why they do not. */
  readonly amxReason?: string;
  /** How calls leave JavaScript. */
  readonly runtime: Runtime | null;
  /** Whether every address is checked (`HEDDLE_NATIVE_CHECKED=1`). */
  readonly checked: boolean;
  /** Every kernel that native code was asked for, in that order. */
  readonly kernels: readonly KernelReport[];
  /** Time that compilations took together, in milliseconds. */
  readonly compileMs: number;
  /** Bytes of machine code. It stays until the process ends. */
  readonly codeBytes: number;
  /** The report as a table. */
  toString(): string;
}

/** A kernel's record, which counts its runs. */
export interface KernelRecord extends KernelReport {
  runs: number;
  bytes: number;
  compileMs: number;
}

type Use = { target: Target; runtime: Runtime; checked: boolean } | { reason: string };

let current: Use = { reason: "@heddle/native has not started" };
let amxReason: string | null = 'no product has asked for it; see setMatmulPrecision("medium")';
const records: KernelRecord[] = [];

/** Sets what is in use. Called once, by the package's start. */
export function reportUse(use: Use): void {
  current = use;
}

/** Sets why AMX is not used, or that it is. */
export function reportAmx(reason: string | null): void {
  amxReason = reason;
}

/** Adds a kernel. The caller counts its runs in the record. */
export function reportKernel(kernel: Omit<KernelReport, "runs">): KernelRecord {
  const record = { ...kernel, runs: 0 };
  records.push(record);
  return record;
}

/**
 * Reports what native code has done so far: the instruction set or the reason why there is none, and each kernel that was compiled.
 *
 * @example
 * ```ts
 * import { nativeReport } from "@heddle/native";
 * const report = nativeReport();
 * console.log(report.target ?? report.reason);
 * console.log(String(report));
 * ```
 */
export function nativeReport(): NativeReport {
  const kernels = records.map((record) => ({ ...record }));
  const report = {
    target: "target" in current ? current.target : null,
    ...("reason" in current ? { reason: current.reason } : {}),
    ...("reason" in current
      ? { amx: false, amxReason: current.reason }
      : amxReason === null
      ? { amx: true }
      : { amx: false, amxReason }),
    runtime: "target" in current ? current.runtime : null,
    checked: "target" in current && current.checked,
    kernels,
    compileMs: kernels.reduce((sum, { compileMs }) => sum + compileMs, 0),
    codeBytes: kernels.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  return withText(report);
}

// The text is no enumerable property, so that reports compare and serialise as data.
function withText(report: Omit<NativeReport, "toString">): NativeReport {
  return Object.defineProperty(report as NativeReport, "toString", { value: () => showReport(report) });
}

/** A report as text: a line for the whole, and one for each kernel, by runs. */
export function showReport(report: Omit<NativeReport, "toString">): string {
  const { target, reason, amx, runtime, checked, kernels, compileMs, codeBytes } = report;
  if (target === null) return `heddle native: off: ${reason}`;
  const native = kernels.filter(({ state }) => state === "native").length;
  const head =
    `heddle native: ${target}${amx ? " with AMX" : ""} through ${runtime}, ${
      checked ? "addresses checked, " : ""
    }${native} of ${kernels.length} kernels, ` +
    `${codeBytes} bytes, compiled in ${compileMs.toFixed(1)} ms`;
  const rows = [...kernels].sort((a, b) => b.runs - a.runs).map((kernel) => `  ${showKernel(kernel)}`);
  return [head, ...rows].join("\n");
}

/** A kernel as a line. */
export function showKernel({ key, state, reason, bytes, compileMs, runs }: KernelReport): string {
  if (state === "wasm") return `${key} stays WebAssembly: ${reason ?? "no reason given"}`;
  return `${key} ${bytes} bytes in ${compileMs.toFixed(2)} ms, ${runs} runs`;
}
