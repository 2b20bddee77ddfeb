"""Products that are added to a tensor, distances, diagonals, and what else is made of products."""

from encoding import torch
from recorder import Family
from tensors import HALVES, INF, INTEGERS, NAN, boolean, f32, f64, i64, integers, masks, of_dtype, randn, uniform, values, zeros, f16

# Shapes of the tensor, where it broadcasts and where it does not, and of the two factors.
SHAPES = {
    "addmm": ((3, 4), (4,), (3, 2), (2, 4)),
    "addmv": ((3,), (1,), (3, 4), (4,)),
    "addr": ((3, 4), (3, 1), (3,), (4,)),
    "addbmm": ((3, 4), (1, 4), (2, 3, 5), (2, 5, 4)),
    "baddbmm": ((2, 3, 4), (3, 1), (2, 3, 5), (2, 5, 4)),
}


def added(family):
    for name, (whole, part, a, b) in SHAPES.items():
        for label, call in (("", name), (" in place", f"{name}_")):
            inputs = [randn(*whole, dtype=f64), randn(*a, dtype=f64), randn(*b, dtype=f64)]
            family.case(f"{name}{label}", call, inputs, [], grad=True)
            family.case(f"{name}{label} factors", call, inputs, [{"alpha": 2.5, "beta": -0.5}], grad=True)
            family.case(f"{name}{label} float32", call, [randn(*whole), randn(*a), randn(*b)], [{"alpha": 3}])
            family.case(
                f"{name}{label} integers", call, [integers(-5, 6, *whole), integers(-5, 6, *a), integers(-5, 6, *b)], [{"beta": 2, "alpha": -3}]
            )
            if name != "addr":  # which refuses it
                family.case(
                    f"{name}{label} fractions of integers", call, [integers(-4, 4, *whole), integers(-4, 4, *a), integers(-4, 4, *b)], [{"alpha": 1.5, "beta": -2.5}]
                )
            family.error(f"{name}{label} wrong shapes", call, [randn(*whole), randn(*b), randn(*b)] if name != "addr" else [randn(5, 5), randn(*a), randn(*b)])
        family.case(f"{name} broadcast", name, [randn(*part), randn(*a), randn(*b)], [], grad=True)
        family.case(f"{name} of a scalar", name, [randn(), randn(*a), randn(*b)], [{"beta": 0.5}], grad=True)
        family.case(f"{name} without the tensor", name, [values(NAN).expanded(*whole), randn(*a), randn(*b)], [{"beta": 0}])
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [randn(*whole, dtype=half), randn(*a, dtype=half), randn(*b, dtype=half)], [])
        family.case(f"{name} int64", name, [of_dtype(i64, *whole), of_dtype(i64, *a), of_dtype(i64, *b)], [])
        family.error(f"{name} does not broadcast", name, [randn(7, *whole), randn(*a), randn(*b)])
        if name == "addmm":
            family.error(f"{name} dtypes differ", name, [randn(*whole), randn(*a, dtype=f64), randn(*b, dtype=f64)])
    family.case("addmm transposed", "addmm", [randn(4, 3).transposed(), randn(2, 3).transposed(), randn(4, 2).transposed()], [], grad=True)
    family.case("addmm of nothing", "addmm", [randn(3, 4), randn(3, 0), randn(0, 4)], [], grad=True)
    family.case("addmm without rows", "addmm", [randn(0, 4), randn(0, 2), randn(2, 4)], [], grad=True)
    family.case("addbmm of nothing", "addbmm", [randn(3, 4), randn(0, 3, 2), randn(0, 2, 4)], [])
    family.case("addr bool", "addr", [masks(2, 3), masks(2), masks(3)], [])
    family.case("addr promotes", "addr", [integers(0, 4, 2, 3), randn(2, dtype=f32), randn(3, dtype=f32)], [])


def elementwise(family):
    for name in ("addcmul", "addcdiv"):
        divisor = uniform(0.5, 2.0, 2, 3, dtype=f64)
        for label, call in (("", name), (" in place", f"{name}_")):
            inputs = [randn(2, 3, dtype=f64), randn(2, 3, dtype=f64), divisor]
            family.case(f"{name}{label}", call, inputs, [], grad=True)
            family.case(f"{name}{label} value", call, inputs, [{"value": -1.5}], grad=True)
            family.case(f"{name}{label} broadcast", call, [randn(2, 3, dtype=f64), randn(3, dtype=f64), uniform(0.5, 2, 2, 1, dtype=f64)], [{"value": 2}], grad=True)
        family.case(f"{name} grows", name, [randn(3), randn(2, 1), uniform(0.5, 2, 2, 1)], [], grad=True)
        family.case(f"{name} transposed", name, [randn(3, 2).transposed(), randn(2, 3), uniform(0.5, 2, 2, 3)], [], grad=True)
        family.case(f"{name} of scalars", name, [randn(), randn(), uniform(1, 2)], [], grad=True)
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [randn(3, dtype=half), randn(3, dtype=half), uniform(1, 2, 3, dtype=half)], [{"value": 0.3}])
        family.case(f"{name} NaN and infinities", name, [values([1.0, INF, NAN, 0.0]), values([INF, 1.0, 1.0, 0.0]), values([0.0, -INF, 1.0, 0.0])], [])
        family.case(f"{name} of nothing", name, [zeros(0), zeros(0), zeros(0)], [])
        family.error(f"{name} does not broadcast", name, [randn(3), randn(2), randn(3)])
    for dtype in INTEGERS:
        family.case(f"addcmul {str(dtype)[6:]}", "addcmul", [of_dtype(dtype, 4), of_dtype(dtype, 4), of_dtype(dtype, 4)], [{"value": 2}])
    family.error("addcdiv of integers", "addcdiv", [integers(1, 4, 3), integers(1, 4, 3), integers(1, 4, 3)])


def distances(family):
    for p in (0, 0.5, 1, 1.5, 2, 3, INF):
        family.case(f"dist {p}", "dist", [randn(2, 3, dtype=f64), randn(2, 3, dtype=f64)], [float(p)], grad=p != 0)
        family.case(f"cdist {p}", "cdist", [randn(3, 4, dtype=f64), randn(5, 4, dtype=f64)], [float(p)], grad=True)
        family.case(f"cdist {p} float32", "cdist", [randn(3, 4), randn(5, 4)], [float(p)])
        family.case(f"cdist {p} of equal points", "cdist", [values([[1.0, 2.0]], f64), values([[1.0, 2.0], [1.0, 3.0]], f64)], [float(p)], grad=p >= 1 and p != INF)
    family.case("dist default broadcast", "dist", [randn(2, 3), randn(3)], [], grad=True)
    family.case("dist of equal points", "dist", [values([1.0, 2.0]), values([1.0, 2.0])], [], grad=True)
    family.case("dist transposed", "dist", [randn(3, 2).transposed(), randn(2, 3)], [], grad=True)
    family.case("dist of nothing", "dist", [randn(0), randn(0)], [])
    for half in HALVES:
        family.case(f"dist {str(half)[6:]}", "dist", [randn(3, dtype=half), randn(3, dtype=half)], [])
    family.error("dist does not broadcast", "dist", [randn(3), randn(2)])
    family.case("cdist batches", "cdist", [randn(2, 1, 3, 4, dtype=f64), randn(3, 2, 4, dtype=f64)], [], grad=True)
    family.case("cdist transposed", "cdist", [randn(4, 3).transposed(), randn(4, 2).transposed()], [], grad=True)
    family.case("cdist of no points", "cdist", [randn(0, 4), randn(2, 4)], [])
    family.case("cdist without coordinates", "cdist", [randn(3, 0), randn(2, 0)], [INF])
    family.error("cdist wrong sizes", "cdist", [randn(3, 4), randn(3, 5)])
    family.error("cdist vectors", "cdist", [randn(4), randn(3, 4)])
    family.error("cdist negative p", "cdist", [randn(3, 4), randn(3, 4)], [-1.0])
    for dim in (0, 1, -1):
        family.case(f"cross dim {dim}", "cross", [randn(3, 3, 3, dtype=f64), randn(3, 3, 3, dtype=f64)], [dim], grad=True)
    family.case("cross default", "cross", [randn(2, 3, 3), randn(2, 3, 3)], [], grad=True)
    family.case("cross vectors", "cross", [randn(3), randn(3)], [], grad=True)
    family.case("cross broadcast", "cross", [randn(1, 3), randn(4, 3)], [1], grad=True)
    family.case("cross transposed", "cross", [randn(3, 4).transposed(), randn(4, 3)], [1], grad=True)
    family.case("cross of nothing", "cross", [randn(0, 3), randn(0, 3)], [1])
    for dtype in INTEGERS:
        family.case(f"cross {str(dtype)[6:]}", "cross", [of_dtype(dtype, 2, 3), of_dtype(dtype, 2, 3)], [1])
    for half in HALVES:
        family.case(f"cross {str(half)[6:]}", "cross", [randn(2, 3, dtype=half), randn(2, 3, dtype=half)], [1])
    family.error("cross without a dim of 3", "cross", [randn(2, 4), randn(2, 4)])
    family.error("cross dim of another size", "cross", [randn(2, 3), randn(2, 3)], [0])


def lengths(family):
    for p in (0, 0.5, 1, 1.5, 2, 3, INF):
        family.case(f"pdist {p}", "pdist", [randn(4, 3, dtype=f64)], [float(p)], grad=True, fn=lambda i, a: torch.pdist(i[0], a[0]))
        if p > 0:
            for call in ("renorm", "renorm_"):
                for dim in (0, -1):
                    family.case(f"{call} {p} dim {dim}", call, [randn(4, 3, 2, dtype=f64)], [float(p), dim, 1.5], grad=True)
    family.case("pdist default", "pdist", [randn(3, 4).transposed()], [], grad=True)
    family.case("pdist of equal points", "pdist", [values([[1.0, 2.0], [1.0, 2.0], [3.0, 1.0]])], [], grad=True)
    for shape in ((0, 3), (1, 3), (3, 0)):
        family.case(f"pdist {shape}", "pdist", [randn(*shape)], [])
    family.error("pdist of a vector", "pdist", [randn(3)], [])
    family.error("pdist negative p", "pdist", [randn(3, 2)], [-1.0])
    for mode, label in (("use_mm_for_euclid_dist", "products"), ("donot_use_mm_for_euclid_dist", "differences")):
        family.case(
            f"cdist {label}",
            "cdist",
            [randn(3, 4, dtype=f64), randn(5, 4, dtype=f64)],
            [2.0, {"computeMode": label}],
            grad=True,
            fn=lambda inputs, args, mode=mode: torch.cdist(*inputs, compute_mode=mode),
        )
    family.case("cdist of many rows", "cdist", [randn(2, 30, 3, dtype=f64), randn(4, 3, dtype=f64)], [], grad=True)
    family.case("renorm transposed", "renorm", [randn(4, 3).transposed()], [2, 0, 1.0], grad=True)
    family.case("renorm within", "renorm", [randn(4, 3)], [2, 0, 100.0], grad=True)
    family.case("renorm to nothing", "renorm", [randn(4, 3)], [2, 0, 0.0], grad=True)
    family.case("renorm float16", "renorm", [randn(4, 3, dtype=f16)], [2, 1, 1.0])
    family.case("renorm of no rows", "renorm", [randn(0, 3)], [2, 0, 1.0])
    family.error("renorm of a vector", "renorm", [randn(3)], [2, 0, 1.0])
    family.error("renorm p 0", "renorm", [randn(3, 2)], [0, 0, 1.0])
    family.error("renorm of integers", "renorm", [integers(0, 4, 3, 2)], [2, 0, 1.0])


def diagonals(family):
    for k in (0, 1, -1, 2, -4):
        family.case(f"diag of a vector {k}", "diag", [randn(3, dtype=f64)], [k], grad=True)
        family.case(f"diag of a matrix {k}", "diag", [randn(4, 3, dtype=f64)], [k] if k != -4 else [-3], grad=True)
        family.case(f"diagEmbed {k}", "diagEmbed", [randn(2, 3, dtype=f64)], [{"offset": k}], grad=True)
    family.case("diag default", "diag", [randn(3, 3).transposed()], [], grad=True)
    family.case("diag of an empty vector", "diag", [randn(0)], [], grad=True)
    family.error("diag of a scalar", "diag", [randn()])
    family.error("diag of three dimensions", "diag", [randn(2, 2, 2)])
    family.case("diagEmbed default", "diagEmbed", [randn(3)], [], grad=True)
    family.case("diagEmbed stepped", "diagEmbed", [randn(2, 6).stepped(2)], [], grad=True)
    for dim1, dim2 in ((0, 2), (2, 0), (-3, 1), (1, 2)):
        for offset in (0, 1, -2):
            family.case(
                f"diagEmbed dims {dim1} {dim2} offset {offset}",
                "diagEmbed",
                [randn(2, 3, dtype=f64)],
                [{"offset": offset, "dim1": dim1, "dim2": dim2}],
                grad=True,
            )
    family.error("diagEmbed of one dim twice", "diagEmbed", [randn(3)], [{"dim1": 0, "dim2": 0}])
    for dtype in (f32, *HALVES, *INTEGERS, boolean):
        label = str(dtype)[6:]
        family.case(f"diag {label}", "diag", [of_dtype(dtype, 3)], [])
        family.case(f"diagEmbed {label}", "diagEmbed", [of_dtype(dtype, 3)], [])
        if dtype != boolean:
            family.case(f"trace {label}", "trace", [of_dtype(dtype, 3, 4)], [])
    family.case("trace", "trace", [randn(3, 4, dtype=f64)], [], grad=True)
    family.case("trace transposed", "trace", [randn(4, 3).transposed()], [], grad=True)
    family.case("trace of nothing", "trace", [randn(0, 3)], [])
    family.error("trace of a vector", "trace", [randn(3)])


def swapped(family):
    """Numbers on the left."""
    for name, fn in (
        ("rsub", lambda inputs, args: args[0] - inputs[0]),
        ("rdiv", lambda inputs, args: args[0] / inputs[0]),
        ("rpow", lambda inputs, args: torch.pow(args[0], inputs[0])),
    ):
        for number in (2, 2.5, 0):
            family.case(f"{name} {number}", name, [uniform(0.5, 2, 2, 3, dtype=f64)], [number], grad=True, fn=fn)
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [uniform(0.5, 2, 4, dtype=half)], [2.5], fn=fn)
        family.case(f"{name} of integers", name, [integers(1, 4, 5)], [3], fn=fn)
        family.case(f"{name} transposed", name, [uniform(0.5, 2, 3, 2).transposed()], [3], grad=True, fn=fn)
    family.case("rsub alpha", "rsub", [randn(3, dtype=f64)], [2.5, {"alpha": 3}], grad=True)
    family.case("rsub of tensors", "rsub", [randn(3), randn(2, 1)], [{"alpha": 0.5}], grad=True)
    for eps in (None, 0.1):
        args = [] if eps is None else [eps]
        for name in ("logit", "logit_"):
            family.case(f"{name} {eps}", name, [uniform(0.02, 0.98, 2, 5, dtype=f64)], args, grad=True)
            family.case(f"{name} {eps} ends", name, [values([0.0, 1.0, 0.5, -0.0, 1.5, -1.0, NAN])], args)
        for half in HALVES:
            family.case(f"logit {eps} {str(half)[6:]}", "logit", [uniform(0.02, 0.98, 5, dtype=half)], args)
        family.case(f"logit {eps} transposed", "logit", [uniform(0.02, 0.98, 3, 2).transposed()], args, grad=True)
    family.case("logit of integers", "logit", [integers(0, 2, 4)], [])
    family.case("logit clamps gradients", "logit", [values([0.05, 0.95, 0.5, 0.2], f64)], [0.2], grad=True)


def contractions(family):
    for dims in (0, 1, 2, [[0], [1]], [[1, 0], [0, 1]], [[-1], [0]]):
        inputs = [randn(3, 3, dtype=f64), randn(3, 3, dtype=f64)]
        family.case(f"tensordot {dims}", "tensordot", inputs, [dims], grad=True, fn=lambda i, a: torch.tensordot(i[0], i[1], a[0]))
    run = lambda i, a: torch.tensordot(i[0], i[1], *a)  # noqa: E731
    family.case("tensordot default", "tensordot", [randn(2, 3, 4), randn(3, 4, 5)], [], grad=True, fn=run)
    family.case("tensordot transposed", "tensordot", [randn(4, 3).transposed(), randn(5, 4).transposed()], [1], grad=True, fn=run)
    family.case("tensordot of ones that broadcast", "tensordot", [randn(2, 1), randn(3, 4)], [[[1], [0]]], grad=True, fn=run)
    family.case("tensordot of integers", "tensordot", [integers(-4, 5, 2, 3), integers(-4, 5, 3, 2)], [1], fn=run)
    family.case("tensordot of nothing", "tensordot", [randn(2, 0), randn(0, 3)], [1], fn=run)
    for half in HALVES:
        family.case(f"tensordot {str(half)[6:]}", "tensordot", [randn(2, 3, dtype=half), randn(3, 2, dtype=half)], [1], fn=run)
    family.error("tensordot sizes differ", "tensordot", [randn(2, 3), randn(4, 3)], [1], fn=run)
    family.error("tensordot numbers of dims differ", "tensordot", [randn(2, 3), randn(2, 3)], [[[0, 1], [0]]], fn=run)
    family.case("inner", "inner", [randn(2, 3, 4, dtype=f64), randn(5, 4, dtype=f64)], [], grad=True)
    family.case("inner vectors", "inner", [randn(4), randn(4)], [], grad=True)
    family.case("inner with a vector", "inner", [randn(3, 4).transposed().transposed(), randn(4)], [], grad=True)
    family.case("inner with a scalar", "inner", [randn(3, 4), randn()], [], grad=True)
    family.case("inner transposed", "inner", [randn(4, 3).transposed(), randn(4, 2).transposed()], [], grad=True)
    family.case("inner of integers", "inner", [integers(-4, 5, 2, 3), integers(-4, 5, 3)], [])
    family.case("inner of nothing", "inner", [randn(2, 0), randn(3, 0)], [])
    family.error("inner sizes differ", "inner", [randn(3), randn(4)])
    family.case("kron", "kron", [randn(2, 3, dtype=f64), randn(3, 2, dtype=f64)], [], grad=True)
    family.case("kron vectors", "kron", [randn(2), randn(3)], [], grad=True)
    family.case("kron dims differ", "kron", [randn(2), randn(2, 1, 3)], [], grad=True)
    family.case("kron scalar", "kron", [randn(), randn(2, 3)], [], grad=True)
    family.case("kron transposed", "kron", [randn(3, 2).transposed(), randn(2, 3).transposed()], [], grad=True)
    family.case("kron promotes", "kron", [integers(0, 5, 2), randn(3)], [])
    family.case("kron of nothing", "kron", [randn(0), randn(3)], [])
    family.case("kron bool", "kron", [masks(2), masks(3)], [])
    for n in (0, 1, 2, 5):
        family.case(f"diff {n}", "diff", [randn(3, 4, dtype=f64)], [n], grad=n < 4)
        family.case(f"diff {n} dim 0", "diff", [randn(4, 3).transposed()], [n, 0], grad=n < 3)
    options = {"prepend": randn(3, 1), "append": randn(3, 2)}
    family.case("diff default", "diff", [randn(5)], [], grad=True)
    family.case("diff with ends", "diff", [randn(3, 4)], [1, -1, options], grad=True)
    family.case("diff with one end", "diff", [randn(3, 4)], [2, 1, {"append": randn(3, 2)}], grad=True)
    for dtype in (*HALVES, *INTEGERS, boolean):
        family.case(f"diff {str(dtype)[6:]}", "diff", [of_dtype(dtype, 6)], [])
    family.error("diff of a scalar", "diff", [randn()])


def pairs(family):
    """Functions of two elements."""
    special = [[1.0, NAN, INF, -INF, 0.0, -0.0, 2.0, -3.0, NAN]]
    others = special[0] + [0.5]
    for name in ("fmax", "fmin", "xlogy", "hypot", "copysign"):
        family.case(name, name, [randn(2, 3, dtype=f64), uniform(0.5, 2, 2, 3, dtype=f64)], [], grad=True)
        family.case(f"{name} broadcast", name, [randn(2, 1), uniform(0.5, 2, 3)], [], grad=True)
        family.case(f"{name} transposed", name, [randn(3, 2).transposed(), uniform(0.5, 2, 2, 3)], [], grad=True)
        family.case(f"{name} of scalars", name, [randn(), uniform(0.5, 2)], [], grad=True)
        family.case(f"{name} specials", name, [values([[v] for v in others], f64), values([others], f64)], [])
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [randn(4, dtype=half), uniform(0.5, 2, 4, dtype=half)], [])
        family.case(f"{name} of nothing", name, [randn(0, 3), randn(3)], [])
        family.case(f"{name} dtypes", name, [randn(3), randn(3, dtype=f64)], [])
        family.error(f"{name} does not broadcast", name, [randn(2), randn(3)])
        if name in ("xlogy", "hypot", "copysign"):
            family.case(f"{name}_", f"{name}_", [randn(2, 3, dtype=f64), uniform(0.5, 2, 3, dtype=f64)], [], grad=True)
        if name != "hypot":
            for dtype in (*INTEGERS, boolean):
                family.case(f"{name} {str(dtype)[6:]}", name, [of_dtype(dtype, 6), of_dtype(dtype, 6)], [])
    for name in ("fmax", "fmin"):
        ties = [values([1.0, 2.0, NAN, 1.0, NAN], f64), values([1.0, 3.0, 1.0, NAN, NAN], f64)]
        family.case(f"{name} ties and NaN", name, ties, [], grad=True)
    family.case("xlogy at zero", "xlogy", [values([0.0, 0.0, 0.0, 1.0], f64), values([0.0, -1.0, 2.0, 3.0], f64)], [], grad=[0])
    family.case("xlogy number", "xlogy", [randn(3, dtype=f64)], [2.5], grad=True)
    family.case("copysign at zero", "copysign", [values([0.0, 1.0, -2.0], f64), values([-1.0, -0.0, 0.0], f64)], [], grad=True)
    family.case("copysign number", "copysign", [randn(3, dtype=f64)], [-2.5], grad=True)
    family.case("hypot far out", "hypot", [values([1e30, 1e-30]), values([1e30, 1e-30])], [], grad=True)
    family.error("hypot of integers", "hypot", [integers(0, 4, 3), integers(0, 4, 3)])


def record():
    family = Family("composed_products")
    for part in (added, elementwise, distances, lengths, diagonals, swapped, contractions, pairs):
        part(family)
    return [family]
