/** The interface that routines are written against: they launch WGSL and allocate scratch memory. */
import type { Vendor } from "./device/vendor.ts";
import type { Routine } from "@heddle/tensor/backend";

/** Shape, strides and dtype of an operand, without memory. */
export type Operand = Routine["inputs"][number];

/** An operand with its memory. */
export interface GpuOperand extends Operand {
  readonly buffer: GPUBuffer;
  /** Index of the first element in the buffer. */
  readonly offset: number;
}

/** One dispatch of a compute shader. */
export interface Launch {
  /** Identifies the source and the number of its bindings. It includes sizes only if the source depends on them. */
  readonly key: string;
  /**
   * Returns the WGSL; called when the key is new. The entry point is `main`. The bindings of group 0 are the buffers of
   * `reads`, those of `writes`, and the params as a uniform (a struct of u32, or an array of vec4).
   */
  readonly source: () => string;
  /** Buffers bound as `var<storage, read>`. One that is also written is copied before the launch. */
  readonly reads: readonly GPUBuffer[];
  /** Buffers bound as `var<storage, read_write>`. Each occurs once. */
  readonly writes: readonly GPUBuffer[];
  /** 32-bit words. Negative numbers wrap; floats are passed as {@link floatBits}. */
  readonly params: readonly number[];
  /** Number of workgroups. A single number beyond the limit of one dimension is spread over two. */
  readonly workgroups: readonly [number, number, number] | number;
}

/** What routines see of a GPU. */
export interface GpuContext {
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  /**
   * Whether the adapter runs on the CPU: workgroup memory is not fast, loads are expensive and a few threads suffice.
   */
  readonly software: boolean;
  /** Whose GPU it is; it decides defaults. */
  readonly vendor: Vendor;
  /** The smallest number of adjacent threads that exchange values by subgroup operations; 1 without these. */
  readonly subgroup: number;
  /** Records a dispatch after all those recorded before. */
  launch(launch: Launch): void;
  /** Allocates at least `bytes` bytes with unspecified contents, to be returned with {@link release}. */
  scratch(bytes: number): GPUBuffer;
  /** Releases scratch memory. Launches recorded before can still use it. */
  release(buffer: GPUBuffer): void;
  /**
   * Chooses one of several implementations of the same work: the one that `tune` has found to be the fastest on this
   * adapter, else the first. All have results of the same bits.
   *
   * @param run records the work of one candidate. While the device is tuned it is called for each of them.
   */
  choose<C extends string>(key: string, candidates: readonly C[], run: (candidate: C) => void): C;
}

const float: Float32Array = new Float32Array(1);
const word: Uint32Array = new Uint32Array(float.buffer);

/** The bits of a float32, for params. */
export function floatBits(value: number): number {
  float[0] = value;
  return word[0]!;
}
