import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { cpuFeatures } from "./cpu.ts";
import { foreign, foreignOf } from "./foreign.ts";
import { hostFor } from "./host.ts";
import { type Libc, openLibc } from "./libc.ts";
import { memoryRefusal } from "./memory.ts";
import { runsOn } from "./run.ts";
import { scratchStart, type SelfTest, selfTest } from "./self_test.ts";

afterEach(() => vi.unstubAllGlobals());

/** Copies `begin` to the word behind the parameters, and counts in the next. */
const copyBegin = [0x8b, 0x47, 0x04, 0x89, 0x47, 0x20, 0xff, 0x47, 0x24, 0xc3];

const available = foreign();
const withCalls = test.skipIf(typeof available === "string");
const calls = available as Exclude<typeof available, string>;

withCalls("code runs on a shared memory, also after it has grown", () => {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65535, shared: true });
  const run = runsOn(calls, memory, false)(calls.map(Uint8Array.from(copyBegin)), 128, "copy");
  const words = new Int32Array(memory.buffer, 128, 10);
  run(-1, 2, 3, 4);
  expect([...words]).toEqual([-1, 2, 3, 4, 0, 0, 0, 0, 2, 1]);
  memory.grow(4096);
  run(5, 0x7fffffff, -7, 0);
  expect([...new Int32Array(memory.buffer, 128, 10)]).toEqual([5, 0x7fffffff, -7, 0, 0, 0, 0, 0, 0x7fffffff, 2]);
});

withCalls("a view's address counts its offset", () => {
  const buffer = new SharedArrayBuffer(256);
  expect(calls.addressOf(new Uint8Array(buffer, 100)) - calls.addressOf(new Uint8Array(buffer))).toBe(100n);
});

withCalls("code is executable and not writable", () => {
  const address = calls.map(new Uint8Array(5000).fill(0xc3));
  expect(address % 4096n).toBe(0n);
  const modes = (at: bigint) =>
    readFileSync("/proc/self/maps", "utf8").split("\n").find((line) => {
      const [from, to] = line.split(" ")[0]!.split("-").map((text) => BigInt(`0x${text || "0"}`));
      return to !== undefined && from! <= at && at < to;
    })?.split(" ")[1];
  expect([modes(address), modes(address + 4999n)]).toEqual(["r-xp", "r-xp"]);
  calls.bind(address + 4999n, address)();
});

withCalls("a self-test compares every bit of its memory", () => {
  // Writes the byte 1 at params + 1 of the memory whose base is the slot's address less 64.
  const code = () => Uint8Array.of(0x8b, 0x07, 0xc6, 0x44, 0x07, 0xc1, 0x01, 0xc3);
  const right: SelfTest = {
    name: "one byte",
    params: scratchStart,
    begin: 0,
    end: 1,
    before: Uint8Array.of(9, 9, 9),
    after: Uint8Array.of(9, 1, 9),
    code,
  };
  expect(selfTest(calls, [right])).toBe(null);
  expect(selfTest(calls, [right, { ...right, after: Uint8Array.of(9, 1, 8) }])).toBe(
    'self-test "one byte": byte 2 is 09, expected 08',
  );
  expect(selfTest(calls, [{ ...right, params: scratchStart + 40 }])).toBe(
    'self-test "one byte": byte 1 is 09, expected 01',
  );
});

const libc: Libc = {
  runtime: "koffi",
  addressOf: () => 4096n,
  mmap: () => 1n << 20n,
  copy: () => {},
  mprotect: () => 0,
  madvise: () => {},
  syscall: () => -1,
  bind: () => () => {},
};

test("refusals of the system are reasons, not crashes", () => {
  const wrote: string[] = [];
  const watched: Libc = {
    ...libc,
    copy: () => wrote.push("copy"),
    mprotect: (_, __, to) => wrote.push(`to ${to}`) - 2,
  };
  expect(foreignOf(watched).map(new Uint8Array(1))).toBe(1n << 20n);
  expect(wrote).toEqual(["copy", "to 5"]);
  for (const failed of [-1n, 0n, 2n ** 64n - 1n]) {
    const refused = foreignOf({ ...libc, mmap: () => failed });
    expect(() => refused.map(new Uint8Array(1))).toThrow("the system refuses 4096 bytes for machine code (mmap)");
    expect(hostFor("auto", () => refused)).toBe("the system refuses 4096 bytes for machine code (mmap)");
  }
  expect(hostFor("avx2", () => foreignOf({ ...libc, mprotect: () => -1 }))).toBe(
    "the system refuses to make machine code executable (mprotect)",
  );
});

test("memory is advised to take large pages", () => {
  const advice: unknown[] = [];
  foreignOf({ ...libc, madvise: (...args) => void advice.push(args) }).useLargePages(4096n, 8192n);
  expect(advice).toEqual([[4096n, 8192n, 14]]);
});

test("a setting is obeyed, and a target that is not there is a reason", () => {
  const never = () => {
    throw new Error("opened");
  };
  expect(hostFor("off", never)).toBe("HEDDLE_NATIVE=0");
  expect(hostFor("auto", () => "no way")).toBe("no way");
  // A processor whose cpuid gives zeros.
  expect(hostFor("auto", () => foreignOf(libc))).toBe("the processor has neither AVX2 nor AVX-512");
  expect(hostFor("avx512", () => foreignOf(libc))).toBe("HEDDLE_NATIVE=avx512, which this processor does not have");
  expect(hostFor("amx", () => foreignOf(libc))).toBe("HEDDLE_NATIVE=amx, which this processor does not have");
});

withCalls("AMX is used by default and with amx, where the processor has it and the system permits it", () => {
  const refused = (setting: "auto" | "avx512" | "avx2" | "amx", permits = true): string | null => {
    const host = hostFor(setting, () => ({ ...calls, permitTiles: () => permits }));
    return typeof host === "string" ? host : host.tilesRefused;
  };
  const { avx512f, avx512bf16, amxBf16, avx2 } = cpuFeatures(calls);
  if (avx2) expect(refused("avx2")).toBe("the instruction set is avx2");
  if (avx512f) expect(refused("avx512")).toBe("the instruction set is avx512");
  if (!(avx512f && avx512bf16 && amxBf16)) {
    expect(refused("amx")).toBe("HEDDLE_NATIVE=amx, which this processor does not have");
    return expect(refused("auto")).not.toBe(null);
  }
  expect([refused("auto"), refused("auto", false), refused("amx")]).toEqual([null, null, null]);
  expect(refused("amx", false)).toBe("HEDDLE_NATIVE=amx, which the system refuses (arch_prctl)");
});

test("permission for tiles is a system call", () => {
  const asked: bigint[][] = [];
  const answering = (answer: number) =>
    foreignOf({ ...libc, syscall: (...args) => (asked.push(args), answer) }).permitTiles();
  expect([answering(0), answering(-1)]).toEqual([true, false]);
  expect(asked[0]).toEqual([158n, 0x1023n, 18n]);
});

test("other systems and runtimes have no native code", () => {
  vi.stubGlobal("process", { platform: "darwin", arch: "arm64", versions: {} });
  expect(openLibc(import.meta.url)).toBe("machine code is for linux on x64, this is darwin on arm64");
  vi.stubGlobal("process", undefined);
  expect(openLibc(import.meta.url)).toBe("this runtime has no foreign calls");
});

test("Node without foreign calls says whether koffi is missing, too old or broken", () => {
  const reason = (koffi: () => unknown): unknown => {
    vi.stubGlobal("Deno", undefined);
    vi.stubGlobal("process", {
      platform: "linux",
      arch: "x64",
      versions: { node: "24.0.0" },
      emitWarning() {},
      getBuiltinModule: (name: string) => name === "node:module" ? { createRequire: () => koffi } : undefined,
    });
    return openLibc(import.meta.url);
  };
  const failing = (code: string, message: string) => () => {
    throw Object.assign(new Error(message), { code });
  };
  expect(reason(failing("MODULE_NOT_FOUND", "Cannot find module 'koffi'"))).toBe(
    'Node 24.0.0 has no foreign calls; install the package "koffi", or use Node 26.9 or later',
  );
  expect(reason(failing("ERR_DLOPEN_DISABLED", "loading addons is disabled."))).toBe(
    'the package "koffi" does not load: loading addons is disabled.',
  );
  expect(reason(() => ({ version: "2.16.3" }))).toBe('the package "koffi" is version 2.16.3; update it to 3 or later');
});

test("Deno is never made to ask for a permission", () => {
  const asked: (string | undefined)[] = [];
  const opened: string[] = [];
  const granted = new Set<string | undefined>();
  vi.stubGlobal("process", { platform: "linux", arch: "x64", versions: {} });
  vi.stubGlobal("Deno", {
    permissions: {
      querySync({ path }: { path?: string }) {
        asked.push(path);
        return { state: granted.has(path) ? "granted" : "prompt" };
      },
    },
    dlopen(path: string) {
      opened.push(path);
      return { symbols: {} };
    },
  });
  expect(openLibc(import.meta.url)).toBe("no permission to call libc; run Deno with --allow-ffi=PATH-of-libc.so.6");
  expect(opened).toEqual([]);
  expect(asked).toContain("/lib64/libc.so.6");
  granted.add("/lib64/libc.so.6");
  expect(openLibc(import.meta.url)).toMatchObject({ runtime: "deno" });
  expect(opened).toEqual(["/lib64/libc.so.6"]);
});

test("native code works on shared memories of 4 GiB only", () => {
  const buffer = new SharedArrayBuffer(64);
  expect(memoryRefusal(buffer, 65535)).toContain("65535 pages");
  expect(memoryRefusal(buffer, 65536)).toBe(null);
  expect(memoryRefusal(buffer, 16384)).toContain("the memory's maximum is 16384 pages");
  expect(memoryRefusal(new ArrayBuffer(64), 65536)).toContain("not shared");
});
