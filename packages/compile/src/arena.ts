/** Places buffers that live at different times in the same memory. */
import type { Captured, MemoryPlan } from "@heddle/tensor/engine";

const alignment = 64;

/** A plan that puts each buffer at the lowest place that is free from its first to its last use, larger buffers first. */
export function planArena({ buffers, steps }: Captured): MemoryPlan {
  const lives = new Map<number, [first: number, last: number]>();
  steps.forEach(({ inputs, outputs }, at) => {
    for (const { buffer: { id } } of [...inputs, ...outputs]) {
      const life = lives.get(id);
      if (life === undefined) lives.set(id, [at, at]);
      else life[1] = at;
    }
  });
  const offsets = new Map<number, number>();
  const placed: { readonly from: number; readonly to: number; readonly first: number; readonly last: number }[] = [];
  let bytes = 0;
  const inner = buffers.filter(({ id, role }) => role === "inner" && lives.has(id)).sort((a, b) => b.bytes - a.bytes);
  for (const { id, bytes: size } of inner) {
    const [first, last] = lives.get(id)!;
    const length = Math.max(alignment, Math.ceil(size / alignment) * alignment);
    let from = 0;
    for (const other of placed) {
      if (other.last < first || other.first > last) continue;
      if (other.from >= from + length) break;
      from = Math.max(from, other.to);
    }
    offsets.set(id, from);
    const place = { from, to: from + length, first, last };
    let at = placed.findIndex((other) => other.from > from);
    if (at < 0) at = placed.length;
    placed.splice(at, 0, place);
    bytes = Math.max(bytes, place.to);
  }
  return { bytes, offsets };
}
