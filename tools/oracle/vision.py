"""Functions of `F` for images and volumes: pooling, interpolation, sampling through a grid."""

from encoding import In, torch
from recorder import Family
from tensors import f32, f64, i32, index_values, integers, randn, uniform, values

POOLS = (
    ("maxPool3d", (2, 2, 4, 6, 4), [2]),
    ("maxPool3d", (1, 2, 5, 6, 7), [3, {"stride": 2, "padding": 1}]),
    ("maxPool3d", (1, 1, 5, 7, 6), [[2, 3, 2], {"stride": [2, 3, 1], "ceilMode": True}]),
    ("maxPool3d", (1, 2, 6, 5, 7), [2, {"dilation": [3, 2, 1], "stride": 1}]),
    ("maxPool3d", (2, 4, 4, 4), [3, {"stride": 1}]),
    ("avgPool3d", (2, 2, 4, 6, 4), [2]),
    ("avgPool3d", (1, 2, 5, 6, 7), [3, {"stride": 2, "padding": 1}]),
    ("avgPool3d", (1, 2, 5, 6, 7), [3, {"stride": 2, "padding": 1, "countIncludePad": False}]),
    ("avgPool3d", (1, 1, 6, 7, 5), [2, {"stride": 3, "padding": 1, "ceilMode": True}]),
    ("avgPool3d", (1, 1, 6, 7, 5), [[2, 3, 2], {"padding": [1, 0, 1], "ceilMode": True, "countIncludePad": False}]),
    ("avgPool3d", (2, 4, 4, 4), [3, {"stride": 1}]),
    ("avgPool2d", (2, 2, 5, 6), [2, {"divisorOverride": 3}]),
    ("avgPool2d", (1, 2, 5, 6), [3, {"stride": 2, "padding": 1, "ceilMode": True, "divisorOverride": 5}]),
    ("avgPool2d", (1, 2, 4, 4), [4, {"divisorOverride": 2}]),
    ("avgPool3d", (1, 2, 4, 5, 4), [2, {"divisorOverride": 3}]),
    ("avgPool3d", (1, 1, 5, 4, 6), [3, {"stride": 2, "padding": 1, "countIncludePad": False, "divisorOverride": -4}]),
    ("adaptiveAvgPool3d", (2, 2, 4, 6, 4), [2]),
    ("adaptiveAvgPool3d", (1, 2, 5, 4, 7), [[3, 4, 2]]),
    ("adaptiveAvgPool3d", (1, 2, 2, 3, 4), [[3, None, 5]]),
    ("adaptiveAvgPool3d", (2, 5, 4, 3), [1]),
    ("adaptiveMaxPool1d", (2, 2, 8), [4]),
    ("adaptiveMaxPool1d", (1, 2, 7), [3]),
    ("adaptiveMaxPool1d", (1, 2, 3), [5]),
    ("adaptiveMaxPool1d", (2, 7), [1]),
    ("adaptiveMaxPool2d", (2, 2, 6, 4), [2]),
    ("adaptiveMaxPool2d", (1, 2, 7, 5), [[3, 2]]),
    ("adaptiveMaxPool2d", (1, 2, 3, 4), [[5, 3]]),
    ("adaptiveMaxPool2d", (1, 2, 3, 5), [[None, 2]]),
    ("adaptiveMaxPool2d", (2, 5, 5), [1]),
    ("adaptiveMaxPool3d", (2, 2, 4, 6, 4), [2]),
    ("adaptiveMaxPool3d", (1, 2, 5, 4, 7), [[3, 4, 2]]),
    ("adaptiveMaxPool3d", (1, 2, 2, 3, 4), [[3, None, 5]]),
    ("adaptiveMaxPool3d", (2, 5, 4, 3), [1]),
)
# Enough of each: one case in float32, the next in float64.
DTYPES = (f32, f64)
INDEXED = ("maxPool3d", "adaptiveMaxPool1d", "adaptiveMaxPool2d", "adaptiveMaxPool3d")
INTERPOLATIONS = (
    ((2, 2, 5), {"size": 8}),
    ((2, 2, 5), {"scaleFactor": 2}),
    ((1, 2, 7), {"scaleFactor": 0.6}),
    ((1, 2, 5), {"scaleFactor": 1.1}),
    ((1, 2, 7), {"size": 10, "mode": "nearest-exact"}),
    ((2, 2, 3, 4), {"scaleFactor": 2}),
    ((1, 2, 3, 4), {"scaleFactor": [3, 1]}),
    ((1, 2, 6, 9), {"size": [4, 5]}),
    ((1, 2, 6, 9), {"size": [4, 5], "mode": "nearest-exact"}),
    ((1, 2, 3, 4), {"scaleFactor": 2, "mode": "nearest-exact"}),
    ((1, 2, 2, 3, 4), {"scaleFactor": 2}),
    ((1, 1, 3, 4, 5), {"size": [4, 2, 7]}),
    ((2, 2, 5), {"size": 8, "mode": "linear"}),
    ((2, 2, 5), {"size": 8, "mode": "linear", "alignCorners": True}),
    ((2, 2, 5), {"size": 1, "mode": "linear", "alignCorners": True}),
    ((1, 2, 7), {"scaleFactor": 0.6, "mode": "linear"}),
    ((1, 2, 7), {"scaleFactor": 0.6, "mode": "linear", "recomputeScaleFactor": True}),
    ((1, 2, 3, 4), {"scaleFactor": 2, "mode": "bilinear"}),
    ((1, 2, 3, 4), {"scaleFactor": 2, "mode": "bilinear", "alignCorners": True}),
    ((1, 2, 3, 4), {"scaleFactor": [1.7, 2.3], "mode": "bilinear", "alignCorners": False}),
    ((1, 2, 7, 6), {"size": [4, 4], "mode": "bilinear", "alignCorners": False}),
    ((1, 2, 7, 6), {"size": [4, 9], "mode": "bilinear", "alignCorners": True}),
    ((1, 2, 7, 6), {"size": [7, 6], "mode": "bilinear"}),
    ((1, 2, 5, 4), {"size": [8, 3], "mode": "bicubic"}),
    ((1, 2, 5, 4), {"size": [8, 3], "mode": "bicubic", "alignCorners": True}),
    ((1, 1, 5, 4), {"scaleFactor": [1.5, 2.25], "mode": "bicubic"}),
    ((1, 2, 2, 3, 4), {"scaleFactor": 2, "mode": "trilinear"}),
    ((1, 2, 4, 3, 5), {"size": [3, 5, 4], "mode": "trilinear", "alignCorners": True}),
    ((1, 2, 7), {"size": 3, "mode": "area"}),
    ((1, 2, 7, 6), {"size": [3, 4], "mode": "area"}),
    ((1, 1, 4, 5, 6), {"size": [2, 3, 4], "mode": "area"}),
)


def pools(family):
    for index, (call, shape, args) in enumerate(POOLS):
        dtype = DTYPES[index % 2]
        label = f"F.{call} {shape} {args} {str(dtype)[6:]}".replace("'", "")
        family.case(label, f"F.{call}", [randn(*shape, dtype=dtype)], args, grad=True)
        if call in INDEXED:
            options = {**(args[1] if len(args) > 1 else {}), "returnIndices": True}
            label = f"F.{call} indices {shape} {args}".replace("'", "")
            family.case(label, f"F.{call}", [randn(*shape)], [args[0], options], grad=True)
    ties = values([[[[[1.0, 1.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]], [[2.0, 2.0], [1.0, 0.0]]]]], f64)
    family.case("F.maxPool3d ties", "F.maxPool3d", [ties], [2, {"stride": 1, "returnIndices": True}], grad=True)
    family.case(
        "F.adaptiveMaxPool2d ties",
        "F.adaptiveMaxPool2d",
        [values([[[[1.0, 1.0, 2.0], [1.0, 1.0, 2.0], [0.0, 0.0, 2.0]]]], f64)],
        [2, {"returnIndices": True}],
        grad=True,
    )
    for call, shape, args in (
        ("lpPool1d", (2, 2, 8), [2, 3]),
        ("lpPool1d", (1, 2, 9), [1, 2, {"stride": 3, "ceilMode": True}]),
        ("lpPool2d", (2, 2, 6, 4), [2, 2]),
        ("lpPool2d", (1, 2, 7, 8), [2, [3, 2], {"stride": [2, 3]}]),
        ("lpPool2d", (1, 1, 7, 6), [4, 3, {"stride": 2, "ceilMode": True}]),
    ):
        for dtype in (f32, f64):
            label = f"F.{call} {shape} {args} {str(dtype)[6:]}".replace("'", "")
            signed = args[0] % 2 == 0
            given = randn(*shape, dtype=dtype) if signed else uniform(0.2, 2, *shape, dtype=dtype)
            family.case(label, f"F.{call}", [given], args, grad=True)
    blank = values([[[[0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 4.0]]]])
    family.case("F.lpPool2d of zeros", "F.lpPool2d", [blank], [2, 2], grad=True)
    for call, shape, args, label in (
        ("maxPool3d", (1, 1, 4, 4, 4), [2, {"padding": 2}], "padding over half"),
        ("maxPool3d", (1, 1, 2, 4, 4), [3], "kernel too large"),
        ("maxPool3d", (4, 4, 4), [2], "rank"),
        ("avgPool3d", (1, 1, 4, 4, 4), [2, {"stride": 0}], "stride zero"),
        ("adaptiveMaxPool2d", (1, 1, 0, 4), [2], "of nothing"),
        ("adaptiveMaxPool2d", (4, 4), [2], "rank"),
        ("adaptiveMaxPool3d", (1, 1, 2, 0, 4), [2], "of nothing"),
        ("adaptiveMaxPool3d", (4, 4, 4), [2], "rank"),
        ("adaptiveAvgPool3d", (4, 4, 4), [2], "rank"),
    ):
        family.error(f"F.{call} {label}", f"F.{call}", [randn(*shape)], args)


def windows(family):
    for shape, args in (
        ((2, 3, 5, 6), [2]),
        ((2, 3, 5, 6), [[2, 3], {"stride": 2, "padding": 1}]),
        ((1, 2, 7, 8), [[3, 2], {"stride": [2, 1], "padding": [1, 2], "dilation": [2, 3]}]),
        ((1, 1, 4, 4), [4]),
        ((3, 5, 4), [2, {"dilation": 2}]),
        ((0, 2, 4, 4), [2]),
    ):
        for dtype in (f32, f64):
            label = f"F.unfold {shape} {args} {str(dtype)[6:]}".replace("'", "")
            family.case(label, "F.unfold", [randn(*shape, dtype=dtype)], args, grad=shape[0] > 0)
    family.case("F.unfold transposed", "F.unfold", [randn(2, 3, 6, 5).transposed(2, 3)], [2], grad=True)
    for shape, args in (
        ((2, 12, 20), [[5, 6], 2]),
        ((2, 12, 9), [[5, 6], [2, 3], {"stride": 2, "padding": 1}]),
        ((1, 12, 27), [[7, 8], [3, 2], {"stride": [2, 1], "padding": [1, 2], "dilation": [2, 3]}]),
        ((1, 16, 1), [4, 4]),
        ((8, 9), [5, 2, {"dilation": 2}]),
        ((2, 4, 4), [4, 2, {"stride": 2}]),
    ):
        for dtype in (f32, f64):
            label = f"F.fold {shape} {args} {str(dtype)[6:]}".replace("'", "")
            family.case(label, "F.fold", [randn(*shape, dtype=dtype)], args, grad=True)
    family.case("F.fold transposed", "F.fold", [randn(2, 4, 4).transposed(1, 2)], [3, 2], grad=True)
    family.error("F.unfold rank", "F.unfold", [randn(5, 6)], [2])
    family.error("F.unfold too large", "F.unfold", [randn(1, 1, 3, 3)], [4])
    family.error("F.fold count", "F.fold", [randn(1, 4, 5)], [3, 2])
    family.error("F.fold channels", "F.fold", [randn(1, 6, 4)], [3, 2])


def fractional_pools(family):
    """The places of the windows are given; `random_samples` has a private name in PyTorch."""
    for dims, shape, args in (
        (2, (2, 2, 7, 6), [2, {"outputSize": [4, 3]}]),
        (2, (1, 2, 9, 8), [[2, 3], {"outputRatio": [0.5, 0.6]}]),
        (2, (2, 6, 7), [3, {"outputSize": 2}]),
        (2, (1, 1, 5, 5), [2, {"outputSize": [1, 4]}]),
        (2, (2, 3, 25, 25), [2, {"outputRatio": 0.7}]),
        (3, (2, 2, 5, 6, 7), [2, {"outputSize": [3, 4, 5]}]),
        (3, (1, 2, 7, 6, 5), [[3, 2, 1], {"outputRatio": [0.5, 0.6, 0.5]}]),
        (3, (2, 5, 4, 6), [2, {"outputSize": [2, 1, 4]}]),
    ):
        call = f"F.fractionalMaxPool{dims}d"
        pool = getattr(torch.nn.functional, f"fractional_max_pool{dims}d")
        size, options = args
        key, value = next(iter(options.items()))
        given = {("output_size" if key == "outputSize" else "output_ratio"): tuple(value) if isinstance(value, list) else value}
        for dtype in DTYPES:
            lead = shape[:2] if len(shape) == dims + 2 else (1, shape[0])
            samples = uniform(0, 1, *lead, dims, dtype=dtype)
            for indices in (False, True):
                label = f"{call} {shape} {args} {str(dtype)[6:]}{' indices' if indices else ''}".replace("'", "")
                family.case(
                    label,
                    call,
                    [randn(*shape, dtype=dtype), samples],
                    [size, {**options, "randomSamples": In(1), "returnIndices": indices}],
                    grad=[0],
                    fn=lambda inputs, _, pool=pool, size=size, given=given, indices=indices: pool(
                        inputs[0], size, **given, return_indices=indices, _random_samples=inputs[1]
                    ),
                )


def unpools(family):
    # PyTorch calls them undeterministic, since an index that occurs twice is written twice.
    torch.use_deterministic_algorithms(False)
    for dims, shape, args in (
        (1, (2, 2, 8), [2]),
        (1, (2, 9), [3, {"stride": 2}]),
        (2, (2, 2, 6, 4), [2]),
        (2, (1, 2, 7, 8), [3, {"stride": 2, "padding": 1, "outputSize": [7, 8]}]),
        (2, (1, 2, 5, 7), [2, {"outputSize": [1, 2, 5, 7]}]),
        (2, (2, 6, 4), [[2, 1], {"outputSize": [6, 4]}]),
        (3, (1, 2, 4, 4, 6), [2]),
        (3, (2, 4, 4, 4), [2]),
    ):
        for dtype in DTYPES:
            x = torch.rand(shape, generator=family.generator(f"{shape} {dtype}"), dtype=dtype)
            options = {key: value for key, value in (args[1] if len(args) > 1 else {}).items() if key != "outputSize"}
            pool = getattr(torch.nn.functional, f"max_pool{dims}d")
            pooled, where = pool(x, args[0], return_indices=True, **options)
            label = f"F.maxUnpool{dims}d {shape} {args} {str(dtype)[6:]}".replace("'", "")
            inputs = [values(pooled.tolist(), dtype), index_values(where.tolist())]
            family.case(label, f"F.maxUnpool{dims}d", inputs, args, grad=(0,))
    ones = values([[[[1.0]]]])
    family.error("F.maxUnpool2d index", "F.maxUnpool2d", [ones, index_values([[[[4]]]])], [2])
    family.error("F.maxUnpool2d shapes", "F.maxUnpool2d", [ones, index_values([[[[0, 1]]]])], [2])
    family.error("F.maxUnpool2d size", "F.maxUnpool2d", [ones, index_values([[[[0]]]])], [2, {"outputSize": [5, 5]}])
    torch.use_deterministic_algorithms(True)


def norms_and_shuffles(family):
    for shape, args in (
        ((2, 5, 3, 4), [3]),
        ((2, 5, 4), [5, {"alpha": 0.5, "beta": 0.6, "k": 2}]),
        ((1, 6, 2, 3, 2), [4, {"alpha": 1}]),
        ((1, 2, 3, 3), [7, {"alpha": 2, "beta": 1, "k": 0.5}]),
    ):
        for dtype in (f32, f64):
            label = f"F.localResponseNorm {shape} {args} {str(dtype)[6:]}".replace("'", "")
            family.case(label, "F.localResponseNorm", [randn(*shape, dtype=dtype)], args, grad=True)
    family.case("F.pixelShuffle", "F.pixelShuffle", [randn(2, 18, 2, 3)], [3], grad=True)
    family.case("F.pixelShuffle without batch", "F.pixelShuffle", [randn(4, 2, 3)], [2], grad=True)
    family.case("F.pixelUnshuffle", "F.pixelUnshuffle", [randn(2, 2, 6, 9)], [3], grad=True)
    for shape, groups in (((2, 6, 2, 3), 3), ((1, 4, 3), 2), ((2, 4, 1, 2, 2), 4), ((1, 3, 2, 2), 1)):
        family.case(f"F.channelShuffle {shape} {groups}", "F.channelShuffle", [randn(*shape)], [groups])
    family.case("F.channelShuffle integers", "F.channelShuffle", [integers(-9, 9, 1, 6, 2, dtype=i32)], [2])
    family.error("F.channelShuffle channels", "F.channelShuffle", [randn(1, 6, 2, 2)], [4])
    family.error("F.pixelShuffle channels", "F.pixelShuffle", [randn(1, 6, 2, 2)], [2])
    family.error("F.pixelUnshuffle pixels", "F.pixelUnshuffle", [randn(1, 1, 3, 4)], [2])
    family.error("F.localResponseNorm rank", "F.localResponseNorm", [randn(3, 4)], [2])


def interpolations(family):
    for index, (shape, options) in enumerate(INTERPOLATIONS):
        dtype = DTYPES[index % 2]
        label = f"F.interpolate {shape} {options} {str(dtype)[6:]}".replace("'", "")
        # Where the size stays, PyTorch's gradient is a copy although its result is not.
        grad = options != {"scaleFactor": 1.1}
        family.case(label, "F.interpolate", [randn(*shape, dtype=dtype)], [options], grad=grad)
    for label, shape, options in (
        ("neither", (1, 1, 4), {}),
        ("both", (1, 1, 4), {"size": 2, "scaleFactor": 2}),
        ("mode of another rank", (1, 1, 4), {"size": 2, "mode": "bilinear"}),
        ("unknown mode", (1, 1, 4), {"size": 2, "mode": "cubic"}),
        ("nearest with corners", (1, 1, 4), {"size": 2, "alignCorners": True}),
        ("size zero", (1, 1, 4), {"size": 0}),
        ("sizes of another rank", (1, 1, 4, 4), {"size": [2, 2, 2]}),
    ):
        family.error(f"F.interpolate {label}", "F.interpolate", [randn(*shape)], [options])


def grids(family):
    def grid(*shape, dtype=f32):
        # Some points lie outside, none on the kinks of the interpolation.
        return uniform(-1.7, 1.7, *shape, dtype=dtype)

    for align in (False, True):
        for dtype in (f32, f64):
            kind = f"{'aligned ' if align else ''}{str(dtype)[6:]}"
            family.case(
                f"F.affineGrid {kind}",
                "F.affineGrid",
                [randn(2, 2, 3, dtype=dtype)],
                [[2, 1, 3, 4], {"alignCorners": align}],
                grad=True,
            )
            family.case(
                f"F.affineGrid of volumes {kind}",
                "F.affineGrid",
                [randn(2, 3, 4, dtype=dtype)],
                [[2, 1, 2, 3, 4], {"alignCorners": align}],
                grad=True,
            )
            for mode in ("bilinear", "nearest"):
                for padding in ("zeros", "border", "reflection"):
                    options = {"mode": mode, "paddingMode": padding, "alignCorners": align}
                    family.case(
                        f"F.gridSample of volumes {mode} {padding} {kind}",
                        "F.gridSample",
                        [randn(2, 2, 3, 4, 5, dtype=dtype), grid(2, 2, 3, 4, 3, dtype=dtype)],
                        [options],
                        grad=True,
                    )
            for mode in ("bilinear", "nearest", "bicubic"):
                for padding in ("zeros", "border", "reflection"):
                    options = {"mode": mode, "paddingMode": padding, "alignCorners": align}
                    # PyTorch's cubic weights cancel in float32.
                    tol = (1e-4, 1e-5) if mode == "bicubic" and dtype == f32 else None
                    family.case(
                        f"F.gridSample {mode} {padding} {kind}",
                        "F.gridSample",
                        [randn(2, 2, 4, 5, dtype=dtype), grid(2, 3, 4, 2, dtype=dtype)],
                        [options],
                        grad=True,
                        tol=tol,
                    )
        size = [[1, 1, 1, 2], {"alignCorners": align}]
        family.case(f"F.affineGrid of one pixel {align}", "F.affineGrid", [randn(1, 2, 3)], size)
        for padding in ("zeros", "border", "reflection"):
            # On the corners, and far outside.
            family.case(
                f"F.gridSample {padding} exact points {align}",
                "F.gridSample",
                [randn(1, 2, 3, 3, dtype=f64), values([[[[-1.0, 1.0], [1.0, 1.0], [0.0, 0.0], [9.25, -7.5]]]], f64)],
                [{"paddingMode": padding, "alignCorners": align}],
                grad=True,
            )
    family.case(
        "F.gridSample of one pixel",
        "F.gridSample",
        [randn(1, 2, 1, 1), grid(1, 2, 2, 2)],
        [{"paddingMode": "reflection", "alignCorners": True}],
        grad=[0],
    )
    family.case("F.gridSample defaults", "F.gridSample", [randn(1, 2, 4, 5), grid(1, 2, 3, 2)], grad=True)
    volumes = [randn(1, 1, 3, 3, 3), randn(1, 2, 2, 2, 3)]
    family.error("F.gridSample bicubic of volumes", "F.gridSample", volumes, [{"mode": "bicubic"}])
    family.error("F.gridSample ranks", "F.gridSample", [randn(1, 1, 3, 3, 3), randn(1, 2, 2, 3)])
    family.error("F.gridSample batch", "F.gridSample", [randn(2, 1, 4, 4), randn(1, 2, 2, 2)])
    family.error("F.gridSample last dimension", "F.gridSample", [randn(1, 1, 4, 4), randn(1, 2, 2, 3)])
    family.error("F.gridSample mode", "F.gridSample", [randn(1, 1, 4, 4), randn(1, 2, 2, 2)], [{"mode": "cubic"}])
    family.error("F.affineGrid theta", "F.affineGrid", [randn(1, 3, 3)], [[1, 1, 2, 2]])
    family.error(
        "F.affineGrid integers", "F.affineGrid", [values([[[1, 0, 0], [0, 1, 0]]], torch.int32)], [[1, 1, 2, 2]]
    )


def record():
    family = Family("vision")
    pools(family)
    windows(family)
    unpools(family)
    fractional_pools(family)
    norms_and_shuffles(family)
    interpolations(family)
    grids(family)
    return [family]
