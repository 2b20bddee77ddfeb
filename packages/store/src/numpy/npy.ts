/**
 * NumPy's arrays in files: a magic number, a version, a header as a Python dict (the element type, the order, the shape), the elements.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3
 */
import { crc32 } from "@heddle/tensor/engine";
import { Tensor } from "@heddle/tensor";
import type { ByteSource } from "../files/byte_source.ts";
import { described, type Fail, failing, shortened } from "../errors.ts";
import type { Format, OpenedFile, OpenOptions, PlacedTensor } from "../formats/format.ts";
import { storedBytes } from "../tensors/elements.ts";
import { allOf, type Piece, tensorBytes } from "../tensors/pieces.ts";
import { columnMajor, MOST_DIMENSIONS } from "../tensors/placed.ts";
import { descrs, elementsOfDescr } from "./descr.ts";

/** The bytes that a file begins with. */
export const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;
/** What errors call the tensor of a file, which has no names. */
const ARRAY = "array";
/** NumPy's own limit is 10,000 characters. */
const MOST_HEADER_BYTES = 1 << 16;

/** One array in a file. */
export const npy: Format = {
  extensions: [".npy"],
  async write(target, state, { operation }) {
    if (!(state instanceof Tensor)) {
      throw new TypeError(
        `${operation}: a .npy file has one tensor, got ${described(state)}; .npz files have tensors by name`,
      );
    }
    for await (const bytes of npyBytes(state, operation)) target.write(bytes);
  },
};

/** Opens a file; its state is the tensor. */
export async function openNpy(source: ByteSource, { operation }: OpenOptions): Promise<OpenedFile> {
  const place = { source, from: 0, bytes: source.size, crc: null };
  const tensor = await readNpy(ARRAY, place, failing(operation, source.name, "npy")).catch((error: unknown) => {
    throw error instanceof NoTensorError ? new TypeError(`${operation}: ${source.name}: ${error.message}`) : error;
  });
  return { metadata: {}, tensors: [tensor], state: ([read]) => read };
}

/** What a sound file has that no tensor can hold, such as strings. */
export class NoTensorError extends TypeError {}

/** Where a file lies: in a source, or in an archive. */
export type NpyPlace = Pick<Piece, "source" | "from" | "bytes" | "crc">;

/** Reads and checks a header. @throws NoTensorError for elements that tensors have no dtype for */
export async function readNpy(
  name: string,
  { source, from, bytes: size, crc }: NpyPlace,
  fail: Fail,
): Promise<PlacedTensor> {
  const start = await source.read(from, Math.min(12, size));
  if (start.length < 12 || !MAGIC.every((byte, i) => start[i] === byte)) {
    return fail(`${shortened(name)} is no .npy file`);
  }
  const version = start[6]!, view = new DataView(start.buffer, start.byteOffset, 12);
  if (version < 1 || version > 3) fail(`${shortened(name)} has version ${version}; 1 to 3 are read`);
  const [begin, length] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > Math.min(MOST_HEADER_BYTES, size - begin)) fail(`${shortened(name)} has a header of ${length} bytes`);
  const header = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(await source.read(from + begin, length));
  const crcBefore = crc === null ? 0 : crc32(await source.read(from, begin + length));
  const { descr, fortran, shape } = parseHeader(name, header, fail);
  const elements = elementsOfDescr(descr);
  if (elements === null) {
    throw new NoTensorError(`${shortened(name)} has the type ${shortened(descr)}, which tensors have no dtype for`);
  }
  const bytes = size - begin - length;
  if (storedBytes(shape, elements) !== bytes) {
    fail(`${shortened(name)} has ${bytes} bytes for ${descr} of shape [${shape.slice(0, 8).join(", ")}]`);
  }
  const piece = (sizes: readonly number[]): Piece => {
    return { name, source, from: from + begin + length, bytes, elements, shape: sizes, crc, crcBefore, fail };
  };
  return fortran && shape.length > 1 ? columnMajor(name, shape, piece) : allOf(piece(shape));
}

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** The fields of the dict, each of which is there once. Structured types and types of objects are refused. */
function parseHeader(name: string, text: string, fail: Fail): Header {
  const match = /^\s*\{((?:\s*'\w+'\s*:\s*(?:'[^'\\]*'|True|False|\([\dL,\s]*\)|\[.*\])\s*,?)*)\s*\}\s*$/s.exec(text);
  if (match === null) return fail(`${shortened(name)} has the header ${shortened(text.trim())}`);
  const fields = new Map<string, string>();
  for (const [, key, value] of match[1]!.matchAll(/'(\w+)'\s*:\s*('[^'\\]*'|True|False|\([\dL,\s]*\)|\[.*\])/gs)) {
    if (fields.has(key!)) fail(`${shortened(name)} has ${key} twice in its header`);
    fields.set(key!, value!);
  }
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) => fields.get(key) ?? "");
  if (descr!.startsWith("[")) {
    throw new NoTensorError(`${shortened(name)} has a structured type; save its fields as arrays of their own`);
  }
  if (/^'\|?O/.test(descr!)) {
    throw new NoTensorError(`${shortened(name)} is an array of Python objects, which are pickled and not read`);
  }
  const known = fields.size === 3 && descr!.startsWith("'") && /^(True|False)$/.test(fortran!) &&
    shape!.startsWith("(");
  const sizes = shape!.slice(1, -1).split(",").map((size) => size.trim().replace(/L$/, "")).filter((size) =>
    size !== ""
  );
  if (!known || !sizes.every((size) => /^\d+$/.test(size) && Number.isSafeInteger(Number(size)))) {
    return fail(`${shortened(name)} has the header ${shortened(text.trim())}`);
  }
  if (sizes.length > MOST_DIMENSIONS) fail(`${shortened(name)} has ${sizes.length} dimensions`);
  return { descr: descr!.slice(1, -1), fortran: fortran === "True", shape: sizes.map(Number) };
}

/** The bytes of a file of version 1. @throws TypeError for bfloat16 */
export async function* npyBytes(tensor: Tensor, operation: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { dtype, shape } = tensor, descr = descrs[dtype];
  if (descr === undefined) {
    throw new TypeError(
      `${operation}: NumPy has no ${dtype}; to("float32") loses nothing, and safetensors and pytorch hold it`,
    );
  }
  const order = descr.endsWith("1") ? "|" : "<";
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${order}${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // So that the elements begin at a multiple of 64 bytes.
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  yield Uint8Array.from([...MAGIC, 1, 0, length & 255, length >> 8]);
  yield new TextEncoder().encode(`${header.padEnd(length - 1)}\n`);
  yield* tensorBytes(tensor);
}
