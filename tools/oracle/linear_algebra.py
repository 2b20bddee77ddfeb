"""Linear algebra in float64. Factors whose signs or order are free are recorded through what does not depend on them."""

from encoding import torch
from recorder import Family
from tensors import NAN, f64, randn, values, zeros

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


def record():
    family = Family("linear_algebra")
    solving(family)
    factors(family)
    for case in family.cases:
        if not case.get("error"):
            case["tol"] = {"rtol": 1e-8, "atol": 1e-9}
    return [family]
