"""The dtype that each pair promotes to: every pair as tensors, and every tensor with every 0-d tensor."""

from recorder import Family
from tensors import DTYPES, f32, f64, i32, masks, nonzero_of_dtype, of_dtype, values


def record():
    family = Family("promotion")
    for left in DTYPES:
        for right in DTYPES:
            label = f"{str(left)[6:]} {str(right)[6:]}"
            for name in ("add", "mul", "div", "lt"):
                second = nonzero_of_dtype if name == "div" else of_dtype
                family.case(f"{name} {label}", name, [of_dtype(left, 3), second(right, 3)])
            family.case(f"where {label}", "where", [masks(4), of_dtype(left, 4), of_dtype(right, 4)])
            family.case(f"cat {label}", "cat", [[of_dtype(left, 2), of_dtype(right, 1)]])
            family.case(f"add 0-d {label}", "add", [of_dtype(left, 3), of_dtype(right)])
            family.case(f"mul 0-d left {label}", "mul", [of_dtype(left), of_dtype(right, 2)])
    family.case("gradient of mixed floats", "mul", [of_dtype(f32, 3), of_dtype(f64, 3)], grad=True)
    family.case("gradient beside integers", "mul", [of_dtype(f32, 3), of_dtype(i32, 3)], grad=True)
    family.case("gradient with a 0-d float64", "add", [of_dtype(f32, 3), values(1.5, f64)], grad=True)
    return [family]
