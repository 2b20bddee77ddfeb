/** What a loop iterates over, and what it does with a batch. */
import { type Device, Tensor } from "@heddle/tensor";

/**
 * Batches that are iterated over once an epoch: a `DataLoader`, an array of batches, or anything else that iterates. A length tells how
 * long training takes, and a state lets an interrupted epoch go on without reading the batches before again.
 */
export type Batches<B> = (Iterable<B> | AsyncIterable<B>) & {
  readonly length?: number;
  stateDict?(): unknown;
  loadStateDict?(state: never): unknown;
};

/** An input and its target, the shape of batches of labelled data. */
export type Pair = readonly [input: Tensor, target: Tensor];

/** Number of batches of an epoch, or null if it is unknown until it was iterated over. */
export function lengthOf(loader: Batches<unknown>): number | null {
  try {
    return loader.length ?? null;
  } catch {
    return null;
  }
}

/** A batch on a device: tensors in arrays and plain objects are copied there, everything else stays. */
export function toDevice<B>(batch: B, device: Device | string | null): B {
  if (device === null) return batch;
  const moved = (value: unknown): unknown => {
    if (value instanceof Tensor) return value.to(device);
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, moved(each)]));
  };
  return moved(batch) as B;
}

/** Number of samples in a batch: the first size of the first tensor in it; 1 if there is none. */
export function samplesIn(batch: unknown): number {
  if (batch instanceof Tensor) return batch.ndim === 0 ? 1 : batch.shape[0]!;
  if (typeof batch !== "object" || batch === null) return 1;
  const first = Object.values(batch).find((value) => value instanceof Tensor);
  return first === undefined ? 1 : samplesIn(first);
}

/** @throws TypeError unless a batch is a pair of tensors, saying what it is */
export function checkPair(operation: string, batch: unknown): Pair {
  if (Array.isArray(batch) && batch.length === 2 && batch.every((each) => each instanceof Tensor)) {
    return batch as unknown as Pair;
  }
  throw new TypeError(
    `${operation}: with \`loss\`, a batch is [input, target], two tensors; this one is ${
      describe(batch)
    }. For other batches give ` +
      "`step: (model, batch) => …`, which returns the loss",
  );
}

/** What a value is, for errors. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof Tensor) return `a tensor of shape [${value.shape.join(", ")}]`;
  if (Array.isArray(value)) {
    return `an array of ${value.length}${value.length > 4 ? "" : ` (${value.map(describe).join(", ")})`}`;
  }
  if (typeof value !== "object") return `a ${typeof value}`;
  const { name } = value.constructor ?? {};
  return name === "Object"
    ? `an object with ${Object.keys(value).join(", ") || "nothing"}`
    : `an object of class ${name ?? "null"}`;
}
