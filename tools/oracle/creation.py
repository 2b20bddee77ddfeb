"""Tensors from numbers, and conversions between dtypes."""

from encoding import torch
from recorder import Family
from tensors import DTYPES, HALVES, INF, INTEGERS, NAN, bf16, boolean, f16, f32, f64, i16, i32, i64, of_dtype, randn, u8, values


def made(family, name, call, args, tensor):
    family.case(name, call, [], args, fn=lambda inputs, _: tensor)


def creation(family):
    """Numbers make float32 in Heddle, where PyTorch's arange and full look at the numbers."""
    for args in ([5], [0], [1, 6], [2, 10, 3], [1, 2, 0.25], [5, 0, -2], [-3, 3], [0, 1, 0.1], [1, 1], [2.5]):
        made(family, f"arange {args}", "arange", args, torch.arange(*args, dtype=f32))
    for dtype in (f64, i32, i64, u8, *HALVES):
        made(
            family,
            f"arange {str(dtype)[6:]}",
            "arange",
            [1, 9, 3, {"dtype": dtype}],
            torch.arange(1, 9, 3, dtype=i32).to(dtype),
        )
    made(family, "arange float64 tenths", "arange", [0, 1, 0.1, {"dtype": f64}], torch.arange(0, 1, 0.1, dtype=f64))
    for args in ([0, 1, 5], [-2, 2, 8], [3, 3, 4], [1, 0, 3], [0, 10, 1], [0, 1, 0]):
        made(family, f"linspace {args}", "linspace", args, torch.linspace(*args))
        made(family, f"linspace float64 {args}", "linspace", [*args, {"dtype": f64}], torch.linspace(*args, dtype=f64))
        made(family, f"logspace {args}", "logspace", args, torch.logspace(*args))
        made(family, f"logspace base 2 {args}", "logspace", [*args, {"base": 2, "dtype": f64}], torch.logspace(*args, base=2, dtype=f64))
    for args in ([3, 4], [4, 3, 1], [4, 3, -2], [3, 3, 5], [0, 3], [2, 0], [3, 4, -9]):
        for name, fn in (("trilIndices", torch.tril_indices), ("triuIndices", torch.triu_indices)):
            made(family, f"{name} {args}", name, args, fn(*args).to(torch.int32))
    for args in ([3], [2, 4], [4, 2], [0], [1]):
        made(family, f"eye {args}", "eye", args, torch.eye(*args))
    for dtype in DTYPES:
        kind = str(dtype)[6:]
        made(family, f"zeros {kind}", "zeros", [[2, 3], {"dtype": dtype}], torch.zeros(2, 3, dtype=dtype))
        made(family, f"ones {kind}", "ones", [[2, 0], {"dtype": dtype}], torch.ones(2, 0, dtype=dtype))
        made(
            family,
            f"full {kind}",
            "full",
            [[2], 1 if dtype == boolean else 3, {"dtype": dtype}],
            torch.full((2,), 1 if dtype == boolean else 3, dtype=dtype),
        )
        made(family, f"eye {kind}", "eye", [2, 3, {"dtype": dtype}], torch.eye(2, 3, dtype=torch.int32).to(dtype))
        for call, value in (("zerosLike", 0), ("onesLike", 1)):
            family.case(
                f"{call} {kind}", call, [of_dtype(dtype, 3, 2)], fn=lambda inputs, _: torch.full_like(inputs[0], value)
            )
    made(family, "full of booleans", "full", [[2], True], torch.full((2,), True))
    made(family, "full of numbers", "full", [[2, 2], 1.5], torch.full((2, 2), 1.5))
    made(family, "full of a scalar shape", "full", [[], 7], torch.tensor(7.0))
    family.case(
        "fullLike transposed",
        "fullLike",
        [randn(2, 3).transposed()],
        [2.5],
        fn=lambda inputs, args: torch.full_like(inputs[0], 2.5),
    )
    family.error("arange with step zero", "arange", [], [0, 1, 0], fn=lambda _, args: torch.arange(*args))
    family.error("arange away from its end", "arange", [], [0, 5, -1], fn=lambda _, args: torch.arange(*args))
    family.error(
        "linspace with fewer steps than none", "linspace", [], [0, 1, -1], fn=lambda _, args: torch.linspace(0, 1, -1)
    )
    family.error("zeros of a negative size", "zeros", [], [[2, -1]], fn=lambda _, args: torch.zeros(2, -1))


def conversions(family):
    to = lambda dtype: lambda inputs, _: inputs[0].to(dtype)  # noqa: E731
    for source in DTYPES:
        for target in DTYPES:
            # Negative floats as uint8 are undefined in C, and so in PyTorch.
            data = (
                of_dtype(source, 6).map(torch.abs) if target == u8 and source.is_floating_point else of_dtype(source, 6)
            )
            family.case(
                f"to {str(source)[6:]} {str(target)[6:]}", "to", [data], [target], fn=to(target), native_half=True
            )
    for source, numbers in (
        (i32, [200, -200, 255, 256, 65536, -1, 2**31 - 1]),
        (i64, [2**40 + 5, -1, 300, 2**31, 2**53 + 1]),
        (i16, [300, -300, 127]),
        (u8, [255, 128, 0]),
    ):
        for target in INTEGERS:
            if target != source:
                family.case(
                    f"to {str(source)[6:]} wraps as {str(target)[6:]}",
                    "to",
                    [values(numbers, source)],
                    [target],
                    fn=to(target),
                )
    halves = [
        0.1,
        65504.0,
        65519.0,
        65520.0,
        1e5,
        -1e5,
        6e-8,
        2.9e-8,
        3.1e-8,
        6.1e-5,
        1.0009765625,
        1.00048828125,
        1.00146484375,
        2049.0,
        2051.0,
        INF,
        -INF,
        NAN,
        -0.0,
    ]
    family.case("to float16 rounds float32", "to", [values(halves)], [f16], fn=to(f16))
    family.case("to float16 rounds float64", "to", [values(halves[:9], f64)], [f16], fn=to(f16))
    ties = [bits << 16 | low for bits in (0, 1, 2, 0x7F, 0x80, 0x3F80, 0x3F81, 0x7F7F) for low in (0x7FFF, 0x8000, 0x8001)]
    ties = torch.tensor(ties + [tie - 2**31 for tie in ties], dtype=i32).view(f32)
    family.case("to bfloat16 rounds float32", "to", [ties], [bf16], fn=to(bf16))
    family.case("to bfloat16 rounds float64", "to", [ties.to(f64) * (1 + 2.0**-40)], [bf16], fn=to(bf16))
    family.case(
        "to float32 rounds",
        "to",
        [values([0.1, 1e39, -1e39, 1e-46, 1.00000005960464477539, NAN, INF], f64)],
        [f32],
        fn=to(f32),
    )
    family.case("to int32 truncates", "to", [values([1.9, -1.9, 0.5, -0.5, 2e9])], [i32], fn=to(i32))
    family.case("to int64 truncates", "to", [values([1.9, -1.9, 1e15, -(2.0**53)], f64)], [i64], fn=to(i64))
    family.case("to bool of NaN", "to", [values([NAN, 0.0, -0.0, INF, 1e-40])], [boolean], fn=to(boolean))
    family.case("to float32 of large int32", "to", [values([16777217, 2147483647, -16777219], i32)], [f32], fn=to(f32))
    family.case("to float64 of large int64", "to", [values([2**53 + 1, 2**62 + 1], i64)], [f64], fn=to(f64))
    for source, target in ((f32, f64), (f64, f32)):
        family.case(
            f"to {str(target)[6:]} gradient",
            "to",
            [randn(2, 3, dtype=source).transposed()],
            [target],
            grad=True,
            fn=to(target),
        )
    for call, target in (
        ("float", f32),
        ("double", f64),
        ("half", f16),
        ("bfloat16", bf16),
        ("int", i32),
        ("long", i64),
        ("bool", boolean),
    ):
        family.case(call, call, [values([[1.5, 0.0], [-2.0, 3.0]]).transposed()], fn=to(target))


def record():
    family = Family("creation")
    creation(family)
    conversions(family)
    return [family]
