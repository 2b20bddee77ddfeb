"""Layers: state in, outputs, gradients and buffers out."""

from calling import fill_in, flatten
from encoding import dtype_name, encode, encode_argument, torch
from recorder import Family, resolve
from tensors import f32, f64, index_values, indices, randn, randn_like, values

nn = torch.nn
# Module, arguments as in Heddle (the trailing object holds PyTorch's keyword arguments), inputs.
LAYERS = (
    ("Linear", [4, 3], [randn(2, 4)]),
    ("Linear", [4, 3], [randn(2, 3, 4)]),
    ("Linear", [4, 3, {"bias": False}], [randn(5, 4)]),
    ("Linear", [4, 3], [randn(4)]),
    ("Linear", [4, 3], [randn(0, 4)]),
    ("Linear", [4, 3], [randn(4, 2).transposed()]),
    ("Bilinear", [3, 4, 2], [randn(5, 3), randn(5, 4)]),
    ("Bilinear", [3, 4, 2, {"bias": False}], [randn(2, 3, 3), randn(2, 3, 4)]),
    ("Bilinear", [3, 4, 2], [randn(3), randn(4)]),
    ("Conv1d", [2, 3, 3], [randn(2, 2, 7)]),
    ("Conv1d", [2, 4, 3, {"stride": 2, "padding": 1, "groups": 2}], [randn(1, 2, 8)]),
    ("Conv1d", [2, 3, 3, {"padding": 2, "paddingMode": "circular"}], [randn(1, 2, 6)]),
    ("Conv2d", [2, 3, 3], [randn(2, 2, 5, 6)]),
    ("Conv2d", [2, 3, [3, 2], {"stride": [2, 1], "padding": [1, 0], "bias": False}], [randn(1, 2, 6, 5)]),
    ("Conv2d", [4, 4, 3, {"padding": 1, "groups": 4}], [randn(1, 4, 4, 4)]),
    ("Conv2d", [2, 2, 3, {"padding": "same", "dilation": 2}], [randn(1, 2, 6, 6)]),
    ("Conv2d", [1, 2, 3, {"padding": 1, "paddingMode": "reflect"}], [randn(1, 1, 4, 5)]),
    ("Conv2d", [1, 2, 3, {"padding": 1, "paddingMode": "replicate"}], [randn(1, 1, 4, 5)]),
    ("Conv2d", [1, 2, 3, {"padding": [1, 2], "paddingMode": "circular"}], [randn(1, 1, 4, 5)]),
    ("Conv2d", [2, 3, 3], [randn(2, 5, 6)]),
    ("ConvTranspose2d", [3, 2, 3], [randn(2, 3, 4, 3)]),
    ("ConvTranspose2d", [2, 4, 3, {"stride": 2, "padding": 1, "outputPadding": 1, "groups": 2}], [randn(1, 2, 3, 4)]),
    ("ConvTranspose2d", [2, 2, [2, 3], {"bias": False, "dilation": 2}], [randn(1, 2, 3, 3)]),
    ("Embedding", [5, 3], [indices(5, 2, 4)]),
    ("Embedding", [5, 3, {"paddingIdx": 2}], [index_values([[2, 0, 2], [4, 2, 1]])]),
    ("Embedding", [5, 3, {"paddingIdx": -1}], [index_values([4, 0, 4])]),
    ("Embedding", [5, 3, {"scaleGradByFreq": True}], [index_values([[2, 0, 2], [4, 2, 1]])]),
    ("Embedding", [5, 3, {"scaleGradByFreq": True, "paddingIdx": 2}], [index_values([[2, 0, 2], [4, 0, 1]])]),
    ("Embedding", [5, 2], [index_values(3)]),
    ("Embedding", [5, 2], [index_values([])]),
    ("EmbeddingBag", [5, 3], [indices(5, 2, 4)]),
    ("EmbeddingBag", [5, 3, {"mode": "sum", "paddingIdx": 2}], [index_values([2, 0, 2, 4]), index_values([0, 1, 3])]),
    ("EmbeddingBag", [5, 3, {"mode": "max", "includeLastOffset": True}], [index_values([1, 0]), index_values([0, 2])]),
    ("MaxUnpool2d", [2], [randn(1, 1, 1, 2), index_values([[[[1, 6]]]])]),
    ("MaxUnpool1d", [2, {"stride": 3}], [randn(1, 1, 2), index_values([[[1, 3]]])]),
    ("MaxUnpool3d", [2], [randn(1, 1, 1, 1, 1), index_values([[[[[5]]]]])]),
    ("AdaptiveLogSoftmaxWithLoss", [8, 9, [3, 6], {"divValue": 2}], [randn(4, 8), index_values([0, 8, 4, 2])]),
    ("AdaptiveLogSoftmaxWithLoss", [8, 9, [2], {"headBias": True}], [randn(8), index_values(7)]),
    ("Unfold", [[2, 3], {"padding": 1}], [randn(1, 2, 4, 5)]),
    ("Fold", [[4, 5], 2, {"stride": 2, "padding": [0, 1]}], [randn(1, 8, 6)]),
    ("AvgPool2d", [2, {"divisorOverride": 3}], [randn(1, 2, 5, 4)]),
    ("AvgPool3d", [2, {"divisorOverride": 3}], [randn(1, 2, 5, 4, 4)]),
    ("AlphaDropout", [0.0], [randn(2, 3)]),
    ("FeatureAlphaDropout", [0.0], [randn(2, 3, 2, 2)]),
    ("LayerNorm", [4], [randn(2, 3, 4)]),
    ("LayerNorm", [[3, 4]], [randn(2, 3, 4)]),
    ("LayerNorm", [4, {"elementwiseAffine": False}], [randn(3, 4)]),
    ("LayerNorm", [4, {"eps": 0.1}], [randn(4, 3).transposed()]),
    ("GroupNorm", [2, 4], [randn(3, 4, 5)]),
    ("GroupNorm", [1, 4], [randn(2, 4, 3, 2)]),
    ("GroupNorm", [4, 4, {"affine": False}], [randn(2, 4, 3, 2)]),
    ("GroupNorm", [2, 4, {"eps": 0.01}], [randn(2, 4)]),
    ("InstanceNorm2d", [3], [randn(2, 3, 4, 2)]),
    ("InstanceNorm2d", [3, {"affine": True}], [randn(2, 3, 4, 2)]),
    ("InstanceNorm3d", [2, {"affine": True}], [randn(2, 2, 3, 2, 2)]),
    ("BatchNorm3d", [2], [randn(2, 2, 3, 2, 2)]),
    ("Dropout3d", [1.0], [randn(1, 2, 2, 2, 2)]),
    ("MaxPool1d", [2], [randn(2, 2, 7)]),
    ("MaxPool2d", [2], [randn(1, 2, 5, 4)]),
    ("MaxPool2d", [3, {"stride": 2, "padding": 1}], [randn(1, 2, 7, 6)]),
    ("AvgPool1d", [2], [randn(2, 2, 7)]),
    ("AvgPool2d", [2], [randn(1, 2, 5, 4)]),
    ("AvgPool2d", [3, {"stride": 2, "padding": 1, "countIncludePad": False}], [randn(1, 2, 7, 6)]),
    ("AdaptiveAvgPool1d", [3], [randn(1, 2, 7)]),
    ("AdaptiveAvgPool2d", [[2, 3]], [randn(1, 2, 5, 4)]),
    ("AdaptiveAvgPool2d", [1], [randn(2, 3, 4, 4)]),
    ("Conv3d", [2, 3, 2], [randn(1, 2, 3, 4, 3)]),
    ("Conv3d", [2, 4, [2, 3, 2], {"stride": [1, 2, 1], "padding": [1, 1, 0], "groups": 2}], [randn(2, 2, 3, 4, 3)]),
    ("ConvTranspose3d", [2, 3, 2], [randn(1, 2, 2, 3, 2)]),
    (
        "ConvTranspose3d",
        [2, 2, 3, {"stride": [1, 2, 2], "padding": 1, "outputPadding": [0, 1, 0], "groups": 2, "bias": False}],
        [randn(1, 2, 2, 3, 2)],
    ),
    ("MaxPool3d", [2], [randn(1, 2, 5, 4, 4)]),
    ("AvgPool3d", [2], [randn(1, 2, 5, 4, 4)]),
    ("AdaptiveAvgPool3d", [[2, 3, 1]], [randn(1, 2, 5, 4, 3)]),
    ("AdaptiveMaxPool1d", [3], [randn(1, 2, 7)]),
    ("AdaptiveMaxPool2d", [[2, 3]], [randn(1, 2, 5, 4)]),
    ("AdaptiveMaxPool3d", [[2, 3, 1]], [randn(1, 2, 5, 4, 3)]),
    ("LPPool1d", [2, 3], [randn(1, 2, 7)]),
    ("LPPool2d", [2, 3, {"stride": 2}], [randn(1, 2, 7, 5)]),
    ("LocalResponseNorm", [3], [randn(2, 5, 4, 3)]),
    ("LocalResponseNorm", [2, {"alpha": 0.5, "beta": 0.5, "k": 2}], [randn(2, 5, 4)]),
    ("Upsample", [{"scaleFactor": 2}], [randn(1, 2, 3, 4)]),
    ("Upsample", [{"size": [4, 7], "mode": "bilinear", "alignCorners": True}], [randn(1, 2, 3, 4)]),
    ("PixelShuffle", [2], [randn(1, 8, 2, 3)]),
    ("PixelUnshuffle", [2], [randn(1, 2, 4, 6)]),
    ("ZeroPad2d", [1], [randn(1, 2, 3, 4)]),
    ("ZeroPad2d", [[1, -1, 0, 2]], [randn(1, 2, 3, 4)]),
    ("ConstantPad1d", [[2, 1], 3.5], [randn(1, 2, 4)]),
    ("ConstantPad2d", [1, -1], [randn(2, 3, 4)]),
    ("ConstantPad3d", [1, 2], [randn(1, 2, 2, 3, 2)]),
    ("ConstantPad3d", [[1, 0, -1, 2, 1, 1], 0.5], [randn(2, 3, 3, 2)]),
    ("ReflectionPad1d", [[2, 1]], [randn(1, 2, 4)]),
    ("ReflectionPad2d", [[2, 1, 0, 2]], [randn(1, 2, 3, 4)]),
    ("ReflectionPad3d", [[1, 0, 2, 1, 0, 1]], [randn(1, 2, 2, 3, 2)]),
    ("ReflectionPad3d", [1], [randn(2, 3, 3, 2)]),
    ("ReplicationPad1d", [2], [randn(1, 2, 4)]),
    ("ReplicationPad2d", [[2, 1, 0, 2]], [randn(1, 2, 3, 4)]),
    ("ReplicationPad3d", [1], [randn(1, 2, 2, 3, 2)]),
    ("Softmax2d", [], [randn(2, 3, 4, 2)]),
    ("Softmax2d", [], [randn(3, 4, 2)]),
    ("Flatten", [], [randn(2, 3, 4)]),
    ("Flatten", [0, 1], [randn(2, 3, 4)]),
    ("Flatten", [], [randn(0, 3, 4)]),
    ("Unflatten", [1, [2, 3]], [randn(2, 6)]),
    ("Identity", [], [randn(2, 3)]),
    ("Dropout", [0.0], [randn(2, 3)]),
    ("Dropout", [1.0], [randn(2, 3)]),
    ("Dropout2d", [1.0], [randn(2, 3, 2, 2)]),
)
ACTIVATIONS = (
    ("ReLU", []),
    ("ReLU6", []),
    ("LeakyReLU", []),
    ("LeakyReLU", [0.2]),
    ("ELU", []),
    ("ELU", [0.5]),
    ("SELU", []),
    ("RReLU", [0.2, 0.2]),
    ("CELU", []),
    ("CELU", [0.5]),
    ("GELU", []),
    ("GELU", [{"approximate": "tanh"}]),
    ("SiLU", []),
    ("Mish", []),
    ("Sigmoid", []),
    ("Tanh", []),
    ("Softplus", []),
    ("Softplus", [2, 1.5]),
    ("Softsign", []),
    ("Hardtanh", []),
    ("Hardtanh", [-0.5, 1.5]),
    ("Hardsigmoid", []),
    ("Hardswish", []),
    ("Threshold", [0.3, -2]),
    ("LogSigmoid", []),
    ("Tanhshrink", []),
    ("Softshrink", []),
    ("Hardshrink", []),
    ("PReLU", []),
    ("Softmax", [-1]),
    ("Softmax", [0]),
    ("LogSoftmax", [1]),
    ("Softmin", [-1]),
)
NORM_OPTIONS = (
    {},
    {"momentum": 0.3, "eps": 0.01},
    {"momentum": None},
    {"affine": False},
    {"trackRunningStats": False},
    {"affine": False, "trackRunningStats": False},
)


def build(module, args):
    values_ = fill_in(list(args), [])
    options = values_.pop() if values_ and isinstance(values_[-1], dict) else {}
    return getattr(nn, module)(*values_, **options)


def randomise(module, generator):
    """Weights and statistics that no default explains away."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith("num_batches_tracked"):
                tensor.fill_(3)
            elif name.endswith("running_var"):
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
            else:
                tensor.copy_(torch.randn(tensor.shape, generator=generator, dtype=f64) * 0.7)


def layer(family, name, module, args, inputs, mode="train", dtype=f32, make=None):
    generator = family.generator(name)
    inputs = resolve(list(inputs), generator)
    inputs = [as_dtype(value, dtype) for value in inputs]
    layer_ = (make or build)(module, args).to(dtype)
    # PyTorch calls them undeterministic, since an index that occurs twice is written twice.
    torch.use_deterministic_algorithms(not module.startswith("MaxUnpool"))
    layer_.train(mode == "train")
    randomise(layer_, generator)
    case = {
        "name": name,
        "module": module,
        "args": encode_argument(args),
        "mode": mode,
        "state": {key: encode(value) for key, value in layer_.state_dict().items()},
        "inputs": [encode(value) for value in inputs],
    }
    leaves = [value.detach().requires_grad_() if value.is_floating_point() else value for value in inputs]
    outputs = flatten(layer_(*leaves))
    seeds = [randn_like(value, generator) for value in outputs]
    wanted = [value for value in leaves if value.requires_grad]
    parameters = dict(layer_.named_parameters())
    found = (
        torch.autograd.grad(outputs, wanted + list(parameters.values()), seeds, allow_unused=True)
        if any(o.requires_grad for o in outputs)
        else []
    )
    gradients = iter(found)
    case["outputs"] = [encode(value.contiguous()) for value in outputs]
    case["gradOutputs"] = [encode(value) for value in seeds]
    case["gradInputs"] = [maybe(next(gradients, None)) if value.requires_grad else None for value in leaves]
    case["gradParams"] = {key: maybe(next(gradients, None)) for key in parameters}
    case["stateAfter"] = {key: encode(value) for key, value in layer_.state_dict().items() if key not in parameters}
    family.add(case)


def as_dtype(value, dtype):
    """A change of dtype keeps strides only where the tensor is dense, which is all that layers need."""
    return value.to(dtype) if value.is_floating_point() else value


def maybe(value):
    return None if value is None else encode(value.contiguous())


def layers(family):
    for module, args, inputs in LAYERS:
        for dtype in (f32, f64):
            shape = tuple(resolve(inputs[0], family.generator("")).shape)
            label = f"{module} {args} {shape} {dtype_name(dtype)}".replace("'", "")
            label += " transposed" if not resolve(inputs[0], family.generator("")).is_contiguous() else ""
            if module.startswith("Dropout") and dtype == f32:
                layer(family, f"{label} eval", module, args, inputs, "eval")
            layer(family, label, module, args, inputs, "train", dtype)
    for module, args in ACTIVATIONS:
        label = f"{module} {args}".replace("'", "")
        for dtype in (f32, f64):
            layer(family, f"{label} {dtype_name(dtype)}", module, args, [randn(3, 4).map(lambda x: x * 2)], dtype=dtype)
        layer(
            family,
            f"{label} special",
            module,
            args,
            [values([[0.0, -0.0, 30.0, -30.0, 100.0, -100.0, 3.0, -3.0, 6.0]])],
        )
        layer(family, f"{label} stepped", module, args, [randn(3, 8).stepped(2)])
    layer(family, "PReLU [3] channels", "PReLU", [3], [randn(2, 3, 4)])
    for module, shape in (("BatchNorm1d", (4, 3)), ("BatchNorm1d", (3, 3, 4)), ("BatchNorm2d", (2, 3, 3, 2))):
        for options in NORM_OPTIONS:
            for mode in ("train", "eval"):
                args = [3, options] if options else [3]
                layer(family, f"{module} {args} {shape} {mode}".replace("'", ""), module, args, [randn(*shape)], mode)
        layer(family, f"{module} {shape} float64", module, [3], [randn(*shape)], "train", f64)
        layer(family, f"{module} {shape} transposed", module, [3], [randn(3, shape[0], *shape[2:]).transposed()])


def nested(module, args):
    """Sequential's arguments are modules, given as {"module", "args"}."""
    return nn.Sequential(
        *[
            (
                nested(item["module"], item["args"])
                if item["module"] == "Sequential"
                else build(item["module"], item["args"])
            )
            for item in args
        ]
    )


def sequences(family):
    def part(module, *args):
        return {"module": module, "args": list(args)}

    network = [part("Linear", 4, 5), part("ReLU"), part("Linear", 5, 3), part("LogSoftmax", -1)]
    layer(family, "Sequential mlp", "Sequential", network, [randn(3, 4)], make=nested)
    inner = part("Sequential", part("Conv2d", 1, 2, 3, {"padding": 1}), part("BatchNorm2d", 2), part("ReLU"))
    convnet = [inner, part("MaxPool2d", 2), part("Flatten"), part("Linear", 8, 3, {"bias": False})]
    for mode in ("train", "eval"):
        layer(family, f"Sequential convnet {mode}", "Sequential", convnet, [randn(2, 1, 4, 4)], mode, make=nested)
    layer(family, "Sequential empty", "Sequential", [], [randn(2)], make=nested)


def state_keys(family):
    """Names and order of stateDict()."""
    for module, args in (
        ("Linear", [2, 3]),
        ("Linear", [2, 3, {"bias": False}]),
        ("Bilinear", [2, 3, 4]),
        ("Conv2d", [1, 2, 3]),
        ("BatchNorm2d", [3]),
        ("BatchNorm1d", [3, {"affine": False}]),
        ("BatchNorm1d", [3, {"trackRunningStats": False}]),
        ("LayerNorm", [3]),
        ("Embedding", [3, 2]),
        ("PReLU", []),
        ("ConvTranspose2d", [1, 2, 3]),
        ("CrossEntropyLoss", [{"weight": torch.ones(3)}]),
        ("CrossEntropyLoss", []),
        ("NLLLoss", [{"weight": torch.ones(3)}]),
        ("BCELoss", [{"weight": torch.ones(3)}]),
        ("BCEWithLogitsLoss", [{"weight": torch.ones(3), "posWeight": torch.ones(2, 3)}]),
        ("BCEWithLogitsLoss", [{"posWeight": torch.ones(3)}]),
        ("MultiMarginLoss", [{"weight": torch.ones(3)}]),
        ("MultiLabelSoftMarginLoss", [{"weight": torch.ones(3)}]),
    ):
        state = build(module, args).state_dict()
        shown = "".join(f" of {', '.join(args[0])}") if args and isinstance(args[0], dict) else f" {args}"
        family.add(
            {
                "name": f"keys {module}{shown}".replace("'", ""),
                "module": module,
                "args": encode_argument(args),
                "stateKeys": list(state),
                "stateShapes": [list(value.shape) for value in state.values()],
            }
        )

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(2))
            self.register_buffer("steps", torch.zeros(1))
            self.register_buffer("scratch", torch.zeros(1), persistent=False)
            self.first = nn.Linear(2, 2)
            self.rest = nn.ModuleList([nn.BatchNorm1d(2), nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU())])
            self.heads = nn.ModuleDict({"b": nn.Linear(2, 1), "a": nn.Linear(2, 1)})
            self.shift = nn.Parameter(torch.zeros(2))

    state = Block().state_dict()
    family.add(
        {
            "name": "keys of a nested module",
            "module": "Block",
            "args": [],
            "stateKeys": list(state),
            "stateShapes": [list(value.shape) for value in state.values()],
            "parameters": [name for name, _ in Block().named_parameters()],
            "modules": [name for name, _ in Block().named_modules()],
        }
    )


def record():
    family = Family("modules")
    layers(family)
    sequences(family)
    state_keys(family)
    return [family]
