"""Tensors joined side by side, in blocks and in all combinations, and elements that are repeated."""

from encoding import In, torch
from recorder import Family
from tensors import HALVES, boolean, f64, i32, i64, index_values, integers, masks, randn, values


def joins(family):
    for name in ("hstack", "vstack", "dstack", "columnStack"):
        family.case(f"{name} vectors", name, [[randn(3), randn(3)]], grad=True)
        family.case(f"{name} matrices", name, [[randn(2, 3, dtype=f64), randn(2, 3, dtype=f64)]], grad=True)
        family.case(f"{name} transposed", name, [[randn(3, 2).transposed(), randn(2, 3)]], grad=True)
        family.case(f"{name} three dimensions", name, [[randn(2, 3, 4), randn(2, 3, 4)]], grad=True)
        family.case(f"{name} scalars", name, [[randn(), randn()]], grad=True)
        family.case(f"{name} one", name, [[randn(2)]], grad=True)
        family.case(f"{name} dtypes", name, [[integers(0, 5, 3), randn(3)]])
        family.case(f"{name} bool", name, [[masks(3), masks(3)]])
        family.case(f"{name} empty", name, [[randn(0), randn(0)]])
        for half in HALVES:
            family.case(f"{name} {str(half)[6:]}", name, [[randn(3, dtype=half), randn(3, dtype=half)]])
        family.error(f"{name} nothing", name, [[]])
        family.error(f"{name} sizes differ", name, [[randn(2, 3), randn(3, 2)]])
    family.case("hstack lengths", "hstack", [[randn(2), randn(3)]], grad=True)
    family.case("columnStack mixed", "columnStack", [[randn(3), randn(3, 2)]], grad=True)
    family.case("vstack mixed", "vstack", [[randn(3), randn(2, 3)]], grad=True)
    for name in ("atleast1d", "atleast2d", "atleast3d"):
        for shape in ((), (3,), (2, 3), (2, 3, 4), (1, 2, 3, 4)):
            family.case(f"{name} {shape}", name, [randn(*shape)], grad=True)
        family.case(f"{name} several", name, [[randn(), randn(3), integers(0, 3, 2, 3)]])
    family.case("broadcastTensors", "broadcastTensors", [[randn(3), randn(2, 1), randn()]], grad=True)
    family.case("broadcastTensors one", "broadcastTensors", [[randn(3)]], grad=True)
    family.case("broadcastTensors empty", "broadcastTensors", [[randn(0), randn(2, 1)]])
    family.case("broadcastTensors dtypes", "broadcastTensors", [[masks(3), integers(0, 3, 2, 1)]])
    family.error("broadcastTensors sizes differ", "broadcastTensors", [[randn(3), randn(2)]])
    family.case("blockDiag", "blockDiag", [[randn(2, 3, dtype=f64), randn(1, 2, dtype=f64), randn(3, 1, dtype=f64)]], grad=True)
    family.case("blockDiag vectors", "blockDiag", [[randn(2), randn(), randn(1, 2)]], grad=True)
    family.case("blockDiag one", "blockDiag", [[randn(2, 3)]], grad=True)
    family.case("blockDiag dtypes", "blockDiag", [[integers(0, 5, 2, 2), randn(1, 2)]])
    family.case("blockDiag bool", "blockDiag", [[masks(2, 2), masks(1, 2)]])
    family.case("blockDiag empty", "blockDiag", [[randn(0, 2), randn(2, 1)]])
    family.error("blockDiag three dimensions", "blockDiag", [[randn(2, 2, 2)]])
    family.case("cartesianProd", "cartesianProd", [[randn(2), randn(3), randn(2)]], grad=True)
    family.case("cartesianProd one", "cartesianProd", [[randn(3)]], grad=True)
    family.case("cartesianProd empty", "cartesianProd", [[randn(0), randn(2)]])
    family.error("cartesianProd matrix", "cartesianProd", [[randn(2, 2), randn(2)]])
    for replacement in (False, True):
        for r in (1, 2, 3):
            family.case(f"combinations {r} {replacement}", "combinations", [randn(4)], [r, {"withReplacement": replacement}], grad=True)
    family.case("combinations default", "combinations", [randn(3)], grad=True)
    family.case("combinations none", "combinations", [randn(3)], [0])
    family.case("combinations of too few", "combinations", [randn(2)], [3])
    family.error("combinations matrix", "combinations", [randn(2, 2)])
    family.error("combinations negative", "combinations", [randn(2)], [-1])


def repeated(family):
    for args in ([2], [3, 0], [2, 1], [2, -1], [0, 0], [1, 1]):
        family.case(f"repeatInterleave {args}", "repeatInterleave", [randn(2, 3, dtype=f64)], args, grad=True)
        family.case(f"repeatInterleave {args} transposed", "repeatInterleave", [randn(3, 2).transposed()], args, grad=True)
    family.case("repeatInterleave each", "repeatInterleave", [randn(2, 3, dtype=f64), index_values([1, 0, 2])], [In(1), 1], grad=[0])
    family.case("repeatInterleave each of all", "repeatInterleave", [randn(3), index_values([2, 0, 1])], [In(1)], grad=[0])
    family.case("repeatInterleave one in a tensor", "repeatInterleave", [randn(2, 3), index_values([2])], [In(1), 0], grad=[0])
    family.case("repeatInterleave number in a tensor", "repeatInterleave", [randn(2, 3), index_values(2)], [In(1), 0], grad=[0])
    family.case("repeatInterleave int64", "repeatInterleave", [randn(3), values([1, 2, 3], i64)], [In(1), 0], grad=[0])
    family.case("repeatInterleave outputSize", "repeatInterleave", [randn(3), index_values([1, 2, 0])], [In(1), 0, {"outputSize": 3}])
    family.case("repeatInterleave of a scalar", "repeatInterleave", [randn()], [3], grad=True)
    family.case("repeatInterleave of nothing", "repeatInterleave", [randn(0, 3)], [2, 1])
    for dtype in (*HALVES, i32, boolean):
        data = masks(3) if dtype == boolean else integers(0, 5, 3, dtype=dtype)
        family.case(f"repeatInterleave {str(dtype)[6:]}", "repeatInterleave", [data], [2])
    family.error("repeatInterleave negative", "repeatInterleave", [randn(3)], [-1])
    family.error("repeatInterleave too few", "repeatInterleave", [randn(3), index_values([1, 2])], [In(1), 0])
    family.error("repeatInterleave floats", "repeatInterleave", [randn(3), randn(3)], [In(1), 0])
    family.error("repeatInterleave dim out of range", "repeatInterleave", [randn(3)], [2, 1])


def pieces(family):
    for sections in (1, 2, 3, 7, [1, 3], [2, 1], [-1], [0, 9], []):
        family.case(f"tensorSplit {sections}", "tensorSplit", [randn(5, 3, dtype=f64)], [sections], grad=sections in (1, 2, [1, 3]))
        family.case(f"tensorSplit {sections} dim 1", "tensorSplit", [randn(5, 3).transposed()], [sections, 1])
    for name in ("hsplit", "vsplit", "dsplit"):
        for sections in (2, [1, 3], [1]):
            family.case(f"{name} {sections}", name, [randn(4, 4, 4)], [sections], grad=True)
        family.error(f"{name} uneven", name, [randn(3, 3, 3)], [2])
        family.error(f"{name} of a scalar", name, [randn()], [1])
    family.case("hsplit of a vector", "hsplit", [randn(4)], [2], grad=True)
    family.error("vsplit of a vector", "vsplit", [randn(4)], [2])
    family.error("tensorSplit zero", "tensorSplit", [randn(4)], [0])
    family.error("tensorSplit of a scalar", "tensorSplit", [randn()], [1])
    for k in range(-2, 6):
        family.case(f"rot90 {k}", "rot90", [randn(2, 3, dtype=f64)], [k], grad=True)
        family.case(f"rot90 {k} dims", "rot90", [randn(2, 3, 4).transposed()], [k, [2, 0]], grad=True)
    family.case("rot90 default", "rot90", [randn(3, 2).transposed()], [], grad=True)
    family.case("rot90 of nothing", "rot90", [randn(0, 2)], [])
    family.error("rot90 of a vector", "rot90", [randn(3)])
    family.error("rot90 of one dim twice", "rot90", [randn(3, 3)], [1, [0, 0]])
    for name in ("fliplr", "flipud"):
        family.case(name, name, [randn(2, 3, dtype=f64)], [], grad=True)
        family.case(f"{name} transposed", name, [randn(3, 2, 2).transposed()], [], grad=True)
        family.case(f"{name} bool", name, [masks(3, 2)], [])
        family.error(f"{name} of a scalar", name, [randn()])
    family.case("flipud of a vector", "flipud", [randn(3)], [], grad=True)
    family.error("fliplr of a vector", "fliplr", [randn(3)])


def record():
    family = Family("stacking")
    pieces(family)
    joins(family)
    repeated(family)
    return [family]
