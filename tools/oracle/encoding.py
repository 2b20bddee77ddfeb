"""Tensors and arguments as JSON. Imported first by everything here, since it sets PyTorch up before its first use."""

import base64
import math
import os
import warnings

# Vector units differ between machines in their last bits; PyTorch's scalar kernels do not.
os.environ["ATEN_CPU_CAPABILITY"] = "default"

import torch  # noqa: E402

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
torch.backends.mkldnn.enabled = False


class In:
    """A placeholder among the arguments: here comes inputs[index]."""

    def __init__(self, index):
        self.index = index


class Big:
    """A whole number that is a bigint on the TypeScript side."""

    def __init__(self, value):
        self.value = value


def dtype_name(dtype):
    return str(dtype).removeprefix("torch.")


def as_index(tensor):
    """Marks an int64 tensor, which PyTorch demands for indices, to be written as int32, which Heddle uses."""
    tensor.heddle_dtype = torch.int32
    return tensor


def encode(tensor):
    """The elements of a contiguous tensor; of any other the whole storage, with strides and offset."""
    dtype = getattr(tensor, "heddle_dtype", tensor.dtype)
    tensor = tensor.detach()
    out = {"dtype": dtype_name(dtype), "shape": list(tensor.shape)}
    if tensor.is_contiguous():
        flat = tensor.reshape(-1)
    else:
        flat = torch.empty(0, dtype=tensor.dtype).set_(tensor.storage())
        out |= {"strides": list(tensor.stride()), "offset": tensor.storage_offset()}
    flat = flat.to(dtype)
    # NumPy has no bfloat16.
    bits = flat.view(torch.int16) if dtype == torch.bfloat16 else flat
    out["data"] = base64.b64encode(bits.numpy().tobytes()).decode()
    return out


def encode_argument(value):
    if isinstance(value, torch.Tensor):
        return {"tensor": encode(value)}
    if isinstance(value, In):
        return {"input": value.index}
    if isinstance(value, Big):
        return {"i": str(value.value)}
    if isinstance(value, torch.dtype):
        return dtype_name(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {"f": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
    if isinstance(value, (list, tuple)):
        return [encode_argument(item) for item in value]
    if isinstance(value, dict):
        return {key: encode_argument(item) for key, item in value.items()}
    return value


def encode_input(value):
    return {"list": [encode(item) for item in value]} if isinstance(value, list) else encode(value)
