"""Functions of one tensor: values, gradients, layouts, dtypes, in place."""

from recorder import Family
from tensors import (
    f16,
    DTYPES,
    HALVES,
    INF,
    INTEGERS,
    NAN,
    boolean,
    f32,
    f64,
    i32,
    i64,
    of_dtype,
    randn,
    special_values,
    u8,
    uniform,
    values,
)

# Each with an interval on which it is smooth enough to compare.
FLOAT_FUNCTIONS = {
    "neg": (-3, 3),
    "abs": (-3, 3),
    "sign": (-3, 3),
    "floor": (-3, 3),
    "ceil": (-3, 3),
    "round": (-3, 3),
    "trunc": (-3, 3),
    "frac": (-3, 3),
    "reciprocal": (0.3, 3),
    "square": (-3, 3),
    "sqrt": (0.1, 4),
    "rsqrt": (0.1, 4),
    "exp": (-3, 3),
    "exp2": (-3, 3),
    "expm1": (-2, 2),
    "log": (0.1, 4),
    "log2": (0.1, 4),
    "log10": (0.1, 4),
    "log1p": (-0.8, 3),
    "sin": (-4, 4),
    "cos": (-4, 4),
    "tan": (-1.3, 1.3),
    "asin": (-0.9, 0.9),
    "acos": (-0.9, 0.9),
    "atan": (-4, 4),
    "sinh": (-3, 3),
    "cosh": (-3, 3),
    "tanh": (-3, 3),
    "asinh": (-3, 3),
    "acosh": (1.2, 4),
    "atanh": (-0.9, 0.9),
    "erf": (-2, 2),
    "erfc": (-2, 2),
    "erfinv": (-0.9, 0.9),
    "sigmoid": (-4, 4),
    "lgamma": (-3.7, 9.0),
    "digamma": (-3.7, 9.0),
    "sinc": (-2.5, 2.5),
    "relu": (-3, 3),
    "i0": (-4, 4),
    "i1": (-4, 4),
    "deg2rad": (-400, 400),
    "rad2deg": (-7, 7),
}
# PyTorch gives these whole numbers back as they came; the others make floats of them.
KEEP_INTEGERS = ("neg", "abs", "sign", "floor", "ceil", "round", "trunc", "square", "relu")
# Those of `torch.special`, which have no form in place.
OUT_OF_PLACE = ("i1",)
TESTS = ("isnan", "isinf", "isfinite", "logicalNot", "isposinf", "isneginf", "signbit")


def specials_of(name, dtype):
    # PyTorch's Bessel functions are infinite where the exponential is, in float32, and NaN at infinity.
    if name in ("i0", "i1"):
        return [x for x in special_values(dtype) if not 80 < abs(x)]
    # PyTorch's sinc makes NaN of finite numbers, where π·x overflows.
    return [x for x in special_values(dtype) if name != "sinc" or not 1e38 < abs(x) < INF]


def functions(family):
    for name, (low, high) in FLOAT_FUNCTIONS.items():
        for dtype, label in ((f32, "float32"), (f64, "float64")):
            family.case(f"{name} special {label}", name, [values(specials_of(name, dtype), dtype)])
        family.case(f"{name} matrix", name, [uniform(low, high, 3, 4)], grad=True)
        # The gradient of PyTorch's digamma has nine digits.
        tol = (1e-9, 1e-9) if name == "digamma" else None
        doubles = uniform(low, high, 4, 3, dtype=f64).transposed()
        family.case(f"{name} transposed float64", name, [doubles], grad=True, tol=tol)
        family.case(f"{name} stepped", name, [uniform(low, high, 2, 7).stepped(2, 1)], grad=True)
        family.case(f"{name} expanded", name, [uniform(low, high, 3, 1).expanded(2, 3, 2)], grad=True)
        family.case(f"{name} scalar float64", name, [uniform(low, high, dtype=f64)], grad=True, tol=tol)
        family.case(f"{name} empty", name, [uniform(low, high, 2, 0, 3)], grad=True)
        if name not in OUT_OF_PLACE:
            # PyTorch 1.13 cannot differentiate a few of these in place; the gradient is that of the function.
            family.case(
                f"{name}_ in place",
                f"{name}_",
                [uniform(low, high, 2, 3)],
                grad=True,
                fn=lambda inputs, _: inputs[0].copy_(getattr(inputs[0].clone(), name)()),
            )
            family.case(f"{name}_ on a view", f"{name}_", [uniform(low, high, 3, 5).stepped(2, 1).transposed()])
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [values(specials_of(name, half), half)])
        for dtype in (*INTEGERS, boolean):
            if dtype == boolean and name in ("neg", "relu"):
                family.error(f"{name} of bool", name, [of_dtype(dtype, 5)])
            else:
                family.case(f"{name} {str(dtype)[6:]}", name, [of_dtype(dtype, 5)], skip_unsupported=True)
        if name not in (*KEEP_INTEGERS, *OUT_OF_PLACE, "frac"):
            family.error(f"{name}_ of int32", f"{name}_", [values([1, 2], i32)])


def others(family):
    for name in TESTS:
        for dtype in DTYPES:
            data = values(special_values(dtype), dtype) if dtype.is_floating_point else of_dtype(dtype, 5)
            family.case(f"{name} {str(dtype)[6:]}", name, [data])
        family.case(f"{name} stepped", name, [values([[NAN, 1.0, 0.0], [INF, 2.0, -INF]]).stepped(2)])
        family.case(f"{name} empty", name, [randn(0, 2)])
    for dtype in (*INTEGERS, boolean):
        family.case(f"bitwiseNot {str(dtype)[6:]}", "bitwiseNot", [of_dtype(dtype, 6)])
    family.error("bitwiseNot of float32", "bitwiseNot", [values([1.0])])
    family.case("neg of the least int8", "neg", [values([-128, 127, 0], i32).map(lambda t: t.char())])
    family.case("abs of the least int8", "abs", [values([-128, 127, 0], i32).map(lambda t: t.char())])
    family.case("neg of uint8 wraps", "neg", [values([1, 0, 255], u8)])
    family.case("neg of large int64", "neg", [values([2**53 + 1, -(2**62), 5], i64)])
    for decimals in (0, 1, 2, -1):
        for dtype in (f32, f64):
            family.case(
                f"round decimals {decimals} {str(dtype)[6:]}",
                "round",
                [values([0.125, 2.68, -1.17, 14.5, 25.0, -155.0, 0.5], dtype)],
                [{"decimals": decimals}],
            )


def gamma_functions(family):
    for n in (0, 1, 2, 3, 5):
        family.case(f"polygamma {n}", "polygamma", [uniform(0.3, 9, 3, 4, dtype=f64)], [n], grad=True, tol=(1e-7, 1e-7))
        family.case(f"polygamma {n} float32", "polygamma", [uniform(0.3, 9, 4, 3).transposed()], [n])
        family.case(f"polygamma_ {n}", "polygamma_", [uniform(0.3, 9, 6).stepped()], [n])
        family.case(f"polygamma {n} float16", "polygamma", [uniform(0.6, 9, 6, dtype=f16)], [n])
        family.case(f"polygamma {n} int32", "polygamma", [values([1, 2, 5, 9], i32)], [n])
        family.case(f"polygamma {n} below 0", "polygamma", [values([-0.4, -1.3, -3.6], f64)], [n], tol=(1e-7, 1e-7))
    family.case("polygamma of nothing", "polygamma", [randn(0)], [2])
    family.error("polygamma -1", "polygamma", [randn(3)], [-1])
    for p in (1, 2, 5):
        family.case(f"mvlgamma {p}", "mvlgamma", [uniform(2.1, 9, 3, 4, dtype=f64)], [p], grad=True, tol=(1e-9, 1e-9))
        family.case(f"mvlgamma {p} float32", "mvlgamma", [uniform(2.1, 9, 4, 3).transposed()], [p], grad=True)
        family.case(f"mvlgamma_ {p}", "mvlgamma_", [uniform(2.1, 9, 6).stepped()], [p])
        family.case(f"mvlgamma {p} int32", "mvlgamma", [values([4, 5, 9], i32)], [p])
    family.case("mvlgamma of a scalar", "mvlgamma", [uniform(2.1, 9)], [3], grad=True)
    family.error("mvlgamma 0", "mvlgamma", [randn(3)], [0])


def kinks(family):
    """Gradients where PyTorch had to choose one."""
    at_zero = values([0.0, -0.0, 1.0, -1.0], f64)
    for name in ("abs", "relu", "sign", "sqrt", "rsqrt", "log", "reciprocal", "frac", "floor", "round", "sinc"):
        family.case(f"{name} gradient at zero", name, [at_zero], grad=True)
    for name in ("asin", "acos", "atanh", "acosh"):
        family.case(f"{name} gradient at one", name, [values([1.0, -1.0], f64)], grad=True)
    for name in ("tanh", "sigmoid", "exp", "erf", "relu", "abs", "atan"):
        family.case(f"{name} gradient far out", name, [values([40.0, -40.0, INF, -INF, NAN], f64)], grad=True)


def clamping(family):
    bounds = {
        "both": {"min": -0.5, "max": 0.75},
        "min": {"min": 0.25},
        "max": {"max": 0.25},
        "crossed": {"min": 1.0, "max": -1.0},
        "infinite": {"min": -INF, "max": 1.5},
        "NaN": {"min": NAN},
    }
    for label, options in bounds.items():
        family.case(f"clamp {label}", "clamp", [randn(3, 4)], [options], grad=True)
        family.case(f"clamp {label} special", "clamp", [values(special_values())], [options])
        family.case(f"clamp_ {label}", "clamp_", [randn(4, 3, dtype=f64).transposed()], [options])
    family.case(
        "clamp at its bounds",
        "clamp",
        [values([-0.5, 0.75, 0.0, -1.0, 2.0], f64)],
        [{"min": -0.5, "max": 0.75}],
        grad=True,
    )
    family.case("clamp_ gradient", "clamp_", [randn(3, 4)], [{"min": -0.5, "max": 0.5}], grad=True)
    family.case("clamp empty", "clamp", [randn(0, 4)], [{"min": -0.5}], grad=True)
    family.case("clamp scalar", "clamp", [randn(dtype=f64)], [{"min": 0.0, "max": 0.1}], grad=True)
    for dtype in (*INTEGERS, *HALVES):
        family.case(f"clamp {str(dtype)[6:]}", "clamp", [of_dtype(dtype, 6)], [{"min": 1, "max": 3}])
    family.error("clamp without bounds", "clamp", [randn(3)], [{}])


def record():
    family = Family("elementwise_unary")
    functions(family)
    others(family)
    gamma_functions(family)
    kinks(family)
    clamping(family)
    return [family]
