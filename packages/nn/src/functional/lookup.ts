/** Errors for indices out of range, in the words of the operation that looked them up. */
import type { Tensor } from "@heddle/tensor";

/**
 * Runs a lookup. When it fails because an index lies outside 0 … size − 1, `explain` gives the error. The indices are read only then: to
 * read them on every call would stall an asynchronous device.
 */
export function lookUp(
  indices: Tensor,
  size: number,
  explain: (index: number | bigint) => string,
  lookup: () => Tensor,
): Tensor {
  try {
    return lookup();
  } catch (error) {
    if (!(error instanceof RangeError) || !indices.device.backend.readsSynchronously) throw error;
    const wrong = [...indices.toTypedArray()].find((index) => index < 0 || index >= size);
    if (wrong === undefined) throw error;
    throw new RangeError(explain(wrong), { cause: error });
  }
}
