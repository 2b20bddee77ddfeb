"""Integrals by the trapezoidal rule, and derivatives by differences."""

from encoding import In, torch
from recorder import Family
from tensors import INTEGERS, boolean, f16, f64, integers, masks, of_dtype, randn, uniform, values


def ordered(*shape, dtype=f64):
    return uniform(0.2, 1.5, *shape, dtype=dtype).map(lambda x: x.cumsum(-1))


def integrals(family):
    for name in ("trapezoid", "cumulativeTrapezoid"):
        for dim in (0, 1, -1):
            family.case(f"{name} dim {dim}", name, [randn(3, 4, 2)], [None, {"dim": dim}], grad=True, fn=bare(name))
            family.case(f"{name} dx dim {dim}", name, [randn(3, 4, 2, dtype=f64)], [None, {"dim": dim, "dx": 0.3}], grad=True, fn=bare(name))
            count = (3, 4, 2)[dim]
            family.case(f"{name} x dim {dim}", name, [randn(3, 4, 2, dtype=f64), ordered(count)], [In(1), {"dim": dim}], grad=True)
        family.case(f"{name} default", name, [randn(5)], [], grad=True)
        family.case(f"{name} x of the same shape", name, [randn(2, 5, dtype=f64), ordered(2, 5)], [In(1)], grad=True)
        family.case(f"{name} x of fewer dims", name, [randn(3, 2, 5, dtype=f64), ordered(2, 5)], [In(1)], grad=True)
        family.case(f"{name} transposed", name, [randn(4, 3).transposed()], [], grad=True)
        family.case(f"{name} of one point", name, [randn(3, 1)], [], grad=True)
        family.case(f"{name} float16", name, [randn(5, dtype=f16)], [])
        for dtype in INTEGERS:
            family.case(f"{name} {str(dtype)[6:]}", name, [integers(0, 9, 5, dtype=dtype)], [])
        family.error(f"{name} of bools", name, [masks(3)], [])
        family.error(f"{name} x of another length", name, [randn(3), randn(4)], [In(1)])
        family.error(f"{name} dim out of range", name, [randn(3)], [None, {"dim": 1}], fn=bare(name))
    family.case("trapezoid of no points", "trapezoid", [randn(3, 0)], [])


def bare(name):
    """Without the coordinates, whose place null takes."""
    function = torch.trapezoid if name == "trapezoid" else torch.cumulative_trapezoid
    return lambda inputs, args: function(inputs[0], **args[1])


def derivatives(family):
    for order in (1, 2):
        options = {"edgeOrder": order}
        family.case(f"gradient {order}", "gradient", [randn(3, 5)], [options], grad=True)
        family.case(f"gradient spacing {order}", "gradient", [randn(3, 5, dtype=f64)], [{"spacing": 0.5, **options}], grad=True)
        family.case(f"gradient spacings {order}", "gradient", [randn(4, 5, dtype=f64)], [{"spacing": [0.5, 2.0], **options}], grad=True)
        for dim in (0, 1, -1):
            family.case(f"gradient dim {dim} {order}", "gradient", [randn(4, 5, 3)], [{"dim": dim, **options}], grad=True)
        family.case(f"gradient dims {order}", "gradient", [randn(4, 5, 3)], [{"dim": [2, 0], **options}], grad=True)
        family.case(
            f"gradient coordinates {order}", "gradient", [randn(4, 5, dtype=f64), ordered(4), ordered(5)], [{"spacing": [In(1), In(2)], **options}], grad=[0]
        )
        family.case(f"gradient of few points {order}", "gradient", [randn(order + 1)], [options], grad=True)
        family.error(f"gradient of too few points {order}", "gradient", [randn(order)], [options])
        family.case(f"gradient transposed {order}", "gradient", [randn(4, 3).transposed()], [options], grad=True)
        family.case(f"gradient float16 {order}", "gradient", [randn(5, dtype=f16)], [options])
        family.case(f"gradient int32 {order}", "gradient", [integers(-9, 9, 6)], [options])
    family.error("gradient of other orders", "gradient", [randn(5)], [{"edgeOrder": 3}])
    family.error("gradient of too many spacings", "gradient", [randn(5)], [{"spacing": [1.0, 2.0]}])


def record():
    family = Family("calculus")
    for part in (integrals, derivatives):
        part(family)
    return [family]
