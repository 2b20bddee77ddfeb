/** The one file that knows in which runtime it is: where WebGPU comes from. */

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

/**
 * The entry point of WebGPU: the runtime's own (Deno, browsers), else that of the optional package `webgpu` (Bun, Node).
 *
 * @throws Error naming what to install when there is neither.
 */
export async function findGpu(): Promise<GPU> {
  const own = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (own) return own;
  if (fromPackage) return fromPackage;
  // Not a literal, so that bundlers for browsers and Deno's type check do not look for it.
  const name: string = "webgpu";
  let found: WebGpuPackage;
  try {
    found = await import(name) as WebGpuPackage;
  } catch {
    throw new Error(
      `webgpu: this runtime has no WebGPU of its own; install the package "webgpu" (npm install webgpu), or run on Deno`,
    );
  }
  return fromPackage = found.create([]);
}
