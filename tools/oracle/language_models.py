"""Language models with Hugging Face's parameter names, written again in PyTorch: logits, a loss, gradients, and greedy tokens."""

import math

from encoding import encode, torch
from recorder import Family

F = torch.nn.functional


def weight(name, shape, spread):
    """Numbers that only depend on name and index, so that the tests can compute them too."""
    seed = sum(ord(letter) * (i + 1) for i, letter in enumerate(name)) % 1009
    count = math.prod(shape)
    noise = [math.sin(12.9898 * (i + 1) + seed) * 43758.5453 for i in range(count)]
    values = [x - math.floor(x) - 0.5 for x in noise]
    centre = 1.0 if len(shape) == 1 and name.endswith("weight") else 0.0
    return torch.tensor([centre + 2 * spread * x for x in values], dtype=torch.float64).float().reshape(shape)


class Weights(dict):
    """Makes each weight when it is first asked for."""

    def __init__(self, spread):
        super().__init__()
        self.spread = spread

    def get(self, name, *shape):
        if name not in self:
            self[name] = weight(name, shape, self.spread).requires_grad_()
        return self[name]


def heads(x, count):
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def attend(q, k, v, mask, scale, bias=None):
    scores = q @ k.transpose(-2, -1) * scale
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e30)
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


def causal(length):
    return torch.ones(length, length, dtype=torch.bool).tril()[None, None]


def padding(mask):
    return mask[:, None, None, :].bool()


def norm(w, name, x, eps):
    d = x.shape[-1]
    return F.layer_norm(x, [d], w.get(f"{name}.weight", d), w.get(f"{name}.bias", d), eps)


def rms(w, name, x, eps):
    y = x * (x.pow(2).mean(-1, keepdim=True) + eps).rsqrt()
    return y * w.get(f"{name}.weight", x.shape[-1])


def linear(w, name, x, out, bias=True):
    return F.linear(x, w.get(f"{name}.weight", out, x.shape[-1]), w.get(f"{name}.bias", out) if bias else None)


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gpt2(w, c, ids, mask):
    def conv1d(name, x, out):
        return x @ w.get(f"{name}.weight", x.shape[-1], out) + w.get(f"{name}.bias", out)

    width, length = c["n_embd"], ids.shape[1]
    table = w.get("transformer.wte.weight", c["vocab_size"], width)
    x = table[ids] + w.get("transformer.wpe.weight", c["n_positions"], width)[:length]
    seen = causal(length) & padding(mask)
    for i in range(c["n_layer"]):
        at = f"transformer.h.{i}"
        y = conv1d(f"{at}.attn.c_attn", norm(w, f"{at}.ln_1", x, 1e-5), 3 * width)
        q, k, v = (heads(part, c["n_head"]) for part in y.split(width, -1))
        x = x + conv1d(f"{at}.attn.c_proj", attend(q, k, v, seen, q.shape[-1] ** -0.5), width)
        y = gelu_new(conv1d(f"{at}.mlp.c_fc", norm(w, f"{at}.ln_2", x, 1e-5), 4 * width))
        x = x + conv1d(f"{at}.mlp.c_proj", y, width)
    return norm(w, "transformer.ln_f", x, 1e-5) @ table.t()


def rotate(x, angles):
    """Llama's half-rotation."""
    cos, sin = torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def llama3_frequencies(frequencies, s):
    out = []
    for f in frequencies.tolist():
        length = 2 * math.pi / f
        low, high = (s["original_max_position_embeddings"] / s[key] for key in ("low_freq_factor", "high_freq_factor"))
        if length < high:
            out.append(f)
        elif length > low:
            out.append(f / s["factor"])
        else:
            smooth = (s["original_max_position_embeddings"] / length - s["low_freq_factor"]) / (
                s["high_freq_factor"] - s["low_freq_factor"]
            )
            out.append((1 - smooth) * f / s["factor"] + smooth * f)
    return torch.tensor(out, dtype=torch.float64)


def llama(w, c, ids, mask):
    width, count, shared = c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"]
    size, length, eps = c.get("head_dim") or width // count, ids.shape[1], c["rms_norm_eps"]
    table = w.get("model.embed_tokens.weight", c["vocab_size"], width)
    x = table[ids]
    frequencies = c["rope_theta"] ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    scaling = c.get("rope_scaling")
    if scaling is not None and scaling["rope_type"] == "llama3":
        frequencies = llama3_frequencies(frequencies, scaling)
    if scaling is not None and scaling["rope_type"] == "linear":
        frequencies = frequencies / scaling["factor"]
    angles = torch.arange(length, dtype=torch.float64)[:, None] * frequencies
    angles = angles.float()
    seen = causal(length) & padding(mask)
    window = c.get("sliding_window")
    if window is not None:
        seen = seen & torch.ones(length, length, dtype=torch.bool).triu(1 - window)
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}"
        y = rms(w, f"{at}.input_layernorm", x, eps)
        bias = c.get("attention_bias", False) or c["model_type"] == "qwen2"
        q = heads(linear(w, f"{at}.self_attn.q_proj", y, count * size, bias), count)
        k = heads(linear(w, f"{at}.self_attn.k_proj", y, shared * size, bias), shared)
        v = heads(linear(w, f"{at}.self_attn.v_proj", y, shared * size, bias), shared)
        if c["model_type"] == "qwen3":
            q, k = rms(w, f"{at}.self_attn.q_norm", q, eps), rms(w, f"{at}.self_attn.k_norm", k, eps)
        q, k = rotate(q, angles), rotate(k, angles)
        k, v = (part.repeat_interleave(count // shared, 1) for part in (k, v))
        y = attend(q, k, v, seen, size**-0.5)
        x = x + linear(w, f"{at}.self_attn.o_proj", y, width, c.get("attention_bias", False))
        y = rms(w, f"{at}.post_attention_layernorm", x, eps)
        inner = c["intermediate_size"]
        y = F.silu(linear(w, f"{at}.mlp.gate_proj", y, inner, False)) * linear(w, f"{at}.mlp.up_proj", y, inner, False)
        x = x + linear(w, f"{at}.mlp.down_proj", y, width, False)
    x = rms(w, "model.norm", x, eps)
    return x @ table.t() if c["tie_word_embeddings"] else linear(w, "lm_head", x, c["vocab_size"], False)


def bert_features(w, c, ids, mask, types, prefix):
    width = c["hidden_size"]
    eps = c["layer_norm_eps"]
    at = f"{prefix}.embeddings"
    positions = torch.arange(ids.shape[1]).expand_as(ids)
    if prefix == "roberta":
        tokens = ids.ne(c["pad_token_id"])
        positions = tokens.cumsum(1) * tokens + c["pad_token_id"]
    x = w.get(f"{at}.word_embeddings.weight", c["vocab_size"], width)[ids]
    x = x + w.get(f"{at}.position_embeddings.weight", c["max_position_embeddings"], width)[positions]
    x = x + w.get(f"{at}.token_type_embeddings.weight", c["type_vocab_size"], width)[types]
    x = norm(w, f"{at}.LayerNorm", x, eps)
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}.encoder.layer.{i}"
        q, k, v = (
            heads(linear(w, f"{at}.attention.self.{part}", x, width), c["num_attention_heads"])
            for part in ("query", "key", "value")
        )
        y = attend(q, k, v, padding(mask), q.shape[-1] ** -0.5)
        x = norm(w, f"{at}.attention.output.LayerNorm", x + linear(w, f"{at}.attention.output.dense", y, width), eps)
        y = F.gelu(linear(w, f"{at}.intermediate.dense", x, c["intermediate_size"]))
        x = norm(w, f"{at}.output.LayerNorm", x + linear(w, f"{at}.output.dense", y, width), eps)
    return x


def bert_masked(w, c, ids, mask, types):
    x = bert_features(w, c, ids, mask, types, "bert")
    at = "cls.predictions"
    x = F.gelu(linear(w, f"{at}.transform.dense", x, c["hidden_size"]))
    x = norm(w, f"{at}.transform.LayerNorm", x, c["layer_norm_eps"])
    return x @ w["bert.embeddings.word_embeddings.weight"].t() + w.get(f"{at}.bias", c["vocab_size"])


def bert_classes(w, c, ids, mask, types):
    x = bert_features(w, c, ids, mask, types, "bert")
    pooled = torch.tanh(linear(w, "bert.pooler.dense", x[:, 0], c["hidden_size"]))
    return linear(w, "classifier", pooled, c["num_labels"])


def roberta_masked(w, c, ids, mask, types):
    x = bert_features(w, c, ids, mask, types, "roberta")
    x = F.gelu(linear(w, "lm_head.dense", x, c["hidden_size"]))
    x = norm(w, "lm_head.layer_norm", x, c["layer_norm_eps"])
    return x @ w["roberta.embeddings.word_embeddings.weight"].t() + w.get("lm_head.bias", c["vocab_size"])


def roberta_classes(w, c, ids, mask, types):
    x = bert_features(w, c, ids, mask, types, "roberta")
    x = torch.tanh(linear(w, "classifier.dense", x[:, 0], c["hidden_size"]))
    return linear(w, "classifier.out_proj", x, c["num_labels"])


def distilbert_features(w, c, ids, mask):
    at, width = "distilbert.embeddings", c["dim"]
    x = w.get(f"{at}.word_embeddings.weight", c["vocab_size"], width)[ids]
    x = x + w.get(f"{at}.position_embeddings.weight", c["max_position_embeddings"], width)[: ids.shape[1]]
    x = norm(w, f"{at}.LayerNorm", x, 1e-12)
    for i in range(c["n_layers"]):
        at = f"distilbert.transformer.layer.{i}"
        q, k, v = (heads(linear(w, f"{at}.attention.{part}_lin", x, width), c["n_heads"]) for part in "qkv")
        y = attend(q, k, v, padding(mask), q.shape[-1] ** -0.5)
        x = norm(w, f"{at}.sa_layer_norm", linear(w, f"{at}.attention.out_lin", y, width) + x, 1e-12)
        y = linear(w, f"{at}.ffn.lin2", F.gelu(linear(w, f"{at}.ffn.lin1", x, c["hidden_dim"])), width)
        x = norm(w, f"{at}.output_layer_norm", x + y, 1e-12)
    return x


def distilbert_masked(w, c, ids, mask, types):
    x = F.gelu(linear(w, "vocab_transform", distilbert_features(w, c, ids, mask), c["dim"]))
    x = norm(w, "vocab_layer_norm", x, 1e-12)
    table = w["distilbert.embeddings.word_embeddings.weight"]
    return x @ table.t() + w.get("vocab_projector.bias", c["vocab_size"])


def distilbert_classes(w, c, ids, mask, types):
    x = distilbert_features(w, c, ids, mask)[:, 0]
    return linear(w, "classifier", F.relu(linear(w, "pre_classifier", x, c["dim"])), c["num_labels"])


def bucket(relative, both, buckets, furthest):
    """As in Mesh TensorFlow."""
    out = torch.zeros_like(relative)
    if both:
        buckets //= 2
        out = out + (relative > 0).long() * buckets
        relative = relative.abs()
    else:
        relative = -torch.min(relative, torch.zeros_like(relative))
    exact = buckets // 2
    large = exact + (torch.log(relative.float() / exact) / math.log(furthest / exact) * (buckets - exact)).long()
    large = torch.min(large, torch.full_like(large, buckets - 1))
    return out + torch.where(relative < exact, relative, large)


def t5_stack(w, c, name, ids, mask, memory=None):
    count, size, eps = c["num_heads"], c["d_kv"], c["layer_norm_epsilon"]
    length = ids.shape[1]
    x = w.get("shared.weight", c["vocab_size"], c["d_model"])[ids]
    places = torch.arange(length)
    buckets = c["relative_attention_num_buckets"]
    at = f"{name}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    table = w.get(at, buckets, count)
    distances = bucket(places[None] - places[:, None], memory is None, buckets, c["relative_attention_max_distance"])
    bias = table[distances].permute(2, 0, 1)[None]
    seen = padding(mask) if memory is None else causal(length)

    def attention(at, x, source, seen, bias):
        q, k, v = (
            heads(linear(w, f"{at}.{part}", values, count * size, False), count)
            for part, values in (("q", x), ("k", source), ("v", source))
        )
        return linear(w, f"{at}.o", attend(q, k, v, seen, 1, bias), c["d_model"], False)

    for i in range(c["num_layers"]):
        at = f"{name}.block.{i}.layer"
        y = rms(w, f"{at}.0.layer_norm", x, eps)
        x = x + attention(f"{at}.0.SelfAttention", y, y, seen, bias)
        last = 1
        if memory is not None:
            y = rms(w, f"{at}.1.layer_norm", x, eps)
            x = x + attention(f"{at}.1.EncDecAttention", y, memory, padding(mask), None)
            last = 2
        y = rms(w, f"{at}.{last}.layer_norm", x, eps)
        at = f"{at}.{last}.DenseReluDense"
        if c["feed_forward_proj"] == "gated-gelu":
            y = gelu_new(linear(w, f"{at}.wi_0", y, c["d_ff"], False)) * linear(w, f"{at}.wi_1", y, c["d_ff"], False)
        else:
            y = F.relu(linear(w, f"{at}.wi", y, c["d_ff"], False))
        x = x + linear(w, f"{at}.wo", y, c["d_model"], False)
    return rms(w, f"{name}.final_layer_norm", x, eps)


def t5(w, c, ids, mask, target):
    x = t5_stack(w, c, "decoder", target, mask, t5_stack(w, c, "encoder", ids, mask))
    if c["tie_word_embeddings"]:
        return x * c["d_model"] ** -0.5 @ w["shared.weight"].t()
    return linear(w, "lm_head", x, c["vocab_size"], False)


IDS = torch.tensor([[5, 17, 3, 29, 11, 2, 23], [8, 2, 31, 4, 36, 9, 14]])
# The second row has two tokens less.
MASK = torch.tensor([[1] * 7, [1] * 5 + [0] * 2])
TYPES = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 0, 0]])
TARGET = torch.tensor([[0, 7, 21, 30, 6], [0, 13, 2, 19, 33]])

GPT2 = {"model_type": "gpt2", "vocab_size": 37, "n_positions": 24, "n_embd": 32, "n_layer": 2, "n_head": 4}
LLAMA = {
    "model_type": "llama",
    "vocab_size": 37,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
BERT = {
    "model_type": "bert",
    "vocab_size": 37,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 24,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
}
ROBERTA = {**BERT, "model_type": "roberta", "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}
DISTILBERT = {
    "model_type": "distilbert",
    "vocab_size": 37,
    "max_position_embeddings": 24,
    "n_layers": 2,
    "n_heads": 4,
    "dim": 32,
    "hidden_dim": 48,
}
T5 = {
    "model_type": "t5",
    "vocab_size": 37,
    "d_model": 32,
    "d_kv": 6,
    "d_ff": 48,
    "num_layers": 2,
    "num_heads": 4,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 6,
    "layer_norm_epsilon": 1e-6,
    "feed_forward_proj": "relu",
    "tie_word_embeddings": True,
}

# Architecture, function, configuration, spread of the weights, and the parameters whose gradients are recorded.
DECODERS = (
    ("GPT2LMHeadModel", gpt2, GPT2, ["transformer.wte.weight", "transformer.h.0.attn.c_attn.weight"]),
    ("LlamaForCausalLM", llama, LLAMA, ["model.embed_tokens.weight", "model.layers.0.self_attn.k_proj.weight"]),
    (
        "LlamaForCausalLM",
        llama,
        {**LLAMA, "rope_theta": 500.0, "rope_scaling": LLAMA3, "tie_word_embeddings": True, "attention_bias": True},
        ["model.layers.1.self_attn.q_proj.weight", "model.layers.1.self_attn.o_proj.bias"],
    ),
    (
        "LlamaForCausalLM",
        llama,
        {**LLAMA, "rope_scaling": {"rope_type": "linear", "factor": 4.0}, "head_dim": 6},
        ["model.layers.0.mlp.gate_proj.weight"],
    ),
    (
        "MistralForCausalLM",
        llama,
        {**LLAMA, "model_type": "mistral", "sliding_window": 3},
        ["model.layers.0.input_layernorm.weight"],
    ),
    ("Qwen2ForCausalLM", llama, {**LLAMA, "model_type": "qwen2"}, ["model.layers.0.self_attn.q_proj.bias"]),
    (
        "Qwen3ForCausalLM",
        llama,
        {**LLAMA, "model_type": "qwen3", "head_dim": 10},
        ["model.layers.0.self_attn.q_norm.weight"],
    ),
)
ENCODERS = (
    ("BertForMaskedLM", bert_masked, BERT, ["bert.embeddings.word_embeddings.weight", "cls.predictions.bias"]),
    (
        "BertForSequenceClassification",
        bert_classes,
        {**BERT, "num_labels": 3},
        ["bert.encoder.layer.0.attention.self.key.weight", "bert.embeddings.token_type_embeddings.weight"],
    ),
    ("RobertaForMaskedLM", roberta_masked, ROBERTA, ["roberta.embeddings.position_embeddings.weight"]),
    (
        "RobertaForSequenceClassification",
        roberta_classes,
        {**ROBERTA, "num_labels": 3},
        ["classifier.out_proj.weight", "roberta.encoder.layer.1.output.LayerNorm.weight"],
    ),
    (
        "DistilBertForMaskedLM",
        distilbert_masked,
        DISTILBERT,
        ["distilbert.transformer.layer.0.attention.q_lin.weight", "vocab_projector.bias"],
    ),
    (
        "DistilBertForSequenceClassification",
        distilbert_classes,
        {**DISTILBERT, "num_labels": 3},
        ["distilbert.embeddings.word_embeddings.weight"],
    ),
)
GATED = {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
SEQUENCE_MODELS = (
    (
        "T5ForConditionalGeneration",
        t5,
        T5,
        [
            "shared.weight",
            "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
            "decoder.block.1.layer.1.EncDecAttention.k.weight",
        ],
    ),
    (
        "T5ForConditionalGeneration",
        t5,
        GATED,
        ["decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", "lm_head.weight"],
    ),
)
SPREAD = 0.35


def finish(family, architecture, config, weights, wanted, logits, loss, inputs, generated=None):
    gradients = torch.autograd.grad(loss, [weights[name] for name in wanted])
    number = sum(case["architecture"] == architecture for case in family.cases)
    case = {
        "name": f"{architecture} {number}",
        "architecture": architecture,
        "config": config,
        "spread": SPREAD,
        "parameters": list(weights),
        "inputs": inputs,
        "outputs": [encode(logits)],
        "loss": loss.item(),
        "grads": {name: encode(gradient) for name, gradient in zip(wanted, gradients)},
    }
    family.add({**case, **({} if generated is None else {"generated": generated})})


def next_token_loss(logits, ids, mask):
    """Of all tokens that are no padding, from the one before each."""
    labels = ids[:, 1:].masked_fill(mask[:, 1:] == 0, -100)
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels.flatten())


def greedy(step, start, count):
    with torch.no_grad():
        ids = list(start)
        for _ in range(count):
            ids.append(int(step(torch.tensor([ids]))[0, -1].argmax()))
    return ids[len(start) :]


def record():
    family = Family("language_models")
    for architecture, model, config, wanted in DECODERS:
        w = Weights(SPREAD)
        logits = model(w, config, IDS, MASK)
        loss = next_token_loss(logits, IDS, MASK)
        step = lambda ids: model(w, config, ids, torch.ones_like(ids))  # noqa: E731
        generated = [greedy(step, row[: int(count)].tolist(), 10) for row, count in zip(IDS, MASK.sum(1))]
        inputs = {"ids": IDS.tolist(), "mask": MASK.tolist()}
        finish(family, architecture, config, w, wanted, logits, loss, inputs, generated)
    for architecture, model, config, wanted in ENCODERS:
        w = Weights(SPREAD)
        types = TYPES if config.get("type_vocab_size") == 2 else torch.zeros_like(TYPES)
        # RoBERTa finds padding by its token.
        ids = IDS.masked_fill(MASK == 0, 1)
        logits = model(w, config, ids, MASK, types)
        loss = F.cross_entropy(logits.flatten(0, -2), torch.arange(logits.flatten(0, -2).shape[0]) % logits.shape[-1])
        inputs = {"ids": ids.tolist(), "mask": MASK.tolist(), "types": types.tolist()}
        finish(family, architecture, config, w, wanted, logits, loss, inputs)
    for architecture, model, config, wanted in SEQUENCE_MODELS:
        w = Weights(SPREAD)
        logits = model(w, config, IDS, MASK, TARGET)
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), TARGET[:, 1:].flatten())
        generated = []
        for row, count in zip(IDS, MASK.sum(1)):
            source = row[: int(count)][None]
            step = lambda ids: model(w, config, source, torch.ones_like(source), ids)  # noqa: E731
            generated.append(greedy(step, [0], 10))
        inputs = {"ids": IDS.tolist(), "mask": MASK.tolist(), "target": TARGET.tolist()}
        finish(family, architecture, config, w, wanted, logits, loss, inputs, generated)
    return [family]
