/** Files of `torch.save` since PyTorch 1.6: a zip archive with a pickle `NAME/data.pkl` and the storages `NAME/data/KEY`. */
import { crc32 } from "@heddle/tensor/engine";
import type { ByteSource } from "../files/byte_source.ts";
import type { OpenedFile, OpenOptions } from "../formats/format.ts";
import { failing, shortened } from "../errors.ts";
import { type Archived, bytesOfFile } from "../zip/archive.ts";
import { PickleEnds, unpickle } from "./pickle.ts";
import { plainTree, type StoragePlace } from "./tree.ts";
import { type PickledStorage, TorchWorld } from "./world.ts";

/** The end of the pickle's name in the archive. */
export const PICKLE = "/data.pkl";

/** Opens an archive that has a pickle. */
export async function openTorchArchive(
  source: ByteSource,
  files: ReadonlyMap<string, Archived>,
  { operation, verify, placeholders }: OpenOptions,
): Promise<OpenedFile> {
  const fail = failing(operation, source.name, "PyTorch");
  const pickles = [...files.keys()].filter((name) => name.endsWith(PICKLE));
  if (pickles.length !== 1) fail(`${pickles.length} files data.pkl in the archive`);
  const folder = pickles[0]!.slice(0, -PICKLE.length);
  const checked = async (name: string): Promise<Uint8Array<ArrayBuffer> | null> => {
    const file = files.get(`${folder}/${name}`);
    if (file === undefined) return null;
    const bytes = await bytesOfFile(file);
    if (verify && crc32(bytes) !== file.crc) fail(`the checksum of ${shortened(name)} does not match its bytes`);
    return bytes;
  };
  const order = await checked("byteorder");
  const bigEndian = order !== null && new TextDecoder().decode(order) === "big";
  const pickle = (await checked("data.pkl"))!;
  let value: unknown;
  try {
    value = unpickle(pickle, 0, new TorchWorld(operation, source.name, placeholders, fail), fail).value;
  } catch (error) {
    if (error instanceof PickleEnds) fail("the pickle ends too early");
    throw error;
  }
  const placeOf = ({ key, bytes }: PickledStorage): StoragePlace => {
    const file = files.get(`${folder}/data/${key}`) ?? fail(`there is no storage ${shortened(key)}`);
    if (file.size !== bytes) fail(`the storage ${shortened(key)} has ${file.size} bytes, not ${bytes}`);
    return { source: file.bytes, from: file.from, bytes, crc: verify ? file.crc : null };
  };
  return plainTree(value, { placeOf, bigEndian }, placeholders, fail);
}
