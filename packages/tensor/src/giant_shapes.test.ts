import { describe, expect, test } from "vitest";
import {
  adaptiveAvgPool1d,
  arange,
  avgPool1d,
  avgPool2d,
  bernoulli,
  cat,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  einsum,
  empty,
  eye,
  full,
  fused,
  linspace,
  maxPool1d,
  maxPool2d,
  memory,
  meshgrid,
  oneHot,
  ones,
  pad,
  rand,
  randint,
  randn,
  randperm,
  stack,
  type Tensor,
  tensor,
  where,
  zeros,
  zerosLike,
} from "./mod.ts";

/** Sizes whose bytes overflow 32 bits, do not fit in any memory, or are not safe integers. */
const [wraps, huge, unsafe] = [2 ** 30, 2 ** 40, 2 ** 53];

describe.each(["cpu", "reference"])("on %s", (device) => {
  const on = { device };
  const one = (...shape: number[]): Tensor => ones(shape, on);
  const index = (...values: number[]): Tensor => tensor(values, { ...on, dtype: "int32" });
  const expanded = (): Tensor => one(1).expand(huge);
  const square = (): Tensor => one(1, 1).expand(2 ** 26, 2 ** 26);
  const image = (): Tensor => one(1, 1, 4);

  /** Calls that must throw before anything is computed or allocated. */
  const refused: Record<string, () => unknown> = {
    // Made
    ...Object.fromEntries([huge, unsafe, 1e200].flatMap((size) =>
      Object.entries({
        empty: () => empty([size], on),
        full: () => full([size], 1, on),
        "full of rows": () => full([size, 2 ** 20], 1, on),
        arange: () => arange(0, size, 1, on),
        "arange of small steps": () => arange(0, 1, 1 / size, on),
        linspace: () => linspace(0, 1, size, on),
        eye: () => eye(size, on),
        "eye of columns": () => eye(1, size, on),
        rand: () => rand([size], on),
        randn: () => randn([size], on),
        randint: () => randint(0, 5, [size], on),
        randperm: () => randperm(size, on),
        oneHot: () => oneHot(index(1), size),
      }).map(([name, make]) => [`${name} ${size}`, make])
    )),
    // Expanded
    "expand beyond what can be counted": () => one(1).expand(unsafe),
    "expand of several dims": () => one(1, 1).expand(2 ** 27, 2 ** 27),
    "broadcast beyond what can be counted": () => one(2 ** 20, 1).expand(2 ** 20, 2 ** 40),
    sum: () => expanded().sum(),
    mean: () => expanded().mean(),
    prod: () => expanded().prod(),
    amax: () => expanded().amax(),
    argmax: () => expanded().argmax(),
    max: () => expanded().max(0),
    any: () => expanded().any(),
    norm: () => expanded().norm(),
    var: () => expanded().var(),
    logsumexp: () => expanded().logsumexp(0),
    softmax: () => expanded().softmax(0),
    logSoftmax: () => expanded().logSoftmax(0),
    cumsum: () => expanded().cumsum(0),
    sort: () => expanded().sort(),
    topk: () => expanded().topk(2),
    unique: () => expanded().unique(),
    nonzero: () => expanded().nonzero(),
    add: () => expanded().add(1),
    clone: () => expanded().clone(),
    toArray: () => expanded().toArray(),
    to: () => expanded().half(),
    "copy elsewhere": () => expanded().to(device === "cpu" ? "reference" : "cpu"),
    fused: () => fused("twice", (x) => x.mul(2))([expanded()]),
    where: () => where(expanded().gt(0), 1, 2),
    zerosLike: () => zerosLike(expanded()),
    bernoulli: () => bernoulli(expanded()),
    flip: () => expanded().flip(0),
    roll: () => expanded().roll(1),
    split: () => expanded().split(1),
    chunk: () => expanded().chunk(huge),
    unbind: () => expanded().unbind(),
    tril: () => one(1, 1).expand(2 ** 16, 2 ** 16).tril(),
    "sum over rows": () => square().sum(1),
    "sum of fours": () => one(1).expand(2 ** 32).sum(),
    "in place": () => expanded().add_(1),
    // Joined and repeated
    outer: () => one(2 ** 20).outer(one(2 ** 20)),
    "meshgrid, used": () => meshgrid([one(2 ** 20), one(2 ** 20)])[0]!.add(1),
    "meshgrid beyond what can be counted": () => meshgrid([one(2 ** 20), one(2 ** 20), one(2 ** 20)]),
    repeat: () => one(1).repeat(huge),
    "repeat beyond what can be counted": () => one(2).repeat(unsafe),
    tile: () => one(2, 3).tile(2 ** 30, 2 ** 30),
    cat: () => cat([expanded(), expanded()]),
    stack: () => stack([square(), square()]),
    pad: () => pad(one(1), [huge, 0]),
    "pad beyond what can be counted": () => pad(one(1), [unsafe, unsafe]),
    "pad of an edge": () => pad(one(1, 1), [huge, 0], { mode: "replicate" }),
    einsum: () => einsum("i,j->ij", one(2 ** 20), one(2 ** 20)),
    matmul: () => one(2 ** 20, 1).matmul(one(1, 2 ** 20)),
    "matmul of expanded": () => one(1, 1).expand(1, 2 ** 33).matmul(one(1, 1).expand(2 ** 33, 1)),
    // Indexed
    gather: () => one(1).gather(0, index(0).expand(huge)),
    indexSelect: () => one(1).indexSelect(0, index(0).expand(huge)),
    scatter: () => zeros([4], on).scatter(0, index(0).expand(huge), one(1).expand(huge)),
    scatterAdd: () => zeros([4], on).scatterAdd(0, index(0).expand(2 ** 33), one(1).expand(2 ** 33)),
    indexAdd: () => zeros([4], on).indexAdd(0, index(0).expand(2 ** 33), one(1).expand(2 ** 33)),
    bincount: () => index(1).bincount({ minlength: huge }),
    // Windows
    conv1d: () => conv1d(image(), image(), { padding: huge }),
    conv2d: () => conv2d(one(1, 1, 4, 4), one(1, 1, 3, 3), { padding: 1e9 }),
    conv3d: () => conv3d(one(1, 1, 2, 2, 2), one(1, 1, 1, 1, 1), { padding: 1e6 }),
    "conv1d that reaches far": () => conv1d(image(), one(1, 1, 3), { dilation: 2 ** 31, padding: 2 ** 31 }),
    "conv1d of steps": () => conv1d(image(), one(1, 1, 3), { stride: huge }),
    "conv1d of many images": () => conv1d(one(1, 1, 4).expand(2 ** 33, 1, 4), one(1, 1, 3)),
    convTranspose1d: () => convTranspose1d(image(), one(1, 1, 3), { stride: 2 ** 31 - 2 ** 17 }),
    convTranspose2d: () => convTranspose2d(one(1, 1, 4, 4), one(1, 1, 3, 3), { stride: 1e9 }),
    "convTranspose1d, cropped": () => convTranspose1d(image(), one(1, 1, 2), { stride: 2 ** 30, padding: 3 * 2 ** 29 }),
    maxPool1d: () => maxPool1d(image(), 2 ** 31, { padding: 2 ** 30 }),
    "maxPool1d of an expanded image": () => maxPool1d(one(1, 1, 1).expand(1, 1, 2 ** 33), 2),
    avgPool1d: () => avgPool1d(image(), 2 ** 32 + 4, { padding: 2 ** 31 + 2 }),
    adaptiveAvgPool1d: () => adaptiveAvgPool1d(image(), huge),
    "unfold, copied": () => one(2 ** 20).unfold(0, 2 ** 19, 1).clone(),
    "rows without elements as arrays": () => zeros([wraps, 0], on).toArray(),
    "slices without elements": () => zeros([wraps, 0], on).unbind(),
    "unique slices without elements": () => zeros([wraps, 0], on).unique({ dim: 0 }),
  };

  test.each(Object.keys(refused))("%s is refused", (name) => {
    const before = memory();
    expect(refused[name]!).toThrow(
      /out of memory|can be counted|at most|more than|memory cell|bytes|elements|within the range|are non-negative integers/,
    );
    // The operands that these functions created remain.
    expect(memory().liveBytes - before.liveBytes).toBeLessThan(2 ** 26);
  });

  test("operations that need no memory work", () => {
    expect(expanded().shape).toEqual([huge]);
    expect(square().t().narrow(0, 5, 2).shape).toEqual([2, 2 ** 26]);
    expect(square().at(3, "5:9").toArray()).toEqual([1, 1, 1, 1]);
    expect(expanded().reshape(2 ** 20, 2 ** 20).at(-1, -1).item()).toBe(1);
    expect(String(square())).toContain("...");
    expect(String(one(1, 1).expand(10, 2 ** 40))).toContain("..., 1., 1., 1.]]");
    expect(expanded().chunk(4).map(({ numel }) => numel)).toEqual(Array(4).fill(huge / 4));
    expect(one(1000).unfold(0, 500, 1).sum().item()).toBe(501 * 500);
    expect(one(2, 2).diagonal({ offset: unsafe }).shape).toEqual([0]);
    expect(one(4).at("::9007199254740991").toArray()).toEqual([1]);
    expect(zeros([0, unsafe - 1], on).shape).toEqual([0, unsafe - 1]);
    expect(cat([zeros([0, huge], on), zeros([0, huge], on)]).shape).toEqual([0, huge]);
    expect(zeros([0, 2 ** 20, 2 ** 20], on).tril().shape).toEqual([0, 2 ** 20, 2 ** 20]);
    expect(eye(3, 5, on).toArray()).toEqual([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]);
    expect(eye(5, 3, on).sum().item()).toBe(3);
    expect(one(3, 3).tril(-(2 ** 40)).sum().item()).toBe(0);
    expect(one(3, 3).triu(-(2 ** 40)).sum().item()).toBe(9);
  });

  test("windows far larger than the image", () => {
    expect(maxPool1d(arange(0, 4, 1, on).reshape(1, 1, 4), 1e9, { padding: 5e8 }).toArray()).toEqual([[[3]]]);
    const plane = arange(0, 16, 1, on).reshape(1, 1, 4, 4);
    const { values, indices } = maxPool2d(plane, [1001, 70], { padding: [500, 35], stride: 1, returnIndices: true });
    expect([values.amin().item(), indices.amin().item(), values.shape]).toEqual([15, 15, [1, 1, 4, 5]]);
    expect(maxPool1d(plane.reshape(1, 1, 16), 100, { padding: 50, stride: 60 }).toArray()).toEqual([[[15]]]);
    // Dilated, with more columns than are checked one by one.
    const wide = maxPool1d(arange(0, 16, 1, on).reshape(1, 1, 16), 71, { padding: 35, dilation: 1, stride: 3 });
    expect(wide.toArray()).toEqual(
      [[[15, 15, 15, 15, 15, 15]]].map((rows) => rows.map((row) => row.slice(0, wide.shape[2]))),
    );
    expect(avgPool2d(one(1, 1, 4, 4), 2000, { padding: 1000 }).item()).toBeCloseTo(16 / 2000 ** 2, 12);
  });
});
