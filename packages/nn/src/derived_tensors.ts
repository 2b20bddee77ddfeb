/** Tensors that are computed from parameters and running statistics, kept for evaluation until one of those changes. */
import { type Tensor, tidy } from "@heddle/tensor";
import { disown, keepsPrepared, own } from "@heddle/tensor/engine";

type Sources = readonly (Tensor | null)[];

interface Derived {
  /** The constants, and of each source the memory with its version, and the part that it is. */
  readonly stamps: readonly unknown[];
  readonly values: readonly Tensor[];
}

const isDisposed = (value: Tensor): boolean => value.isDisposed;

const known: WeakMap<Tensor, Derived> = new WeakMap();

function stampsOf(sources: Sources, constants: readonly number[]): unknown[] {
  const stamps: unknown[] = [...constants];
  for (const source of sources) {
    if (source === null) stamps.push(null);
    else stamps.push(source.storage, source.storage.version, source.offset, ...source.shape, ...source.strides);
  }
  return stamps;
}

/** Whether {@link stampsOf} would return these stamps. */
function areStamps(stamps: readonly unknown[], sources: Sources, constants: readonly number[]): boolean {
  let at = 0;
  for (const constant of constants) if (stamps[at++] !== constant) return false;
  for (const source of sources) {
    if (source === null) {
      if (stamps[at++] !== null) return false;
      continue;
    }
    const { storage, offset, shape, strides } = source;
    if (stamps[at++] !== storage || stamps[at++] !== storage.version || stamps[at++] !== offset) return false;
    for (let d = 0; d < shape.length; d++) if (stamps[at++] !== shape[d]) return false;
    for (let d = 0; d < strides.length; d++) if (stamps[at++] !== strides[d]) return false;
  }
  return at === stamps.length;
}

/**
 * The tensors that `compute` makes from `sources` and `constants`. In evaluation without gradients (`noGrad`) they are kept, and returned again
 * until one of the sources is written to, freed or given other memory. One such result is kept for each `owner`, and is freed with
 * it.
 */
export function derived(
  owner: Tensor,
  sources: Sources,
  constants: readonly number[],
  compute: () => readonly Tensor[],
): readonly Tensor[] {
  if (!keepsPrepared()) {
    forget(owner);
    return compute();
  }
  const before = known.get(owner);
  if (before !== undefined) {
    // This runs for every layer of a network: it allocates nothing.
    if (areStamps(before.stamps, sources, constants) && !before.values.some(isDisposed)) return before.values;
    forget(owner);
  }
  const values = tidy(compute);
  for (const value of values) {
    own(owner, value);
    value.storage.lasting = true;
  }
  known.set(owner, { stamps: stampsOf(sources, constants), values });
  return values;
}

/** Frees what is kept for a tensor. */
export function forget(owner: Tensor): void {
  const before = known.get(owner);
  if (before === undefined) return;
  known.delete(owner);
  for (const value of before.values) {
    disown(owner, value);
    value.dispose();
  }
}
