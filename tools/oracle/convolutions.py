"""Convolutions, transposed convolutions and pooling, with gradients."""

from encoding import In
from recorder import Family
from tensors import HALVES, INF, NAN, counting, f32, f64, of_dtype, randn, uniform, values

# Shape of the input, of the weight, with bias, options.
CONV1D = (
    ((2, 3, 9), (4, 3, 3), True, {}),
    ((2, 3, 9), (4, 3, 3), False, {"stride": 2}),
    ((1, 2, 8), (3, 2, 2), True, {"padding": 2, "dilation": 2}),
    ((2, 4, 7), (6, 2, 3), True, {"groups": 2, "padding": 1}),
    ((1, 3, 6), (3, 1, 3), False, {"groups": 3}),
    ((1, 2, 7), (2, 2, 4), True, {"padding": "same"}),
    ((1, 2, 7), (2, 2, 3), True, {"padding": "valid"}),
    ((3, 9), (4, 3, 3), True, {"stride": 3}),
    ((1, 2, 5), (3, 2, 1), True, {}),
    ((0, 2, 5), (3, 2, 3), True, {}),
    ((1, 2, 7), (2, 2, 3), False, {"padding": "same", "dilation": 2}),
)
CONV2D = (
    ((2, 3, 6, 5), (4, 3, 3, 3), True, {}),
    ((2, 3, 6, 5), (4, 3, 3, 3), False, {}),
    ((1, 2, 7, 8), (3, 2, 3, 2), True, {"stride": 2}),
    ((1, 2, 7, 8), (3, 2, 3, 2), True, {"stride": [1, 3], "padding": [2, 0]}),
    ((1, 2, 8, 7), (2, 2, 3, 3), True, {"dilation": 2}),
    ((1, 2, 8, 7), (2, 2, 2, 3), False, {"dilation": [3, 1], "padding": 1}),
    ((2, 4, 5, 5), (6, 2, 3, 3), True, {"groups": 2, "padding": 1}),
    ((1, 3, 5, 6), (3, 1, 3, 3), True, {"groups": 3, "padding": 1}),
    ((1, 3, 5, 6), (6, 1, 2, 2), False, {"groups": 3, "stride": 2}),
    ((1, 2, 5, 5), (3, 2, 3, 3), True, {"padding": "same"}),
    ((1, 2, 5, 6), (3, 2, 2, 4), True, {"padding": "same"}),
    ((1, 2, 5, 5), (3, 2, 3, 3), True, {"padding": "valid"}),
    ((1, 2, 6, 6), (2, 2, 3, 3), False, {"padding": "same", "dilation": 2}),
    ((2, 5, 4), (3, 2, 2, 2), True, {"padding": 1}),
    ((1, 3, 4, 4), (5, 3, 1, 1), True, {}),
    ((1, 1, 4, 4), (1, 1, 4, 4), True, {}),
    ((0, 2, 4, 4), (3, 2, 2, 2), True, {}),
    ((2, 1, 8, 8), (3, 1, 5, 5), True, {"padding": 2, "stride": 2}),
    ((1, 2, 3, 3), (2, 2, 3, 3), True, {"padding": 2, "stride": 4}),
)
CONV3D = (
    ((1, 2, 4, 5, 4), (3, 2, 2, 3, 2), True, {}),
    ((1, 2, 4, 4, 5), (2, 2, 3, 2, 2), False, {"stride": [1, 2, 2], "padding": 1}),
    ((1, 2, 5, 4, 4), (2, 1, 2, 2, 2), True, {"groups": 2, "dilation": [2, 1, 1]}),
)
TRANSPOSE1D = (
    ((2, 3, 5), (3, 4, 3), True, {}),
    ((1, 2, 5), (2, 3, 3), True, {"stride": 2, "padding": 1, "outputPadding": 1}),
    ((1, 4, 4), (4, 2, 3), False, {"groups": 2, "stride": 3}),
    ((1, 2, 4), (2, 2, 3), True, {"dilation": 2, "padding": 1}),
)
TRANSPOSE2D = (
    ((2, 3, 4, 3), (3, 4, 3, 3), True, {}),
    ((1, 2, 4, 3), (2, 3, 3, 2), False, {"stride": 2}),
    ((1, 2, 4, 3), (2, 3, 4, 4), True, {"stride": 2, "padding": 1}),
    ((1, 2, 3, 4), (2, 3, 3, 3), True, {"stride": [2, 3], "padding": [1, 0], "outputPadding": [1, 2]}),
    ((1, 4, 3, 3), (4, 3, 2, 2), True, {"groups": 2}),
    ((1, 3, 3, 3), (3, 1, 3, 3), False, {"groups": 3, "stride": 2, "padding": 1}),
    ((1, 2, 3, 3), (2, 2, 2, 3), True, {"dilation": 2, "padding": [0, 1]}),
    ((2, 4, 4), (2, 3, 2, 2), True, {"stride": 2}),
    ((0, 2, 3, 3), (2, 2, 2, 2), True, {}),
)
CONVOLUTIONS = (
    ("conv1d", CONV1D),
    ("conv2d", CONV2D),
    ("conv3d", CONV3D),
    ("convTranspose1d", TRANSPOSE1D),
    ("convTranspose2d", TRANSPOSE2D),
)
# Call, shape, arguments.
POOLS = (
    ("maxPool1d", (2, 2, 8), [2]),
    ("maxPool1d", (1, 2, 9), [3, {"stride": 2, "padding": 1}]),
    ("maxPool1d", (1, 2, 8), [3, {"stride": 2, "ceilMode": True}]),
    ("maxPool1d", (2, 9), [2, {"dilation": 3}]),
    ("avgPool1d", (2, 2, 8), [2]),
    ("avgPool1d", (1, 2, 9), [3, {"stride": 2, "padding": 1}]),
    ("avgPool1d", (1, 2, 9), [3, {"stride": 2, "padding": 1, "countIncludePad": False}]),
    ("avgPool1d", (1, 2, 8), [3, {"stride": 2, "ceilMode": True}]),
    ("avgPool1d", (2, 7), [2]),
    ("maxPool2d", (2, 2, 6, 4), [2]),
    ("maxPool2d", (1, 2, 7, 8), [[3, 2], {"stride": [2, 3]}]),
    ("maxPool2d", (1, 2, 7, 6), [3, {"stride": 2, "padding": 1}]),
    ("maxPool2d", (1, 1, 7, 6), [3, {"stride": 2, "ceilMode": True}]),
    ("maxPool2d", (1, 1, 6, 7), [2, {"stride": 3, "padding": 1, "ceilMode": True}]),
    ("maxPool2d", (1, 2, 8, 7), [2, {"dilation": [3, 2], "stride": 1}]),
    ("maxPool2d", (2, 5, 5), [3, {"stride": 1}]),
    ("maxPool2d", (0, 2, 4, 4), [2]),
    ("avgPool2d", (2, 2, 6, 4), [2]),
    ("avgPool2d", (1, 2, 7, 8), [[3, 2], {"stride": [2, 3]}]),
    ("avgPool2d", (1, 2, 7, 6), [3, {"stride": 2, "padding": 1}]),
    ("avgPool2d", (1, 2, 7, 6), [3, {"stride": 2, "padding": 1, "countIncludePad": False}]),
    ("avgPool2d", (1, 1, 7, 6), [3, {"stride": 2, "ceilMode": True}]),
    ("avgPool2d", (1, 1, 6, 7), [2, {"stride": 3, "padding": 1, "ceilMode": True}]),
    ("avgPool2d", (1, 1, 6, 7), [2, {"stride": 3, "padding": 1, "ceilMode": True, "countIncludePad": False}]),
    ("avgPool2d", (2, 5, 5), [3, {"stride": 1}]),
    ("adaptiveAvgPool1d", (2, 2, 8), [4]),
    ("adaptiveAvgPool1d", (1, 2, 7), [3]),
    ("adaptiveAvgPool1d", (1, 2, 3), [5]),
    ("adaptiveAvgPool1d", (2, 7), [1]),
    ("adaptiveAvgPool2d", (2, 2, 6, 4), [2]),
    ("adaptiveAvgPool2d", (1, 2, 7, 5), [[3, 2]]),
    ("adaptiveAvgPool2d", (1, 2, 3, 4), [[5, 3]]),
    ("adaptiveAvgPool2d", (2, 5, 5), [1]),
)


def convolutions(family):
    for call, rows in CONVOLUTIONS:
        for shape, weight, bias, options in rows:
            for dtype in (f32, f64):
                inputs = [randn(*shape, dtype=dtype), randn(*weight, dtype=dtype)]
                given = dict(options)
                if bias:
                    channels = weight[1] * options.get("groups", 1) if "Transpose" in call else weight[0]
                    inputs.append(randn(channels, dtype=dtype))
                    given = {"bias": In(2), **options}
                label = f"{call} {shape} {weight} bias {bias} {options}".replace("'", "")
                family.case(f"{label} {str(dtype)[6:]}", call, inputs, [given] if given else [], grad=True)
    family.case(
        "conv2d transposed input",
        "conv2d",
        [randn(5, 6, 3, 2).transposed(0, 3).transposed(1, 2), randn(4, 3, 3, 3)],
        grad=True,
    )
    family.case(
        "conv2d stepped input and weight",
        "conv2d",
        [randn(1, 2, 5, 12).stepped(2), randn(3, 2, 2, 4).stepped(2)],
        grad=True,
    )
    family.case(
        "conv2d expanded input", "conv2d", [randn(1, 1, 5, 5).expanded(2, 3, 5, 5), randn(2, 3, 3, 3)], grad=True
    )
    family.case("conv1d transposed weight", "conv1d", [randn(1, 3, 8), randn(3, 4, 3).transposed()], grad=True)
    family.case(
        "convTranspose2d transposed input",
        "convTranspose2d",
        [randn(1, 2, 4, 3).transposed(2, 3), randn(2, 3, 2, 2)],
        [{"stride": 2}],
        grad=True,
    )
    family.case(
        "conv2d NaN and infinities",
        "conv2d",
        [
            values([[[[1.0, NAN, 1.0, 1.0], [1.0, 1.0, 1.0, INF], [0.0, 2.0, 1.0, 1.0]]]]),
            values([[[[1.0, 0.0], [1.0, -1.0]]]]),
        ],
    )
    for half in HALVES:
        family.case(f"conv2d {str(half)[6:]}", "conv2d", [of_dtype(half, 1, 2, 4, 4), of_dtype(half, 2, 2, 2, 2)])
    for label, call, shape, weight, options in (
        ("channels", "conv2d", (1, 3, 5, 5), (2, 2, 3, 3), {}),
        ("groups", "conv2d", (1, 4, 5, 5), (3, 2, 3, 3), {"groups": 2}),
        ("kernel larger than input", "conv2d", (1, 2, 2, 2), (2, 2, 3, 3), {}),
        ("rank", "conv2d", (2, 5), (2, 2, 3, 3), {}),
        ("weight rank", "conv2d", (1, 2, 5, 5), (2, 2, 3), {}),
        ("stride zero", "conv2d", (1, 2, 5, 5), (2, 2, 3, 3), {"stride": 0}),
        ("negative padding", "conv2d", (1, 2, 5, 5), (2, 2, 3, 3), {"padding": -1}),
        ("same with stride", "conv2d", (1, 2, 5, 5), (2, 2, 3, 3), {"padding": "same", "stride": 2}),
        ("1d channels", "conv1d", (1, 3, 5), (2, 2, 3), {}),
        ("output padding", "convTranspose2d", (1, 2, 3, 3), (2, 2, 3, 3), {"stride": 2, "outputPadding": 2}),
        ("transposed channels", "convTranspose2d", (1, 3, 3, 3), (2, 2, 3, 3), {}),
    ):
        family.error(f"{call} {label}", call, [randn(*shape), randn(*weight)], [options] if options else [])
    family.error(
        "conv2d bias of another length", "conv2d", [randn(1, 2, 4, 4), randn(3, 2, 2, 2), randn(2)], [{"bias": In(2)}]
    )
    family.error("conv2d of two dtypes", "conv2d", [randn(1, 2, 4, 4), randn(3, 2, 2, 2, dtype=f64)])


def pools(family):
    for call, shape, args in POOLS:
        for dtype in (f32, f64):
            family.case(
                f"{call} {shape} {args} {str(dtype)[6:]}".replace("'", ""),
                call,
                [randn(*shape, dtype=dtype)],
                args,
                grad=True,
            )
    for call, args in (("maxPool2d", [2]), ("avgPool2d", [2]), ("adaptiveAvgPool2d", [2])):
        family.case(f"{call} transposed", call, [randn(4, 5, 2, 1).transposed(0, 3)], args, grad=True)
        family.case(f"{call} stepped", call, [randn(1, 2, 4, 9).stepped(2, 1)], args, grad=True)
        special = values(
            [[[[1.0, NAN, -INF, -INF], [2.0, 0.0, -INF, -INF], [INF, 1.0, 3.0, 3.0], [0.0, -INF, 3.0, 3.0]]]]
        )
        family.case(f"{call} NaN and infinities", call, [special], args)
    for shape, args in (
        ((2, 2, 6, 4), [2]),
        ((1, 2, 7, 6), [3, {"stride": 2, "padding": 1}]),
        ((1, 1, 8, 7), [2, {"dilation": 2, "stride": 1}]),
    ):
        options = {**(args[1] if len(args) > 1 else {}), "returnIndices": True}
        family.case(f"maxPool2d indices {shape}", "maxPool2d", [randn(*shape)], [args[0], options], grad=True)
    family.case(
        "maxPool1d indices",
        "maxPool1d",
        [randn(1, 2, 9)],
        [3, {"stride": 2, "padding": 1, "returnIndices": True}],
        grad=True,
    )
    family.case(
        "maxPool2d ties",
        "maxPool2d",
        [values([[[[1.0, 1.0, 2.0], [1.0, 1.0, 2.0], [0.0, 0.0, 2.0]]]], f64)],
        [2, {"stride": 1, "returnIndices": True}],
        grad=True,
    )
    family.case(
        "maxPool2d padding of negatives",
        "maxPool2d",
        [uniform(-5, -1, 1, 1, 3, 3)],
        [3, {"stride": 1, "padding": 1}],
        grad=True,
    )
    family.case("avgPool2d counting", "avgPool2d", [counting(1, 1, 4, 4)], [3, {"stride": 1, "padding": 1}], grad=True)
    for call, shape, args, label in (
        ("maxPool2d", (1, 1, 4, 4), [2, {"padding": 2}], "padding over half"),
        ("maxPool2d", (1, 1, 2, 2), [3], "kernel too large"),
        ("maxPool2d", (4, 4), [2], "rank"),
        ("avgPool2d", (1, 1, 4, 4), [2, {"padding": 2}], "padding over half"),
        ("avgPool2d", (1, 1, 4, 4), [2, {"stride": 0}], "stride zero"),
        ("avgPool1d", (1, 1, 1), [2], "kernel too large"),
        ("adaptiveAvgPool2d", (4, 4), [2], "rank"),
        ("maxPool1d", (1, 1, 4), [2, {"padding": 2}], "padding over half"),
    ):
        family.error(f"{call} {label}", call, [randn(*shape)], args)


def record():
    family = Family("convolutions")
    convolutions(family)
    pools(family)
    return [family]
