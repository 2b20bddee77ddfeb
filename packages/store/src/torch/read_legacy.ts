/**
 * Files of `torch.save` before PyTorch 1.6, without an archive: pickles of a magic number, a version, facts about the system, the state
 * and the storages' keys, then each storage, as eight bytes with the number of its elements and their bytes.
 */
import type { ByteSource } from "../files/byte_source.ts";
import type { OpenedFile, OpenOptions } from "../formats/format.ts";
import { type Fail, failing, shortened } from "../errors.ts";
import { PickledDict, PickledObject, PickleEnds, unpickle } from "./pickle.ts";
import { plainTree, type StoragePlace } from "./tree.ts";
import { type PickledStorage, TorchWorld } from "./world.ts";

/** The pickled magic number, after the byte of the protocol. */
const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** Whether a file begins with the magic number. */
export function isLegacy(start: Uint8Array): boolean {
  return start[0] === 0x80 && MAGIC.every((byte, i) => start[i + 2] === byte);
}

/** What is read of a file at first; more as far as the pickles go on. */
const FIRST_BYTES = 1 << 16;

interface Pickles {
  readonly system: unknown;
  readonly value: unknown;
  readonly keys: unknown;
  /** Every storage that the state refers to. */
  readonly storages: ReadonlyMap<string, PickledStorage>;
  readonly end: number;
}

/** Opens a file. */
export async function openLegacy(source: ByteSource, options: OpenOptions): Promise<OpenedFile> {
  const { operation, placeholders } = options;
  const fail = failing(operation, source.name, "PyTorch (before 1.6)");
  const { system, value, keys, storages, end } = await readPickles(source, options, fail);
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string")) {
    return fail("there is no list of storages");
  }
  const places = await findStorages(source, keys, storages, end, fail);
  const placeOf = ({ key }: PickledStorage): StoragePlace =>
    places.get(key) ?? fail(`there is no storage ${shortened(key)}`);
  const bigEndian = system instanceof PickledDict && system.entries.get("little_endian") === false;
  return plainTree(value, { placeOf, bigEndian }, placeholders, fail);
}

/** The pickles, whose length nothing says: they are tried with ever more bytes. */
async function readPickles(
  source: ByteSource,
  { operation, placeholders }: OpenOptions,
  fail: Fail,
): Promise<Pickles> {
  for (let length = Math.min(FIRST_BYTES, source.size);; length = Math.min(length * 4, source.size)) {
    const bytes = await source.read(0, length);
    const storages = new Map<string, PickledStorage>();
    const world = new TorchWorld(operation, source.name, placeholders, fail);
    const noting = {
      find: (module: string, name: string) => world.find(module, name),
      build: (object: unknown, state: unknown) => world.build(object, state),
      persistent(id: unknown) {
        const storage = world.persistent(id);
        if (storage instanceof PickledObject) {
          // A storage of an unknown type has an unknown size, and the next one begins after it.
          if (storage.args !== null) throw world.refusal(storage.module, storage.name);
          return storage;
        }
        const before = storages.get(storage.key);
        if (before !== undefined && (before.bytes !== storage.bytes || before.elements !== storage.elements)) {
          fail(`the storage ${shortened(storage.key)} is described in two ways`);
        }
        storages.set(storage.key, storage);
        return storage;
      },
    };
    try {
      let end = 0;
      const next = (): unknown => {
        const read = unpickle(bytes, end, noting, fail);
        end = read.end;
        return read.value;
      };
      next();
      const version = next();
      if (version !== 1001) fail(`version ${String(version)}, not 1001`);
      const [system, value, keys] = [next(), next(), next()];
      return { system, value, keys, storages, end };
    } catch (error) {
      if (!(error instanceof PickleEnds)) throw error;
      if (length === source.size) fail("the pickles end too early");
    }
  }
}

async function findStorages(
  source: ByteSource,
  keys: readonly string[],
  storages: ReadonlyMap<string, PickledStorage>,
  start: number,
  fail: Fail,
): Promise<Map<string, StoragePlace>> {
  const places = new Map<string, StoragePlace>();
  let at = start;
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage === undefined || places.has(key)) {
      return fail(`the storage ${shortened(key)} is listed twice, or no tensor's`);
    }
    if (at + 8 > source.size) fail(`the storage ${shortened(key)} is beyond the end of the file`);
    const header = await source.read(at, 8);
    const count = Number(new DataView(header.buffer, header.byteOffset, 8).getBigInt64(0, true));
    const { bytes, elements } = storage, expected = bytes / (elements?.blockBytes ?? 1);
    if (count !== expected) fail(`the storage ${shortened(key)} has ${count} elements, not ${expected}`);
    at += 8;
    if (at + bytes > source.size) fail(`the storage ${shortened(key)} of ${bytes} bytes is beyond the end of the file`);
    places.set(key, { source, from: at, bytes, crc: null });
    at += bytes;
  }
  return places;
}
