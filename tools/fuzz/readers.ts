/** The readers, with small valid files. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateSync, gzipSync, inflateSync } from "node:zlib";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { decodeImage, decodeText, encodeIdx, ParallelText, parseIdx, Vocabulary } from "../../packages/data/src/mod.ts";
import { BytePairEncoding } from "../../packages/data/src/bpe.ts";
import {
  Categories,
  Impute,
  parseCsv,
  Preparation,
  readCsv,
  readParquet,
  Standardize,
  Table,
} from "../../packages/data/src/table.ts";
import { manualSeed, scope, tensor, zeros } from "../../packages/tensor/src/mod.ts";
import { fromPretrained } from "../../packages/models/src/mod.ts";
import { Checkpoint, plainState } from "../../packages/train/src/mod.ts";
import { storedFiles } from "./stored_files.ts";
import { gunzip } from "../../packages/data/src/archive/gunzip.ts";
import { readMat } from "../../packages/data/src/archive/mat.ts";
import { readTar } from "../../packages/data/src/archive/tar.ts";
import { idxContent } from "../../packages/data/src/images/idx_file.ts";
import { partsOf } from "../../packages/data/src/images/svhn.ts";
import { joinPngChunks, readPngChunks } from "../../packages/data/src/images/png_chunks.ts";
import { importOnnx } from "../../packages/onnx/src/mod.ts";
import { addLora, loadLora, type LoraConfig, loraConfig, loraStateDict } from "../../packages/models/src/lora.ts";
import { Linear, Sequential } from "../../packages/nn/src/mod.ts";
import { encode } from "../../packages/store/src/mod.ts";
import { modelOf, nodeOf, tensorOf, valueOf } from "../../packages/onnx/src/testing/build_model.ts";
import type { Draw } from "./mutate.ts";
import type { Reader } from "./reader.ts";

const gpt2 = { model_type: "gpt2", vocab_size: 9, n_positions: 8, n_embd: 4, n_layer: 2, n_head: 2 };
const llama = {
  ...{ architectures: ["LlamaForCausalLM"], vocab_size: 9, hidden_size: 8, intermediate_size: 6, num_hidden_layers: 1 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, rope_scaling: { rope_type: "yarn", factor: 4 } },
};

const digest = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (bytes: Uint8Array): never => {
  try {
    return JSON.parse(decodeText(bytes, "fuzz")) as never;
  } catch (cause) {
    // Not the reader's fault.
    throw new Error(`fuzz: ${(cause as Error).message}`, { cause });
  }
};

/** MATLAB's files, as they are; `asContent` takes what is in their compressed elements instead, and compresses it. */
function matReader(name: string, asContent: boolean): Reader {
  const path = fileURLToPath(new URL("../../conformance/fixtures/images/mat_files.json", import.meta.url));
  const stored = JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
  const valid = ["as published", "labels as doubles", "with others", "one picture", "not compressed"];
  const files = valid.map((each) => Uint8Array.from(Buffer.from(stored[each]!, "base64")));
  const tag = (content: Uint8Array): Buffer => {
    const both = Buffer.alloc(8);
    both.writeUInt32LE(15);
    both.writeUInt32LE(content.length, 4);
    return Buffer.concat([both, content]);
  };
  const contents = files.flatMap((file) => {
    const view = new DataView(file.buffer);
    const found: Uint8Array[] = [];
    for (let at = 128; at < file.length; at += 8 + view.getUint32(at + 4, true)) {
      const content = file.subarray(at + 8, at + 8 + view.getUint32(at + 4, true));
      if (view.getUint32(at, true) === 15) found.push(Uint8Array.from(inflateSync(content)));
    }
    return found;
  });
  return {
    name,
    files: asContent ? contents : files,
    says: /^mat: /,
    read(bytes) {
      if (!asContent) {
        const { pixels, labels } = partsOf(bytes, "mat");
        return `${Array.from(labels)} ${digest(pixels)}`;
      }
      const file = Buffer.concat([files[0]!.subarray(0, 128), tag(deflateSync(bytes))]);
      return [...readMat(file, "mat", ["X", "y"])].map(([key, { shape, data }]) => `${key} ${shape} ${data}`).join();
    },
  };
}

function pictureReader(name: string, choose: RegExp, rest: Partial<Reader>): Reader {
  const path = fileURLToPath(new URL("../../conformance/fixtures/images/files.json", import.meta.url));
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: { name: string; file: string }[] };
  return {
    name,
    files: cases.filter((each) => choose.test(each.name)).map(({ file }) =>
      Uint8Array.from(Buffer.from(file, "base64"))
    ),
    says: /^pic: (the (PNG|JPEG) file|the picture|neither a PNG nor a JPEG file)/,
    read(bytes) {
      using _ = scope();
      const image = decodeImage(bytes, { maxPixels: 2 ** 20, orientation: true }, "pic");
      return `${image.shape} ${digest(image.toTypedArray("uint8"))}`;
    },
    ...rest,
  };
}

/** A PNG file with one chunk damaged and all checksums correct, including that of the data. */
function repairPng(file: Uint8Array, draw: Draw): Uint8Array {
  const { header, palette, opacity, data } = readPngChunks(file, "fuzz");
  const head = new Uint8Array(13), view = new DataView(head.buffer);
  view.setUint32(0, header.width);
  view.setUint32(4, header.height);
  const colour = header.indexed ? 3 : [0, 4, 2, 6][header.samples - 1]!;
  head.set([header.depth, colour, 0, 0, header.interlaced ? 1 : 0], 8);
  const rows = Uint8Array.from(inflateSync(Buffer.concat(data)));
  const parts = [head, rows, Uint8Array.from(palette), Uint8Array.from(opacity)];
  const part = parts[draw(4)]!;
  for (let n = draw(4); n >= 0 && part.length > 0; n--) {
    part[draw(part.length)] = [0, 1, 4, 8, 255, draw(256)][draw(6)]!;
  }
  let compressed = Uint8Array.from(deflateSync(parts[1]!));
  if (draw(3) === 0) compressed[2 + draw(compressed.length - 2)]! ^= 1 << draw(8);
  if (draw(6) === 0) compressed = compressed.slice(0, draw(compressed.length));
  const chunk = (type: string, content: Uint8Array) => content.length > 0 ? [{ type, content }] : [];
  return joinPngChunks([
    { type: "IHDR", content: parts[0]! },
    ...chunk("PLTE", parts[2]!),
    ...chunk("tRNS", parts[3]!),
    { type: "IDAT", content: compressed },
    { type: "IEND", content: new Uint8Array(0) },
  ]);
}

/** An archive as `tar` writes it. */
function tar(...entries: [name: string, content: string, type: string][]): Uint8Array {
  const blocks = entries.flatMap(([name, content, type]) => {
    const header = Buffer.alloc(512), data = Buffer.from(content);
    header.write(name);
    header.write(data.length.toString(8).padStart(11, "0"), 124);
    header.write(type, 156);
    header.write("ustar\x0000", 257);
    return [header, data, Buffer.alloc((512 - data.length % 512) % 512)];
  });
  return sumHeaders(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** Corrects the checksum of every block that looks like a header. */
function sumHeaders(archive: Uint8Array): Uint8Array {
  const copy = Buffer.from(archive);
  for (let at = 0; at + 512 <= copy.length; at += 512) {
    if (copy.toString("latin1", at + 257, at + 262) !== "ustar") continue;
    copy.fill(" ", at + 148, at + 156);
    const sum = copy.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    copy.write(`${sum.toString(8).padStart(6, "0")}\0`, at + 148);
  }
  return Uint8Array.from(copy);
}

async function readArchive(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let found = "";
  const selection = { wanted: (name: string) => name !== "b", maxBytes: 1e6 };
  for await (const { name, data } of readTar(chunks, "arc", selection)) found += `${name} ${digest(data)}\n`;
  return found;
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 700) yield await Promise.resolve(bytes.subarray(at, at + 700));
}

/** Parquet files by codec and encoding; the table's text is the result. */
function parquetReader(): Reader {
  const count = 40;
  const columns: ColumnSource[] = [
    { name: "i", type: "INT32", data: Array.from({ length: count }, (_, i) => i % 7 === 0 ? null : i) },
    {
      name: "l",
      type: "INT64",
      data: Array.from({ length: count }, (_, i) => BigInt(i * i)),
      encoding: "DELTA_BINARY_PACKED",
    },
    {
      name: "s",
      type: "STRING",
      data: Array.from({ length: count }, (_, i) => ["a", "bé", null][i % 3]!),
      encoding: "RLE_DICTIONARY",
    },
    {
      name: "t",
      type: "STRING",
      data: Array.from({ length: count }, (_, i) => `t${i}`),
      encoding: "DELTA_LENGTH_BYTE_ARRAY",
    },
    { name: "b", type: "BOOLEAN", data: Array.from({ length: count }, (_, i) => i % 3 === 0), encoding: "RLE" },
    { name: "d", type: "DOUBLE", data: Array.from({ length: count }, (_, i) => i / 3), encoding: "BYTE_STREAM_SPLIT" },
  ];
  const compressors = {
    GZIP: (bytes: Uint8Array) => Uint8Array.from(gzipSync(bytes)),
    BROTLI: (bytes: Uint8Array) => Uint8Array.from(brotliCompressSync(bytes)),
  };
  return {
    name: "Parquet",
    files: (["UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI"] as const).map((codec) =>
      new Uint8Array(
        parquetWriteBuffer({ columnData: columns, codec, compressors, pageSize: 100, statistics: codec === "SNAPPY" }),
      )
    ),
    says: /^pqt: /,
    read: async (bytes) => JSON.stringify([...(await readParquet(bytes, { name: "pqt", maxValues: 1e5 })).rows()]),
  };
}

const csvText = (table: Table): string => `${table} ${table.describe()}`;

/** Models of layers, of shapes that are computed, of a loop, and of operators whose sizes follow from numbers. */
function onnxModels(): Readonly<Record<"plain" | "shaped" | "loop" | "sized", Uint8Array>> {
  const plain = modelOf({
    nodes: [
      ["Gemm", ["x", "w", "b"], ["h"], { transB: 1n }],
      ["Relu", ["h"], ["r"]],
      ["Concat", ["r", "h"], ["c"], { axis: 1n }],
      ["Slice", ["c", "starts", "ends"], ["s"]],
      ["Softmax", ["s"], ["y"], { axis: -1n }],
    ],
    inputs: [valueOf("x", "float32", ["n", 2])],
    initializers: [
      tensorOf("w", [3, 2], [1, 2, 3, 4, 5, 6]),
      tensorOf("b", [3], [0, 1, 2]),
      tensorOf("starts", [2], [0n, 1n]),
      tensorOf("ends", [2], [9n, 5n]),
    ],
  });
  const shaped = modelOf({
    nodes: [
      ["Shape", ["x"], ["sizes"]],
      ["Gather", ["sizes", "zero"], ["n"]],
      ["Concat", ["n", "rest"], ["shape"], { axis: 0n }],
      ["Reshape", ["x", "shape"], ["r"]],
      ["Conv", ["r", "k"], ["c"], { pads: [1n, 1n, 1n, 1n], auto_pad: "NOTSET" }],
      ["ReduceMean", ["c"], ["y"], { axes: [2n, 3n], keepdims: 0n }],
    ],
    initializers: [
      tensorOf("zero", [1], [0n]),
      tensorOf("rest", [3], [1n, 4n, -1n]),
      tensorOf("k", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
  });
  const body = {
    name: "body",
    node: [nodeOf(["Identity", ["c"], ["d"]]), nodeOf(["Add", ["v", "one"], ["w"]])],
    input: [valueOf("i", "int64", []), valueOf("c", "bool", []), valueOf("v")],
    output: [valueOf("d", "bool", []), valueOf("w")],
    initializer: [tensorOf("one", [], [1])],
  };
  const loop = modelOf({
    nodes: [["Loop", ["times", "", "x"], ["y"], { body: { graph: body } }]],
    initializers: [tensorOf("times", [], [3n])],
  });
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i / count);
  const sized = modelOf({
    nodes: [
      ["STFT", ["signal", "step", "window"], ["spectra"]],
      ["DFT", ["signal", "five"], ["spectrum"], { onesided: 1n }],
      ["RoiAlign", ["image", "regions", "images"], ["region"], { output_height: 2n, output_width: 2n }],
      ["GRU", ["signal", "w", "r", "b"], ["", "state"], { hidden_size: 2n, linear_before_reset: 1n, layout: 0n }],
      ["HannWindow", ["five"], ["hann"]],
      ["MelWeightMatrix", ["five", "sixteen", "rate", "low", "high"], ["mel"]],
      ...["spectra", "spectrum", "region", "state", "hann", "mel"].map((name) =>
        ["ReduceMax", [name], [`${name}_max`], { keepdims: 0n }] as const
      ),
      ["Sum", ["x", ...["spectra", "spectrum", "region", "state", "hann", "mel"].map((name) => `${name}_max`)], ["y"]],
    ],
    initializers: [
      tensorOf("signal", [1, 12, 1], range(12)),
      tensorOf("window", [4], [0, 1, 1, 0]),
      tensorOf("image", [1, 1, 4, 4], range(16)),
      tensorOf("regions", [2, 4], [0, 0, 3, 3, 1, 1, 2, 2]),
      tensorOf("images", [2], [0n, 0n]),
      tensorOf("w", [1, 6, 1], range(6)),
      tensorOf("r", [1, 6, 2], range(12)),
      tensorOf("b", [1, 12], range(12)),
      tensorOf("low", [], [0]),
      tensorOf("high", [], [4000]),
      ...Object.entries({ step: 3n, five: 5n, sixteen: 16n, rate: 8000n }).map(([name, value]) =>
        tensorOf(name, [], [value])
      ),
    ],
  });
  return { plain, shaped, loop, sized };
}

/** All readers; `clear` removes their files from the disk. */
export async function readers(): Promise<{ readers: readonly Reader[]; clear: () => void }> {
  const idx = [
    encodeIdx({ dtype: "uint8", shape: [3, 4, 5], data: Uint8Array.from({ length: 60 }, (_, i) => i) }),
    encodeIdx({ dtype: "float64", shape: [2, 3], data: Float64Array.of(0, 1, NaN, Infinity, -1, 5e-324) }),
  ];
  const archives = [
    tar(["a", "hello", "0"], ["b", "x".repeat(1300), "0"], ["d/", "", "5"]),
    tar(["p", "15 path=long/n\n8 a=b=c\n", "x"], ["a", "1", "0"], ["@", "other\0", "L"], ["c", "2", "0"]),
  ];
  const vocabulary = Vocabulary.build([["the", "cat", "the", "dog"]]);
  const bpe = BytePairEncoding.train(["low lower lowest", "new newer newest"], { vocabularySize: 270 });
  const rows = parseCsv("age,city\n20,Bonn\n,Kiel\n40,\n");
  const preparation = new Preparation([
    new Impute({ columns: ["age"], indicator: true }),
    new Standardize(),
    new Categories(),
  ]).fit(rows);
  const adapted = new Sequential(new Linear(3, 2));
  addLora(adapted, { rank: 2, targets: "0" });
  const factors = await encode(loraStateDict(adapted), { format: "safetensors" });
  const text = bytesOf("Go.\tVa !\tx\r\nRun!\tCours !\n\nWho?\tQui ? \u{1f600}\n");
  const folder = mkdtempSync(join(tmpdir(), "heddle-fuzz-"));
  manualSeed(1);
  const run = {
    weights: Float32Array.of(1, -2, 0.5),
    losses: Array.from({ length: 70 }, (_, i) => 1 / (i + 1)),
    best: 3,
  };
  const parts = { run: plainState(run) };
  const checkpoint = new Checkpoint(folder, parts, { about: { example: "fuzz" }, lock: false });
  // A name that fits each of the two models; without any, nothing would be loaded.
  const norms = { "transformer.ln_f.bias": zeros([4]), "model.norm.weight": zeros([8]) };
  writeFileSync(join(folder, "model.safetensors"), await encode(norms, { format: "safetensors" }));
  const checkpointPath = (await checkpoint.save())!;
  const saved = Uint8Array.from(readFileSync(checkpointPath));

  const all: Reader[] = [
    pictureReader("PNG", /^png.*(3x5|9x13)/, { checked: true, repair: repairPng }),
    pictureReader("JPEG", /^jpeg/, {}),
    matReader("MAT", false),
    matReader("MAT, compressed again", true),
    { name: "IDX", files: idx, says: /^idx: /, read: (bytes) => JSON.stringify(parseIdx(bytes, "idx")) },
    {
      name: "IDX, gzipped",
      files: idx.map((each) => Uint8Array.from(gzipSync(each))),
      says: /^idx: /,
      read: async (bytes) => JSON.stringify(parseIdx(await idxContent(bytes, "idx"), "idx")),
      repair: (bytes) => Uint8Array.from(gzipSync(bytes)),
    },
    { name: "tar", files: archives, says: /^arc: /, read: (bytes) => readArchive(inPieces(bytes)), repair: sumHeaders },
    {
      name: "tar, gzipped",
      files: archives.map((each) => Uint8Array.from(gzipSync(each))),
      says: /^arc: /,
      read: (bytes) => readArchive(gunzip(bytes, "arc")),
    },
    {
      name: "tokenizer.json",
      files: [bytesOf(JSON.stringify(bpe.tokenizerJson))],
      says: /^(BytePairEncoding\.fromTokenizerJson|Vocabulary|fuzz): /,
      read(bytes) {
        const read = BytePairEncoding.fromTokenizerJson(json(bytes));
        return `${read.fingerprint} ${read.decode(read.encode("low"))}`;
      },
    },
    {
      name: "saved byte pairs",
      files: [bytesOf(JSON.stringify(bpe))],
      says: /^(BytePairEncoding\.from(TokenizerJson|JSON)|Vocabulary[a-zA-Z., ]*|fuzz): /,
      read: (bytes) => BytePairEncoding.fromJSON(json(bytes)).encode("lowest newest, x").join(),
    },
    {
      name: "saved vocabulary",
      files: [bytesOf(JSON.stringify(vocabulary))],
      says: /^(Vocabulary[a-zA-Z., ]*|fuzz): /,
      read: (bytes) => Vocabulary.fromJSON(json(bytes)).decode([0, 1, 4, 5]).join(),
    },
    {
      name: "CSV",
      files: [
        bytesOf(
          'id,name,ok,when,x\r\n1,"a ""q"", b",true,2024-01-02,1.5\r\n2,"two\nlines",False,2024-02-03T10:00Z,NA\r\n',
        ),
        bytesOf("\ufeffa,b\n\n1,\u00e4\n-2e3,\n"),
      ],
      says: /^csv: /,
      read: async (bytes) => csvText(await readCsv(bytes, { name: "csv" })),
    },
    parquetReader(),
    {
      name: "adapter's configuration",
      files: [bytesOf(JSON.stringify(loraConfig(adapted)))],
      says: /^(loadLora|addLora|fuzz): /,
      async read(bytes) {
        const { layers, trained } = await loadLora(new Sequential(new Linear(3, 2)), {
          config: json(bytes) as LoraConfig,
          weights: factors,
        });
        return `${layers} ${trained}`;
      },
    },
    {
      name: "saved preparation",
      files: [bytesOf(JSON.stringify(preparation.state()))],
      says: /^(Preparation\.from|Categories|Impute|Standardize|Table|fuzz): /,
      read: (bytes) => String(Preparation.from(json(bytes)).transform(rows)),
    },
    {
      name: "parallel text",
      files: [text],
      says: /^txt: /,
      read: (bytes) => ParallelText.parseTsv(decodeText(bytes, "txt"), {}, "txt").map((a, b) => `${a}|${b}`).join("\n"),
    },
    ...await storedFiles(),
    {
      name: "ONNX",
      files: Object.values(onnxModels()),
      says: /^importOnnx: /,
      read: async (bytes) => `${await importOnnx(bytes, { device: "reference" })}`,
    },
    {
      name: "ONNX, run",
      files: [onnxModels().plain, onnxModels().sized],
      says: /^(importOnnx|ONNX model|OnnxModule\.forward): /,
      async read(bytes) {
        const model = await importOnnx(bytes, { device: "reference" });
        using _ = scope();
        return String(model.forward(tensor([[1, -2]], { device: "reference" })).toArray());
      },
    },
    {
      name: "configuration of a language model",
      files: [gpt2, llama].map((config) => bytesOf(JSON.stringify(config))),
      says: /^(fromPretrained|loadStateDict|GPT2|Llama): /,
      async read(bytes) {
        // Sizes are taken from the file; without a device behind it they cost nothing.
        writeFileSync(join(folder, "config.json"), bytes);
        const { model } = await fromPretrained(folder, { device: "null", strict: false });
        return JSON.stringify(model.namedParameters().map(([name, { shape }]) => [name, shape]));
      },
    },
    {
      name: "checkpoint",
      files: [saved],
      says: /checkpoint-000001\.safetensors (is|does not fit|has no part)/,
      checked: true,
      async read(bytes) {
        writeFileSync(checkpointPath, bytes);
        await checkpoint.load();
        return `${run.weights} ${run.losses} ${run.best}`;
      },
    },
  ];
  return { readers: all, clear: () => rmSync(folder, { recursive: true, force: true }) };
}
