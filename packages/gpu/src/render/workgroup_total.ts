/**
 * Combines one value of each thread of a workgroup. Neighbouring threads are combined first, then neighbouring pairs, and so
 * on, so that a sum has the same bits with subgroup operations, of any size, and without them.
 *
 * With subgroup operations, threads exchange values in registers, and what is left takes one barrier. Without them two are
 * needed: a few threads combine some values each, then the results of these are combined.
 */

/** Code that combines two values. */
export type Combine = (a: string, b: string) => string;

/** Number of values that a thread combines in either step without subgroup operations. */
const stepOf = (threads: number): number => Math.sqrt(threads);

/** Number of parts that are combined in the order of the threads by one thread; of more, subgroups exchange the rest. */
const most = 8;

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Code that combines values pairwise. */
export function pairwise(values: readonly string[], combine: Combine): string {
  if (values.length === 1) return values[0]!;
  const half = values.length / 2;
  return combine(pairwise(values.slice(0, half), combine), pairwise(values.slice(half), combine));
}

/** The distances, within a group of `size` threads, over which values are exchanged: 1, 2, 4, …. */
const distances = (size: number): number[] => count(Math.log2(size)).map((i) => 2 ** i);

/** Statements after which a variable of each thread has the total of the `size` adjacent threads that it belongs to. */
export const exchanged = (name: string, size: number, combine: Combine): string =>
  distances(size).map((by) => `${name} = ${combine(name, `subgroupShuffleXor(${name}, ${by}u)`)};`).join(" ");

/** Where thread `lane` has its value, so that the threads that combine `step` of them each use different banks. */
const placeOf = (step: number): string => `lane + lane / ${step}u`;

/**
 * Declares the workgroup memory of {@link workgroupTotal} and {@link workgroupBest}, under a prefix.
 *
 * @param subgroup the smallest number of threads that exchange values, 1 without subgroup operations.
 */
export function declareTotals(prefix: string, type: string, threads: number, subgroup: number): string {
  const step = stepOf(threads);
  if (subgroup > 1) {
    // Two sets, as a thread may store the next value while another still reads this one.
    return subgroup >= threads ? "" : `var<workgroup> ${prefix}_of_parts: array<${type}, ${2 * threads / subgroup}>;\n`;
  }
  return `var<workgroup> ${prefix}_of_threads: array<${type}, ${threads + step}>;
var<workgroup> ${prefix}_of_parts: array<${type}, ${step}>;
`;
}

/**
 * Statements after which the returned code, in any thread, is the total of a variable, which they change. `threads` is a
 * square: 64 or 256.
 *
 * @param turn the number of totals before this one in the shader.
 */
export function workgroupTotal(
  name: string,
  threads: number,
  subgroup: number,
  combine: Combine,
  turn = 0,
): { readonly lines: string; readonly total: string } {
  if (subgroup > 1) {
    const lines = exchanged(name, Math.min(subgroup, threads), combine);
    if (subgroup >= threads) return { lines, total: name };
    const parts = threads / subgroup;
    const first = turn % 2 * parts;
    const part = (index: string): string => `total_of_parts[${index}]`;
    const stored = `${lines}
  if (lane % ${subgroup}u == 0u) { ${part(`${first}u + lane / ${subgroup}u`)} = ${name}; }
  workgroupBarrier();`;
    if (parts <= most) {
      return {
        lines: stored,
        total: pairwise(count(parts).map((i) => part(`${first + i}`)), combine),
      };
    }
    const across = Math.min(subgroup, parts);
    const each = parts / across;
    const own = count(each).map((i) => part(`${first + i}u + lane % ${across}u * ${each}u`));
    return {
      lines: `${stored}\n  ${name} = ${pairwise(own, combine)}; ${exchanged(name, across, combine)}`,
      total: name,
    };
  }
  const step = stepOf(threads);
  return {
    lines: `total_of_threads[${placeOf(step)}] = ${name};
  workgroupBarrier();
  if (lane < ${step}u) { total_of_parts[lane] = ${
      pairwise(count(step).map((i) => `total_of_threads[lane * ${step + 1}u + ${i}u]`), combine)
    }; }
  workgroupBarrier();`,
    total: pairwise(count(step).map((i) => `total_of_parts[${i}]`), combine),
  };
}

/** Statements that take another value and its index if it is better. Of equal values the one with the lowest index is. */
const take = (value: string, index: string): string =>
  `let got = ${value}; let got_at = ${index};
      if (got > best || (got == best && got_at < best_at)) { best = got; best_at = got_at; }`;

/** The same for a value `best` and its index `best_at`: statements after which those of thread 0 are the best of all. */
export function workgroupBest(threads: number, subgroup: number): string {
  const from = (set: string, many: number, index: string): string =>
    `for (var i = 1u; i < ${many}u; i++) {
      ${take(`best_of_${set}[${index}]`, `index_of_${set}[${index}]`)}
    }`;
  if (subgroup > 1) {
    const own = distances(Math.min(subgroup, threads)).map((by) =>
      `{ ${take(`subgroupShuffleXor(best, ${by}u)`, `subgroupShuffleXor(best_at, ${by}u)`)} }`
    ).join("\n  ");
    if (subgroup >= threads) return own;
    return `${own}
  if (lane % ${subgroup}u == 0u) { best_of_parts[lane / ${subgroup}u] = best; index_of_parts[lane / ${subgroup}u] = best_at; }
  workgroupBarrier();
  if (lane == 0u) {
    ${from("parts", threads / subgroup, "i")}
  }`;
  }
  const step = stepOf(threads);
  return `best_of_threads[${placeOf(step)}] = best; index_of_threads[${placeOf(step)}] = best_at;
  workgroupBarrier();
  if (lane < ${step}u) {
    best = best_of_threads[lane * ${step + 1}u]; best_at = index_of_threads[lane * ${step + 1}u];
    ${from("threads", step, `lane * ${step + 1}u + i`)}
    best_of_parts[lane] = best; index_of_parts[lane] = best_at;
  }
  workgroupBarrier();
  if (lane == 0u) {
    ${from("parts", step, "i")}
  }`;
}
