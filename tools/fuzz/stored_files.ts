/** The readers of `@heddle/store`, with files that it and other programs wrote. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import {
  encode,
  type FormatName,
  load,
  type LoadOptions,
  openTensors,
  type Savable,
  UnsupportedObject,
} from "../../packages/store/src/mod.ts";
import { arange, fromTypedArray, scope, Tensor, tensor } from "../../packages/tensor/src/mod.ts";
import type { Reader } from "./reader.ts";

/** Files of a family that were recorded, and are read; or those that are refused unless placeholders are asked for. */
function recorded(family: string, choose: (name: string) => boolean, refuses: boolean = false): Uint8Array[] {
  const path = fileURLToPath(new URL(`../../conformance/fixtures/store/${family}.json`, import.meta.url));
  const cases = JSON.parse(readFileSync(path, "utf8")) as { name: string; file: string; refused?: boolean }[];
  return cases.filter(({ name, refused = false }) => refused === refuses && choose(name)).map(({ file }) =>
    Uint8Array.from(Buffer.from(file, "base64"))
  );
}

/** A state as text. Long tensors are hashed. */
function stateText(state: unknown): string {
  return JSON.stringify(state, (_, value) => typeof value === "bigint" ? String(value) : value) ?? "undefined";
}

/** Replaces tensors by text, since they refuse to be written as JSON when they are large. */
function withoutTensors(value: unknown): unknown {
  if (value instanceof Tensor) {
    // A view may have many more elements than its storage.
    if (value.numel > 1e5) return `${value.dtype} ${value.shape}`;
    return `${value.dtype} ${value.shape} ${
      createHash("md5").update(Array.from(value.toTypedArray(), String).join()).digest("hex")
    }`;
  }
  if (value instanceof UnsupportedObject) return `${value.module}.${value.name}`; // which may contain itself
  if (Array.isArray(value)) return value.map(withoutTensors);
  if (value instanceof Map || value instanceof Set) return withoutTensors([...value]);
  if (ArrayBuffer.isView(value)) return value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutTensors(part)]));
}

/** Corrects the checksums of the files in a zip archive, where the directory still leads to them. */
function repairZip(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (
    let at = copy.indexOf("PK\x01\x02");
    at >= 0 && at + 46 <= copy.length;
    at = copy.indexOf("PK\x01\x02", at + 4)
  ) {
    const [packed, offset] = [copy.readUInt32LE(at + 20), copy.readUInt32LE(at + 42)];
    if (copy.readUInt16LE(at + 10) !== 0 || offset + 30 > copy.length) continue;
    const from = offset + 30 + copy.readUInt16LE(offset + 26) + copy.readUInt16LE(offset + 28);
    if (from + packed <= copy.length) copy.writeUInt32LE(crc32(copy.subarray(from, from + packed)), at + 16);
  }
  return Uint8Array.from(copy);
}

/** The errors that any of these readers may throw for a damaged file. */
const SAYS =
  /^(load|openTensors): .*(is damaged or not in the .* format$|is in none of the formats|which is code of Python|is a TorchScript program|tensors \(.*, which are not supported|names other files|is not read; )/s;

function reader(
  name: string,
  files: readonly Uint8Array[],
  rest: Partial<Reader> = {},
  options: LoadOptions = {},
): Reader {
  return {
    name,
    files,
    says: SAYS,
    async read(bytes) {
      // No other function runs meanwhile.
      using _ = scope();
      if (rest.checked && ["heddle.crc32", "heddle.state"].every((key) => Buffer.from(bytes).indexOf(key) < 0)) {
        throw new RangeError("load: without both keys this is another program's file, which is not read; ");
      }
      const state = stateText(withoutTensors(await load<unknown>(bytes, options)));
      const file = await openTensors(bytes, options);
      return `${state} ${[...file.tensors.keys()].join()}`;
    },
    ...rest,
  };
}

/** The readers of all formats. */
export async function storedFiles(): Promise<Reader[]> {
  const tensors = {
    a: arange(6).reshape([2, 3]),
    b: tensor([true, false]),
    c: tensor([1n, -2n]),
    none: fromTypedArray(new Int8Array(0), [0, 3]),
  };
  const nested = { model: tensors, step: 3, rates: [0.5, NaN], name: "fuzz" };
  const write = (format: FormatName, states: Savable[]): Promise<Uint8Array[]> =>
    Promise.all(states.map((state) => encode(state, { format })));
  const withoutChecksums = (bytes: Uint8Array): Uint8Array =>
    Uint8Array.from(
      Buffer.from(Buffer.from(bytes).toString("latin1").replace("heddle.crc32", "another.name"), "latin1"),
    );
  const [flat, tree] = await write("safetensors", [tensors, nested]) as [Uint8Array, Uint8Array];
  const pytorch = recorded("pytorch", (name) => /^(views|checkpoint|NumPy|parameters)/.test(name));
  const older = recorded("pytorch", (name) => /^(views|checkpoint).*before/.test(name));
  const objects = recorded(
    "pytorch",
    (name) => /^(objects, zip|complex.*beside|TorchScript|an array of objects)/.test(name),
    true,
  );
  const olderObjects = recorded("pytorch", (name) => /^objects, before/.test(name), true);
  const npz = [...recorded("numpy", (name) => /^npz/.test(name)), ...await write("npz", [tensors])];
  return [
    reader("safetensors", [flat, withoutChecksums(flat)]),
    // A nested state is refused without its checksums; other files may lose them, as other programs write none.
    reader("safetensors of a nested state", [tree], { checked: true }),
    reader("PyTorch's archives", [...pytorch, ...await write("pytorch", [nested])], { repair: repairZip }),
    reader("PyTorch's older files", older),
    reader("PyTorch's archives, with placeholders", objects, { repair: repairZip }, { placeholders: true }),
    reader("PyTorch's older files, with placeholders", olderObjects, {}, { placeholders: true }),
    reader("npy", recorded("numpy", (name) => !/^npz|^[<>]/.test(name))),
    reader("npz", npz, { repair: repairZip }),
    reader("GGUF", recorded("gguf", () => true)),
  ];
}
