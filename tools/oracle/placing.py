"""Copies in which a view, or what an index or a mask chooses, holds other values."""

from encoding import In, torch
from recorder import Family
from tensors import DTYPES, INTEGERS, boolean, f16, f32, f64, i32, index_values, indices, integers, masks, of_dtype, randn, values, zeros


def sliced(inputs, args):
    # PyTorch 1.13's slice_scatter reads arguments that are not given from anywhere.
    dim, options = args if args else (0, {})
    result = inputs[0].clone()
    part = slice(options.get("start"), options.get("end"), options.get("step", 1))
    result[(slice(None),) * (dim % result.ndim) + (part,)] = inputs[1]
    return result


def views(family):
    for offset in (0, 1, -2):
        count = min(3, 4 - offset) if offset >= 0 else 3 + offset
        family.case(f"diagonalScatter {offset}", "diagonalScatter", [randn(3, 4), randn(count)], [{"offset": offset}], grad=True)
        family.case(f"diagflat {offset}", "diagflat", [randn(2, 2)], [offset], grad=True)
    family.case(
        "diagonalScatter of batches", "diagonalScatter", [randn(3, 2, 3, dtype=f64), randn(2, 3, dtype=f64)], [{"dim1": 0, "dim2": -1}], grad=True
    )
    family.case("diagonalScatter transposed", "diagonalScatter", [randn(4, 3).transposed(), randn(6).stepped()], [], grad=True)
    family.error("diagonalScatter of another size", "diagonalScatter", [randn(3, 4), randn(4)], [])
    for dim, index, shape in ((0, 1, (4,)), (1, -1, (3,)), (-1, 0, (3,))):
        family.case(f"selectScatter {dim} {index}", "selectScatter", [randn(3, 4), randn(*shape)], [dim, index], grad=True)
    family.case("selectScatter transposed", "selectScatter", [randn(4, 3, dtype=f64).transposed(), randn(4, dtype=f64)], [0, 2], grad=True)
    family.error("selectScatter of another shape", "selectScatter", [randn(3, 4), randn(3)], [0, 1])
    family.error("selectScatter out of range", "selectScatter", [randn(3, 4), randn(4)], [0, 3])
    for dim, options, shape in (
        (0, {}, (5, 4)),
        (0, {"start": 1}, (4, 4)),
        (1, {"start": 1, "end": 3}, (5, 2)),
        (1, {"start": -3, "end": -1}, (5, 2)),
        (-1, {"start": 0, "end": 9, "step": 3}, (5, 2)),
        (0, {"start": 4, "end": 2}, (0, 4)),
    ):
        family.case(f"sliceScatter {dim} {list(options.values())}", "sliceScatter", [randn(5, 4), randn(*shape)], [dim, options], grad=True, fn=sliced)
    family.case("sliceScatter default", "sliceScatter", [randn(2, 3, dtype=f64).transposed(), randn(3, 2, dtype=f64)], [], grad=True, fn=sliced)
    family.error("sliceScatter of another shape", "sliceScatter", [randn(5, 4), randn(2, 4)], [0, {"start": 1}], fn=sliced)
    family.case("diagflat of a scalar", "diagflat", [randn()], [], grad=True)
    family.case("diagflat transposed", "diagflat", [randn(3, 2, dtype=f64).transposed()], [], grad=True)
    for dtype in DTYPES:
        label = str(dtype)[6:]
        family.case(f"diagflat {label}", "diagflat", [of_dtype(dtype, 3)], [])
        family.case(f"diagonalScatter {label}", "diagonalScatter", [of_dtype(dtype, 3, 3), of_dtype(dtype, 3)], [])
        family.case(f"selectScatter {label}", "selectScatter", [of_dtype(dtype, 3, 3), of_dtype(dtype, 3)], [0, 1])
        family.case(f"sliceScatter {label}", "sliceScatter", [of_dtype(dtype, 3), of_dtype(dtype, 2)], [0, {"step": 2}], fn=sliced)
        family.case(f"fillDiagonal_ {label}", "fillDiagonal_", [of_dtype(dtype, 3, 4)], [1])
    for shape in ((3, 3), (2, 4), (7, 3), (2, 2, 2), (4, 0)):
        for wrap in (False, True):
            family.case(f"fillDiagonal_ {shape} {wrap}", "fillDiagonal_", [randn(*shape)], [2.5, {"wrap": wrap}], grad=0 not in shape)
    family.case("fillDiagonal_ transposed", "fillDiagonal_", [randn(4, 3, dtype=f64).transposed()], [0.5], grad=True)
    family.error("fillDiagonal_ of a vector", "fillDiagonal_", [randn(3)], [1.0])
    family.error("fillDiagonal_ of three sizes", "fillDiagonal_", [randn(2, 2, 3)], [1.0])


def putting(call):
    """PyTorch's put has no deterministic form with which to record it."""

    def run(inputs, args):
        x, source = inputs
        index, options = args[0].reshape(-1), args[2] if len(args) > 2 else {}
        if index.numel() != source.numel():
            raise ValueError("one element for each index")
        result = x.reshape(-1).index_put((index,), source.reshape(-1), **options).reshape(x.shape)
        return x.copy_(result) if call == "put_" else result

    return run


def indexed(family):
    place = lambda inputs, args: inputs[0].index_put(tuple(x.long() for x in inputs[1]), inputs[2], **args[0] if args else {})  # noqa: E731
    for accumulate in (False, True):
        options = [{"accumulate": accumulate}]
        where = index_values([2, 0, 1] if not accumulate else [2, 0, 2])
        family.case(f"indexPut {accumulate}", "indexPut", [randn(3, 4), [where], randn(3, 4)], options, grad=True, fn=place)
        family.case(f"indexPut two {accumulate}", "indexPut", [randn(3, 4, dtype=f64).transposed(), [where, index_values(1)], randn(1, dtype=f64)], options, grad=True, fn=place)
        for call in ("put", "put_"):
            chosen = index_values([[5, 0], [-1, 3]] if not accumulate else [[5, 0], [5, -12]])
            family.case(f"{call} {accumulate}", call, [randn(3, 4), randn(2, 2)], [chosen, In(1), *options], grad=True, fn=putting(call))
            family.case(f"{call} transposed {accumulate}", call, [randn(4, 3, dtype=f64).transposed(), randn(4, dtype=f64)], [chosen, In(1), *options], grad=True, fn=putting(call))
            family.error(f"{call} of another size {accumulate}", call, [randn(3, 4), randn(3)], [chosen, In(1), *options], fn=putting(call))
            family.error(f"{call} out of range {accumulate}", call, [randn(3), randn(1)], [index_values([3]), In(1), *options], fn=putting(call))
            for dtype in DTYPES:
                if not (accumulate and dtype == boolean):
                    family.case(f"{call} {str(dtype)[6:]} {accumulate}", call, [of_dtype(dtype, 5), of_dtype(dtype, 2)], [index_values([4, 1]), In(1), *options], fn=putting(call))
    family.case("put nothing", "put", [randn(3), randn(0)], [index_values([]), In(1)], grad=True, fn=putting("put"))
    family.error("put of another dtype", "put", [randn(3), randn(1, dtype=f64)], [index_values([0]), In(1)], fn=putting("put"))
    family.case("indexCopy", "indexCopy", [randn(3, 4), randn(2, 4)], [0, index_values([2, 0]), In(1)], grad=True)
    family.case("indexCopy transposed", "indexCopy", [randn(4, 3, dtype=f64).transposed(), randn(3, 2, dtype=f64)], [-1, index_values([1, 3]), In(1)], grad=True)
    family.case("indexFill", "indexFill", [randn(3, 4)], [1, index_values([3, 0]), 1.5], grad=True)
    for call in ("indexFill", "indexFill_"):
        family.case(f"{call} by a tensor", call, [randn(3, 4, dtype=f64), randn(dtype=f64)], [0, index_values([2, 0, 2]), In(1)], grad=True)
        family.error(f"{call} by a vector", call, [randn(3, 4), randn(1)], [0, index_values([2, 0]), In(1)])
    for how in ("prod", "mean", "amax", "amin"):
        for include in (False, True):
            for call in ("indexReduce", "indexReduce_"):
                options = [how, {"includeSelf": include}]
                label = f"{call} {how} {include}"
                family.case(label, call, [randn(3, 4, dtype=f64), randn(5, 4, dtype=f64)], [0, index_values([2, 0, 2, 1, 0]), In(1), *options], grad=True)
                family.case(f"{label} partly", call, [randn(4, 3).transposed(), randn(3, 2)], [1, index_values([3, 3]), In(1), *options], grad=True)
                for dtype in (*INTEGERS, f16):
                    family.case(f"{label} {str(dtype)[6:]}", call, [of_dtype(dtype, 3), of_dtype(dtype, 4)], [0, index_values([0, 2, 2, 0]), In(1), *options])
    family.error("indexReduce sum", "indexReduce", [randn(3), randn(2)], [0, index_values([0, 1]), In(1), "sum"])
    family.error("indexReduce of another shape", "indexReduce", [randn(3), randn(3)], [0, index_values([0, 1]), In(1), "prod"])


def masked(family):
    for call in ("maskedScatter", "maskedScatter_"):
        family.case(call, call, [randn(3, 4), masks(3, 4), randn(4, 4)], grad=True)
        family.case(f"{call} broadcast", call, [randn(3, 4, dtype=f64), masks(4), randn(12, dtype=f64)], grad=True)
        # In place, PyTorch takes the elements in the order of memory.
        in_order = lambda inputs, args: inputs[0].copy_(inputs[0].masked_scatter(*inputs[1:])) if call[-1] == "_" else inputs[0].masked_scatter(*inputs[1:])  # noqa: E731
        family.case(f"{call} transposed", call, [randn(4, 3).transposed(), masks(3, 4), randn(4, 3).transposed()], grad=True, fn=in_order)
        family.case(f"{call} nowhere", call, [randn(3), zeros(3, dtype=boolean), randn(0)])
        family.case(f"{call} of nothing", call, [randn(0), masks(0), randn(2)])
        family.error(f"{call} of too few", call, [randn(3), values([True, True, True], boolean), randn(2)])
        family.error(f"{call} of another dtype", call, [randn(3), masks(3), randn(3, dtype=f64)])
        for dtype in DTYPES:
            family.case(f"{call} {str(dtype)[6:]}", call, [of_dtype(dtype, 2, 3), masks(2, 3), of_dtype(dtype, 6)], native_half=True)
    family.case("maskedScatter mask is larger", "maskedScatter", [randn(4), masks(3, 1), randn(12)], grad=True)


def record():
    family = Family("placing")
    for part in (views, indexed, masked):
        part(family)
    return [family]
