/** safetensors as a format of states: tensors by name, or a nested state whose plain data is in the metadata. */
import type { Tensor } from "@heddle/tensor";
import type { ByteSource } from "../files/byte_source.ts";
import type { Format, OpenedFile, OpenOptions } from "../formats/format.ts";
import { failing } from "../errors.ts";
import { isStateDict } from "../state/state.ts";
import { joinState, splitState } from "../state/state_tree.ts";
import { CHECKSUMS, STATE } from "./format.ts";
import { readSafetensors } from "./read.ts";
import { allOf } from "../tensors/pieces.ts";
import { isIndex, openShards } from "./shards.ts";
import { checkContent, type SafetensorsContent, writeSafetensors } from "./write.ts";

/** The format, in one file or several. */
export const safetensors: Format = {
  extensions: [".safetensors", ".safetensors.index.json"],
  async write(target, state, { operation, metadata }) {
    await writeSafetensors(target, contentOf(operation, state, metadata));
  },
};

/** The tensors and the metadata that a state becomes. @throws TypeError for a state that cannot be written */
export function contentOf(
  operation: string,
  state: unknown,
  metadata: Readonly<Record<string, string>>,
): SafetensorsContent {
  if (isStateDict(state)) {
    checkContent(operation, { tensors: state, metadata });
    return { tensors: state, metadata };
  }
  const { json, tensors } = splitState(state, operation);
  checkContent(operation, { tensors, metadata });
  return { tensors, metadata: { [STATE]: json, ...metadata } };
}

/** Opens a file of tensors, or the index of several. */
export async function openSafetensors(source: ByteSource, options: OpenOptions): Promise<OpenedFile> {
  if (await isIndex(source)) return await openShards(source, options);
  const { operation, verify } = options;
  const { metadata: { [STATE]: json, [CHECKSUMS]: sums, ...metadata }, pieces } = await readSafetensors(
    source,
    operation,
    verify,
  );
  const tensors = pieces.map(allOf);
  const fail = failing(operation, source.name, "safetensors");
  if (json === undefined) return { metadata, tensors };
  if (verify && sums === undefined) fail("there is a state and no checksums, which are written together");
  const state = (read: readonly Tensor[]): unknown => {
    try {
      return joinState({ json, tensors: Object.fromEntries(pieces.map(({ name }, i) => [name, read[i]!])) });
    } catch (error) {
      return fail(`"${STATE}": ${(error as Error).message.slice(0, 300)}`);
    }
  };
  return { metadata, tensors, state };
}
