/** The conformance suite: every backend is compared with the same recordings of PyTorch. */
import "@heddle/autograd";
import { defaultDevice, getDevice, setDefaultDevice } from "@heddle/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { differences } from "./differences.ts";
import { type FixtureCase, loadFixtures } from "./load.ts";
import type { ReplayDTypes } from "./narrow.ts";
import { testPrinting } from "./printing.ts";
import { defaultTolerances, type Tolerances } from "./recorded_tensors.ts";
import { replay, type Setting, showCall } from "./replay.ts";
import { testSecondDerivatives } from "./second_order.ts";

/** What may differ between backends. */
export interface ConformanceOptions {
  /** Tolerances that replace the default ones, by dtype. */
  readonly tolerances?: Partial<Tolerances>;
  /** Whether the sign of zeros is compared (default true). */
  readonly signedZeros?: boolean;
  /** Dtypes that the device lacks, and those in which their recordings are replayed instead (default: not at all). */
  readonly replayAs?: ReplayDTypes;
  /** Cases that are skipped on the device, as `family/name`, each with the reason. */
  readonly excused?: { readonly [familyAndName: string]: string };
  /** Every n-th recording is always replayed; the others are long tests (default 1: all are replayed). */
  readonly sample?: number;
  /** Families of which the other recordings are left out, as another device of the same kernels replays them. */
  readonly sampledOnly?: readonly string[];
}

/** Families of operations, replayed case by case. */
export const operationFamilies: readonly string[] = [
  "elementwise_unary",
  "elementwise_binary",
  "elementwise_ternary",
  "promotion",
  "reductions",
  "ordering",
  "order_statistics",
  "searching",
  "shapes",
  "indexing",
  "gather_scatter",
  "placing",
  "calculus",
  "products",
  "composed_products",
  "stacking",
  "convolutions",
  "fourier",
  "creation",
  "sizes",
];

/** Their edge cases, which take longer, are in {@link edgeConformance}. */
export const edgeFamilies: readonly string[] = [
  "edges_windows",
  "edges_elementwise",
  "edges_reductions",
  "edges_scatters",
  "edges_losses",
  "edges_in_place",
  "edges_products_of_integers",
  "edges_without_dimensions",
];

const listedFailures = 12;

/**
 * Defines the tests of one backend, by the name of its device.
 *
 * @example
 * ```ts ignore
 * conformance("gpu", { tolerances: { float32: { rtol: 1e-4, atol: 1e-5 } } });
 * ```
 */
export function conformance(device: string, options: ConformanceOptions = {}): void {
  const { excused = {}, sample = 1 } = options;
  onDevice(`conformance of ${device}`, device, () => {
    const setting = (family: string): Setting => settingOf(device, family, options);
    testFamilies(operationFamilies, device, options);
    test("all listed differences are of recorded cases", () => {
      const names = [...operationFamilies, ...edgeFamilies].flatMap((family) =>
        loadFixtures(family).cases.map(({ name }) => `${family}/${name}`)
      );
      names.push(...loadFixtures("second_order").cases.map(({ name }) => `second_order/${name}`));
      for (const family of ["losses", "functional", "vision"]) {
        names.push(...loadFixtures(family).cases.map(({ name }) => `${family}/${name}`));
      }
      const listed = [...Object.keys(differences), ...Object.keys(excused)];
      expect(listed.filter((name) => !names.includes(name))).toEqual([]);
    });
    describe("second_order", () => testSecondDerivatives(setting("second_order"), sample));
    // Other devices are named in the text.
    if (device === "reference" || device === "cpu") {
      describe("printing", () => testPrinting(setting("printing")));
    }
  });
}

/** Defines the tests of the recorded edge cases on one device. */
export function edgeConformance(device: string, options: ConformanceOptions = {}): void {
  onDevice(`corners and ends on ${device}`, device, () => testFamilies(edgeFamilies, device, options));
}

/** Tests in which a device is the default one. */
function onDevice(name: string, device: string, tests: () => void): void {
  describe(name, () => {
    const before = defaultDevice();
    beforeAll(() => setDefaultDevice(device));
    afterAll(() => setDefaultDevice(before));
    tests();
  });
}

function settingOf(device: string, family: string, options: ConformanceOptions): Setting {
  const { signedZeros = true, excused = {}, replayAs } = options;
  return {
    device: getDevice(device),
    tolerances: { ...defaultTolerances, ...options.tolerances },
    // The recordings' other zeros have whatever sign PyTorch's kernels happened to leave.
    signedZeros: signedZeros && family.startsWith("elementwise"),
    replayAs,
    excused: Object.keys(excused).filter((name) => name.startsWith(`${family}/`)),
  };
}

function testFamilies(families: readonly string[], device: string, options: ConformanceOptions): void {
  const { excused = {}, sample = 1, sampledOnly = [] } = options;
  for (const family of families) {
    describe(family, () => {
      const held = loadFixtures(family).cases.filter((each) => !(`${family}/${each.name}` in excused));
      const run = (cases: readonly FixtureCase[]): void => {
        const setting = settingOf(device, family, options);
        reportFailures(cases, (each) => replay(each, setting, differences[`${family}/${each.name}`]));
      };
      for (const [call, cases] of byCall(held)) {
        const always = cases.filter((_, i) => i % sample === 0);
        const others = cases.filter((_, i) => i % sample !== 0);
        test(call, () => run(always));
        if (others.length > 0 && !sampledOnly.includes(family)) {
          test(`${call}: the others`, { tags: ["long"] }, () => run(others));
        }
      }
    });
  }
}

function byCall(cases: readonly FixtureCase[]): Map<string, FixtureCase[]> {
  const groups = new Map<string, FixtureCase[]>();
  for (const each of cases) groups.set(each.call, [...groups.get(each.call) ?? [], each]);
  return groups;
}

/** Fails with a line for each case that is wrong, up to a dozen. */
function reportFailures(cases: readonly FixtureCase[], run: (fixture: FixtureCase) => string[]): void {
  const failures: string[] = [];
  for (const each of cases) {
    const wrong = run(each);
    if (wrong.length > 0) failures.push(`"${each.name}": ${showCall(each)}\n    ${wrong.join("\n    ")}`);
  }
  if (failures.length === 0) return;
  const more = failures.length > listedFailures ? [`and ${failures.length - listedFailures} more`] : [];
  expect.fail(
    `${failures.length} of ${cases.length} cases\n  ${[...failures.slice(0, listedFailures), ...more].join("\n  ")}`,
  );
}
