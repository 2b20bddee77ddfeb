"""Records the public names of PyTorch and torchvision that tools/pytorch compares with Heddle's: names.json."""

import inspect
import json
import pathlib

import torch
import torch.nn.functional as F
from torchvision import transforms


def names(module, wanted):
    """The public names of a module whose values are wanted; functions without documentation are internal."""
    found = []
    for name in dir(module):
        value = getattr(module, name)
        if not name.startswith("_") and wanted(value):
            found.append(name)
    return sorted(found)


def is_function(value):
    if inspect.isclass(value) or inspect.ismodule(value) or not callable(value):
        return False
    return bool(inspect.getdoc(value)) and not type(value).__module__ == "typing"


def is_member(value):
    return not inspect.isclass(value) and (not callable(value) or bool(inspect.getdoc(value)))


def is_class(*bases):
    return lambda value: inspect.isclass(value) and issubclass(value, bases)


record = {
    "torch": names(torch, is_function),
    "torch.Tensor": names(torch.Tensor, is_member),
    "torch.nn": names(torch.nn, is_class(torch.nn.Module)),
    "torch.nn.functional": names(F, is_function),
    "torch.optim": names(torch.optim, is_class(torch.optim.Optimizer)),
    "torch.optim.lr_scheduler": names(torch.optim.lr_scheduler, lambda v: inspect.isclass(v) and v.__name__ not in ("Counter", "Optimizer")),
    "torch.linalg": names(torch.linalg, is_function),
    "torch.fft": names(torch.fft, is_function),
    "torchvision.transforms": names(transforms, is_class(object)),
}

path = pathlib.Path(__file__).parent.parent / "pytorch" / "names.json"
path.write_text(json.dumps({"torch": torch.__version__, "names": record}, indent=1) + "\n")
