"""Matrix products and einsum."""

from encoding import In
from recorder import Family
from tensors import HALVES, INF, NAN, f32, f64, i32, i64, i8, integers, of_dtype, randn, values

SHAPES = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((2, 1, 3, 2), (4, 2, 3)),
    ((2, 1, 1, 3), (1, 3, 3, 2)),
    ((1, 1), (1, 1)),
    ((7, 9), (9, 8)),
    ((17, 33), (33, 19)),
)
EMPTY = (
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((2, 3), (3, 0)),
    ((0,), (0,)),
    ((0, 2, 3), (3, 4)),
    ((5, 2, 0), (0, 4)),
    ((2, 0), (0,)),
)
REFUSED = (
    ("matmul", (2, 3), (2, 3)),
    ("matmul", (3,), (4,)),
    ("matmul", (), (3,)),
    ("matmul", (2, 2, 3), (3, 3, 4)),
    ("matmul", (2, 3), (4,)),
    ("mm", (2, 3), (2, 3)),
    ("mm", (2, 3), (3,)),
    ("mm", (2, 2, 3), (3, 2)),
    ("bmm", (2, 2, 3), (3, 3, 4)),
    ("bmm", (2, 3), (3, 4)),
    ("mv", (2, 3), (2,)),
    ("mv", (3,), (3,)),
    ("dot", (3,), (4,)),
    ("dot", (2, 3), (2, 3)),
    ("outer", (2, 2), (3,)),
)
EQUATIONS = (
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ij->ji", (2, 3)),
    ("ba", (2, 3)),
    ("ii->", (3, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("ij->", (2, 3)),
    ("ij->j", (2, 3)),
    ("i,j->ij", (2,), (3,)),
    ("i,i->", (3,), (3,)),
    ("i,i", (3,), (3,)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
    ("bij,jk->bik", (2, 3, 4), (4, 2)),
    ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)),
    ("...ii->...i", (2, 3, 3)),
    ("i...->...", (3, 2, 4)),
    ("...,...", (2, 3), (3,)),
    ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)),
    ("ij,ij->ij", (2, 3), (2, 3)),
    ("bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4)),
    ("iij,jk->ik", (2, 2, 3), (3, 2)),
    ("ij,k->", (2, 3), (4,)),
    ("abcd->dbca", (2, 3, 1, 2)),
    ("ij,i->ij", (2, 3), (2,)),
    ("ij,j->i", (1, 3), (3,)),
    (" i j , j -> i ", (2, 3), (3,)),
    ("Ab,bC->AC", (2, 3), (3, 2)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("i->", (0,)),
    ("ij,jk->ik", (2, 0), (0, 3)),
    ("b...,b...->...", (2, 3), (2, 3)),
)


def matmul(family):
    for left, right in (*SHAPES, *EMPTY):
        # The larger ones in one dtype only: they are here for blocked loops.
        for dtype in (f32, f64) if max(left, default=0) < 9 else (f32,):
            family.case(
                f"matmul {left} {right} {str(dtype)[6:]}",
                "matmul",
                [randn(*left, dtype=dtype), randn(*right, dtype=dtype)],
                grad=True,
            )
    a, b = randn(4, 3), randn(5, 4)
    layouts = {
        "left transposed": (a.transposed(), randn(4, 5)),
        "right transposed": (randn(3, 4), b.transposed()),
        "both transposed": (a.transposed(), b.transposed()),
        "stepped": (randn(3, 8).stepped(2), randn(8, 5).stepped(2, 1, 0)),
        "expanded": (randn(3, 1).expanded(3, 4), randn(1, 5).expanded(4, 5)),
        "batch transposed": (randn(3, 2, 4).transposed(), randn(5, 4, 2).transposed(0, 2)),
        "batch expanded": (randn(1, 2, 3).expanded(4, 2, 3), randn(4, 3, 2)),
        "vector stepped": (randn(6).stepped(2), randn(3, 2)),
    }
    for label, inputs in layouts.items():
        family.case(f"matmul {label}", "matmul", inputs, grad=True)
    for dtype in (i8, i32, i64):
        family.case(
            f"matmul {str(dtype)[6:]}",
            "matmul",
            [integers(-9, 9, 2, 3, dtype=dtype), integers(-9, 9, 3, 2, dtype=dtype)],
        )
    family.case("matmul int32 batches", "matmul", [integers(-9, 9, 2, 2, 3), integers(-9, 9, 3, 2)])
    for half in HALVES:
        family.case(f"matmul {str(half)[6:]}", "matmul", [of_dtype(half, 3, 4), of_dtype(half, 4, 2)])
    family.case(
        "matmul NaN and infinities",
        "matmul",
        [values([[1.0, NAN], [INF, 0.0], [1.0, 2.0]]), values([[0.0, 1.0], [2.0, -1.0]])],
    )
    family.case("matmul zero times infinity", "matmul", [values([[0.0, 1.0]]), values([[INF], [1.0]])])
    family.error("matmul of two dtypes", "matmul", [randn(2, 2), randn(2, 2, dtype=f64)])
    family.error("matmul of float and int", "matmul", [randn(2, 2), integers(0, 2, 2, 2)])


def others(family):
    for dtype in (f32, f64):
        label = str(dtype)[6:]
        family.case(f"mm {label}", "mm", [randn(2, 3, dtype=dtype), randn(4, 3, dtype=dtype).transposed()], grad=True)
        family.case(
            f"bmm {label}",
            "bmm",
            [randn(3, 2, 4, dtype=dtype), randn(3, 5, 4, dtype=dtype).transposed(1, 2)],
            grad=True,
        )
        family.case(
            f"mv {label}", "mv", [randn(3, 2, dtype=dtype).transposed(), randn(6, dtype=dtype).stepped(2)], grad=True
        )
        family.case(f"dot {label}", "dot", [randn(8, dtype=dtype).stepped(2), randn(4, dtype=dtype)], grad=True)
        family.case(f"outer {label}", "outer", [randn(3, dtype=dtype), randn(4, dtype=dtype)], grad=True)
    for name, left, right in (
        ("mm", (2, 0), (0, 3)),
        ("bmm", (2, 3, 0), (2, 0, 2)),
        ("bmm", (0, 3, 2), (0, 2, 2)),
        ("mv", (0, 3), (3,)),
        ("mv", (2, 0), (0,)),
        ("dot", (0,), (0,)),
        ("outer", (0,), (3,)),
    ):
        family.case(f"{name} of nothing {left}", name, [randn(*left), randn(*right)], grad=True)
    for name, left, right in REFUSED:
        family.error(f"{name} {left} {right} is refused", name, [randn(*left), randn(*right)])
    for name, left, right in (
        ("mm", (2, 3), (3, 2)),
        ("bmm", (2, 2, 3), (2, 3, 2)),
        ("mv", (2, 3), (3,)),
        ("dot", (4,), (4,)),
        ("outer", (2,), (3,)),
    ):
        family.case(f"{name} int32", name, [integers(-9, 9, *left), integers(-9, 9, *right)])


def einsum(family):
    for dtype in (f32, f64):
        for equation, *shapes in EQUATIONS:
            inputs = [randn(*shape, dtype=dtype) for shape in shapes]
            args = [equation, *(In(index) for index in range(len(shapes)))]
            family.case(f"einsum {equation} {str(dtype)[6:]} {shapes}", "einsum", inputs, args, grad=True)
    family.case(
        "einsum layouts",
        "einsum",
        [randn(3, 2).transposed(), randn(3, 8).stepped(2)],
        ["ij,jk->ik", In(0), In(1)],
        grad=True,
    )
    for label, equation, shapes in (
        ("sizes", "ij,jk->ik", ((2, 3), (4, 5))),
        ("rank", "ijk->i", ((2, 3),)),
        ("operands", "i,j->ij", ((2,),)),
        ("output", "ij->ik", ((2, 3),)),
        ("repeated output", "ij->ii", ((2, 3),)),
        ("letters", "i1->i", ((2, 3),)),
    ):
        args = [equation, *(In(index) for index in range(len(shapes)))]
        family.error(f"einsum {label}", "einsum", [randn(*shape) for shape in shapes], args)


def record():
    family = Family("products")
    for part in (matmul, others, einsum):
        part(family)
    return [family]
