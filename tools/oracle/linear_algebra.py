"""Linear algebra in float64. Factors whose signs or order are free are recorded through what does not depend on them."""

from calling import fill_in
from encoding import torch
from recorder import Family
from tensors import INF, NAN, f64, i32, integers, randn, values, zeros

linalg = torch.linalg


def matrix(*shape, dtype=f64):
    return randn(*shape, dtype=dtype)


def positive(*shape):
    """Symmetric and well conditioned."""
    return matrix(*shape).map(lambda a: a @ a.mT + 0.5 * torch.eye(a.shape[-1], dtype=a.dtype))


def symmetric(*shape):
    return matrix(*shape).map(lambda a: (a + a.mT) / 2)


def lower_triangle_of(function):
    """Cholesky and eigh read one triangle; the gradient is that of a symmetric matrix built from it."""
    return lambda inputs, _: function((inputs[0] + inputs[0].mT) / 2)


def eigh_exp(a):
    values_, vectors = linalg.eigh(a)
    return vectors @ torch.diag_embed(values_.exp()) @ vectors.mT


def eigh_reconstruct(a):
    values_, vectors = linalg.eigh(a)
    return vectors @ torch.diag_embed(values_) @ vectors.mT


def eig_values(a):
    """Pairs of real and imaginary part, in order of both."""
    found = linalg.eigvals(a)
    pairs = torch.stack([found.real, found.imag], -1)
    flat = pairs.reshape(-1, *pairs.shape[-2:])
    rows = [
        sorted([(round(re, 9), round(im, 9), index) for index, (re, im) in enumerate(row.tolist())]) for row in flat
    ]
    order = torch.tensor([[item[2] for item in row] for row in rows]).reshape(*pairs.shape[:-1])
    return torch.gather(pairs, -2, order.unsqueeze(-1).expand(pairs.shape))


def qr_positive(a):
    """R with a positive diagonal, which is unique."""
    _, r = linalg.qr(a)
    signs = torch.sign(torch.diagonal(r, dim1=-2, dim2=-1))
    return signs.unsqueeze(-1) * r


def qr_reconstruct(a):
    q, r = linalg.qr(a)
    return q @ r


def svd_reconstruct(a):
    u, s, vh = linalg.svd(a, full_matrices=False)
    return u @ torch.diag_embed(s) @ vh


def solving(family):
    for label, a, b in (
        ("vector", (3, 3), (3,)),
        ("matrix", (3, 3), (3, 2)),
        ("batch", (2, 3, 3), (2, 3, 2)),
        ("broadcast", (3, 3), (2, 3, 1)),
        ("one", (1, 1), (1, 1)),
        ("larger", (8, 8), (8, 3)),
    ):
        family.case(f"solve {label}", "solve", [matrix(*a), matrix(*b)], grad=True)
    family.case("solve transposed", "solve", [matrix(3, 3).transposed(), matrix(2, 3).transposed()], grad=True)
    family.case("solve nothing", "solve", [matrix(0, 0), matrix(0, 2)], grad=True)
    family.case("solve no right sides", "solve", [matrix(3, 3), matrix(3, 0)], grad=True)
    for label, shape in (
        ("2", (2, 2)),
        ("4", (4, 4)),
        ("batch", (2, 3, 3)),
        ("batches", (2, 1, 2, 2)),
        ("nothing", (0, 0)),
    ):
        family.case(f"inv {label}", "inv", [matrix(*shape)], grad=True)
        family.case(f"det {label}", "det", [matrix(*shape)], grad=True)
        family.case(f"slogdet {label}", "slogdet", [matrix(*shape)], grad=True)
    family.case("inv stepped", "inv", [matrix(3, 6).stepped(2)], grad=True)
    family.case("det transposed", "det", [matrix(3, 3).transposed()], grad=True)
    family.case("det singular", "det", [values([[1.0, 2.0], [2.0, 4.0]], f64)])
    family.case("slogdet singular", "slogdet", [zeros(2, 2, dtype=f64)])
    family.case("slogdet of a negative determinant", "slogdet", [values([[0.0, 1.0], [1.0, 0.0]], f64)], grad=True)
    family.case("det of NaN", "det", [values([[NAN, 2.0], [2.0, 4.0]], f64)])
    for label, a, b in (
        ("tall", (5, 3), (5, 2)),
        ("vector", (5, 3), (5, 1)),
        ("square", (3, 3), (3, 2)),
        ("wide", (3, 5), (3, 2)),
        ("batch", (2, 5, 3), (2, 5, 2)),
    ):
        family.case(
            f"lstsq {label}",
            "lstsq",
            [matrix(*a), matrix(*b)],
            fn=lambda inputs, _: linalg.lstsq(*inputs, driver="gelsd").solution,
        )
    rank_one = matrix(4, 1).map(lambda column: column * torch.tensor([[1.0, 2.0, -1.0]], dtype=f64))
    family.case(
        "lstsq of rank one",
        "lstsq",
        [rank_one, matrix(4, 1)],
        fn=lambda inputs, _: linalg.lstsq(*inputs, driver="gelsd").solution,
    )
    for call, shape in (("inv", (2, 3)), ("det", (2, 3)), ("slogdet", (3,)), ("inv", (3,))):
        family.error(f"{call} of {shape}", call, [matrix(*shape)], fn=named(call))
    family.error("inv singular", "inv", [values([[1.0, 2.0], [2.0, 4.0]], f64)], fn=named("inv"))
    family.error("solve singular", "solve", [zeros(2, 2, dtype=f64), matrix(2, 1)], fn=named("solve"))
    family.error("solve of other sizes", "solve", [matrix(3, 3), matrix(2, 2)], fn=named("solve"))
    family.error("lstsq of other sizes", "lstsq", [matrix(3, 2), matrix(4, 2)], fn=named("lstsq"))


def named(call):
    return lambda inputs, _: getattr(linalg, call)(*inputs)


def factors(family):
    for label, shape in (("2", (2, 2)), ("4", (4, 4)), ("batch", (2, 3, 3)), ("nothing", (0, 0))):
        family.case(f"cholesky {label}", "cholesky", [positive(*shape)], fn=named("cholesky"))
        family.case(
            f"cholesky of the symmetric part {label}",
            "choleskySymmetrised",
            [positive(*shape)],
            grad=True,
            fn=lower_triangle_of(linalg.cholesky),
        )
        family.case(
            f"eigh values {label}", "eighValues", [symmetric(*shape)], fn=lambda inputs, _: linalg.eigh(inputs[0])[0]
        )
        family.case(
            f"eigh values of the symmetric part {label}",
            "eighValuesSymmetrised",
            [matrix(*shape)],
            grad=True,
            fn=lower_triangle_of(lambda a: linalg.eigh(a)[0]),
        )
        family.case(
            f"eigh reconstruct {label}",
            "eighReconstruct",
            [symmetric(*shape)],
            fn=lambda inputs, _: eigh_reconstruct(inputs[0]),
        )
        family.case(
            f"eigh exponential {label}",
            "eighExpSymmetrised",
            [matrix(*shape)],
            grad=True,
            fn=lower_triangle_of(eigh_exp),
        )
    family.case(
        "cholesky reads the lower triangle", "cholesky", [values([[4.0, 99.0], [2.0, 3.0]], f64)], fn=named("cholesky")
    )
    family.case(
        "eigh reads the lower triangle",
        "eighValues",
        [values([[4.0, 99.0], [2.0, 3.0]], f64)],
        fn=lambda inputs, _: linalg.eigh(inputs[0])[0],
    )
    family.error(
        "cholesky of an indefinite matrix", "cholesky", [values([[1.0, 2.0], [2.0, 1.0]], f64)], fn=named("cholesky")
    )
    family.error("cholesky of a rectangle", "cholesky", [matrix(2, 3)], fn=named("cholesky"))
    family.error("eigh of a rectangle", "eighValues", [matrix(2, 3)], fn=lambda inputs, _: linalg.eigh(inputs[0])[0])
    for label, shape in (("square", (3, 3)), ("tall", (5, 3)), ("wide", (3, 5)), ("batch", (2, 4, 3))):
        family.case(
            f"qr R {label}",
            "qrPositiveR",
            [matrix(*shape)],
            grad=label != "wide",
            fn=lambda inputs, _: qr_positive(inputs[0]),
        )
        family.case(
            f"qr reconstruct {label}", "qrReconstruct", [matrix(*shape)], fn=lambda inputs, _: qr_reconstruct(inputs[0])
        )
        family.case(
            f"svd values {label}",
            "svdValues",
            [matrix(*shape)],
            grad=True,
            fn=lambda inputs, _: linalg.svdvals(inputs[0]),
        )
        family.case(
            f"svd reconstruct {label}",
            "svdReconstruct",
            [matrix(*shape)],
            fn=lambda inputs, _: svd_reconstruct(inputs[0]),
        )
    family.case(
        "svd values of rank one",
        "svdValues",
        [values([[1.0, 2.0], [2.0, 4.0]], f64)],
        fn=lambda inputs, _: linalg.svdvals(inputs[0]),
    )
    family.case(
        "svd values transposed",
        "svdValues",
        [matrix(5, 3).transposed()],
        grad=True,
        fn=lambda inputs, _: linalg.svdvals(inputs[0]),
    )
    for label, make in (
        ("general", matrix(4, 4)),
        ("symmetric", symmetric(3, 3)),
        ("batch", matrix(2, 3, 3)),
        ("rotation", values([[0.0, -1.0], [1.0, 0.0]], f64)),
        ("triangular", matrix(4, 4).map(torch.triu)),
    ):
        family.case(f"eig values {label}", "eigValuesSorted", [make], fn=lambda inputs, _: eig_values(inputs[0]))
    family.error("eig of a rectangle", "eigValuesSorted", [matrix(2, 3)], fn=lambda inputs, _: eig_values(inputs[0]))


def plain(function):
    """The call as it is: inputs, arguments, options by keyword."""

    def call(inputs, args):
        given = fill_in(list(args), inputs)
        options = given.pop() if given and isinstance(given[-1], dict) else {}
        return function(*inputs, *given, **options)

    return call


def condition(inputs, args):
    if args[0] == -2:
        return linalg.svdvals(inputs[0])[..., -1] / linalg.svdvals(inputs[0])[..., 0]
    return linalg.matrix_norm(inputs[0], args[0]) * linalg.matrix_norm(linalg.inv(inputs[0]), args[0])


def norms(family):
    for ord in (2, 0, 0.5, 1, 3, -1, -2.5, INF, -INF):
        for label, x, options in (
            ("all", matrix(2, 3), {}),
            ("rows", matrix(2, 3, 4), {"dim": -1}),
            ("dims kept", matrix(2, 3, 4), {"dim": [0, 2], "keepdim": True}),
            ("transposed", matrix(3, 4).transposed(), {"dim": [0]}),
            ("one number", matrix(), {}),
            ("zeros", values([[0.0, 0.0], [1.0, 0.0]], f64), {"dim": 1}),
            ("special", values([[NAN, 1.0], [INF, 1.0], [-INF, 0.0]], f64), {"dim": 1}),
        ):
            grad = ord != 0 and label in ("all", "rows", "dims kept", "transposed")
            family.case(
                f"vectorNorm {ord} {label}", "vectorNorm", [x], [ord, options], grad, fn=plain(linalg.vector_norm)
            )
    for ord in (2, 0, 1, 3.5):
        for shape, options in (((0,), {}), ((0, 3), {"dim": 0}), ((0, 3), {"dim": 1})):
            family.case(
                f"vectorNorm {ord} of {shape} {options}".replace("'", ""),
                "vectorNorm",
                [zeros(*shape, dtype=f64)],
                [ord, options],
                fn=plain(linalg.vector_norm),
            )
    for ord in (INF, -1):
        family.error(f"vectorNorm {ord} of nothing", "vectorNorm", [zeros(0, dtype=f64)], [ord], plain(linalg.vector_norm))
    family.error("vectorNorm of integers", "vectorNorm", [zeros(2, dtype=i32)], [2], plain(linalg.vector_norm))
    for ord in ("fro", "nuc", 1, -1, 2, -2, INF, -INF):
        for label, x, options in (
            ("square", matrix(3, 3), {}),
            ("tall", matrix(2, 4, 2), {}),
            ("wide kept", matrix(2, 4), {"keepdim": True}),
            ("dims", matrix(2, 3, 4), {"dim": [2, 0]}),
            ("dims kept", matrix(2, 3, 4), {"dim": [0, -1], "keepdim": True}),
            ("stepped", matrix(3, 6).stepped(2), {}),
            ("no batch", zeros(0, 2, 3, dtype=f64), {}),
        ):
            grad = label != "no batch"
            family.case(
                f"matrixNorm {ord} {label}", "matrixNorm", [x], [ord, options], grad, fn=plain(linalg.matrix_norm)
            )
        family.case(f"norm {ord} of a matrix", "norm", [matrix(3, 2)], [ord], True, fn=plain(linalg.norm))
        family.case(
            f"norm {ord} along two dims", "norm", [matrix(3, 2, 2)], [ord, {"dim": [0, 1]}], True, fn=plain(linalg.norm)
        )
        family.case(f"cond {ord}", "cond", [matrix(2, 3, 3)], [ord], fn=plain(linalg.cond))
        # PyTorch 1.13 cannot differentiate its own; this is the same by definition.
        family.case(f"cond {ord} by definition", "cond", [matrix(2, 3, 3)], [ord], True, fn=condition)
        family.case(f"cond {ord} of nothing", "cond", [zeros(2, 0, 0, dtype=f64)], [ord], fn=plain(linalg.cond))
        family.case(f"cond {ord} of no matrices", "cond", [zeros(0, 2, 2, dtype=f64)], [ord], fn=plain(linalg.cond))
    for ord, shape in (("fro", (0, 3)), ("nuc", (3, 0)), (1, (0, 3)), (-1, (0, 3)), (INF, (3, 0)), (-INF, (3, 0))):
        family.case(
            f"matrixNorm {ord} of {shape}", "matrixNorm", [zeros(*shape, dtype=f64)], [ord], fn=plain(linalg.matrix_norm)
        )
    for ord, shape in ((2, (0, 3)), (-2, (3, 0)), (1, (3, 0)), (INF, (0, 3)), ("fro", (3,)), (3, (2, 2))):
        family.error(
            f"matrixNorm {ord} of {shape}", "matrixNorm", [zeros(*shape, dtype=f64)], [ord], plain(linalg.matrix_norm)
        )
    for ord in ("fro", 1, -1, INF, -INF):
        family.case(
            f"cond {ord} of singular matrices",
            "cond",
            [values([[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]], f64)],
            [ord],
            fn=plain(linalg.cond),
        )
    family.case("cond of a rectangle", "cond", [matrix(2, 4, 3)], grad=True, fn=plain(linalg.cond))
    family.error("cond 1 of a rectangle", "cond", [matrix(4, 3)], [1], plain(linalg.cond))
    for label, x, args in (
        ("any shape", matrix(2, 3, 2), []),
        ("any shape kept", matrix(2, 3, 2), [None, {"keepdim": True}]),
        ("a vector", matrix(4), [3]),
        ("rows", matrix(3, 4), [1, {"dim": 1}]),
        ("rows without ord", matrix(3, 4), [None, {"dim": [1]}]),
        ("a number", matrix(), []),
    ):
        family.case(f"norm of {label}", "norm", [x], args, True, fn=plain(linalg.norm))
    family.error("norm 1 of three dims", "norm", [matrix(2, 2, 2)], [1], plain(linalg.norm))
    family.error("norm along three dims", "norm", [matrix(2, 2, 2)], [None, {"dim": [0, 1, 2]}], plain(linalg.norm))
    family.error("norm fro of a vector", "norm", [matrix(3)], ["fro"], plain(linalg.norm))


def triangular(inputs, args):
    """PyTorch reads one triangle of A, its gradient is that of the triangle."""
    return plain(linalg.solve_triangular)(inputs, args)


def solves(family):
    for upper in (True, False):
        for left in (True, False):
            for unitriangular in (True, False):
                options = {"upper": upper, "left": left, "unitriangular": unitriangular}
                for label, a, b in (
                    ("", matrix(3, 3), matrix(3, 2) if left else matrix(2, 3)),
                    ("broadcast", matrix(2, 1, 2, 2), matrix(3, 2, 4) if left else matrix(3, 4, 2)),
                    ("transposed", matrix(3, 3).transposed(), matrix(3, 3).transposed()),
                ):
                    family.case(
                        f"solveTriangular {label} {options}".replace("'", ""),
                        "solveTriangular",
                        [a, b],
                        [options],
                        grad=True,
                        fn=triangular,
                    )
    upper = {"upper": True}
    family.case("solveTriangular singular", "solveTriangular", [zeros(2, 2, dtype=f64), matrix(2, 1)], [upper], fn=triangular)
    family.case("solveTriangular nothing", "solveTriangular", [matrix(0, 0), matrix(0, 2)], [upper], True, fn=triangular)
    family.case("solveTriangular no sides", "solveTriangular", [matrix(2, 2), matrix(2, 0)], [upper], True, fn=triangular)
    family.error("solveTriangular of a vector", "solveTriangular", [matrix(2, 2), matrix(2)], [upper], triangular)
    family.error("solveTriangular of other sizes", "solveTriangular", [matrix(2, 2), matrix(3, 1)], [upper], triangular)
    for upper in (False, True):
        triangle = torch.triu if upper else torch.tril
        factor = lambda function, at: lambda inputs, _: function(
            *[triangle(x) if i == at else x for i, x in enumerate(inputs)], upper=upper
        )
        for label, b, l in (
            ("", matrix(3, 2), matrix(3, 3)),
            ("batch", matrix(2, 3, 1), matrix(2, 3, 3)),
            ("nothing", matrix(0, 2), matrix(0, 0)),
        ):
            family.case(
                f"choleskySolve {label} {upper}",
                "choleskySolve",
                [b, l],
                [{"upper": upper}],
                grad=label != "nothing",
                fn=factor(torch.cholesky_solve, 1),
            )
        family.case(
            f"choleskyInverse {upper}", "choleskyInverse", [matrix(3, 3)], [{"upper": upper}], fn=factor(torch.cholesky_inverse, 0)
        )
    for label, a, b in (("", (3, 3), (2, 3)), ("batch", (2, 3, 3), (2, 2, 3)), ("broadcast", (3, 3), (4, 2, 3))):
        family.case(
            f"solve from the right {label}", "solve", [matrix(*a), matrix(*b)], [{"left": False}], True, fn=plain(linalg.solve)
        )
    for label, a in (
        ("positive", positive(2, 3, 3)),
        ("negative", values([[0.0, 1.0], [1.0, 0.0]], f64)),
        ("singular", zeros(2, 2, dtype=f64)),
        ("nothing", zeros(0, 0, dtype=f64)),
        ("no matrices", zeros(0, 2, 2, dtype=f64)),
    ):
        family.case(f"logdet {label}", "logdet", [a], grad=label == "positive", fn=plain(torch.logdet))
    for label, shape in (("2", (2, 2)), ("batch", (2, 4, 4)), ("nothing", (0, 0))):
        read = lambda inputs, _: linalg.eigh(inputs[0], UPLO="U")[0]
        family.case(f"eigvalsh upper {label}", "eigvalsh", [matrix(*shape)], [{"UPLO": "U"}], fn=read)
    family.case("invEx", "invEx", [matrix(2, 3, 3)], grad=True, fn=lambda inputs, _: linalg.inv_ex(inputs[0])[0])


def lower_rank(x):
    """Products of tall and wide matrices, of rank 2."""
    return x[..., :2] @ x[..., :2, :]


def pseudo_inverses(family):
    diagonal = values([[[3.0, 0.0], [0.0, 1e-3]], [[1.0, 2.0], [2.0, 4.0]]], f64)
    for label, a, options, grad in (
        ("tall", matrix(4, 2), {}, True),
        ("wide", matrix(2, 2, 4), {}, True),
        ("of lower rank", matrix(2, 4, 5).map(lower_rank), {}, True),
        ("nothing", matrix(0, 3), {}, False),
        ("no matrices", matrix(0, 2, 3), {}, False),
        ("hermitian", symmetric(2, 3, 3), {"hermitian": True}, False),
        ("of which the lower triangle is read", matrix(3, 3), {"hermitian": True}, False),
        ("atol", diagonal, {"atol": 0.01}, True),
        ("rtol", diagonal, {"rtol": 0.01}, True),
        ("both", diagonal, {"atol": 1e-4, "rtol": 1e-5}, False),
        ("hermitian with atol", diagonal, {"hermitian": True, "atol": 0.01}, False),
    ):
        family.case(f"pinv {label}", "pinv", [a], [options], grad, fn=plain(linalg.pinv))
        family.case(
            f"matrixRank {label}", "matrixRank", [a], [options], fn=lambda i, o: plain(linalg.matrix_rank)(i, o).int()
        )


def factored(family):
    sides = {"square": (3, 3), "tall": (2, 5, 3), "wide": (3, 5), "one": (1, 1), "nothing": (0, 0), "empty": (0, 3)}
    for label, shape in {**sides, "no matrices": (0, 2, 2)}.items():
        family.case(f"lu {label}", "lu", [matrix(*shape)], grad=True, fn=plain(linalg.lu))
        family.case(f"luFactor {label}", "luFactor", [matrix(*shape)], grad=True, fn=plain(linalg.lu_factor))
    family.case("lu transposed", "lu", [matrix(4, 3).transposed()], grad=True, fn=plain(linalg.lu))
    for label, data in (
        ("singular", [[1.0, 2.0], [2.0, 4.0]]),
        ("zeros", [[0.0, 0.0], [0.0, 0.0]]),
        ("deficient", [[0.0, 1.0], [0.0, 2.0], [0.0, 3.0]]),
        ("ties", [[1.0, 2.0], [-1.0, 3.0]]),
        ("without a first column", [[0.0, 1.0, 2.0], [0.0, 0.0, 4.0]]),
    ):
        family.case(f"lu {label}", "lu", [values(data, f64)], fn=plain(linalg.lu))
    for left in (True, False):
        for adjoint in (False, True):
            options = {"left": left, "adjoint": adjoint}
            solved = lambda inputs, args: linalg.lu_solve(
                *linalg.lu_factor(inputs[0]), inputs[1], left=args[0]["left"], adjoint=args[0]["adjoint"]
            )
            for label, a, b in (("", (3, 3), (3, 2)), ("batch", (2, 4, 4), (2, 4, 3)), ("broadcast", (2, 3, 3), (3, 1))):
                b = b if left else (*b[:-2], b[-1], b[-2])
                family.case(
                    f"luSolve {label} {options}".replace("'", ""),
                    "luSolve",
                    [matrix(*a), matrix(*b)],
                    [options],
                    grad=True,
                    fn=solved,
                )


def products(family):
    for label, a in (
        ("2", matrix(2, 2)),
        ("batch", matrix(2, 3, 3)),
        ("one", matrix(2, 1, 1)),
        ("large", matrix(3, 3).map(lambda a: a * 10)),
        ("small", matrix(3, 3).map(lambda a: a * 1e-3)),
        ("transposed", matrix(4, 4).transposed()),
        ("nothing", matrix(2, 0, 0)),
        ("no matrices", matrix(0, 2, 2)),
        ("nilpotent", values([[0.0, 1.0, 2.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]], f64)),
    ):
        family.case(f"matrixExp {label}", "matrixExp", [a], grad=label != "nothing", fn=plain(linalg.matrix_exp))
    family.error("matrixExp of a rectangle", "matrixExp", [matrix(2, 3)], fn=plain(linalg.matrix_exp))
    for label, shapes in (
        ("two", ((2, 3), (3, 4))),
        ("three", ((10, 2), (2, 5), (5, 3))),
        ("five", ((3, 4), (4, 1), (1, 5), (5, 2), (2, 6))),
        ("vectors", ((3,), (3, 4), (4,))),
        ("a row", ((3,), (3, 4), (4, 2))),
        ("a column", ((2, 3), (3,))),
        ("nothing", ((2, 0), (0, 3), (3, 2))),
    ):
        family.case(
            f"multiDot {label}", "multiDot", [[matrix(*shape) for shape in shapes]], grad=True, fn=plain(linalg.multi_dot)
        )
    for label, a, b in (
        ("vectors", (2,), (3,)),
        ("matrices", (2, 3), (3, 2)),
        ("other ranks", (2, 1, 3), (2,)),
        ("a number", (), (2, 2)),
        ("nothing", (0, 2), (2, 2)),
    ):
        family.case(f"kron {label}", "kron", [matrix(*a), matrix(*b)], grad=True, fn=plain(torch.kron))
    family.case("kron transposed", "kron", [matrix(2, 3).transposed(), matrix(2, 2).transposed()], grad=True, fn=plain(torch.kron))
    family.case("kron of integers", "kron", [integers(-3, 4, 2, 2), integers(-3, 4, 3)], fn=plain(torch.kron))
    family.case("vecdot", "vecdot", [matrix(2, 3), matrix(3)], grad=True, fn=plain(linalg.vecdot))
    family.case("vecdot along 0", "vecdot", [matrix(3, 2), matrix(3, 1)], [{"dim": 0}], True, fn=plain(linalg.vecdot))
    family.case("vander", "vander", [matrix(3)], grad=True, fn=plain(linalg.vander))
    family.case("vander of a batch", "vander", [matrix(2, 3)], [{"N": 5}], True, fn=lambda i, _: linalg.vander(i[0], N=5))
    family.case("vander of a number", "vander", [matrix()], [{"N": 3}], True, fn=lambda i, _: linalg.vander(i[0], N=3))
    family.case("tensorinv", "tensorinv", [matrix(2, 3, 6)], grad=True, fn=plain(linalg.tensorinv))
    family.case("tensorinv ind 1", "tensorinv", [matrix(4, 2, 2)], [{"ind": 1}], True, fn=plain(linalg.tensorinv))
    family.case("tensorsolve", "tensorsolve", [matrix(2, 3, 6), matrix(2, 3)], grad=True, fn=plain(linalg.tensorsolve))
    family.case(
        "tensorsolve with dims", "tensorsolve", [matrix(6, 2, 3), matrix(2, 3)], [{"dims": [0]}], True, fn=plain(linalg.tensorsolve)
    )
    family.error("tensorinv of other sizes", "tensorinv", [matrix(2, 3)], [{"ind": 1}], plain(linalg.tensorinv))


def record():
    family = Family("linear_algebra")
    solving(family)
    factors(family)
    norms(family)
    solves(family)
    pseudo_inverses(family)
    factored(family)
    products(family)
    for case in family.cases:
        if not case.get("error"):
            case["tol"] = {"rtol": 1e-8, "atol": 1e-9}
    return [family]
