"""A family of cases: runs them, adds gradients, and writes conformance/fixtures/<family>.json, one case a line."""

import json
import pathlib
import zlib

from calling import default_call, flatten, heddle_dtypes, run_in_half
from encoding import encode, encode_argument, encode_input, torch
from tensors import Spec, randn_like

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures"
DIFFERENTIABLE = (torch.float32, torch.float64)


class Family:
    def __init__(self, name):
        self.name = name
        self.cases = []
        self.names = set()
        self.skipped = []

    def generator(self, name):
        """One stream of random numbers a case, so that adding a case changes no other."""
        return torch.Generator().manual_seed(zlib.crc32(f"{self.name}/{name}".encode()))

    def add(self, case):
        if case["name"] in self.names:
            raise ValueError(f"two cases of {self.name} are named {case['name']!r}")
        self.names.add(case["name"])
        self.cases.append(case)

    def case(
        self, name, call, inputs=(), args=(), grad=False, tol=None, fn=None, skip_unsupported=False, native_half=False
    ):
        """Records one call. `inputs` holds tensors, Specs or lists of them; `fn(inputs, args)` replaces the call by name;
        `grad` asks for the gradients of all inputs, or of those it lists;
        `native_half` leaves float16 and bfloat16 to PyTorch's own kernels."""
        generator = self.generator(name)
        inputs = resolve(list(inputs), generator)
        args = resolve(list(args), generator)
        case = {
            "name": name,
            "call": call,
            "inputs": [encode_input(value) for value in inputs],
            "args": encode_argument(args),
        }
        run = (lambda values: fn(values, args)) if fn else (lambda values: default_call(call, values, args))
        try:
            if grad:
                outputs = self.differentiate(case, call, inputs, run, generator, grad)
            else:
                outputs = flatten(run(inputs)) if native_half else run_in_half(run, inputs)
        except RuntimeError as error:
            if skip_unsupported and "not implemented for" in str(error):
                self.skipped.append(name)
                return
            raise RuntimeError(f"{self.name}/{name}: {error}") from error
        first = next(iter(flatten(inputs)), None)
        outputs = heddle_dtypes(call, outputs, first.dtype if first is not None else None, args)
        case["outputs"] = [encode(item) for item in outputs]
        if tol:
            case["tol"] = {"rtol": tol[0], "atol": tol[1]}
        self.add(case)

    def differentiate(self, case, call, inputs, run, generator, chosen):
        """Adds random gradients of the outputs and what they make of the inputs, or of those that are chosen by index."""

        def leaf(value):
            if isinstance(value, list):
                return [leaf(item) for item in value]
            return value.detach().requires_grad_() if value.dtype in DIFFERENTIABLE else value

        leaves = [leaf(value) if chosen is True or index in chosen else value for index, value in enumerate(inputs)]
        # A leaf that requires a gradient cannot be changed in place, its clone can.
        in_place = call.endswith("_") or call == "viewAssign"
        outputs = flatten(run([leaves[0].clone(), *leaves[1:]] if in_place else leaves))
        reached = [item for item in outputs if item.requires_grad]
        seeds = {id(item): randn_like(item, generator) for item in reached}
        flat = flatten(leaves)
        wanted = [item for item in flat if item.requires_grad]
        found = torch.autograd.grad(reached, wanted, [seeds[id(item)] for item in reached], allow_unused=True)
        by_leaf = {id(item): gradient for item, gradient in zip(wanted, found)}
        case["gradOutputs"] = [encode(seeds[id(item)]) if id(item) in seeds else None for item in outputs]
        gradients = [by_leaf.get(id(item)) for item in flat]
        case["grads"] = [None if item is None else encode(item.contiguous()) for item in gradients]
        return [item.detach().contiguous() for item in outputs]

    def error(self, name, call, inputs=(), args=(), fn=None):
        """Records that PyTorch refuses this call."""
        generator = self.generator(name)
        inputs = resolve(list(inputs), generator)
        args = resolve(list(args), generator)
        encoded = [encode_input(value) for value in inputs]
        try:
            fn(inputs, args) if fn else default_call(call, inputs, args)
        except (RuntimeError, IndexError, TypeError, ValueError, ZeroDivisionError, NotImplementedError):
            self.add(
                {
                    "name": name,
                    "call": call,
                    "inputs": encoded,
                    "args": encode_argument(args),
                    "outputs": [],
                    "error": True,
                }
            )
            return
        raise AssertionError(f"{self.name}/{name}: PyTorch accepts this")

    def write(self):
        order = ("name", "call", "module", "optimizer", "scheduler", "args", "options", "inputs", "outputs")
        FIXTURES.mkdir(parents=True, exist_ok=True)
        lines = [
            json.dumps(
                {**{key: case[key] for key in order if key in case}, **case},
                separators=(",", ":"),
                allow_nan=False,
                ensure_ascii=False,
            )
            for case in self.cases
        ]
        version = json.dumps(torch.__version__)
        text = f'{{"torch":{version},"cases":[\n' + ",\n".join(lines) + "\n]}\n"
        path = FIXTURES / f"{self.name}.json"
        path.write_text(text)
        print(
            f"{self.name}: {len(self.cases)} cases, {path.stat().st_size} bytes"
            + (f", lacking in PyTorch: {', '.join(self.skipped)}" if self.skipped else "")
        )


def resolve(value, generator):
    """Makes the tensors that the recipes describe."""
    if isinstance(value, Spec):
        return value(generator)
    if isinstance(value, (list, tuple)):
        return type(value)(resolve(item, generator) for item in value)
    if isinstance(value, dict):
        return {key: resolve(item, generator) for key, item in value.items()}
    return value
