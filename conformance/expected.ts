/** What is skipped because the machine lacks something, and the machines on which that is an error instead. */
import process from "node:process";

/**
 * Says why tests are skipped.
 *
 * @throws Error where `.ci/run` has installed what they need (it sets `EXPECT_GPU=1`): then skipping would hide that it does not work.
 */
export function skipping(tests: string, reason: unknown): void {
  const message = `${tests} are skipped: ${reason instanceof Error ? reason.message : reason}`;
  if (process.env["EXPECT_GPU"] === "1") throw new Error(message);
  console.warn(message);
}
