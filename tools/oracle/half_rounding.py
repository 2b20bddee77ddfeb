"""All casts between the half formats and float32, as one digest each: the recordings would take megabytes."""

import hashlib

from encoding import torch
from recorder import Family
from tensors import HALVES

# Added to the upper half of a float32: exact bfloat16, below, at and above the middle of two, and just below the next.
LOWER = (0, 0x7FFF, 0x8000, 0x8001, 0xFFFF)


def digest(result):
    """Of the values as float32, with one NaN."""
    wide = result.float()
    wide[wide.isnan()] = float("nan")
    return hashlib.sha256(wide.numpy().tobytes()).hexdigest()


def record():
    family = Family("half_rounding")
    patterns = torch.arange(65536)
    for dtype in HALVES:
        name = str(dtype)[6:]
        family.add({"name": f"every {name}", "dtype": name, "digest": digest(patterns.to(torch.int16).view(dtype))})
        for lower in LOWER:
            wide = ((patterns << 16) + lower).to(torch.int32).view(torch.float32)
            family.add(
                {
                    "name": f"{name} of every upper half with {lower:#06x}",
                    "dtype": name,
                    "lower": lower,
                    "digest": digest(wide.to(dtype)),
                }
            )
    return [family]
