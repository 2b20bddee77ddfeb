/** The formats by name, and by the extension of a file that is written. */
import { shortened } from "../errors.ts";
import { gguf } from "../gguf/gguf.ts";
import { npy } from "../numpy/npy.ts";
import { npz } from "../numpy/npz.ts";
import { safetensors } from "../safetensors/safetensors.ts";
import { pytorch } from "../torch/pytorch.ts";
import type { Format, FormatName } from "./format.ts";

/** All formats by name. */
export const formats: Readonly<Record<FormatName, Format>> = { safetensors, pytorch, npy, npz, gguf };

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

/** @throws TypeError for the name of no format. */
export function checkFormat(operation: string, name: FormatName): Format {
  if (Object.hasOwn(formats, name)) return formats[name];
  throw new TypeError(
    `${operation}: there is no format ${JSON.stringify(name)}; the formats are ${Object.keys(formats).join(", ")}`,
  );
}
