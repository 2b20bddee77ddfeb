"""Files of models with their inputs and outputs, for the tests of packages/onnx.

A file is compressed with gzip: the length of an index, the index in JSON, and the bytes that it points to. Of bytes that occur more
than once there is one copy."""

import gzip
import json
import pathlib
import struct

import numpy

# Names that this version of ONNX uses and NumPy has removed.
numpy.float, numpy.bool, numpy.int, numpy.object = float, bool, int, object

import onnx  # noqa: E402
from onnx import numpy_helper  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "packages" / "onnx" / "src" / "testing" / "fixtures"


class Container:
    def __init__(self):
        self.cases, self.blob, self.known = [], bytearray(), {}

    def place(self, content):
        if content not in self.known:
            self.known[content] = [len(self.blob), len(content)]
            self.blob += content
        return self.known[content]

    def encode(self, value, declared=0):
        """A tensor as the place of its bytes, a sequence as a list of such, an empty optional as None."""
        if value is None:
            return None
        if isinstance(value, list):
            return {"sequence": [self.encode(each) for each in value]}
        if isinstance(value, onnx.TensorProto):
            return self.place(value.SerializeToString())
        proto = numpy_helper.from_array(numpy.asarray(value))
        if declared == onnx.TensorProto.BFLOAT16:  # which NumPy holds as the numbers of its bits
            proto.data_type = declared
        return self.place(proto.SerializeToString())

    def write(self, name):
        index = json.dumps(self.cases, separators=(",", ":")).encode()
        content = struct.pack("<I", len(index)) + index + self.blob
        path = FIXTURES / name
        path.write_bytes(gzip.compress(bytes(content), 9, mtime=0))
        print(f"{len(self.cases)} cases, {path.stat().st_size} bytes")
