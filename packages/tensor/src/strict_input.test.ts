/** Invalid operands throw in all operations and change nothing: values of other types, integers out of range, JSON. */
import { inspect } from "node:util";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { checkOptions, closestName } from "./options.ts";
import { type DType, type Scalar, Tensor, tensor } from "./mod.ts";
import { apply, fusedUpdate } from "./engine_mod.ts";
import * as h from "./mod.ts";

const { full, getDevice, ones, zeros } = h;

describe("operands that are neither numbers nor tensors", () => {
  const lies: [string, unknown][] = [
    ["a string", "7"],
    ["null", null],
    ["undefined", undefined],
    ["an object", {}],
    ["an array", [1]],
    ["a typed array", Float32Array.of(1)],
    ["a function", () => 1],
    ["a date", new Date(0)],
  ];
  const index = () => zeros([2, 2], { dtype: "int32" });
  const row = () => zeros([1], { dtype: "int32" });
  const mask = () => ones([2, 2], { dtype: "bool" });
  /** Arguments of methods that do not take one tensor. */
  const usual: Record<string, () => unknown[]> = {
    gather: () => [0, index()],
    scatter: () => [0, index(), 1],
    scatter_: () => [0, index(), 1],
    scatterAdd: () => [0, index(), ones([2, 2])],
    scatterAdd_: () => [0, index(), ones([2, 2])],
    indexFill_: () => [0, row(), 1],
    indexAdd: () => [0, row(), ones([1, 2])],
    indexAdd_: () => [0, row(), ones([1, 2])],
    indexCopy_: () => [0, row(), ones([1, 2])],
    indexSelect: () => [0, row()],
    indexPut_: () => [[0], 1],
    maskedFill: () => [mask(), 1],
    maskedFill_: () => [mask(), 1],
    maskedSelect: () => [mask()],
    where: () => [mask(), 1],
    take: () => [row()],
    lerp: () => [ones([2, 2]), 0.5],
    lerp_: () => [ones([2, 2]), 0.5],
    narrow: () => [0, 0, 1],
    select: () => [0, 0],
    unfold: () => [0, 1, 1],
    transpose: () => [0, 1],
    unflatten: () => [0, [1, 2]],
    roll: () => [1, 0],
    movedim: () => [0, 1],
    norm: () => [2, 0],
    uniform_: () => [0, 1],
    normal_: () => [0, 1],
    bernoulli_: () => [0.5],
    clamp: () => [{ min: 0 }],
    clamp_: () => [{ min: 0 }],
    bitwiseLeftShift: () => [1],
    size: () => [0],
    to: () => ["float32"],
  };
  /** Values that are valid in some places. */
  const legal = (method: string, lie: unknown, fallback: boolean): boolean =>
    (lie === undefined && fallback) || // the default
    (Array.isArray(lie) &&
      /^(sum|prod|mean|amax|amin|argmax|argmin|any|all|countNonzero|var|std|norm|logsumexp|flip|movedim|roll|squeeze|indexPut_|max|min|reshape|view|permute|expand|sumToSize|repeat|tile|split|chunk|nansum|nanmean|quantile|nanquantile|repeatInterleave|tensorSplit|hsplit|vsplit)$/
        .test(method)) ||
    (lie instanceof Float32Array && method === "indexPut_") ||
    (lie === null && method === "at") ||
    (typeof lie === "object" && lie !== null &&
      /^(round_?|unique|uniqueConsecutive|diagonal|diagEmbed|bincount|backward|cov|nanToNum_?|random_)$/.test(method));
  const skipped = /^(backward|registerHook|requiresGrad_|data)$/; // data rejects its promise

  const methods: [string, string[]][] = [];
  const page = readFileSync(new URL("./tensor/tensor.ts", import.meta.url), "utf8");
  for (const [, name, list] of page.matchAll(/^ {2}(\w+)(?:<[^>]*>)?\(((?:(?!\): )[^])*)\): [^;{]* \{$/gm)) {
    const parameters = list!.split(/,(?![^{]*\})/).map((parameter) => parameter.trim()).filter((text) => text !== "");
    if (parameters.length > 0 && !skipped.test(name!)) methods.push([name!, parameters]);
  }

  test("there are methods to ask", () => expect(methods.length).toBeGreaterThan(100));

  test.each(methods)("%s", (name, parameters) => {
    const args = usual[name]?.() ?? [ones([2, 2])];
    for (let i = 0; i < args.length; i++) {
      for (const [what, lie] of lies) {
        if (legal(name, lie, /\?:|\bdims?\b/.test(parameters[i] ?? ""))) continue;
        const x = tensor([[1, 2], [3, 4]]);
        const given = [...args];
        given[i] = lie;
        const call = (): unknown => (x as unknown as Record<string, (...a: unknown[]) => unknown>)[name]!(...given);
        // The message begins with the name of the operation, or of one that it calls; it is never the runtime's own message.
        expect(call, `${name} with ${what} as argument ${i}`).toThrow(/^[a-zA-Z0-9]+_?: (?!Cannot )/);
        expect(x.toArray(), `${name} with ${what}`).toEqual([[1, 2], [3, 4]]);
      }
    }
  });

  test.each(["full", "where", "pad", "normal"])("%s", (name) => {
    for (const [what, lie] of lies) {
      const calls: Record<string, () => unknown> = {
        full: () => full([2], lie as never),
        where: () => h.where(tensor([true]), lie as never, 1),
        pad: () => h.pad(ones([2]), [1, 1], { value: lie as never }),
        normal: () => h.normal(lie as never, 1, [2]),
      };
      if (name === "pad" && lie === undefined) continue;
      expect(calls[name], what).toThrow(new RegExp(`^${name}: (expected |option value is the string "7")`));
    }
  });

  test("in fused expressions and updates too", () => {
    for (const [what, lie] of lies) {
      expect(() => h.fused("twice", (x, y) => x.add(y))([ones([2]), lie as never]), what).toThrow(/^twice: expected /);
      expect(() => h.fused("plus", (x) => x.add(lie as never))([ones([2])]), what).toThrow(/^add: expected |Symbolic/);
      expect(() => fusedUpdate("step", (p, y) => [p.sub(y)])([ones([2])], [lie as never]), what).toThrow(
        /^step: expected /,
      );
    }
  });

  test("NaN and infinities are numbers", () => {
    expect(tensor([1]).pow(NaN).toArray()).toEqual([1]);
    expect(tensor([2]).mul(Infinity).toArray()).toEqual([Infinity]);
  });
});

describe("integers that a dtype does not hold", () => {
  // NumPy 2 throws for all of these, PyTorch 1.13 for those that are neither negative nor arithmetic.
  const outside: [DType, Scalar[]][] = [
    ["uint8", [256, 300, -1, 2 ** 40, 1e300, 256n, -1n, NaN, Infinity, -Infinity]],
    ["int8", [128, -129, 2n ** 70n, NaN]],
    ["int16", [2 ** 15, -(2 ** 15) - 1, NaN]],
    ["int32", [2 ** 31, -(2 ** 31) - 1, 2 ** 40, 2n ** 33n, Infinity]],
    ["int64", [2n ** 63n, -(2n ** 63n) - 1n, 2 ** 63, 1e20, 2n ** 64n, NaN]],
  ];
  const cases = outside.flatMap(([dtype, values]) => values.map((value) => [dtype, value] as const));

  test.each(cases)("%s: %s", (dtype, value) => {
    const x = tensor([1, 2], { dtype });
    const none = tensor([true, false]);
    const at = tensor([0], { dtype: "int32" });
    const writes: [string, () => unknown][] = [
      ["tensor", () => tensor([1, value as number], { dtype })],
      ["full", () => full([2], value, { dtype })],
      ["full", () => h.fullLike(x, value)],
      ["fill_", () => x.fill_(value)],
      ["copy_", () => x.copy_(value)],
      ["maskedFill", () => x.maskedFill(none, value)],
      ["maskedFill_", () => x.maskedFill_(none, value)],
      ["scatter", () => x.scatter(0, at, value)],
      ["scatter_", () => x.scatter_(0, at, value)],
      ["scatter_", () => x.indexFill_(0, at, value)],
      ["indexPut_", () => x.indexPut_([0], value)],
      ["pad", () => h.pad(x, [1, 1], { value })],
    ];
    // NaN and infinities promote integers to floats.
    if (typeof value === "bigint" || Number.isInteger(value)) {
      writes.push(
        ["where", () => h.where(none, x, value)],
        ["where", () => h.where(none, value, x)],
        ["clamp", () => x.clamp({ max: value })],
        ["clamp", () => x.clamp_({ min: value })],
        ["add", () => x.add(value)],
        ["add_", () => x.add_(value)],
        ["sub", () => x.sub(value)],
        ["mul_", () => x.mul_(value)],
        ["maximum", () => x.maximum(value)],
        ["floorDivide", () => x.floorDivide(value)],
        ["remainder", () => x.remainder(value)],
        ["bitwiseAnd", () => x.bitwiseAnd(value)],
        ["twice", () => h.fused("twice", (a, b) => a.add(b))([x, value])],
        ["add", () => h.fused("twice", (a) => a.add(value))([x])],
      );
    }
    for (const [name, write] of writes) {
      expect(write, name).toThrow(new RegExp(`^${name}: .* is not within the range of ${dtype}, `));
      expect(x.toArray().toString()).toBe("1,2");
    }
  });

  test("comparisons with them work on every device", () => {
    const values = fc.oneof(fc.integer({ min: -400, max: 400 }), fc.constantFrom(2 ** 40, -(2 ** 40), 1e300, -1e300));
    fc.assert(
      fc.property(
        fc.constantFrom<DType>("uint8", "int8"),
        fc.constantFrom("cpu", "reference"),
        values,
        (dtype, device, value) => {
          const elements = dtype === "uint8" ? [0, 1, 127, 255] : [-128, -1, 0, 127];
          const x = tensor(elements, { dtype, device });
          for (const given of [value, ...(Math.abs(value) < 1e10 ? [BigInt(value)] : [])]) {
            expect(x.eq(given).toArray()).toEqual(elements.map((e) => e === value));
            expect(x.ne(given).toArray()).toEqual(elements.map((e) => e !== value));
            expect(x.lt(given).toArray()).toEqual(elements.map((e) => e < value));
            expect(x.le(given).toArray()).toEqual(elements.map((e) => e <= value));
            expect(x.gt(given).toArray()).toEqual(elements.map((e) => e > value));
            expect(x.ge(given).toArray()).toEqual(elements.map((e) => e >= value));
          }
          // With the number on the left, as in gradients and fused expressions.
          expect(apply("lt", [value, x], {}).toArray()).toEqual(elements.map((e) => value < e));
          expect(apply("ge", [value, x], {}).toArray()).toEqual(elements.map((e) => value >= e));
          expect(h.fused("above", (a) => a.gt(value))([x]).toArray()).toEqual(elements.map((e) => e > value));
        },
      ),
      { seed: 20261130, numRuns: 200 },
    );
  });

  test("ranges include their ends, fractions are truncated, bool takes anything", () => {
    expect(tensor([0, 255], { dtype: "uint8" }).toArray()).toEqual([0, 255]);
    expect(tensor([255.9, -0.9], { dtype: "uint8" }).toArray()).toEqual([255, 0]);
    expect(tensor([-(2n ** 63n), 2n ** 63n - 1n]).toArray()).toEqual([-(2n ** 63n), 2n ** 63n - 1n]);
    expect(tensor([1.5, -1.5], { dtype: "int32" }).toArray()).toEqual([1, -1]);
    expect(tensor([NaN, 0, 300], { dtype: "bool" }).toArray()).toEqual([true, false, true]);
  });

  test("arange, linspace, randint, randperm", () => {
    expect(() => h.arange(250, 260, { dtype: "uint8" })).toThrow("arange: 256 is not within the range of uint8");
    expect(h.arange(250, 256, { dtype: "uint8" }).toArray()).toEqual([250, 251, 252, 253, 254, 255]);
    expect(() => h.linspace(250, 260, 3, { dtype: "uint8" })).toThrow("linspace: 260 is not within");
    expect(() => h.randint(0, 300, [3], { dtype: "uint8" })).toThrow("randint: 299 is not within");
    expect(() => h.randint(-3, 3, [3], { dtype: "uint8" })).toThrow("randint: -3 is not within");
    expect(() => h.randint(0, 2 ** 40, [3])).toThrow("randint: 1099511627775 is not within the range of int32");
    expect(() => h.randperm(300, { dtype: "uint8" })).toThrow("randperm: 299 is not within");
  });

  test("written values must not become infinite; computed ones may", () => {
    // As in PyTorch 1.13: full, fill_, masked_fill and pad throw, tensor and arithmetic round to infinity.
    const x = ones([1], { dtype: "float16" });
    for (
      const write of [
        () => x.fill_(-1e9),
        () => x.maskedFill(tensor([true]), -1e9),
        () => full([1], 1e6, { dtype: "float16" }),
      ]
    ) {
      expect(write).toThrow(/is beyond ±65504, the largest float16; .*Infinity if that is meant/);
    }
    expect(() => full([1], 3.4e38, { dtype: "bfloat16" })).toThrow(
      "3.4e+38 is beyond ±3.3895314e38, the largest bfloat16",
    );
    expect(() => full([1], 1e300)).toThrow("full: 1e+300 is beyond ±3.4028235e38, the largest float32");
    expect(full([1], -Infinity, { dtype: "float16" }).toArray()).toEqual([-Infinity]);
    expect(tensor([1e300]).toArray()).toEqual([Infinity]);
    expect(x.add(1e9).toArray()).toEqual([Infinity]);
  });
});

describe("tensor of nested arrays", () => {
  test("an array that contains itself throws immediately", () => {
    const one: unknown[] = [];
    one.push(one);
    const [a, b]: unknown[][] = [[], []];
    a!.push(b);
    b!.push(a);
    for (const data of [one, a]) {
      expect(() => tensor(data as never)).toThrow("tensor: arrays are nested more than 64 deep");
    }
    let deep: unknown = 1;
    for (let i = 0; i < 64; i++) deep = [deep];
    expect(tensor(deep as never).ndim).toBe(64);
  });

  test.each<[string, unknown, RegExp]>([
    ["a string", "abc", /got the string "abc"/],
    ["a huge array with holes", new Array(1e9), /got undefined/],
    ["a tensor", ones([1]), /is a tensor already/],
    ["tensors", [ones([1])], /stack\(/],
    ["an object", { 0: 1, length: 1 }, /got an object of class Object/],
    ["null inside", [1, null], /got null/],
  ])("%s is refused", (_, data, message) => expect(() => tensor(data as never)).toThrow(message));
});

describe("JSON and consoles", () => {
  test("a tensor is its nested array", () => {
    expect(JSON.stringify({ a: tensor([[1, 2.5], [3, 4]]), b: tensor(7), c: tensor([true]), d: zeros([0]) })).toBe(
      '{"a":[[1,2.5],[3,4]],"b":7,"c":[true],"d":[]}',
    );
    expect(JSON.stringify(tensor([1n, -(2n ** 53n), 2n ** 60n]))).toBe('[1,"-9007199254740992","1152921504606846976"]');
    expect(JSON.stringify(tensor([NaN, Infinity]))).toBe("[null,null]");
    expect(JSON.stringify(ones([10_000])).length).toBe(20_001);
    expect(() => JSON.stringify(ones([10_001]))).toThrow(
      /toJSON: a tensor of shape \[10001\] has 10001 elements, too many/,
    );
    const gone = ones([1]);
    gone.dispose();
    expect(() => JSON.stringify(gone)).toThrow("toJSON: this float32 tensor");
  });

  test("nothing dumps the heap", () => {
    const x = ones([2]);
    for (
      const text of [
        inspect(x),
        inspect(x.device),
        inspect(x.storage),
        inspect({ x }),
        JSON.stringify([x.device, x.storage]),
      ]
    ) {
      expect(text.length).toBeLessThan(200);
    }
    expect(JSON.stringify(x.device)).toBe('"cpu"');
    const generator = new h.Generator(7);
    generator.setState(JSON.parse(JSON.stringify(generator)));
  });

  test.each(["cpu", "reference"])("structuredClone throws, rather than copy the memory of %s", (device) => {
    expect(() => structuredClone(ones([2], { device }))).toThrow();
  });
});

test("setting a generator's state is atomic", () => {
  const generator = new h.Generator(3);
  const state = generator.getState();
  const wrong = [
    null,
    undefined,
    {},
    { ...state, seed: "3" },
    { ...state, seed: -1 },
    { ...state, counter: 1.5 },
    {
      ...state,
      counter: null,
    },
    { ...state, algorithm: "mt19937" },
    { ...state, seed: undefined },
  ];
  for (const other of wrong) {
    expect(() => generator.setState(other as never)).toThrow("is not a state that getState() returned");
    expect(generator.getState()).toEqual(state);
  }
});

describe("in-place forms", () => {
  test("take the same parameters as the forms without _", () => {
    const source = (name: string): string => {
      const text = String((Tensor.prototype as unknown as Record<string, unknown>)[name]);
      return text.slice(text.indexOf("("), text.indexOf(")") + 1);
    };
    const names: string[] = [];
    for (let holder: object = Tensor.prototype; holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
      names.push(...Object.getOwnPropertyNames(holder).filter((name) => name.endsWith("_")));
    }
    const pairs = names.map((name) => [name, name.slice(0, -1)] as const).filter(([, plain]) =>
      plain !== "requiresGrad" && typeof (Tensor.prototype as unknown as Record<string, unknown>)[plain] === "function"
    );
    expect(pairs.length).toBeGreaterThan(50);
    for (const [inPlace, plain] of pairs) expect(source(inPlace), inPlace).toBe(source(plain));
  });

  test("use the parameters", () => {
    for (const decimals of [0, 1, 2, -1]) {
      const x = tensor([12.345, -0.567]);
      const wanted = x.round({ decimals }).toArray();
      expect(x.round_({ decimals }).toArray()).toEqual(wanted);
    }
    expect(() => ones([1]).round({ decimals: 1.5 })).toThrow("round: decimals is 1.5");
    expect(tensor([5]).add_(2, { alpha: 3 }).toArray()).toEqual([11]);
    expect(tensor([5]).sub_(2, { alpha: 3 }).toArray()).toEqual([-1]);
    expect(tensor([5]).div_(2, { roundingMode: "floor" }).toArray()).toEqual([2]);
  });
});

describe("options", () => {
  test("known ones pass, unknown ones are named with the nearest", () => {
    const known = ["batchSize", "shuffle"] as const;
    const options: { batchSize?: number; shuffle?: boolean } = { batchSize: 1 };
    checkOptions("DataLoader", options, known);
    checkOptions("DataLoader", {} as typeof options, known);
    const refuse = (given: object) => () => checkOptions("DataLoader", given as typeof options, known);
    expect(refuse({ batch_size: 1 })).toThrow(
      'DataLoader: unknown option "batch_size", did you mean "batchSize"? (known: batchSize, shuffle)',
    );
    expect(refuse({ shuf: true })).toThrow(/did you mean "shuffle"/);
    expect(refuse({ workers: 2 })).toThrow('unknown option "workers" (known');
    for (const other of [null, 7, "float32", [], [1]]) {
      expect(refuse(other as never)).toThrow("expected an object of options");
    }
    // @ts-expect-error "shuffle" is missing from the list
    checkOptions("DataLoader", options, ["batchSize"]);
  });

  test("the nearest word", () => {
    const words = ["dtype", "device", "requiresGrad", "lr"];
    const near = ["dtpye", "Dtype", "requires_grad", "learningRate", "devcie", "dtyp"].map((word) =>
      closestName(word, words)
    );
    expect(near).toEqual(["dtype", "dtype", "requiresGrad", "lr", "device", "dtype"]);
    expect(closestName("workers", words)).toBe(undefined);
  });

  test("of creation", () => {
    expect(() => tensor([1], { dtpye: "int32" } as never)).toThrow(
      'tensor: unknown option "dtpye", did you mean "dtype"?',
    );
    expect(() => zeros([1], "float64" as never)).toThrow("zeros: expected an object of options");
  });
});

test("a misspelt dtype does not compile", () => {
  const x = ones([1]);
  // @ts-expect-error no dtype and no device has this name
  expect(() => x.to("flaot32")).toThrow('to: there is no device "flaot32" and no dtype of that name');
  // @ts-expect-error also in a union
  expect(() => x.to("cpu", "flaot32")).toThrow('no device "flaot32"');
  // @ts-expect-error a device with a custom name needs getDevice(name)
  expect(() => x.to("npu")).toThrow('no device "npu"');
  expect(x.to("float64").to(getDevice("reference")).to("cpu").dtype).toBe("float64");
  expect(() => x.to("gpu:7")).toThrow('no device "gpu:7"');
  const name: string = "reference";
  expect(x.to(name).to("cpu", "float64").dtype).toBe("float64");
  expect(x.to(x.device, name).device.name).toBe("reference");
});

test("a tensor of another copy of the package says so", async () => {
  vi.resetModules();
  const other = await import("./mod.ts");
  const foreign = other.ones([2]) as unknown as Tensor;
  expect(foreign instanceof Tensor).toBe(false);
  const told =
    /another copy of @heddle\/tensor: the program loads that package twice.*npm ls @heddle\/tensor.*npm dedupe/;
  const x = ones([2]);
  const calls = [
    () => x.add(foreign),
    () => x.copy_(foreign),
    () => x.fill_(foreign),
    () => x.matmul(foreign),
    () => h.where(foreign as never, 1, 2),
    () => h.where(tensor([true]), foreign, 2),
    () => x.maskedFill(tensor([true]), foreign),
    () => zeros([2], { device: foreign.device as never }),
    () => h.zerosLike(foreign),
  ];
  for (const call of calls) expect(call, String(call)).toThrow(told);
});
