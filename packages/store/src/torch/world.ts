/** The functions and classes that files of `torch.save` may name, and what they mean. Everything else is refused by its name, or kept as data. */
import { typedArrayOver } from "@heddle/tensor";
import { halfFormats } from "@heddle/tensor/engine";
import { type Fail, shortened } from "../errors.ts";
import { elementsOfDescr } from "../numpy/descr.ts";
import { type Elements, storedBytes } from "../tensors/elements.ts";
import { type Callable, PickledDict, PickledObject, PickledTuple, type PickleWorld } from "./pickle.ts";
import { elementsByDType, elementsByStorage } from "./dtypes.ts";

/** A storage that a pickle refers to. Its bytes lie elsewhere in the file. */
export class PickledStorage {
  readonly key: string;
  /** The type of its elements; null in a storage of bytes. */
  readonly elements: Elements | null;
  readonly bytes: number;
  /** Where it begins, in elements, if it is a part of the storage with this key. */
  readonly start: number;
  constructor(key: string, elements: Elements | null, bytes: number, start: number) {
    this.key = key;
    this.elements = elements;
    this.bytes = bytes;
    this.start = start;
  }
}

/** A tensor: a view of a storage. The numbers are as the file has them. */
export class PickledTensor {
  readonly storage: PickledStorage;
  readonly elements: Elements;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(
    storage: PickledStorage,
    elements: Elements,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.elements = elements;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** NumPy's array, whose bytes lie in the pickle. */
export class PickledArray {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  elements: Elements | null = null;
  shape: readonly number[] = [];
  fortran = false;
  /** The array as data, if its elements are none that tensors have. */
  opaque: PickledObject | null = null;
}

/** A class that is named and not called, such as the type of a tensor or a storage. */
export class PickledClass {
  readonly name: string;
  readonly elements: Elements | null;
  constructor(name: string, elements: Elements | null = null) {
    this.name = name;
    this.elements = elements;
  }
}

class NumpyType {
  readonly descr: string;
  order = "<";
  constructor(descr: string) {
    this.descr = descr;
  }
  elements(): Elements | null {
    return elementsOfDescr(`${this.order}${this.descr}`);
  }
}

const callable = (call: Callable["call"]): Callable => ({ call });
/** The items of what Python iterates over. */
function items(value: unknown, fail: Fail): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof PickledTuple) return value.items;
  return value instanceof Set ? [...value] : fail("a pickle makes a collection of what is none");
}

function dictOf(pairs: unknown, fail: Fail): PickledDict {
  const dict = new PickledDict();
  for (const pair of pairs === undefined ? [] : items(pairs, fail)) {
    const [key, value, more] = items(pair, fail);
    if (value === undefined || more !== undefined) fail("a pickle makes a dict of what are no pairs");
    if (dict.entries.has(key)) fail(`a dict has the key ${shortened(String(key))} twice`);
    dict.entries.set(key, value);
  }
  return dict;
}

function numbers(value: unknown, fail: Fail): number[] {
  const list = value instanceof PickledTuple || Array.isArray(value) ? items(value, fail) : [value];
  return list.every((item) => typeof item === "number") ? [...list] as number[] : fail("a size is no number");
}

function tensorOf(storage: unknown, elements: unknown, offset: unknown, shape: unknown, strides: unknown, fail: Fail) {
  for (const part of [elements, storage]) if (part instanceof PickledObject) return part; // of a dtype that is not known
  if (!(storage instanceof PickledStorage)) return fail("a tensor without a storage");
  const type = elements instanceof PickledClass ? elements.elements : storage.elements;
  if (type === null) return fail("a tensor of a storage without a type");
  return new PickledTensor(storage, type, numbers(offset, fail)[0]!, numbers(shape, fail), numbers(strides, fail));
}

const rebuildTensor = callable(([storage, offset, shape, strides], fail) =>
  tensorOf(storage, null, offset, shape, strides, fail)
);
const set = callable(([values], fail) => new Set(values === undefined ? [] : items(values, fail)));
const numpyNames = (name: string): string[] => [`numpy.core.multiarray.${name}`, `numpy._core.multiarray.${name}`];

const known: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["collections.OrderedDict", callable(([pairs], fail) => dictOf(pairs, fail))],
  ["collections.defaultdict", callable(() => new PickledDict())],
  ...["builtins", "__builtin__"].flatMap((module): [string, unknown][] => [
    [`${module}.set`, set],
    [`${module}.frozenset`, set],
    ...["list", "dict", "int", "float", "str", "bool", "tuple"].map((name): [string, unknown] => [
      `${module}.${name}`,
      new PickledClass(name),
    ]),
  ]),
  [
    "_codecs.encode",
    callable(([text], fail) =>
      typeof text === "string"
        ? Uint8Array.from(text, (letter) => letter.codePointAt(0)! & 0xff)
        : fail("bytes that are none")
    ),
  ],
  ["torch.Size", callable(([sizes = new PickledTuple([])], fail) => new PickledTuple(items(sizes, fail)))],
  [
    "torch.device",
    callable(([type, index]) => index === undefined || index === null ? String(type) : `${type}:${index}`),
  ],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  [
    "torch._utils._rebuild_tensor_v3",
    callable(([storage, offset, shape, strides, _grad, _hooks, dtype], fail) =>
      tensorOf(storage, dtype, offset, shape, strides, fail)
    ),
  ],
  ["torch._utils._rebuild_parameter", callable(([data]) => data)],
  ["torch._utils._rebuild_parameter_with_state", callable(([data]) => data)],
  [
    "torch._tensor._rebuild_from_type_v2",
    callable(([rebuild, type, args], fail) => {
      const named = type instanceof PickledClass || type instanceof PickledObject;
      if (!named || !(args instanceof PickledTuple)) return fail("a tensor of no known class");
      return (rebuild as Callable | null)?.call?.(args.items, fail) ?? fail("a tensor that nothing builds");
    }),
  ],
  ["torch.Tensor", new PickledClass("torch.Tensor")],
  ["torch.nn.parameter.Parameter", new PickledClass("torch.nn.Parameter")],
  ...[...elementsByStorage].flatMap(([name, elements]) =>
    ["torch", "torch.cuda"].map((module) => [`${module}.${name}`, new PickledClass(name, elements)] as const)
  ),
  ...["torch.storage.UntypedStorage", "torch.storage._UntypedStorage", "torch.UntypedStorage"].map((name) =>
    [name, new PickledClass(name)] as const
  ),
  ...[...elementsByDType].map(([name, elements]) =>
    [`torch.${name}`, new PickledClass(`torch.${name}`, elements)] as const
  ),
  [
    "numpy.dtype",
    callable(([descr], fail) => typeof descr === "string" ? new NumpyType(descr) : fail("a NumPy type without a name")),
  ],
  ["numpy.ndarray", new PickledClass("numpy.ndarray")],
  ...numpyNames("_reconstruct").map((name) => [name, callable(() => new PickledArray())] as const),
  ...numpyNames("scalar").map((name) =>
    [
      name,
      callable(([type, bytes], fail) => {
        const elements = type instanceof NumpyType ? type.elements() : null;
        return elements !== null && bytes instanceof Uint8Array
          ? scalarOf(elements, bytes as Uint8Array<ArrayBuffer>, fail)
          : new PickledObject("numpy", "generic", [type, bytes]);
      }),
    ] as const
  ),
]);

/** The full name of a function or class that is known; null for another value. */
export function knownName(value: unknown): string | null {
  return [...known].find(([, each]) => each === value)?.[0] ?? null;
}

function scalarOf(elements: Elements, bytes: Uint8Array<ArrayBuffer>, fail: Fail): unknown {
  const { dtype, blockBytes, convert } = elements;
  if (bytes.length !== blockBytes) return fail(`a NumPy scalar of ${bytes.length} bytes`);
  const values = convert === null ? typedArrayOver(dtype, bytes.slice().buffer, 0, 1) : convert(bytes, "a scalar");
  const value = values[0]!;
  if (dtype === "bool") return value === 1;
  if (dtype === "float16") return halfFormats.float16.values()[Number(value)]!;
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Tensors that Heddle does not have, by the functions and classes that they are made of, and what makes ordinary ones of them in Python. */
const unsupported: readonly (readonly [names: RegExp, kind: string, remedy: string])[] = [
  [/^torch\.(Complex\w*Storage|complex\d+)$/, "complex", "torch.view_as_real(t)"],
  [/^torch\._utils\._rebuild_sparse\w*$/, "sparse", "t.to_dense()"],
  [/^torch\.(_utils\._rebuild_qtensor|Q\w+Storage|qu?int\w+|per_\w+_affine\w*)$/, "quantised", "t.dequantize()"],
];

/** The world of the files of `torch.save`. */
export class TorchWorld implements PickleWorld {
  private readonly operation: string;
  private readonly file: string;
  private readonly placeholders: boolean;
  private readonly fail: Fail;

  /** `placeholders`: whether functions and classes that are not known are kept as data. */
  constructor(operation: string, file: string, placeholders: boolean, fail: Fail) {
    this.operation = operation;
    this.file = file;
    this.placeholders = placeholders;
    this.fail = fail;
  }

  find(module: string, name: string): unknown {
    const found = known.get(`${module}.${name}`);
    if (found !== undefined) return found;
    if (this.placeholders) return new PickledObject(module, name, null);
    throw this.refusal(module, name);
  }

  /** The error of a name that is not known. */
  refusal(module: string, name: string): TypeError {
    const full = shortened(`${module}.${name}`);
    const tensors = unsupported.find(([names]) => names.test(`${module}.${name}`));
    if (tensors !== undefined) {
      return new TypeError(
        `${this.operation}: ${this.file} holds ${
          tensors[1]
        } tensors (${full}), which are not supported; load it with { placeholders: true } to have the rest, or, in Python, save ${
          tensors[2]
        } in place of each tensor t`,
      );
    }
    return new TypeError(
      module.startsWith("__torch__")
        ? `${this.operation}: ${this.file} is a TorchScript program (${full}); in Python, save its tensors: torch.save(model.state_dict(), path)`
        : `${this.operation}: ${this.file} holds ${full}, which is code of Python and is never run; load it with ` +
          "{ placeholders: true } to have the rest, or, in Python, save tensors and plain data only: torch.save(model.state_dict(), path)",
    );
  }

  persistent(id: unknown): PickledStorage | PickledObject {
    const { fail } = this;
    // Old files have the source of a class beside it.
    if (id instanceof PickledTuple && id.items[0] === "module" && id.items[1] instanceof PickledObject) {
      return id.items[1];
    }
    if (!(id instanceof PickledTuple) || id.items[0] !== "storage") {
      return fail("a pickle refers to what is no storage");
    }
    const [, type, key, , numel, view = null] = id.items;
    if (type instanceof PickledObject) return new PickledObject(type.module, type.name, id.items);
    if (!(type instanceof PickledClass) || typeof key !== "string" || typeof numel !== "number") {
      return fail("a storage is not described");
    }
    const bytes = numel >= 0 ? storedBytes([numel], type.elements ?? bytesAsThey) : null;
    if (bytes === null) return fail(`the storage ${shortened(key)} has ${numel} elements`);
    if (view === null) return new PickledStorage(key, type.elements, bytes, 0);
    const [, start] = view instanceof PickledTuple ? view.items : [];
    return typeof start === "number"
      ? new PickledStorage(key, type.elements, bytes, start)
      : fail("a part of a storage is not described");
  }

  build(object: unknown, state: unknown): unknown {
    const { fail } = this;
    const parts = state instanceof PickledTuple ? state.items : [];
    if (object instanceof PickledObject) object.state = state;
    else if (object instanceof NumpyType) {
      if (typeof parts[1] === "string") object.order = parts[1];
    } else if (object instanceof PickledArray) {
      const [, shape, type, fortran, bytes] = parts;
      const elements = type instanceof NumpyType ? type.elements() : null;
      if (elements === null || !(bytes instanceof Uint8Array)) {
        object.opaque = new PickledObject("numpy", "ndarray", null);
        object.opaque.state = state;
        return object;
      }
      object.bytes = bytes as Uint8Array<ArrayBuffer>;
      object.elements = elements;
      object.shape = numbers(shape, fail);
      object.fortran = fortran === true;
    } else if (!(object instanceof PickledDict || object instanceof PickledTensor)) {
      // Dicts and tensors may have attributes, such as the versions of a state dict's modules. They are not needed.
      return fail("a pickle sets the state of what has none");
    }
    return object;
  }
}

const bytesAsThey = { perBlock: 1, blockBytes: 1, code: "", dtype: "uint8", convert: null } as const;
