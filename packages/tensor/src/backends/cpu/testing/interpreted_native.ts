/** A stand-in for native code, which interprets modules. */
import { interpret } from "../../../code/interpreter/interpreter.ts";
import type { Run } from "../compiled_module.ts";
import type { NativeCode } from "../native_code.ts";

/** Native code that is interpreted, for engines of one thread. */
export function interpretedNative(vectorBytes: 16 | 32 | 64, tiles: boolean = false): NativeCode {
  return {
    target: { name: `interpreted, ${vectorBytes} bytes`, vectorBytes },
    afterRuns: 1,
    workerSource: '() => () => { throw new Error("workers do not interpret"); }',
    tiles: () => tiles,
    prepare() {},
    compile(module, _key, { memory }) {
      if (module.imports.length > 0) return null;
      const { run } = interpret(module, { memory: () => memory.buffer });
      return { address: 0n, run: run as unknown as Run, settle() {} };
    },
  };
}
