/** Files of every format, which a page reads. */
import { Conv2d, Flatten, Linear, ReLU, Sequential } from "@heddle/nn";
import { exportOnnx } from "@heddle/onnx";
import { encode } from "@heddle/store";
import { manualSeed, tensor, zeros } from "@heddle/tensor";
import { parquetWriteBuffer } from "hyparquet-writer";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NETWORK } from "./file_work.ts";

/** The files by name, the network among them. */
export async function servedFiles(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  files.set("state.safetensors", await encode({ weight: tensor([[1, 2]]), step: 3 }, { format: "safetensors" }));
  for (const [family, names] of Object.entries(RECORDED)) {
    for (const [file, name] of Object.entries(names)) files.set(file, recorded(family, name));
  }
  files.set("table.csv", new TextEncoder().encode('name,size\n"a, b",1.5\né,\n'));
  const columnData = [
    { name: "name", type: "STRING" as const, data: ["a", "é", null] },
    { name: "size", type: "DOUBLE" as const, data: [1.5, 2, -3] },
  ];
  files.set("table.parquet", new Uint8Array(parquetWriteBuffer({ columnData })));
  manualSeed(5);
  const network = new Sequential(new Conv2d(1, 4, 3), new ReLU(), new Flatten(), new Linear(144, 3));
  files.set(NETWORK, Uint8Array.from(await exportOnnx(network, [zeros([6, 1, 8, 8])])));
  return files;
}

/** Files that PyTorch, NumPy and the specification of GGUF gave: by the family of the recording, their names here and there. */
const RECORDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pytorch: { "checkpoint.pth": "checkpoint: zip", "older.pth": "checkpoint: before 1.6" },
  numpy: { "array.npy": "column-major and big-endian", "stored.npz": "npz", "deflated.npz": "npz, compressed" },
  gguf: { "model.gguf": "version 3" },
};

function recorded(family: string, name: string): Uint8Array<ArrayBuffer> {
  const path = fileURLToPath(new URL(`../fixtures/store/${family}.json`, import.meta.url));
  const cases = JSON.parse(readFileSync(path, "utf8")) as { name: string; file: string }[];
  return Uint8Array.from(Buffer.from(cases.find((each) => each.name === name)!.file, "base64"));
}
