/** Picture files, against what Pillow made of them (conformance/fixtures/images/files.json). */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { decodeImage } from "./image_file.ts";

interface Case {
  name: string;
  /** The file, and the bytes of its pixels [channels, height, width], as base64. */
  file: string;
  shape: number[];
  data: string;
}

const path = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/images/files.json");
const { cases, turned } = JSON.parse(readFileSync(path, "utf8")) as { cases: Case[]; turned: Case[] };

test.each(cases.map((each) => [each.name, each] as const))("%s", (_, { file, shape, data }) => {
  const image = decodeImage(Buffer.from(file, "base64"));
  expect(image.shape).toEqual(shape);
  expect(Buffer.from(image.toTypedArray("uint8")).toString("base64")).toBe(data);
});

test.each(turned.map((each) => [each.name, each] as const))("turned: %s", (_, { file, shape, data }) => {
  const image = decodeImage(Buffer.from(file, "base64"), { orientation: true });
  expect(image.shape).toEqual(shape);
  expect(Buffer.from(image.toTypedArray("uint8")).toString("base64")).toBe(data);
  expect(decodeImage(Buffer.from(file, "base64")).shape).toEqual([3, 9, 17]);
});
