/**
 * The differences between runtimes: where WebGPU comes from, and where cache files go. No other file depends on the
 * runtime.
 */

import { isGranted } from "@heddle/tensor/backend";

/** Flags of `GPUBufferUsage`. Not all runtimes have the global constants. */
export const usage: {
  readonly mapRead: number;
  readonly copySource: number;
  readonly copyTarget: number;
  readonly uniform: number;
  readonly storage: number;
} = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };

/** `GPUMapMode.READ`. */
export const mapForReading = 1;

/** The exports of the npm package `webgpu` that are used. */
interface WebGpuPackage {
  create(options: string[]): GPU;
}

/** Kept alive: Dawn shuts down when this object is collected. */
let fromPackage: GPU | null = null;

/** The WebGPU of Deno and of browsers. */
function ownGpu(): GPU | null {
  return (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu ?? null;
}

/**
 * The entry point of WebGPU: the runtime's own, or that of the optional package `webgpu` (Bun, Node).
 *
 * @param load imports a package by name.
 * @throws Error that says what to install when there is neither.
 */
export async function findGpu(
  own: GPU | null = ownGpu(),
  // Not a literal, so that neither bundlers nor Deno's type checker resolve it.
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<GPU> {
  if (own) return own;
  if (fromPackage) return fromPackage;
  let found: WebGpuPackage;
  try {
    found = await load("webgpu") as WebGpuPackage;
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    const reason = code === "ERR_MODULE_NOT_FOUND" ? "" : ` (loading it failed: ${(cause as Error).message})`;
    throw new Error(
      `webgpu: this runtime has no built-in WebGPU; install the package "webgpu" (npm install webgpu), or run on Deno${reason}`,
      { cause },
    );
  }
  return fromPackage = found.create([]);
}

interface ProcessLike {
  readonly env: Record<string, string | undefined>;
  readonly platform: string;
  readonly pid: number;
  readonly versions: Record<string, string | undefined>;
  /** Returns a built-in module without an import, which browsers could not resolve. */
  readonly getBuiltinModule?: (name: string) => unknown;
}

interface Files {
  readonly fs: typeof import("node:fs");
  readonly path: typeof import("node:path");
  /** The folder of cache files, which users may delete at any time. */
  readonly folder: string;
  readonly pid: number;
}

/** File access, or null where there is no file system. Throws where permissions are missing. */
function files(access: "read" | "write"): Files | null {
  const { process } = globalThis as { process?: ProcessLike };
  if (process?.getBuiltinModule === undefined) return null;
  const builtin = (name: string): unknown => process.getBuiltinModule!(name);
  const path = builtin("node:path") as Files["path"];
  const variable = (name: string): string | undefined => {
    if (!isGranted({ name: "env", variable: name })) throw new Error(`no permission to read ${name}`);
    return process.env[name];
  };
  const home = (): string => {
    if (!isGranted({ name: "sys", kind: "homedir" })) throw new Error("no permission to look up the home folder");
    return (builtin("node:os") as typeof import("node:os")).homedir();
  };
  const xdg = variable("XDG_CACHE_HOME");
  const base = xdg !== undefined && path.isAbsolute(xdg)
    ? xdg
    : process.platform === "darwin"
    ? path.join(home(), "Library", "Caches")
    : process.platform === "win32"
    ? variable("LOCALAPPDATA") || path.join(home(), "AppData", "Local")
    : path.join(home(), ".cache");
  const folder = path.join(base, "heddle");
  if (!isGranted({ name: access, path: folder })) throw new Error(`no permission to ${access} ${folder}`);
  return { fs: builtin("node:fs") as Files["fs"], path, folder, pid: process.pid };
}

interface Storage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** The storage of a page. Browsers throw where the user forbids it, and workers have none. */
function pageStorage(): Storage | undefined {
  return (globalThis as { localStorage?: Storage }).localStorage;
}

const storedAs = (name: string): string => `heddle/${name}`;

/**
 * Reads a file from the user's cache folder, in browsers an entry of `localStorage`. Returns null if there is none or it
 * cannot be read.
 */
export function readCached(name: string): string | null {
  try {
    const place = files("read");
    if (place === null) return pageStorage()?.getItem(storedAs(name)) ?? null;
    return place.fs.readFileSync(place.path.join(place.folder, name), "utf8");
  } catch {
    return null; // no such file, or no permission
  }
}

/**
 * Writes a file for {@link readCached}, completely or not at all. Returns false where there is no place for it or no
 * permission.
 */
export function writeCached(name: string, text: string): boolean {
  try {
    const place = files("write");
    if (place === null) {
      const storage = pageStorage();
      storage?.setItem(storedAs(name), text);
      return storage !== undefined;
    }
    const { fs, path, folder, pid } = place;
    fs.mkdirSync(folder, { recursive: true });
    // The rename is atomic: readers see the old file or the new one. The temporary name is unique to this call.
    const unfinished = path.join(folder, `${name}.${pid}-${crypto.randomUUID()}`);
    try {
      fs.writeFileSync(unfinished, text);
      fs.renameSync(unfinished, path.join(folder, name));
    } finally {
      fs.rmSync(unfinished, { force: true });
    }
    return true;
  } catch {
    return false; // the disk is full, the folder is read-only or permissions are missing: the cache is optional
  }
}

/** Name and version of the runtime, which decides how shaders are compiled. */
export function runtimeName(): string {
  const { process, navigator } = globalThis as { process?: ProcessLike; navigator?: { userAgent?: string } };
  const { deno, bun, node } = process?.versions ?? {};
  if (deno !== undefined) return `deno ${deno}`;
  if (bun !== undefined) return `bun ${bun}`;
  return node !== undefined ? `node ${node}` : navigator?.userAgent ?? "unknown";
}
