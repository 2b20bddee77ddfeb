/** The decision for native code: on which runtime, for which instruction set, or why not. */
import { nativeSetting } from "../env.ts";
import { type CpuFeatures, cpuFeatures, supports, type Target } from "./cpu.ts";
import { type Foreign, foreign } from "./foreign.ts";

/** Native code is possible. */
export interface Host {
  readonly foreign: Foreign;
  readonly features: CpuFeatures;
  readonly target: Target;
}

/**
 * Decides for a setting of `HEDDLE_NATIVE`.
 *
 * @returns the reason if there is no native code
 */
export function hostFor(setting: Target | "off" | "auto", calls: () => Foreign | string): Host | string {
  if (setting === "off") return "HEDDLE_NATIVE=0";
  const opened = calls();
  if (typeof opened === "string") return opened;
  let features: CpuFeatures;
  try {
    features = cpuFeatures(opened);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (setting !== "auto") {
    if (supports(features, setting)) return { foreign: opened, features, target: setting };
    return `HEDDLE_NATIVE=${setting}, which this processor does not have`;
  }
  const target = (["avx512", "avx2"] as const).find((candidate) => supports(features, candidate));
  return target === undefined ? "the processor has neither AVX2 nor AVX-512" : { foreign: opened, features, target };
}

/**
 * Decides for this process. Never asks for a permission.
 *
 * @throws RangeError for an unknown value of `HEDDLE_NATIVE`
 */
export function findHost(): Host | string {
  return hostFor(nativeSetting(), foreign);
}
