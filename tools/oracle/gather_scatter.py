"""Picking and placing by index tensors and masks: gather, scatter, indexSelect, maskedFill and related functions."""

from encoding import In
from recorder import Family
from tensors import (
    DTYPES,
    NAN,
    boolean,
    f32,
    f64,
    i8,
    i32,
    i64,
    index_values,
    indices,
    integers,
    masks,
    of_dtype,
    randn,
    values,
    zeros,
)


def gathering(family):
    x, index = randn(3, 4), indices(3, 2, 4)
    for dim, high, shape in ((0, 3, (2, 4)), (1, 4, (3, 6)), (-1, 4, (2, 3))):
        family.case(f"gather dim {dim}", "gather", [randn(3, 4)], [dim, indices(high, *shape)], grad=True)
    family.case(
        "gather transposed",
        "gather",
        [randn(4, 3, dtype=f64).transposed()],
        [0, indices(3, 4, 2).transposed()],
        grad=True,
    )
    family.case("gather three dims", "gather", [randn(2, 3, 4)], [1, indices(3, 2, 5, 4)], grad=True)
    family.case("gather int64 index", "gather", [randn(3, 4)], [1, integers(0, 4, 3, 2, dtype=i64)], grad=True)
    family.case("gather scalar", "gather", [randn()], [0, index_values(0)])
    family.case("gather nothing", "gather", [randn(3, 4)], [0, zeros(0, 4, dtype=i64)], grad=True)
    family.case("gather bool", "gather", [masks(3, 4)], [0, index])
    family.error("gather out of range", "gather", [x], [0, index_values([[3, 0, 0, 0]])])
    family.error("gather negative", "gather", [x], [0, index_values([[-1, 0, 0, 0]])])
    family.error("gather index of another rank", "gather", [x], [0, index_values([0, 1])])
    family.error("gather index too wide", "gather", [x], [0, indices(3, 2, 5)])
    family.error("gather float index", "gather", [x], [0, zeros(2, 4)])

    for dim, high, shape in ((0, 3, (2, 4)), (1, 4, (3, 2))):
        once = index_values([[0, 2, 1, 0], [1, 0, 2, 2]] if dim == 0 else [[0, 3], [1, 2], [2, 0]])
        for call in ("scatter", "scatter_"):
            family.case(f"{call} dim {dim}", call, [randn(3, 4), randn(*shape)], [dim, once, In(1)], grad=True)
            family.case(f"{call} number dim {dim}", call, [randn(3, 4)], [dim, once, 1.5], grad=True)
        for call in ("scatterAdd", "scatterAdd_"):
            family.case(
                f"{call} dim {dim}", call, [randn(3, 4), randn(*shape)], [dim, indices(high, *shape), In(1)], grad=True
            )
    family.case(
        "scatter source larger than index",
        "scatter",
        [randn(3, 4), randn(3, 4)],
        [0, index_values([[2, 0], [1, 1]]), In(1)],
    )
    family.case(
        "scatterAdd transposed",
        "scatterAdd",
        [randn(4, 3, dtype=f64).transposed(), randn(5, 3, dtype=f64).transposed()],
        [1, indices(4, 3, 5), In(1)],
        grad=True,
    )
    family.case("scatterAdd int32", "scatterAdd", [integers(0, 9, 3), integers(0, 9, 5)], [0, indices(3, 5), In(1)])
    family.error("scatter out of range", "scatter", [x, randn(1, 4)], [0, index_values([[3, 0, 0, 0]]), In(1)])
    family.error("scatter source too small", "scatter", [x, randn(1, 4)], [0, indices(3, 2, 4), In(1)])
    family.error("scatter value of another dtype", "scatter", [x, randn(2, 4, dtype=f64)], [0, index, In(1)])
    for reduce in ("sum", "prod", "amax", "amin"):
        for dtype in (f32, f64):
            family.case(
                f"scatter {reduce} {str(dtype)[6:]}",
                "scatter",
                [randn(3, 4, dtype=dtype), randn(5, 4, dtype=dtype)],
                [0, indices(3, 5, 4), In(1), {"reduce": reduce}],
                grad=True,
                fn=scatter_reduce,
            )
        family.case(
            f"scatter {reduce} int32",
            "scatter",
            [integers(-9, 9, 4), integers(-9, 9, 6)],
            [0, indices(4, 6), In(1), {"reduce": reduce}],
            fn=scatter_reduce,
        )
        family.case(
            f"scatter {reduce} NaN",
            "scatter",
            [values([1.0, 2.0]), values([NAN, 3.0])],
            [0, index_values([0, 1]), In(1), {"reduce": reduce}],
            fn=scatter_reduce,
        )


    for reduce in ("sum", "prod", "mean", "amax", "amin"):
        for own in (True, False):
            if own and reduce != "mean":
                continue
            for call in ("scatter", "scatter_"):
                for dtype in (f32, f64):
                    family.case(
                        f"{call} {reduce} including itself {own} {str(dtype)[6:]}",
                        call,
                        [randn(3, 4, dtype=dtype), randn(5, 4, dtype=dtype)],
                        [0, indices(3, 5, 4), In(1), {"reduce": reduce, "includeSelf": own}],
                        grad=True,
                        fn=scatter_reduce,
                    )
                for dtype in (i8, i32, i64):
                    family.case(
                        f"{call} {reduce} including itself {own} {str(dtype)[6:]}",
                        call,
                        [of_dtype(dtype, 4), of_dtype(dtype, 6)],
                        [0, indices(4, 6), In(1), {"reduce": reduce, "includeSelf": own}],
                        fn=scatter_reduce,
                    )
            family.case(
                f"scatter {reduce} including itself {own} NaN",
                "scatter",
                [values([1.0, 2.0, NAN]), values([NAN, 3.0, 1.0])],
                [0, index_values([0, 1, 2]), In(1), {"reduce": reduce, "includeSelf": own}],
                fn=scatter_reduce,
            )
            family.case(
                f"scatter {reduce} including itself {own} transposed",
                "scatter",
                [randn(4, 3, dtype=f64).transposed(), randn(4, 3, dtype=f64).transposed()],
                [1, indices(4, 3, 4), In(1), {"reduce": reduce, "includeSelf": own}],
                grad=True,
                fn=scatter_reduce,
            )
            family.case(
                f"scatter {reduce} including itself {own} of nothing",
                "scatter",
                [randn(3), randn(0)],
                [0, index_values([]), In(1), {"reduce": reduce, "includeSelf": own}],
                fn=scatter_reduce,
            )


def scatter_reduce(inputs, args):
    dim, index, _, options = args
    return inputs[0].scatter_reduce(
        dim, index, inputs[1], options["reduce"], include_self=options.get("includeSelf", True)
    )


def along(family):
    for dim in (0, 1, -1):
        family.case(
            f"takeAlongDim dim {dim}", "takeAlongDim", [randn(3, 3, 3, dtype=f64), indices(3, 3, 3, 3)], [In(1), dim], grad=[0]
        )
    family.case("takeAlongDim broadcast", "takeAlongDim", [randn(3, 4, dtype=f64), indices(4, 1, 2)], [In(1), 1], grad=[0])
    family.case("takeAlongDim broadcast tensor", "takeAlongDim", [randn(1, 4), indices(4, 3, 2)], [In(1), 1], grad=[0])
    family.case("takeAlongDim flat", "takeAlongDim", [randn(3, 4), indices(12, 2, 3)], [In(1)], grad=[0])
    family.case("takeAlongDim transposed", "takeAlongDim", [randn(4, 3).transposed(), indices(4, 3, 2)], [In(1), 1], grad=[0])
    family.case("takeAlongDim of nothing", "takeAlongDim", [randn(3, 4), indices(4, 3, 0)], [In(1), 1])
    family.error("takeAlongDim fewer dims", "takeAlongDim", [randn(3, 4), indices(4, 3)], [In(1), 1])
    family.error("takeAlongDim floats", "takeAlongDim", [randn(3, 4), randn(3, 4)], [In(1), 1])
    family.error("takeAlongDim does not broadcast", "takeAlongDim", [randn(3, 4), indices(4, 2, 4)], [In(1), 1])


def selecting(family):
    for dim, high in ((0, 3), (1, 4), (-1, 5)):
        family.case(f"indexSelect dim {dim}", "indexSelect", [randn(3, 4, 5)], [dim, indices(high, 6)], grad=True)
    family.case(
        "indexSelect transposed",
        "indexSelect",
        [randn(4, 3, dtype=f64).transposed()],
        [0, index_values([2, 2, 0])],
        grad=True,
    )
    family.case("indexSelect nothing", "indexSelect", [randn(3, 4)], [0, index_values([])], grad=True)
    family.case("indexSelect scalar index", "indexSelect", [randn(3, 4)], [1, index_values(2)], grad=True)
    family.case("indexSelect int8", "indexSelect", [of_dtype(i8, 4)], [0, index_values([3, 1])])
    family.error("indexSelect out of range", "indexSelect", [randn(3)], [0, index_values([3])])
    family.error("indexSelect matrix", "indexSelect", [randn(3)], [0, index_values([[0, 1]])])
    for call in ("indexAdd", "indexAdd_"):
        family.case(call, call, [randn(3, 4), randn(5, 4)], [0, indices(3, 5), In(1)], grad=True)
        family.case(
            f"{call} alpha",
            call,
            [randn(3, 4, dtype=f64), randn(3, 2, dtype=f64)],
            [1, index_values([3, 0]), In(1), {"alpha": -0.5}],
            grad=True,
        )
    family.case("indexAdd nothing", "indexAdd", [randn(3, 4), randn(0, 4)], [0, index_values([]), In(1)], grad=True)
    family.case(
        "indexAdd int32", "indexAdd", [integers(0, 9, 3), integers(0, 9, 4)], [0, index_values([0, 0, 2, 0]), In(1)]
    )
    family.case("indexCopy_", "indexCopy_", [randn(3, 4), randn(2, 4)], [0, index_values([2, 0]), In(1)], grad=True)
    family.case("indexFill_", "indexFill_", [randn(3, 4)], [1, index_values([3, 0]), 1.5], grad=True)
    family.error(
        "indexAdd of another length", "indexAdd", [randn(3, 4), randn(2, 4)], [0, index_values([0, 1, 2]), In(1)]
    )
    family.error("indexAdd out of range", "indexAdd", [randn(3), randn(1)], [0, index_values([5]), In(1)])

    for call in ("maskedFill", "maskedFill_"):
        family.case(f"{call} number", call, [randn(3, 4), masks(3, 4)], [2.5], grad=True)
        family.case(f"{call} broadcast", call, [randn(3, 4, dtype=f64), masks(4)], [float("-inf")], grad=True)
        family.case(f"{call} int32", call, [integers(0, 9, 3, 4), masks(3, 1)], [7])
    family.case("maskedFill mask is larger", "maskedFill", [randn(4), masks(3, 1)], [0.0], grad=True)
    family.case("maskedFill transposed", "maskedFill", [randn(4, 3).transposed(), masks(3, 4)], [1.0], grad=True)
    family.case("maskedFill scalar tensor", "maskedFill", [randn(3), masks(3), randn()], grad=True)
    family.error("maskedFill mask of another shape", "maskedFill", [randn(3), masks(2)], [1.0])
    family.case("maskedSelect", "maskedSelect", [randn(3, 4), masks(3, 4)], grad=True)
    family.case("maskedSelect broadcast", "maskedSelect", [randn(3, 1, dtype=f64), masks(4)], grad=True)
    family.case("maskedSelect transposed", "maskedSelect", [randn(4, 3).transposed(), masks(3, 4)], grad=True)
    family.case("maskedSelect nothing", "maskedSelect", [randn(3), zeros(3, dtype=boolean)], grad=True)
    family.error("maskedSelect float mask", "maskedSelect", [randn(3), zeros(3)])
    family.case("take", "take", [randn(3, 4)], [indices(12, 2, 3)], grad=True)
    family.case("take negative", "take", [randn(4, 3, dtype=f64).transposed()], [index_values([-1, 0, -12])], grad=True)
    family.error("take out of range", "take", [randn(3)], [index_values([3])])
    for dtype in DTYPES:
        family.case(f"nonzero {str(dtype)[6:]}", "nonzero", [of_dtype(dtype, 3, 4)])
    family.case("nonzero of a scalar", "nonzero", [values(2.0)])
    family.case("nonzero of nothing", "nonzero", [randn(0, 3)])
    family.case("nonzero transposed", "nonzero", [integers(0, 2, 4, 3).transposed()])
    family.case("oneHot", "oneHot", [indices(4, 2, 3)], [4])
    family.case("oneHot own count", "oneHot", [index_values([0, 2, 1])])
    family.case("oneHot scalar", "oneHot", [index_values(2)], [3])
    family.error("oneHot out of range", "oneHot", [index_values([3])], [3])
    family.error("oneHot negative", "oneHot", [index_values([-1])], [3])


def record():
    family = Family("gather_scatter")
    gathering(family)
    selecting(family)
    along(family)
    return [family]
