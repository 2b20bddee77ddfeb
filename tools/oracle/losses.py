"""Loss functions, as `F.name(inputs…, options)`."""

from encoding import torch
from recorder import Family
from tensors import INF, NAN, f32, f64, index_values, indices, randn, uniform, values, zeros

REDUCTIONS = ("mean", "sum", "none")


def probabilities(*shape, dtype=f32, dim=1):
    return randn(*shape, dtype=dtype).map(lambda x: x.softmax(dim))


def signs(*shape, dtype=f32):
    return randn(*shape, dtype=dtype).map(lambda x: torch.where(x < 0, -torch.ones_like(x), torch.ones_like(x)))


def weights(count, dtype=f32):
    return uniform(0.3, 2, count, dtype=dtype)


def classification(family):
    classes = index_values([2, 0, 4, 2])
    padded = index_values([2, -100, 4, -100])
    for reduction in REDUCTIONS:
        given = {"reduction": reduction}
        for dtype in (f32, f64):
            kind = f"{reduction} {str(dtype)[6:]}"
            logits, w = randn(4, 5, dtype=dtype), weights(5, dtype)
            for call, first in (("F.crossEntropy", logits), ("F.nllLoss", logits.map(lambda x: x.log_softmax(1)))):
                family.case(f"{call} {kind}", call, [first, classes], [given], grad=True)
                family.case(f"{call} weight {kind}", call, [first, classes], [{"weight": w, **given}], grad=True)
                family.case(f"{call} ignored {kind}", call, [first, padded], [given], grad=True)
                family.case(
                    f"{call} ignoreIndex weight {kind}",
                    call,
                    [first, classes],
                    [{"weight": w, "ignoreIndex": 2, **given}],
                    grad=True,
                )
                family.case(
                    f"{call} of maps {kind}",
                    call,
                    [randn(2, 3, 2, 2, dtype=dtype), indices(3, 2, 2, 2)],
                    [given],
                    grad=True,
                )
                family.case(
                    f"{call} of sequences {kind}",
                    call,
                    [randn(2, 3, 4, dtype=dtype), indices(3, 2, 4)],
                    [{"weight": weights(3, dtype), "ignoreIndex": 1, **given}],
                    grad=True,
                )
            for smoothing in (0.1, 1.0):
                options = {"labelSmoothing": smoothing, **given}
                family.case(
                    f"F.crossEntropy smoothing {smoothing} {kind}",
                    "F.crossEntropy",
                    [logits, classes],
                    [options],
                    grad=True,
                )
                family.case(
                    f"F.crossEntropy smoothing {smoothing} weight ignored {kind}",
                    "F.crossEntropy",
                    [logits, padded],
                    [{"weight": w, **options}],
                    grad=True,
                )
            family.case(
                f"F.crossEntropy smoothing of maps {kind}",
                "F.crossEntropy",
                [randn(2, 3, 2, 2, dtype=dtype), indices(3, 2, 2, 2)],
                [{"weight": weights(3, dtype), "labelSmoothing": 0.2, "ignoreIndex": 0, **given}],
                grad=True,
            )
            soft = probabilities(4, 5, dtype=dtype)
            family.case(f"F.crossEntropy probabilities {kind}", "F.crossEntropy", [logits, soft], [given], grad=True)
            family.case(
                f"F.crossEntropy probabilities smoothing weight {kind}",
                "F.crossEntropy",
                [logits, soft],
                [{"weight": w, "labelSmoothing": 0.1, **given}],
                grad=True,
            )
            family.case(
                f"F.crossEntropy probabilities of maps {kind}",
                "F.crossEntropy",
                [randn(2, 3, 2, 2, dtype=dtype), probabilities(2, 3, 2, 2, dtype=dtype)],
                [given],
                grad=True,
            )
            for p in (1, 2):
                family.case(
                    f"F.multiMarginLoss p {p} {kind}",
                    "F.multiMarginLoss",
                    [logits, classes],
                    [{"p": p, **given}],
                    grad=True,
                )
            family.case(
                f"F.multiMarginLoss weight margin {kind}",
                "F.multiMarginLoss",
                [logits, classes],
                [{"weight": w, "margin": 0.5, **given}],
                grad=True,
            )
        family.case(
            f"F.crossEntropy one sample {reduction}", "F.crossEntropy", [randn(5), index_values(3)], [given], grad=True
        )
    everything = index_values([-100, -100])
    family.case("F.crossEntropy default", "F.crossEntropy", [randn(4, 5), classes], grad=True)
    family.case("F.crossEntropy all ignored", "F.crossEntropy", [randn(2, 3), everything])
    family.case(
        "F.crossEntropy all ignored sum", "F.crossEntropy", [randn(2, 3), everything], [{"reduction": "sum"}], grad=True
    )
    family.case("F.crossEntropy of no samples", "F.crossEntropy", [randn(0, 3), index_values([])])
    family.case(
        "F.crossEntropy of large logits",
        "F.crossEntropy",
        [values([[1000.0, -1000.0], [1000.0, -1000.0]]), index_values([0, 1])],
        grad=True,
    )
    family.case(
        "F.crossEntropy of an infinite logit",
        "F.crossEntropy",
        [values([[-INF, 0.0, 1.0]]), index_values([2])],
        grad=True,
    )
    family.case("F.crossEntropy transposed", "F.crossEntropy", [randn(5, 4).transposed(), classes], grad=True)
    for label, shape, target in (
        ("target out of range", (2, 3), [0, 3]),
        ("negative target", (2, 3), [0, -1]),
        ("batch", (2, 3), [0, 1, 2]),
    ):
        for call in ("F.crossEntropy", "F.nllLoss"):
            family.error(f"{call} {label}", call, [randn(*shape), index_values(target)])
    family.error(
        "F.crossEntropy weight of another length",
        "F.crossEntropy",
        [randn(2, 3), index_values([0, 1])],
        [{"weight": weights(2)}],
    )
    family.error(
        "F.crossEntropy smoothing above one",
        "F.crossEntropy",
        [randn(2, 3), index_values([0, 1])],
        [{"labelSmoothing": 1.5}],
    )
    family.error(
        "F.crossEntropy unknown reduction",
        "F.crossEntropy",
        [randn(2, 3), index_values([0, 1])],
        [{"reduction": "median"}],
    )


def binary(family):
    for reduction in REDUCTIONS:
        given = {"reduction": reduction}
        for dtype in (f32, f64):
            kind = f"{reduction} {str(dtype)[6:]}"
            p, z, y = uniform(0.1, 0.9, 3, 4, dtype=dtype), randn(3, 4, dtype=dtype), uniform(0, 1, 3, 4, dtype=dtype)
            family.case(f"F.binaryCrossEntropy {kind}", "F.binaryCrossEntropy", [p, y], [given], grad=(0,))
            family.case(
                f"F.binaryCrossEntropy weight {kind}",
                "F.binaryCrossEntropy",
                [p, y],
                [{"weight": weights(4, dtype), **given}],
                grad=(0,),
            )
            call = "F.binaryCrossEntropyWithLogits"
            family.case(f"{call} {kind}", call, [z, y], [given], grad=(0,))
            family.case(f"{call} weight {kind}", call, [z, y], [{"weight": weights(4, dtype), **given}], grad=(0,))
            family.case(
                f"{call} posWeight {kind}", call, [z, y], [{"posWeight": weights(4, dtype), **given}], grad=(0,)
            )
    family.case(
        "F.binaryCrossEntropy at the ends",
        "F.binaryCrossEntropy",
        [values([0.0, 1.0, 0.0, 1.0]), values([0.0, 1.0, 1.0, 0.0])],
        [{"reduction": "none"}],
    )
    family.case(
        "F.binaryCrossEntropyWithLogits far out",
        "F.binaryCrossEntropyWithLogits",
        [values([200.0, -200.0, 200.0, -200.0]), values([0.0, 0.0, 1.0, 1.0])],
        [{"reduction": "none"}],
        grad=(0,),
    )
    family.error("F.binaryCrossEntropy outside 0 and 1", "F.binaryCrossEntropy", [values([1.5]), values([1.0])])
    family.error("F.binaryCrossEntropy shapes", "F.binaryCrossEntropy", [uniform(0.1, 0.9, 3), zeros(2)])
    family.error("F.binaryCrossEntropyWithLogits shapes", "F.binaryCrossEntropyWithLogits", [randn(3), zeros(2)])


def regression(family):
    for reduction in REDUCTIONS:
        given = {"reduction": reduction}
        for dtype in (f32, f64):
            kind = f"{reduction} {str(dtype)[6:]}"
            a, b = randn(3, 4, dtype=dtype), randn(3, 4, dtype=dtype)
            for call, options in (
                ("F.mseLoss", {}),
                ("F.l1Loss", {}),
                ("F.smoothL1Loss", {}),
                ("F.smoothL1Loss", {"beta": 0.4}),
                ("F.smoothL1Loss", {"beta": 0.0}),
                ("F.huberLoss", {}),
                ("F.huberLoss", {"delta": 0.5}),
            ):
                extra = "".join(f" {key} {value}" for key, value in options.items())
                family.case(f"{call}{extra} {kind}", call, [a, b], [{**options, **given}], grad=True)
            y = signs(3, 4, dtype=dtype)
            for call, options in (
                ("F.hingeEmbeddingLoss", {}),
                ("F.hingeEmbeddingLoss", {"margin": 0.5}),
                ("F.softMarginLoss", {}),
            ):
                extra = "".join(f" {key} {value}" for key, value in options.items())
                family.case(f"{call}{extra} {kind}", call, [a, y], [{**options, **given}], grad=(0,))
            for margin in (0.0, 0.7):
                family.case(
                    f"F.marginRankingLoss margin {margin} {kind}",
                    "F.marginRankingLoss",
                    [a, b, y],
                    [{"margin": margin, **given}],
                    grad=(0, 1),
                )
            family.case(
                f"F.cosineEmbeddingLoss {kind}",
                "F.cosineEmbeddingLoss",
                [a, b, signs(3, dtype=dtype)],
                [{"margin": 0.1, **given}],
                grad=(0, 1),
            )
            family.case(
                f"F.gaussianNllLoss {kind}",
                "F.gaussianNllLoss",
                [a, b, uniform(0.2, 2, 3, 4, dtype=dtype)],
                [given],
                grad=True,
            )
            family.case(
                f"F.gaussianNllLoss full {kind}",
                "F.gaussianNllLoss",
                [a, b, uniform(0.2, 2, 3, 4, dtype=dtype)],
                [{"full": True, **given}],
                grad=True,
            )
            log_p = a.map(lambda x: x.log_softmax(1))
            family.case(f"F.klDiv {kind}", "F.klDiv", [log_p, probabilities(3, 4, dtype=dtype)], [given], grad=True)
            family.case(
                f"F.klDiv logTarget {kind}",
                "F.klDiv",
                [log_p, b.map(lambda x: x.log_softmax(1))],
                [{"logTarget": True, **given}],
                grad=True,
            )
    family.case(
        "F.klDiv batchmean",
        "F.klDiv",
        [probabilities(3, 4).map(torch.log), probabilities(3, 4)],
        [{"reduction": "batchmean"}],
        grad=True,
    )
    family.case(
        "F.klDiv with zeros",
        "F.klDiv",
        [values([[-1.0, -2.0, -0.5]]), values([[0.0, 1.0, 0.0]])],
        [{"reduction": "sum"}],
    )
    for call in ("F.mseLoss", "F.l1Loss"):
        family.case(f"{call} default", call, [randn(3, 4), randn(4, 3).transposed()], grad=True)
        family.case(f"{call} of nothing", call, [randn(0, 3), randn(0, 3)])
        family.case(f"{call} equal", call, [zeros(2), zeros(2)], grad=True)
        family.case(f"{call} NaN", call, [values([NAN, 1.0]), zeros(2)])
        family.error(f"{call} shapes", call, [randn(3, 4), randn(5)])


def labels_and_triplets(family):
    several = index_values([[2, 0, -1, 1, 3], [-1, 0, 1, 2, 3], [4, 4, 0, 1, 2]])
    for reduction in REDUCTIONS:
        given = {"reduction": reduction}
        for dtype in (f32, f64):
            kind = f"{reduction} {str(dtype)[6:]}"
            x = randn(3, 5, dtype=dtype)
            call = "F.multilabelMarginLoss"
            family.case(f"{call} {kind}", call, [x, several], [given], grad=(0,))
            family.case(f"{call} one {kind}", call, [randn(4, dtype=dtype), index_values([3, 1, -1, 0])], [given], grad=(0,))
            family.case(f"{call} transposed {kind}", call, [randn(5, 3, dtype=dtype).transposed(), several], [given], grad=(0,))
            call = "F.tripletMarginWithDistanceLoss"
            for options in ({}, {"margin": 0.3, "swap": True}):
                label = "".join(f"{key} {value} " for key, value in options.items())
                family.case(f"{call} {label}{kind}", call, [x, x, randn(3, 5, dtype=dtype)], [{**options, **given}], grad=True)
    family.error("F.multilabelMarginLoss out of range", "F.multilabelMarginLoss", [randn(1, 2), index_values([[2, -1]])])
    family.error("F.multilabelMarginLoss shapes", "F.multilabelMarginLoss", [randn(2, 2), index_values([[0, -1]])])


def alignments(family):
    """The gradient of the log-probabilities is a derivative in Heddle only; that of scores is the same in both."""

    def of_logits(inputs, args):
        *lengths, options = args
        named = {{"zeroInfinity": "zero_infinity"}.get(key, key): value for key, value in options.items()}
        return torch.nn.functional.ctc_loss(inputs[0].log_softmax(-1), inputs[1], *lengths, **named)

    padded = index_values([[1, 2, 1, 4], [3, 3, 0, 0], [2, 0, 0, 0]])
    in_row = index_values([1, 2, 1, 4, 3, 3])
    for reduction in REDUCTIONS:
        for dtype in (f32, f64):
            kind = f"{reduction} {str(dtype)[6:]}"
            logits = randn(7, 3, 5, dtype=dtype)
            for label, targets, inputs, lengths, options in (
                ("padded", padded, [7, 5, 6], [4, 2, 0], {}),
                ("in a row", in_row, [7, 7, 3], [4, 2, 0], {}),
                ("blank", index_values([[1, 2, 0, 3], [3, 3, 0, 0], [2, 0, 1, 0]]), [7, 5, 6], [4, 2, 3], {"blank": 4}),
                ("zeroInfinity", padded, [4, 3, 6], [4, 2, 1], {"zeroInfinity": True}),
            ):
                given = {"reduction": reduction, **options}
                family.case(
                    f"ctcLossOfLogits {label} {kind}",
                    "ctcLossOfLogits",
                    [logits, targets],
                    [inputs, lengths, given],
                    grad=True,
                    fn=of_logits,
                )
        log_probs = randn(7, 3, 5).map(lambda x: x.log_softmax(-1))
        family.case(
            f"F.ctcLoss too long {reduction}",
            "F.ctcLoss",
            [log_probs, padded],
            [[4, 2, 6], [4, 2, 0], {"reduction": reduction}],
        )
        family.case(
            f"F.ctcLoss transposed {reduction}",
            "F.ctcLoss",
            [randn(3, 7, 5).map(lambda x: x.log_softmax(-1)).transposed(), padded],
            [[7, 7, 6], [4, 2, 0], {"reduction": reduction}],
        )
        family.case(
            f"ctcLossOfLogits without batch {reduction}",
            "ctcLossOfLogits",
            [randn(6, 4), index_values([1, 1, 3])],
            [torch.tensor(6), torch.tensor(3), {"reduction": reduction}],
            grad=True,
            fn=of_logits,
        )
    rows = randn(4, 2, 3)
    family.error("F.ctcLoss blank", "F.ctcLoss", [rows, index_values([[1], [1]])], [[4, 4], [1, 1], {"blank": 3}])
    family.error("F.ctcLoss input lengths", "F.ctcLoss", [rows, index_values([[1], [1]])], [[4, 5], [1, 1]])
    family.error("F.ctcLoss lengths of another batch", "F.ctcLoss", [rows, index_values([[1], [1]])], [[4], [1, 1]])


def record():
    family = Family("losses")
    for part in (classification, binary, regression, labels_and_triplets, alignments):
        part(family)
    return [family]
