/** Models as bytes: the protocol buffers of ONNX files, read and written. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";

/** What files that are taken for ONNX models begin with, and what they are. */
const otherFiles: readonly (readonly [offset: number, text: string, what: string])[] = [
  [0, "PK", "a zip archive, such as torch.save writes; export the model with torch.onnx.export"],
  [0, "version https://git-lfs", "a pointer of Git LFS; fetch the file itself with `git lfs pull`"],
  [0, "<", "a page of HTML or XML; check the address that it was downloaded from"],
  [0, "GGUF", "a GGUF file, which holds weights but no graph"],
  [0, "\x89HDF", "an HDF5 file of Keras; convert the model with tf2onnx"],
  [4, "ORTM", "in the format of ONNX Runtime (.ort); use the .onnx file that it was made from"],
  [4, "TFL3", "a TensorFlow Lite model; convert it with tf2onnx"],
  [8, '{"', "a safetensors file, which holds weights but no graph; @heddle/store reads it"],
];

/**
 * Reads a model from the bytes of an ONNX file. The weights in the result are views of `bytes`.
 *
 * @throws TypeError if `bytes` is no array of bytes; Error that begins with `importOnnx:` if they are no ONNX model.
 */
export function readModel(bytes: Uint8Array | ArrayBuffer): ModelProto {
  const file = bytesOf(bytes);
  if (file.length === 0) throw new Error("importOnnx: the file is empty");
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, file, { readUnknownFields: false });
  } catch (cause) {
    throw new Error(
      `importOnnx: these bytes are no ONNX model: ${
        otherFile(file) ?? "the file is damaged, cut off or of another kind; get it again, or check its path"
      }`,
      { cause },
    );
  }
  if (model.graph === undefined || model.opsetImport.length === 0) {
    const missing = model.graph === undefined ? "they hold no graph" : "they import no operator set";
    throw new Error(`importOnnx: these bytes are no ONNX model: ${otherFile(file) ?? missing}`);
  }
  return model;
}

/** The bytes of an ONNX file with the model. */
export function writeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}

function bytesOf(bytes: unknown): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  const given = typeof bytes === "string" ? "a string" : bytes === null ? "null" : `a ${typeof bytes}`;
  throw new TypeError(
    `importOnnx: expected the bytes of an ONNX file as a Uint8Array or ArrayBuffer, got ${given}; read the file first, ` +
      `as with readFile(path) of node:fs/promises or (await fetch(url)).arrayBuffer()`,
  );
}

/** The kind of a file by its first bytes, if it is a known kind other than ONNX. */
function otherFile(file: Uint8Array): string | null {
  const found = otherFiles.find(([offset, text]) =>
    [...text].every((letter, i) => file[offset + i] === letter.charCodeAt(0))
  );
  return found === undefined ? null : `the file is ${found[2]}`;
}
