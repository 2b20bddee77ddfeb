"""Weights that both sides compute, so that no fixture holds them: hashes of the name of a tensor and the position of an element."""

import numpy
from encoding import torch


def name_hash(name):
    """FNV-1a, 32 bits."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def uniform(name, shape):
    """Float64 numbers in [-1, 1) by name: the finaliser of MurmurHash3 over a counter."""
    count = int(numpy.prod(shape, dtype=numpy.int64))
    with numpy.errstate(over="ignore"):
        x = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(0x9E3779B1) + numpy.uint32(name_hash(name))
        x = (x ^ (x >> numpy.uint32(16))) * numpy.uint32(0x85EBCA6B)
        x = (x ^ (x >> numpy.uint32(13))) * numpy.uint32(0xC2B2AE35)
        x = x ^ (x >> numpy.uint32(16))
    return torch.from_numpy(x.astype(numpy.float64) / 2**31 - 1).reshape(shape)


def weight(name, shape):
    """Weights by their fan in, scales and variances within 0.5 to 1.5, biases and means within ±0.1."""
    drawn = uniform(name, shape)
    if len(shape) > 1:
        fan_in = int(numpy.prod(shape[1:]))
        return drawn * (6 / fan_in) ** 0.5
    if name.endswith(("weight", "running_var")):
        return drawn / 2 + 1
    return drawn * 0.1


def fill(model):
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(weight(name, tuple(tensor.shape)))
    return model
