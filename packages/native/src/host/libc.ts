/** Calls of libc, by runtime. The only file that names runtimes. */

/** How calls leave JavaScript. */
export type Runtime = "deno" | "bun" | "node:ffi" | "koffi";

/** The functions of libc that native code needs, in the form in which a runtime calls them. */
export interface Libc {
  readonly runtime: Runtime;
  /** The address of a view's first byte. */
  addressOf(view: ArrayBufferView): bigint;
  /** Maps private memory, readable and writable. The result is no valid address if the system refuses. */
  mmap(bytes: bigint): bigint;
  /** Copies bytes to an address. */
  copy(address: bigint, bytes: Uint8Array): void;
  /** Returns 0, or another number if the system refuses. */
  mprotect(address: bigint, bytes: bigint, protection: number): number;
  /** Advises the system how memory will be used. It may refuse. */
  madvise(address: bigint, bytes: bigint, advice: number): void;
  /** A system call with two arguments. Its result is 0, or another number if the system refuses. */
  syscall(number: bigint, first: bigint, second: bigint): number;
  /** A function that calls the code at an address with one argument, an address. */
  bind(code: bigint, argument: bigint): () => void;
}

/**
 * Opens libc. Workers receive this function as source text, so it uses nothing outside of itself.
 *
 * Deno and Node cannot call an address fast, or at all, but `bsearch(argument, argument, 1, 1, code)` calls `code(argument, argument)`
 * once. A call takes 3 ns on Bun, 4 on Deno, 22 with koffi and 110 with node:ffi.
 *
 * @param url the URL of this file, from which the package "koffi" is resolved
 * @returns a reason if there is no way to call libc. Never asks the user for a permission.
 */
export function openLibc(url: string): Libc | string {
  type Symbols<Name extends string> = { readonly [N in Name]: (...args: unknown[]) => unknown };
  interface Process {
    readonly platform: string;
    readonly arch: string;
    readonly versions: { readonly [name: string]: string | undefined };
    getBuiltinModule?(name: string): unknown;
    emitWarning(warning: unknown, ...rest: unknown[]): void;
  }
  interface DenoLike {
    readonly permissions: {
      querySync(descriptor: { readonly name: "ffi"; readonly path?: string }): { readonly state: string };
    };
    dlopen(
      path: string,
      symbols: object,
    ): { readonly symbols: Symbols<"mmap" | "mprotect" | "madvise" | "memcpy" | "memmove" | "bsearch" | "syscall"> };
  }
  interface BunFfi {
    dlopen(
      path: string,
      symbols: object,
    ): { readonly symbols: Symbols<"mmap" | "mprotect" | "madvise" | "memcpy" | "syscall"> };
    ptr(view: ArrayBufferView): number;
    CFunction(options: object): (argument: number) => void;
  }
  interface NodeFfi {
    dlopen(
      path: string,
      symbols: object,
    ): { readonly functions: Symbols<"mmap" | "mprotect" | "madvise" | "memcpy" | "bsearch" | "syscall"> };
    getRawPointer(view: ArrayBufferView): bigint;
  }
  interface Koffi {
    readonly version: string;
    load(
      path: string,
    ): { func(name: string, result: string, args: readonly string[]): (...args: unknown[]) => unknown };
    address(view: ArrayBufferView): bigint;
    proto(declaration: string): unknown;
    decode(address: bigint, type: unknown): (argument: number) => void;
  }

  const names = ["libc.so.6", "libc.musl-x86_64.so.1"];
  const readWrite = 3;
  const privateAnonymous = 0x22;
  const { process, Deno: deno } = globalThis as unknown as { process?: Process; Deno?: DenoLike };

  function firstOf<T>(candidates: readonly string[], open: (path: string) => T): T {
    let first: unknown;
    for (const path of candidates) {
      try {
        return open(path);
      } catch (error) {
        first ??= error;
      }
    }
    throw first;
  }

  // Uses nothing that needs more than the permission for libc's path, as `Deno.UnsafePointer` would.
  function openDeno(deno: DenoLike): Libc | string {
    const places = [
      "/usr/lib/x86_64-linux-gnu/libc.so.6",
      "/lib/x86_64-linux-gnu/libc.so.6",
      "/usr/lib64/libc.so.6",
      "/lib64/libc.so.6",
      "/usr/lib/libc.so.6",
      "/lib/libc.so.6",
    ];
    // Without this question, `dlopen` would ask the user.
    const granted = (path?: string) => deno.permissions.querySync({ name: "ffi", path }).state === "granted";
    const allowed = granted() ? [...places, ...names] : places.filter(granted);
    if (allowed.length === 0) return "no permission to call libc; run Deno with --allow-ffi=PATH-of-libc.so.6";
    const { symbols } = firstOf(allowed, (path) =>
      deno.dlopen(path, {
        mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "usize" },
        mprotect: { parameters: ["usize", "usize", "i32"], result: "i32" },
        madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
        syscall: { parameters: ["i64", "i64", "i64"], result: "i64" },
        memcpy: { parameters: ["usize", "buffer", "usize"], result: "usize" },
        memmove: { parameters: ["buffer", "buffer", "usize"], result: "usize" }, // returns its first argument
        bsearch: { parameters: ["usize", "usize", "i32", "i32", "usize"], result: "void" },
      }));
    const { bsearch } = symbols;
    return {
      runtime: "deno",
      addressOf: (view) => symbols.memmove(view, view, 0n) as bigint,
      mmap: (bytes) => symbols.mmap(0n, bytes, readWrite, privateAnonymous, -1, 0n) as bigint,
      copy: (address, bytes) => void symbols.memcpy(address, bytes, BigInt(bytes.length)),
      mprotect: (address, bytes, protection) => symbols.mprotect(address, bytes, protection) as number,
      madvise: (address, bytes, advice) => void symbols.madvise(address, bytes, advice),
      syscall: (number, first, second) => Number(symbols.syscall(number, first, second)),
      bind: (code, argument) => () => void bsearch(argument, argument, 1, 1, code),
    };
  }

  function openBun(ffi: BunFfi): Libc {
    const { symbols } = firstOf(names, (path) =>
      ffi.dlopen(path, {
        mmap: { args: ["u64", "u64", "i32", "i32", "i32", "i64"], returns: "u64" },
        mprotect: { args: ["u64", "u64", "i32"], returns: "i32" },
        madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
        syscall: { args: ["i64", "i64", "i64"], returns: "i64" },
        memcpy: { args: ["u64", "ptr", "u64"], returns: "u64" },
      }));
    return {
      runtime: "bun",
      addressOf: (view) => BigInt(ffi.ptr(view)),
      mmap: (bytes) => BigInt(symbols.mmap(0n, bytes, readWrite, privateAnonymous, -1, 0n) as bigint),
      copy: (address, bytes) => void symbols.memcpy(address, bytes, BigInt(bytes.length)),
      mprotect: (address, bytes, protection) => symbols.mprotect(address, bytes, protection) as number,
      madvise: (address, bytes, advice) => void symbols.madvise(address, bytes, advice),
      syscall: (number, first, second) => Number(symbols.syscall(number, first, second)),
      bind(code, argument) {
        const call = ffi.CFunction({ args: ["ptr"], returns: "void", ptr: Number(code) });
        const at = Number(argument);
        return () => call(at);
      },
    };
  }

  function openKoffi(koffi: Koffi): Libc | string {
    if (parseInt(koffi.version) < 3) return `the package "koffi" is version ${koffi.version}; update it to 3 or later`;
    const library = firstOf(names, (path) => koffi.load(path));
    const mmap = library.func("mmap", "uint64_t", ["uint64_t", "uint64_t", "int", "int", "int", "int64_t"]);
    const mprotect = library.func("mprotect", "int", ["uint64_t", "uint64_t", "int"]);
    const madvise = library.func("madvise", "int", ["uint64_t", "uint64_t", "int"]);
    const syscall = library.func("syscall", "int64_t", ["int64_t", "int64_t", "int64_t"]);
    const memcpy = library.func("memcpy", "uint64_t", ["uint64_t", "const void *", "uint64_t"]);
    const type = koffi.proto("void (uint64_t)");
    return {
      runtime: "koffi",
      addressOf: (view) => BigInt(koffi.address(view)),
      mmap: (bytes) => BigInt(mmap(0, bytes, readWrite, privateAnonymous, -1, 0) as number | bigint),
      copy: (address, bytes) => void memcpy(address, bytes, bytes.length),
      mprotect: (address, bytes, protection) => mprotect(address, bytes, protection) as number,
      madvise: (address, bytes, advice) => void madvise(address, bytes, advice),
      syscall: (number, first, second) => Number(syscall(number, first, second)),
      bind(code, argument) {
        const call = koffi.decode(code, type);
        const at = Number(argument);
        return () => call(at);
      },
    };
  }

  function openNode(ffi: NodeFfi): Libc {
    const { functions } = firstOf(names, (path) =>
      ffi.dlopen(path, {
        mmap: { arguments: ["uint64", "uint64", "int32", "int32", "int32", "int64"], return: "uint64" },
        mprotect: { arguments: ["uint64", "uint64", "int32"], return: "int32" },
        madvise: { arguments: ["uint64", "uint64", "int32"], return: "int32" },
        syscall: { arguments: ["int64", "int64", "int64"], return: "int64" },
        memcpy: { arguments: ["uint64", "buffer", "uint64"], return: "uint64" },
        bsearch: { arguments: ["pointer", "pointer", "int32", "int32", "function"], return: "void" },
      }));
    const { bsearch } = functions;
    return {
      runtime: "node:ffi",
      addressOf: (view) => ffi.getRawPointer(view),
      mmap: (bytes) => functions.mmap(0n, bytes, readWrite, privateAnonymous, -1, 0n) as bigint,
      copy: (address, bytes) => void functions.memcpy(address, bytes, BigInt(bytes.length)),
      mprotect: (address, bytes, protection) => functions.mprotect(address, bytes, protection) as number,
      madvise: (address, bytes, advice) => void functions.madvise(address, bytes, advice),
      syscall: (number, first, second) => Number(functions.syscall(number, first, second)),
      bind: (code, argument) => () => void bsearch(argument, argument, 1, 1, code),
    };
  }

  // Loading node:ffi prints that it is experimental, which users of a tensor library cannot act on.
  function nodeFfi(process: Process): NodeFfi | undefined {
    const warn = process.emitWarning;
    process.emitWarning = (warning, ...rest) => {
      if (rest[0] !== "ExperimentalWarning") warn.call(process, warning, ...rest);
    };
    try {
      return process.getBuiltinModule!("node:ffi") as NodeFfi | undefined;
    } finally {
      process.emitWarning = warn;
    }
  }

  // Null if the optional package is not installed.
  function installedKoffi(process: Process): Libc | string | null {
    try {
      const { createRequire } = process.getBuiltinModule!("node:module") as {
        createRequire(url: string): (name: string) => unknown;
      };
      return openKoffi(createRequire(url)("koffi") as Koffi);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      return code === "MODULE_NOT_FOUND" ? null : `the package "koffi" does not load: ${message}`;
    }
  }

  try {
    if (process === undefined) return "this runtime has no foreign calls";
    if (process.platform !== "linux" || process.arch !== "x64") {
      return `machine code is for linux on x64, this is ${process.platform} on ${process.arch}`;
    }
    if (deno !== undefined) return openDeno(deno);
    if (process.getBuiltinModule === undefined) return "this version of Node has no foreign calls; update it";
    if (process.versions.bun !== undefined) return openBun(process.getBuiltinModule("bun:ffi") as BunFfi);
    const koffi = installedKoffi(process);
    if (koffi !== null && typeof koffi !== "string") return koffi;
    const ffi = nodeFfi(process);
    if (ffi !== undefined) return openNode(ffi);
    return koffi ??
      `Node ${process.versions.node} has no foreign calls; install the package "koffi", or use Node 26.9 or later`;
  } catch (error) {
    return `libc does not open: ${error instanceof Error ? error.message : String(error)}`;
  }
}
