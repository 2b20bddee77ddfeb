"""Attention and transformers: PyTorch's modules, and formulas for what PyTorch 1.13 does not have."""

import math

from calling import fill_in, flatten
from encoding import In, dtype_name, encode, encode_argument, torch
from recorder import Family, resolve
from tensors import f32, f64, masks, randn, randn_like, values

nn = torch.nn


class RMSNorm(nn.Module):
    def __init__(self, size, eps=1e-6, elementwise_affine=True):
        super().__init__()
        self.eps = eps
        self.dims = [-1] if isinstance(size, int) else list(range(-len(size), 0))
        self.weight = nn.Parameter(torch.ones(size)) if elementwise_affine else None

    def forward(self, x):
        y = x / (x.pow(2).mean(self.dims, keepdim=True) + self.eps).sqrt()
        return y if self.weight is None else y * self.weight


class SwiGLU(nn.Module):
    def __init__(self, width, hidden, bias=False):
        super().__init__()
        self.w1 = nn.Linear(width, hidden, bias)
        self.w2 = nn.Linear(hidden, width, bias)
        self.w3 = nn.Linear(width, hidden, bias)

    def forward(self, x):
        return self.w2(nn.functional.silu(self.w1(x)) * self.w3(x))


class RotaryPositions(nn.Module):
    """Pairs of features as complex numbers, turned."""

    def __init__(self, size, base=10000, layout="pairs"):
        super().__init__()
        self.size, self.base, self.layout = size, base, layout

    def forward(self, x, offset=0):
        pairs = self.size // 2
        speeds = self.base ** (-torch.arange(pairs, dtype=f64) / pairs)
        angles = (torch.arange(x.shape[-2], dtype=f64) + offset)[:, None] * speeds
        turns = torch.polar(torch.ones_like(angles), angles)
        apart = x.double().unflatten(-1, (pairs, 2) if self.layout == "pairs" else (2, pairs))
        if self.layout != "pairs":
            apart = apart.transpose(-2, -1)
        turned = torch.view_as_real(torch.view_as_complex(apart.contiguous()) * turns)
        if self.layout != "pairs":
            turned = turned.transpose(-2, -1)
        return turned.flatten(-2).to(x.dtype)


class SinusoidalPositions(nn.Module):
    def __init__(self, width, longest, batch_first=True):
        super().__init__()
        self.width, self.batch_first = width, batch_first

    def forward(self, x, offset=0):
        length = x.shape[-2 if self.batch_first else 0]
        table = torch.zeros(length, self.width, dtype=f64)
        for place in range(length):
            for feature in range(self.width):
                angle = (place + offset) / 10000 ** (2 * (feature // 2) / self.width)
                table[place, feature] = math.cos(angle) if feature % 2 else math.sin(angle)
        return x + (table if self.batch_first else table[:, None]).to(x.dtype)


def averaged(scores, keys, mask, values_):
    """Softmax over the keys that a mask lets take part; zeros where it lets none."""
    if mask is not None:
        some = mask.any(-1, keepdim=True)
        scores = scores.masked_fill(~mask[:, None] & some[:, None], -math.inf)
        weights = scores.softmax(-1) * some[:, None]
    else:
        weights = scores.softmax(-1)
    return weights @ (keys if values_ is None else values_), weights


def mask_of(lengths, mask, keys):
    return mask if lengths is None else torch.arange(keys.shape[1]) < torch.tensor(lengths)[:, None]


class AdditiveAttention(nn.Module):
    def __init__(self, queries, keys, hidden):
        super().__init__()
        self.query = nn.Linear(queries, hidden, bias=False)
        self.key = nn.Linear(keys, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, query, keys, lengths=None, mask=None, values=None):
        scores = self.score(torch.tanh(self.query(query)[:, :, None] + self.key(keys)[:, None])).squeeze(-1)
        return averaged(scores, keys, mask_of(lengths, mask, keys), values)


class DotProductAttention(nn.Module):
    def __init__(self, queries, keys, score="dot"):
        super().__init__()
        self.key = nn.Linear(keys, queries, bias=False) if score == "general" else None

    def forward(self, query, keys, lengths=None, mask=None, values=None):
        scores = query @ (keys if self.key is None else self.key(keys)).transpose(1, 2)
        return averaged(scores, keys, mask_of(lengths, mask, keys), values)


FORMULAS = (RMSNorm, SwiGLU, RotaryPositions, SinusoidalPositions, AdditiveAttention, DotProductAttention)
BY_NAME = {formula.__name__: formula for formula in FORMULAS}


def later(size):
    return torch.ones(size, size, dtype=torch.bool).triu(1)


def minus_infinity(mask):
    return torch.zeros(mask.shape).masked_fill(mask, -math.inf)


# True keeps a key out; no row is kept out of everything, of which PyTorch makes NaN.
PADDING = torch.tensor([[False, False, False, True, True], [False, True, False, False, False]])
SOME = torch.tensor([[0, 1, 0, 0, 1], [0, 0, 0, 1, 0], [1, 0, 1, 0, 0], [0, 0, 0, 0, 0]]).bool()
SELF = [randn(5, 2, 8)]
CROSS = [randn(4, 2, 8), randn(5, 2, 8), randn(5, 2, 8)]
FIRST = [randn(2, 4, 8), randn(2, 5, 8), randn(2, 5, 8)]
WEIGHTS = {"needWeights": True}
ATTENTION = (
    ([8, 2], SELF, {}),
    ([8, 4, {"batchFirst": True}], [randn(2, 5, 8)], {}),
    ([8, 2], SELF, {"isCausal": True}),
    ([8, 2], SELF, {"isCausal": True, **WEIGHTS}),
    ([8, 2, {"bias": False}], CROSS, {}),
    ([8, 2], CROSS, WEIGHTS),
    ([8, 2], CROSS, {**WEIGHTS, "averageAttnWeights": False}),
    ([8, 2, {"batchFirst": True}], FIRST, {"keyPaddingMask": PADDING}),
    ([8, 2, {"batchFirst": True}], FIRST, {"keyPaddingMask": PADDING, "attnMask": SOME, **WEIGHTS}),
    ([8, 2], CROSS, {"attnMask": minus_infinity(SOME)}),
    ([8, 2], CROSS, {"attnMask": minus_infinity(SOME) + torch.arange(20.0).reshape(4, 5) / 8, **WEIGHTS}),
    ([8, 2], CROSS, {"attnMask": torch.stack([SOME, SOME.flip(1), SOME, SOME.flip(0)])}),
    ([8, 2, {"kdim": 6, "vdim": 3}], [randn(4, 2, 8), randn(5, 2, 6), randn(5, 2, 3)], {}),
    ([8, 1, {"kdim": 6, "vdim": 8, "bias": False, "batchFirst": True}], [randn(2, 3, 8), randn(2, 4, 6), randn(2, 4, 8)], WEIGHTS),
    ([8, 2], [randn(5, 8)], {"isCausal": True}),
    ([8, 2], [randn(4, 8), randn(5, 8), randn(5, 8)], {**WEIGHTS, "averageAttnWeights": False}),
    ([8, 2, {"dropout": 1.0}], SELF, {}),
    ([8, 2, {"addBiasKv": True}], CROSS, WEIGHTS),
    ([8, 2, {"addZeroAttn": True}], SELF, {"isCausal": True, **WEIGHTS}),
    ([8, 2, {"addBiasKv": True, "addZeroAttn": True, "batchFirst": True}], FIRST, {"keyPaddingMask": PADDING, "attnMask": SOME, **WEIGHTS}),
    ([8, 2, {"addBiasKv": True, "addZeroAttn": True}], CROSS, {"attnMask": minus_infinity(SOME), **WEIGHTS, "averageAttnWeights": False}),
    ([8, 2, {"addBiasKv": True}], [randn(5, 8)], {"isCausal": True}),
)
SMALL = {"dimFeedforward": 12, "dropout": 0.0}
ENCODER_LAYERS = (
    ([8, 2, SMALL], SELF, {}),
    ([8, 2, {**SMALL, "activation": "gelu", "normFirst": True}], SELF, {"isCausal": True}),
    ([8, 2, {**SMALL, "batchFirst": True}], [randn(2, 5, 8)], {"srcKeyPaddingMask": PADDING}),
    ([8, 4, {**SMALL, "normFirst": True, "layerNormEps": 1e-3}], SELF, {"srcMask": minus_infinity(later(5)), "srcKeyPaddingMask": PADDING & (torch.arange(5) > 0)}),
    ([8, 2, {**SMALL, "activation": "gelu"}], [randn(5, 8)], {}),
)
DECODER = [randn(4, 2, 8), randn(5, 2, 8)]
DECODER_LAYERS = (
    ([8, 2, SMALL], DECODER, {"tgtIsCausal": True}),
    ([8, 2, {**SMALL, "activation": "gelu", "normFirst": True}], DECODER, {"tgtMask": later(4), "memoryKeyPaddingMask": PADDING}),
    ([8, 2, {**SMALL, "batchFirst": True}], [randn(2, 4, 8), randn(2, 5, 8)], {"memoryMask": SOME, "tgtKeyPaddingMask": torch.tensor([[False, False, False, True], [False] * 4])}),
)
TRANSFORMER = {"dModel": 8, "nhead": 2, "numEncoderLayers": 1, "numDecoderLayers": 2, **SMALL}
CASES = (
    *(("MultiheadAttention", *case) for case in ATTENTION),
    *(("TransformerEncoderLayer", *case) for case in ENCODER_LAYERS),
    *(("TransformerDecoderLayer", *case) for case in DECODER_LAYERS),
    # A layer's arguments, the number of layers, and whether a norm follows.
    ("TransformerEncoder", [[8, 2, SMALL], 2, True], SELF, {"isCausal": True}),
    ("TransformerEncoder", [[8, 2, {**SMALL, "normFirst": True}], 1, False], SELF, {"srcKeyPaddingMask": PADDING}),
    ("TransformerDecoder", [[8, 2, SMALL], 2, True], DECODER, {"tgtIsCausal": True, "memoryKeyPaddingMask": PADDING}),
    ("TransformerDecoder", [[8, 2, {**SMALL, "normFirst": True}], 1, False], DECODER, {}),
    ("Transformer", [TRANSFORMER], [randn(5, 2, 8), randn(4, 2, 8)], {"tgtIsCausal": True, "srcKeyPaddingMask": PADDING, "memoryKeyPaddingMask": PADDING}),
    ("Transformer", [{**TRANSFORMER, "batchFirst": True, "normFirst": True, "activation": "gelu"}], [randn(2, 5, 8), randn(2, 4, 8)], {"tgtMask": minus_infinity(later(4))}),
    ("RMSNorm", [6], [randn(2, 3, 6)], {}),
    ("RMSNorm", [[3, 6], {"eps": 0.1}], [randn(2, 3, 6)], {}),
    ("RMSNorm", [6, {"elementwiseAffine": False}], [randn(4, 6)], {}),
    ("SwiGLU", [4, 6], [randn(2, 3, 4)], {}),
    ("SwiGLU", [4, 6, {"bias": True}], [randn(5, 4)], {}),
    ("RotaryPositions", [6], [randn(2, 2, 4, 6)], {}),
    ("RotaryPositions", [6, {"base": 100}], [randn(2, 1, 6)], {"offset": 70}),
    ("RotaryPositions", [6, {"layout": "halves"}], [randn(3, 6)], {"offset": 3}),
    ("RotaryPositions", [4], [randn(2, 3, 5, 4).transposed(1, 2)], {}),
    ("SinusoidalPositions", [6, 10], [randn(2, 4, 6)], {}),
    ("SinusoidalPositions", [5, 10, {"batchFirst": False}], [randn(3, 2, 5)], {"offset": 7}),
    ("AdditiveAttention", [4, 6, 5], [randn(2, 3, 4), randn(2, 5, 6)], {}),
    ("AdditiveAttention", [4, 6, 5], [randn(2, 1, 4), randn(2, 5, 6)], {"lengths": [3, 0]}),
    ("AdditiveAttention", [4, 6, 5], [randn(2, 1, 4), randn(2, 5, 6)], {"mask": ~PADDING, "values": torch.arange(20.0).reshape(2, 5, 2)}),
    ("DotProductAttention", [6, 6], [randn(2, 3, 6), randn(2, 5, 6)], {"lengths": [5, 2]}),
    ("DotProductAttention", [4, 6, {"score": "general"}], [randn(2, 3, 4), randn(2, 5, 6)], {"mask": ~PADDING}),
)


def build(module, args):
    if module in ("TransformerEncoder", "TransformerDecoder"):
        layer, count, norm = args
        return getattr(nn, module)(build(f"{module}Layer", layer), count, nn.LayerNorm(layer[0]) if norm else None)
    arguments = fill_in(list(args), [])
    options = arguments.pop() if isinstance(arguments[-1], dict) else {}
    return (BY_NAME.get(module) or getattr(nn, module))(*arguments, **options)


def called(module, inputs, options):
    """PyTorch's call: the flags for causal attention are masks there, and weights are returned unless disabled."""
    keywords = fill_in(options, [])
    length = lambda x: x.shape[0 if x.dim() == 2 or not batch_first(module) else 1]  # noqa: E731
    if keywords.pop("tgt_is_causal", False):
        keywords["tgt_mask"] = later(length(inputs[-1] if isinstance(module, nn.Transformer) else inputs[0]))
    if keywords.pop("is_causal", False):
        name = {nn.MultiheadAttention: "attn_mask", nn.TransformerEncoder: "mask"}.get(type(module), "src_mask")
        keywords[name] = later(length(inputs[0]))
    if isinstance(module, nn.MultiheadAttention):
        keywords.setdefault("need_weights", False)
        inputs = inputs * 3 if len(inputs) == 1 else inputs
    return flatten(module(*inputs, **keywords))


def batch_first(module):
    return getattr(next((part for part in module.modules() if hasattr(part, "batch_first")), None), "batch_first", True)


def randomise(module, generator):
    with torch.no_grad():
        for tensor in module.state_dict().values():
            tensor.copy_(torch.randn(tensor.shape, generator=generator, dtype=f64) * 0.5)


def with_dtype(value, dtype):
    if isinstance(value, torch.Tensor):
        return value.to(dtype) if value.is_floating_point() else value
    return {key: with_dtype(item, dtype) for key, item in value.items()} if isinstance(value, dict) else value


def record_case(family, name, module, args, inputs, options, dtype):
    generator = family.generator(name)
    made = build(module, args).to(dtype).train()
    randomise(made, generator)
    leaves = [value.to(dtype).detach().requires_grad_() for value in resolve(list(inputs), generator)]
    options = with_dtype(options, dtype)
    outputs = called(made, leaves, options)
    seeds = [randn_like(value, generator) for value in outputs]
    parameters = dict(made.named_parameters())
    found = torch.autograd.grad(outputs, [*leaves, *parameters.values()], seeds, allow_unused=True)
    maybe = lambda value: None if value is None else encode(value.contiguous())  # noqa: E731
    family.add(
        {
            "name": name,
            "module": module,
            "args": encode_argument(args),
            "state": {key: encode(value) for key, value in made.state_dict().items()},
            "inputs": [encode(value) for value in leaves],
            "options": encode_argument(options),
            "outputs": [encode(value.contiguous()) for value in outputs],
            "gradOutputs": [encode(value) for value in seeds],
            "gradInputs": [maybe(value) for value in found[: len(leaves)]],
            "gradParams": {key: maybe(value) for key, value in zip(parameters, found[len(leaves) :])},
        }
    )


def layers():
    family = Family("attention")
    for module, args, inputs, options in CASES:
        shown = ", ".join(key if isinstance(value, torch.Tensor) else f"{key} {value}" for key, value in options.items())
        shapes = " ".join(str(tuple(resolve(value, family.generator("")).shape)) for value in inputs)
        label = f"{module} {args} {shapes} {shown}".replace("'", "").strip()
        while label in {case["name"].rpartition(" ")[0] for case in family.cases}:
            label += " again"
        # What is made of layers is large, and shows the same in the finer of the two.
        for dtype in (f64,) if module in ("Transformer", "TransformerEncoder", "TransformerDecoder") else (f32, f64):
            record_case(family, f"{label} {dtype_name(dtype)}", module, args, inputs, options, dtype)
    return family


def dot_product_attention(inputs, args):
    """The definition, with scores of every query and key."""
    options = fill_in(args[0], inputs)
    q, k, v = inputs[:3]
    if options.get("enable_gqa"):
        repeats = q.shape[-3] // k.shape[-3]
        k, v = k.repeat_interleave(repeats, -3), v.repeat_interleave(repeats, -3)
    scores = q @ k.transpose(-2, -1) * options.get("scale", 1 / math.sqrt(q.shape[-1]))
    seen = torch.ones(scores.shape, dtype=torch.bool)
    mask = options.get("attn_mask")
    if mask is not None:
        seen = seen & (mask if mask.dtype == torch.bool else mask > -math.inf)
        if mask.dtype != torch.bool:
            scores = scores + torch.where(mask > -math.inf, mask, torch.zeros_like(mask))
    if options.get("is_causal"):
        seen = seen.tril(options.get("causal_offset", 0))
    some = seen.any(-1, keepdim=True)
    weights = scores.masked_fill(~seen & some, -math.inf).softmax(-1) * some
    return weights @ v


def functions():
    family = Family("attention_functions")
    call = "F.scaledDotProductAttention"
    plain = [randn(2, 3, 4), randn(2, 5, 4), randn(2, 5, 6)]
    nothing_first = torch.tensor([[False] * 5, [True, False, False, True, True], [True] * 5])

    def case(name, inputs, options, chosen=(0, 1, 2)):
        for dtype in (f32, f64):
            typed = [value.map(lambda x, dtype=dtype: with_dtype(x, dtype)) for value in inputs]
            family.case(f"{call} {name} {dtype_name(dtype)}", call, typed, [options], grad=list(chosen), fn=dot_product_attention)

    case("of a batch", plain, {})
    case("of matrices", [randn(3, 4), randn(5, 4), randn(5, 2)], {"scale": 0.25})
    case("of heads", [randn(2, 2, 4, 3), randn(2, 2, 4, 3), randn(2, 2, 4, 3)], {"isCausal": True})
    case("causal with more keys", plain, {"isCausal": True})
    case("causal with keys before", plain, {"isCausal": True, "causalOffset": 2})
    case("causal with rows that see nothing", plain, {"isCausal": True, "causalOffset": -2})
    case("with a bool mask", [*plain, masks(3, 5)], {"attnMask": In(3)})
    case("with rows without any key", [*plain, masks(1).map(lambda _: nothing_first)], {"attnMask": In(3)})
    case("with a mask of each", [*plain, masks(2, 1, 5)], {"attnMask": In(3), "isCausal": True})
    case("with a mask that is added", [*plain, randn(3, 5)], {"attnMask": In(3)})
    case("with a mask that is learned", [*plain, randn(2, 3, 5)], {"attnMask": In(3)}, (0, 1, 2, 3))
    case("with -infinity added", [*plain, values([[0.5, -math.inf, 1, -math.inf, 0], [-math.inf] * 5, [0, 0, 0, -1, -2]])], {"attnMask": In(3)})
    case("of heads that share keys", [randn(2, 6, 3, 4), randn(2, 2, 5, 4), randn(2, 2, 5, 4)], {"enableGqa": True})
    case("of heads that share keys, masked", [randn(2, 4, 3, 4), randn(2, 2, 5, 4), randn(2, 2, 5, 3), masks(2, 4, 3, 5)], {"enableGqa": True, "attnMask": In(3)})
    case("transposed", [randn(2, 4, 3, 5).transposed(1, 2), randn(2, 4, 3, 5).transposed(1, 2), randn(2, 3, 5, 4).transposed(2, 3)], {"isCausal": True})
    case("of broadcast batches", [randn(3, 2, 4, 3), randn(2, 4, 3), randn(3, 1, 4, 3)], {})
    case("of a long sequence", [randn(1, 300, 4), randn(1, 300, 4), randn(1, 300, 4)], {"isCausal": True})
    case("of a long sequence, masked", [randn(2, 290, 3), randn(2, 9, 3), randn(2, 9, 2), masks(2, 290, 9)], {"attnMask": In(3)})
    return family


def record():
    return [layers(), functions()]
