"""Reading and writing by index: at, indexPut_, and assignment through views."""

from encoding import torch
from calling import default_call
from recorder import Family
from tensors import (
    DTYPES,
    HALVES,
    boolean,
    counting,
    f64,
    i32,
    i64,
    index_values,
    integers,
    masks,
    of_dtype,
    ones,
    randn,
    values,
    zeros,
)


def python_index(item):
    """Heddle's index arguments as Python's: strings are slices."""
    if isinstance(item, str) and item == "...":
        return Ellipsis
    if isinstance(item, str):
        return slice(*[int(part) if part else None for part in item.split(":")])
    return item


def at(inputs, args):
    return inputs[0][tuple(python_index(item) for item in args)]


def reading(family):
    basic = {
        "integer": [1],
        "negative integer": [-1],
        "two integers": [1, -2],
        "all integers": [1, 2, 3],
        "slice": ["1:3"],
        "open slice": ["1:"],
        "slice to the end": [":-1"],
        "step": ["::2"],
        "step from one": [":", "1::2"],
        "slice past the end": ["1:99"],
        "empty slice": ["2:1"],
        "negative slice": [":", "-2:"],
        "full slice": [":", ":", 0],
        "ellipsis": ["...", 1],
        "ellipsis in between": [0, "...", "1:3"],
        "ellipsis of nothing": [0, 1, "...", 2],
        "null": [None],
        "nulls": [None, 1, None, ":2"],
        "null after an ellipsis": ["...", None],
        "nothing": ["..."],
    }
    for label, args in basic.items():
        family.case(f"at {label}", "at", [randn(3, 4, 5)], args, grad=True, fn=at)
        family.case(
            f"at {label} transposed float64", "at", [randn(5, 4, 3, dtype=f64).transposed(0, 2)], args, grad=True, fn=at
        )
    advanced = {
        "an index": [index_values([2, 0, 2])],
        "a negative index": [index_values([-1, -3])],
        "a matrix of indices": [index_values([[0, 1], [2, 2]])],
        "a scalar index": [index_values(1)],
        "an index of the second dim": [":", index_values([3, 1])],
        "two indices": [index_values([0, 2]), index_values([1, 3])],
        "indices that broadcast": [index_values([[0], [2]]), index_values([1, 3, 0])],
        "indices apart": [index_values([0, 2]), ":", index_values([1, 4])],
        "indices apart after a slice": ["1:", index_values([0, 2]), "::2"],
        "index and integer": [index_values([0, 2]), 1],
        "integer then index apart": [1, ":", index_values([0, 4, 4])],
        "index after an ellipsis": ["...", index_values([0, 4])],
        "index and null": [None, index_values([0, 2]), None],
        "an empty index": [index_values([])],
        "index beside null in between": [index_values([1]), None, index_values([2])],
        "a mask of the first dim": [values([True, False, True], boolean)],
        "a mask of two dims": [masks(3, 4)],
        "a mask of all dims": [masks(3, 4, 5)],
        "a mask of the last dim": ["...", values([True, False, False, True, True], boolean)],
        "a mask of nothing true": [zeros(3, dtype=boolean)],
        "mask and index": [values([True, False, True], boolean), index_values([1, 3])],
        "slice and mask": ["1:", values([True, False, False, True], boolean)],
        "int64 index": [values([0, 1], i64)],
    }
    for label, args in advanced.items():
        family.case(f"at {label}", "at", [randn(3, 4, 5)], args, grad=True, fn=at)
        family.case(f"at {label} stepped", "at", [randn(3, 4, 10).stepped(2, 1)], args, grad=True, fn=at)
    for dtype in DTYPES:
        family.case(f"at index {str(dtype)[6:]}", "at", [of_dtype(dtype, 4, 2)], [index_values([3, 0])], fn=at)
        family.case(f"at slice {str(dtype)[6:]}", "at", [of_dtype(dtype, 4, 2)], ["1::2"], fn=at)
    family.case("at of nothing", "at", [randn(0, 3)], [":", 1], grad=True, fn=at)
    family.case("at null of a scalar", "at", [randn()], [None], grad=True, fn=at)
    family.case("at with an index of nothing", "at", [randn(0, 3)], [zeros(0, dtype=i64)], grad=True, fn=at)
    for label, args in (
        ("too many indices", [0, 0, 0]),
        ("integer out of range", [3]),
        ("negative integer out of range", [-4]),
        ("index out of range", [index_values([0, 3])]),
        ("indices that do not broadcast", [index_values([0, 1]), index_values([0, 1, 0])]),
        ("mask of another shape", [masks(2)]),
        ("mask of another length", [":", masks(3)]),
        ("negative step", ["::-1"]),
        ("zero step", ["::0"]),
        ("float index", [values([0.0])]),
    ):
        family.error(f"at {label}", "at", [randn(3, 4)], args, fn=at)


def put(inputs, args):
    target, places, value = inputs
    return target.index_put_(tuple(places), value, **args[0] if args else {})


def writing(family):
    places = {
        "rows": ([index_values([2, 0])], (2, 4)),
        "points": ([index_values([0, 2, 1]), index_values([1, 3, 0])], (3,)),
        "broadcast value": ([index_values([2, 0])], (4,)),
        "scalar value": ([index_values([2, 0]), index_values([1, 1])], ()),
        "broadcast indices": ([index_values([[0], [2]]), index_values([1, 3])], (2, 2)),
        "mask": ([masks(3, 4)], ()),
        "row mask": ([values([True, False, True], boolean)], (2, 4)),
        "nothing": ([index_values([])], (0, 4)),
        "negative": ([index_values([-1])], (1, 4)),
    }
    for label, (where, shape) in places.items():
        family.case(f"indexPut_ {label}", "indexPut_", [randn(3, 4), where, randn(*shape)], grad=True, fn=put)
        family.case(
            f"indexPut_ {label} accumulate",
            "indexPut_",
            [randn(3, 4, dtype=f64), where, randn(*shape, dtype=f64)],
            [{"accumulate": True}],
            grad=True,
            fn=put,
        )
    repeated = [index_values([1, 1, 0, 1])]
    family.case(
        "indexPut_ accumulate repeated",
        "indexPut_",
        [randn(3, 2), repeated, randn(4, 2)],
        [{"accumulate": True}],
        grad=True,
        fn=put,
    )
    family.case(
        "indexPut_ accumulate repeated scalar",
        "indexPut_",
        [randn(3), repeated, randn()],
        [{"accumulate": True}],
        grad=True,
        fn=put,
    )
    family.case(
        "indexPut_ transposed", "indexPut_", [randn(4, 3).transposed(), [index_values([2, 0])], randn(2, 4)], fn=put
    )
    for dtype in (*DTYPES[4:], *HALVES):
        family.case(
            f"indexPut_ {str(dtype)[6:]}",
            "indexPut_",
            [of_dtype(dtype, 4), [index_values([3, 1])], of_dtype(dtype, 2)],
            fn=put,
        )
    family.error("indexPut_ out of range", "indexPut_", [randn(3), [index_values([3])], randn(1)], fn=put)
    family.error(
        "indexPut_ value of another shape", "indexPut_", [randn(3, 4), [index_values([0, 1])], randn(3, 4)], fn=put
    )
    family.error(
        "indexPut_ value of another dtype", "indexPut_", [randn(3), [index_values([0])], values([1.0], f64)], fn=put
    )


def view_assign(inputs, args):
    """Writes to a view of inputs[0] with an in-place operation, and returns all of inputs[0]."""
    steps, operation, operands = args
    view = inputs[0]
    for call, *step_args in steps:
        view = at([view], step_args) if call == "at" else default_call(call, [view], step_args)
    default_call(operation, [view, *inputs[1:]], operands)
    return inputs[0]


def assigning(family):
    chains = {
        "narrow": ([["narrow", 1, 1, 2]], (3, 2)),
        "narrow transpose": ([["narrow", 1, 1, 2], ["transpose", 0, 1]], (2, 3)),
        "select": ([["select", 0, 1]], (4,)),
        "at step": ([["at", ":", "::2"]], (3, 2)),
        "at integer": ([["at", -1]], (4,)),
        "at ellipsis": ([["at", "...", 1]], (3,)),
        "view": ([["view", 2, 6], ["narrow", 1, 2, 3]], (2, 3)),
        "diagonal": ([["diagonal"]], (3,)),
        "diagonal above": ([["diagonal", {"offset": 1}]], (3,)),
        "t": ([["t"]], (4, 3)),
        "unsqueeze": ([["unsqueeze", 1]], (3, 1, 4)),
        "permute narrow select": ([["permute", [1, 0]], ["narrow", 0, 1, 3], ["select", 1, 2]], (3,)),
        "flatten": ([["flatten"], ["at", "3:9:2"]], (3,)),
        "unflatten": ([["unflatten", 1, [2, 2]], ["select", 2, 0]], (3, 2)),
        "unfold once": ([["unfold", 1, 2, 2], ["select", 2, 1]], (3, 2)),
        "movedim": ([["movedim", 0, 1], ["narrow", 0, 0, 1]], (1, 3)),
        "squeeze": ([["narrow", 0, 1, 1], ["squeeze"]], (4,)),
        "nothing": ([["narrow", 0, 1, 0]], (0, 4)),
    }
    for label, (steps, shape) in chains.items():
        family.case(f"{label} fill_", "viewAssign", [randn(3, 4)], [steps, "fill_", [2.5]], grad=True, fn=view_assign)
        family.case(
            f"{label} copy_",
            "viewAssign",
            [randn(3, 4), randn(*shape)],
            [steps, "copy_", []],
            grad=True,
            fn=view_assign,
        )
        family.case(
            f"{label} mul_",
            "viewAssign",
            [randn(3, 4, dtype=f64), randn(*shape, dtype=f64)],
            [steps, "mul_", []],
            grad=True,
            fn=view_assign,
        )
        family.case(
            f"{label} add_ of integers",
            "viewAssign",
            [counting(3, 4, dtype=i32)],
            [steps, "add_", [100]],
            fn=view_assign,
        )
    narrow = [["narrow", 1, 1, 2]]
    for label, operation, value in (
        ("add_ row", "add_", randn(2)),
        ("sub_ column", "sub_", randn(3, 1)),
        ("div_ same", "div_", ones(3, 2)),
        ("copy_ row", "copy_", randn(2)),
        ("copy_ scalar", "copy_", randn()),
    ):
        family.case(
            f"narrow {label}", "viewAssign", [randn(3, 4), value], [narrow, operation, []], grad=True, fn=view_assign
        )
    for operation, args in (
        ("exp_", []),
        ("neg_", []),
        ("zero_", []),
        ("clamp_", [{"min": 0}]),
        ("pow_", [2]),
        ("sigmoid_", []),
    ):
        family.case(
            f"narrow {operation}", "viewAssign", [randn(3, 4)], [narrow, operation, args], grad=True, fn=view_assign
        )
    family.case(
        "narrow copy_ from integers",
        "viewAssign",
        [randn(3, 4), integers(0, 9, 3, 2)],
        [narrow, "copy_", []],
        fn=view_assign,
    )
    family.case(
        "narrow copy_ into integers",
        "viewAssign",
        [integers(0, 9, 3, 4), values([[1.7, -1.7]]).expanded(3, 2)],
        [narrow, "copy_", []],
        fn=view_assign,
    )
    family.case(
        "transposed base", "viewAssign", [randn(4, 3).transposed(), randn(3, 2)], [narrow, "copy_", []], fn=view_assign
    )
    family.error(
        "narrow copy_ of another shape", "viewAssign", [randn(3, 4), randn(3)], [narrow, "copy_", []], fn=view_assign
    )
    family.error(
        "write to an expanded tensor",
        "viewAssign",
        [randn(3, 1), randn(3, 4)],
        [[["expand", 3, 4]], "copy_", []],
        fn=view_assign,
    )
    family.case("fill_ number", "fill_", [randn(2, 3)], [1.5], grad=True)
    family.case("zero_", "zero_", [randn(2, 3)], grad=True)
    family.case("copy_", "copy_", [randn(2, 3), randn(3)], grad=True)
    for dtype in DTYPES:
        family.case(f"fill_ {str(dtype)[6:]}", "fill_", [of_dtype(dtype, 3)], [3])


def record():
    family = Family("indexing")
    for part in (reading, writing, assigning):
        part(family)
    return [family]
