import { type DType, fromTypedArray, Tensor } from "@heddle/tensor";

/** A batch in a form that can be sent to another thread: tensors as typed arrays, whose memory is transferred. */
export type Packed =
  | {
    readonly kind: "tensor";
    readonly data: ArrayBufferView;
    readonly shape: readonly number[];
    readonly dtype: DType;
  }
  | { readonly kind: "list"; readonly items: readonly Packed[] }
  | { readonly kind: "record"; readonly keys: readonly string[]; readonly items: readonly Packed[] }
  | { readonly kind: "value"; readonly value: unknown };

/** Packs a batch; the memory to transfer is added to `transfer`. */
export function pack(value: unknown, transfer: ArrayBuffer[]): Packed {
  if (value instanceof Tensor) {
    const data = value.toTypedArray();
    transfer.push(data.buffer as ArrayBuffer);
    return { kind: "tensor", data, shape: value.shape, dtype: value.dtype };
  }
  if (Array.isArray(value)) return { kind: "list", items: value.map((item) => pack(item, transfer)) };
  if (typeof value === "object" && value !== null && isPlain(value)) {
    const keys = Object.keys(value);
    const items = keys.map((key) => pack((value as Record<string, unknown>)[key], transfer));
    return { kind: "record", keys, items };
  }
  return { kind: "value", value };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The packed batch, with tensors on the default device. */
export function unpack(packed: Packed): unknown {
  switch (packed.kind) {
    case "tensor":
      return fromTypedArray(packed.data as Float32Array, packed.shape, { dtype: packed.dtype });
    case "list":
      return packed.items.map(unpack);
    case "record":
      return Object.fromEntries(packed.keys.map((key, i) => [key, unpack(packed.items[i]!)]));
    case "value":
      return packed.value;
  }
}
