import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { chooseBlasCore, plausibleCores } from "./blas_core.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-blas-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** A program in Python's place. It fails where OPENBLAS_NUM_THREADS is not 1, and for the core "Broken". */
function python(
  name: string,
  answers: Readonly<Record<string, unknown>>,
): string {
  const file = join(folder, name);
  const script = `#!${process.execPath}
const core = process.env.OPENBLAS_CORETYPE ?? "default";
if (process.env.OPENBLAS_NUM_THREADS !== "1" || core === "Broken") process.exit(132);
console.log("a line of some library");
console.log(JSON.stringify(${JSON.stringify(answers)}[core]));
`;
  writeFileSync(file, script);
  chmodSync(file, 0o755);
  return file;
}

const probe = (core: string | null, time: number, mkl = false): unknown => ({
  mkl,
  core,
  times: { 512: time, 1024: 8 * time },
});

test("a processor's flags decide which cores are plausible", () => {
  expect(plausibleCores(new Set(["sse2"]))).toEqual([]);
  expect(plausibleCores(new Set(["avx2", "fma"]))).toEqual(["Haswell", "Zen"]);
  const server = [
    "avx2",
    "fma",
    "avx512f",
    "avx512cd",
    "avx512bw",
    "avx512dq",
    "avx512vl",
  ];
  expect(plausibleCores(new Set(server))).toEqual([
    "Haswell",
    "Zen",
    "SkylakeX",
  ]);
});

// The program in Python's place is a script with the runtime's path in its first line, which Deno and Windows cannot run.
describe.skipIf(
  "deno" in process.versions || "bun" in process.versions ||
    process.platform === "win32",
)(
  "the choice of a core",
  () => {
    test("takes the fastest and warns of a slow default", () => {
      const file = python("slow", {
        default: probe("Prescott", 10),
        Haswell: probe("Haswell", 5),
        SkylakeX: probe("SkylakeX", 2.5),
        Unknown: probe("Prescott", 1),
      });
      const choice = chooseBlasCore(file, [
        "Haswell",
        "SkylakeX",
        "Unknown",
        "Broken",
      ]);
      expect(choice.core).toBe("SkylakeX");
      expect(choice.defaultRatio).toBe(4);
      expect(choice.tried.map(({ asked, time }) => [asked, time])).toEqual([
        [null, 160],
        ["Haswell", 80],
        ["SkylakeX", 40],
      ]);
      expect(choice.about).toHaveLength(2);
      expect(choice.about[0]).toContain("core SkylakeX, by OPENBLAS_CORETYPE");
      expect(choice.about[0]).toContain(
        "Unknown is not known to this OpenBLAS; Broken does not run",
      );
      expect(choice.about[1]).toMatch(
        /WARNING.*4\.0 times as long unless OPENBLAS_CORETYPE=SkylakeX/,
      );
    });

    test("keeps the default where it is the fastest, without a warning", () => {
      const file = python("fast", {
        default: probe("SkylakeX", 2),
        Haswell: probe("Haswell", 3),
      });
      // SkylakeX is the default, so it is not tried again: its answer would be missing.
      const choice = chooseBlasCore(file, ["Haswell", "SkylakeX"]);
      expect(choice.core).toBeNull();
      expect(choice.about).toHaveLength(1);
      expect(choice.about[0]).not.toContain("does not run");
    });

    test("does not warn of a default that is a tenth slower", () => {
      const file = python("tenth", {
        default: probe("Zen", 1.05),
        Haswell: probe("Haswell", 1),
      });
      const choice = chooseBlasCore(file, ["Haswell"]);
      expect(choice.core).toBe("Haswell");
      expect(choice.about).toHaveLength(1);
    });

    test("says that there is nothing to choose with MKL, another BLAS, a given core and a failing probe", () => {
      const about = (file: string): string => {
        const choice = chooseBlasCore(file, ["Haswell"]);
        expect(choice).toMatchObject({
          core: null,
          tried: [],
          defaultRatio: 1,
        });
        return choice.about.join();
      };
      expect(
        about(python("mkl", { default: { mkl: true, core: null, times: {} } })),
      ).toContain("with MKL");
      expect(about(python("reference", { default: probe(null, 1) }))).toContain(
        "does not multiply with OpenBLAS",
      );
      expect(about(join(folder, "missing"))).toContain(
        "the probe of its speed failed",
      );
      vi.stubEnv("OPENBLAS_CORETYPE", "Haswell");
      expect(about(join(folder, "missing"))).toContain(
        "OPENBLAS_CORETYPE=Haswell; no other was tried",
      );
    });
  },
);
