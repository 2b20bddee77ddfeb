import { describe, expect, test } from "vitest";
import { type Axis, scaleOf } from "./axes.ts";

const words = (axis: Omit<Axis, "label">, values: number[], count = 5): string[] =>
  scaleOf({ label: "", ...axis }, values, [0, 100], count).ticks.map((tick) => tick.words);

describe("scaleOf", () => {
  test("ends at round values and includes what it must", () => {
    expect(words({}, [0.3, 9.7])).toEqual(["0", "2", "4", "6", "8", "10"]);
    expect(words({ include: 0 }, [40, 97])).toEqual(["0", "20", "40", "60", "80", "100"]);
  });

  test("whole ticks, also for one epoch", () => {
    expect(words({ whole: true }, [1, 2, 3], 8)).toEqual(["1", "2", "3"]);
    expect(words({ whole: true }, [1], 8)).toEqual(["1"]);
  });

  test("logarithmic axes reach from tick to tick", () => {
    expect(words({ scale: "log" }, [1.3, 12])).toEqual(["1", "2", "5", "10", "20"]);
    expect(words({ scale: "log" }, [300, 12_000])).toEqual([
      "200",
      "500",
      "1,000",
      "2,000",
      "5,000",
      "10,000",
      "20,000",
    ]);
    // Powers throughout where plain numbers would be long.
    expect(words({ scale: "log" }, [0.0004, 3])).toEqual(["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹"]);
    expect(words({ scale: "log" }, [2e5, 4e5])).toEqual(["2×10⁵", "5×10⁵"]);
    const scale = scaleOf({ label: "", scale: "log" }, [1, 100], [0, 100], 5);
    expect(scale(10)).toBeCloseTo(50);
    expect(() => words({ scale: "log" }, [0, 1])).toThrow("a logarithmic axis needs values above 0, but one is 0");
  });

  test("NaN and infinities do not count; none and one value have a scale", () => {
    expect(words({}, [NaN, 0, Infinity, 10])).toEqual(["0", "2", "4", "6", "8", "10"]);
    expect(words({}, []).length).toBeGreaterThan(1);
    const scale = scaleOf({ label: "" }, [5, 5], [0, 100], 5);
    expect(scale(5)).toBeGreaterThan(0);
    expect(scale(5)).toBeLessThan(100);
  });
});
