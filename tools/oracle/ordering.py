"""sort, argsort, topk, unique, bincount."""

from encoding import torch
from recorder import Family
from tensors import (
    DTYPES,
    HALVES,
    INF,
    NAN,
    boolean,
    distinct,
    f32,
    f64,
    i32,
    i64,
    indices,
    integers,
    masks,
    randn,
    u8,
    uniform,
    values,
)


def sorting(family):
    def stable(inputs, args):
        """Heddle's sort keeps equal elements in order, which PyTorch promises only when asked."""
        dim, options = (args + [-1])[0], (args + [{}, {}])[1]
        return torch.sort(inputs[0], dim=dim, descending=options.get("descending", False), stable=True)

    def positions(inputs, args):
        return stable(inputs, args)[1]

    for name, fn in (("sort", stable), ("argsort", positions)):
        grad = name == "sort"
        family.case(f"{name} default", name, [distinct(3, 4)], [], grad=grad, fn=fn)
        for dim in (0, 1, -1):
            for descending in (False, True):
                family.case(
                    f"{name} dim {dim} descending {descending}",
                    name,
                    [distinct(2, 3, 4, dtype=f64)],
                    [dim, {"descending": descending}],
                    grad=grad,
                    fn=fn,
                )
        family.case(f"{name} transposed", name, [distinct(4, 3).transposed()], [1], grad=grad, fn=fn)
        family.case(f"{name} stepped", name, [distinct(2, 9).stepped(2)], [1], grad=grad, fn=fn)
        family.case(f"{name} expanded", name, [distinct(3, 1).expanded(3, 4)], [0], grad=grad, fn=fn)
        family.case(f"{name} of a scalar", name, [randn()], [0], fn=fn)
        family.case(f"{name} of nothing", name, [randn(2, 0)], [1], grad=grad, fn=fn)
        keep = {"stable": True} if name == "sort" else {}
        for dtype in DTYPES:
            data = masks(9) if dtype == boolean else integers(0, 5, 9, dtype=dtype)
            for descending in (False, True):
                family.case(
                    f"{name} stable {str(dtype)[6:]} descending {descending}",
                    name,
                    [data],
                    [0, {"descending": descending, **keep}],
                    fn=fn,
                )
        for descending in (False, True):
            family.case(
                f"{name} NaN descending {descending}",
                name,
                [values([[1.0, NAN, -INF, INF, NAN, 0.0, -0.0]])],
                [1, {"descending": descending, **keep}],
                fn=fn,
            )
        family.error(f"{name} dim out of range", name, [randn(3)], [1])
    family.case(
        "sort gradient with ties",
        "sort",
        [values([1.0, 0.0, 1.0, 0.0], f64)],
        [0, {"stable": True}],
        grad=True,
        fn=stable,
    )
    family.case("sort many", "sort", [distinct(300)], [0], fn=stable)
    family.case("sort int64 beyond doubles", "sort", [values([2**53 + 1, 2**53, -(2**62)], i64)], [0], fn=stable)


def largest(family):
    family.case("topk default", "topk", [distinct(3, 5)], [2], grad=True)
    for dim in (0, -1):
        for up in (False, True):
            family.case(
                f"topk dim {dim} largest {up}",
                "topk",
                [distinct(4, 3, 5, dtype=f64)],
                [3, dim, {"largest": up}],
                grad=True,
            )
    family.case("topk all", "topk", [distinct(4)], [4], grad=True)
    family.case("topk none", "topk", [distinct(4)], [0])
    family.case("topk transposed", "topk", [distinct(5, 3).transposed()], [2, 1], grad=True)
    family.case("topk stepped", "topk", [distinct(2, 9).stepped(2)], [2, 1], grad=True)
    family.case("topk of a scalar", "topk", [randn()], [1, 0])
    family.case("topk int32", "topk", [distinct(6, dtype=i32)], [3])
    family.case("topk NaN largest", "topk", [values([1.0, NAN, 3.0, INF])], [3])
    family.case("topk NaN smallest", "topk", [values([1.0, NAN, 3.0, -INF])], [3, 0, {"largest": False}])
    family.error("topk too many", "topk", [randn(3)], [4])
    family.error("topk dim out of range", "topk", [randn(3)], [1, 1])


def counting(family):
    both = {"returnInverse": True, "returnCounts": True}
    for dtype in DTYPES:
        data = masks(9) if dtype == boolean else integers(0, 5, 9, dtype=dtype)
        if dtype not in HALVES:
            family.case(f"unique {str(dtype)[6:]}", "unique", [data])
            family.case(f"unique with both {str(dtype)[6:]}", "unique", [data], [both])
    family.case("unique counts only", "unique", [integers(0, 4, 8)], [{"returnCounts": True}])
    family.case("unique inverse of a matrix", "unique", [integers(0, 4, 3, 4).transposed()], [{"returnInverse": True}])
    family.case("unique of nothing", "unique", [randn(0)], [both])
    family.case("unique of a scalar", "unique", [values(2.5)], [both])
    for dim in (0, 1, -1):
        family.case(f"unique dim {dim}", "unique", [integers(0, 2, 5, 2, dtype=f32)], [{"dim": dim, **both}])
    family.case("unique dim of three", "unique", [integers(0, 2, 4, 2, 2).transposed()], [{"dim": 1, **both}])
    for dtype in (i32, i64, u8):
        family.case(f"bincount {str(dtype)[6:]}", "bincount", [integers(0, 6, 9, dtype=dtype)])
    family.case("bincount minlength", "bincount", [indices(3, 7)], [{"minlength": 6}])
    family.case("bincount weights", "bincount", [indices(4, 6)], [{"weights": uniform(0, 1, 6, dtype=f64)}])
    family.case("bincount of nothing", "bincount", [values([], i64)])
    family.case("bincount of nothing with minlength", "bincount", [values([], i64)], [{"minlength": 3}])
    family.error("bincount negative", "bincount", [values([1, -1], i32)])
    family.error("bincount of floats", "bincount", [randn(3)])
    family.error("bincount matrix", "bincount", [integers(0, 3, 2, 2)])
    family.error("bincount weights of another length", "bincount", [integers(0, 3, 4)], [{"weights": randn(3)}])


def record():
    family = Family("ordering")
    for part in (sorting, largest, counting):
        part(family)
    return [family]
