"""Records files of tensors: `python3 tools/oracle/stored_files.py`. PyTorch and NumPy write theirs; no tool here writes GGUF, so that its
files are put together by the format's specification, and their elements computed by its formulas.
"""

import argparse
import base64
import collections
import datetime
import io
import json
import pathlib
import struct

import numpy
import torch

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "store"


def base(data):
    return base64.b64encode(bytes(data)).decode()


def recorded(tensor):
    """A tensor's dtype, shape and elements, row-major and little-endian."""
    if isinstance(tensor, numpy.ndarray):
        flat = numpy.ascontiguousarray(tensor)
        flat = flat.astype(flat.dtype.newbyteorder("<"))
        return {"dtype": str(flat.dtype.newbyteorder("=")), "shape": list(tensor.shape), "data": base(flat.tobytes())}
    flat = tensor.detach().contiguous()
    raw = flat.view(torch.int16).numpy() if flat.dtype == torch.bfloat16 else flat.numpy()
    return {"dtype": str(tensor.dtype)[6:], "shape": list(tensor.shape), "data": base(raw.tobytes())}


def tensors_of(value, path=""):
    if isinstance(value, (torch.Tensor, numpy.ndarray)):
        return {path: recorded(value)}
    found = {}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else []
    for key, part in items:
        found.update(tensors_of(part, str(key) if path == "" else f"{path}.{key}"))
    return found


def write(name, cases):
    lines = ",\n".join(json.dumps(case) for case in cases)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")


def saved(state, **options):
    out = io.BytesIO()
    torch.save(state, out, **options)
    return out.getvalue()


def pytorch():
    torch.manual_seed(0)
    dtypes = ["float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool"]
    shared = torch.arange(12.0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    module(torch.rand(5, 3)).sum().backward()
    optimizer.step()
    marked = torch.ones(2)
    marked.note = "an attribute"
    states = {
        "every dtype": {name: torch.tensor([[0, 1, 3], [100, 2, 1]]).to(getattr(torch, name)) for name in dtypes},
        "views of one storage": {
            "whole": shared,
            "transposed": shared.view(3, 4).t(),
            "part": shared[2:8:3],
            "expanded": shared[5].expand(2, 3),
            "scalar": shared[7],
            "empty": shared[3:3],
        },
        "state dict": module.state_dict(),
        "checkpoint": {
            "model": module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": 3,
            "losses": [0.5, float("inf")],
            "large": 2**70,
            "small": -(2**40),
            "name": "é" * 300,
            "none": None,
            "flags": (True, False),
            "labels": {2, 3},
            "raw": bytes(range(256)),
            "pairs": {(0, "a"): 1},
            "size": torch.Size([2, 3]),
            "device": torch.device("cuda:1"),
            "dtype": torch.float16,
            "ordered": collections.OrderedDict(b=1, a=2),
        },
        "parameters": {"weight": torch.nn.Parameter(torch.ones(2, 2)), "marked": marked},
        "a tensor": torch.arange(3),
        "NumPy": {
            "scalar": numpy.float32(0.1),
            "count": numpy.int64(7),
            "flag": numpy.bool_(True),
            "array": numpy.arange(6, dtype=">i2").reshape(2, 3),
            "columns": numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
        },
    }
    cases = []
    for name, state in states.items():
        for kind, options in [
            ("zip", {}),
            ("zip, protocol 4", {"pickle_protocol": 4}),
            ("before 1.6", {"_use_new_zipfile_serialization": False}),
        ]:
            cases.append({"name": f"{name}: {kind}", "file": base(saved(state, **options)), "tensors": tensors_of(state)})

    class Config:
        pass

    Config.__module__, Config.__qualname__ = "configs", "Config"

    class Calls:
        def __reduce__(self):
            return (print, ("called",))

    import sys, types

    sys.modules["configs"] = types.SimpleNamespace(Config=Config)
    refused = {
        "a class": {"config": Config()},
        "a call": {"x": Calls()},
        "a module": torch.nn.Linear(1, 1),
        "complex numbers": torch.zeros(2, dtype=torch.complex64),
        "sparse": torch.eye(2).to_sparse(),
        "quantized": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
        "an array of objects": numpy.array([None, "x"], dtype=object),
    }
    for name, state in refused.items():
        cases.append({"name": f"{name}: refused", "file": base(saved(state)), "refused": True})

    class Log(list):
        pass

    class Options(dict):
        pass

    for each in (Log, Options):
        each.__module__, each.__qualname__ = "configs", each.__name__
    sys.modules["configs"] = types.SimpleNamespace(Log=Log, Options=Options)
    log, circle = Log([torch.ones(1), 2]), argparse.Namespace(name="a")
    circle.self = circle
    objects = {
        "state_dict": {"module.weight": torch.arange(4.0)},
        "args": argparse.Namespace(lr=0.1, betas=(0.9, 0.99), mean=torch.zeros(2)),
        "path": pathlib.PurePosixPath("/data/run"),
        "log": log,
        "options": Options(depth=3),
        "day": datetime.date(2022, 10, 28),
        "sparse": torch.eye(2).to_sparse(),
        "model": torch.nn.Linear(2, 1),
        "class": argparse.Namespace,
        "type": torch.nn.Parameter,
        "circle": circle,
    }
    for kind, options in [
        ("zip", {}),
        ("zip, protocol 4", {"pickle_protocol": 4}),
        ("before 1.6", {"_use_new_zipfile_serialization": False}),
    ]:
        cases.append({"name": f"objects, {kind}: refused", "file": base(saved(objects, **options)), "refused": True})
    complex_too = {"weight": torch.ones(2), "frequencies": torch.zeros(2, dtype=torch.complex64)}
    cases.append({"name": "complex numbers beside others: refused", "file": base(saved(complex_too)), "refused": True})
    out = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), out)
    cases.append({"name": "TorchScript: refused", "file": base(out.getvalue()), "refused": True})
    write("pytorch", cases)


def npy(array, version=None):
    out = io.BytesIO()
    numpy.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def numpys():
    grid = numpy.arange(6).reshape(2, 3)
    names = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]
    arrays = {f"{order}{name}": grid.astype(name).astype(f"{order}{name}") for name in names for order in "<>"}
    cases = [{"name": name, "file": base(npy(array)), "array": recorded(array)} for name, array in arrays.items()]
    more = {
        "column-major": numpy.asfortranarray(grid.astype("f4")),
        "column-major, of three dimensions": numpy.asfortranarray(numpy.arange(24.0).reshape(2, 3, 4)),
        "column-major and big-endian": numpy.asfortranarray(grid.astype(">i2")),
        "no dimensions": numpy.array(1.5),
        "no elements": numpy.zeros((0, 3), "f4"),
        "nan": numpy.array([numpy.nan, -numpy.inf, -0.0]),
    }
    cases += [{"name": name, "file": base(npy(array)), "array": recorded(array)} for name, array in more.items()]
    for version in [(1, 0), (2, 0), (3, 0)]:
        cases.append({"name": f"version {version[0]}", "file": base(npy(grid, version)), "array": recorded(grid)})
    refused = {
        "structured": numpy.zeros(2, [("a", "f4"), ("b", "i2")]),
        "objects": numpy.array([None, "x"], dtype=object),
        "strings": numpy.array(["ab"]),
        "complex": numpy.zeros(2, "c8"),
        "dates": numpy.zeros(2, "M8[s]"),
    }
    for name, array in refused.items():
        out = io.BytesIO()
        numpy.save(out, array, allow_pickle=True)
        cases.append({"name": name, "file": base(out.getvalue()), "refused": True})
    archives = {"weight": grid.astype("f4"), "bias": numpy.arange(3), "zeros": numpy.zeros(2000), "flag": numpy.array(True)}
    for name, savez in {"npz": numpy.savez, "npz, compressed": numpy.savez_compressed}.items():
        out = io.BytesIO()
        savez(out, **archives)
        cases.append({"name": name, "file": base(out.getvalue()), "tensors": tensors_of(archives)})
    write("numpy", cases)


# https://github.com/ggerganov/ggml/blob/master/docs/gguf.md
UINT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 4, 6, 7, 8, 9, 10
TYPES = {"float32": 0, "float16": 1, "q4_0": 2, "q8_0": 8, "int8": 24, "int16": 25, "int32": 26, "int64": 27, "float64": 28, "bfloat16": 30}


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def pad(data, alignment):
    return data + bytes(-len(data) % alignment)


def q8_0(values):
    """Blocks of 32: a scale in float16, then a whole number each. Value: scale × number."""
    data, back = b"", []
    for block in values.reshape(-1, 32):
        scale = numpy.float16(abs(block).max() / 127)
        numbers = numpy.round(block / numpy.float32(scale)).astype("i1") if scale else numpy.zeros(32, "i1")
        data += scale.tobytes() + numbers.tobytes()
        back.append(numbers.astype("f4") * numpy.float32(scale))
    return data, numpy.concatenate(back)


def q4_0(values):
    """Blocks of 32: a scale in float16, then 16 bytes; byte i has number i in its low half, number i + 16 in its high half. Value: scale × (number − 8)."""
    data, back = b"", []
    for block in values.reshape(-1, 32):
        scale = numpy.float16(block[abs(block).argmax()] / -8)
        numbers = numpy.clip(numpy.round(block / numpy.float32(scale)) + 8, 0, 15).astype("u1") if scale else numpy.full(32, 8, "u1")
        data += scale.tobytes() + (numbers[:16] | numbers[16:] << 4).astype("u1").tobytes()
        back.append((numbers.astype("f4") - 8) * numpy.float32(scale))
    return data, numpy.concatenate(back)


def gguf_file(version=3, alignment=None, q4_0_type=TYPES["q4_0"]):
    draws = numpy.random.default_rng(0)
    values = draws.standard_normal((2, 3, 64)).astype("f4")
    pieces, expected = {}, {}
    for name in ["float32", "float16", "float64", "int8", "int16", "int32", "int64"]:
        array = (values[0] * 10).astype(name)
        pieces[name], expected[name] = array.tobytes(), recorded(array)
    halves = torch.from_numpy(values[0]).to(torch.bfloat16)
    pieces["bfloat16"], expected["bfloat16"] = base64.b64decode(recorded(halves)["data"]), recorded(halves)
    for name, quantise in [("q8_0", q8_0), ("q4_0", q4_0)]:
        pieces[name], back = quantise(values)
        expected[name] = recorded(back.reshape(values.shape))
    keys = [
        ("general.architecture", STRING, text("heddle")),
        ("heddle.count", UINT32, struct.pack("<I", 7)),
        ("heddle.large", UINT64, struct.pack("<Q", 2**60)),
        ("heddle.rate", FLOAT32, struct.pack("<f", 0.5)),
        ("heddle.on", BOOL, b"\x01"),
        ("tokens", ARRAY, struct.pack("<IQ", STRING, 2) + text("a") + text("é")),
        ("sizes", ARRAY, struct.pack("<IQ", UINT32, 3) + struct.pack("<3I", 1, 2, 3)),
    ]
    if alignment is not None:
        keys.append(("general.alignment", UINT32, struct.pack("<I", alignment)))
    header = b"GGUF" + struct.pack("<IQQ", version, len(pieces), len(keys))
    for key, kind, value in keys:
        header += text(key) + struct.pack("<I", kind) + value
    data = b""
    for name, piece in pieces.items():
        sizes = expected[name]["shape"][::-1]  # the fastest dimension first
        header += text(name) + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes)
        header += struct.pack("<IQ", q4_0_type if name == "q4_0" else TYPES[name], len(data))
        data = pad(data + piece, alignment or 32)
    return pad(header, alignment or 32) + data, expected


def gguf():
    cases = []
    for name, options in {"version 3": {}, "version 2": {"version": 2}, "aligned to 64 bytes": {"alignment": 64}}.items():
        file, expected = gguf_file(**options)
        cases.append({"name": name, "file": base(file), "tensors": expected})
    file, _ = gguf_file(q4_0_type=12)
    cases.append({"name": "Q4_K", "file": base(file), "refused": True})
    write("gguf", cases)


FOLDER.mkdir(exist_ok=True)
pytorch()
numpys()
gguf()
