/** What this runtime's WebAssembly can do. */
import { f32x4, lane, ModuleBuilder, op } from "../../wasm/assembler.ts";

/** Capabilities that kernels are generated for. */
export interface Features {
  /** A `relaxed_madd` that is fused: one rounding, and as fast as one multiplication or nearly so. */
  readonly relaxedMadd: boolean;
  /** Memory that other threads can see. */
  readonly sharedMemory: boolean;
}

function validates(code: Parameters<typeof op>[1]): boolean {
  const module = new ModuleBuilder({ initial: 1, maximum: 1, shared: false });
  module.func([], []).emit(op("drop", code));
  return WebAssembly.validate(module.build());
}

/** Whether multiply-add rounds once. JavaScriptCore accepts it and multiplies and adds, slower than two instructions do. */
function fuses(): boolean {
  const a = f32x4(1 + 2 ** -12);
  const code = op("f32x4.relaxed_madd", a, a, f32x4(-1 - 2 ** -11));
  if (!validates(code)) return false;
  const module = new ModuleBuilder({ initial: 1, maximum: 1, shared: false });
  module.func([], ["f32"], "f").emit(lane("f32x4.extract_lane", 0, code));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.build()), { env: { memory } });
  return (exports.f as () => number)() === 2 ** -24;
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
    relaxedMadd: fuses(),
    sharedMemory: typeof SharedArrayBuffer !== "undefined",
  };
}
