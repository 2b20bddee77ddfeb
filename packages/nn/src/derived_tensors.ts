/** Tensors that are computed from parameters and running statistics, kept for evaluation until one of those changes. */
import { type Tensor, tidy } from "@heddle/tensor";
import { disown, keepsPrepared, own } from "@heddle/tensor/engine";

type Sources = readonly (Tensor | null)[];

interface Derived {
  /** The constants, and of each source the memory with its version, and the part that it is. */
  readonly stamps: readonly unknown[];
  readonly values: readonly Tensor[];
}

const known: WeakMap<Tensor, Derived> = new WeakMap();

function stampsOf(sources: Sources, constants: readonly number[]): unknown[] {
  const stamps: unknown[] = [...constants];
  for (const source of sources) {
    if (source === null) stamps.push(null);
    else stamps.push(source.storage, source.storage.version, source.offset, ...source.shape, ...source.strides);
  }
  return stamps;
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
  const stamps = stampsOf(sources, constants);
  const before = known.get(owner);
  if (before !== undefined) {
    const same = before.stamps.length === stamps.length && before.stamps.every((stamp, i) => stamp === stamps[i]) &&
      before.values.every((value) => !value.isDisposed);
    if (same) return before.values;
    forget(owner);
  }
  const values = tidy(compute);
  for (const value of values) {
    own(owner, value);
    value.storage.lasting = true;
  }
  known.set(owner, { stamps, values });
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
