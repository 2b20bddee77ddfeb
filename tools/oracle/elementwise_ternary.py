"""lerp and where, gradients at ties and zeros, and comparisons within a tolerance."""

from encoding import In
from recorder import Family
from tensors import INF, NAN, boolean, f32, f64, i32, masks, ones, randn, special_values, uniform, values, zeros


def three(family):
    pairs = [randn(2, 3), randn(2, 3)]
    for dtype in (f32, f64):
        label = str(dtype)[6:]
        inputs = [randn(2, 3, dtype=dtype), randn(2, 3, dtype=dtype)]
        family.case(f"lerp number {label}", "lerp", inputs, [0.3], grad=True)
        family.case(f"lerp number above half {label}", "lerp", inputs, [0.8], grad=True)
        family.case(f"lerp tensor {label}", "lerp", [*inputs, uniform(0, 1, 3, dtype=dtype)], grad=True)
        family.case(f"where {label}", "where", [masks(2, 3), *inputs], grad=True)
        family.case(
            f"where broadcast {label}",
            "where",
            [masks(2, 1), randn(3, dtype=dtype), randn(2, 2, 1, dtype=dtype)],
            grad=True,
        )
        family.case(
            f"where layouts {label}",
            "where",
            [masks(3, 2).transposed(), randn(3, 2, dtype=dtype).transposed(), randn(2, 6, dtype=dtype).stepped(2)],
            grad=True,
        )
    family.case("lerp broadcast", "lerp", [randn(3, 1), randn(4)], [0.25], grad=True)
    family.case("lerp_ number", "lerp_", pairs, [0.3], grad=True)
    family.case("lerp_ tensor", "lerp_", [*pairs, uniform(0, 1, 2, 3)], grad=True)
    family.case("lerp special", "lerp", [values(special_values()), ones(28)], [0.5])
    family.case(
        "where NaN",
        "where",
        [values([True, False, True], boolean), values([NAN, NAN, 1.0]), values([0.0, 2.0, INF])],
        grad=True,
    )
    family.case("where number right", "where", [masks(4), randn(4)], [0.5], grad=True)
    family.case("where number left", "where", [masks(4), randn(4)], [In(0), 0.5, In(1)], grad=True)
    family.case("where empty", "where", [masks(0, 3), randn(3), randn(1, 3)], grad=True)
    family.case("where scalar condition", "where", [values(True, boolean), randn(2), randn(2)], grad=True)
    family.error("where shapes", "where", [masks(2), randn(3), randn(3)])
    for name, left, right in (
        ("maximum", [1.0, 2.0, NAN, 0.0], [1.0, 3.0, 1.0, -0.0]),
        ("minimum", [1.0, 2.0, NAN, 0.0], [1.0, 3.0, 1.0, -0.0]),
    ):
        family.case(f"{name} tie gradient", name, [values(left, f64), values(right, f64)], grad=True)
    family.case(
        "pow gradient at zero", "pow", [values([0.0, 0.0, 0.0, 2.0], f64), values([0.0, 2.0, 1.0, 0.0], f64)], grad=True
    )
    family.case(
        "pow gradient of a negative base", "pow", [values([-2.0, -1.5], f64), values([2.0, 3.0], f64)], grad=True
    )
    family.case(
        "atan2 gradient on axes",
        "atan2",
        [values([0.0, 1.0, 0.0, -1.0], f64), values([1.0, 0.0, -1.0, 0.0], f64)],
        grad=True,
    )
    family.case("fmod and sign", "fmod", [values([-7.0, 7.0, -7.5]), values([3.0, -3.0, -2.0])], grad=True)


def closeness(family):
    near = [values([1.0, 2.0, NAN, INF, 0.0]), values([1.00001, 2.1, NAN, INF, 1e-9])]
    apart = [values([1.0, 2.0]), values([1.0, 2.00001])]
    for name in ("isclose", "allclose"):
        family.case(f"{name} default", name, near)
        family.case(f"{name} equalNan", name, near, [{"equalNan": True, "rtol": 0.1}])
        family.case(f"{name} loose", name, apart, [{"rtol": 1e-3}])
        family.case(f"{name} strict", name, apart, [{"rtol": 0, "atol": 1e-7}])
        family.case(f"{name} broadcast", name, [randn(2, 3), zeros(3)], [{"atol": 1.0}])
        family.case(f"{name} int32", name, [values([1, 100000], i32), values([1, 100001], i32)])
        family.case(f"{name} empty", name, [randn(0), randn(0)])
        family.case(f"{name} infinities", name, [values([INF, -INF, INF]), values([INF, INF, 1.0])])
    family.case(
        "equal same", "equal", [values([[1.0, 2.0], [3.0, 4.0]]), values([[1.0, 3.0], [2.0, 4.0]]).transposed()]
    )
    family.case("equal different", "equal", [values([1.0, 2.0]), values([1.0, 2.5])])
    family.case("equal shapes", "equal", [values([1.0, 2.0]), values([[1.0, 2.0]])])
    family.case("equal NaN", "equal", [values([NAN]), values([NAN])])
    family.case("equal empty", "equal", [randn(0, 2), randn(0, 2)])


def record():
    family = Family("elementwise_ternary")
    three(family)
    closeness(family)
    return [family]
