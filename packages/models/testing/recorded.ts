/** The recordings of tools/oracle. */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A gzipped JSON file under fixtures/. */
export function recorded<T>(name: string): T {
  const bytes = readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
  return JSON.parse(gunzipSync(bytes).toString("utf8")) as T;
}

/** The numbers of a recorded tensor of float64. */
export function numbersOf({ data }: { readonly data: string }): Float64Array {
  return new Float64Array(Uint8Array.from(Buffer.from(data, "base64")).buffer);
}
