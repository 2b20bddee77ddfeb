/** Files that other programs wrote, and what is in them (`tools/oracle/stored_files.py`). */
import type { DType, Tensor } from "@heddle/tensor";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { tensorBytes } from "../tensors/pieces.ts";

/** A tensor as it was recorded. */
export interface Recorded {
  readonly dtype: string;
  readonly shape: number[];
  readonly data: string;
}

/** A file: what is in it, or that it is refused. */
export interface RecordedFile {
  readonly name: string;
  readonly file: string;
  readonly tensors?: Readonly<Record<string, Recorded>>;
  readonly array?: Recorded;
  readonly refused?: boolean;
}

/** The files of a family. */
export function recordedFiles(family: string): RecordedFile[] {
  const path = fileURLToPath(new URL(`../../../../conformance/fixtures/store/${family}.json`, import.meta.url));
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The bytes of a recording in base64. */
export function bytesFrom(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

/** Recorded dtypes that tensors do not have, and what they become. */
const WIDER: Readonly<Record<string, [DType, new (buffer: ArrayBuffer) => ArrayLike<number | bigint>]>> = {
  uint16: ["int32", Uint16Array],
  uint32: ["int64", Uint32Array],
  uint64: ["int64", BigUint64Array],
};

/** Expects a tensor to be a recorded one, to the last bit. */
export async function expectRecorded(tensor: Tensor, { dtype, shape, data }: Recorded): Promise<void> {
  const wider = WIDER[dtype];
  expect([tensor.dtype, [...tensor.shape]]).toEqual([wider?.[0] ?? dtype, shape]);
  if (wider !== undefined) {
    const values = new wider[1](bytesFrom(data).buffer);
    expect(Array.from(tensor.toTypedArray(), String)).toEqual(Array.from(values, String));
    return;
  }
  const parts: Uint8Array[] = [];
  for await (const part of tensorBytes(tensor)) parts.push(part);
  expect(Buffer.concat(parts).toString("base64")).toBe(data);
}

/** The value at a dotted path. */
export function at(state: unknown, path: string): unknown {
  if (path === "") return state;
  let here = state as Record<string, unknown>, rest = path;
  while (!Object.hasOwn(here, rest)) {
    const name = Object.keys(here).find((name) => rest.startsWith(`${name}.`));
    if (name === undefined) throw new Error(`there is no ${path}`);
    [here, rest] = [here[name] as Record<string, unknown>, rest.slice(name.length + 1)];
  }
  return here[rest];
}
