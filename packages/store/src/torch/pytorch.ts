/** PyTorch's files as a format of states. */
import type { Format } from "../formats/format.ts";
import { tensorBytes } from "../tensors/pieces.ts";
import { type ArchivedFile, writeArchive } from "../zip/write_archive.ts";
import { pickleState } from "./write_pickle.ts";

/** What `torch.save` writes since PyTorch 1.6. Every tensor has a storage of its own. */
export const pytorch: Format = {
  extensions: [".pt", ".pth", ".bin", ".ckpt"],
  async write(target, state, { operation }) {
    const { pickle, tensors } = pickleState(state, operation);
    const file = (name: string, content: ArchivedFile["content"]): ArchivedFile => ({
      name: `archive/${name}`,
      content,
    });
    await writeArchive(target, [
      file("data.pkl", [pickle]),
      file("byteorder", [new TextEncoder().encode("little")]),
      ...tensors.map((tensor, i) => file(`data/${i}`, tensorBytes(tensor))),
      file("version", [new TextEncoder().encode("3\n")]),
    ]);
  },
};
