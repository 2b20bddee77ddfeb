"""Records tables as Python's csv module writes and reads them, and figures of columns as NumPy computes them:
`python3 tools/oracle/tables.py`. Not part of record.py, since it needs no PyTorch."""

import csv
import io
import json
import pathlib
import random

import numpy as np

FILE = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "tables" / "tables.json"
PIECES = ["a", "ü", "語", "\U0001f600", " ", '"', '""', ",", ";", "\t", "\n", "#", "'", "0", "1.5", "-", "x" * 20]


def cell(random):
    return "".join(random.choice(PIECES) for _ in range(random.choice([0, 1, 1, 2, 3, 6])))


def files():
    draw = random.Random(18)
    for delimiter in [",", ";", "\t", "|"]:
        for quoting in [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]:
            for end in ["\n", "\r\n"]:
                width = draw.randint(2, 5)
                rows = [[f"c{i}" for i in range(width)]]
                rows += [[cell(draw) for _ in range(width)] for _ in range(draw.randint(1, 8))]
                out = io.StringIO(newline="")
                csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
                text = out.getvalue()
                assert list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) == rows
                yield {"delimiter": delimiter, "text": text, "rows": rows}


def columns():
    generator = np.random.RandomState(18)
    for count in [1, 2, 5, 8, 101]:
        values = np.round(generator.standard_normal(count) * 10.0 ** generator.randint(-3, 6), 6)
        known = values.copy()
        values = [float(x) for x in values]
        std = float(known.std(ddof=1)) if count > 1 else None
        yield {
            "values": values,
            "describe": [float(known.mean()), std, *(float(q) for q in np.percentile(known, [0, 25, 50, 75, 100]))],
            "standardized": [float(x) for x in (known - known.mean()) / (known.std() or 1)],
            "minMax": [float(x) for x in (known - known.min()) / ((known.max() - known.min()) or 1)],
        }


if __name__ == "__main__":
    content = {"files": list(files()), "columns": list(columns())}
    FILE.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"tables: {FILE.stat().st_size} bytes")
