"""Recurrent layers and cells: state dict in, outputs, last states and gradients out."""

from calling import fill_in
from encoding import dtype_name, encode, encode_argument, torch
from recorder import Family, resolve
from tensors import f32, f64, randn, randn_like

nn = torch.nn
KINDS = (("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("GRU", {}), ("LSTM", {}))
# Shape of the input, options, whether states are given, lengths. Sizes: input 3, hidden 4.
LAYERS = (
    ((4, 3, 3), {}, False, None),
    ((4, 3, 3), {}, True, None),
    ((1, 2, 3), {}, True, None),
    ((5, 1, 3), {"bias": False}, True, None),
    ((4, 3), {}, False, None),
    ((4, 3), {"bidirectional": True, "num_layers": 2}, True, None),
    ((3, 4, 3), {"batch_first": True}, True, None),
    ((4, 3, 3), {"num_layers": 2, "bidirectional": True}, True, None),
    ((4, 2, 3), {"num_layers": 3, "bias": False}, False, None),
    ((4, 3, 3), {}, False, [2, 4, 1]),
    ((5, 3, 3), {}, True, [3, 1, 4]),
    ((3, 4, 3), {"batch_first": True, "bidirectional": True}, True, [4, 2, 1]),
    ((5, 3, 3), {"num_layers": 2, "bidirectional": True}, True, [2, 5, 3]),
    ((4, 2, 3), {"num_layers": 2, "dropout": 1.0}, True, None),
)
PROJECTIONS = (
    ((4, 3, 3), {"proj_size": 2}, True, None),
    ((4, 3, 3), {"proj_size": 2, "num_layers": 2, "bidirectional": True}, True, [4, 1, 2]),
)
CELLS = (((3, 3), {}, True), ((2, 3), {}, False), ((3,), {}, True), ((2, 3), {"bias": False}, True))


def camel(options):
    def name(key):
        first, *rest = key.split("_")
        return first + "".join(word.title() for word in rest)

    return {name(key): value for key, value in options.items()}


def build(module, options):
    return getattr(nn, module)(3, 4, **options)


def randomise(module, generator):
    with torch.no_grad():
        for tensor in module.state_dict().values():
            tensor.copy_(torch.randn(tensor.shape, generator=generator, dtype=f64) * 0.7)


def state_shapes(module, options, shape):
    """Shapes of h and, in an LSTM, c."""
    cell = module.endswith("Cell")
    hidden = options.get("proj_size") or 4
    sizes = [hidden, 4][: 2 if module.startswith("LSTM") else 1]
    if cell:
        return [(*shape[:-1], size) for size in sizes]
    count = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    batch = () if len(shape) == 2 else (shape[0 if options.get("batch_first") else 1],)
    return [(count, *batch, size) for size in sizes]


def run(module, name, x, states, lengths, options):
    """The output (of a cell none) and the states after."""
    given = None if not states else tuple(states) if name.startswith("LSTM") else states[0]
    if name.endswith("Cell"):
        after = module(x, given)
        return list(after) if isinstance(after, tuple) else [after]
    batch_first = options.get("batch_first", False)
    if lengths is None:
        output, after = module(x, given)
    else:
        steps = x.shape[1 if batch_first else 0]
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
        output, after = module(packed, given)
        output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first, total_length=steps)
    return [output, *(after if isinstance(after, tuple) else [after])]


def record_one(family, module, shape, options, stated, lengths, dtype):
    shown = [f"{key}={value}" for key, value in options.items()]
    shown += ["states"] if stated else []
    shown += [f"lengths={lengths}"] if lengths else []
    name = " ".join([module, str(shape), *shown, dtype_name(dtype)])
    generator = family.generator(name)
    layer = build(module, options).to(dtype)
    randomise(layer, generator)
    shapes = state_shapes(module, options, shape) if stated else []
    leaves = [resolve(randn(*each), generator).to(dtype).requires_grad_() for each in (shape, *shapes)]
    outputs = run(layer, module, leaves[0], leaves[1:], lengths, options)
    seeds = [randn_like(value, generator) for value in outputs]
    parameters = dict(layer.named_parameters())
    found = torch.autograd.grad(outputs, leaves + list(parameters.values()), seeds, allow_unused=True)
    found = [None if value is None else encode(value.contiguous()) for value in found]
    family.add(
        {
            "name": name,
            "module": module,
            "args": encode_argument([3, 4, camel(options)]),
            "state": {key: encode(value) for key, value in layer.state_dict().items()},
            "inputs": [encode(value) for value in leaves],
            "lengths": lengths,
            "outputs": [encode(value.contiguous()) for value in outputs],
            "gradOutputs": [encode(value) for value in seeds],
            "gradInputs": found[: len(leaves)],
            "gradParams": dict(zip(parameters, found[len(leaves) :])),
        }
    )


def record():
    family = Family("recurrent")
    for module, kind in KINDS:
        layers = LAYERS + (PROJECTIONS if module == "LSTM" else ())
        for shape, options, stated, lengths in layers:
            record_one(family, module, shape, {**kind, **options}, stated, lengths, f64)
        record_one(family, module, (5, 3, 3), {**kind, "bidirectional": True}, True, [2, 5, 3], f32)
        for shape, options, stated in CELLS:
            record_one(family, f"{module}Cell", shape, {**kind, **options}, stated, None, f64)
    return [family]
