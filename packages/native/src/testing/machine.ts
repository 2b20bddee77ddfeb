/** Runs machine code in tests: on Deno and Bun, on Linux and x86-64. */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import type { Target } from "../compile/target.ts";

/** Foreign calls, and a shared memory that reserves 4 GiB of addresses. */
export interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly base: bigint;
  /** The targets that this processor runs. */
  readonly targets: readonly Target[];
  /** Maps code as executable, and returns a function that calls it with the address of four words. */
  load(code: Uint8Array): Call;
}

/** A compiled function "run". */
export type Call = (params: number, begin: number, end: number, thread: number) => void;

/** The address of the words that code is called with. */
export const slot = 64;

interface Libc {
  mmap(at: bigint, size: bigint, protection: number, flags: number, file: number, offset: bigint): bigint;
  mprotect(at: bigint, size: bigint, protection: number): number;
  write(at: bigint, bytes: Uint8Array): void;
  address(bytes: Uint8Array): bigint;
  caller(code: bigint, argument: bigint): () => void;
}

// deno-lint-ignore no-explicit-any
const runtime = globalThis as any;

function deno(): Libc {
  const { Deno } = runtime;
  const { symbols } = Deno.dlopen("libc.so.6", {
    mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "usize" },
    mprotect: { parameters: ["usize", "usize", "i32"], result: "i32" },
    memcpy: { parameters: ["usize", "buffer", "usize"], result: "usize" },
    bsearch: { parameters: ["pointer", "pointer", "i32", "i32", "pointer"], result: "void" },
  });
  return {
    mmap: symbols.mmap,
    mprotect: symbols.mprotect,
    write: (at, bytes) => symbols.memcpy(at, bytes, BigInt(bytes.length)),
    address: (bytes) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)),
    caller(code, argument) {
      const [f, x] = [Deno.UnsafePointer.create(code), Deno.UnsafePointer.create(argument)];
      return () => symbols.bsearch(x, x, 1, 1, f);
    },
  };
}

async function bun(): Promise<Libc> {
  const name = "bun:ffi";
  const ffi = await import(/* @vite-ignore */ name);
  const { symbols } = ffi.dlopen("libc.so.6", {
    mmap: { args: ["u64", "u64", "i32", "i32", "i32", "i64"], returns: "u64" },
    mprotect: { args: ["u64", "u64", "i32"], returns: "i32" },
    memcpy: { args: ["u64", "ptr", "u64"], returns: "u64" },
  });
  return {
    mmap: (...args) => BigInt(symbols.mmap(...args)),
    mprotect: symbols.mprotect,
    write: (at, bytes) => symbols.memcpy(at, bytes, BigInt(bytes.length)),
    address: (bytes) => BigInt(ffi.ptr(bytes)),
    caller(code, argument) {
      const f = ffi.CFunction({ args: ["ptr"], returns: "void", ptr: Number(code) });
      const x = Number(argument);
      return () => f(x);
    },
  };
}

function processorTargets(): Target[] {
  const flags = /flags.*/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[0].split(" ") ?? [];
  const has = (...names: string[]): boolean => names.every((name) => flags.includes(name));
  const targets: Target[] = [];
  if (has("avx512f", "avx512bw", "avx512dq", "avx512vl", "bmi2")) targets.push("avx512");
  if (has("avx2", "fma", "bmi2")) targets.push("avx2");
  return targets;
}

/** Maps code and calls it, with parameters anywhere in a memory. */
export interface Loader {
  base(memory: ArrayBufferLike): bigint;
  load(code: Uint8Array, memory: ArrayBufferLike, slot: number): { address: bigint; run: Call };
}

/** The loader, or the reason why there is none. */
export async function loader(): Promise<Loader | string> {
  if (process.platform !== "linux" || process.arch !== "x64") return "another system than Linux on x86-64";
  if (!existsSync("/proc/cpuinfo")) return "no /proc/cpuinfo";
  const isBun = "bun" in process.versions;
  if (!isBun && !("Deno" in globalThis)) return "this runtime has no foreign-function interface";
  const libc = isBun ? await bun() : deno();
  const base = (memory: ArrayBufferLike): bigint => libc.address(new Uint8Array(memory));
  return {
    base,
    load(code, memory, slot) {
      const size = BigInt(Math.ceil(code.length / 4096) * 4096);
      const at = BigInt(libc.mmap(0n, size, 3, 0x22, -1, 0n));
      libc.write(at, code);
      if (libc.mprotect(at, size, 5) !== 0) throw new Error("mprotect failed");
      const words = new Int32Array(memory, slot, 16);
      const call = libc.caller(at, base(memory) + BigInt(slot));
      return {
        address: at,
        run: (params, begin, end, thread) => {
          words[0] = params;
          words[1] = begin;
          words[2] = end;
          words[3] = thread;
          call();
        },
      };
    },
  };
}

/** The machine, or the reason why there is none. */
export async function machine(pages: number = 64): Promise<Machine | string> {
  const found = await loader();
  if (typeof found === "string") return found;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  return {
    memory,
    base: found.base(memory.buffer),
    targets: processorTargets(),
    load: (code) => found.load(code, memory.buffer, slot).run,
  };
}
