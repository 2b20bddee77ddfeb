/** Files of recorded models with their inputs and outputs, which tools/oracle/onnx_container.py writes. */
import { fromBinary } from "@bufbuild/protobuf";
import { fromTypedArray, type Tensor } from "@heddle/tensor";
import { readFileSync } from "node:fs";
import { TensorProtoSchema } from "onnx-buf";
import { gunzipSync } from "node:zlib";
import { readTensor } from "../tensor_proto.ts";

type Place = readonly [start: number, length: number];
type Encoded = Place | { readonly sequence: readonly Place[] } | null;

/** A tensor, a sequence of them, or an empty optional. */
export type Recorded = Tensor | Tensor[] | null;

/** What a file says of a case. */
interface Entry {
  readonly name: string;
  readonly model: Place;
  readonly inputs: readonly Encoded[];
  readonly outputs: readonly Encoded[];
  readonly rtol?: number;
  readonly atol?: number;
  readonly training?: boolean;
  readonly probe?: Place;
  readonly grads?: Readonly<Record<string, Place>>;
  readonly after?: Readonly<Record<string, Place>>;
}

/** A recorded model. */
export interface Case {
  readonly model: Uint8Array;
  readonly inputs: readonly Recorded[];
  readonly outputs: readonly Recorded[];
  readonly rtol: number;
  readonly atol: number;
  readonly training: boolean;
  /** The factors of the outputs in the loss, whose gradients by parameter are `grads`. */
  readonly probe: Tensor | null;
  readonly grads: ReadonlyMap<string, Tensor>;
  /** The buffers after a step in training mode. */
  readonly after: ReadonlyMap<string, Tensor>;
}

/** The cases of a file; `decode` makes the tensors of one. */
export function recordedCases(name: "nodes" | "networks"): { readonly name: string; readonly decode: () => Case }[] {
  const file = gunzipSync(readFileSync(new URL(`./fixtures/${name}.bin`, import.meta.url)));
  const length = file.readUInt32LE();
  const index = JSON.parse(file.toString("utf8", 4, 4 + length)) as Entry[];
  const bytes = ([start, count]: Place): Uint8Array =>
    Uint8Array.from(file.subarray(4 + length + start, 4 + length + start + count));
  const tensor = (place: Place): Tensor => {
    const { dtype, shape, data } = readTensor(fromBinary(TensorProtoSchema, bytes(place)));
    return fromTypedArray(data, shape, { dtype });
  };
  const value = (encoded: Encoded): Recorded => {
    if (encoded === null) return null;
    return "sequence" in encoded ? encoded.sequence.map(tensor) : tensor(encoded);
  };
  const byName = (places: Readonly<Record<string, Place>> = {}): Map<string, Tensor> =>
    new Map(Object.entries(places).map(([name, place]) => [name, tensor(place)]));
  return index.map((
    { name, model, inputs, outputs, rtol = 1e-5, atol = 1e-5, training = false, probe, grads, after },
  ) => ({
    name,
    decode: () => ({
      model: bytes(model),
      inputs: inputs.map(value),
      outputs: outputs.map(value),
      rtol,
      atol,
      training,
      probe: probe === undefined ? null : tensor(probe),
      grads: byName(grads),
      after: byName(after),
    }),
  }));
}
