/** Opens files of all formats, which are told apart by their content. */
import type { ByteSource } from "../files/byte_source.ts";
import { failing } from "../errors.ts";
import { MAGIC as GGUF_MAGIC, openGguf } from "../gguf/gguf.ts";
import { MAGIC as NPY_MAGIC, openNpy } from "../numpy/npy.ts";
import { NPY, openNpz } from "../numpy/npz.ts";
import { openSafetensors } from "../safetensors/safetensors.ts";
import { isLegacy, openLegacy } from "../torch/read_legacy.ts";
import { openTorchArchive, PICKLE } from "../torch/read_zip.ts";
import { openArchive } from "../zip/archive.ts";
import type { FormatName, OpenedFile, OpenOptions } from "./format.ts";
import { formats } from "./formats.ts";

/** As many bytes as tell formats apart, and what a file is instead. */
const FIRST_BYTES = 64;

/** A format, and what opens a source in it. */
interface Found {
  readonly format: FormatName;
  open(): Promise<OpenedFile>;
}

/** Finds the format of a source. @throws RangeError if it is none */
export async function findFormat(source: ByteSource, options: OpenOptions): Promise<Found> {
  const start = await source.read(0, Math.min(source.size, FIRST_BYTES));
  const begins = (...bytes: number[]): boolean => bytes.every((byte, i) => start[i] === byte);
  if (isLegacy(start)) return { format: "pytorch", open: () => openLegacy(source, options) };
  if (begins(0x50, 0x4b, 0x03, 0x04) || begins(0x50, 0x4b, 0x05, 0x06)) return await findInArchive(source, options);
  if (begins(...NPY_MAGIC)) return { format: "npy", open: () => openNpy(source, options) };
  if (begins(...GGUF_MAGIC)) return { format: "gguf", open: () => openGguf(source, options) };
  if (start[8] === 0x7b || start[0] === 0x7b) {
    return { format: "safetensors", open: () => openSafetensors(source, options) };
  }
  throw new RangeError(
    `${options.operation}: ${source.name} (${source.size} bytes) is in none of the formats ${
      Object.keys(formats).join(", ")
    }${mistakenFor(start)}`,
  );
}

/** What a file of no known format is instead, if it can be told, with the remedy. */
function mistakenFor(start: Uint8Array): string {
  if (start.length === 0) return "; it is empty: was its writing or download cut short?";
  if (start[0] === 0x1f && start[1] === 0x8b) return "; it is compressed with gzip: unpack it first";
  const text = new TextDecoder().decode(start);
  if (text.startsWith("version https://git-lfs")) return "; it is a pointer of Git LFS: git lfs pull fetches the file";
  if (/^\s*<(!doctype html|html)/i.test(text)) {
    return "; it is an HTML page, such as a server sends in place of a file: is that the address of the file itself?";
  }
  return "";
}

async function findInArchive(source: ByteSource, options: OpenOptions): Promise<Found> {
  const fail = failing(options.operation, source.name, "zip");
  const files = await openArchive(source, fail);
  const names = [...files.keys()];
  if (names.some((name) => name.endsWith(PICKLE))) {
    return { format: "pytorch", open: () => openTorchArchive(source, files, options) };
  }
  if (names.every((name) => name.endsWith(NPY))) return { format: "npz", open: () => openNpz(source, files, options) };
  return fail("the archive has neither a file data.pkl, as PyTorch writes, nor files .npy alone, as NumPy does");
}
