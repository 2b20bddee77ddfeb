/** Runs of native functions. */
import type { Run } from "@heddle/tensor/backend";
import type { Libc } from "./libc.ts";

/**
 * Makes runs of the code at an address. `slot` is the address in the memory of 64 bytes, which receive the parameters of each call;
 * `key` names the kernel in errors. `compile` compiles a missing function, by its number; without it, a run that needs one returns true,
 * and {@link resumesOn} completes it.
 */
export type Runs = (code: bigint, slot: number, key: string, compile?: (number: number) => void) => Run;

/**
 * Runs on a memory. Code receives the absolute address of its slot, which holds `params`, `begin`, `end` and `thread`; and, at 40 bytes,
 * the number of a missing function if the code returns before its end. Called again, it then continues. Workers receive
 * this function as source text, so it uses nothing outside of itself.
 *
 * @param checked whether the code checks addresses. The slot's next words are then whether a check failed, and the memory's pages. Runs
 * throw a RangeError that names the kernel when a check fails.
 * @throws Error with the reason if there is no libc
 */
export function runsOn(
  libc: Pick<Libc, "addressOf" | "bind"> | string,
  memory: { readonly buffer: ArrayBufferLike },
  checked: boolean,
): Runs {
  if (typeof libc === "string") throw new Error(libc);
  const base = libc.addressOf(new Uint8Array(memory.buffer, 0, 1));
  return (code, slot, key, compile) => {
    // Shared memory grows in place, so that the view and the address stay valid.
    const words = new Int32Array(memory.buffer, slot, 11);
    const call = libc.bind(code, base + BigInt(slot));
    const run: Run = (params, begin, end, thread) => {
      words[0] = params;
      words[1] = begin;
      words[2] = end;
      words[3] = thread;
      words[10] = 0;
      call();
      while (words[10] !== 0) {
        if (compile === undefined) return true;
        compile(words[10]!);
        call();
      }
    };
    if (!checked) return run;
    return (params, begin, end, thread) => {
      words[4] = 0;
      words[5] = memory.buffer.byteLength / 65536;
      run(params, begin, end, thread);
      if (words[4] !== 0) {
        throw new RangeError(
          `${key}: native code leaves the memory of ${words[5]} pages in the items ${begin} to ${end - 1}`,
        );
      }
    };
  };
}

/** Completes runs of other threads that were left because a function was missing. With `compile` null they are forgotten. */
export function resumesOn(
  libc: Pick<Libc, "bind">,
  memory: { readonly buffer: ArrayBufferLike },
  base: bigint,
): (code: bigint, slot: number, compile: ((number: number) => void) | null) => void {
  // This runs after each job of several threads, so that views are kept.
  const views: Map<number, Int32Array> = new Map();
  return (code, slot, compile) => {
    let words = views.get(slot);
    if (words === undefined) views.set(slot, words = new Int32Array(memory.buffer, slot, 11));
    if (words[10] === 0) return;
    if (compile === null) return void (words[10] = 0);
    const call = libc.bind(code, base + BigInt(slot));
    while (words[10] !== 0) {
      compile(words[10]!);
      call();
    }
  };
}
