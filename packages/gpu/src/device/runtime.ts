/** The one file that knows in which runtime it is: where WebGPU comes from, and where text is kept between processes. */

/** Flags of buffers; the global constants exist in some runtimes only. */
export const usage: {
  readonly mapRead: number;
  readonly copySource: number;
  readonly copyTarget: number;
  readonly uniform: number;
  readonly storage: number;
} = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };

/** `GPUMapMode.READ`. */
export const mapForReading = 1;

/** What the npm package `webgpu` offers. */
interface WebGpuPackage {
  create(options: string[]): GPU;
}

/** Kept here: Dawn ends with the object that made it. */
let fromPackage: GPU | null = null;

/** That of Deno and browsers. */
function ownGpu(): GPU | null {
  return (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu ?? null;
}

/**
 * The entry point of WebGPU: the runtime's own, else that of the optional package `webgpu` (Bun, Node).
 *
 * @param load imports a package, by its name.
 * @throws Error naming what to install when there is neither.
 */
export async function findGpu(
  own: GPU | null = ownGpu(),
  // Not a literal, so that bundlers for browsers and Deno's type check do not look for it.
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<GPU> {
  if (own) return own;
  if (fromPackage) return fromPackage;
  let found: WebGpuPackage;
  try {
    found = await load("webgpu") as WebGpuPackage;
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    const reason = code === "ERR_MODULE_NOT_FOUND" ? "" : ` (it could not be loaded: ${(cause as Error).message})`;
    throw new Error(
      `webgpu: this runtime has no WebGPU of its own; install the package "webgpu" (npm install webgpu), or run on Deno${reason}`,
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
  /** A built-in module without an import, which browsers could not resolve. */
  readonly getBuiltinModule?: (name: string) => unknown;
}

interface Files {
  readonly fs: typeof import("node:fs");
  readonly path: typeof import("node:path");
  /** Where Heddle keeps files of the user's that may be deleted at any time. */
  readonly folder: string;
  readonly pid: number;
}

/** Where there is a file system; throws where it may not be looked for. */
function files(): Files | null {
  const { process } = globalThis as { process?: ProcessLike };
  if (process?.getBuiltinModule === undefined) return null;
  const builtin = (name: string): unknown => process.getBuiltinModule!(name);
  const path = builtin("node:path") as Files["path"];
  const home = (): string => (builtin("node:os") as typeof import("node:os")).homedir();
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  const base = xdg !== undefined && path.isAbsolute(xdg)
    ? xdg
    : process.platform === "darwin"
    ? path.join(home(), "Library", "Caches")
    : process.platform === "win32"
    ? local || path.join(home(), "AppData", "Local")
    : path.join(home(), ".cache");
  return { fs: builtin("node:fs") as Files["fs"], path, folder: path.join(base, "heddle"), pid: process.pid };
}

/** The text that a process has left under this name in the user's cache folder; null where there is none, or none to be had. */
export function readCached(name: string): string | null {
  try {
    const place = files();
    return place && place.fs.readFileSync(place.path.join(place.folder, name), "utf8");
  } catch {
    return null; // no such file, or no permission
  }
}

/** Leaves a text for {@link readCached}: all of it or, where that is not possible or not allowed, nothing. */
export function writeCached(name: string, text: string): void {
  try {
    const place = files();
    if (place === null) return;
    const { fs, path, folder, pid } = place;
    fs.mkdirSync(folder, { recursive: true });
    // Whoever reads meanwhile finds the old file or the new one, and no other process or thread writes to this one.
    const unfinished = path.join(folder, `${name}.${pid}-${crypto.randomUUID()}`);
    try {
      fs.writeFileSync(unfinished, text);
      fs.renameSync(unfinished, path.join(folder, name));
    } finally {
      fs.rmSync(unfinished, { force: true });
    }
  } catch {
    // A full disk, a folder that is not ours, a runtime that does not let us: done without.
  }
}

/** The runtime with its version, since it decides how shaders are compiled. */
export function runtimeName(): string {
  const { process, navigator } = globalThis as { process?: ProcessLike; navigator?: { userAgent?: string } };
  const { deno, bun, node } = process?.versions ?? {};
  if (deno !== undefined) return `deno ${deno}`;
  if (bun !== undefined) return `bun ${bun}`;
  return node !== undefined ? `node ${node}` : navigator?.userAgent ?? "unknown";
}
