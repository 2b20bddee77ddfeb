/** Tests of machine code at start, before anything is computed with it. */
import type { Foreign } from "./foreign.ts";
import { runsOn } from "./run.ts";

/** A piece of machine code with what it is to do. */
export interface SelfTest {
  readonly name: string;
  /** The parameters of the run. */
  readonly params: number;
  readonly begin: number;
  readonly end: number;
  /** The memory before the run, from the address {@link scratchStart} on. */
  readonly before: Uint8Array;
  /** The memory after the run, to the bit. What follows must stay zero. */
  readonly after: Uint8Array;
  /** The code for a memory at an address. It begins with the function to run. */
  code(base: bigint): Uint8Array;
}

/** Where the data of tests begins. What lies before belongs to the frame. */
export const scratchStart = 4096;
const scratchBytes = 65536;
const slot = 64;

/**
 * Runs tests on a memory of their own.
 *
 * @returns the first difference, or null if there is none
 * @throws Error if the system refuses machine code
 */
export function selfTest(foreign: Foreign, tests: readonly SelfTest[]): string | null {
  const memory = new SharedArrayBuffer(scratchBytes);
  const bytes = new Uint8Array(memory);
  const base = foreign.addressOf(bytes);
  const runs = runsOn(foreign, { buffer: memory }, false);
  for (const test of tests) {
    bytes.fill(0);
    bytes.set(test.before, scratchStart);
    runs(foreign.map(test.code(base)), slot, test.name)(test.params, test.begin, test.end, 0);
    const expected = new Uint8Array(scratchBytes - scratchStart);
    expected.set(test.after);
    const at = expected.findIndex((byte, index) => byte !== bytes[scratchStart + index]);
    if (at >= 0) {
      const hex = (byte: number) => byte.toString(16).padStart(2, "0");
      return `self-test "${test.name}": byte ${at} is ${hex(bytes[scratchStart + at]!)}, expected ${
        hex(expected[at]!)
      }`;
    }
  }
  return null;
}
