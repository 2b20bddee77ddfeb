/** PyTorch's names of element types. */
import { type DType, dtypes, itemSize } from "@heddle/tensor";
import { type Elements, plainElements, widened } from "../tensors/elements.ts";

/** The class of storage of each dtype. */
export const storageNames: Readonly<Record<DType, string>> = {
  float32: "FloatStorage",
  float64: "DoubleStorage",
  float16: "HalfStorage",
  bfloat16: "BFloat16Storage",
  int8: "CharStorage",
  int16: "ShortStorage",
  int32: "IntStorage",
  int64: "LongStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
};

/** How elements of a class of storage lie in files. */
export const elementsByStorage: ReadonlyMap<string, Elements> = new Map(
  dtypes.map((dtype) => [storageNames[dtype], plainElements(`torch.${dtype}`, dtype, itemSize(dtype))]),
);

/** How elements of `torch.NAME` lie in files. */
export const elementsByDType: ReadonlyMap<string, Elements> = new Map([
  ...dtypes.map((dtype) => [dtype as string, plainElements(`torch.${dtype}`, dtype, itemSize(dtype))] as const),
  ...(["uint16", "uint32", "uint64"] as const).map((name) =>
    [name, { code: `torch.${name}`, ...widened[name] }] as const
  ),
  ["float8_e4m3fn", { code: "torch.float8_e4m3fn", ...widened.float8_e4m3 }],
  ["float8_e5m2", { code: "torch.float8_e5m2", ...widened.float8_e5m2 }],
]);
