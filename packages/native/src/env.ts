/** The environment variables that this package reads. */
import { environmentVariable } from "@heddle/tensor/backend";
import type { Target } from "./host/cpu.ts";

/** A value of `HEDDLE_NATIVE`. "amx" is AVX-512 with AMX, which "avx512" does not use. */
export type NativeSetting = Target | "amx" | "off" | "auto";

/**
 * `HEDDLE_NATIVE`: "amx", "avx512" or "avx2" forces an instruction set, "0" turns native code off, and by default (or "") the processor
 * decides.
 *
 * @throws RangeError for another value
 */
export function parseNative(text: string | undefined): NativeSetting {
  if (text === undefined || text === "") return "auto";
  if (text === "0") return "off";
  if (text === "amx" || text === "avx512" || text === "avx2") return text;
  throw new RangeError(`HEDDLE_NATIVE=${text}: expected 0, avx2, avx512 or amx`);
}

/** The value of `HEDDLE_NATIVE`. */
export function nativeSetting(): NativeSetting {
  return parseNative(environmentVariable("HEDDLE_NATIVE"));
}

/** Whether `HEDDLE_NATIVE_CHECKED` is 1: native code checks every address, and a run that would leave the memory throws. */
export function checksAddresses(): boolean {
  return parseChecked(environmentVariable("HEDDLE_NATIVE_CHECKED"));
}

/**
 * `HEDDLE_NATIVE_CHECKED`: "1" is on, "0" and "" are off.
 *
 * @throws RangeError for another value
 */
export function parseChecked(text: string | undefined): boolean {
  if (text === "1") return true;
  if (text === undefined || text === "" || text === "0") return false;
  throw new RangeError(`HEDDLE_NATIVE_CHECKED=${text}: expected 0 or 1`);
}
