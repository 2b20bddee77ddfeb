"""Medians, quantiles, modes, running extremes, and reductions that leave NaN out."""

from encoding import In, torch
from recorder import Family
from tensors import (
    HALVES,
    INF,
    INTEGERS,
    NAN,
    boolean,
    distinct,
    f32,
    f64,
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

HOLES = [[1.0, NAN, 3.0, 0.5], [NAN, NAN, NAN, NAN], [4.0, 2.0, -1.0, 7.0], [INF, -INF, NAN, 2.0]]
# Each row has a number: of one that has none, PyTorch's nanmean multiplies NaN by 0 in the gradient.
SOME = [HOLES[0], HOLES[2], HOLES[3]]


def medians(family):
    for name in ("median", "nanmedian"):
        for count in (1, 4, 5):
            family.case(f"{name} of {count}", name, [distinct(count)], [], grad=True)
        family.case(f"{name} of all", name, [distinct(3, 4, dtype=f64).transposed()], [], grad=True)
        family.case(f"{name} of all, ties", name, [values([1.0, 2.0, 2.0, 3.0, 2.0], f64)], [], grad=True)
        family.case(f"{name} of all with NaN", name, [values(HOLES, f64)], [])
        family.case(f"{name} of nothing", name, [randn(0)], [])
        family.case(f"{name} of a scalar", name, [randn()], [], grad=True)
        for dim in (0, 1, -1):
            family.case(f"{name} dim {dim}", name, [distinct(2, 3, 4)], [dim], grad=True)
            family.case(
                f"{name} dim {dim} keepdim", name, [distinct(4, 3, 2, dtype=f64).transposed(0, 2)], [dim, {"keepdim": True}], grad=True
            )
        family.case(f"{name} stepped", name, [distinct(3, 8).stepped(2, 1)], [1], grad=True)
        family.case(f"{name} of a scalar dim", name, [randn()], [0])
        family.case(f"{name} with NaN", name, [values(HOLES[:3] if name == "median" else SOME)], [1])
        family.case(f"{name} keeping a dim of size zero", name, [randn(3, 0)], [0])
        family.error(f"{name} over a dim of size zero", name, [randn(0, 3)], [0])
        family.error(f"{name} dim out of range", name, [randn(2, 3)], [2])
        family.error(f"{name} bool", name, [masks(3)], [])
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [distinct(3, 4, dtype=half)], [1])
        for dtype in INTEGERS:
            data = distinct(7, dtype=dtype) if dtype != u8 else integers(0, 99, 7, dtype=dtype)
            family.case(f"{name} {str(dtype)[6:]}", name, [data], [])
            family.case(f"{name} {str(dtype)[6:]} dim", name, [distinct(7, dtype=i32).map(lambda x, d=dtype: (x + 4).to(d))], [0])


def quantiles(family):
    for name in ("quantile", "nanquantile"):
        for how in ("linear", "lower", "higher", "midpoint", "nearest"):
            options = {"interpolation": how}
            family.case(f"{name} {how}", name, [distinct(3, 5)], [0.3, 1, options], grad=True)
            family.case(f"{name} {how} of all", name, [distinct(3, 4, dtype=f64)], [0.7, None, options], grad=True)
            family.case(
                f"{name} {how} several", name, [distinct(3, 5, dtype=f64), values([0.0, 0.25, 0.6, 1.0], f64)], [In(1), 0, options], grad=[0]
            )
            family.case(f"{name} {how} with NaN", name, [values(HOLES)], [0.4, 1, options])
        family.case(f"{name} default", name, [distinct(9)], [0.35], grad=True)
        family.case(f"{name} gradient of q", name, [distinct(3, 5, dtype=f64), values([0.3, 0.6], f64)], [In(1), 1], grad=True)
        for dim in (0, 1, -1):
            for keepdim in (False, True):
                family.case(
                    f"{name} dim {dim} keepdim {keepdim}",
                    name,
                    [distinct(2, 3, 4, dtype=f64), values([0.2, 0.8], f64)],
                    [In(1), dim, {"keepdim": keepdim}],
                    grad=[0],
                )
        family.case(f"{name} of all keepdim", name, [distinct(2, 3)], [0.5, None, {"keepdim": True}], grad=True)
        family.case(
            f"{name} of all keepdim several", name, [distinct(2, 3), values([0.5, 0.9])], [In(1), None, {"keepdim": True}]
        )
        family.case(f"{name} transposed", name, [distinct(5, 3).transposed()], [0.5, 1], grad=True)
        family.case(f"{name} of a scalar", name, [randn()], [0.5], grad=True)
        family.case(f"{name} of one", name, [randn(1)], [0.5, 0])
        family.case(f"{name} q without dimensions", name, [distinct(5), values(0.4)], [In(1)])
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [distinct(3, 4, dtype=half)], [0.3, 1])
        family.error(f"{name} q above 1", name, [randn(3)], [1.5])
        family.error(f"{name} of nothing", name, [randn(0)], [0.5])
        family.error(f"{name} of integers", name, [integers(0, 4, 3)], [0.5])
        family.error(f"{name} q of another dtype", name, [randn(3), values([0.5], f64)], [In(1)])
        family.error(f"{name} dim out of range", name, [randn(3)], [0.5, 1])


def choices(family):
    for dim in (0, 1, -1):
        for keepdim in (False, True):
            family.case(
                f"kthvalue dim {dim} keepdim {keepdim}", "kthvalue", [distinct(3, 4, 3, dtype=f64)], [2, dim, {"keepdim": keepdim}], grad=True
            )
            family.case(
                f"mode dim {dim} keepdim {keepdim}", "mode", [distinct(3, 4, 3, dtype=f64)], [dim, {"keepdim": keepdim}], grad=True
            )
    family.case("kthvalue default", "kthvalue", [distinct(2, 5)], [3], grad=True)
    family.case("kthvalue transposed", "kthvalue", [distinct(5, 2).transposed()], [5], grad=True)
    family.case("kthvalue of a scalar", "kthvalue", [randn()], [1])
    family.case("kthvalue NaN", "kthvalue", [values([1.0, NAN, -INF, 3.0])], [4])
    family.case("kthvalue keeping a dim of size zero", "kthvalue", [randn(3, 0)], [1, 0])
    family.error("kthvalue too large", "kthvalue", [randn(3)], [4])
    family.error("kthvalue zero", "kthvalue", [randn(3)], [0])
    family.error("kthvalue bool", "kthvalue", [masks(3)], [1])
    family.case("mode of a scalar", "mode", [randn()], [])
    family.case("mode of one", "mode", [randn(3, 1)], [1])
    family.error("mode over a dim of size zero", "mode", [randn(3, 0)], [1])
    family.case("mode keeping a dim of size zero", "mode", [randn(3, 0)], [0])
    for dtype in (f32, f64, *HALVES, *INTEGERS, boolean):
        data = masks(3, 6) if dtype == boolean else integers(0, 4, 3, 6, dtype=dtype)
        family.case(f"mode {str(dtype)[6:]}", "mode", [data], [1])
        if dtype != boolean:
            family.case(f"kthvalue {str(dtype)[6:]}", "kthvalue", [integers(0, 90, 6).map(lambda x, d=dtype: x.argsort().to(d))], [3])
    family.case("mode with gradient", "mode", [values([[3.0, 1.0, 3.0], [2.0, 2.0, 1.0]], f64)], [1], grad=True)
    family.case("mode stepped", "mode", [integers(0, 3, 4, 12).stepped(2)], [1])


def scans(family):
    for name in ("cummax", "cummin"):
        for dim in (0, 1, -1):
            family.case(f"{name} dim {dim}", name, [distinct(2, 5, 4, dtype=f64)], [dim], grad=True)
        family.case(f"{name} ties", name, [values([[1.0, 3.0, 3.0, 2.0, 3.0, 1.0]], f64)], [1], grad=True)
        family.case(f"{name} NaN", name, [values([[1.0, INF, NAN, 2.0], [NAN, NAN, -INF, 1.0], [-INF, 0.0, 1.0, NAN]])], [1])
        family.case(f"{name} transposed", name, [distinct(9, 3).transposed()], [1], grad=True)
        family.case(f"{name} of a scalar", name, [randn()], [0], grad=True)
        family.case(f"{name} of nothing", name, [randn(2, 0)], [1])
        family.case(f"{name} many", name, [randn(300)], [0])
        family.error(f"{name} dim out of range", name, [randn(2)], [1])
        for dtype in (*HALVES, *INTEGERS, boolean):
            data = masks(7) if dtype == boolean else integers(0, 9, 7, dtype=dtype)
            family.case(f"{name} {str(dtype)[6:]}", name, [data], [0])
    for dim in (0, 1, -1):
        family.case(f"logcumsumexp dim {dim}", "logcumsumexp", [randn(2, 5, 4, dtype=f64)], [dim], grad=True)
    family.case("logcumsumexp float32", "logcumsumexp", [randn(2, 9)], [1], grad=True)
    family.case("logcumsumexp transposed", "logcumsumexp", [randn(5, 2).transposed()], [1], grad=True)
    family.case("logcumsumexp far out", "logcumsumexp", [values([[1e4, 1.0, 1e4], [-1e4, 1.0, -1e4]], f64)], [1], grad=True)
    family.case("logcumsumexp infinities", "logcumsumexp", [values([[-INF, -INF, 1.0, INF], [1.0, NAN, 2.0, 3.0]], f64)], [1])
    family.case("logcumsumexp of a scalar", "logcumsumexp", [randn()], [0], grad=True)
    family.case("logcumsumexp of nothing", "logcumsumexp", [randn(2, 0)], [1], grad=True)
    for half in HALVES:
        family.case(f"logcumsumexp {str(half)[6:]}", "logcumsumexp", [randn(2, 5, dtype=half)], [1])
    family.error("logcumsumexp of integers", "logcumsumexp", [integers(0, 3, 3)], [0])


def missing(family):
    for name in ("nansum", "nanmean"):
        family.case(f"{name} of all", name, [values(HOLES[:3], f64)], [], grad=True)
        for dim in (0, 1, [0, 1], -1):
            family.case(f"{name} dim {dim}", name, [values(SOME, f64)], [dim], grad=True)
            family.case(f"{name} dim {dim} keepdim", name, [values(HOLES).transposed()], [dim, {"keepdim": True}])
        family.case(f"{name} without NaN", name, [randn(2, 3)], [1], grad=True)
        family.case(f"{name} of nothing", name, [randn(0, 3)], [0], grad=True)
        family.case(f"{name} of a scalar", name, [randn()], [], grad=True)
        family.case(f"{name} asking float64", name, [values(SOME)], [1, {"dtype": f64}], grad=True)
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [values(HOLES[0], half)], [])
        family.error(f"{name} dim out of range", name, [randn(2)], [1])
    for dtype in (*INTEGERS, boolean):
        family.case(f"nansum {str(dtype)[6:]}", "nansum", [of_dtype(dtype, 3, 4)], [1])
        family.case(f"nanToNum {str(dtype)[6:]}", "nanToNum", [of_dtype(dtype, 3)])
    family.error("nanmean of integers", "nanmean", [integers(0, 4, 3)])
    for name in ("nanToNum", "nanToNum_"):
        for dtype in (f32, f64, *HALVES):
            family.case(f"{name} {str(dtype)[6:]}", name, [values(HOLES, dtype)], [], grad=dtype not in HALVES, native_half=True)
        family.case(f"{name} values", name, [values(HOLES, f64)], [{"nan": 2.5, "posinf": 7.0, "neginf": -7.0}], grad=True)
        family.case(f"{name} posinf", name, [values(HOLES).transposed()], [{"posinf": 7.0}])
        family.case(f"{name} infinite values", name, [values(HOLES)], [{"nan": INF, "neginf": NAN}])
        family.case(f"{name} of nothing", name, [zeros(0)])


def spreads(family):
    for name in ("stdMean", "varMean"):
        for dim in (0, 1, -1, [0, 2]):
            family.case(f"{name} dim {dim}", name, [randn(3, 4, 5, dtype=f64)], [dim], grad=True, fn=tuples(name))
            family.case(
                f"{name} dim {dim} keepdim", name, [randn(3, 4, 5).transposed()], [dim, {"keepdim": True, "correction": 0}], grad=True, fn=tuples(name)
            )
        family.case(f"{name} of all", name, [randn(3, 4)], [], grad=True, fn=tuples(name))
        family.case(f"{name} of NaN", name, [values(HOLES)], [1], fn=tuples(name))
        family.error(f"{name} of integers", name, [integers(0, 4, 3)], [], fn=tuples(name))
    for name in ("cov", "corrcoef"):
        family.case(name, name, [randn(3, 6, dtype=f64)], [], grad=True)
        family.case(f"{name} float32 transposed", name, [randn(6, 3).transposed()], [], grad=True)
        family.case(f"{name} of a vector", name, [randn(5, dtype=f64)], [])
        family.case(f"{name} of one row", name, [randn(1, 5, dtype=f64)], [])
        family.case(f"{name} of a scalar", name, [randn()], [])
        family.case(f"{name} of one observation", name, [randn(3, 1)], [])
        family.case(f"{name} of NaN", name, [values(HOLES)], [])
        family.case(f"{name} of integers", name, [integers(-5, 6, 3, 5)], [])
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [randn(2, 5, dtype=half)], [])
        family.error(f"{name} of three dimensions", name, [randn(2, 2, 2)], [])
    for correction in (0, 2):
        family.case(f"cov correction {correction}", "cov", [randn(3, 6, dtype=f64)], [{"correction": correction}], grad=True)
    counts, weights = values([1, 2, 0, 3, 1, 1], i64), values([0.5, 1.0, 2.0, 0.25, 1.0, 0.0], f64)
    family.case("cov fweights", "cov", [randn(3, 6, dtype=f64), counts], [{"fweights": In(1)}], grad=[0])
    family.case("cov aweights", "cov", [randn(3, 6, dtype=f64), weights], [{"aweights": In(1)}], grad=[0])
    family.case(
        "cov both weights", "cov", [randn(3, 6, dtype=f64), counts, weights], [{"fweights": In(1), "aweights": In(2)}], grad=[0]
    )
    family.case(
        "cov both weights correction 0",
        "cov",
        [randn(3, 6, dtype=f64), counts, weights],
        [{"correction": 0, "fweights": In(1), "aweights": In(2)}],
        grad=[0],
    )
    family.error("cov fweights of floats", "cov", [randn(3, 6), weights], [{"fweights": In(1)}])
    family.error("cov aweights of integers", "cov", [randn(3, 6), counts], [{"aweights": In(1)}])
    family.error("cov weights of another length", "cov", [randn(3, 5), counts], [{"fweights": In(1)}])
    family.error("cov negative weights", "cov", [randn(3, 2), values([1, -1], i64)], [{"fweights": In(1)}])


def tuples(name):
    function = torch.std_mean if name == "stdMean" else torch.var_mean

    def run(inputs, args):
        options = args[-1] if args and isinstance(args[-1], dict) else {}
        dim = args[0] if args and not isinstance(args[0], dict) else None
        return function(inputs[0], dim, **options) if dim is not None else function(inputs[0], **options)

    return run


def record():
    family = Family("order_statistics")
    for part in (medians, quantiles, choices, scans, missing, spreads):
        part(family)
    return [family]
