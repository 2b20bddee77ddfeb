"""Records small files in SVHN's layout, as SciPy writes them: `python3 tools/oracle/mat_files.py`.

Not part of record.py, since it needs SciPy (`apt-get install python3-scipy`). The pixel at row r, column c, channel k of
picture n is (7 r + 3 c + 50 k + 11 n) mod 256.
"""

import base64
import io
import json
import pathlib

import numpy as np
import scipy.io

FILE = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "images" / "mat_files.json"


def pictures(count):
    r, c, k, n = np.ogrid[:32, :32, :3, :count]
    return ((7 * r + 3 * c + 50 * k + 11 * n) % 256).astype(np.uint8)


def saved(arrays, compressed=True):
    out = io.BytesIO()
    scipy.io.savemat(out, arrays, do_compression=compressed)
    file = bytearray(out.getvalue())
    # The time of writing.
    file[:116] = b"MATLAB 5.0 MAT-file".ljust(116)
    return base64.b64encode(bytes(file)).decode()


def write():
    labels = np.array([[10], [3], [9]])
    files = {
        "as published": saved({"X": pictures(3), "y": labels.astype(np.uint8)}),
        "labels as doubles": saved({"X": pictures(3), "y": labels.astype(float)}),
        "with others": saved({"a": "text", "X": pictures(3), "z": {"s": 1.5}, "y": labels.astype(np.int16).T, "w": 1j}),
        "one picture": saved({"X": pictures(1)[..., 0], "y": np.uint8(10)}),
        "not compressed": saved({"X": pictures(1), "y": np.array([[4]], np.uint64)}, compressed=False),
        "complex": saved({"X": pictures(1), "y": np.array([[1j]])}),
        "text": saved({"X": "pictures", "y": labels}),
        "floats": saved({"X": np.zeros((2, 2), np.float32), "y": labels}),
        "out of range": saved({"X": pictures(3), "y": labels - 3}),
    }
    FILE.write_text(json.dumps(files, indent=0) + "\n")


if __name__ == "__main__":
    write()
