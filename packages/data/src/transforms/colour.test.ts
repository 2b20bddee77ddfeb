import { full, Generator, rand, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { ColorJitter } from "./color_jitter.ts";
import { ColorShift } from "./color_shift.ts";
import { RandomContrast } from "./contrast.ts";
import { GaussianNoise } from "./gaussian_noise.ts";
import { Grayscale, RandomGrayscale } from "./grayscale.ts";
import { RandomAutocontrast } from "./random_tones.ts";

const GREY = tensor([0.2989, 0.587, 0.114]).reshape([3, 1, 1]);
const grey = (x: Tensor): Tensor => x.mul(GREY).sum(-3, { keepdim: true });
const picture = (): Tensor => rand([3, 6, 5], { generator: new Generator(1) });
const close = (a: Tensor, b: Tensor): void => expect(a.allclose(b.expand(a.shape), { atol: 1e-6, rtol: 0 })).toBe(true);
const pixel = (r: number, g: number, b: number): Tensor => tensor([[[r]], [[g]], [[b]]]);

describe("ColorJitter", () => {
  test.each([0, 0.4, 1, 1.7])("brightness, contrast and saturation are blends, kept from 0 to 1: %f", (factor) => {
    const x = picture();
    const range = [factor, factor] as const;
    const blend = (other: Tensor): Tensor => x.mul(factor).add(other.mul(1 - factor)).clamp({ min: 0, max: 1 });
    close(new ColorJitter({ brightness: range }).apply(x), blend(x.mul(0)));
    close(new ColorJitter({ contrast: range }).apply(x), blend(grey(x).mean()));
    close(new ColorJitter({ saturation: range }).apply(x), blend(grey(x)));
    const one = x.narrow(0, 0, 1);
    close(
      new ColorJitter({ contrast: range }).apply(one),
      one.mul(factor).add(one.mean().mul(1 - factor)).clamp({ min: 0, max: 1 }),
    );
    close(new ColorJitter({ saturation: range, hue: [0.2, 0.2] }).apply(one), one);
  });

  test("hue: a third of the circle exchanges the channels, half of it gives the complement", () => {
    const x = picture();
    const turned = (part: number): Tensor => new ColorJitter({ hue: [part, part] }).apply(x);
    close(turned(1 / 3), x.roll(1, 0));
    close(turned(-1 / 3), x.roll(-1, 0));
    close(turned(0.5), x.amax(0).add(x.amin(0)).sub(x));
    close(turned(0), x);
  });

  // Computed with Python's colorsys, an implementation of its own.
  test.each([
    [[0.9, 0.2, 0.4], 0.1, [0.9, 0.42, 0.2]],
    [[0.9, 0.2, 0.4], -0.25, [0.35, 0.2, 0.9]],
    [[0.1, 0.7, 0.3], 0.4, [0.54, 0.1, 0.7]],
    [[0.2, 0.3, 0.8], 0.05, [0.28, 0.2, 0.8]],
    [[0.5, 0.5, 0.1], 0.3, [0.1, 0.5, 0.42]],
    [[0, 1, 1], 0.25, [0.5, 0, 1]],
    [[1, 0, 1], 0.45, [0.3, 1, 0]],
    [[0.4, 0.4, 0.4], 0.2, [0.4, 0.4, 0.4]],
    [[0, 0, 0], 0.2, [0, 0, 0]],
  ])("hue of %j turned by %f", (from, part, to) => {
    const out = new ColorJitter({ hue: [part, part] }).apply(pixel(...from as [number, number, number]));
    out.toTypedArray().forEach((value, c) => expect(value).toBeCloseTo(to[c]!, 5));
  });

  test("all four, in every order", () => {
    // Of two steps that do not commute the order shows in the result.
    const jitter = new ColorJitter({ brightness: [1.5, 1.5], contrast: [0, 0] });
    const out = jitter.apply(pixel(0.2, 0.4, 0.9).expand([200, 3, 1, 1]), new Generator(0));
    const before = 0.2989 * 0.3 + 0.587 * 0.6 + 0.114; // brightened first, blue reaches 1
    const after = 1.5 * (0.2989 * 0.2 + 0.587 * 0.4 + 0.114 * 0.9);
    const seen = new Set(out.at(":", 0, 0, 0).toArray<number[]>().map((v) => v.toFixed(4)));
    expect([...seen].sort()).toEqual([before.toFixed(4), after.toFixed(4)].sort());
  });

  test("factors come from the whole range", () => {
    const out = new ColorJitter({ brightness: 0.5 }).apply(full([500, 1, 1, 1], 0.5), new Generator(0));
    expect(out.amin().item()).toBeLessThan(0.26);
    expect(out.amin().item()).toBeGreaterThanOrEqual(0.25);
    expect(out.amax().item()).toBeGreaterThan(0.74);
    expect(out.mean().item()).toBeCloseTo(0.5, 1);
  });

  test("bad ranges and other numbers of channels are refused", () => {
    expect(() => new ColorJitter({ brightness: -1 })).toThrow(/brightness must not be negative/);
    expect(() => new ColorJitter({ contrast: [-1, 1] })).toThrow(
      /contrast must be two numbers in ascending order, from 0/,
    );
    expect(() => new ColorJitter({ hue: 0.6 })).toThrow(/hue must be.*from -0\.5 to 0\.5, got \[-0\.6, 0\.6\]/);
    expect(() => new ColorJitter().apply(rand([4, 2, 2]))).toThrow(/pictures of 1 or 3 channels, got 4/);
    expect(() => new ColorJitter({ color: 1 } as object)).toThrow(/unknown option "color"/);
  });
});

test("ColorShift moves each channel by one number", () => {
  const x = rand([50, 3, 4, 4], { generator: new Generator(0) }).mul(0.4).add(0.3);
  const moved = new ColorShift(0.2).apply(x, new Generator(1)).sub(x).flatten(2);
  expect(moved.std(2).amax().item()).toBeLessThan(1e-6);
  const shifts = moved.mean(2);
  expect(shifts.amin().item()).toBeLessThan(-0.15);
  expect(shifts.amin().item()).toBeGreaterThan(-0.2001);
  expect(shifts.amax().item()).toBeGreaterThan(0.15);
  expect(shifts.std(1).amin().item()).toBeGreaterThan(0); // channels differ
  expect(new ColorShift([0.9, 0.9]).apply(x).amax().item()).toBe(1);
});

test("GaussianNoise has the mean and the deviation that were asked for", () => {
  const noise = new GaussianNoise({ mean: 0.5, sigma: 2, clip: false }).apply(full([1, 200, 200], 1), new Generator(0));
  expect(noise.mean().item()).toBeCloseTo(1.5, 1);
  expect(noise.std().item()).toBeCloseTo(2, 1);
  const clipped = new GaussianNoise({ sigma: 2 }).apply(full([1, 200, 200], 0.5), new Generator(0));
  expect([clipped.amin().item(), clipped.amax().item()]).toEqual([0, 1]);
  expect(() => new GaussianNoise({ sigma: -1 })).toThrow(/sigma from 0/);
});

describe("contrast and grey", () => {
  test("RandomContrast is ColorJitter's contrast, with a probability", () => {
    const x = picture();
    close(new RandomContrast([1.5, 1.5], 1).apply(x), new ColorJitter({ contrast: [1.5, 1.5] }).apply(x));
    close(new RandomContrast([1.5, 1.5], 0).apply(x), x);
  });

  test("RandomAutocontrast stretches each channel", () => {
    const x = picture().mul(0.3).add(0.2);
    const out = new RandomAutocontrast(1).apply(x).flatten(1);
    out.amin(1).toTypedArray().forEach((v) => expect(v).toBe(0));
    out.amax(1).toTypedArray().forEach((v) => expect(v).toBeCloseTo(1, 6));
    const [low, high] = [x.flatten(1).amin(1, { keepdim: true }), x.flatten(1).amax(1, { keepdim: true })];
    close(out, x.flatten(1).sub(low).div(high.sub(low)));
    const flat = full([1, 2, 2], 0.3);
    expect(new RandomAutocontrast(1).apply(flat).equal(flat)).toBe(true);
  });

  test("Grayscale and RandomGrayscale", () => {
    const x = picture();
    close(new Grayscale().apply(x), grey(x));
    const three = new Grayscale(3).apply(x);
    expect(three.shape).toEqual([3, 6, 5]);
    close(three, grey(x));
    close(new RandomGrayscale(1).apply(x), grey(x));
    close(new Grayscale().apply(x.narrow(0, 0, 1)), x.narrow(0, 0, 1));
    const some = new RandomGrayscale(0.3).apply(x.expand([500, 3, 6, 5]), new Generator(0));
    const share = some.at(":", 0).eq(some.at(":", 1)).all(-1).all(-1).float().mean().item();
    expect(share).toBeGreaterThan(0.23);
    expect(share).toBeLessThan(0.37);
    expect(() => new Grayscale(2 as 1)).toThrow(/1 or 3 output channels, got 2/);
  });
});
