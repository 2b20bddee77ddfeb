"""Functions of two tensors: broadcasting, layouts, dtypes, scalars, special values, in place."""

from encoding import Big, torch
from recorder import Family
from tensors import (
    DTYPES,
    HALVES,
    INF,
    INTEGERS,
    NAN,
    boolean,
    f16,
    f32,
    f64,
    i32,
    i64,
    i8,
    integers,
    masks,
    nonzero_of_dtype,
    of_dtype,
    randn,
    special_values,
    u8,
    uniform,
    values,
)

# Name, options, and the intervals from which both sides are drawn.
ARITHMETIC = (
    ("add", None, (-3, 3), (-3, 3)),
    ("add", {"alpha": 0.5}, (-3, 3), (-3, 3)),
    ("sub", None, (-3, 3), (-3, 3)),
    ("sub", {"alpha": -2}, (-3, 3), (-3, 3)),
    ("mul", None, (-3, 3), (-3, 3)),
    ("div", None, (-3, 3), (0.4, 3)),
    ("div", {"roundingMode": "trunc"}, (-9, 9), (0.4, 3)),
    ("div", {"roundingMode": "floor"}, (-9, 9), (0.4, 3)),
    ("floorDivide", None, (-9, 9), (0.4, 3)),
    ("pow", None, (0.2, 3), (-2, 2)),
    ("remainder", None, (-9, 9), (0.7, 3)),
    ("fmod", None, (-9, 9), (0.7, 3)),
    ("atan2", None, (-3, 3), (0.3, 3)),
    ("maximum", None, (-3, 3), (-3, 3)),
    ("minimum", None, (-3, 3), (-3, 3)),
    ("logaddexp", None, (-3, 3), (-3, 3)),
)
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
LOGIC = ("logicalAnd", "logicalOr", "logicalXor")
BITS = ("bitwiseAnd", "bitwiseOr", "bitwiseXor")
SHIFTS = ("bitwiseLeftShift", "bitwiseRightShift")
# `floorDivide` has no gradient in PyTorch, and neither has a rounded `div` a useful one.
NO_GRADIENT = ("floorDivide", *COMPARISONS, *LOGIC)
SHAPES = (
    ("same", (2, 3), (2, 3)),
    ("row", (3, 4), (4,)),
    ("both", (3, 1), (1, 4)),
    ("ranks", (2, 1, 3), (2, 1)),
    ("scalar right", (2, 3), ()),
    ("scalar left", (), (2, 3)),
    ("scalars", (), ()),
    ("empty", (0, 3), (1, 3)),
    ("empty by broadcast", (2, 1), (2, 0)),
)


def arithmetic(family):
    for name, options, left, right in ARITHMETIC:
        args = [options] if options else []
        label = name + "".join(f" {value}" for value in (options or {}).values())
        grad = name not in NO_GRADIENT
        for shape_label, first, second in SHAPES:
            dtype = f64 if shape_label in ("both", "ranks", "scalar left") else f32
            inputs = [uniform(*left, *first, dtype=dtype), uniform(*right, *second, dtype=dtype)]
            family.case(f"{label} {shape_label}", name, inputs, args, grad=grad)
        family.case(
            f"{label} layouts",
            name,
            [uniform(*left, 4, 3).transposed(), uniform(*right, 3, 9).stepped(2, 1)],
            args,
            grad=grad,
        )
        family.case(
            f"{label} expanded",
            name,
            [uniform(*left, 2, 1, 3).expanded(2, 2, 3), uniform(*right, 2, 1).expanded(2, 3)],
            args,
            grad=grad,
        )
        for dtype in (f32, f64, *HALVES):
            special(family, label, name, args, dtype)
        if name != "logaddexp":
            for dtype in INTEGERS if name != "atan2" else (i32, u8):
                divides = name in ("div", "floorDivide", "remainder", "fmod")
                whole = [Big(2) if value == 0.5 else value for value in (options or {}).values()]
                second = nonzero_of_dtype(dtype, 3, 1) if divides else of_dtype(dtype, 3, 1)
                if name == "pow":
                    second = integers(0, 3, 3, 1, dtype=dtype)
                family.case(
                    f"{label} {str(dtype)[6:]}",
                    name,
                    [of_dtype(dtype, 4), second],
                    [dict(zip(options, whole))] if options else [],
                )
    family.case("add int8 wraps", "add", [values([100, -100, 127], i8), values([100, -100, 1], i8)])
    family.case("mul uint8 wraps", "mul", [values([16, 255, 3], u8), values([16, 255, 100], u8)])
    family.case("mul int32 wraps", "mul", [values([65537, 2**31 - 1, -(2**31)], i32), values([65537, 3, -1], i32)])
    family.case("add int64 beyond doubles", "add", [values([2**53, -(2**62)], i64), values([1, -(2**61) - 1], i64)])
    family.case("mul int64 beyond doubles", "mul", [values([3037000499, 2**40 + 1], i64), values([3037000493, 3], i64)])
    family.case("sub uint8 wraps", "sub", [values([0, 5, 200], u8), values([1, 6, 100], u8)])
    family.error("sub of bools", "sub", [masks(3), masks(3)])
    family.error("shapes that do not broadcast", "add", [randn(2, 3), randn(2, 4)])
    family.error("shapes that do not broadcast, leading", "mul", [randn(2, 3, 1), randn(3, 3, 2)])


def special(family, label, name, args, dtype, without=()):
    """Every special value with every other."""
    chosen = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e4, -1e4, INF, -INF, NAN]
    chosen = [x for x in chosen if x not in without and not (x != x and without)]
    if dtype != f64 and not without:
        chosen.append(1e-40 if dtype == f32 else 6e-8)
    column = values([[value] for value in chosen], dtype)
    family.case(f"{label} special {str(dtype)[6:]}", name, [column, values(chosen, dtype)], args)


def comparisons(family):
    for name in (*COMPARISONS, *LOGIC):
        for dtype in (f32, f64):
            special(family, name, name, [], dtype)
        for dtype in DTYPES:
            family.case(f"{name} {str(dtype)[6:]}", name, [of_dtype(dtype, 3, 1), of_dtype(dtype, 4)])
        family.case(f"{name} layouts", name, [integers(0, 2, 4, 3).transposed(), integers(0, 2, 3, 8).stepped(2)])
        family.case(f"{name} empty", name, [randn(2, 0), randn(1)])
    for name in COMPARISONS:
        for dtype in DTYPES:
            family.case(f"{name}_ {str(dtype)[6:]}", f"{name}_", [of_dtype(dtype, 3, 4), of_dtype(dtype, 4)], native_half=True)
        family.case(f"{name}_ view", f"{name}_", [integers(0, 3, 4, 6).stepped(2, 1).transposed(), integers(0, 3, 4)])
        family.case(f"{name}_ number", f"{name}_", [values([1.0, 2.5, NAN, INF])], [2.5])
        family.case(f"{name} number", name, [values([1.0, 2.5, NAN, INF])], [2.5])
        family.case(f"{name} number on int32", name, [integers(0, 4, 6)], [1.5])
        family.case(
            f"{name} int64 beyond doubles",
            name,
            [values([2**53, 2**53 + 1, 5], i64), values([2**53 + 1, 2**53 + 1, 5], i64)],
        )
        family.error(f"{name} shapes", name, [randn(2), randn(3)])


# Name, the intervals of both sides, and the operands that have a gradient.
SPECIAL = (
    ("zeta", (1.2, 6), (0.2, 9), [1]),
    ("igamma", (0.1, 9), (0.1, 9), [1]),
    ("igammac", (0.1, 9), (0.1, 9), [1]),
    ("logaddexp2", (-3, 3), (-3, 3), [0, 1]),
    ("ldexp", (-3, 3), (-3, 3), [0, 1]),
    ("heaviside", (-3, 3), (-3, 3), []),
    ("nextafter", (-3, 3), (-3, 3), []),
)
WITH_PLACE = ("igamma", "igammac", "ldexp", "heaviside", "nextafter")


def special_functions(family):
    for name, left, right, grad in SPECIAL:
        for shape_label, first, second in SHAPES:
            dtype = f64 if shape_label in ("both", "ranks", "scalar left") else f32
            inputs = [uniform(*left, *first, dtype=dtype), uniform(*right, *second, dtype=dtype)]
            family.case(f"{name} {shape_label}", name, inputs, grad=grad)
        family.case(
            f"{name} layouts", name, [uniform(*left, 4, 3).transposed(), uniform(*right, 3, 9).stepped(2, 1)], grad=grad
        )
        # At some of these PyTorch ignores a NaN, or takes the difference of infinities.
        without = (INF, -INF, NAN) if name == "zeta" else (NAN,) if name in ("igamma", "igammac") else ()
        for dtype in (f32, f64):
            special(family, name, name, [], dtype, without)
        if name != "nextafter":
            family.case(f"{name} float16 rounded once", name, [uniform(*left, 5, dtype=f16), uniform(*right, 5, dtype=f16)])
        if name in WITH_PLACE:
            family.case(f"{name}_ tensor", f"{name}_", [uniform(*left, 2, 3), uniform(*right, 3)])
            family.case(f"{name}_ view", f"{name}_", [uniform(*left, 4, 6).stepped(2, 1).transposed(), uniform(*right, 4)])
            family.error(f"{name}_ grows", f"{name}_", [uniform(*left, 3), uniform(*right, 2, 3)])
    for name in ("igamma", "igammac"):
        for dtype in (f32, f64):
            large = [[value] for value in (12.0, 30.0, 150.0, 190.0, 250.0, 1e3, 1e5)]
            ratios = [0.4, 0.75, 0.95, 1.0, 1.02, 1.2, 1.5, 3.0]
            family.case(
                f"{name} large {str(dtype)[6:]}",
                name,
                [values(large, dtype), values([[a[0] * ratio for ratio in ratios] for a in large], dtype)],
                # PyTorch has π as a float32 there.
                tol=(1e-4, 1e-6) if dtype == f32 else (1e-7, 1e-12),
            )
    family.case("zeta of integers", "zeta", [integers(2, 6, 4), integers(1, 6, 4)])
    family.case("zeta below 0", "zeta", [values([2.0, 3.0, 2.0, 5.0, 3.0], f64), values([-0.3, -1.6, -7.5, -2.2, -1.0], f64)], grad=[1])
    family.case("ldexp of integers", "ldexp", [integers(-9, 9, 6), integers(-4, 5, 6)])
    family.case("ldexp by integers", "ldexp", [randn(6), integers(-20, 21, 6)], grad=[0])
    family.case("ldexp float64 by integers", "ldexp", [randn(6, dtype=f64), integers(-20, 21, 6)], grad=[0])
    family.error("heaviside of two dtypes", "heaviside", [randn(3), randn(3, dtype=f64)])
    for dtype in DTYPES:
        family.case(f"heaviside of {str(dtype)[6:]}", "heaviside", [of_dtype(dtype, 5, 1), of_dtype(dtype, 3)])
    family.error("nextafter of integers", "nextafter", [integers(0, 3, 2), integers(0, 3, 2)])
    for dtype in (f32, f64):
        ends = [0.0, -0.0, 1.0, -1.0, torch.finfo(dtype).max, -torch.finfo(dtype).max, INF, -INF, NAN, torch.finfo(dtype).tiny]
        family.case(f"nextafter at the ends {str(dtype)[6:]}", "nextafter", [values([[x] for x in ends], dtype), values(ends, dtype)])
    for name in ("gcd", "lcm"):
        for dtype in INTEGERS:
            family.case(f"{name} {str(dtype)[6:]}", name, [of_dtype(dtype, 6, 1).map(lambda x: x * 2), of_dtype(dtype, 5)])
            family.case(f"{name}_ {str(dtype)[6:]}", f"{name}_", [of_dtype(dtype, 2, 5), of_dtype(dtype, 5)])
        family.case(f"{name} layouts", name, [integers(-99, 99, 4, 3).transposed(), integers(-99, 99, 3, 1)])
        family.case(f"{name} of two dtypes", name, [integers(-99, 99, 4, dtype=i8), integers(-99, 99, 4, dtype=i64)])
        family.case(f"{name} int64 beyond doubles", name, [values([2**40 * 3, 9007199254740993], i64), values([2**41, 3], i64)])
        family.case(f"{name} empty", name, [integers(0, 3, 0), integers(0, 3, 1)])
        family.error(f"{name} of floats", name, [randn(3), randn(3)])
        family.error(f"{name} of bools", name, [masks(3), masks(3)])
    for dtype in DTYPES:
        base = of_dtype(dtype, 4).map(lambda x: x if x.dtype == boolean else x.abs())
        family.case(f"floatPower {str(dtype)[6:]}", "floatPower", [base, of_dtype(dtype, 3, 1)], native_half=True)
    for exponent in (2, 0.5, -1.5, 3):
        family.case(f"floatPower {exponent}", "floatPower", [uniform(0.2, 3, 2, 3)], [exponent], grad=True)
    family.case("floatPower gradients", "floatPower", [uniform(0.2, 3, 2, 3, dtype=f64), uniform(-2, 2, 3)], grad=True)
    family.case("floatPower_ tensor", "floatPower_", [uniform(0.2, 3, 2, 3, dtype=f64), uniform(-2, 2, 3)], grad=True)
    family.error("floatPower_ of float32", "floatPower_", [uniform(0.2, 3, 3), uniform(-2, 2, 3)])


def bits(family):
    for name in BITS:
        for dtype in (*INTEGERS, boolean):
            family.case(f"{name} {str(dtype)[6:]}", name, [of_dtype(dtype, 3, 1), of_dtype(dtype, 5)])
        family.case(f"{name} layouts", name, [integers(-99, 99, 4, 3).transposed(), integers(-99, 99, 3, 1)])
        family.case(
            f"{name} int64 high bits", name, [values([2**62 + 5, -(2**60)], i64), values([2**62 + 3, 2**33 - 1], i64)]
        )
        family.error(f"{name} of floats", name, [randn(2), randn(2)])
    for name in SHIFTS:
        for dtype in INTEGERS:
            family.case(f"{name} {str(dtype)[6:]}", name, [of_dtype(dtype, 4, 1), integers(0, 5, 3, dtype=dtype)])
        family.case(f"{name} int64 far", name, [values([1, 5, -7], i64), values([40, 33, 62], i64)])


def scalars(family):
    """Tensor with JavaScript's three kinds of scalar; a whole number counts as an integer, any other as a float."""
    kinds = (("whole number", 2), ("fraction", 2.5), ("boolean", True), ("bigint", Big(3)))
    for name in ("add", "mul", "div", "pow", "remainder", "lt", "eq"):
        for dtype in DTYPES:
            for label, scalar in kinds:
                # A bool tensor would become int64 with PyTorch's whole number: no business of a JavaScript number.
                if dtype == boolean and (label == "whole number" or name in ("pow", "remainder")):
                    continue
                family.case(f"{name} {label} on {str(dtype)[6:]}", name, [of_dtype(dtype, 3)], [scalar])
    for name in ("add", "sub", "mul", "div", "pow"):
        family.case(f"{name} number gradient", name, [uniform(0.5, 2, 2, 3)], [1.7], grad=True)
        family.case(
            f"{name} number gradient float64", name, [uniform(0.5, 2, 3, 2, dtype=f64).transposed()], [-0.6], grad=True
        )
    for exponent in (0, 1, 2, 3, 0.5, -1, -2, -0.5, INF, NAN):
        family.case(f"pow {exponent} special", "pow", [values(special_values())], [exponent])
        if exponent not in (INF,) and exponent == exponent:
            family.case(f"pow {exponent} gradient", "pow", [values([0.5, 2.0, 1.5], f64)], [exponent], grad=True)
    for number in (INF, -INF, NAN, 0, 1e39):
        family.case(f"mul by {number}", "mul", [values([0.0, 1.0, -2.0, INF])], [float(number)])
    family.error("integer to a negative power", "pow", [values([2, 3], i32)], [-1])
    family.case("add to uint8 out of range", "add", [values([1, 200], u8)], [100])
    for name in ("maximum", "minimum"):
        family.case(
            f"{name} with a number",
            name,
            [randn(5)],
            [0.25],
            grad=True,
            fn=lambda inputs, args: getattr(inputs[0], name)(torch.tensor(args[0], dtype=inputs[0].dtype)),
        )


def in_place(family):
    for name in ("add", "sub", "mul", "div", "pow", "remainder", "fmod", "floorDivide"):
        call, grad = f"{name}_", name not in NO_GRADIENT
        right = (0.5, 3)
        family.case(f"{call} tensor", call, [uniform(0.3, 3, 2, 3), uniform(*right, 2, 3)], grad=grad)
        family.case(
            f"{call} broadcast", call, [uniform(0.3, 3, 2, 3, dtype=f64), uniform(*right, 3, dtype=f64)], grad=grad
        )
        family.case(f"{call} number", call, [uniform(0.3, 3, 2, 3)], [1.5], grad=grad)
        family.case(f"{call} view", call, [uniform(0.3, 3, 4, 6).stepped(2, 1).transposed(), uniform(*right, 4)])
        family.case(f"{call} int32", call, [integers(1, 9, 4), integers(1, 4, 4)]) if name != "div" else None
        family.case(f"{call} float with ints", call, [uniform(1, 3, 4), integers(1, 4, 4)])
        family.case(f"{call} float16", call, [values([1.5, 2.0, 7.0], f16), values([2.0, 0.5, 3.0], f16)])
        family.case(
            f"{call} float16 with float32",
            call,
            [values([1.5, 2.0, 7.0], f16), values([2.0, 0.3, 3.0], f32)],
            fn=lambda inputs, _: getattr(inputs[0].half().float(), name.replace("D", "_d") + "_")(inputs[1]).half(),
        )
        family.error(f"{call} grows", call, [randn(3), randn(2, 3)])
        family.error(f"{call} int32 with float", call, [integers(1, 4, 3), uniform(1, 2, 3)])
        family.error(f"{call} int32 with fraction", call, [integers(1, 4, 3)], [1.5])
    family.case("add_ alpha", "add_", [randn(3), randn(3)], [{"alpha": 0.25}], grad=True)
    family.case("sub_ alpha", "sub_", [randn(3), randn(3)], [{"alpha": 3}], grad=True)
    family.error("div_ int32", "div_", [integers(1, 4, 3), integers(1, 4, 3)])
    family.case("div_ int32 floor", "div_", [integers(-9, 9, 5), nonzero_of_dtype(i32, 5)], [{"roundingMode": "floor"}])
    family.error("add_ bool with int32", "add_", [masks(3), integers(0, 3, 3)])
    family.case("add_ int8 with int64", "add_", [integers(-5, 5, 4, dtype=i8), integers(-5, 5, 4, dtype=i64)])


def in_place_logic(family):
    for name in ("logicalAnd", "logicalOr", "logicalXor"):
        for dtype in DTYPES:
            family.case(f"{name}_ {str(dtype)[6:]}", f"{name}_", [of_dtype(dtype, 3, 4), of_dtype(dtype, 4)])
        family.case(f"{name}_ view", f"{name}_", [integers(0, 2, 4, 6).stepped(2, 1).transposed(), integers(0, 2, 4)])
        family.error(f"{name}_ grows", f"{name}_", [integers(0, 2, 3), integers(0, 2, 2, 3)])
    for name in ("bitwiseAnd", "bitwiseOr", "bitwiseXor"):
        for dtype in (*INTEGERS, boolean):
            family.case(f"{name}_ {str(dtype)[6:]}", f"{name}_", [of_dtype(dtype, 3, 4), of_dtype(dtype, 4)])
        family.case(f"{name}_ view", f"{name}_", [integers(0, 99, 4, 6).stepped(2, 1).transposed(), integers(0, 99, 4)])
        family.case(f"{name}_ number", f"{name}_", [integers(-99, 99, 5)], [3])
        family.error(f"{name}_ of floats", f"{name}_", [randn(3), randn(3)])
        family.error(f"{name}_ bool with int32", f"{name}_", [masks(3), integers(0, 3, 3)])
    for name in ("bitwiseLeftShift", "bitwiseRightShift"):
        for dtype in INTEGERS:
            family.case(f"{name}_ {str(dtype)[6:]}", f"{name}_", [of_dtype(dtype, 3, 4), integers(0, 5, 4, dtype=dtype)])
        family.error(f"{name}_ of floats", f"{name}_", [randn(3), randn(3)])
    for dtype in DTYPES:
        family.case(f"logicalNot_ {str(dtype)[6:]}", "logicalNot_", [of_dtype(dtype, 3, 4)])
    for dtype in (*INTEGERS, boolean):
        family.case(f"bitwiseNot_ {str(dtype)[6:]}", "bitwiseNot_", [of_dtype(dtype, 4, 6).stepped(2, 1)])
    family.error("bitwiseNot_ of floats", "bitwiseNot_", [randn(3)])


def record():
    family = Family("elementwise_binary")
    for part in (arithmetic, comparisons, special_functions, bits, scalars, in_place, in_place_logic):
        part(family)
    return [family]
