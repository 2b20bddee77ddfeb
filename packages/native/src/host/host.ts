/** The decision for native code: on which runtime, for which instruction set, or why not. */
import { type NativeSetting, nativeSetting } from "../env.ts";
import { type CpuFeatures, cpuFeatures, supports, type Target } from "./cpu.ts";
import { type Foreign, foreign } from "./foreign.ts";

/** Native code is possible. */
export interface Host {
  readonly foreign: Foreign;
  readonly features: CpuFeatures;
  readonly target: Target;
  /** Why tiles (AMX) must not be used; null if they may be, once the system permits it. */
  readonly tilesRefused: string | null;
}

function tilesRefused(setting: NativeSetting, target: Target, features: CpuFeatures): string | null {
  if (setting === "avx512" || target !== "avx512") return `the instruction set is ${target}`;
  return features.amxBf16 && features.avx512bf16 ? null : "the processor does not have AMX for bfloat16";
}

/**
 * Decides for a setting of `HEDDLE_NATIVE`.
 *
 * @returns the reason if there is no native code
 */
export function hostFor(setting: NativeSetting, calls: () => Foreign | string): Host | string {
  if (setting === "off") return "HEDDLE_NATIVE=0";
  const opened = calls();
  if (typeof opened === "string") return opened;
  let features: CpuFeatures;
  try {
    features = cpuFeatures(opened);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const candidates: readonly Target[] = setting === "auto"
    ? ["avx512", "avx2"]
    : [setting === "amx" ? "avx512" : setting];
  const target = candidates.find((candidate) => supports(features, candidate));
  const refused = target === undefined ? null : tilesRefused(setting, target, features);
  if (target === undefined || setting === "amx" && refused !== null) {
    if (setting !== "auto") return `HEDDLE_NATIVE=${setting}, which this processor does not have`;
    return "the processor has neither AVX2 nor AVX-512";
  }
  if (setting === "amx" && !opened.permitTiles()) return "HEDDLE_NATIVE=amx, which the system refuses (arch_prctl)";
  return { foreign: opened, features, target, tilesRefused: refused };
}

/**
 * Decides for this process. Never asks for a permission.
 *
 * @throws RangeError for an unknown value of `HEDDLE_NATIVE`
 */
export function findHost(): Host | string {
  return hostFor(nativeSetting(), foreign);
}
