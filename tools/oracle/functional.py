"""Functions of `F` besides losses, with their default options."""

from recorder import Family
from encoding import In
from tensors import f32, f64, index_values, indices, randn, values


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


def bags(family):
    call = "F.embeddingBag"
    in_row, offsets = index_values([4, 1, 1, 0, 3, 2, 2]), index_values([0, 2, 2, 6])
    for dtype in (f32, f64):
        kind = str(dtype)[6:]
        table = randn(5, 3, dtype=dtype)
        for mode in ("sum", "mean", "max"):
            given = {"mode": mode}
            family.case(f"{call} {mode} {kind}", call, [indices(5, 2, 4), table], [None, given], grad=True)
            family.case(f"{call} {mode} offsets {kind}", call, [in_row, table, offsets], [given], grad=True)
            family.case(f"{call} {mode} padding {kind}", call, [in_row, table, offsets], [{"paddingIdx": 1, **given}], grad=True)
            family.case(
                f"{call} {mode} last offset {kind}",
                call,
                [in_row, table, index_values([0, 3, 7])],
                [{"includeLastOffset": True, "paddingIdx": -1, **given}],
                grad=True,
            )
        family.case(
            f"{call} weighted {kind}",
            call,
            [in_row, table, offsets, randn(7, dtype=dtype)],
            [{"mode": "sum", "perSampleWeights": In(3)}],
            grad=True,
        )
        family.case(
            f"{call} weighted rows {kind}",
            call,
            [indices(5, 2, 4), table, randn(2, 4, dtype=dtype)],
            [None, {"mode": "sum", "perSampleWeights": In(2)}],
            grad=True,
        )
        family.case(f"{call} default {kind}", call, [indices(5, 3, 2), table], grad=True)
    family.case(f"{call} of nothing", call, [index_values([]), randn(5, 3), index_values([0, 0])], grad=True)
    family.case(f"{call} transposed", call, [indices(5, 4, 2).transposed(), randn(3, 5).transposed()], grad=True)
    family.error(f"{call} without offsets", call, [in_row, randn(5, 3)])
    family.error(f"{call} index", call, [index_values([[0, 5]]), randn(5, 3)])
    family.error(f"{call} first offset", call, [in_row, randn(5, 3), index_values([1, 2])])
    family.error(f"{call} mode", call, [index_values([[0, 1]]), randn(5, 3)], [None, {"mode": "median"}])
    weighted = [None, {"mode": "mean", "perSampleWeights": In(2)}]
    family.error(f"{call} weighted mean", call, [index_values([[0, 1]]), randn(5, 3), randn(1, 2)], weighted)


def products(family):
    for dtype in (f32, f64):
        kind = str(dtype)[6:]
        for lead in ((4,), (), (2, 3), (0,)):
            inputs = [randn(*lead, 2, dtype=dtype), randn(*lead, 3, dtype=dtype), randn(5, 2, 3, dtype=dtype)]
            grad = lead != (0,)
            family.case(f"F.bilinear {lead} {kind}", "F.bilinear", [*inputs, randn(5, dtype=dtype)], grad=grad)
        turned = [randn(4, 2, dtype=dtype), randn(3, 4, dtype=dtype).transposed(), randn(5, 2, 3, dtype=dtype)]
        family.case(f"F.bilinear without bias {kind}", "F.bilinear", turned, grad=True)
    family.error("F.bilinear shapes", "F.bilinear", [randn(4, 2), randn(3, 3), randn(5, 2, 3)])
    for slopes in ([], [0.1, 0.3]):
        special = values([0.0, -0.0, 2.0, -2.0, float("inf"), -float("inf"), float("nan")])
        family.case(f"F.rrelu {slopes}", "F.rrelu", [special], slopes, grad=True)


def record():
    family = Family("functional")
    similarities(family)
    bags(family)
    products(family)
    return [family]
