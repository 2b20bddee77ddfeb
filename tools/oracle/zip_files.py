"""Records small zip archives as Python's zipfile writes them, with data sets in IDX files: `python3 tools/oracle/zip_files.py`.

The pixel at row r, column c of picture n is (7 r + 3 c + 11 n) mod 256, the label of picture n is n mod 10.
"""

import base64
import gzip
import io
import json
import pathlib
import struct
import zipfile

FILE = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "images" / "zip_files.json"


def images(count):
    pixels = bytes((7 * r + 3 * c + 11 * n) % 256 for n in range(count) for r in range(28) for c in range(28))
    return gzip.compress(struct.pack(">IIII", 0x803, count, 28, 28) + pixels, mtime=0)


def labels(count):
    return gzip.compress(struct.pack(">II", 0x801, count) + bytes(n % 10 for n in range(count)), mtime=0)


def archive(method, files, comment=b"", streamed=False):
    out = io.BytesIO()
    if streamed:
        # Then sizes and checksum follow each file, and only the directory has them.
        out.seekable = lambda: False
    with zipfile.ZipFile(out, "w", method) as file:
        file.comment = comment
        for name, content in files:
            file.writestr(zipfile.ZipInfo(name), content, method)
    return base64.b64encode(out.getvalue()).decode()


def write():
    parts = [
        (f"gzip/emnist-digits-{half}-{kind}-ubyte.gz", make(count))
        for half, count in (("train", 3), ("test", 2))
        for kind, make in (("images-idx3", images), ("labels-idx1", labels))
    ]
    files = {
        "stored": archive(zipfile.ZIP_STORED, parts),
        "deflated": archive(zipfile.ZIP_DEFLATED, [("gzip/", b""), ("gzip/é", b"other"), *parts]),
        "with a comment": archive(zipfile.ZIP_DEFLATED, parts, comment=b"PK\x05\x06" * 20),
        "streamed": archive(zipfile.ZIP_DEFLATED, parts, streamed=True),
        "by bzip2": archive(zipfile.ZIP_BZIP2, parts),
        "zeros": archive(zipfile.ZIP_DEFLATED, [("zeros", bytes(100_000)), ("none", b"")]),
        "twice": archive(zipfile.ZIP_STORED, [("a", b"1"), ("a", b"2")]),
        "nothing": archive(zipfile.ZIP_STORED, []),
        "KMNIST images": base64.b64encode(images(3)).decode(),
        "KMNIST labels": base64.b64encode(labels(3)).decode(),
    }
    FILE.write_text(json.dumps(files, indent=0) + "\n")


write()
