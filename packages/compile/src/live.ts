/** Numbers that a captured step takes from the host in each run. */
import { type Device, type Tensor, tensor } from "@heddle/tensor";
import { activeCapture } from "@heddle/tensor/engine";
import { Recording } from "./recording.ts";

/**
 * A number that changes from step to step, as a 0-dimensional float32 tensor: in a compiled step the function is called before each run.
 * Elsewhere it is called once.
 *
 * @param read returns the number.
 * @throws TypeError if it is not a function that returns a number.
 *
 * @example
 * ```ts
 * import { compile, live } from "@heddle/compile";
 * import { type Tensor, tensor } from "@heddle/tensor";
 * let temperature = 1;
 * const scaled = compile((x: Tensor) => x.div(live(() => temperature)));
 * for (temperature = 1; temperature < 5; temperature++) scaled(tensor([12])).item(); // 12, 6, 4, 3
 * ```
 */
export function live(read: () => number, options: { readonly device?: Device | string } = {}): Tensor {
  if (typeof read !== "function") {
    throw new TypeError("live: expected a function that returns a number, such as () => lr");
  }
  const value = (): number => {
    const number = read();
    if (typeof number === "number") return number;
    throw new TypeError(`live: the function returned ${String(number)}, which is not a number`);
  };
  const result = tensor(value(), options);
  const capture = activeCapture();
  if (capture instanceof Recording) {
    capture.refreshes(result.storage, () => new Uint8Array(Float32Array.of(value()).buffer));
  }
  return result;
}
