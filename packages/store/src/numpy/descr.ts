/** NumPy's names of element types, such as `<f4`. https://numpy.org/doc/stable/reference/arrays.interface.html#object.__array_interface__ */
import { type DType, dtypes, itemSize } from "@heddle/tensor";
import { type Elements, plainElements, swapped, widened } from "../tensors/elements.ts";

/** NumPy's name of each dtype, without the byte order. bfloat16 has none. */
export const descrs: Readonly<Partial<Record<DType, string>>> = {
  float32: "f4",
  float64: "f8",
  float16: "f2",
  int8: "i1",
  int16: "i2",
  int32: "i4",
  int64: "i8",
  uint8: "u1",
  bool: "b1",
};

const byName: ReadonlyMap<string, Omit<Elements, "code">> = new Map([
  ...dtypes.flatMap((dtype) => {
    const descr = descrs[dtype];
    return descr === undefined ? [] : [[descr, plainElements(descr, dtype, itemSize(dtype))] as const];
  }),
  ["u2", widened.uint16],
  ["u4", widened.uint32],
  ["u8", widened.uint64],
]);

/** How elements of a name are stored; null for names that tensors have no dtype for. */
export function elementsOfDescr(descr: string): Elements | null {
  const match = /^([<>|=]?)([a-z]\d+)$/.exec(descr);
  const found = match === null ? undefined : byName.get(match[2]!);
  if (found === undefined) return null;
  const elements = { ...found, code: descr };
  return match![1] === ">" ? swapped(elements) : elements;
}
