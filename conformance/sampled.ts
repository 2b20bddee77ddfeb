/** Tests from a table: some always run, the others only with the long tests. */
import { test } from "vitest";

/**
 * Defines one test for each case, by its name. Every `sample`-th always runs; the others are tagged `long`, so `test:all` and CI
 * run them.
 */
export function testEach<Case extends { readonly name: string }>(
  cases: readonly Case[],
  sample: number,
  run: (each: Case) => void,
): void {
  cases.forEach((each, i) => test(each.name, i % sample === 0 ? {} : { tags: ["long"] }, () => run(each)));
}
