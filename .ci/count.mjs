// Adds up what the parts of .ci/run left behind. A part that failed, or that should have counted something and did not,
// counts as a failure: nothing ends well by not having run.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const out = process.argv[2];
const read = (name) => existsSync(join(out, name)) ? readFileSync(join(out, name), "utf8") : "";
const readJson = (name) => {
  try {
    return JSON.parse(read(name));
  } catch {
    return null;
  }
};

/** What a part counted: `[passed, failed, skipped]`, or null when it left nothing to count. */
const counters = {
  setup: (ok) => [0, ok ? 0 : 1, 0],
  checks() {
    const counts = readJson("checks.json");
    return counts && [counts.passed, counts.failed, 0];
  },
  lenet(ok) {
    const last = read("lenet.txt").trim().split("\n").at(-1);
    try {
      const { testErrorPercent } = JSON.parse(last);
      return ok && testErrorPercent.length === 1 && testErrorPercent.every(Number.isFinite) ? [1, 0, 0] : [0, 1, 0];
    } catch {
      return null;
    }
  },
};
/** The failed tests of a part with the first line of their messages, for whoever sees only the end of the output. */
const failures = (name) =>
  (readJson(`${name}.json`)?.testResults ?? []).flatMap(({ name: file, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === "failed");
    const told = failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages?.[0] ?? ""}`);
    return (told.length > 0 || !message ? told : [message]).map((text) => `${name}: ${file}: ${text.split("\n")[0]}`);
  });
const testCounter = (name) => () => {
  const report = readJson(`${name}.json`);
  if (!report) return null;
  return [report.numPassedTests, report.numFailedTests, report.numPendingTests + (report.numTodoTests ?? 0)];
};

const total = [0, 0, 0];
const ended = new Map(read("parts.tsv").trim().split("\n").map((line) => line.split("\t")));
// Native code is tested for the instruction sets that the machine has; .ci/run prints which.
const native = [...ended.keys()].filter((name) => name.startsWith("native-"));
const expected = ["setup", "test-deno", "test-bun", "test-node", ...native, "checks", "lenet"];
for (const name of expected) {
  const ok = ended.get(name) === "0";
  let counts = (counters[name] ?? testCounter(name))(ok);
  if (counts === null) {
    console.log(`${name}: left no result`);
    counts = [0, 1, 0];
  }
  if (!ok && counts[1] === 0) {
    console.log(`${name}: failed outside its tests`);
    counts[1] = 1;
  }
  if (name !== "setup" && counts[0] === 0 && counts[1] === 0) {
    console.log(`${name}: nothing passed`);
    counts[1] = 1;
  }
  counts.forEach((count, i) => total[i] += count);
  console.log(`${name}: ${counts[0]} passed, ${counts[1]} failed${counts[2] > 0 ? `, ${counts[2]} skipped` : ""}`);
}
// The runtimes run the same tests, so a file that one of them silently left out shows here.
const tests = expected.slice(1, 4).map((name) => readJson(`${name}.json`)?.numTotalTests ?? 0);
if (new Set(tests).size > 1) {
  console.log(`the runtimes ran different numbers of tests: Deno ${tests[0]}, Bun ${tests[1]}, Node ${tests[2]}`);
  total[1]++;
}

for (const name of expected) for (const line of failures(name)) console.log(line);

const [passed, failed, skipped] = total;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
