import { empty, Generator, ones, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Parameter } from "../parameter.ts";
import { constant_, normal_, ones_, truncNormal_, uniform_, zeros_ } from "./fill.ts";

const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const std = (values: number[]): number => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

describe("fillers", () => {
  test("answer their tensor, and may write to parameters", () => {
    const parameter = new Parameter(empty([10, 10]));
    for (const fill of [uniform_, normal_, ones_, zeros_, truncNormal_]) {
      expect(fill(parameter)).toBe(parameter);
      expect([parameter.requiresGrad, parameter.isLeaf]).toEqual([true, true]);
    }
    expect(numbers(constant_(parameter, 2.5)).every((value) => value === 2.5)).toBe(true);
  });

  test("draw what the generator gives, on and on", () => {
    const draw = (generator: Generator) => numbers(uniform_(empty([5]), -1, 1, { generator }));
    const generator = new Generator(1);
    const first = draw(generator);
    expect(draw(new Generator(1))).toEqual(first);
    expect(draw(generator)).not.toEqual(first);
    expect(first.every((value) => value >= -1 && value < 1)).toBe(true);
  });
});

describe("truncNormal_", () => {
  test("lies within its bounds and has the moments of the truncated distribution", { tags: ["long", "once"] }, () => {
    const values = numbers(truncNormal_(empty([20_000]), { generator: new Generator(2) }));
    expect(Math.max(...values)).toBeLessThanOrEqual(2);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-2);
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    // √(1 − 2·2φ(2) / (2Φ(2) − 1)) = 0.8796
    expect(std(values)).toBeCloseTo(0.8796, 1.7);
  });

  test("one-sided, shifted and scaled", () => {
    const values = numbers(
      truncNormal_(empty([20_000]), { mean: 1, std: 0.5, a: 1, b: 9, generator: new Generator(3) }),
    );
    expect(Math.min(...values)).toBeGreaterThanOrEqual(1);
    // A half-normal distribution: mean 1 + 0.5·√(2/π).
    expect(mean(values)).toBeCloseTo(1 + 0.5 * Math.sqrt(2 / Math.PI), 1.7);
  });

  test("bounds that leave nothing are refused", () => {
    expect(() => truncNormal_(ones([1]), { a: 2, b: 1 })).toThrow(/truncNormal_: a 2, b 1 and std 1 need a < b/);
    expect(() => truncNormal_(ones([1]), { a: 9, b: 10 })).toThrow(
      /hardly anything of a normal distribution of mean 0 and std 1 lies within 9 to 10/,
    );
    expect(() => truncNormal_(ones([1]), { std: 0 })).toThrow(/std > 0/);
  });
});
