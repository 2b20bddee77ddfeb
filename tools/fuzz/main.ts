/**
 * Damages files and passes them to every reader: `deno task fuzz --seconds 600 --seed 1`. Failures are printed with the
 * arguments of `--reader NAME --case N` that reproduce them.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { readers } from "./readers.ts";
import { type Fault, tryCase, wholeResults } from "./run.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1e9) },
    reader: { type: "string" },
    case: { type: "string" },
  },
});
const seconds = Number(values.seconds), seed = Number(values.seed);
if (!(seconds > 0) || !Number.isInteger(seed)) {
  throw new Error("fuzz: --seconds is a number above 0, --seed an integer");
}
const { readers: all, clear } = await readers();
const chosen = all.filter(({ name }) => values.reader === undefined || name === values.reader);
if (chosen.length === 0) throw new Error(`fuzz: --reader is one of ${all.map(({ name }) => name).join(", ")}`);
console.log(`seed ${seed}, ${seconds} s`);

const faults: Fault[] = [];
const seen = new Set<string>();
const end = Date.now() + seconds * 1000;
const counts = new Map<string, number>();
const whole = new Map(await Promise.all(chosen.map(async (reader) => [reader, await wholeResults(reader)] as const)));
const first = Number(values.case ?? 0);
for (let number = first; values.case === undefined ? Date.now() < end : number === first; number++) {
  for (const reader of chosen) {
    const fault = await tryCase(reader, whole.get(reader)!, seed, number);
    counts.set(reader.name, (counts.get(reader.name) ?? 0) + 1);
    if (fault === null) continue;
    // One of a kind is enough.
    const kind = `${fault.reader} ${fault.what.split("\n")[0]!.replace(/[\d.]+/g, "#").slice(0, 60)}`;
    if (seen.has(kind)) continue;
    seen.add(kind);
    faults.push(fault);
    console.log(
      `${fault.reader}, --seed ${seed} --reader "${fault.reader}" --case ${number}: ${fault.what}\n  ${
        fault.file.slice(0, 400)
      }`,
    );
  }
}
clear();
console.log([...counts].map(([name, count]) => `${name} ${count}`).join(", "));
console.log(`${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
