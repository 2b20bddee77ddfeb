/** Runs of native functions. */
import type { Run } from "@heddle/tensor/backend";
import type { Libc } from "./libc.ts";

/** Makes runs of the code at an address. `slot` is the address in the memory of 64 bytes, which receive the parameters of each call. */
export type Runs = (code: bigint, slot: number) => Run;

/**
 * Runs on a memory. Code receives the absolute address of its slot, which holds `params`, `begin`, `end` and `thread`. Workers receive
 * this function as source text, so it uses nothing outside of itself.
 *
 * @throws Error with the reason if there is no libc
 */
export function runsOn(
  libc: Pick<Libc, "addressOf" | "bind"> | string,
  memory: { readonly buffer: ArrayBufferLike },
): Runs {
  if (typeof libc === "string") throw new Error(libc);
  const base = libc.addressOf(new Uint8Array(memory.buffer, 0, 1));
  return (code, slot) => {
    // Shared memory grows in place, so that the view and the address stay valid.
    const words = new Int32Array(memory.buffer, slot, 4);
    const call = libc.bind(code, base + BigInt(slot));
    return (params, begin, end, thread) => {
      words[0] = params;
      words[1] = begin;
      words[2] = end;
      words[3] = thread;
      call();
    };
  };
}
