/** NumPy's arrays by name: a zip archive of `.npy` files. */
import type { ByteSource } from "../files/byte_source.ts";
import { failing, shortened } from "../errors.ts";
import type { Format, OpenedFile, OpenOptions, PlacedTensor } from "../formats/format.ts";
import { checkStateDict } from "../state/state.ts";
import type { Archived } from "../zip/archive.ts";
import { writeArchive } from "../zip/write_archive.ts";
import { NoTensorError, npyBytes, readNpy } from "./npy.ts";

/** The end of each file's name in an archive. */
export const NPY = ".npy";

/** Tensors by name. Files are not compressed. */
export const npz: Format = {
  extensions: [".npz"],
  async write(target, state, { operation }) {
    const tensors = Object.entries(checkStateDict(operation, state, "npz"));
    for (const [name] of tensors) checkFileName(operation, name);
    for (const [, tensor] of tensors) await npyBytes(tensor, operation).next(); // refuses dtypes before anything is written
    await writeArchive(
      target,
      tensors.map(([name, tensor]) => ({ name: `${name}${NPY}`, content: npyBytes(tensor, operation) })),
    );
  },
};

/** Opens an archive of `.npy` files. */
export async function openNpz(
  source: ByteSource,
  files: ReadonlyMap<string, Archived>,
  { operation, verify }: OpenOptions,
): Promise<OpenedFile> {
  const fail = failing(operation, source.name, "npz");
  const tensors: PlacedTensor[] = [], refused = new Map<string, string>();
  for (const [file, { bytes, from, size, crc, deflated }] of files) {
    const name = file.slice(0, -NPY.length);
    if (name === "__proto__") fail('the archive has the name "__proto__"');
    try {
      tensors.push(
        await readNpy(name, { source: bytes, from, bytes: size, crc: verify && !deflated ? crc : null }, fail),
      );
    } catch (error) {
      if (!(error instanceof NoTensorError)) throw error;
      refused.set(name, error.message);
    }
  }
  return { metadata: {}, tensors, refused };
}

/** @throws TypeError for a name that readers of archives refuse: it would lead out of the folder that they unpack to. */
function checkFileName(operation: string, name: string): void {
  if (!/^[\\/]|^[a-zA-Z]:|(^|[\\/])\.\.([\\/]|$)/.test(name)) return;
  throw new TypeError(
    `${operation}: the name ${
      shortened(name)
    } would lead out of the folder that an archive is unpacked to, and is not read back; ` +
      "give another name, or save as .safetensors",
  );
}
