"""Gradients of gradients: for scalar functions of inputs x0, x1, … and random directions v, what backward makes of sum(v · df/dx)."""

from encoding import encode, encode_argument, torch
from recorder import Family, resolve
from tensors import f64, index_values, randn, randn_like, uniform

functional = torch.nn.functional


def place_in(x, y):
    """A write through a view in the middle of a graph."""
    z = x.clone()
    z.narrow(1, 0, 2).mul_(y)
    return z.pow(3).sum()


# The README lists these with the same names.
FUNCTIONS = {
    "tanhSumSquared": ([randn(2, 3, dtype=f64)], [], lambda x: x.tanh().sum().square()),
    "expSinSum": ([randn(2, 3, dtype=f64)], [], lambda x: x.sin().exp().sum()),
    "quotientCubed": ([randn(2, 3, dtype=f64), randn(3, dtype=f64)], [], lambda x, y: (x / (1 + y * y)).pow(3).sum()),
    "powSum": ([uniform(0.5, 2, 2, 3, dtype=f64), uniform(0.5, 2, 2, 3, dtype=f64)], [], lambda x, y: x.pow(y).sum()),
    "erfTimesAtan": ([randn(4, dtype=f64), randn(4, dtype=f64)], [], lambda x, y: (x.erf() * y.atan()).sum()),
    "sincSquared": ([randn(2, 3, dtype=f64)], [], lambda x: x.sinc().square().sum()),
    "logaddexpCubed": (
        [randn(2, 3, dtype=f64), randn(3, dtype=f64)],
        [],
        lambda x, y: x.logaddexp(y).pow(3).sum(),
    ),
    "sqrtLogSum": (
        [uniform(0.5, 2, 2, 3, dtype=f64)],
        [],
        lambda x: (x.sqrt() * x.log() + x.rsqrt() + x.reciprocal()).sum(),
    ),
    "sigmoidSoftplus": ([randn(2, 3, dtype=f64)], [], lambda x: (x.sigmoid() * functional.softplus(x)).sum()),
    "geluSiluSum": ([randn(2, 3, dtype=f64)], [], lambda x: (functional.gelu(x) * functional.silu(x)).sum()),
    "softmaxEntropy": ([randn(2, 4, dtype=f64)], [], lambda x: -(x.softmax(1) * x.log_softmax(1)).sum()),
    "logsumexpSquared": ([randn(2, 4, dtype=f64)], [], lambda x: x.logsumexp(1).square().sum()),
    "normCubed": ([randn(2, 3, dtype=f64)], [], lambda x: x.norm().pow(3)),
    "varTimesStd": ([randn(3, 4, dtype=f64)], [], lambda x: (x.var(1) * x.std()).sum()),
    "prodOfRows": ([randn(2, 3, dtype=f64)], [], lambda x: x.prod(1).square().sum()),
    "cumsumSquared": ([randn(2, 4, dtype=f64)], [], lambda x: x.cumsum(1).square().sum()),
    "cumprodSum": ([randn(2, 4, dtype=f64)], [], lambda x: x.cumprod(1).sum()),
    "maxTimesMean": ([randn(3, 4, dtype=f64)], [], lambda x: (x.amax(1) * x.mean(1)).square().sum()),
    "matmulTanhSquared": (
        [randn(2, 3, dtype=f64), randn(3, 4, dtype=f64)],
        [],
        lambda x, y: x.matmul(y).tanh().square().sum(),
    ),
    "batchMatmulCubed": (
        [randn(2, 2, 3, dtype=f64), randn(3, 2, dtype=f64)],
        [],
        lambda x, y: x.matmul(y).pow(3).sum(),
    ),
    "einsumSquared": (
        [randn(2, 3, dtype=f64), randn(3, 2, dtype=f64)],
        [],
        lambda x, y: torch.einsum("ij,jk->ik", x, y).square().sum(),
    ),
    "mlpLoss": (
        [randn(4, 3, dtype=f64), randn(3, 5, dtype=f64), randn(5, dtype=f64), randn(5, 2, dtype=f64)],
        [],
        lambda x, w, b, v: (x.matmul(w).add(b).tanh().matmul(v)).square().mean(),
    ),
    "crossEntropyLogits": (
        [randn(3, 4, dtype=f64)],
        [index_values([2, 0, 3])],
        lambda x, target: functional.cross_entropy(x, target),
    ),
    "layerNormCubed": (
        [randn(2, 4, dtype=f64), randn(4, dtype=f64)],
        [],
        lambda x, w: functional.layer_norm(x, [4], w).pow(3).sum(),
    ),
    "conv2dTanhSquared": (
        [randn(1, 2, 5, 5, dtype=f64), randn(3, 2, 3, 3, dtype=f64)],
        [],
        lambda x, w: torch.conv2d(x, w, stride=2, padding=1).tanh().square().sum(),
    ),
    "convTranspose2dCubed": (
        [randn(1, 2, 3, 3, dtype=f64), randn(2, 2, 2, 2, dtype=f64)],
        [],
        lambda x, w: functional.conv_transpose2d(x, w, stride=2).pow(3).sum(),
    ),
    "avgPoolCubed": ([randn(1, 1, 4, 4, dtype=f64)], [], lambda x: functional.avg_pool2d(x, 2).pow(3).sum()),
    "maxPoolCubed": ([randn(1, 1, 4, 4, dtype=f64)], [], lambda x: functional.max_pool2d(x, 2).pow(3).sum()),
    "gatherCubed": (
        [randn(2, 4, dtype=f64)],
        [index_values([[0, 0, 3], [2, 1, 1]])],
        lambda x, index: x.gather(1, index).pow(3).sum(),
    ),
    "indexSelectCubed": (
        [randn(3, 2, dtype=f64)],
        [index_values([2, 0, 2])],
        lambda x, index: x.index_select(0, index).pow(3).sum(),
    ),
    "whereMixed": ([randn(2, 4, dtype=f64)], [], lambda x: torch.where(x > 0, x.pow(3), x.sin()).sum()),
    "viewsMultiplied": (
        [randn(3, 4, dtype=f64)],
        [],
        lambda x: (x.t().narrow(0, 1, 2) * x.select(1, 0)).square().sum(),
    ),
    "writeThroughView": ([randn(2, 3, dtype=f64), randn(2, 2, dtype=f64)], [], place_in),
    "inverseSum": ([randn(3, 3, dtype=f64)], [], lambda x: torch.linalg.inv(x).square().sum()),
    "logDeterminant": ([randn(3, 3, dtype=f64)], [], lambda x: torch.linalg.slogdet(x).logabsdet.square()),
    "solveSquared": (
        [randn(3, 3, dtype=f64), randn(3, 2, dtype=f64)],
        [],
        lambda a, b: torch.linalg.solve(a, b).square().sum(),
    ),
}


def record():
    family = Family("second_order")
    for name, (inputs, args, function) in FUNCTIONS.items():
        generator = family.generator(name)
        inputs, args = resolve(inputs, generator), resolve(args, generator)
        leaves = [value.detach().requires_grad_() for value in inputs]
        value = function(*leaves, *args)
        first = torch.autograd.grad(value, leaves, create_graph=True)
        directions = [randn_like(gradient, generator) for gradient in first]
        total = sum((gradient * direction).sum() for gradient, direction in zip(first, directions))
        second = torch.autograd.grad(total, leaves)
        family.add(
            {
                "name": name,
                "call": name,
                "args": encode_argument(args),
                "inputs": [encode(leaf) for leaf in inputs],
                "outputs": [encode(value)],
                "grads": [encode(gradient.contiguous()) for gradient in first],
                "directions": [encode(direction) for direction in directions],
                "secondGrads": [encode(gradient.contiguous()) for gradient in second],
            }
        )
    return [family]
