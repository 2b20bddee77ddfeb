"""Fourier transforms, short-time transforms, frequencies and windows. Complex tensors are recorded by `view_as_real`."""

from calling import fill_in
from encoding import In, torch
from recorder import Family
from tensors import f16, f32, f64, i32, integers, randn, values

REAL = (torch.float16, torch.float32, torch.float64)
FROM_REAL = ("rfft", "rfft2", "rfftn", "ihfft", "ihfft2", "ihfftn")
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 12, 13, 30, 64, 97, 100, 1009)


def as_complex(tensor):
    tensor = tensor if tensor.dtype in REAL else tensor.float()
    # A copy, whose gradient keeps strides that view_as_complex takes.
    return torch.complex(tensor[..., 0], tensor[..., 1])


def transform(call):
    function = getattr(torch.fft, call)

    def run(inputs, args):
        options = dict(args[-1]) if args else {}
        result = function(inputs[0] if call in FROM_REAL else as_complex(inputs[0]), **options)
        return torch.view_as_real(result.resolve_conj()) if result.is_complex() else result

    return run


def shift(call):
    def run(inputs, args):
        options = dict(args[-1]) if args else {}
        if not options.pop("complex", False):
            return getattr(torch.fft, call)(inputs[0], **options)
        return torch.view_as_real(getattr(torch.fft, call)(as_complex(inputs[0]), **options))

    return run


def short_time(call):
    def run(inputs, args):
        length, *rest = args
        options = fill_in(rest[0], inputs) if rest else {}
        if call == "istft":
            return torch.istft(as_complex(inputs[0]), length, **options)
        return torch.view_as_real(torch.stft(inputs[0], length, return_complex=True, **options))

    return run


def shaped(call, *shape, dtype=f32):
    return randn(*shape, dtype=dtype) if call in FROM_REAL else randn(*shape, 2, dtype=dtype)


def tolerance(points, dtype):
    return (1e-5, 2e-6 * max(points, 1) ** 0.5) if dtype == f32 else None


def lengths(family):
    for call in ("fft", "ifft", "rfft", "irfft"):
        for n in LENGTHS:
            for dtype in (f32,) if n > 100 else (f32, f64):
                size = n // 2 + 1 if call == "irfft" else n
                args = [{"n": n}] if call == "irfft" else []
                name = f"{call} {n} {str(dtype)[6:]}"
                x = shaped(call, *((size,) if n > 100 else (2, size)), dtype=dtype)
                family.case(name, call, [x], args, grad=True, fn=transform(call), tol=tolerance(n, dtype))


def options(family):
    def case(name, call, x, *args, **more):
        tol = more.pop("tol", tolerance(60, f32))
        family.case(f"{call} {name}", call, [x], list(args), fn=transform(call), tol=tol, **more)

    for call in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
        for norm in ("backward", "ortho", "forward"):
            case(f"norm {norm}", call, shaped(call, 2, 5), {"norm": norm}, grad=True)
            case(f"cut {norm}", call, shaped(call, 2, 9), {"n": 6, "norm": norm}, grad=True)
            case(f"continued {norm}", call, shaped(call, 2, 5), {"n": 11, "norm": norm}, grad=True)
        for dim in (0, 1, -1, -2, -3):
            case(f"dim {dim}", call, shaped(call, 3, 4, 5), {"dim": dim}, grad=True)
        case("dim 1 continued", call, shaped(call, 2, 3, 4), {"dim": 1, "n": 7}, grad=True)
        case("transposed", call, shaped(call, 5, 4, 3).transposed(0, 2), grad=True)
        case("transposed pairs", call, shaped(call, 2, 3, 2).transposed(0, -1), {"dim": 0}, grad=True)
        case("stepped", call, shaped(call, 3, 12).stepped(2, 1, 1), grad=True)
        case("empty batch", call, shaped(call, 0, 6), grad=True)
        case("float16", call, shaped(call, 3, 6, dtype=f16), tol=(1e-3, 1e-4))  # one rounding of float16
        x = integers(-5, 6, *((3, 6) if call in FROM_REAL else (3, 6, 2)), dtype=i32)
        case("int32", call, x)
        family.error(f"{call} no points", call, [shaped(call, 3, 4)], [{"n": 0}], fn=transform(call))
        family.error(f"{call} no such dim", call, [shaped(call, 3, 4)], [{"dim": 2}], fn=transform(call))
        family.error(f"{call} no such norm", call, [shaped(call, 3, 4)], [{"norm": "unit"}], fn=transform(call))
        family.error(f"{call} empty", call, [shaped(call, 3, 0)], fn=transform(call))
    case("of NaN", "fft", values([[1.0, 2.0], [float("nan"), float("nan")], [0.0, 1.0], [3.0, 1.0]]))


def several(family):
    def case(name, call, x, *args):
        points = tolerance(60, f32)
        family.case(f"{call} {name}", call, [x], list(args), fn=transform(call), tol=points, grad=True)

    for suffix in ("2", "n"):
        for call in (f"{kind}fft{suffix}" for kind in ("", "i", "r", "ir", "h", "ih")):
            for norm in ("backward", "ortho", "forward"):
                case(f"norm {norm}", call, shaped(call, 2, 3, 5), {"norm": norm})
            case("two dims", call, shaped(call, 4, 6))
            case("s", call, shaped(call, 2, 5, 5), {"s": [3, 8]})
            case("s kept", call, shaped(call, 2, 5, 5), {"s": [-1, 8]})
            case("dims", call, shaped(call, 3, 4, 5), {"dim": [0, 2]})
            case("dims turned", call, shaped(call, 3, 4, 5), {"dim": [-1, 0], "s": [4, 6]})
            case("one dim", call, shaped(call, 3, 4, 5), {"dim": [1]})
            case("transposed", call, shaped(call, 5, 4, 3).transposed(0, 2))
            case("empty batch", call, shaped(call, 0, 4, 6), {"dim": [1, 2]})
            for name, args in (("dim twice", {"dim": [0, 0]}), ("too few lengths", {"s": [3], "dim": [0, 1]})):
                family.error(f"{call} {name}", call, [shaped(call, 3, 4)], [args], fn=transform(call))


def orders(family):
    for call in ("fftshift", "ifftshift"):
        for name, shape, args in (
            ("all", (4, 5), []),
            ("dim", (4, 5), [{"dim": 1}]),
            ("dims", (4, 5, 3), [{"dim": [0, -1]}]),
            ("pairs", (4, 5, 2), [{"complex": True}]),
            ("pairs dim", (4, 5, 2), [{"complex": True, "dim": -1}]),
            ("empty", (0, 3), []),
        ):
            family.case(f"{call} {name}", call, [randn(*shape)], args, fn=shift(call), grad=True)
    for call in ("fftfreq", "rfftfreq"):
        function = getattr(torch.fft, call)
        for n in (1, 2, 5, 8):
            for d in (1.0, 0.25, -3.0):
                run = lambda _, args: function(args[0], **args[1])  # noqa: E731
                family.case(f"{call} {n} {d}", call, [], [n, {"d": d}], fn=run)
        family.error(f"{call} none", call, [], [-1], fn=lambda _, args: torch.zeros(args[0]))


def windows(family):
    for call in ("hannWindow", "hammingWindow", "blackmanWindow", "bartlettWindow", "kaiserWindow"):
        function = getattr(torch, call.replace("Window", "_window"))
        choices = [{}, {"periodic": False}]
        if call == "hammingWindow":
            choices.append({"periodic": True, "alpha": 0.6, "beta": 0.3})
        if call == "kaiserWindow":
            choices += [{"periodic": True, "beta": 0.5}, {"beta": 60.0, "periodic": False}]
        for length in (0, 1, 2, 3, 8, 13):
            for options in choices:
                run = lambda _, args: function(args[0], **args[1])  # noqa: E731
                family.case(f"{call} {length} {options}", call, [], [length, options], fn=run, tol=(1e-5, 1e-6))
        family.error(f"{call} negative", call, [], [-1], fn=lambda _, args: function(args[0]))


def spectrograms(family):
    window = [randn(8).map(torch.abs)]
    for name, shape, rest, options in (
        ("defaults", (40,), [], {}),
        ("batch", (2, 40), [], {"hopLength": 3}),
        ("window", (2, 40), window, {"window": In(1), "hopLength": 4}),
        ("short window", (40,), [randn(5).map(torch.abs)], {"window": In(1), "winLength": 5}),
        ("short window of ones", (40,), [], {"winLength": 5}),
        ("not centred", (2, 21), window, {"window": In(1), "center": False, "hopLength": 4}),
        ("constant", (2, 20), window, {"window": In(1), "padMode": "constant"}),
        ("replicate", (2, 20), [], {"padMode": "replicate"}),
        ("circular", (2, 20), [], {"padMode": "circular"}),
        ("normalized", (2, 20), window, {"window": In(1), "normalized": True}),
        ("both sides", (2, 20), window, {"window": In(1), "onesided": False}),
    ):
        family.case(
            f"stft {name}",
            "stft",
            [randn(*shape), *rest],
            [8, options],
            fn=short_time("stft"),
            tol=(1e-5, 1e-5),
            grad=True,
        )
    for name, shape, rest, options in (
        ("defaults", (5, 9), [], {}),
        ("batch", (2, 5, 9), [], {"hopLength": 3}),
        ("window", (2, 5, 9), window, {"window": In(1), "hopLength": 2}),
        ("short window", (5, 9), [randn(5).map(torch.abs)], {"window": In(1), "winLength": 5}),
        ("not centred", (2, 5, 9), window, {"window": In(1), "center": False, "hopLength": 4}),
        ("normalized", (2, 5, 9), window, {"window": In(1), "normalized": True}),
        ("both sides", (2, 8, 9), window, {"window": In(1), "onesided": False}),
        ("length", (2, 5, 9), window, {"window": In(1), "length": 13}),
        ("longer", (2, 5, 9), window, {"window": In(1), "length": 30}),
    ):
        family.case(
            f"istft {name}",
            "istft",
            [randn(*shape, 2), *rest],
            [8, options],
            fn=short_time("istft"),
            tol=(1e-4, 1e-5),
            grad=True,
        )
    for call, shape, args in (
        ("stft", (40,), [8, {"hopLength": 0}]),
        ("stft", (40,), [8, {"winLength": 9}]),
        ("stft", (6,), [8, {"center": False}]),
        ("stft", (2, 2, 40), [0]),
        ("istft", (4, 9, 2), [8]),
        ("istft", (5, 9, 2), [8, {"hopLength": 9}]),
        ("istft", (5, 9, 2), [8, {"hopLength": 8, "winLength": 5}]),
    ):
        family.error(f"{call} {shape} {args}", call, [randn(*shape)], args, fn=short_time(call))


def record():
    family = Family("fourier")
    for part in (lengths, options, several, orders, windows, spectrograms):
        part(family)
    return [family]
