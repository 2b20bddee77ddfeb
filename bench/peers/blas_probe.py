"""Times products of matrices on one thread, for blas_core.ts: prints what multiplies, its core and milliseconds, as JSON."""
import ctypes
import json
import time

import torch

torch.set_num_threads(1)


def openblas():
    """The name of the core that OpenBLAS uses, or null where another library multiplies."""
    torch.ones(2, 2) @ torch.ones(2, 2)
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1] for line in maps if "blas" in line.lower() and "numpy" not in line}
    except OSError:
        paths = []
    for path in sorted(paths):
        try:
            name = ctypes.CDLL(path).openblas_get_corename
        except (OSError, AttributeError):
            continue
        name.restype = ctypes.c_char_p
        return name().decode()
    return None


def fastest(n):
    a, b, out = torch.rand(n, n), torch.rand(n, n), torch.empty(n, n)
    torch.mm(a, b, out=out)
    best, until = float("inf"), time.perf_counter() + 0.5
    while time.perf_counter() < until:
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return 1000 * best


core = None if torch.backends.mkl.is_available() else openblas()
times = {} if core is None else {n: fastest(n) for n in (512, 1024)}
print(json.dumps({"mkl": torch.backends.mkl.is_available(), "core": core, "times": times}))
