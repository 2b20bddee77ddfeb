/** Reading and writing files, as both a page and the test's own process do, so that the test can compare. */
import { readCsv, readParquet, type Table, type TableSource } from "@heddle/data/table";
import { functional as F } from "@heddle/nn";
import { importOnnx } from "@heddle/onnx";
import { SGD } from "@heddle/optim";
import { encode, type FormatName, load, openTensors, type Savable, type Source } from "@heddle/store";
import { manualSeed, randn, scope, Tensor, tensor } from "@heddle/tensor";

/** What was read. */
export interface FileReport {
  /** The content as text, or the error, by the file and what it was read from. */
  readonly contents: Record<string, string>;
  /** The bytes in base64 that a state was encoded to, by format, and how they were read again. */
  readonly encoded: Record<string, string>;
  /** The losses of an imported network before and after steps of training. */
  readonly losses: number[];
}

/** How a file is found: a page fetches it. */
export type FetchFile = (name: string) => Promise<Response>;

const READERS: Readonly<Record<string, (source: Source & TableSource) => Promise<string>>> = {
  csv: async (source) => tableText(await readCsv(source)),
  parquet: async (source) => tableText(await readParquet(source)),
  stored: async (source) => stateText(await load<unknown>(source)),
  // By ranges, the last tensor first.
  "stored tensors": async (source) => {
    await using file = await openTensors(source);
    const tensors: Record<string, Tensor> = {};
    for (const name of [...file.tensors.keys()].reverse()) tensors[name] = await file.get(name);
    return stateText(tensors);
  },
};

/** Reads every file from everything that a page may have it in, encodes a state, and trains an imported network. */
export async function workOnFiles(names: readonly string[], fetchFile: FetchFile): Promise<FileReport> {
  const contents: Record<string, string> = {};
  for (const name of names) {
    const bytes = await (await fetchFile(name)).arrayBuffer();
    const sources: Record<string, () => Promise<Source & TableSource>> = {
      "an ArrayBuffer": () => Promise.resolve(bytes),
      "a Uint8Array": () => Promise.resolve(new Uint8Array(bytes)),
      "a Blob": () => Promise.resolve(new Blob([bytes])),
      "a Response": () => fetchFile(name),
    };
    for (const [kind, read] of Object.entries(READERS)) {
      if (!kind.startsWith(readerOf(name))) continue;
      for (const [place, open] of Object.entries(sources)) {
        contents[`${name}, ${kind} in ${place}`] = await resultOf(async () => await read(await open()));
      }
    }
  }
  const encoded: Record<string, string> = {};
  for (const format of ["safetensors", "pytorch", "npz", "npy"] as const) {
    encoded[format] = await resultOf(() => throughBytes(format));
  }
  return { contents, encoded, losses: await trainImported(await fetchFile(NETWORK)) };
}

/** The network's file. */
export const NETWORK = "network.onnx";

function readerOf(name: string): string {
  return /\.(csv|parquet)$/.exec(name)?.[1] ?? "stored";
}

async function resultOf(compute: () => Promise<string>): Promise<string> {
  using _ = scope();
  try {
    return await compute();
  } catch (error) {
    return `error: ${error instanceof Error ? error.stack : String(error)}`;
  }
}

async function throughBytes(format: FormatName): Promise<string> {
  const tensors = { weight: tensor([[1.5, -2], [0, 3]]), flags: tensor([true, false]) };
  const states: Partial<Record<FormatName, Savable>> = { npy: tensors.weight, npz: tensors };
  const bytes = await encode(states[format] ?? { tensors, step: 3, rates: [0.1, NaN] }, { format });
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `${base64} ${stateText(await load<unknown>(new Blob([bytes])))}`;
}

async function trainImported(file: Response): Promise<number[]> {
  using _ = scope();
  const model = await importOnnx(new Uint8Array(await file.arrayBuffer()));
  manualSeed(3);
  const [images, labels] = [randn([6, 1, 8, 8]), tensor([0, 1, 2, 0, 1, 2], { dtype: "int32" })];
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    const loss = F.crossEntropy(model.forward(images), labels);
    losses.push((await loss.data())[0] as number);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
  return losses;
}

function tableText(table: Table): string {
  return JSON.stringify([table.columns, Array.from({ length: table.length }, (_, row) => table.row(row))]);
}

/** A state as text, with every element of its tensors. */
function stateText(value: unknown): string {
  if (value instanceof Tensor) return `${value.dtype} [${value.shape}] ${Array.from(value.toTypedArray(), String)}`;
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name} ${stateText([...value])}`;
  if (Array.isArray(value) || value instanceof Uint8Array) return `[${Array.from<unknown, string>(value, stateText)}]`;
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
  return `{${Object.entries(value).map(([name, part]) => `${name}: ${stateText(part)}`).join(", ")}}`;
}
