/** Writes the format safetensors. */
import { crc32 } from "@heddle/tensor/engine";
import type { Tensor } from "@heddle/tensor";
import type { ByteTarget } from "../files/byte_target.ts";
import { shortened } from "../errors.ts";
import { checkName } from "../state/state.ts";
import { bytesOf, tensorBytes } from "../tensors/pieces.ts";
import { CHECKSUMS, codes, headerChecksum, type HeaderEntry, hex, METADATA, placeOfChecksum, STATE } from "./format.ts";

/** Tensors that become one file, and its metadata. */
export interface SafetensorsContent {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a file, and returns the checksum of its header, which holds those of its tensors.
 *
 * @throws TypeError for names that the format or this package reserve.
 */
export async function writeSafetensors(target: ByteTarget, { tensors, metadata }: SafetensorsContent): Promise<string> {
  const names = Object.keys(tensors);
  const sums = ["0".repeat(8), ...names.map(() => "0".repeat(8))];
  const header: Record<string, HeaderEntry | Record<string, string>> = Object.create(null);
  header[METADATA] = { [CHECKSUMS]: sums.join(), ...metadata };
  let offset = 0;
  for (const name of names) {
    const { dtype, shape } = tensors[name]!, bytes = bytesOf(tensors[name]!);
    header[name] = { dtype: codes[dtype], shape: [...shape], data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const start = new Uint8Array(8 + length).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(length), true);
  start.set(json, 8);
  target.write(start);
  for (const [i, name] of names.entries()) {
    let sum = 0;
    for await (const bytes of tensorBytes(tensors[name]!)) {
      sum = crc32(bytes, sum);
      target.write(bytes);
    }
    sums[i + 1] = hex(sum);
  }
  // Now that the checksums are known.
  const place = placeOfChecksum(start.subarray(8))!;
  start.set(new TextEncoder().encode(sums.join()), 8 + place);
  sums[0] = hex(headerChecksum(start.subarray(8), place));
  start.set(new TextEncoder().encode(sums[0]), 8 + place);
  target.patch(0, start);
  return sums[0];
}

/** @throws TypeError for names that the format or this package reserve, and for metadata other than strings. */
export function checkContent(operation: string, { tensors, metadata }: SafetensorsContent): void {
  for (const name of Object.keys(tensors)) {
    checkName(operation, name);
    if (name === METADATA) {
      throw new TypeError(`${operation}: the name "${METADATA}" is reserved by the format safetensors`);
    }
  }
  for (const [key, value] of Object.entries(metadata)) {
    checkName(operation, key);
    if (key === CHECKSUMS || key === STATE) throw new TypeError(`${operation}: the metadata "${key}" is reserved`);
    if (typeof value !== "string") {
      throw new TypeError(
        `${operation}: the metadata ${
          shortened(key)
        } is a ${typeof value}; safetensors has strings only, such as JSON.stringify(value)`,
      );
    }
  }
}
