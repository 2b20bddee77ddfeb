"""PyTorch as a contender: reads lines of JSON on stdin and writes lines of JSON on stdout, as serve.ts does.

The argument is the number of threads. With two more, a case's sizes as JSON and a file, it writes that network as an ONNX file
instead. Results go to memory that is there already (out=) where PyTorch can do that, as
Heddle reuses its memory, too.
"""
import gc
import json
import math
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

THREADS = int(sys.argv[1])
torch.set_num_threads(THREADS)


def uniform(seed, count):
    """The numbers of inputs.ts."""
    h = (np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return torch.from_numpy((h / 2**31 - 1).astype(np.float32))


def tensor(seed, shape, grad=False):
    return uniform(seed, math.prod(shape)).reshape(shape).requires_grad_(grad)


def into(f, *args):
    """f(*args) into the same memory each time."""
    out = f(*args)
    return lambda: [f(*args, out=out)]


def matmul(s):
    dtype = getattr(torch, s["dtype"])
    a = tensor(1, [s["m"], s["k"]]).to(dtype)
    b = (tensor(2, [s["n"], s["k"]]).t() if s["right"] else tensor(2, [s["k"], s["n"]])).to(dtype)
    return into(torch.matmul, a, b)


def conv(s):
    x, w = tensor(1, s["x"]), tensor(2, s["w"])
    return lambda: [F.conv2d(x, w, padding=s["padding"])]


def conv_gradient(which):
    def make(s):
        x, w = tensor(1, s["x"]), tensor(2, s["w"])
        g = tensor(3, F.conv2d(x, w, padding=s["padding"]).shape)
        padding = [s["padding"]] * 2
        mask = [which == 0, which == 1, False]
        backward = torch.ops.aten.convolution_backward
        return lambda: [backward(g, x, w, None, [1, 1], padding, [1, 1], False, [0, 0], 1, mask)[which]]

    return make


def conv_block(s):
    c = s["channels"]
    x = tensor(1, s["x"], True)
    weights = [(tensor(seed, [c, c, 3, 3]) * (1 / math.sqrt(c * 3))).requires_grad_() for seed in (2, 3)]
    scales = [torch.ones(c, requires_grad=True) for _ in range(2)]
    shifts = [tensor(seed, [c], True) for seed in (4, 5)]
    g = tensor(6, s["x"])
    leaves = [x, *weights, *scales, *shifts]

    def run(above=0):
        y = x
        for w, scale, shift in zip(weights, scales, [shift + above for shift in shifts] if above else shifts):
            y = F.batch_norm(F.conv2d(y, w, padding=1), None, None, scale, shift, training=True).relu()
        dx, dw1, dw2, *_ = torch.autograd.grad([y], leaves, [g])
        return [y, dx, dw1, dw2]

    run.outputs = lambda: [run()[0], *run(8)[1:]]
    return run


def add(s):
    return into(torch.add, tensor(1, [s["count"]]), tensor(2, [s["count"]]))


def unary(f):
    return lambda s: into(f, tensor(1, [s["count"]]) * 4)


def reduce(f):
    return lambda s: into(lambda x, **o: f(x, dim=s["dim"], **o), tensor(1, s["shape"]))


def softmax(s):
    x = tensor(1, s["shape"])
    return lambda: [torch.softmax(x, s["dim"])]


def softmax_both(s):
    x, g = tensor(1, s["shape"], True), tensor(2, s["shape"])
    return lambda: torch.autograd.grad([torch.softmax(x, s["dim"])], [x], [g])


def layer_norm(s):
    width = [s["shape"][s["dim"]]]
    x, weight, bias = tensor(1, s["shape"]), tensor(2, width), tensor(3, width)
    return lambda: [F.layer_norm(x, width, weight, bias)]


def layer_norm_both(s):
    width = [s["shape"][s["dim"]]]
    leaves = [tensor(i + 1, shape, True) for i, shape in enumerate((s["shape"], width, width))]
    g = tensor(4, s["shape"])
    return lambda: torch.autograd.grad([F.layer_norm(leaves[0], width, *leaves[1:])], leaves, [g])


def fft(s):
    x = torch.view_as_complex(tensor(1, [*s["shape"], 2]))
    return lambda: [torch.view_as_real(torch.fft.fft(x))]


def rfft(s):
    x = tensor(1, s["shape"])
    return lambda: [torch.view_as_real(torch.fft.rfft(x))]


def irfft(s):
    rows, n = s["shape"]
    x = torch.view_as_complex(tensor(1, [rows, n // 2 + 1, 2]))
    return lambda: [torch.fft.irfft(x, n)]


def stft(s):
    x, window = tensor(1, s["shape"]), torch.ones(400)
    return lambda: [torch.view_as_real(torch.stft(x, 400, 160, window=window, return_complex=True))]


def eager_add(s):
    a, b = tensor(1, [s["count"]], s["tape"]), tensor(2, [s["count"]])

    def run():
        for _ in range(s["per"]):
            c = a + b
        return [c]

    return run


class Mlp:
    shapes = [[512, 784], [512], [512, 512], [512], [10, 512], [10]]

    @staticmethod
    def forward(x, p):
        x = ((x - 0.1307) / 0.3081).flatten(1)
        x = F.linear(x, p[0], p[1]).relu()
        x = F.linear(x, p[2], p[3]).relu()
        return F.linear(x, p[4], p[5])


class ConvNet:
    shapes = [[32, 1, 5, 5], [32], [64, 32, 5, 5], [64], [200, 256], [200], [10, 200], [10]]

    @staticmethod
    def forward(x, p):
        x = (x - 0.1307) / 0.3081
        x = F.max_pool2d(F.conv2d(x, p[0], p[1]), 3).relu()
        x = F.max_pool2d(F.conv2d(x, p[2], p[3]), 2).relu()
        x = F.linear(x.flatten(1), p[4], p[5]).relu()
        return F.linear(x, p[6], p[7])


class LeNet5:
    """As apps/examples/lenet/networks/lenet5.ts has it, with the paper's table of partial connections."""

    C3 = ["012", "123", "234", "345", "045", "015", "0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235"]
    C3 = [[int(map) for map in seen] for seen in C3 + ["012345"]]
    places = torch.tensor([output * 6 + map for output, seen in enumerate(C3) for map in seen])
    shapes = [
        *([6, 1, 5, 5], [6], [6, 1, 1], [6, 1, 1]),
        *([60, 5, 5], [16], [16, 1, 1], [16, 1, 1]),
        *([120, 16, 5, 5], [120], [84, 120], [84], [10, 84], [10]),
    ]

    @classmethod
    def forward(cls, x, p):
        def squash(x):
            return (x * (2 / 3)).tanh() * 1.7159

        def subsample(x, coefficient, bias):
            return F.avg_pool2d(x, 2) * (coefficient * 4) + bias

        x = F.pad(x * 1.275 - 0.1, [2, 2, 2, 2], value=-0.1)
        x = squash(F.conv2d(x, p[0], p[1]))
        x = squash(subsample(x, p[2], p[3]))
        kernels = torch.zeros(96, 5, 5).index_add(0, cls.places, p[4])
        x = squash(F.conv2d(x, kernels.view(16, 6, 5, 5), p[5]))
        x = squash(subsample(x, p[6], p[7]))
        x = squash(F.conv2d(x, p[8], p[9])).flatten(1)
        x = squash(F.linear(x, p[10], p[11]))
        return F.linear(x, p[12], p[13])


def digit_parameters(network):
    """Those of a network of the training family, as families/training.ts has them."""
    parameters = []
    for i, shape in enumerate(network.shapes):
        fan_in = math.prod(shape[1:]) if len(shape) > 1 else shape[0]
        parameters.append((tensor(100 + i, shape) * math.sqrt(3 / fan_in)).requires_grad_())
    return parameters


def training(s):
    network = {"mlp": Mlp, "lenet5": LeNet5, "convnet": ConvNet}[s["model"]]
    parameters = digit_parameters(network)
    count, size = 1000, s["batch"]
    images = torch.from_numpy(np.fromfile(s["digits"], np.float32, count * 784)).reshape(count, 1, 28, 28)
    labels = torch.from_numpy(np.fromfile(s["digits"], np.int32, count, offset=4 * count * 784)).long()
    batches = [(images[i : i + size], labels[i : i + size]) for i in range(0, count, size)]
    optimizer = torch.optim.SGD(parameters, lr=s["lr"])
    steps = 0

    def train():
        nonlocal steps
        x, y = batches[steps % len(batches)]
        steps += 1
        loss = F.cross_entropy(network.forward(x, parameters), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    train.outputs = lambda: [torch.tensor([train(), train(), train()])]
    return train


class Block(torch.nn.Module):
    """As families/resnet20.ts has it."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.stride, self.widening = 1 if inputs == outputs else 2, (outputs - inputs) // 2
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, self.stride, 1, bias=False)
        self.norm1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = torch.nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu_()))
        if self.stride > 1:
            x = F.pad(x[:, :, ::2, ::2], [0, 0, 0, 0, self.widening, self.widening])
        return (y + x).relu_()


class ResNet20(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.norm = torch.nn.BatchNorm2d(16)
        inputs = [16, 16, 16, 16, 32, 32, 32, 64, 64]
        self.blocks = torch.nn.Sequential(*(Block(n, 16 << i // 3) for i, n in enumerate(inputs)))
        self.linear = torch.nn.Linear(64, 10)

    def forward(self, x):
        x = self.blocks(self.norm(self.conv(x)).relu_())
        return self.linear(x.mean([2, 3]))


def made_resnet20():
    network = ResNet20()
    with torch.no_grad():
        for i, parameter in enumerate(network.parameters()):
            if parameter.ndim > 1:
                fan_in = parameter.numel() // parameter.shape[0]
                parameter.copy_(tensor(100 + i, parameter.shape) * math.sqrt(6 / fan_in))
        network.linear.bias.zero_()
    return network


def resnet20(s):
    network = made_resnet20()
    parameters = list(network.parameters())
    images = tensor(1, [s["batch"], 3, 32, 32])
    labels = torch.arange(s["batch"]) * 7 % 10
    optimizer = torch.optim.SGD(parameters, lr=s["lr"], momentum=s["momentum"], weight_decay=s["weightDecay"])

    def train():
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    train.outputs = lambda: [torch.tensor([train(), train(), train()])]
    return train


class Translator(torch.nn.Module):
    """As families/gru.ts has it."""

    def __init__(self, vocabulary, hidden):
        super().__init__()
        self.source = torch.nn.Embedding(vocabulary, hidden)
        self.encoder = torch.nn.GRU(hidden, hidden)
        self.target = torch.nn.Embedding(vocabulary, hidden)
        self.decoder = torch.nn.GRU(hidden, hidden)
        self.output = torch.nn.Linear(hidden, vocabulary)

    def forward(self, read, written):
        _, state = self.encoder(self.source(read))
        hidden, _ = self.decoder(self.target(written), state)
        return self.output(hidden.flatten(0, 1))


def gru(s):
    network = Translator(s["vocabulary"], s["hidden"])
    parameters = list(network.parameters())
    with torch.no_grad():
        for i, parameter in enumerate(parameters):
            parameter.copy_(tensor(100 + i, parameter.shape) / math.sqrt(s["hidden"]))

    def words(factor, count):
        return (torch.arange(count * s["batch"]) * factor % s["vocabulary"]).reshape(count, s["batch"])

    read, written = words(37, s["steps"]), words(101, s["steps"] + 1)
    before, after = written[:-1], written[1:].flatten()
    kind = torch.optim.Adam if s["optimizer"] == "adam" else torch.optim.SGD
    optimizer = kind(parameters, lr=s["lr"])

    def train():
        loss = F.cross_entropy(network(read, before), after)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    train.outputs = lambda: [torch.tensor([train(), train(), train()])]
    return train


class Gpt(torch.nn.Module):
    """As families/gpt.ts has it."""

    def __init__(self, s):
        super().__init__()
        width = s["width"]
        self.tokens = torch.nn.Embedding(s["vocabulary"], width)
        self.positions = torch.nn.Parameter(torch.empty(s["context"], width))
        layer = torch.nn.TransformerEncoderLayer(
            width, s["heads"], 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.layers = torch.nn.TransformerEncoder(layer, s["layers"], torch.nn.LayerNorm(width))
        self.output = torch.nn.Linear(width, s["vocabulary"])
        later = torch.full((s["context"], s["context"]), float("-inf")).triu(1)
        self.register_buffer("mask", later, persistent=False)

    def forward(self, read):
        return self.output(self.layers(self.tokens(read) + self.positions, mask=self.mask))


def gpt(s):
    network = Gpt(s)
    # The module's own parameters come first in PyTorch.
    named = sorted(network.named_parameters(), key=lambda item: item[0] == "positions" or 2 * (item[0] != "tokens.weight"))
    with torch.no_grad():
        for i, (name, parameter) in enumerate(named):
            if parameter.ndim > 1:
                parameter.copy_(tensor(100 + i, parameter.shape) / math.sqrt(s["width"]))
            elif name.endswith("bias"):
                parameter.zero_()
    batch, context = s["batch"], s["context"]
    text = (torch.arange(batch * (context + 1)) * 37 % 61 % s["vocabulary"]).reshape(batch, context + 1)
    read, following = text[:, :-1], text[:, 1:].flatten()
    optimizer = torch.optim.Adam(network.parameters(), lr=s["lr"])

    def train():
        loss = F.cross_entropy(network(read).flatten(0, 1), following)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    train.outputs = lambda: [torch.tensor([train(), train(), train()])]
    return train


def attention(s):
    leaves = [tensor(seed, s["shape"], True) for seed in (1, 2, 3)]
    g = tensor(4, s["shape"])
    length, width = s["shape"][1:]
    later = torch.ones(length, length, dtype=torch.bool).triu(1)

    def run():
        q, k, v = leaves
        scores = (q @ k.transpose(1, 2) / math.sqrt(width)).masked_fill(later, float("-inf"))
        out = scores.softmax(2) @ v
        return [out, *torch.autograd.grad([out], leaves, [g])]

    return run


class DigitNetwork(torch.nn.Module):
    """One of the networks of the training family as a module."""

    def __init__(self, network):
        super().__init__()
        self.network, self.weights = network, torch.nn.ParameterList(digit_parameters(network))

    def forward(self, x):
        return self.network.forward(x, list(self.weights))


def encoder(s):
    width = s["width"]
    layer = torch.nn.TransformerEncoderLayer(
        width, s["heads"], 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
    )
    network = torch.nn.TransformerEncoder(layer, s["layers"], torch.nn.LayerNorm(width))
    with torch.no_grad():
        for i, (name, parameter) in enumerate(network.named_parameters()):
            if parameter.ndim > 1:
                parameter.copy_(tensor(100 + i, parameter.shape) / math.sqrt(width))
            elif name.endswith("bias"):
                parameter.zero_()
    return network


INFERRED = {
    "mlp": lambda s: DigitNetwork(Mlp),
    "convnet": lambda s: DigitNetwork(ConvNet),
    "resnet20": lambda s: made_resnet20(),
    "encoder": encoder,
}


def inferred(s):
    """A network in evaluation mode and its input."""
    return INFERRED[s["network"]](s).eval(), tensor(1, s["input"])


def inference(s):
    network, x = inferred(s)

    def run():
        with torch.no_grad():
            return [network(x)]

    return run


def export(s, file):
    network, x = inferred(s)
    for parameter in network.parameters():
        # The encoder's path for evaluation is one operation that ONNX has no name for; it is not taken with gradients.
        parameter.requires_grad_()
    torch.onnx.export(network, x, file, input_names=["input"], output_names=["output"], opset_version=14)


KINDS = {
    "matmul": matmul,
    "conv": conv,
    "conv dx": conv_gradient(0),
    "conv dw": conv_gradient(1),
    "conv block": conv_block,
    "add": add,
    "exp": unary(torch.exp),
    "tanh": unary(torch.tanh),
    "sum": reduce(torch.sum),
    "mean": reduce(torch.mean),
    "softmax": softmax,
    "softmax both": softmax_both,
    "layer norm": layer_norm,
    "layer norm both": layer_norm_both,
    "fft": fft,
    "rfft": rfft,
    "irfft": irfft,
    "stft": stft,
    "eager add": eager_add,
    "training": training,
    "resnet20": resnet20,
    "gru": gru,
    "gpt": gpt,
    "attention": attention,
    "inference": inference,
}


def sample(run, seconds):
    times = []
    until = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        run()
        now = time.perf_counter()
        times.append(1000 * (now - start))
        if now >= until or len(times) >= 2000:
            return times


def blas():
    """What multiplies its matrices: the library that is loaded, or what PyTorch was built with."""
    torch.ones(2, 2) @ torch.ones(2, 2)
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1] for line in maps if "blas" in line.lower() and "numpy" not in line}
        names = sorted({os.path.basename(os.path.realpath(path)) for path in paths})
    except OSError:
        names = []
    fast = torch.backends.mkl.is_available() or any("openblas" in name or "blis" in name for name in names)
    if torch.backends.mkl.is_available():
        names = ["MKL"]
    if sys.platform == "linux" and not fast:
        return f"{', '.join(names)}, A SLOW REFERENCE BLAS: its products say nothing (install libopenblas0-pthread)"
    return ", ".join(names) or "its own BLAS"


def peak(run):
    """The most bytes that live tensors have in a step: those there are before, and what is allocated beyond."""
    there = {t.storage().data_ptr(): 4 * t.storage().size() for t in gc.get_objects() if isinstance(t, torch.Tensor)}
    live = most = sum(there.values())
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    for event in sorted(events, key=lambda event: event.start_us()):
        live += event.nbytes()
        most = max(most, live)
    return most


def answer(question, state):
    do = question["do"]
    if do == "hello":
        return {"about": f"PyTorch {torch.__version__} on Python {sys.version.split()[0]}, {blas()}"}
    if do == "prepare":
        if question["case"]["kind"] not in KINDS:
            return {"error": "has no such work"}
        state["run"] = KINDS[question["case"]["kind"]](question["case"]["sizes"])
    if do == "check":
        outputs = getattr(state["run"], "outputs", state["run"])()
        with open(question["file"], "wb") as file:
            for output in outputs:
                file.write(output.detach().float().contiguous().numpy().tobytes())
    if do == "time":
        return {"times": sample(state["run"], question["seconds"])}
    if do == "soak":
        run = KINDS[question["case"]["kind"]](question["case"]["sizes"])
        start = time.perf_counter()
        for _ in range(question["steps"]):
            run()
        return {"held": {}, "seconds": time.perf_counter() - start, "peak": peak(run)}
    if do == "end":
        state.clear()
    return {}


def main():
    state = {}
    for line in sys.stdin:
        try:
            result = answer(json.loads(line), state)
        except Exception as error:  # the bench reports it and goes on
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"answer": result}, separators=(",", ":")), flush=True)


if len(sys.argv) > 2:
    export(json.loads(sys.argv[2]), sys.argv[3])
else:
    main()
