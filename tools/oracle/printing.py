"""What PyTorch prints, word for word."""

from encoding import encode, torch
from recorder import Family
from tensors import (
    DTYPES,
    INF,
    NAN,
    boolean,
    counting,
    f16,
    f64,
    i8,
    i32,
    i64,
    integers,
    masks,
    of_dtype,
    randn,
    u8,
    values,
    zeros,
)

TENSORS = {
    "scalar": values(2.5),
    "whole scalar": values(3.0),
    "negative scalar": values(-0.1),
    "integer scalar": values(7, i64),
    "boolean scalar": values(True, boolean),
    "NaN scalar": values(NAN),
    "infinite scalar": values(-INF),
    "small scalar": values(1.5e-7),
    "large scalar": values(123456789.0),
    "float64 scalar": values(3.141592653589793, f64),
    "zero": values(0.0),
    "negative zero": values(-0.0),
    "vector": values([1.0, 2.5, -3.25]),
    "whole floats": values([1.0, 20.0, -300.0]),
    "one element": values([4.0]),
    "third": values([1 / 3, 2 / 3]),
    "matrix": values([[1.0, 2.0], [3.5, -4.0]]),
    "random matrix": randn(3, 4),
    "random cube": randn(2, 2, 3),
    "four dims": randn(2, 1, 2, 2),
    "float64 matrix": randn(2, 3, dtype=f64),
    "float16": values([0.1, 2.0, -3.5], f16),
    "int32": values([[1, -20], [300, 4]], i32),
    "int8": values([1, -128], i8),
    "uint8": values([255, 0, 7], u8),
    "int64 beyond doubles": values([2**53 + 1, -1], i64),
    "booleans": values([[True, False], [False, False]], boolean),
    "small values": values([1e-5, 2e-5]),
    "a small value among ordinary ones": values([1e-5, 1.0, 2.0]),
    "large ratio": values([1e-3, 1e3]),
    "ratio over a thousand": values([0.5, 1001.0]),
    "large values": values([1e8, 2e8]),
    "hundred million and a half": values([100000000.0, 0.5]),
    "whole up to 1e8": values([99999999.0, 5e7], f64),
    "whole beyond 1e8": values([100000001.0, 5e7], f64),
    "large whole float64": values([1e15, 1.0], f64),
    "just under 1e-4": values([0.00009, 0.0002]),
    "just over 1e-4": values([0.0001, 0.0002]),
    "denormal": values([1e-40, 1e-42]),
    "largest floats": values([3.4028234e38, 1.0]),
    "NaN among floats": values([1.5, NAN, INF, -INF]),
    "NaN among whole floats": values([1.0, NAN, 2.0]),
    "only NaN": values([NAN, NAN]),
    "infinities among whole floats": values([1.0, INF, -INF]),
    "only infinities": values([INF, -INF]),
    "NaN with scientific": values([1e-10, NAN, 1.0]),
    "zeros": zeros(2, 3),
    "negative zeros": values([-0.0, 0.0]),
    "mixed zeros and fractions": values([0.0, 0.25]),
    "rounding up": values([0.99999, 9.99996]),
    "widths": values([1.0, 10.5, -100.25]),
    "empty": zeros(0),
    "empty matrix": zeros(0, 3),
    "empty cube": zeros(2, 0, 3),
    "empty int32": zeros(0, dtype=i32),
    "empty int32 matrix": zeros(2, 0, dtype=i32),
    "empty booleans": zeros(0, dtype=boolean),
    "empty int64": zeros(0, dtype=i64),
    "empty float64": zeros(0, dtype=f64),
    "thousand": counting(1000),
    "thousand and one": counting(1001),
    "long int32": counting(2000, dtype=i32),
    "long fractions": counting(1500).map(lambda x: x / 7),
    "long booleans": masks(1200),
    "large matrix": counting(40, 40),
    "large int64 matrix": counting(50, 30, dtype=i64),
    "wide matrix": randn(2, 600),
    "tall matrix": randn(600, 2),
    "large cube": counting(12, 12, 12),
    "large cube of fractions": randn(4, 20, 30),
    "large with an outlier in the middle": counting(1200).map(
        lambda x: torch.where(x == 600, torch.full_like(x, 1e9), x)
    ),
    "long row": randn(20),
    "long row of integers": counting(60, dtype=i64),
    "long rows": randn(2, 15),
    "long row of booleans": masks(30),
    "wide integers": integers(-(10**9), 10**9, 3, 9),
    "transposed": randn(2, 3).transposed(),
    "stepped": counting(2, 6).stepped(2),
    "expanded": values([[1.5], [2.0]]).expanded(2, 3),
    "column": randn(4, 1),
    "row": randn(1, 4),
    "deep": zeros(1, 1, 1, 1, 2),
    "four dims summarised": counting(2, 2, 2, 200, dtype=i32),
    "powers of ten": values([1.0, 10.0, 100.0, 1000.0, 10000.0]),
}


def show(family, name, spec, requires_grad=False):
    tensor = spec(family.generator(name))
    case = {"name": name, "print": encode(tensor)}
    if requires_grad:
        tensor = tensor.requires_grad_()
        case["requiresGrad"] = True
    family.add({**case, "text": repr(tensor)})


def record():
    family = Family("printing")
    for name, spec in TENSORS.items():
        show(family, name, spec)
    for dtype in DTYPES:
        show(family, f"matrix of {str(dtype)[6:]}", of_dtype(dtype, 2, 3))
        show(family, f"scalar of {str(dtype)[6:]}", of_dtype(dtype))
    for label, spec in (
        ("scalar", values(1.5)),
        ("vector", values([1.0, 2.0])),
        ("float64", values([1.5], f64)),
        ("empty", zeros(0, 2)),
        ("long row", randn(12)),
    ):
        show(family, f"requiresGrad {label}", spec, True)
    return [family]
