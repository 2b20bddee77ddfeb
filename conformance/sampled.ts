/** Tests from a table: some always run, the others only with the long tests. */
import { test } from "vitest";

interface Recorded {
  readonly name: string;
  readonly call?: string;
  readonly module?: string;
}

/**
 * Defines one test for each case, by its name. Every `sample`-th always runs, and the first of each call and each module, so that what
 * is added is never left out; the others are tagged `long`, so `test:all` and CI run them.
 */
export function testEach<Case extends Recorded>(
  cases: readonly Case[],
  sample: number,
  run: (each: Case) => void,
): void {
  const seen = new Set<string | undefined>([undefined]);
  cases.forEach((each, i) => {
    const kind = each.module ?? each.call;
    test(each.name, i % sample === 0 || !seen.has(kind) ? {} : { tags: ["long"] }, () => run(each));
    seen.add(kind);
  });
}
