/** WebAssembly features of this runtime. */
import { ModuleBuilder } from "../../code/module.ts";
import { f32x, lane, op } from "../../code/tree.ts";
import { renderWasm } from "../../code/wasm.ts";

/** The features that generated code depends on. */
export interface Features {
  /** Whether `relaxed_madd` is fused: it rounds once, and is about as fast as one multiplication. */
  readonly relaxedMadd: boolean;
  /** Whether memory can be shared with other threads. */
  readonly sharedMemory: boolean;
}

const ownMemory = { initial: 1, maximum: 1, shared: false };

function validates(code: Parameters<typeof op>[1]): boolean {
  const module = new ModuleBuilder();
  module.func([], []).emit(op("drop", code));
  return WebAssembly.validate(renderWasm(module, ownMemory));
}

/**
 * Whether multiply-add rounds once. JavaScriptCore compiles it to a multiplication and an addition that are slower than the
 * separate instructions.
 */
function fuses(): boolean {
  const a = f32x(1 + 2 ** -12);
  const code = op("f32x.relaxed_madd", a, a, f32x(-1 - 2 ** -11));
  if (!validates(code)) return false;
  const module = new ModuleBuilder();
  module.func([], ["f32"], "f").emit(lane("f32x.extract_lane", 0, code));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(renderWasm(module, ownMemory)), {
    env: { memory },
  });
  return (exports.f as () => number)() === 2 ** -24;
}

let probed: Features | null = null;

/** The features, detected once. @throws Error without 128-bit SIMD, which every current runtime has. */
export function features(): Features {
  if (probed) return probed;
  if (!validates(op("f32x.add", f32x(1), f32x(1)))) {
    throw new Error(
      'the device "cpu" needs WebAssembly with 128-bit SIMD, which this runtime lacks; use the device "reference"',
    );
  }
  return probed = {
    relaxedMadd: fuses(),
    sharedMemory: typeof SharedArrayBuffer !== "undefined",
  };
}
