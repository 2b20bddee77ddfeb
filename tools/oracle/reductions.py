"""Reductions over none, one and several dims, scans and softmax, with gradients."""

from encoding import torch
from recorder import Family
from tensors import (
    f16,
    DTYPES,
    HALVES,
    INF,
    INTEGERS,
    NAN,
    boolean,
    distinct,
    f64,
    i64,
    i8,
    integers,
    masks,
    of_dtype,
    randn,
    u8,
    uniform,
    values,
    zeros,
)

SEVERAL = ("sum", "mean", "amax", "amin", "std", "var", "logsumexp", "norm")
ONE = ("prod", "max", "min", "argmax", "argmin", "any", "all")
NO_GRADIENT = ("argmax", "argmin", "any", "all")
# What is left to reduce of nothing is refused, where the operation has no neutral element.
NO_NEUTRAL = ("amax", "amin", "max", "min", "argmax", "argmin")


def arguments(name, dim=None, options=None):
    """norm's first argument is p; a missing dim is null where options follow."""
    head = [2] if name == "norm" else []
    if dim is None and options is None:
        return []
    return [*head, dim, *([options] if options else [])]


def dims(family):
    for name in (*SEVERAL, *ONE):
        grad = name not in NO_GRADIENT
        make = distinct if name in ("max", "min", "argmax", "argmin", "amax", "amin") else randn
        if name in ("any", "all"):
            make = lambda *shape, dtype=None: masks(*shape)  # noqa: E731
        for dim in (0, 1, -1):
            family.case(f"{name} dim {dim}", name, [make(2, 3, 4)], arguments(name, dim), grad=grad)
            family.case(
                f"{name} dim {dim} keepdim float64",
                name,
                [make(4, 3, 2, dtype=f64).transposed(0, 2)],
                arguments(name, dim, {"keepdim": True}),
                grad=grad,
            )
        family.case(f"{name} stepped", name, [make(3, 8).stepped(2, 1)], arguments(name, 1), grad=grad)
        family.case(f"{name} expanded", name, [make(3, 1).expanded(3, 4)], arguments(name, 0), grad=grad)
        family.case(
            f"{name} of a scalar",
            name,
            [make()],
            arguments(name, 0) if name != "std" else [0, {"correction": 0}],
            grad=grad and name not in ("std", "var"),
        )
        if name != "logsumexp":
            family.case(f"{name} of all", name, [make(3, 4)], [], grad=grad)
            family.case(
                f"{name} of all transposed float64", name, [make(4, 2, 3, dtype=f64).transposed(0, 2)], [], grad=grad
            )
        if name not in ("prod", "max", "min", "any", "all", "logsumexp", "argmax", "argmin"):
            family.case(
                f"{name} of all keepdim", name, [make(2, 3)], arguments(name, None, {"keepdim": True}), grad=grad
            )
        empty(family, name, grad)
        family.error(f"{name} dim out of range", name, [randn(2, 3)], arguments(name, 2))
    for name in SEVERAL:
        for label, dim in (("0 2", [0, 2]), ("negative", [-1, 1]), ("every", [0, 1, 2])):
            family.case(f"{name} dims {label}", name, [randn(2, 3, 4)], arguments(name, dim), grad=True)
        family.case(
            f"{name} dims keepdim",
            name,
            [randn(3, 2, 4, dtype=f64).transposed()],
            arguments(name, [2, 0], {"keepdim": True}),
            grad=True,
        )
        family.error(f"{name} repeated dim", name, [randn(2, 3)], arguments(name, [0, -2]))


def empty(family, name, grad):
    """A size-zero dim among those kept, and among those reduced."""
    make = masks if name in ("any", "all") else randn
    family.case(f"{name} keeping a dim of size zero", name, [make(3, 0)], arguments(name, 0), grad=grad)
    if name in NO_NEUTRAL:
        family.error(f"{name} over a dim of size zero", name, [make(0, 3)], arguments(name, 0))
        family.error(f"{name} of nothing", name, [make(0)])
    else:
        family.case(f"{name} over a dim of size zero", name, [make(0, 3)], arguments(name, 0), grad=grad)
        if name != "logsumexp":
            family.case(f"{name} of nothing", name, [make(0)], [], grad=grad)


def dtypes(family):
    for dtype in DTYPES:
        label = str(dtype)[6:]
        for name in ("sum", "prod"):
            family.case(f"{name} {label}", name, [of_dtype(dtype, 3, 4)], [1])
            family.case(f"{name} of all {label}", name, [of_dtype(dtype, 5)], [])
        for name in ("cumsum", "cumprod"):
            family.case(f"{name} {label}", name, [of_dtype(dtype, 2, 4)], [1])
        for name in ("max", "min", "argmax", "argmin", "amax", "amin"):
            if dtype != boolean:
                make = distinct(2, 5, dtype=dtype) if dtype != u8 else integers(0, 99, 2, 5, dtype=dtype)
                family.case(f"{name} {label}", name, [make], [1])
        family.case(f"countNonzero {label}", "countNonzero", [of_dtype(dtype, 3, 4)], [1])
        # uint8 is left out: PyTorch returns uint8 there, for historical reasons.
        if dtype != u8:
            for name in ("any", "all"):
                family.case(f"{name} {label}", name, [of_dtype(dtype, 3, 2)], [1])
    for dtype in (*INTEGERS, boolean):
        for name in ("mean", "std", "var", "norm"):
            family.error(f"{name} of {str(dtype)[6:]}", name, [of_dtype(dtype, 4)])
    for name in ("mean", "std", "var", "norm"):
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [of_dtype(half, 3, 4)], arguments(name, 1))
    for name in ("sum", "mean", "prod", "cumsum", "cumprod"):
        head = [0] if name.startswith("cum") else [None]
        family.case(f"{name} asking float64 of int32", name, [integers(1, 5, 4)], [*head, {"dtype": f64}])
        family.case(f"{name} asking float64 of float32", name, [randn(4)], [*head, {"dtype": f64}], grad=True)
    family.case("sum asking int64 of int32", "sum", [integers(1, 5, 4)], [None, {"dtype": i64}])
    family.case("sum int64 beyond doubles", "sum", [values([2**53, 1, 2**60], i64)])
    family.case("sum int8 beyond its range", "sum", [values([100, 100, 100], i8)])
    family.case("amax bool", "amax", [masks(3, 2)], [0])
    family.case("countNonzero of all", "countNonzero", [values([0.0, -0.0, NAN, 1.0])])
    family.case("countNonzero dims", "countNonzero", [integers(0, 2, 2, 3, 4)], [[0, 2]])


def specials(family):
    rows = values([[1.0, NAN, 3.0], [INF, 2.0, -INF], [INF, INF, 1.0], [-INF, -INF, -INF], [-0.0, 0.0, -0.0]])
    for name in (*SEVERAL, *ONE, "cumsum", "cumprod", "softmax", "logSoftmax"):
        family.case(f"{name} of NaN and infinities", name, [rows], arguments(name, 1))
        if name not in ("logsumexp", "cumsum", "cumprod", "softmax", "logSoftmax"):
            family.case(f"{name} of all with a NaN", name, [values([1.0, NAN, INF, 2.0])])
    ties = values([[2.0, 1.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0]], f64)
    for name in ("max", "min", "amax", "amin", "argmax", "argmin"):
        grad = not name.startswith("arg")
        family.case(f"{name} ties", name, [ties], [1], grad=grad)
        family.case(f"{name} ties of all", name, [ties], [], grad=grad)
    for label, data in (
        ("one zero", [[2.0, 0.0, 3.0], [1.0, 4.0, 5.0]]),
        ("two zeros", [[0.0, 0.0, 3.0], [0.0, 4.0, 5.0]]),
    ):
        for name, args in (("prod", []), ("prod", [1]), ("cumprod", [1])):
            family.case(f"{name} {len(args)} with {label}", name, [values(data, f64)], args, grad=True)
    family.case("logsumexp far out", "logsumexp", [values([[1000.0, 1000.0], [-1000.0, -999.0]])], [1], grad=True)
    family.case("sum of large and small", "sum", [values([1e8, 1.0, -1e8, 1.0], f64)])


def spreads(family):
    for name in ("std", "var"):
        for correction in (0, 1, 2):
            family.case(
                f"{name} correction {correction}", name, [randn(3, 5)], [1, {"correction": correction}], grad=True
            )
            family.case(
                f"{name} of all correction {correction}",
                name,
                [randn(3, 4, dtype=f64)],
                [None, {"correction": correction}],
                grad=True,
            )
        family.case(f"{name} of one element", name, [randn(3, 1)], [1])
        family.case(f"{name} of equal elements", name, [values([[2.0, 2.0, 2.0]], f64)], [1])
        family.case(f"{name} of numbers far from zero", name, [uniform(1e4, 1e4 + 1, 2, 9, dtype=f64)], [1], grad=True)


def norms(family):
    for p in (1, 2, 3, 0.5, 0, INF, -INF):
        for label, dim in (("all", None), ("dim", 1), ("dims", [0, 2])):
            args = [p] if dim is None else [p, dim]
            family.case(f"norm {p} {label}", "norm", [randn(2, 3, 2, dtype=f64)], args, grad=True)
        family.case(
            f"norm {p} float32 keepdim", "norm", [randn(3, 4).transposed()], [p, 0, {"keepdim": True}], grad=True
        )
    for p in (1, 2, 3, INF):
        family.case(f"norm {p} of zeros", "norm", [zeros(2, 3, dtype=f64)], [p, 1], grad=True)
    family.case("norm inf of ties", "norm", [values([[3.0, -3.0, 1.0]], f64)], [INF, 1], grad=True)


def scans(family):
    for name in ("cumsum", "cumprod", "softmax", "logSoftmax"):
        for dim in (0, 1, -1):
            family.case(f"{name} dim {dim}", name, [randn(2, 3, 4)], [dim], grad=True)
        family.case(f"{name} transposed float64", name, [randn(4, 3, dtype=f64).transposed()], [0], grad=True)
        family.case(f"{name} stepped", name, [randn(3, 9).stepped(2)], [1], grad=True)
        family.case(f"{name} expanded", name, [randn(3, 1).expanded(3, 4)], [1], grad=True)
        family.case(f"{name} of a scalar", name, [randn(dtype=f64)], [0], grad=True)
        family.case(f"{name} of nothing", name, [randn(0, 3)], [0], grad=True)
        family.case(f"{name} of rows of nothing", name, [randn(2, 0)], [1], grad=True)
        family.error(f"{name} dim out of range", name, [randn(2, 3)], [2])
    for name in ("softmax", "logSoftmax"):
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [of_dtype(half, 2, 3)], [1])
        family.case(f"{name} far out", name, [values([[1e4, 1e4, -1e4], [1e30, 0.0, -1e30]])], [1], grad=True)
        family.case(
            f"{name} with a masked entry", name, [values([[-INF, 1.0, 2.0], [0.0, -INF, -INF]], f64)], [1], grad=True
        )


def both_ends(family):
    ends = lambda inputs, args: torch.aminmax(inputs[0], dim=args[0], **args[1] if len(args) > 1 else {})  # noqa: E731
    # PyTorch 1.13 has no derivative of it; it is that of both of its parts.
    parts = lambda inputs, args: (inputs[0].amin(*args[:1], **args[1] if args else {}), inputs[0].amax(*args[:1], **args[1] if args else {}))  # noqa: E731
    for dim in (0, 1, -1):
        for keepdim in (False, True):
            family.case(f"aminmax {dim} {keepdim}", "aminmax", [distinct(3, 4, 2)], [dim, {"keepdim": keepdim}], grad=True, fn=parts)
    family.case("aminmax of all", "aminmax", [distinct(4, 3, dtype=f64).transposed()], [], grad=True, fn=parts)
    family.case("aminmax ties", "aminmax", [values([1.0, 3.0, 1.0, 3.0], f64)], [], grad=True, fn=parts)
    family.case("aminmax NaN", "aminmax", [values([[1.0, NAN, 3.0], [INF, -INF, 0.0]])], [1], fn=ends)
    family.case("aminmax of a scalar", "aminmax", [randn()], [], grad=True, fn=parts)
    family.case("aminmax keeping a dim of size zero", "aminmax", [randn(0, 3)], [1], fn=ends)
    family.error("aminmax of nothing", "aminmax", [randn(0)], [])
    for dtype in DTYPES:
        family.case(f"aminmax {str(dtype)[6:]}", "aminmax", [of_dtype(dtype, 3, 4)], [1], fn=ends)
    for shape in ((3, 4), (1, 4), (3, 1), (4,), (1,), ()):
        family.case(f"sumToSize {shape}", "sumToSize", [randn(2, 3, 4)], list(shape) or [[]], grad=True)
    family.case("sumToSize transposed", "sumToSize", [randn(4, 3, dtype=f64).transposed()], [1, 4], grad=True)
    family.case("sumToSize of nothing", "sumToSize", [randn(0, 3)], [1, 3], grad=True)
    for dtype in DTYPES:
        if dtype in (i64, f16) or dtype.is_floating_point:
            family.case(f"sumToSize {str(dtype)[6:]}", "sumToSize", [of_dtype(dtype, 3, 4)], [4])
    family.error("sumToSize to another size", "sumToSize", [randn(3, 4)], [2])
    family.error("sumToSize to more dims", "sumToSize", [randn(3)], [2, 3])
    for name in ("cumsum", "cumprod"):
        for dtype in DTYPES:
            if dtype != boolean:
                family.case(f"{name}_ {str(dtype)[6:]}", f"{name}_", [of_dtype(dtype, 2, 4)], [1])
        for dim in (0, -1):
            family.case(
                f"{name}_ dim {dim}",
                f"{name}_",
                [uniform(0.3, 2, 3, 4, dtype=f64)],
                [dim],
                grad=True,
                fn=lambda inputs, args, name=name: inputs[0].copy_(getattr(inputs[0].clone(), name)(*args)),
            )
        family.case(f"{name}_ view", f"{name}_", [uniform(0.3, 2, 4, 6).stepped(2, 1).transposed()], [0])
        family.error(f"{name}_ dim out of range", f"{name}_", [randn(2, 3)], [2])


def record():
    family = Family("reductions")
    for part in (dims, dtypes, specials, spreads, norms, scans, both_ends):
        part(family)
    return [family]
