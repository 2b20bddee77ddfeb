"""Views and copies that rearrange, each on contiguous, transposed, stepped and expanded inputs."""

from encoding import torch
from recorder import Family
from tensors import DTYPES, counting, f32, f64, i32, masks, of_dtype, randn

# Call, shape of the input, arguments.
VIEWS = (
    ("reshape", (2, 3, 4), [[6, 4]]),
    ("reshape", (2, 3, 4), [[-1, 2]]),
    ("reshape", (2, 3, 4), [[24]]),
    ("reshape", (2, 3, 4), [[2, 1, 3, 1, 4]]),
    ("transpose", (2, 3, 4), [0, 2]),
    ("transpose", (2, 3, 4), [-1, 1]),
    ("permute", (2, 3, 4), [[2, 0, 1]]),
    ("permute", (2, 3, 4), [[-1, -3, -2]]),
    ("narrow", (2, 3, 4), [1, 1, 2]),
    ("narrow", (2, 3, 4), [-1, 0, 3]),
    ("narrow", (2, 3, 4), [0, 1, 0]),
    ("select", (2, 3, 4), [1, 2]),
    ("select", (2, 3, 4), [0, -1]),
    ("expand", (2, 1, 4), [2, 3, 4]),
    ("expand", (2, 1, 4), [5, -1, 3, -1]),
    ("expand", (2, 1, 4), [0, 2, 1, 4]),
    ("squeeze", (1, 3, 1), []),
    ("squeeze", (1, 3, 1), [0]),
    ("squeeze", (1, 3, 1), [1]),
    ("squeeze", (1, 3, 1), [-1]),
    ("unsqueeze", (2, 3, 4), [0]),
    ("unsqueeze", (2, 3, 4), [3]),
    ("unsqueeze", (2, 3, 4), [-2]),
    ("flatten", (2, 3, 4), []),
    ("flatten", (2, 3, 4), [1]),
    ("flatten", (2, 3, 4), [0, 1]),
    ("flatten", (2, 3, 4), [-2, -1]),
    ("unflatten", (2, 6, 2), [1, [2, 3]]),
    ("unflatten", (2, 6, 2), [-2, [3, -1]]),
    ("unfold", (2, 7, 3), [1, 3, 2]),
    ("unfold", (2, 7, 3), [-2, 2, 1]),
    ("unfold", (2, 7, 3), [2, 3, 1]),
    ("diagonal", (3, 4, 3), []),
    ("diagonal", (3, 4, 3), [{"offset": 1}]),
    ("diagonal", (3, 4, 3), [{"offset": -2, "dim1": 0, "dim2": 2}]),
    ("diagonal", (3, 4, 3), [{"dim1": -1, "dim2": -2}]),
    ("diagonal", (3, 4, 3), [{"offset": 9}]),
    ("movedim", (2, 3, 4), [0, 2]),
    ("movedim", (2, 3, 4), [[0, 1], [-1, 0]]),
    ("split", (5, 3, 2), [2]),
    ("split", (5, 3, 2), [[1, 4], 0]),
    ("split", (5, 3, 2), [2, 1]),
    ("split", (5, 3, 2), [[2, 0, 1], -2]),
    ("chunk", (5, 3, 2), [2]),
    ("chunk", (5, 3, 2), [4]),
    ("chunk", (5, 3, 2), [3, -2]),
    ("unbind", (3, 2, 2), []),
    ("unbind", (3, 2, 2), [-1]),
    ("flip", (2, 3, 4), [[0]]),
    ("flip", (2, 3, 4), [[0, -1]]),
    ("flip", (2, 3, 4), [[]]),
    ("repeat", (2, 1, 3), [2, 3, 1]),
    ("repeat", (2, 1, 3), [2, 1, 2, 2]),
    ("repeat", (2, 1, 3), [1, 0, 1]),
    ("tile", (2, 1, 3), [2]),
    ("tile", (2, 1, 3), [2, 1, 3, 1]),
    ("roll", (2, 3, 4), [1]),
    ("roll", (2, 3, 4), [-1, 1]),
    ("roll", (2, 3, 4), [[1, -5], [0, 2]]),
    ("tril", (2, 3, 4), []),
    ("tril", (2, 3, 4), [1]),
    ("tril", (2, 3, 4), [-2]),
    ("triu", (2, 3, 4), []),
    ("triu", (2, 3, 4), [2]),
    ("triu", (2, 3, 4), [-1]),
    ("clone", (2, 3, 4), []),
    ("contiguous", (2, 3, 4), []),
)
PAD_MODES = ("constant", "reflect", "replicate", "circular")


def views(family):
    for call, shape, args in VIEWS:
        label = f"{call} {args}".replace("'", "")
        turned = (*shape[::-1],)
        layouts = {
            "": randn(*shape),
            " transposed": randn(*turned, dtype=f64).transposed(0, len(shape) - 1),
            " stepped": randn(*shape[:-1], shape[-1] * 2 + 1).stepped(2, 1),
        }
        for layout, make in layouts.items():
            family.case(f"{label}{layout}", call, [make], args, grad=True)
        family.case(f"{label} int32", call, [counting(*shape, dtype=i32)], args)
    for call, args in (
        ("transpose", [0, 1]),
        ("flatten", []),
        ("reshape", [[-1]]),
        ("flip", [[0]]),
        ("narrow", [0, 1, 2]),
    ):
        family.case(f"{call} expanded", call, [randn(3, 1).expanded(3, 4)], args, grad=True)
        for dtype in DTYPES:
            family.case(f"{call} {str(dtype)[6:]}", call, [of_dtype(dtype, 3, 2)], args)
    family.case("t of a matrix", "t", [randn(2, 3)], grad=True)
    family.case("t of a vector", "t", [randn(3)], grad=True)
    for args in ([6, 4], [2, -1]):
        family.case(f"view {args}", "view", [randn(2, 3, 4)], args, grad=True)
    family.case("view of a list", "view", [randn(2, 3, 4)], [[4, 6]], grad=True)
    family.case("view that splits a transposed dim", "view", [randn(4, 3).transposed()], [[3, 2, 2]], grad=True)
    family.case(
        "view that merges what lies together", "view", [randn(2, 3, 4).transposed(1, 2).transposed(1, 2)], [[6, 4]]
    )
    family.case("view of nothing", "view", [randn(0, 3)], [[3, 0]], grad=True)
    family.case("viewAs", "viewAs", [randn(2, 6), randn(3, 4)])
    family.case("reshapeAs", "reshapeAs", [randn(2, 6).transposed(), randn(3, 4)])
    family.case("expandAs", "expandAs", [randn(3, 1), randn(2, 3, 4)])


def edges(family):
    scalar, empty = randn(), randn(2, 0, 3)
    for call, args in (
        ("unsqueeze", [0]),
        ("flatten", []),
        ("reshape", [[1, 1]]),
        ("expand", [2, 3]),
        ("squeeze", []),
        ("flip", [[]]),
        ("repeat", [2]),
        ("permute", [[]]),
        ("roll", [1]),
    ):
        family.case(f"{call} of a scalar", call, [scalar], args, grad=True)
    for call, args in (
        ("transpose", [0, 1]),
        ("flatten", []),
        ("reshape", [[0, 5]]),
        ("permute", [[1, 0, 2]]),
        ("narrow", [2, 1, 1]),
        ("split", [1, 0]),
        ("unbind", [0]),
        ("flip", [[0]]),
        ("repeat", [1, 2, 2]),
        ("roll", [1, 0]),
        ("tril", []),
        ("squeeze", []),
        ("diagonal", [{"dim1": 0, "dim2": 2}]),
    ):
        family.case(f"{call} of nothing", call, [empty], args, grad=True)
    refused = (
        ("view", (2, 3), [[4, 2]]),
        ("view", (2, 3), [[-1, -1]]),
        ("reshape", (2, 3), [[-1, 4]]),
        ("reshape", (0, 3), [[-1, 0]]),
        ("transpose", (2, 3), [0, 2]),
        ("permute", (2, 3), [[0, 0]]),
        ("permute", (2, 3), [[0]]),
        ("narrow", (2, 3), [1, 2, 2]),
        ("narrow", (2, 3), [0, 0, -1]),
        ("select", (2, 3), [1, 3]),
        ("select", (2, 3), [0, -3]),
        ("expand", (2, 3), [2, 4]),
        ("expand", (2, 3), [3]),
        ("expand", (2, 3), [-1, 2, 3]),
        ("unsqueeze", (2, 3), [3]),
        ("flatten", (2, 3), [1, 0]),
        ("unflatten", (2, 3), [1, [2, 2]]),
        ("unfold", (2, 3), [1, 4, 1]),
        ("unfold", (2, 3), [1, 2, 0]),
        ("diagonal", (2, 3), [{"dim1": 1, "dim2": -1}]),
        ("movedim", (2, 3), [[0, 1], [0]]),
        ("movedim", (2, 3), [0, 5]),
        ("split", (4, 2), [[1, 2]]),
        ("split", (4, 2), [-1]),
        ("chunk", (4, 2), [0]),
        ("flip", (2, 3), [[0, 0]]),
        ("flip", (2, 3), [[2]]),
        ("repeat", (2, 3), [2]),
        ("repeat", (2, 3), [1, -1]),
        ("roll", (2, 3), [[1, 2], 0]),
        ("t", (2, 3, 4), []),
        ("tril", (3,), []),
        ("squeeze", (1, 2), [2]),
    )
    for call, shape, args in refused:
        family.error(f"{call} {shape} {args} is refused", call, [randn(*shape)], args)
    family.error("view that is impossible", "view", [randn(3, 4).transposed()], [[12]])
    family.error("view of an expanded tensor", "view", [randn(3, 1).expanded(3, 4)], [[12]])


def joins(family):
    def pair(dtype=f32):
        return [randn(2, 3, dtype=dtype), randn(4, 3, dtype=dtype).stepped(2, 0, 0)]

    for dim in (0, 1, -1):
        family.case(f"cat dim {dim}", "cat", [pair()], [dim], grad=True)
    for dim in (0, 1, 2, -1):
        family.case(f"stack dim {dim}", "stack", [pair(f64)], [dim], grad=True)
    family.case("cat of different lengths", "cat", [[randn(2, 1), randn(2, 3), randn(2, 2)]], [1], grad=True)
    family.case("cat of one", "cat", [[randn(2, 3).transposed()]], [0], grad=True)
    family.case("cat with an empty part", "cat", [[randn(2, 3), randn(0, 3), randn(1, 3)]], [0], grad=True)
    family.case("cat with an old-style empty vector", "cat", [[randn(2, 3), randn(0)]], [0])
    family.case("cat layouts", "cat", [[randn(3, 2).transposed(), randn(1, 3).expanded(2, 3)]], [0], grad=True)
    family.case("stack of scalars", "stack", [[randn(), randn(), randn()]], [], grad=True)
    family.case("stack of nothing", "stack", [[randn(0, 2), randn(0, 2)]], [1], grad=True)
    family.error("cat of other shapes", "cat", [[randn(2, 3), randn(2, 4)]], [0])
    family.error("cat of other ranks", "cat", [[randn(2, 3), randn(3)]], [0])
    family.error("cat of scalars", "cat", [[randn(), randn()]], [0])
    family.error("cat of no tensors", "cat", [[]], [0])
    family.error("cat dim out of range", "cat", [[randn(2), randn(2)]], [1])
    family.error("stack of other shapes", "stack", [[randn(2), randn(3)]], [0])
    for dtype in DTYPES:
        family.case(f"stack {str(dtype)[6:]}", "stack", [[of_dtype(dtype, 2), of_dtype(dtype, 2)]], [1])
    for indexing in ("ij", "xy"):
        family.case(
            f"meshgrid {indexing}",
            "meshgrid",
            [[randn(2), randn(3)]],
            [{"indexing": indexing}],
            grad=True,
            fn=lambda inputs, args: torch.meshgrid(*inputs[0], **args[0]),
        )
        family.case(
            f"meshgrid of three {indexing}",
            "meshgrid",
            [[randn(2), randn(), randn(3, dtype=f32)]],
            [{"indexing": indexing}],
            fn=lambda inputs, args: torch.meshgrid(*inputs[0], **args[0]),
        )
    for label, make in (("both", [randn(2, 5), randn(3, 5)]),):
        family.case(f"cat then used twice {label}", "cat", [[make[0], make[1]]], [0], grad=True)


def padding(family):
    """Pairs from the last dim backwards; the modes other than constant want the ranks PyTorch gives them."""
    for mode in PAD_MODES:
        options = {"mode": mode}
        for shape, pads in (((2, 3, 5), [2, 1]), ((1, 2, 4, 5), [1, 2, 3, 0]), ((1, 2, 3, 3, 4), [1, 0, 2, 1, 1, 1])):
            family.case(f"pad {mode} {pads}", "pad", [randn(*shape)], [pads, options], grad=True)
        family.case(
            f"pad {mode} transposed",
            "pad",
            [randn(1, 5, 4, 2, dtype=f64).transposed(1, 3)],
            [[1, 1, 2, 1], options],
            grad=True,
        )
        family.case(f"pad {mode} by nothing", "pad", [randn(1, 2, 4)], [[0, 0], options], grad=True)
        if mode in ("reflect", "circular"):
            family.error(f"pad {mode} further than the input", "pad", [randn(1, 1, 3)], [[4, 0], options])
    family.case("pad value", "pad", [randn(2, 3)], [[1, 2], {"value": 2.5}], grad=True)
    family.case("pad default", "pad", [randn(3)], [[2, 0]], grad=True)
    family.case("pad negative", "pad", [randn(3, 5)], [[-1, 2, 1, -2]], grad=True)
    family.case("pad int32", "pad", [counting(2, 2, dtype=i32)], [[1, 1], {"value": 7}])
    family.case(
        "pad bool",
        "pad",
        [masks(2, 2)],
        [[0, 1], {"value": True}],
        fn=lambda inputs, args: torch.nn.functional.pad(inputs[0], args[0], value=1),
    )
    family.case("pad nothing", "pad", [randn(0, 2)], [[1, 1, 1, 0], {"value": 1.0}], grad=True)
    family.error("pad odd list", "pad", [randn(3)], [[1]])
    family.error("pad too many dims", "pad", [randn(3)], [[1, 1, 1, 1]])
    family.error("pad below nothing", "pad", [randn(3)], [[-2, -2]])


def in_place(family):
    for name in ("tril", "triu"):
        for k in ([], [1], [-1]):
            family.case(f"{name}_ {k}", f"{name}_", [randn(2, 3, 4, dtype=f64)], k, grad=True)
        for dtype in DTYPES:
            family.case(f"{name}_ {str(dtype)[6:]}", f"{name}_", [of_dtype(dtype, 3, 4)])
        family.case(f"{name}_ view", f"{name}_", [randn(4, 6).stepped(2, 1).transposed()])
        family.error(f"{name}_ of a vector", f"{name}_", [randn(3)])


def record():
    family = Family("shapes")
    for part in (views, edges, joins, padding, in_place):
        part(family)
    return [family]
