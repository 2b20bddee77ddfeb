"""Bounds and spreads of the initialisers and of the layers' defaults, as numbers to test samples against."""

import math

from encoding import encode_argument, torch
from modules import build
from recorder import Family

init = torch.nn.init
GAINS = (
    ("linear", None),
    ("conv2d", None),
    ("sigmoid", None),
    ("tanh", None),
    ("relu", None),
    ("leakyRelu", None),
    ("leakyRelu", 0.2),
    ("selu", None),
)
SHAPES = ((5, 3), (4, 7), (6, 3, 5), (8, 4, 3, 3))


def spread(kind, value):
    """A uniform bound or a normal standard deviation."""
    return {kind: value}


def measure(tensor, expected):
    """Checks the formula against PyTorch's own sample before using it."""
    if "bound" in expected:
        assert (
            tensor.abs().max() <= expected["bound"] * (1 + 1e-6) and tensor.abs().max() > 0.9 * expected["bound"]
        ), expected
    if "std" in expected:
        assert abs(tensor.std().item() / expected["std"] - 1) < 0.05, (tensor.std(), expected)


def snake_gain(name):
    return "leaky_relu" if name == "leakyRelu" else name


def schemes(family):
    torch.manual_seed(0)
    for name, parameter in GAINS:
        family.add(
            {
                "name": f"gain {name} {parameter}",
                "call": "init.calculateGain",
                "args": [name] if parameter is None else [name, parameter],
                "value": init.calculate_gain(snake_gain(name), parameter),
            }
        )
    for shape in SHAPES:
        fan_in, fan_out = init._calculate_fan_in_and_fan_out(torch.empty(shape))
        many = torch.empty(shape[0] * 40, shape[1] * 40, *shape[2:])
        large_in, large_out = init._calculate_fan_in_and_fan_out(many)
        rows = [
            ("xavierUniform_", {}, "bound", lambda i, o: math.sqrt(6 / (i + o)), init.xavier_uniform_, {}),
            (
                "xavierUniform_",
                {"gain": 2},
                "bound",
                lambda i, o: 2 * math.sqrt(6 / (i + o)),
                init.xavier_uniform_,
                {"gain": 2},
            ),
            ("xavierNormal_", {}, "std", lambda i, o: math.sqrt(2 / (i + o)), init.xavier_normal_, {}),
            ("kaimingUniform_", {}, "bound", lambda i, o: math.sqrt(2) * math.sqrt(3 / i), init.kaiming_uniform_, {}),
            (
                "kaimingUniform_",
                {"mode": "fanOut", "nonlinearity": "relu"},
                "bound",
                lambda i, o: math.sqrt(2) * math.sqrt(3 / o),
                init.kaiming_uniform_,
                {"mode": "fan_out", "nonlinearity": "relu"},
            ),
            (
                "kaimingUniform_",
                {"a": math.sqrt(5)},
                "bound",
                lambda i, o: math.sqrt(1 / i),
                init.kaiming_uniform_,
                {"a": math.sqrt(5)},
            ),
            ("kaimingNormal_", {}, "std", lambda i, o: math.sqrt(2 / i), init.kaiming_normal_, {}),
            (
                "kaimingNormal_",
                {"mode": "fanOut", "nonlinearity": "linear"},
                "std",
                lambda i, o: math.sqrt(1 / o),
                init.kaiming_normal_,
                {"mode": "fan_out", "nonlinearity": "linear"},
            ),
        ]
        for call, options, kind, formula, function, given in rows:
            measure(function(many, **given), spread(kind, formula(large_in, large_out)))
            family.add(
                {
                    "name": f"{call} {options} {shape}".replace("'", ""),
                    "call": f"init.{call}",
                    "shape": list(shape),
                    "args": [options] if options else [],
                    "fanIn": fan_in,
                    "fanOut": fan_out,
                    kind: formula(fan_in, fan_out),
                }
            )


def defaults(family):
    """The initial distribution of every layer's parameters: a uniform bound, a standard deviation or a constant."""
    torch.manual_seed(0)
    rows = (
        ("Linear", [6, 4], [300, 200], lambda m: m.in_features),
        ("Conv1d", [3, 4, 5], [30, 40, 5], lambda m: m.in_channels * 5),
        ("Conv2d", [3, 4, 3], [30, 40, 3], lambda m: m.in_channels * 9),
        ("Conv2d", [4, 8, 3, {"groups": 2}], [40, 80, 3, {"groups": 2}], lambda m: m.in_channels // 2 * 9),
        # PyTorch counts a transposed weight [in, out, …] by its second dim.
        ("ConvTranspose2d", [3, 4, 3], [30, 40, 3], lambda m: m.out_channels * 9),
        ("Bilinear", [4, 3, 5], [40, 30, 50], lambda m: m.in1_features),
    )
    for module, args, larger, fan_in in rows:
        for size in (larger, args):
            layer = build(module, size)
            bound = 1 / math.sqrt(fan_in(layer))
            if size is larger:
                measure(layer.weight.detach(), {"bound": bound})
        family.add(
            {
                "name": f"defaults {module} {args}".replace("'", ""),
                "module": module,
                "args": encode_argument(args),
                "defaults": {"weight": {"bound": bound}, "bias": {"bound": bound}},
            }
        )
    measure(torch.nn.Embedding(100, 50).weight.detach(), {"std": 1.0})
    family.add(
        {"name": "defaults Embedding", "module": "Embedding", "args": [5, 4], "defaults": {"weight": {"std": 1.0}}}
    )
    for module, args in (
        ("BatchNorm1d", [3]),
        ("BatchNorm2d", [3]),
        ("LayerNorm", [3]),
        ("GroupNorm", [1, 3]),
        ("PReLU", []),
    ):
        state = build(module, args).state_dict()
        family.add(
            {
                "name": f"defaults {module}",
                "module": module,
                "args": args,
                "defaults": {key: {"constant": value.flatten()[0].item()} for key, value in state.items()},
            }
        )


def record():
    family = Family("initialisers")
    schemes(family)
    defaults(family)
    return [family]
