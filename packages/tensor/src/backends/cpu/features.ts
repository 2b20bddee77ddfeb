/** What this runtime's WebAssembly can do. */
import { f32x4, ModuleBuilder, op } from "../../wasm/assembler.ts";

/** Capabilities that kernels are generated for. */
export interface Features {
  /** Fused multiply-add, as fast as one multiplication or nearly so. */
  readonly relaxedMadd: boolean;
  /** Memory that other threads can see. */
  readonly sharedMemory: boolean;
}

function validates(code: Parameters<typeof op>[1]): boolean {
  const module = new ModuleBuilder({ initial: 1, maximum: 1, shared: false });
  module.func([], []).emit(op("drop", code));
  return WebAssembly.validate(module.build());
}

let probed: Features | null = null;

/** The capabilities, probed once. @throws Error without 128-bit SIMD, which every current runtime has. */
export function features(): Features {
  if (probed) return probed;
  if (!validates(op("f32x4.add", f32x4(1), f32x4(1)))) {
    throw new Error(
      'the device "cpu" needs WebAssembly with 128-bit SIMD, which this runtime lacks; use the device "reference"',
    );
  }
  return probed = {
    relaxedMadd: validates(op("f32x4.relaxed_madd", f32x4(1), f32x4(1), f32x4(1))),
    sharedMemory: typeof SharedArrayBuffer !== "undefined",
  };
}
