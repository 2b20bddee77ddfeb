/** What `gpuReport` returns. It has its own file because the declarations of `mod.ts` must not depend on the types of WebGPU. */

/** Counts of the work an engine has done and of the memory it holds. */
export interface EngineReport {
  /** The name of the adapter. */
  readonly adapter: string;
  /** The number of adjacent threads that exchange values by subgroup operations; 1 if the adapter has none. */
  readonly subgroup: number;
  /** Kernels started. */
  readonly kernels: number;
  /** Command buffers submitted. */
  readonly submits: number;
  /** Pipelines compiled. */
  readonly pipelines: number;
  /** Buffers that exist, both in use and kept for reuse. */
  readonly buffers: number;
  /** Bytes of all buffers. */
  readonly bytes: number;
  /** Buffers kept for reuse. */
  readonly freeBuffers: number;
  /** Bytes of the buffers kept for reuse. */
  readonly freeBytes: number;
}
