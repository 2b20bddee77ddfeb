/** Calls into machine code. */
import { type Libc, openLibc, type Runtime } from "./libc.ts";

/** Calls into machine code, on the runtime at hand. */
export interface Foreign {
  readonly runtime: Runtime;
  /** The address of a view's first byte. */
  addressOf(view: ArrayBufferView): bigint;
  /**
   * Maps code, at a multiple of 4,096. Its pages are written, then made executable, and never both. They stay until the process ends.
   *
   * @throws Error if the system refuses
   */
  map(code: Uint8Array): bigint;
  /** Asks the system to back memory with large pages, if it has them. */
  useLargePages(address: bigint, bytes: bigint): void;
  /** Asks the system to let this process use tile registers (AMX). Returns whether it does. */
  permitTiles(): boolean;
  /** A function that calls the code at an address with one argument, an address (in the register rdi). */
  bind(code: bigint, argument: bigint): () => void;
}

const pageBytes = 4096;
const readExecute = 5;
/** MADV_HUGEPAGE of Linux. */
const hugePages = 14;

/** The system call arch_prctl, its operation ARCH_REQ_XCOMP_PERM, and the state of tile registers. */
const [archPrctl, requestPermission, tileData] = [158n, 0x1023n, 18n];

/** Where the optional package "koffi" is resolved from. */
export const libcUrl: string = import.meta.url;

/** Foreign calls through libc. */
export function foreignOf(libc: Libc): Foreign {
  return {
    runtime: libc.runtime,
    addressOf: (view) => libc.addressOf(view),
    map(code) {
      const bytes = BigInt(Math.max(1, Math.ceil(code.length / pageBytes)) * pageBytes);
      const address = libc.mmap(bytes);
      // An error is -1, as a signed or an unsigned number.
      if (address <= 0n || address >= 1n << 47n) {
        throw new Error(`the system refuses ${bytes} bytes for machine code (mmap)`);
      }
      libc.copy(address, code);
      if (libc.mprotect(address, bytes, readExecute) !== 0) {
        throw new Error("the system refuses to make machine code executable (mprotect)");
      }
      return address;
    },
    useLargePages: (address, bytes) => libc.madvise(address, bytes, hugePages),
    permitTiles: () => libc.syscall(archPrctl, requestPermission, tileData) === 0,
    bind: (code, argument) => libc.bind(code, argument),
  };
}

let opened: Foreign | string | null = null;

/** Foreign calls, or the reason why there are none. Never asks for a permission. */
export function foreign(): Foreign | string {
  if (opened === null) {
    const libc = openLibc(libcUrl);
    opened = typeof libc === "string" ? libc : foreignOf(libc);
  }
  return opened;
}
