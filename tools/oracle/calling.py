"""Runs a Heddle call in PyTorch: names from camelCase, the trailing options object as keyword arguments."""

import functools
import re

from encoding import Big, In, torch
from tensors import HALVES

# Results that count or point: int64 in PyTorch, int32 in Heddle.
INDEX_OUTPUTS = {
    "argmax": (0,),
    "argmin": (0,),
    "argsort": (0,),
    "max": (1,),
    "min": (1,),
    "sort": (1,),
    "topk": (1,),
    "unique": (1, 2),
    "bincount": (0,),
    "nonzero": (0,),
    "countNonzero": (0,),
    "oneHot": (0,),
    **{name: (0,) for name in ("searchsorted", "bucketize", "trilIndices", "triuIndices")},
    "uniqueConsecutive": (1, 2),
    **{name: (1,) for name in ("median", "nanmedian", "kthvalue", "mode", "cummax", "cummin")},
    "maxPool1d": (1,),
    "maxPool2d": (1,),
    "F.maxPool3d": (1,),
    "F.adaptiveMaxPool1d": (1,),
    "F.adaptiveMaxPool2d": (1,),
    "F.adaptiveMaxPool3d": (1,),
    "F.fractionalMaxPool2d": (1,),
    "F.fractionalMaxPool3d": (1,),
}
# Totals of whole numbers are int32 in Heddle, except those of int64.
INTEGER_TOTALS = ("sum", "prod", "cumsum", "cumprod", "nansum", "trace")
LINALG = ("solve", "inv", "det", "slogdet")
# Called as call(...inputs, ...args), and so are convolutions, pooling and everything under `F.`; the rest are methods.
FREE_FUNCTIONS = (
    *("cat", "stack", "meshgrid", "where", "einsum", "pad", "oneHot"),
    *("hstack", "vstack", "dstack", "columnStack", "broadcastTensors", "blockDiag", "cartesianProd"),
    *("atleast1d", "atleast2d", "atleast3d"),
    *("gradient", "histogramdd"),
)
# Those that take what Heddle calls with a list as so many arguments.
SPREAD = ("broadcastTensors", "blockDiag", "cartesianProd")


def snake(name):
    return re.sub(r"([A-Z]|(?<=atleast)\d)", r"_\1", name).lower()


def fill_in(value, inputs):
    """Arguments as PyTorch takes them: placeholders replaced, option names in snake case."""
    if isinstance(value, In):
        return inputs[value.index]
    if isinstance(value, Big):
        return value.value
    if isinstance(value, (list, tuple)):
        return type(value)(fill_in(item, inputs) for item in value)
    if isinstance(value, dict):
        return {snake(key): fill_in(item, inputs) for key, item in value.items()}
    return value


def placeholders(value):
    if isinstance(value, In):
        return {value.index}
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return set().union(*map(placeholders, items))


def torch_function(call):
    name = snake(call.removeprefix("F."))
    functional = torch.nn.functional
    if call in LINALG:
        return getattr(torch.linalg, name)
    free = call.startswith("F.") or call in FREE_FUNCTIONS or "Pool" in call or call.startswith("conv")
    for place in (functional, torch) if free else (torch.Tensor, torch, torch.special):
        if hasattr(place, name):
            return getattr(place, name)
    raise LookupError(f"PyTorch has no {name}")


def positional(inputs, args):
    """The rule of the fixtures: inputs that no argument refers to, in order, then the arguments."""
    used = placeholders(args)
    return [value for index, value in enumerate(inputs) if index not in used]


def default_call(call, inputs, args):
    values = fill_in(list(args), inputs)
    options = values.pop() if values and isinstance(values[-1], dict) else {}
    while values and values[-1] is None and "dtype" in options:  # an absent dim
        values.pop()
    given = positional(inputs, args)
    if call in SPREAD:
        given = given[0]
    return torch_function(call)(*given, *values, **options)


def flatten(value):
    if value is None:
        return []
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (bool, float)):
        return [torch.tensor(value)]
    return [item for part in value for item in flatten(part)]


def run_in_half(function, inputs):
    """float16 and bfloat16 by their definition, computed in float32 and rounded once: PyTorch 1.13's CPU lacks most half kernels."""
    tensors = flatten(inputs)
    if not any(item.dtype in HALVES for item in tensors):
        return flatten(function(inputs))

    def widen(value):
        if isinstance(value, list):
            return [widen(item) for item in value]
        return value.float() if value.dtype in HALVES else value

    outputs = flatten(function([widen(value) for value in inputs]))
    dtypes = [item.dtype for item in tensors]
    floats = [item for item in tensors if item.is_floating_point()]
    common = torch.result_type(*floats) if len(floats) == 2 else functools.reduce(torch.promote_types, dtypes)
    if common not in HALVES:
        return outputs
    return [item.to(common) if item.dtype == torch.float32 else item for item in outputs]


def heddle_dtypes(call, outputs, input_dtype, args):
    """The dtypes in which Heddle differs from PyTorch."""
    wanted = INDEX_OUTPUTS.get(call, ())
    if call in INTEGER_TOTALS and input_dtype != torch.int64:
        asked = args and isinstance(args[-1], dict) and "dtype" in args[-1]
        wanted = () if asked else (0,)
    narrow = lambda index, item: index in wanted and item.dtype == torch.int64  # noqa: E731
    return [item.to(torch.int32) if narrow(index, item) else item for index, item in enumerate(outputs)]
