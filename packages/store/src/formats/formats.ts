/** The formats, and how they are told apart: by the first bytes when they are read, by the extension when they are written. */
import type { ByteSource } from "../files/byte_source.ts";
import { shortened } from "../errors.ts";
import { safetensors } from "../safetensors/safetensors.ts";
import type { Format, FormatName } from "./format.ts";

/** All formats by name. */
export const formats: Readonly<Partial<Record<FormatName, Format>>> = { safetensors };

/** The format that a file's name ends in. @throws TypeError if there is none */
export function formatOfName(operation: string, path: string): FormatName {
  const name = path.toLowerCase();
  for (const [format, { extensions }] of Object.entries(formats)) {
    if (extensions.some((extension) => name.endsWith(extension))) return format as FormatName;
  }
  const all = Object.values(formats).flatMap(({ extensions }) => extensions);
  throw new TypeError(
    `${operation}: ${shortened(path)} ends in none of ${all.join(", ")}; name the format, as { format: "safetensors" }`,
  );
}

/** The format that a source begins like. @throws RangeError if there is none */
export async function formatOfContent(operation: string, source: ByteSource): Promise<FormatName> {
  const start = await source.read(0, Math.min(source.size, 16));
  if (start[8] === 0x7b || start[0] === 0x7b) return "safetensors";
  throw new RangeError(
    `${operation}: ${source.name} (${source.size} bytes) is in none of the formats ${Object.keys(formats).join(", ")}`,
  );
}

/** @throws TypeError for the name of no format. */
export function checkFormat(operation: string, name: FormatName): Format {
  const found = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (found !== undefined) return found;
  throw new TypeError(
    `${operation}: there is no format ${JSON.stringify(name)}; the formats are ${Object.keys(formats).join(", ")}`,
  );
}
