"""Recipes for input tensors: ordinary, awkward, and laid out awkwardly."""

from encoding import as_index, torch

f16, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
i8, i16, i32, i64, u8, boolean = torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool
HALVES = (f16, bf16)
DTYPES = (f32, f64, *HALVES, i8, i16, i32, i64, u8, boolean)
INTEGERS = (i8, i16, i32, i64, u8)
NAN, INF = float("nan"), float("inf")


class Spec:
    """Makes a tensor from the generator of its case, so that no case depends on another."""

    def __init__(self, make):
        self.make = make

    def __call__(self, generator):
        return self.make(generator)

    def map(self, change):
        return Spec(lambda generator: change(self(generator)))

    # Layouts that are not contiguous.

    def transposed(self, first=0, second=1):
        return self.map(lambda tensor: tensor.transpose(first, second))

    def stepped(self, step=2, start=0, dim=-1):
        """Every step-th element of a dim, from `start`."""

        def change(tensor):
            moved = tensor.movedim(dim, 0)
            return moved[start::step].movedim(0, dim)

        return self.map(change)

    def expanded(self, *shape):
        return self.map(lambda tensor: tensor.expand(*shape))


def randn(*shape, dtype=f32):
    return Spec(lambda generator: torch.randn(shape, generator=generator, dtype=f64).to(dtype))


def uniform(low, high, *shape, dtype=f32):
    return Spec(lambda generator: (torch.rand(shape, generator=generator, dtype=f64) * (high - low) + low).to(dtype))


def integers(low, high, *shape, dtype=i32):
    return Spec(lambda generator: torch.randint(low, high, shape, generator=generator).to(dtype))


def indices(high, *shape, low=0):
    return Spec(lambda generator: as_index(torch.randint(low, high, shape, generator=generator)))


def masks(*shape):
    return Spec(lambda generator: torch.rand(shape, generator=generator) < 0.5)


def distinct(*shape, dtype=f32):
    """Values without ties, a quarter apart and out of order."""

    def make(generator):
        count = torch.Size(shape).numel()
        values = torch.randperm(count, generator=generator) - count // 2
        return (values.to(f64) / 4 if dtype.is_floating_point else values).to(dtype).reshape(shape)

    return Spec(make)


def values(data, dtype=f32):
    return Spec(lambda generator: torch.tensor(data, dtype=dtype))


def index_values(data):
    return Spec(lambda generator: as_index(torch.tensor(data, dtype=i64)))


def zeros(*shape, dtype=f32):
    return Spec(lambda generator: torch.zeros(shape, dtype=dtype))


def ones(*shape, dtype=f32):
    return Spec(lambda generator: torch.ones(shape, dtype=dtype))


def counting(*shape, dtype=f32):
    return Spec(lambda generator: torch.arange(torch.Size(shape).numel()).reshape(shape).to(dtype))


def of_dtype(dtype, *shape):
    """Small values that every dtype holds exactly, negative ones where it has them."""
    if dtype == boolean:
        return masks(*shape)
    if dtype.is_floating_point:
        return Spec(lambda generator: (torch.randint(-12, 13, shape, generator=generator) / 4).to(dtype))
    return integers(0 if dtype == u8 else -6, 7, *shape, dtype=dtype)


def nonzero_of_dtype(dtype, *shape):
    """Divisors: as `of_dtype`, without zeros."""
    return of_dtype(dtype, *shape).map(lambda tensor: torch.where(tensor == 0, torch.ones_like(tensor), tensor))


def special_values(dtype=f32):
    """Zeros of both signs, halves for rounding, the ends of the range, infinities and NaN."""
    tiny = 1e-40 if dtype == f32 else 1e-310 if dtype == f64 else 6e-8
    info = torch.finfo(dtype)
    return [
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.0,
        -1.0,
        1.5,
        -1.5,
        2.5,
        -2.5,
        0.3,
        -0.7,
        3.0,
        -4.0,
        10.25,
        -33.3,
        tiny,
        -tiny,
        info.tiny,
        1e-3,
        50.0,
        -90.0,
        1e4,
        info.max,
        -info.max,
        INF,
        -INF,
        NAN,
    ]


def randn_like(tensor, generator):
    return torch.randn(tensor.shape, generator=generator, dtype=f64).to(tensor.dtype)
