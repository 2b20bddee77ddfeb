"""Functions of `F` besides losses, with their default options."""

from recorder import Family
from tensors import f32, f64, randn, values


def similarities(family):
    for dtype in (f32, f64):
        kind = str(dtype)[6:]
        pair = [randn(3, 4, dtype=dtype), randn(3, 4, dtype=dtype)]
        for dim in (0, 1, -1):
            family.case(f"F.cosineSimilarity dim {dim} {kind}", "F.cosineSimilarity", pair, [{"dim": dim}], grad=True)
            family.case(f"F.normalize dim {dim} {kind}", "F.normalize", pair[:1], [{"dim": dim}], grad=True)
        family.case(
            f"F.cosineSimilarity broadcast {kind}",
            "F.cosineSimilarity",
            [randn(2, 1, 4, dtype=dtype), randn(3, 4, dtype=dtype)],
            [{"dim": -1}],
            grad=True,
        )
        family.case(f"F.normalize p 1 {kind}", "F.normalize", pair[:1], [{"p": 1}], grad=True)
    family.case("F.normalize of zeros", "F.normalize", [values([[0.0, 0.0], [3.0, 4.0]])], grad=True)
    family.case("F.linear", "F.linear", [randn(2, 4), randn(3, 4), randn(3)], grad=True)
    family.case("F.linear without bias", "F.linear", [randn(2, 4), randn(3, 4)], grad=True)
    family.case("F.bilinear", "F.bilinear", [randn(2, 3), randn(2, 4), randn(5, 3, 4), randn(5)], grad=True)
    for name in (
        "relu",
        "relu6",
        "leakyRelu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "mish",
        "sigmoid",
        "tanh",
        "softplus",
        "softsign",
        "hardtanh",
        "hardsigmoid",
        "hardswish",
        "logsigmoid",
        "tanhshrink",
    ):
        call = f"F.{name}"
        fn = (
            (lambda inputs, _: inputs[0].sigmoid())
            if name == "sigmoid"
            else (lambda inputs, _: inputs[0].tanh()) if name == "tanh" else None
        )
        family.case(call, call, [randn(3, 4)], grad=True, fn=fn)
    for name in ("softmax", "logSoftmax", "softmin"):
        family.case(f"F.{name}", f"F.{name}", [randn(3, 4)], [1], grad=True)


def record():
    family = Family("functional")
    similarities(family)
    return [family]
