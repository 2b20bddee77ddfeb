/** The environment variable that this package reads. */
import type { Target } from "./host/cpu.ts";

/**
 * `HEDDLE_NATIVE`: "avx512" or "avx2" forces an instruction set, "0" turns native code off, and by default (or "") the processor decides.
 *
 * @throws RangeError for another value
 */
export function parseNative(text: string | undefined): Target | "off" | "auto" {
  if (text === undefined || text === "") return "auto";
  if (text === "0") return "off";
  if (text === "avx512" || text === "avx2") return text;
  throw new RangeError(`HEDDLE_NATIVE=${text}: expected 0, avx2 or avx512`);
}

/** The value of `HEDDLE_NATIVE`. */
export function nativeSetting(): Target | "off" | "auto" {
  let text: string | undefined;
  try {
    const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
    text = process?.env?.HEDDLE_NATIVE;
  } catch { /* Deno without --allow-env */ }
  return parseNative(text);
}
