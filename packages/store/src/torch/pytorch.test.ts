import { arange, memory, ones, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { load, openTensors } from "../load.ts";
import { encode, type Savable, save } from "../save.ts";
import { at, bytesFrom, expectRecorded, recordedFiles } from "../testing/recorded.ts";
import { UnsupportedObject } from "../state/unsupported_object.ts";
import { isLegacy } from "./read_legacy.ts";

const files = recordedFiles("pytorch");
const file = (name: string): Uint8Array<ArrayBuffer> => bytesFrom(files.find((each) => each.name === name)!.file);
const encoded = (state: Savable) => encode(state, { format: "pytorch" });

describe("files of torch.save", () => {
  test.each(files.filter((each) => !each.refused).map((each) => [each.name, each] as const))(
    "%s",
    async (_, recorded) => {
      const bytes = bytesFrom(recorded.file), state = await load<unknown>(bytes);
      for (const [path, expected] of Object.entries(recorded.tensors!)) {
        await expectRecorded(at(state, path) as Tensor, expected);
      }
      const opened = await openTensors(bytes);
      expect([...opened.tensors.keys()].sort()).toEqual(Object.keys(recorded.tensors!).sort());
      for (const [path, expected] of Object.entries(recorded.tensors!)) {
        await expectRecorded(
          await opened.get(path),
          expected,
        );
      }
    },
  );

  test.each(["zip", "zip, protocol 4", "before 1.6"])("plain data, in a file of the kind %s", async (kind) => {
    const { model, optimizer, losses, raw, pairs, ...rest } = await load<Record<string, unknown>>(
      file(`checkpoint: ${kind}`),
    );
    expect(Object.keys(model as object)).toEqual([
      ...["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"],
    ]);
    const { state, param_groups } = optimizer as {
      state: Record<string, Record<string, unknown>>;
      param_groups: unknown[];
    };
    expect(Object.keys(state)).toEqual(["0", "1", "2", "3"]);
    expect(Object.keys(state["0"]!)).toEqual(["step", "exp_avg", "exp_avg_sq"]);
    expect(param_groups).toMatchObject([{
      lr: 0.01,
      betas: [0.9, 0.999],
      eps: 1e-8,
      params: [0, 1, 2, 3],
      foreach: null,
    }]);
    expect(losses).toEqual([0.5, Infinity]);
    expect(raw).toEqual(Uint8Array.from({ length: 256 }, (_, i) => i));
    expect(pairs).toEqual(new Map([[[0, "a"], 1]]));
    expect(rest).toEqual({
      epoch: 3,
      large: 2n ** 70n,
      small: -(2 ** 40),
      name: "é".repeat(300),
      none: null,
      flags: [true, false],
      labels: new Set([2, 3]),
      size: [2, 3],
      device: "cuda:1",
      dtype: "torch.float16",
      ordered: { b: 1, a: 2 },
    });
  });

  test("NumPy's scalars are numbers", async () => {
    const { scalar, count, flag } = await load<Record<string, unknown>>(file("NumPy: zip"));
    expect([scalar, count, flag]).toEqual([Math.fround(0.1), 7, true]);
  });

  test("views of one storage share memory, and nothing else stays", async () => {
    const before = memory().liveBytes;
    {
      using _ = scope();
      const state = await load(file("views of one storage: zip"));
      expect(memory().liveBytes - before).toBeLessThanOrEqual(48);
      state["whole"]!.fill_(9);
      expect(state["transposed"]!.toArray()).toEqual(Array.from({ length: 4 }, () => [9, 9, 9]));
    }
    expect(memory().liveBytes).toBeLessThanOrEqual(before);
  });

  test.each<[string, RegExp]>([
    [
      "a class",
      /^load: the Uint8Array holds "configs.Config", which is code of Python and is never run; .*torch.save\(model.state_dict\(\)/,
    ],
    ["a call", /holds "(__builtin__|builtins)\.print"/],
    ["a module", /holds "torch\.nn\.modules\.linear\.Linear"/],
    [
      "complex numbers",
      /holds complex tensors \("torch\.ComplexFloatStorage"\), .* not supported; .*torch\.view_as_real/,
    ],
    ["sparse", /holds sparse tensors \("torch\._utils\._rebuild_sparse_tensor"\), .* not supported; .*to_dense/],
    ["quantized", /holds quantised tensors \(.*\), .* not supported; .*dequantize/],
    ["an array of objects", /is a numpy.ndarray of elements that tensors have no dtype for/],
    ["TorchScript", /is a TorchScript program/],
  ])("%s is refused by name", async (name, message) => {
    await expect(load(file(`${name}: refused`))).rejects.toThrow(message);
  });
});

describe("placeholders", () => {
  const holding = (module: string, name: string, parts: object): unknown =>
    expect.objectContaining({ module, name, ...parts });

  test.each(["zip", "zip, protocol 4", "before 1.6"])(
    "for Python's objects, in a file of the kind %s",
    async (kind) => {
      const bytes = file(`objects, ${kind}: refused`);
      const { state_dict, args, circle, ...rest } = await load<Record<string, UnsupportedObject>>(bytes, {
        placeholders: true,
      });
      expect((state_dict as unknown as Record<string, Tensor>)["module.weight"]!.toArray()).toEqual([0, 1, 2, 3]);
      expect(args).toBeInstanceOf(UnsupportedObject);
      expect(args).toMatchObject({ module: "argparse", name: "Namespace", args: [], items: null });
      expect(args!.state).toMatchObject({ lr: 0.1, betas: [0.9, 0.99] });
      expect((args!.state as { mean: Tensor }).mean.toArray()).toEqual([0, 0]);
      expect((circle!.state as { self: unknown }).self).toBe(circle);
      expect(rest).toEqual({
        path: holding("pathlib", "PurePosixPath", { args: ["/", "data", "run"] }),
        log: holding("configs", "Log", { items: [expect.anything(), 2] }),
        options: holding("configs", "Options", { items: { depth: 3 } }),
        day: holding("datetime", "date", { args: [expect.anything()] }),
        sparse: holding("torch._utils", "_rebuild_sparse_tensor", {}),
        model: holding("torch.nn.modules.linear", "Linear", { state: expect.objectContaining({ in_features: 2 }) }),
        class: holding("argparse", "Namespace", { args: null, state: null }),
        type: holding("torch.nn.parameter", "Parameter", { args: null }),
      });
      const { tensors } = await openTensors(bytes, { placeholders: true });
      expect([...tensors.keys()]).toContain("model.state._parameters.weight");
    },
  );

  test("for tensors that Heddle does not have, arrays of objects and TorchScript", async () => {
    const opened = (name: string): Promise<Record<string, unknown>> =>
      load(file(`${name}: refused`), { placeholders: true });
    const { weight, frequencies } = await opened("complex numbers beside others");
    expect((weight as Tensor).toArray()).toEqual([1, 1]);
    expect(frequencies).toEqual(holding("torch", "ComplexFloatStorage", {}));
    expect(await opened("quantized")).toEqual(holding("torch._utils", "_rebuild_qtensor", {}));
    expect(await opened("an array of objects")).toEqual(holding("numpy", "ndarray", {}));
    expect(await opened("TorchScript")).toEqual(holding("__torch__.torch.nn.modules.linear", "Linear", {}));
  });

  test("for a function that would be called: it is not", async () => {
    expect(await load(file("a call: refused"), { placeholders: true })).toEqual({
      x: holding("__builtin__", "print", { args: ["called"] }),
    });
  });

  test.each(["pytorch", "safetensors"] as const)("are not written as %s", async (format) => {
    const state = await load(file("a class: refused"), { placeholders: true });
    await expect(encode(state, { format })).rejects.toThrow(
      'encode: config is a placeholder of Python\'s "configs.Config", which cannot be written; leave it out, or give its data',
    );
  });
});

describe("files for torch.load", () => {
  const state = {
    weight: arange(6).reshape([2, 3]).t(),
    halves: tensor([1 / 3, -2], { dtype: "bfloat16" }),
    flags: tensor([true, false]),
    count: tensor(12345678901n),
    none: zeros([0, 3]),
  };

  test("come back as they were", async () => {
    const nested = {
      model: state,
      optimizer: {
        state: { 0: { step: 5, average: ones([2]) } },
        groups: [{ lr: 0.1, betas: [0.9, 0.999], params: [0] }],
      },
      numbers: [0, -1, 300, -70000, 2 ** 31, -(2 ** 40), 0.1, NaN, -Infinity, -0],
      large: [2n ** 70n, -(2n ** 63n)],
      text: 'é"\n',
      on: true,
      nothing: null,
    };
    const back = await load<typeof nested>(await encoded(nested));
    for (const [name, before] of Object.entries(state)) {
      const after = (back.model as Record<string, Tensor>)[name]!;
      expect([name, after.dtype, [...after.shape], after.toArray()]).toEqual([
        ...[name, before.dtype, [...before.shape], before.toArray()],
      ]);
    }
    expect(back.optimizer.state[0].average.toArray()).toEqual([1, 1]);
    expect({ ...back, model: 0, optimizer: 0 }).toEqual({ ...nested, model: 0, optimizer: 0 });
    expect((await load<Tensor>(await encoded(ones([2])))).toArray()).toEqual([1, 1]);
  });

  test("what was loaded from PyTorch comes back whole", async () => {
    const { model, optimizer, ...plain } = await load<Record<string, Savable>>(file("checkpoint: zip"));
    const back = await load<typeof plain>(await encoded({ model, optimizer, ...plain }));
    expect({ ...back, model, optimizer }).toEqual({ model, optimizer, ...plain });
    const others = {
      names: new Map<unknown, unknown>([[[1, "a"], ones([2])], [1.5, new Set(["x"])], [null, [new Map()]]]),
      sets: new Set<unknown>([[1, 2], new Set([3]), "a", 2n ** 70n]),
      raw: Uint8Array.of(0, 127, 128, 255),
    };
    const { names, ...rest } = await load<Record<string, unknown>>(await encoded(others as unknown as Savable));
    expect([...(names as typeof others.names).keys()]).toEqual([...others.names.keys()]);
    expect([...(names as typeof others.names).values()].slice(1)).toEqual([new Set(["x"]), [{}]]);
    expect(rest).toEqual({ sets: others.sets, raw: others.raw });
  });

  test("have these bytes", async () => {
    const bytes = Buffer.from(await encoded({ w: tensor([1, 2]) }));
    // Which PyTorch 1.13 reads.
    expect(bytes.toString("base64")).toBe(
      [
        "UEsDBC0ACAAAAAAAIQAAAAAA//////////8QABQAYXJjaGl2ZS9kYXRhLnBrbAEAEAAAAAAAAAAAAAAAAAAAAAAAgAJ9KFgBAAAAd2N0b3JjaC",
        "5fdXRpbHMKX3JlYnVpbGRfdGVuc29yX3YyCigoWAcAAABzdG9yYWdlY3RvcmNoCkZsb2F0U3RvcmFnZQpYAQAAADBYAwAAAGNwdUoCAAAAdFFK",
        "AAAAAChKAgAAAHQoSgEAAAB0iWNjb2xsZWN0aW9ucwpPcmRlcmVkRGljdAopUnRSdS5QSwcISQ6GN5UAAAAAAAAAlQAAAAAAAABQSwMELQAIAA",
        "AAAAAhAAAAAAD//////////xEAFABhcmNoaXZlL2J5dGVvcmRlcgEAEAAAAAAAAAAAAAAAAAAAAAAAbGl0dGxlUEsHCIU94xkGAAAAAAAAAAYA",
        "AAAAAAAAUEsDBC0ACAAAAAAAIQAAAAAA//////////8OABQAYXJjaGl2ZS9kYXRhLzABABAAAAAAAAAAAAAAAAAAAAAAAAAAgD8AAABAUEsHCH",
        "alPy4IAAAAAAAAAAgAAAAAAAAAUEsDBC0ACAAAAAAAIQAAAAAA//////////8PABQAYXJjaGl2ZS92ZXJzaW9uAQAQAAAAAAAAAAAAAAAAAAAA",
        "AAAzClBLBwjRnmdVAgAAAAAAAAACAAAAAAAAAFBLAQIAAy0ACAAAAAAAIQBJDoY3lQAAAJUAAAAQAAAAAAAAAAAAAACkgQAAAABhcmNoaXZlL2",
        "RhdGEucGtsUEsBAgADLQAIAAAAAAAhAIU94xkGAAAABgAAABEAAAAAAAAAAAAAAKSB7wAAAGFyY2hpdmUvYnl0ZW9yZGVyUEsBAgADLQAIAAAA",
        "AAAhAHalPy4IAAAACAAAAA4AAAAAAAAAAAAAAKSBUAEAAGFyY2hpdmUvZGF0YS8wUEsBAgADLQAIAAAAAAAhANGeZ1UCAAAAAgAAAA8AAAAAAA",
        "AAAAAAAKSBsAEAAGFyY2hpdmUvdmVyc2lvblBLBQYAAAAABAAEAPYAAAALAgAAAAA=",
      ].join(""),
    );
    expect(bytes.equals(Buffer.from(await encoded({ w: tensor([1, 2]) })))).toBe(true);
  });

  test("what they cannot hold is refused", async () => {
    for (const held of [new Map([[{}, 1]]), new Set([{}]), new Set([ones([1])])]) {
      await expect(encoded({ a: held } as unknown as Savable)).rejects.toThrow(
        /^encode: "a.*" has an object of class \w+ as a key or an item of a Set; /,
      );
    }
    await expect(encoded({ a: new Date() } as unknown as Savable)).rejects.toThrow(
      "encode: a is an object of class Date",
    );
    await expect(encoded({ a: { b: () => 1 } })).rejects.toThrow("encode: a.b is a function");
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    await expect(encoded(circle)).rejects.toThrow("contains itself");
    await expect(encoded(JSON.parse('{"__proto__":1}'))).rejects.toThrow('"__proto__" is not allowed');
    await expect(encode({ a: ones([1]) }, { format: "pytorch", metadata: { a: "b" } })).rejects.toThrow(
      /has no metadata/,
    );
  });

  const python = "/usr/bin/python3";
  const torch = spawnSync(python, ["-c", "import torch"]).status === 0;
  test.runIf(torch)("PyTorch reads them, with weights_only as well", { tags: ["once"] }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "heddle-torch-")), path = join(folder, "a.pt");
    try {
      await save(state, path);
      const labels = new Set<unknown>([2, 3, [1, 2], new Set([4])]);
      const pairs = new Map<unknown, unknown>([[[0, "a"], 1], [null, Uint8Array.of(0, 255)]]);
      await save({ pairs, labels }, join(folder, "b.pt"));
      const script = `import sys, torch
for only in (False, True):
    state = torch.load(sys.argv[1], weights_only=only)
    assert list(state) == ["weight", "halves", "flags", "count", "none"]
    assert state["weight"].tolist() == [[0, 3], [1, 4], [2, 5]], state["weight"]
    assert state["halves"].equal(torch.tensor([1 / 3, -2], dtype=torch.bfloat16))
    assert state["flags"].tolist() == [True, False] and state["count"].item() == 12345678901
    assert state["none"].shape == (0, 3)
more = torch.load(sys.argv[2])
assert more == {"pairs": {(0, "a"): 1, None: b"\\x00\\xff"}, "labels": {2, 3, (1, 2), frozenset([4])}}, more
module = torch.nn.Module()
module.register_parameter("weight", torch.nn.Parameter(torch.zeros(3, 2)))
module.load_state_dict(state, strict=False)
print("read", module.weight.sum().item())
`;
      writeFileSync(join(folder, "read.py"), script);
      const run = spawnSync(python, [join(folder, "read.py"), path, join(folder, "b.pt")], { encoding: "utf8" });
      expect(`${run.stdout}${run.stderr}`).toBe("read 15.0\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("the older files are known by their magic number", () => {
  expect(isLegacy(file("state dict: before 1.6"))).toBe(true);
  expect(isLegacy(file("state dict: zip"))).toBe(false);
});
