"""Lengths around those at which vectorised and blocked loops begin and end."""

from recorder import Family
from tensors import distinct, i32, indices, integers, masks, randn

LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 129, 1025)


def record():
    family = Family("sizes")
    for length in LENGTHS:
        x, y = randn(length), randn(length)
        for call in ("exp", "relu", "tanh"):
            family.case(f"{call} {length}", call, [x])
        for call in ("add", "mul", "lt"):
            family.case(f"{call} {length}", call, [x, y])
        for call in ("sum", "mean", "amax", "std"):
            if call != "std" or length > 1:
                family.case(f"{call} {length}", call, [x])
        family.case(f"argmax {length}", "argmax", [distinct(length)])
        for call in ("softmax", "cumsum"):
            family.case(f"{call} {length}", call, [x], [0])
        family.case(f"add int32 {length}", "add", [integers(-99, 99, length), integers(-99, 99, length)])
        family.case(f"sum int32 {length}", "sum", [integers(-99, 99, length)])
        family.case(f"any {length}", "any", [masks(length)])
        family.case(f"dot {length}", "dot", [x, y], tol=(1e-5, 1e-4))
    for rows, columns in ((3, 129), (129, 3), (16, 16), (5, 65)):
        for dim in (0, 1):
            family.case(f"sum of {rows} by {columns} over {dim}", "sum", [randn(rows, columns)], [dim])
            family.case(f"argmax of {rows} by {columns} over {dim}", "argmax", [distinct(rows, columns)], [dim])
        family.case(f"add row to {rows} by {columns}", "add", [randn(rows, columns), randn(columns)])
        family.case(
            f"add transposed {rows} by {columns}", "add", [randn(rows, columns), randn(columns, rows).transposed()]
        )
    for m, k, n in ((1, 64, 65), (64, 1, 33), (31, 65, 17), (48, 48, 48), (4, 130, 8), (65, 3, 64)):
        family.case(f"matmul {m} {k} {n}", "matmul", [randn(m, k), randn(k, n)], tol=(1e-5, 1e-4))
    for channels, size, kernel in ((1, 13, 5), (3, 16, 3), (8, 9, 3), (17, 6, 1)):
        family.case(
            f"conv2d {channels} {size} {kernel}",
            "conv2d",
            [randn(2, channels, size, size), randn(9, channels, kernel, kernel)],
            tol=(1e-5, 1e-4),
        )
    family.case("gather many", "gather", [randn(40, 30)], [0, indices(40, 50, 30)])
    family.case("sort many int32", "sort", [distinct(1025, dtype=i32)], [0])
    family.case("softmax of rows", "softmax", [randn(33, 65)], [1])
    family.case(
        "permute many",
        "permute",
        [randn(5, 17, 9)],
        [[2, 0, 1]],
        fn=lambda inputs, _: inputs[0].permute(2, 0, 1).contiguous(),
    )
    return [family]
