/** What routines and rendered kernels are written against: launching WGSL, and memory for what lies between two launches. */
import type { Routine } from "@heddle/tensor/backend";

/** Shape, strides and dtype of an operand, without memory. */
export type Operand = Routine["inputs"][number];

/** An operand with its memory. */
export interface GpuOperand extends Operand {
  readonly buffer: GPUBuffer;
  /** The element at which it begins. */
  readonly offset: number;
}

/** One dispatch of one compute shader. */
export interface Launch {
  /** Identifies the source, and the number of its bindings; sizes are no part of it unless the source depends on them. */
  readonly key: string;
  /**
   * The WGSL, wanted when the key is new. Entry point `main`; bindings of group 0: the buffers of `reads` and of `writes` in that
   * order, then the params as a uniform (a struct of u32, or an array of vec4).
   */
  readonly source: () => string;
  /** Bound read-only (`var<storage, read>`), first. One that is also written is copied before the launch. */
  readonly reads: readonly GPUBuffer[];
  /** Bound `var<storage, read_write>`, after them; no buffer twice. */
  readonly writes: readonly GPUBuffer[];
  /** 32-bit words; numbers below zero wrap. Floats go through {@link floatBits}. */
  readonly params: readonly number[];
  /** How many; a bare number is folded into two dimensions where it is beyond what one dimension takes. */
  readonly workgroups: readonly [number, number, number] | number;
}

/** A GPU as routines see it. */
export interface GpuContext {
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  /** Whether the adapter is a processor's: no fast workgroup memory, loads cost, few threads suffice. */
  readonly software: boolean;
  /** Records a dispatch behind all those before it. */
  launch(launch: Launch): void;
  /** Memory of at least `bytes` bytes with any contents, until {@link release}. */
  scratch(bytes: number): GPUBuffer;
  /** Gives scratch memory back; launches recorded before still see it. */
  release(buffer: GPUBuffer): void;
  /**
   * Which of several ways, by their names, is the fastest on this adapter: the first, unless timing is on (see `WebGpuOptions.tune`);
   * then each is run and timed, once for each `key`.
   *
   * @param run records the work in one of the ways; it must be repeatable.
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
