"""Edge cases of functions: gradients at zeros, ties and infinities, tensors without dimensions or elements."""

import random

from encoding import In, torch
from recorder import Family
from tensors import INF, NAN, boolean, f32, f64, i8, i16, i32, i64, index_values, of_dtype, randn, u8, values, zeros

POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, -6.0, 1e-20, -1e-20, 50.0, -50.0, INF, -INF, NAN]
UNARY = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh erf erfc erfinv exp exp2 expm1 floor frac log log10 log1p log2 neg "
    "reciprocal relu round rsqrt sigmoid sign sin sinc sinh sqrt square tan tanh trunc"
).split()
ACTIVATIONS = (
    ("relu", []),
    ("relu6", []),
    ("hardtanh", []),
    ("hardtanh", [-2.0, 0.5]),
    ("leakyRelu", []),
    ("elu", []),
    ("elu", [0.5]),
    ("selu", []),
    ("celu", []),
    ("celu", [2.0]),
    ("gelu", []),
    ("gelu", [{"approximate": "tanh"}]),
    ("silu", []),
    ("mish", []),
    ("softplus", []),
    ("softplus", [{"beta": 2.0, "threshold": 6.0}]),
    ("logsigmoid", []),
    ("softsign", []),
    ("tanhshrink", []),
    ("hardshrink", []),
    ("softshrink", []),
    ("hardsigmoid", []),
    ("hardswish", []),
    ("threshold", [0.5, -1.0]),
)
BINARY = "add sub mul div pow atan2 maximum minimum fmod remainder logaddexp".split()


def name_of(dtype):
    return str(dtype).removeprefix("torch.")


class Edges(Family):
    def attempt(self, *args, **options):
        """A case, unless PyTorch refuses the call: what it refuses Heddle may do."""
        try:
            self.case(*args, **options)
        except (RuntimeError, IndexError, TypeError, ValueError, NotImplementedError):
            self.skipped.append(args[0])


def elementwise(family):
    for dtype in (f32, f64):
        kind = name_of(dtype)
        # What becomes of a NaN or an infinity in a gradient PyTorch's kernels decide one by one; here it stays what it is.
        points, finite = values(POINTS, dtype), values(POINTS[:-2], dtype)
        for call in UNARY:
            family.attempt(f"{call} {kind}", call, [points], grad=True)
        for call, args in ACTIVATIONS:
            # PyTorch's float64 gradient of hardsigmoid multiplies by the sixth in float32.
            tol = (1e-6, 1e-7) if call == "hardsigmoid" else None
            # At its bend hardswish has one slope in PyTorch's vectors, another in what is left over.
            at = finite.map(lambda x: x[x != 3]) if call == "hardswish" else finite
            family.attempt(f"F.{call} {args} {kind}".replace("'", ""), f"F.{call}", [at], args, grad=True, tol=tol)
        few = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, INF, -INF, NAN]
        rows, columns = values([[x] for x in few], dtype), values(few, dtype)
        # Without the sums of broadcasting each pair of points stands for itself.
        pair = [rows.map(lambda x: x.repeat(1, len(few))), columns.map(lambda x: x.repeat(len(few), 1))]
        for call in BINARY:
            family.attempt(f"{call} of points {kind}", call, pair, grad=True)
        for power in (0, 1, 2, 3, 0.5, 1.5, -1, -2, -1.5):
            family.attempt(f"pow {power} {kind}", "pow", [finite], [power], grad=True)
        for low, high in ((-1.0, 1.0), (0.0, 0.0), (1.0, -1.0), (-INF, INF), (None, 0.5), (0.5, None)):
            bounds = {k: v for k, v in (("min", low), ("max", high)) if v is not None}
            family.attempt(f"clamp {low} {high} {kind}", "clamp", [finite], [bounds], grad=True)
        bounds = [randn(3, 4, dtype=dtype), randn(4, dtype=dtype), randn(3, 1, dtype=dtype)]
        family.attempt(f"clamp tensors {kind}", "clamp", bounds, [{"min": In(1), "max": In(2)}], grad=True)
        ties = [values([1.0, 2.0, 3.0], dtype), values([1.0, 3.0, 1.0], dtype), values([3.0, 4.0, 2.0], dtype)]
        family.attempt(f"clamp ties of tensors {kind}", "clamp", ties, [{"min": In(1), "max": In(2)}], grad=True)
        for weight in (0.0, 0.5, 1.0, 2.0):
            family.attempt(f"lerp {weight} {kind}", "lerp", [randn(4, dtype=dtype), randn(4, dtype=dtype)], [weight], grad=True)
    # prelu at its corner
    family.attempt("F.prelu", "F.prelu", [values([[0.0, -0.0], [1.0, -1.0]]), values([0.25, -0.5])], grad=True)


VECTORS = (
    ("zeros", [[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]]),
    ("ties", [[2.0, -2.0, 2.0], [1.0, 1.0, -1.0]]),
    ("one", [[5.0], [0.0]]),
    ("infinite", [[INF, 1.0, 2.0], [-INF, INF, 0.0]]),
    ("all low", [[-INF, -INF, -INF], [-INF, 0.0, -INF]]),
    ("all high", [[INF, INF, 0.0], [1.0, INF, 2.0]]),
    ("NaN", [[NAN, 1.0, 2.0], [1.0, 2.0, 3.0]]),
    ("large", [[1e30, 1e30, -1e30], [1e-30, 1e-30, 0.0]]),
    ("equal", [[2.5, 2.5, 2.5], [-1.0, -1.0, -1.0]]),
)


def unsettled(call, kind):
    """Results that hang on an order of operations, and gradients of results that are NaN."""
    endless = kind in ("infinite", "all low", "all high")
    return (
        (endless and call in ("var", "cumprod"))
        or (kind == "NaN" and call in ("amax", "amin", "max", "min", "prod", "cumprod"))
        or (kind == "large" and call in ("std", "var", "logsumexp", "cumprod", "prod"))
    )


def reductions(family):
    for dtype in (f32, f64):
        for kind, rows in VECTORS if dtype == f32 else [row for row in VECTORS if row[0] != "large"]:
            label = f"{kind} {name_of(dtype)}"
            x = values(rows, dtype)
            endless = kind in ("infinite", "all low", "all high")
            for p in (0, 1, 1.5, 2, 3, INF, -INF, -1) if endless else (0, 0.5, 1, 1.5, 2, 3, INF, -INF, -1):
                family.attempt(f"norm {p} of {label}", "norm", [x], [p, 1], grad=p != 0)
                family.attempt(f"norm {p} of all {label}", "norm", [x], [p], grad=p != 0)
            for call in ("sum", "mean", "prod", "amax", "amin", "std", "var", "logsumexp", "cumsum", "cumprod", "softmax"):
                if not unsettled(call, kind):
                    family.attempt(f"{call} of {label}", call, [x], [1], grad=True)
            for call in ("max", "min", "sort", "argmax", "argmin"):
                if kind != "NaN" or call not in ("max", "min"):
                    family.attempt(
                        f"{call} of {label}",
                        call,
                        [x],
                        [1],
                        grad="arg" not in call,
                        fn=(lambda inputs, _: inputs[0].sort(dim=1, stable=True)) if call == "sort" else None,
                    )
            for call in ("max", "min", "std", "var", "prod"):
                if not unsettled(call, kind):
                    family.attempt(f"{call} of all {label}", call, [x], grad=True)
            family.attempt(
                f"logSoftmax of {label}", "logSoftmax", [x], [1], grad=True, fn=lambda inputs, _: inputs[0].log_softmax(1)
            )
            for p in (1.0, 2.0, 3.0, INF):
                family.attempt(f"F.normalize {p} of {label}", "F.normalize", [x], [{"p": p}], grad=True)
            if kind != "large":
                family.attempt(f"F.layerNorm of {label}", "F.layerNorm", [x], [[len(rows[0])]], grad=True)
        for kind, row in (("one", [2.0, 0.0, 3.0, 4.0]), ("two", [0.0, 2.0, 0.0, 3.0]), ("first", [0.0, 1.0, 2.0, 3.0])):
            x = values([row, [1.0, -2.0, 3.0, 0.5]], dtype)
            label = f"zeros {kind} {name_of(dtype)}"
            for call in ("prod", "cumprod"):
                for dim in (0, 1):
                    family.attempt(f"{call} {dim} of {label}", call, [x], [dim], grad=True)
        for correction in (0, 1, 2, 3, 4):
            for call in ("std", "var"):
                fn = lambda inputs, args: getattr(inputs[0], call)(1, unbiased=bool(correction))  # noqa: B023, E731
                if correction < 2:
                    family.attempt(
                        f"{call} correction {correction} {name_of(dtype)}",
                        call,
                        [randn(2, 3, dtype=dtype)],
                        [1, {"correction": correction}],
                        grad=True,
                        fn=fn,
                    )


def scatters(family):
    reduced = {"sum": "sum", "prod": "prod", "amax": "amax", "amin": "amin"}
    for reduce in reduced:
        for kind, base, source in (
            ("zero base", [0.0, 2.0, 3.0], [3.0, 1.0, 5.0, 2.0, 4.0]),
            ("zero source", [1.0, 2.0, 3.0], [0.0, 1.0, 5.0, 2.0, 4.0]),
            ("zeros of both", [0.0, 2.0, 0.0], [0.0, 1.0, 0.0, 0.0, 4.0]),
            ("ties", [3.0, 2.0, 4.0], [3.0, 3.0, 2.0, 2.0, 4.0]),
            ("infinities", [INF, -INF, 1.0], [1.0, INF, -INF, 2.0, INF]),
        ):
            for dtype in (f32, f64):
                family.attempt(
                    f"scatter {reduce} {kind} {name_of(dtype)}",
                    "scatter",
                    [values(base, dtype), values(source, dtype)],
                    [0, index_values([0, 0, 1, 1, 2]), In(1), {"reduce": reduce}],
                    grad=True,
                    fn=lambda inputs, args: inputs[0].scatter_reduce(
                        0, args[1].long(), inputs[1], reduce=args[3]["reduce"]
                    ),
                )
        family.attempt(
            f"scatter {reduce} larger source",
            "scatter",
            [randn(3, 4), randn(4, 5)],
            [0, index_values([[2, 0], [1, 2], [1, 0]]), In(1), {"reduce": reduce}],
            grad=True,
            fn=lambda inputs, args: inputs[0].scatter_reduce(
                0, args[1].long(), inputs[1][:3, :2], reduce=args[3]["reduce"]
            ),
        )
    family.attempt(
        "scatter set larger source",
        "scatter",
        [randn(3, 4), randn(4, 5)],
        [0, index_values([[2, 0], [1, 2], [0, 1]]), In(1)],
        grad=True,
        fn=lambda inputs, args: inputs[0].scatter(0, args[1].long(), inputs[1][:3, :2]),
    )


def losses(family):
    for dtype in (f32, f64):
        kind = name_of(dtype)
        for label, a, b in (
            ("zeros", [[0.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [0.0, 0.0]]),
            ("equal", [[1.0, 2.0], [-3.0, 0.5]], [[1.0, 2.0], [-3.0, 0.5]]),
            ("corners", [[1.0, -1.0], [2.0, 0.0]], [[0.0, 0.0], [1.0, -1.0]]),
            ("tiny", [[1e-12, 0.0], [1e-9, 1e-9]], [[1.0, 2.0], [3.0, -1.0]]),
            ("infinite", [[INF, 1.0], [-INF, 2.0]], [[1.0, 1.0], [0.0, 2.0]]),
        ):
            x, y = values(a, dtype), values(b, dtype)
            for reduction in ("none",) if dtype == f32 else ("mean",):
                given = {"reduction": reduction}
                tag = f"{reduction} {label} {kind}"
                for call in ("mseLoss", "l1Loss", "smoothL1Loss", "huberLoss", "softMarginLoss", "hingeEmbeddingLoss"):
                    family.attempt(f"F.{call} {tag}", f"F.{call}", [x, y], [given], grad=True)
                family.attempt(f"F.klDiv {tag}", "F.klDiv", [x, y], [given], grad=(0,))
                family.attempt(f"F.klDiv log {tag}", "F.klDiv", [x, y], [{"logTarget": True, **given}], grad=True)
                family.attempt(f"F.poissonNllLoss {tag}", "F.poissonNllLoss", [x, y], [given], grad=True)
                family.attempt(
                    f"F.poissonNllLoss rate {tag}",
                    "F.poissonNllLoss",
                    [x, y],
                    [{"logInput": False, "full": True, **given}],
                    grad=(0,),
                )
                family.attempt(
                    f"F.gaussianNllLoss {tag}",
                    "F.gaussianNllLoss",
                    [x, y, values([[0.0, 1e-6], [1.0, 1e-7]], dtype)],
                    [given],
                    grad=True,
                )
                for wanted in ([1.0, -1.0], [-1.0, 1.0]):
                    family.attempt(
                        f"F.cosineEmbeddingLoss {wanted} {tag}",
                        "F.cosineEmbeddingLoss",
                        [x, y, values(wanted, dtype)],
                        [given],
                        grad=(0, 1),
                        tol=(1e-5, 1e-6),  # PyTorch adds 1e-12 as a float32
                    )
                    if label != "tiny":
                        family.attempt(
                            f"F.marginRankingLoss {wanted} {tag}",
                            "F.marginRankingLoss",
                            [x, y, values([wanted, wanted], dtype)],
                            [{"margin": 1.0, **given}],
                            grad=(0, 1),
                        )
                for p in (1.0, 2.0, 3.0):
                    if label != "infinite":
                        family.attempt(
                            f"F.tripletMarginLoss {p} {tag}",
                            "F.tripletMarginLoss",
                            [x, y, x],
                            [{"p": p, **given}],
                            grad=True,
                            tol=(1e-4, 1e-5),
                        )
                family.attempt(
                    f"F.tripletMarginLoss swap {tag}", "F.tripletMarginLoss", [x, y, x], [{"swap": True, **given}], grad=True
                )
                family.attempt(
                    f"F.multilabelSoftMarginLoss {tag}", "F.multilabelSoftMarginLoss", [x, y], [given], grad=(0,)
                )
                family.attempt(
                    f"F.binaryCrossEntropyWithLogits {tag}", "F.binaryCrossEntropyWithLogits", [x, y], [given], grad=True
                )
                family.attempt(
                    f"F.multiMarginLoss {tag}", "F.multiMarginLoss", [x, index_values([0, 1])], [given], grad=(0,)
                )
                family.attempt(f"F.crossEntropy {tag}", "F.crossEntropy", [x, index_values([0, 1])], [given], grad=(0,))
            for p in (1.0, 2.0, 3.0, INF) if label == "infinite" else (0.5, 1.0, 2.0, 3.0, INF):
                family.attempt(
                    f"F.pairwiseDistance {p} {label} {kind}", "F.pairwiseDistance", [x, y], [{"p": p}], grad=True
                )
                family.attempt(
                    f"F.pairwiseDistance {p} no eps {label} {kind}",
                    "F.pairwiseDistance",
                    [x, y],
                    [{"p": p, "eps": 0.0}],
                    grad=True,
                )
            for dim in (0, 1, -1):
                family.attempt(
                    f"F.cosineSimilarity {dim} {label} {kind}", "F.cosineSimilarity", [x, y], [{"dim": dim}], grad=True
                )
        ends = values([0.0, 1.0, 0.0, 1.0, 0.5, 1e-30], dtype)
        targets = values([0.0, 1.0, 1.0, 0.0, 1.0, 1.0], dtype)
        family.attempt(
            f"F.binaryCrossEntropy at the ends {kind}", "F.binaryCrossEntropy", [ends, targets], [{"reduction": "none"}], grad=(0,), tol=(1e-5, 1e-6)
        )
        # Broadcasting pairs.
        for shapes in (((2, 3), (1, 3)), ((1, 3), (2, 3)), ((3,), (2, 3)), ((2, 1, 3), (4, 3)), ((2, 1), (1, 3)), ((1,), (3,))):
            x, y = (randn(*shape, dtype=dtype) for shape in shapes)
            for dim in (0, -1):
                family.attempt(
                    f"F.cosineSimilarity {shapes} {dim} {kind}", "F.cosineSimilarity", [x, y], [{"dim": dim}], grad=True
                )
            family.attempt(f"F.pairwiseDistance {shapes} {kind}", "F.pairwiseDistance", [x, y], grad=True)
            family.attempt(f"logaddexp {shapes} {kind}", "logaddexp", [x, y], grad=True)
            family.attempt(f"lerp {shapes} {kind}", "lerp", [x, y, randn(3, dtype=dtype)], grad=True)
            for call in BINARY:
                family.attempt(f"{call} {shapes} {kind}", call, [x, y], grad=True)
        for shape in ((3,), (1,), (2, 1), (2, 3)):
            w = randn(*shape, dtype=dtype).map(torch.abs)
            x, y = randn(2, 3, dtype=dtype), randn(2, 3, dtype=dtype).map(torch.sigmoid)
            for key in ("weight", "posWeight"):
                family.attempt(
                    f"F.binaryCrossEntropyWithLogits {key} {shape} {kind}",
                    "F.binaryCrossEntropyWithLogits",
                    [x, y],
                    [{key: w}],
                    grad=(0,),
                )
            family.attempt(
                f"F.binaryCrossEntropy weight {shape} {kind}",
                "F.binaryCrossEntropy",
                [x.map(torch.sigmoid), y],
                [{"weight": w}],
                grad=(0,),
            )
            family.attempt(
                f"F.multilabelSoftMarginLoss weight {shape} {kind}", "F.multilabelSoftMarginLoss", [x, y], [{"weight": w}], grad=(0,)
            )
            family.attempt(
                f"F.gaussianNllLoss variance {shape} {kind}", "F.gaussianNllLoss", [x, y, w], grad=True
            )


IN_PLACE = (
    ("add_", 1, [[], [{"alpha": 2}]]),
    ("sub_", 1, [[], [{"alpha": 2}]]),
    ("mul_", 1, [[]]),
    ("div_", 1, [[], [{"roundingMode": "trunc"}], [{"roundingMode": "floor"}]]),
    ("remainder_", 1, [[]]),
    ("fmod_", 1, [[]]),
    ("pow_", 1, [[]]),
    ("atan2_", 1, [[]]),
    ("copy_", 1, [[]]),
    ("lerp_", 2, [[]]),
)


def in_place(family):
    for dtype in (f32, f64):
        kind = name_of(dtype)
        positive = lambda *shape: randn(*shape, dtype=dtype).map(lambda x: x.abs() + 0.5)  # noqa: B023, E731
        for call, operands, variants in IN_PLACE:
            for args in variants:
                for shape in ((2, 3), (3,), ()):
                    others = [positive(*shape) for _ in range(operands)]
                    for wanted in (True, (0,), tuple(range(1, operands + 1))):
                        family.attempt(
                            f"{call} {args} {shape} {wanted} {kind}".replace("'", ""), call, [positive(2, 3), *others], args, grad=wanted
                        )
        for bounds in ({"min": In(1)}, {"max": In(1)}):
            family.attempt(f"clamp_ {list(bounds)} {kind}", "clamp_", [randn(2, 3, dtype=dtype), randn(3, dtype=dtype)], [bounds], grad=True)
        both = [randn(2, 3, dtype=dtype), randn(3, dtype=dtype), randn(2, 1, dtype=dtype)]
        family.attempt(f"clamp_ both {kind}", "clamp_", both, [{"min": In(1), "max": In(2)}], grad=True)
        mask = values([[True, False, True]], boolean)
        family.attempt(f"maskedFill_ {kind}", "maskedFill_", [randn(2, 3, dtype=dtype), randn(dtype=dtype)], [mask, In(1)], grad=True)
        for call in UNARY:
            family.attempt(f"{call}_ {kind}", f"{call}_", [randn(4, dtype=dtype).map(lambda x: x.abs() * 0.4 + 0.1)], grad=True)
        for power in (2, 0.5, -0.5, 3):
            family.attempt(f"pow_ {power} {kind}", "pow_", [positive(4)], [power], grad=True)
        index = index_values([[0, 1], [1, 0]])
        family.attempt(f"scatter_ {kind}", "scatter_", [randn(2, 3, dtype=dtype), randn(2, 2, dtype=dtype)], [0, index, In(1)], grad=True)
        family.attempt(f"scatterAdd_ {kind}", "scatterAdd_", [randn(2, 3, dtype=dtype), randn(2, 2, dtype=dtype)], [0, index, In(1)], grad=True)
        rows = index_values([1, 0])
        for call in ("indexAdd_", "indexCopy_"):
            family.attempt(f"{call} {kind}", call, [randn(2, 3, dtype=dtype), randn(2, 3, dtype=dtype)], [0, rows, In(1)], grad=True)


SMALL = (u8, i8, i16, i32, i64, boolean)


def products_of_integers(family):
    for dtype in (*SMALL, f32):
        kind = name_of(dtype)
        a, b, c = of_dtype(dtype, 2, 3), of_dtype(dtype, 4), of_dtype(dtype, 3, 2)
        for equation, operands in (
            ("ik,j->ij", [a, b]),
            ("ik->i", [a]),
            ("ik->", [a]),
            ("ij->ji", [a]),
            ("ij,jk->ik", [a, c]),
            ("ij,ij->", [a, a]),
            ("ij,ij->ij", [a, a]),
            ("i,j->ij", [b, b]),
            ("ij,k->ijk", [a, b]),
            ("ii->i", [of_dtype(dtype, 3, 3)]),
            ("ii->", [of_dtype(dtype, 3, 3)]),
            ("...j,jk->...k", [a, c]),
            (",ij->ij", [of_dtype(dtype), a]),
        ):
            family.attempt(
                f"einsum {equation} {kind}",
                "einsum",
                operands,
                [],
                fn=lambda inputs, _, equation=equation: totals(torch.einsum(equation, *inputs), inputs),
            )
            family.cases and family.cases[-1]["call"] == "einsum" and named(family.cases[-1], equation)
        family.attempt(f"matmul {kind}", "matmul", [a, c])
        family.attempt(f"matmul of vectors {kind}", "matmul", [b, b])
        family.attempt(f"matmul of a batch {kind}", "matmul", [of_dtype(dtype, 2, 2, 3), c])
        family.attempt(f"outer {kind}", "outer", [b, b])
        family.attempt(f"dot {kind}", "dot", [b, b])
        family.attempt(f"mv {kind}", "mv", [a, of_dtype(dtype, 3)])
        for call in ("sum", "prod", "cumsum", "cumprod", "amax", "amin", "argmax", "sort", "any", "all", "countNonzero"):
            if dtype == u8 and call in ("any", "all"):
                continue
            family.attempt(f"{call} {kind}", call, [a], [1])
        for call in ("any", "all", "sum", "prod", "max", "min", "argmin", "unique"):
            if dtype == u8 and call in ("any", "all"):
                continue
            family.attempt(f"{call} of all {kind}", call, [a])
        for call in ("abs", "neg", "sign", "floor", "ceil", "round", "trunc", "square", "relu", "exp", "sqrt", "sigmoid", "reciprocal", "logicalNot", "bitwiseNot", "isnan", "isinf", "isfinite"):
            if dtype == boolean and call == "square":
                continue
            family.attempt(f"{call} {kind}", call, [b])


def named(case, equation):
    """The equation stands before the operands, which the arguments cannot: they follow the inputs."""
    if case["args"] == []:
        case["args"] = [equation, *({"input": index} for index in range(len(case["inputs"])))]


def totals(result, inputs):
    """Sums of integers are int32 in Heddle."""
    widened = result.dtype == i64 and inputs[0].dtype != i64
    return result.to(i32) if widened else result


def without_dimensions(family):
    """0-dimensional tensors, and tensors without elements, in every operation."""
    scalar = lambda dtype: Spec0(dtype)  # noqa: E731
    index = index_values(0)
    yes, no = values(True, boolean), values(False, boolean)
    calls = [
        *((call, []) for call in UNARY),
        *((call, []) for call in ("sum", "mean", "prod", "amax", "amin", "std", "var", "max", "min", "norm", "argmax", "argmin", "any", "all", "countNonzero", "unique", "nonzero", "clone", "t", "squeeze", "flatten", "sort", "argsort", "isnan", "isinf", "isfinite")),
        *((call, [dim]) for call in ("sum", "mean", "prod", "amax", "amin", "std", "var", "max", "min", "argmax", "argmin", "any", "all", "logsumexp", "cumsum", "cumprod", "softmax", "sort", "unsqueeze", "squeeze", "flip", "countNonzero") for dim in (0, -1)),
        ("norm", [2, 0]),
        ("norm", [1]),
        ("norm", [INF]),
        ("norm", [0]),
        ("topk", [1]),
        ("topk", [0]),
        ("topk", [1, 0]),
        ("reshape", [[1]]),
        ("reshape", [[]]),
        ("reshape", [[1, 1]]),
        ("view", [[1]]),
        ("expand", [[2]]),
        ("expand", [[2, 3]]),
        ("repeat", [[2]]),
        ("repeat", [[]]),
        ("tile", [[2]]),
        ("permute", [[]]),
        ("transpose", [0, -1]),
        ("movedim", [0, 0]),
        ("flatten", [0, 0]),
        ("roll", [1]),
        ("roll", [1, 0]),
        ("unfold", [0, 1, 1]),
        ("split", [1]),
        ("chunk", [1]),
        ("unbind", []),
        ("narrow", [0, 0, 1]),
        ("select", [0, 0]),
        ("diagonal", []),
        ("tril", []),
        ("triu", []),
        ("flip", [[0]]),
        ("flip", [[]]),
        ("take", [index]),
        ("take", [index_values([0, 0])]),
        ("indexSelect", [0, index]),
        ("indexSelect", [0, index_values([0])]),
        ("gather", [0, index]),
        ("gather", [0, index_values([0])]),
        ("scatter", [0, index, 2.0]),
        ("maskedFill", [yes, 2.0]),
        ("maskedFill", [values([True, False], boolean), 2.0]),
        ("maskedSelect", [yes]),
        ("maskedSelect", [no]),
        ("maskedSelect", [values([True, False], boolean)]),
        ("indexFill_", [0, index, 2.0]),
        ("fill_", [2.0]),
        ("zero_", []),
        ("clamp", [{"min": 1}]),
        ("pow", [2]),
        ("round", [{"decimals": 1}]),
        ("F.relu6", []),
        ("F.softplus", []),
        ("F.gelu", []),
        ("F.logsigmoid", []),
        ("F.hardswish", []),
        ("F.elu", []),
        ("F.mish", []),
        ("F.softmax", [0]),
        ("F.logSoftmax", [0]),
        ("F.normalize", [{"dim": 0}]),
    ]
    for dtype in (f32, i32, i64, boolean):
        for call, args in calls:
            label = f"{call} {[a if not hasattr(a, 'make') else 'index' for a in args]} 0-d {name_of(dtype)}".replace("'", "")
            if label in family.names or (dtype == boolean and call in ("square", "pow", "clamp")):
                label += " again"
                if dtype == boolean and call in ("square", "pow", "clamp"):
                    continue
            fn = None
            if call == "sort":
                fn = lambda inputs, args: inputs[0].sort(dim=args[0] if args else -1, stable=True)  # noqa: E731
            if call == "softmax" and dtype != f32:
                continue
            if call in ("argsort", "topk") and dtype == boolean:
                continue
            family.attempt(label, call, [scalar(dtype)], args, grad=dtype == f32 and call != "var", fn=fn)
        for call in (*BINARY, "eq", "ne", "lt", "le", "gt", "ge", "logicalAnd", "bitwiseAnd", "floorDivide"):
            family.attempt(f"{call} of 0-d {name_of(dtype)}", call, [scalar(dtype), scalar(dtype)], grad=dtype == f32 and call in BINARY)
    for mask in (yes, no):
        for shape in ((), (2,), (2, 3), (0,)):
            for where in (0, 1, "after"):
                label = f"at 0-d mask {where} of {shape} {'yes' if mask is yes else 'no'}"
                places = {0: [In(1)], 1: [In(1), 0], "after": [0, In(1)]}[where]
                family.attempt(
                    label,
                    "at",
                    [randn(*shape), mask],
                    places,
                    grad=(0,),
                    fn=lambda inputs, args, where=where: inputs[0][
                        {0: (inputs[1],), 1: (inputs[1], 0), "after": (0, inputs[1])}[where]
                    ],
                )
            family.attempt(
                f"indexPut_ 0-d mask of {shape} {'yes' if mask is yes else 'no'}",
                "indexPut_",
                [randn(*shape), mask],
                [[In(1)], 2.0],
                fn=lambda inputs, _: put(inputs[0], inputs[1]),
            )
    empties = ((0,), (2, 0, 3))
    for shape in empties:
        for dtype in (f32, i32):
            kind = f"of {shape} {name_of(dtype)}"
            for call in (*UNARY, "sum", "mean", "prod", "std", "var", "norm", "any", "all", "countNonzero", "unique", "nonzero", "flatten", "clone"):
                family.attempt(f"{call} {kind}", call, [zeros(*shape, dtype=dtype)], grad=dtype == f32)
            for dim in range(len(shape)):
                for call in ("sum", "mean", "prod", "std", "var", "any", "all", "amax", "amin", "max", "min", "argmax", "logsumexp", "cumsum", "cumprod", "softmax", "sort", "flip", "unbind"):
                    if call == "softmax" and dtype != f32:
                        continue
                    fn = (lambda inputs, args: inputs[0].sort(dim=args[0], stable=True)) if call == "sort" else None
                    family.attempt(f"{call} {dim} {kind}", call, [zeros(*shape, dtype=dtype)], [dim], grad=dtype == f32, fn=fn)
                for p in (0, 0.5, 1, 2, 3):
                    family.attempt(f"norm {p} {dim} {kind}", "norm", [zeros(*shape, dtype=dtype)], [p, dim], grad=p != 0)
            for call in BINARY:
                family.attempt(f"{call} {kind}", call, [zeros(*shape, dtype=dtype), zeros(*shape, dtype=dtype)], grad=dtype == f32)
    for reduction in ("none", "mean", "sum"):
        given = {"reduction": reduction}
        for call in ("mseLoss", "l1Loss", "smoothL1Loss", "huberLoss", "klDiv", "poissonNllLoss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits", "softMarginLoss", "hingeEmbeddingLoss", "multilabelSoftMarginLoss"):
            for shape in ((0,), (0, 3), ()):
                family.attempt(f"F.{call} of {shape} {reduction}", f"F.{call}", [zeros(*shape), zeros(*shape)], [given], grad=(0,))
        for shape in ((0, 3), (0, 2, 3)):
            family.attempt(
                f"F.crossEntropy of {shape} {reduction}",
                "F.crossEntropy",
                [zeros(*shape), zeros(shape[0], *shape[2:], dtype=i64)],
                [given],
                grad=(0,),
            )
    for a, b in (((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)), ((0,), (0,)), ((0, 2, 3), (3, 2)), ((4, 2, 0), (4, 0, 3)), ((0,), (0, 3)), ((2, 0), (0,))):
        for dtype in (f32, i32, i64):
            family.attempt(f"matmul {a} {b} {name_of(dtype)}", "matmul", [zeros(*a, dtype=dtype), zeros(*b, dtype=dtype)], grad=dtype == f32)
    for x, w in (((0, 2, 5), (3, 2, 3)), ((2, 2, 5), (0, 2, 3))):
        family.attempt(f"conv1d {x} {w}", "conv1d", [zeros(*x), zeros(*w)], grad=True)
        family.attempt(f"convTranspose1d {x}", "convTranspose1d", [zeros(*x), zeros(2, 3, 3)], grad=True)
    for call in ("maxPool1d", "avgPool1d", "adaptiveAvgPool1d"):
        family.attempt(f"{call} of no pictures", call, [zeros(0, 2, 4)], [2], grad=True)
    for dtype in (f32, i32):
        for shapes in (((0,), (2,)), ((0, 3), (2, 3)), ((0,), (0,))):
            family.attempt(f"cat {shapes} {name_of(dtype)}", "cat", [[zeros(*shape, dtype=dtype) for shape in shapes]], [0], grad=dtype == f32)
            family.attempt(f"stack {shapes[0]} {name_of(dtype)}", "stack", [[zeros(*shapes[0], dtype=dtype)] * 2], [0]) if f"stack {shapes[0]} {name_of(dtype)}" not in family.names else None
        family.attempt(f"stack of 0-d {name_of(dtype)}", "stack", [[scalar(dtype), scalar(dtype)]], [0], grad=dtype == f32)


def put(x, mask):
    x[mask] = 2.0
    return x


def Spec0(dtype):
    return values(True if dtype == boolean else 2, dtype) if dtype in (boolean, i32, i64) else randn(dtype=dtype).map(torch.abs)


def windows(family):
    """Every legal combination of kernel, stride, padding, dilation, groups and output padding, in small."""
    for number in range(360):
        draw = random.Random(number)
        dims = draw.choice((1, 1, 2, 2, 3))
        each = lambda choices: [draw.choice(choices) for _ in range(dims)]  # noqa: B023, E731
        dtype = (f32, f64)[number % 2]
        sizes, kernel = each((1, 2, 3) if dims == 3 else (1, 2, 3, 4, 5)), each((1, 2, 3))
        stride, padding, dilation = each((1, 2, 3)), each((0, 1, 2)), each((1, 2, 3))
        groups, per, filters = draw.choice((1, 1, 2)), draw.choice((1, 2)), draw.choice((1, 2))
        kind = ("conv", "convTranspose", "convTranspose", "maxPool", "avgPool", "interpolate")[number % 6]
        x = randn(draw.choice((1, 2)), groups * per, *sizes, dtype=dtype)
        label = f"{number} {kind}{dims}d {name_of(dtype)}"
        given = {"stride": stride, "padding": padding, "dilation": dilation}
        if kind == "conv":
            weight = randn(groups * filters, per, *kernel, dtype=dtype)
            family.attempt(label, f"conv{dims}d", [x, weight, randn(groups * filters, dtype=dtype)], [{"bias": In(2), **given, "groups": groups}], grad=True)
        elif kind == "convTranspose":
            given["outputPadding"] = [draw.randrange(max(s, d)) for s, d in zip(stride, dilation)]
            weight = randn(groups * per, filters, *kernel, dtype=dtype)
            family.attempt(label, f"convTranspose{dims}d", [x, weight, randn(groups * filters, dtype=dtype)], [{"bias": In(2), **given, "groups": groups}], grad=True)
        elif kind == "maxPool":
            # PyTorch 1.13 writes beyond its memory for windows that reach no element.
            given["padding"] = [min(p, k // 2) if d == 1 else 0 for p, k, d in zip(padding, kernel, dilation)]
            given["ceilMode"] = draw.choice((True, False))
            place = "F." if dims == 3 else ""
            family.attempt(label, f"{place}maxPool{dims}d", [x], [kernel, given], grad=True)
            family.attempt(f"{label} indices", f"{place}maxPool{dims}d", [x], [kernel, {**given, "returnIndices": True}])
        elif kind == "avgPool":
            given = {
                "stride": stride,
                "padding": [min(p, k // 2) for p, k in zip(padding, kernel)],
                "ceilMode": draw.choice((True, False)),
                "countIncludePad": draw.choice((True, False)),
            }
            family.attempt(label, f"{'F.' if dims == 3 else ''}avgPool{dims}d", [x], [kernel, given], grad=True)
        else:
            mode = draw.choice(("nearest", "nearest-exact", "area", ("linear", "bilinear", "trilinear")[dims - 1], "bicubic"))
            x = randn(1, 2, *sizes, dtype=dtype)
            options = {"mode": mode}
            if draw.random() < 0.5:
                options["size"] = each((1, 2, 3, 5, 7))
            else:
                options["scaleFactor"] = each((0.5, 0.7, 1.0, 1.1, 1.19, 1.5, 2.0, 2.1, 3.0))
                if draw.random() < 0.3:
                    options["recomputeScaleFactor"] = True
            if "linear" in mode or mode == "bicubic":
                options["alignCorners"] = draw.choice((True, False))
            backward_too = not mode.startswith("nearest")  # whose gradient PyTorch sends elsewhere than where the value came from
            family.attempt(f"{label} {mode}", "F.interpolate", [x], [options], grad=backward_too)
    for extra in range(3):
        for stride in (1, 2):
            for dims in (1, 2, 3):
                family.attempt(
                    f"convTranspose{dims}d stride {stride} outputPadding {extra}",
                    f"convTranspose{dims}d",
                    [randn(1, 2, *[3] * dims), randn(2, 2, *[2] * dims)],
                    [{"stride": stride, "dilation": 3, "outputPadding": extra}],
                    grad=True,
                )


def record():
    families = []
    for part in (windows, elementwise, reductions, scatters, losses, in_place, products_of_integers, without_dimensions):
        family = Edges(f"edges_{part.__name__}")
        part(family)
        families.append(family)
    return families
