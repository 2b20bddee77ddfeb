import { arange, Generator, ones, rand, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { RandomAffine, RandomRotation } from "./affine.ts";
import { CenterCrop, RandomCrop } from "./crop.ts";
import { Draws } from "./random_draws.ts";
import { ElasticTransform } from "./elastic.ts";
import { Cutout, RandomErasing } from "./erase.ts";
import { RandomHorizontalFlip, RandomVerticalFlip } from "./flip.ts";
import { drawBox, RandomResizedCrop, Resize } from "./resize.ts";

const counting = (...shape: number[]): Tensor => arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);

describe("flips", () => {
  test("all, none, or about half", () => {
    const x = counting(2, 3, 4, 5);
    expect(new RandomHorizontalFlip(1).apply(x).equal(x.flip([-1]))).toBe(true);
    expect(new RandomVerticalFlip(1).apply(x).equal(x.flip([-2]))).toBe(true);
    expect(new RandomHorizontalFlip(0).apply(x).equal(x)).toBe(true);
    const flipped = new RandomVerticalFlip().apply(tensor([[0], [1]]).expand([1000, 1, 2, 1]), new Generator(0));
    const share = flipped.at(":", 0, 0, 0).mean().item();
    expect(share).toBeGreaterThan(0.45);
    expect(share).toBeLessThan(0.55);
    expect(() => new RandomHorizontalFlip(1.5)).toThrow(/RandomHorizontalFlip: p must be a probability.*1\.5/);
  });
});

describe("crops", () => {
  test("are windows of the picture, everywhere", () => {
    const x = counting(1, 5, 6);
    const seen = new Set<number>();
    const out = new RandomCrop([3, 4]).apply(x.expand([300, 1, 5, 6]), new Generator(0));
    expect(out.shape).toEqual([300, 1, 3, 4]);
    for (const one of out.unbind(0)) {
      const corner = one.at(0, 0, 0).item();
      const [top, left] = [Math.floor(corner / 6), corner % 6];
      expect(one.equal(x.narrow(1, top, 3).narrow(2, left, 4))).toBe(true);
      seen.add(corner);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 6, 7, 8, 12, 13, 14]);
  });

  test("reach into the border", () => {
    // One of the 3×5 places of a 2×3 window in a picture of 2×3 with a border of 1 above and below, 2 and 0 aside.
    const x = tensor([[[1, 2, 3], [4, 5, 6]]]);
    const all = (options: object): Set<string> => {
      const crop = new RandomCrop([2, 3], { padding: [2, 1, 0, 1], ...options });
      return new Set(
        crop.apply(x.expand([400, 1, 2, 3]), new Generator(0)).unbind(0).map((t) => t.toTypedArray().join()),
      );
    };
    expect(all({}).size).toBe(9);
    expect(all({})).toContain("0,0,0,0,0,1");
    expect(all({ fill: 9 })).toContain("9,9,9,9,9,1");
    expect(all({ paddingMode: "replicate" })).toContain("1,1,1,1,1,1");
    expect(all({ paddingMode: "reflect" })).toContain("6,5,4,3,2,1");
    expect(all({ paddingMode: "circular" })).toContain("5,6,4,2,3,1");
    expect(() => all({ padding: 4, paddingMode: "reflect" })).toThrow(
      /RandomCrop: padding of \d is too wide for mode "reflect" on \d pixels/,
    );
    expect(() => all({ paddingMode: "edge" })).toThrow(/torchvision's "edge" is "replicate"/);
  });

  test("a crop larger than the picture names both sizes", () => {
    expect(() => new RandomCrop(40).apply(zeros([3, 32, 28]))).toThrow(
      "RandomCrop: a crop of 40×40 is larger than the picture of 32×28. Give more padding, or put Resize before it.",
    );
    expect(() => new RandomCrop([33, 30], { padding: [1, 0] }).apply(zeros([3, 32, 28]))).toThrow(
      /33×30 is larger than the picture of 32×28, even with its border \(32×30\)/,
    );
    for (const size of [0, -1, 1.5, [2, 0]]) {
      expect(() => new RandomCrop(size as number)).toThrow(/RandomCrop: size must/);
    }
  });

  test("the middle", () => {
    const x = counting(1, 5, 6);
    expect(new CenterCrop([1, 2]).apply(x).toArray()).toEqual([[[14, 15]]]);
    expect(new CenterCrop(2).apply(counting(1, 5, 5)).toArray()).toEqual([[[12, 13], [17, 18]]]); // 1.5 goes to 2
    expect(new CenterCrop(2).apply(counting(1, 3, 3)).toArray()).toEqual([[[0, 1], [3, 4]]]); // 0.5 goes to 0
    expect(new CenterCrop([2, 3]).apply(ones([1, 1, 1])).toArray()).toEqual([[[0, 1, 0], [0, 0, 0]]]);
  });
});

describe("sizes", () => {
  test("one number is the shorter side", () => {
    expect(new Resize(4).apply(zeros([3, 8, 13])).shape).toEqual([3, 4, 6]);
    expect(new Resize(4).apply(zeros([3, 13, 8])).shape).toEqual([3, 6, 4]);
    expect(new Resize(4).apply(zeros([2, 3, 8, 8])).shape).toEqual([2, 3, 4, 4]);
    expect(() => new Resize(4, { interpolation: "cubic" as "nearest" })).toThrow(
      /"nearest", "bilinear" or "bicubic", got "cubic"/,
    );
  });

  test("boxes have the area and the proportion that were asked for, and lie within", () => {
    const draws = new Draws(new Generator(0), 100);
    const size = { data: new Uint8Array(0), count: 1, channels: 1, height: 60, width: 90 };
    for (let i = 0; i < 200; i++) {
      const { top, left, height, width } = drawBox(size, [0.3, 0.6], [0.5, 2], draws);
      expect(Math.min(top, left, 60 - top - height, 90 - left - width)).toBeGreaterThanOrEqual(0);
      expect(height * width / 5400).toBeGreaterThan(0.28);
      expect(height * width / 5400).toBeLessThan(0.62);
      expect(width / height).toBeGreaterThan(0.48);
      expect(width / height).toBeLessThan(2.1);
    }
    // Nothing fits: the largest middle part of an allowed proportion.
    expect(drawBox(size, [2, 2], [1, 1], draws)).toEqual({ top: 0, left: 15, height: 60, width: 60 });
    expect(drawBox(size, [2, 2], [3, 4], draws)).toEqual({ top: 15, left: 0, height: 30, width: 90 });
    expect(drawBox(size, [2, 2], [1, 2], draws)).toEqual({ top: 0, left: 0, height: 60, width: 90 });
  });

  test("a crop of the whole is the picture resized", () => {
    const x = rand([2, 8, 6]);
    const whole = new RandomResizedCrop([4, 3], { scale: [1, 1], ratio: [0.75, 0.75] });
    expect(whole.apply(x).equal(new Resize([4, 3]).apply(x))).toBe(true);
    // A part is the part resized.
    const columns = arange(64).reshape([1, 1, 64]).expand([1, 64, 64]);
    const part = new RandomResizedCrop(16, { scale: [0.25, 0.25], ratio: [1, 1] }).apply(columns, new Generator(2));
    // 32 columns become 16; those at the edges are not symmetric.
    expect(part.at(0, 5, 14).item() - part.at(0, 0, 1).item()).toBeCloseTo(26, 3);
    expect(() => new RandomResizedCrop(4, { scale: [1, 0.5] })).toThrow(/scale must be two numbers in ascending order/);
  });
});

describe("affine", () => {
  test("angles, shifts, factors and shears stay within their ranges", () => {
    // A picture of one bright pixel tells where it went.
    const dot = zeros([1, 41, 41]);
    dot.at(0, 20, 20).fill_(1);
    const moved = new RandomAffine(0, { translate: [0.25, 0.1] }).apply(dot.expand([300, 1, 41, 41]), new Generator(0));
    const places = moved.nonzero().toArray<number[][]>();
    expect(places).toHaveLength(300);
    const [xs, ys] = [places.map((p) => p[3]! - 20), places.map((p) => p[2]! - 20)];
    expect([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]).toEqual([-10, 10, -4, 4]);

    const bar = zeros([1, 41, 41]);
    bar.at(0, 20, "21:40").fill_(1);
    const angles = new RandomRotation([10, 40]).apply(bar.expand([200, 1, 41, 41]), new Generator(0)).unbind(0).map(
      (t) => {
        const end = t.nonzero().toArray<number[][]>().map((p) => [p[2]! - 20, 20 - p[1]!] as const)
          .reduce((far, p) => Math.hypot(...p) > Math.hypot(...far) ? p : far);
        return Math.atan2(end[1], end[0]) * 180 / Math.PI;
      },
    );
    expect(Math.min(...angles)).toBeGreaterThan(8);
    expect(Math.min(...angles)).toBeLessThan(14);
    expect(Math.max(...angles)).toBeLessThan(42);
    expect(Math.max(...angles)).toBeGreaterThan(36);

    const disc = zeros([1, 41, 41]);
    disc.at(0, "10:31", "10:31").fill_(1);
    const areas = new RandomAffine(0, { scale: [0.5, 1.5] }).apply(disc.expand([200, 1, 41, 41]), new Generator(0))
      .sum([1, 2, 3]).toTypedArray("float32");
    expect(Math.min(...areas) / 441).toBeLessThan(0.3);
    expect(Math.min(...areas) / 441).toBeGreaterThan(0.2);
    expect(Math.max(...areas) / 441).toBeGreaterThan(2);
    expect(Math.max(...areas) / 441).toBeLessThan(2.35);
  });

  test("about a centre of one's own", () => {
    const x = counting(1, 3, 3);
    const half = new RandomRotation([180, 180], { center: [1, 1], fill: -1 });
    expect(half.apply(x).toArray()).toEqual([[[4, 3, -1], [1, 0, -1], [-1, -1, -1]]]);
  });

  test("bad ranges are refused", () => {
    expect(() => new RandomRotation([3, 1])).toThrow(/degrees must be two numbers in ascending order, got \[3, 1\]/);
    expect(() => new RandomRotation(-3)).toThrow(/degrees must not be negative/);
    expect(() => new RandomAffine(0, { translate: [2, 0] })).toThrow(/translate must be two parts/);
    expect(() => new RandomAffine(0, { scale: [0, 1] })).toThrow(/scale must be/);
    expect(() => new RandomAffine(0, { shear: [1, 2, 3] })).toThrow(/shear must be two numbers/);
    expect(() => new RandomAffine(0, { degrees: 3 } as object)).toThrow(/unknown option "degrees"/);
  });
});

describe("ElasticTransform", () => {
  test("moves pixels by a smooth field of the strength that Simard's definition has", () => {
    // On a ramp the change of value is the move itself.
    const ramp = arange(64).reshape([1, 1, 64]).expand([1, 64, 64]);
    const [alpha, sigma] = [20, 4];
    const out = new ElasticTransform({ alpha, sigma, fill: NaN }).apply(ramp.expand([20, 1, 64, 64]), new Generator(0));
    const moves = out.sub(ramp).at(":", 0, "16:48", "16:48");
    const values = moves.flatten().toTypedArray("float32");
    expect(values.some(Number.isNaN)).toBe(false);
    // The variance of a uniform number from −1 to 1 is 1/3; a Gaussian divides it by 4πσ².
    const expected = alpha * Math.sqrt(1 / 3 / (4 * Math.PI * sigma ** 2));
    const actual = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    expect(actual / expected).toBeGreaterThan(0.9);
    expect(actual / expected).toBeLessThan(1.1);
    // Neighbours move almost alike: correlation exp(−1/(4σ²)).
    const [a, b] = [moves.narrow(2, 0, 31), moves.narrow(2, 1, 31)];
    const correlation = a.mul(b).mean().item() / moves.square().mean().item();
    expect(correlation).toBeCloseTo(Math.exp(-1 / (4 * sigma ** 2)), 2);
  });

  test("rows and columns are moved independently, and oblong pictures keep their shape", () => {
    const down = arange(40).reshape([1, 40, 1]).expand([1, 40, 24]);
    const across = arange(24).reshape([1, 1, 24]).expand([1, 40, 24]);
    const elastic = new ElasticTransform({ alpha: 10, sigma: 3 });
    const run = (x: Tensor): Tensor => elastic.apply(x, new Generator(1)).sub(x).narrow(1, 8, 24).narrow(2, 8, 8);
    const [dy, dx] = [run(down), run(across)];
    expect(dy.std().item()).toBeGreaterThan(0.2);
    expect(dx.std().item()).toBeGreaterThan(0.2);
    expect(dy.allclose(dx, { atol: 0.1 })).toBe(false);
    expect(() => new ElasticTransform({ sigma: 0 })).toThrow(/alpha must be from 0 and sigma positive/);
  });
});

describe("loss of information", () => {
  test("RandomErasing puts a rectangle of the asked area and proportion", () => {
    const erase = new RandomErasing(1, { scale: [0.1, 0.3], ratio: [0.5, 2], value: [7, 8, 9] });
    const out = erase.apply(zeros([200, 3, 30, 40]), new Generator(0));
    for (const one of out.unbind(0)) {
      const where = one.at(0).nonzero().toArray<number[][]>();
      const [rows, columns] = [where.map((p) => p[0]!), where.map((p) => p[1]!)];
      const [h, w] = [rows, columns].map((all) => Math.max(...all) - Math.min(...all) + 1) as [number, number];
      expect(where).toHaveLength(h * w);
      expect(h * w / 1200).toBeGreaterThan(0.09);
      expect(h * w / 1200).toBeLessThan(0.32);
      expect(h / w).toBeGreaterThan(0.45);
      expect(h / w).toBeLessThan(2.2);
      expect([1, 2].map((c) => one.at(c).sub(one.at(0)).sum().item())).toEqual([h * w, 2 * h * w]);
    }
    const noise = new RandomErasing(1, { scale: [0.9, 0.9], ratio: [1, 1], value: "random" }).apply(zeros([1, 60, 60]));
    const drawn = noise.maskedSelect(noise.ne(0));
    expect(drawn.numel).toBe(57 * 57);
    expect(drawn.std().item()).toBeCloseTo(1, 1);
    const rarely = new RandomErasing(0.2).apply(ones([1000, 1, 8, 8]), new Generator(0)).amin([1, 2, 3]).eq(0).sum();
    expect(rarely.item()).toBeGreaterThan(150);
    expect(rarely.item()).toBeLessThan(250);
    expect(() => new RandomErasing(1, { value: [1, 2] }).apply(zeros([3, 4, 4]))).toThrow(/2 values for 3 channels/);
    expect(() => new RandomErasing(1, { scale: [0.1, 2] })).toThrow(/scale must be two numbers.*from 0 to 1/);
  });

  test("Cutout covers squares around any pixel", () => {
    const out = new Cutout(3).apply(ones([500, 1, 6, 7]), new Generator(0));
    const sizes = new Set(Array.from(out.sum([1, 2, 3]).toTypedArray(), Number));
    expect([...sizes].sort((a, b) => a - b)).toEqual([33, 36, 38].sort((a, b) => a - b));
    const often = out.sum(0).at(0);
    expect(often.amax().item()).toBeLessThan(500); // no pixel is safe
    expect(new Cutout(2, { fill: 0.5, holes: 3 }).apply(ones([1, 8, 8]), new Generator(0)).amin().item()).toBe(0.5);
    expect(() => new Cutout(0)).toThrow(/Cutout: size and holes must be positive integers/);
  });
});
