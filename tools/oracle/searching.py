"""Places in sorted sequences, membership, histograms, and runs of equal elements."""

from encoding import In, torch
from recorder import Family
from tensors import DTYPES, HALVES, INF, INTEGERS, NAN, boolean, f32, f64, i32, i64, integers, masks, randn, values


def ordered(*shape, dtype=f32):
    return randn(*shape, dtype=dtype).map(lambda x: x.sort(-1)[0])


def places(family):
    for right in (False, True):
        options = {"right": right}
        for count in (1, 2, 3, 7, 8, 9):
            family.case(f"searchsorted {count} {right}", "searchsorted", [ordered(count), randn(2, 9)], [options])
        family.case(f"searchsorted rows {right}", "searchsorted", [ordered(2, 3, 6, dtype=f64), randn(2, 3, 4, dtype=f64)], [options])
        family.case(f"searchsorted ties {right}", "searchsorted", [values([1.0, 1.0, 2.0, 2.0, 2.0, 3.0]), values([0.0, 1.0, 2.0, 2.5, 3.0, 4.0])], [options])
        family.case(f"searchsorted specials {right}", "searchsorted", [values([-INF, 0.0, 1.0, INF]), values([NAN, INF, -INF, -0.0])], [options])
        family.case(f"searchsorted transposed {right}", "searchsorted", [ordered(2, 6), randn(4, 2).transposed()], [options])
        family.case(f"searchsorted of nothing {right}", "searchsorted", [ordered(3), randn(0)], [options])
        family.case(f"searchsorted in nothing {right}", "searchsorted", [randn(0), randn(3)], [options])
        family.case(f"searchsorted number {right}", "searchsorted", [ordered(5)], [0.25, options])
        family.case(f"bucketize {right}", "bucketize", [randn(3, 4), ordered(5)], [options])
        family.case(f"bucketize transposed {right}", "bucketize", [randn(4, 3).transposed(), ordered(5)], [options])
        for dtype in INTEGERS:
            data = integers(0, 9, 7, dtype=dtype).map(lambda x: x.sort()[0])
            family.case(f"searchsorted {str(dtype)[6:]} {right}", "searchsorted", [data, integers(0, 10, 8, dtype=dtype)], [options])
            family.case(f"bucketize {str(dtype)[6:]} {right}", "bucketize", [integers(0, 10, 8, dtype=dtype), data], [options])
    for side in ("left", "right"):
        family.case(f"searchsorted side {side}", "searchsorted", [values([1.0, 2.0, 2.0]), values([2.0, 3.0])], [{"side": side}])
    family.case("searchsorted default", "searchsorted", [ordered(5), randn(4)], [])
    family.case("searchsorted values without dimensions", "searchsorted", [ordered(5), randn()], [])
    sorter = lambda inputs, args: torch.searchsorted(inputs[0], inputs[1], sorter=inputs[2].long())  # noqa: E731
    family.case(
        "searchsorted sorter",
        "searchsorted",
        [values([3.0, 1.0, 2.0]), randn(5), values([1, 2, 0], i32)],
        [In(1), {"sorter": In(2)}],
        fn=sorter,
    )
    family.error("searchsorted sides differ", "searchsorted", [ordered(5), randn(4)], [{"side": "left", "right": True}])
    family.error("searchsorted shapes differ", "searchsorted", [ordered(2, 5), randn(3, 4)], [])
    family.error("bucketize in a matrix", "bucketize", [randn(3), ordered(2, 5)], [])


def members(family):
    for invert in (False, True):
        for dtype in DTYPES:
            if dtype != boolean:
                inputs = [integers(0, 9, 3, 4, dtype=dtype), integers(0, 9, 2, 2, dtype=dtype)]
                family.case(f"isin {str(dtype)[6:]} {invert}", "isin", inputs, [{"invert": invert}])
        family.case(f"isin many {invert}", "isin", [integers(0, 90, 40), integers(0, 90, 30)], [{"invert": invert}])
        family.case(f"isin number {invert}", "isin", [integers(0, 4, 9)], [2, {"invert": invert}], fn=lambda i, a: torch.isin(i[0], a[0], **a[1]))
        family.case(f"isin of nothing {invert}", "isin", [randn(0), randn(3)], [{"invert": invert}])
        family.case(f"isin in nothing {invert}", "isin", [randn(3), randn(0)], [{"invert": invert}])
        family.case(f"isin NaN {invert}", "isin", [values([NAN, 1.0, INF, -0.0]), values([NAN, INF, 0.0])], [{"invert": invert}])
    family.case("isin transposed", "isin", [integers(0, 5, 4, 3).transposed(), integers(0, 5, 4)], [])
    family.case("isin dtypes", "isin", [integers(0, 5, 6), values([1.0, 2.5])], [])
    family.case("isin unique", "isin", [values([1, 2, 3], i64), values([3, 5], i64)], [{"assumeUnique": True}])


def histograms(family):
    for bins in (1, 4, 10):
        family.case(f"histc {bins}", "histc", [randn(3, 20)], [bins])
        family.case(f"histc {bins} range", "histc", [randn(60, dtype=f64)], [bins, {"min": -1, "max": 2}])
    family.case("histc default", "histc", [randn(50)], [])
    family.case("histc transposed", "histc", [randn(4, 9).transposed()], [5])
    family.case("histc of equal elements", "histc", [values([2.0, 2.0, 2.0])], [4])
    family.case("histc of a point", "histc", [values([2.0, 1.0, 3.0])], [3, {"min": 2, "max": 2}])
    family.case("histc ends", "histc", [values([0.0, 0.25, 0.5, 1.0, 1.5, -0.5])], [4, {"min": 0, "max": 1}])
    family.case("histc of infinities outside", "histc", [values([INF, -INF, 0.5])], [4, {"min": 0, "max": 1}])
    family.case("histc of nothing", "histc", [randn(0)], [3])
    family.case("histc of a scalar", "histc", [randn()], [3])
    family.error("histc of infinities", "histc", [values([1.0, INF])], [3])
    family.error("histc without bins", "histc", [randn(3)], [0])
    family.error("histc range upside down", "histc", [randn(3)], [3, {"min": 2, "max": 1}])
    family.error("histc of integers", "histc", [integers(0, 4, 3)], [3])


def several(family):
    run = lambda inputs, args: torch.histogram(inputs[0], args[0], **args[1] if len(args) > 1 else {})  # noqa: E731
    for dtype in (f32, f64):
        for bins in (1, 4, 10):
            family.case(f"histogram {bins} {str(dtype)[6:]}", "histogram", [randn(3, 20, dtype=dtype)], [bins], fn=run)
            options = {"range": [-1.0, 1.5]}
            family.case(f"histogram {bins} range {str(dtype)[6:]}", "histogram", [randn(60, dtype=dtype)], [bins, options], fn=run)
            family.case(f"histogram {bins} density {str(dtype)[6:]}", "histogram", [randn(60, dtype=dtype)], [bins, {"density": True}], fn=run)
    edges = values([-2.0, -0.5, 0.0, 1.0, 3.0])
    by_edges = lambda inputs, args: torch.histogram(inputs[0], inputs[1])  # noqa: E731
    family.case("histogram edges", "histogram", [randn(40), edges], [In(1)], fn=by_edges)
    family.case("histogram at edges", "histogram", [values([-2.0, -0.5, 0.0, 3.0, 3.5, -2.5, 1.0]), edges], [In(1)], fn=by_edges)
    weighted = lambda inputs, args: torch.histogram(inputs[0], 4, weight=inputs[1])  # noqa: E731
    family.case("histogram weights", "histogram", [randn(4, 9).transposed(), randn(9, 4)], [4, {"weight": In(1)}], fn=weighted)
    family.case("histogram of equal elements", "histogram", [values([2.0, 2.0, 2.0])], [3], fn=run)
    family.case("histogram of nothing", "histogram", [randn(0)], [3], fn=run)
    family.case("histogram of a scalar", "histogram", [randn()], [2], fn=run)
    family.error("histogram of infinities", "histogram", [values([1.0, INF])], [3], fn=run)
    family.error("histogram without bins", "histogram", [randn(3)], [0], fn=run)
    family.error("histogram of integers", "histogram", [integers(0, 4, 3)], [3], fn=run)
    family.error("histogram range upside down", "histogram", [randn(3)], [3, {"range": [2.0, 1.0]}], fn=run)
    points = lambda inputs, args: flat(torch.histogramdd(inputs[0], args[0], **args[1] if len(args) > 1 else {}))  # noqa: E731
    for bins in (3, [2, 4]):
        family.case(f"histogramdd {bins}", "histogramdd", [randn(30, 2)], [bins], fn=points)
        family.case(f"histogramdd {bins} range", "histogramdd", [randn(5, 6, 2, dtype=f64)], [bins, {"range": [-1.0, 1.0, -2.0, 0.5]}], fn=points)
        family.case(f"histogramdd {bins} density", "histogramdd", [randn(30, 2)], [bins, {"density": True}], fn=points)
    family.case(
        "histogramdd edges",
        "histogramdd",
        [randn(30, 2), values([-1.0, 0.0, 2.0]), values([-2.0, -1.0, 0.0, 3.0])],
        [[In(1), In(2)]],
        fn=lambda inputs, args: flat(torch.histogramdd(inputs[0], inputs[1:])),
    )
    family.error("histogramdd of a vector", "histogramdd", [randn(3)], [3], fn=points)


def flat(result):
    return [result[0], *result[1]]


def runs(family):
    both = {"returnInverse": True, "returnCounts": True}
    for dtype in DTYPES:
        data = masks(9) if dtype == boolean else integers(0, 3, 9, dtype=dtype)
        if dtype not in HALVES:
            family.case(f"uniqueConsecutive {str(dtype)[6:]}", "uniqueConsecutive", [data], [both])
    family.case("uniqueConsecutive default", "uniqueConsecutive", [integers(0, 2, 3, 4)], [])
    family.case("uniqueConsecutive transposed", "uniqueConsecutive", [integers(0, 2, 4, 3).transposed()], [both])
    family.case("uniqueConsecutive of nothing", "uniqueConsecutive", [randn(0)], [both])
    family.case("uniqueConsecutive of a scalar", "uniqueConsecutive", [randn()], [both])
    family.case("uniqueConsecutive NaN", "uniqueConsecutive", [values([1.0, NAN, NAN, 2.0, 2.0])], [both])
    for dim in (0, 1, -1):
        family.case(f"uniqueConsecutive dim {dim}", "uniqueConsecutive", [integers(0, 2, 6, 2, dtype=f32)], [{"dim": dim, **both}])
    family.error("uniqueConsecutive dim out of range", "uniqueConsecutive", [randn(3)], [{"dim": 1}])


def record():
    family = Family("searching")
    for part in (places, members, histograms, several, runs):
        part(family)
    return [family]
