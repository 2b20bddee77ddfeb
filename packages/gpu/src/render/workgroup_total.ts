/**
 * Combines one value of each thread of a workgroup. Two barriers are needed: a few threads combine some values each, then
 * the results of these are combined. Subgroup operations would need as many, as nothing is known about the size of subgroups.
 */

/** Number of values that a thread combines in either step. */
const stepOf = (threads: number): number => Math.sqrt(threads);

/** Code that combines values pairwise. */
function pairwise(values: readonly string[], combine: (a: string, b: string) => string): string {
  if (values.length === 1) return values[0]!;
  const half = values.length / 2;
  return combine(pairwise(values.slice(0, half), combine), pairwise(values.slice(half), combine));
}

/** Declares the workgroup memory of {@link workgroupTotal}, under a prefix. */
export function declareTotals(prefix: string, type: string, threads: number): string {
  return `var<workgroup> ${prefix}_of_threads: array<${type}, ${threads}>;
var<workgroup> ${prefix}_of_parts: array<${type}, ${stepOf(threads)}>;
`;
}

/** Statements after which the returned code, in any thread, is the total. `threads` is a square: 64 or 256. */
export function workgroupTotal(
  value: string,
  threads: number,
  combine: (a: string, b: string) => string,
): { readonly lines: string; readonly total: string } {
  const step = stepOf(threads);
  const each = Array.from({ length: step }, (_, i) => i);
  return {
    lines: `total_of_threads[lane] = ${value};
  workgroupBarrier();
  if (lane < ${step}u) { total_of_parts[lane] = ${
      pairwise(each.map((i) => `total_of_threads[lane + ${i * step}u]`), combine)
    }; }
  workgroupBarrier();`,
    total: pairwise(each.map((i) => `total_of_parts[${i}]`), combine),
  };
}

/**
 * The same for a value `best` and its index `best_at`: statements after which those of thread 0 are the best of all. Of
 * equal values the one with the lowest index is taken.
 */
export function workgroupBest(threads: number): string {
  const step = stepOf(threads);
  const take = (from: string, index: string): string =>
    `for (var i = 1u; i < ${step}u; i++) {
      let got = best_of_${from}[${index}]; let got_at = index_of_${from}[${index}];
      if (got > best || (got == best && got_at < best_at)) { best = got; best_at = got_at; }
    }`;
  return `best_of_threads[lane] = best; index_of_threads[lane] = best_at;
  workgroupBarrier();
  if (lane < ${step}u) {
    ${take("threads", `lane + i * ${step}u`)}
    best_of_parts[lane] = best; index_of_parts[lane] = best_at;
  }
  workgroupBarrier();
  if (lane == 0u) {
    ${take("parts", "i")}
  }`;
}
