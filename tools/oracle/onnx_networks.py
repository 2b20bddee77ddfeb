"""Records small networks that PyTorch exports to ONNX, with outputs and gradients, in packages/onnx/src/testing/fixtures/networks.bin.

`python3 tools/oracle/onnx_networks.py` writes it. Each network is exported as people do ("folded": constants are folded, weights
lose their names), and so that every parameter keeps its name ("named"), with the gradient of the sum of outputs times probes."""

import io
import warnings
import zlib

import onnx_container
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F
from torch.onnx import TrainingMode


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 12, 3, stride=2), nn.BatchNorm2d(12)
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.silu(self.bn2(self.conv2(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Residual(nn.Module):
    """A block of ResNet with a projection."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(4, 6, 3, 2, 1, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.bn2 = nn.Conv2d(6, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6)
        self.down = nn.Sequential(nn.Conv2d(4, 6, 1, 2, bias=False), nn.BatchNorm2d(6))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.down(x))


class Inverted(nn.Module):
    """A block of MobileNet v3: depthwise convolution, squeeze and excitation, hard swish."""

    def __init__(self):
        super().__init__()
        self.expand, self.bn1 = nn.Conv2d(4, 8, 1, bias=False), nn.BatchNorm2d(8)
        self.depth, self.bn2 = nn.Conv2d(8, 8, 5, 1, 2, groups=8, bias=False), nn.BatchNorm2d(8)
        self.fc1, self.fc2 = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.project, self.bn3 = nn.Conv2d(8, 4, 1, bias=False), nn.BatchNorm2d(4)

    def forward(self, x):
        y = F.hardswish(self.bn1(self.expand(x)))
        y = F.hardswish(self.bn2(self.depth(y)))
        scale = F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(y, 1)))))
        return x + self.bn3(self.project(y * scale))


class Recurrent(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.rnn = kind(5, 6, **options)
        self.fc = nn.Linear(6 * (2 if options.get("bidirectional") else 1), 3)

    def forward(self, x):
        y, _ = self.rnn(x)
        return self.fc(y)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(self.encoder(x).mean(1))


class Gpt(nn.Module):
    """Causal attention whose shapes follow from the input's."""

    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(11, 8), nn.Embedding(16, 8)
        self.ln1, self.ln2, self.ln3 = nn.LayerNorm(8), nn.LayerNorm(8), nn.LayerNorm(8)
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.up, self.down = nn.Linear(8, 32), nn.Linear(32, 8)
        self.register_buffer("mask", torch.tril(torch.ones(16, 16, dtype=torch.uint8)).view(1, 1, 16, 16))

    def forward(self, ids):
        b, t = ids.size()
        x = self.tokens(ids) + self.positions(torch.arange(0, t).unsqueeze(0))
        q, k, v = (part.view(b, t, 2, 4).transpose(1, 2) for part in self.qkv(self.ln1(x)).split(8, 2))
        scores = q @ k.transpose(-2, -1) / (k.size(-1) ** 0.5)
        scores = scores.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        y = (F.softmax(scores, -1) @ v).transpose(1, 2).contiguous().view(b, t, 8)
        x = x + self.out(y)
        x = x + self.down(F.gelu(self.up(self.ln2(x))))
        return self.ln3(x) @ self.tokens.weight.t()


class Decoder(nn.Module):
    """Transposed convolutions, resizing, group and instance normalisation, padding, pixel shuffle."""

    def __init__(self):
        super().__init__()
        self.up1 = nn.ConvTranspose2d(4, 8, 3, stride=2, padding=1, output_padding=1)
        self.gn, self.inorm = nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True)
        self.conv, self.prelu = nn.Conv2d(8, 8, 3), nn.PReLU(8)

    def forward(self, x):
        x = F.elu(self.gn(self.up1(x)))
        x = self.prelu(self.inorm(self.conv(F.pad(x, (1, 1, 1, 1), mode="reflect"))))
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = F.interpolate(x, size=(10, 9), mode="bilinear", align_corners=True)
        return F.avg_pool2d(F.pixel_shuffle(F.interpolate(x, scale_factor=2.0, mode="nearest"), 2), 3, 2, 1)


class Mixed(nn.Module):
    """Einsum, sums along axes, sorting, indexing and 1d and 3d convolutions."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(3, 6, 4))
        self.conv1, self.conv3 = nn.Conv1d(6, 5, 3, dilation=2, padding=2), nn.Conv3d(1, 2, (1, 2, 2))

    def forward(self, x):
        y = torch.einsum("nci,kij->nkcj", x, self.w)
        z = self.conv1(x.transpose(1, 2))
        z = torch.logsumexp(z, 1) + torch.cumsum(z, 2).amax(1) + z.norm(dim=1)
        top, _ = torch.topk(y.flatten(1), 5, 1)
        volume = self.conv3(y.unsqueeze(1))
        return torch.cat([top, z, torch.tanh(volume).mean((2, 3, 4)), y.std((1, 2, 3), keepdim=True).flatten(1)], 1)


class Scripted(nn.Module):
    """A branch and a loop that depend on the input."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x, n: int):
        for _ in range(n):
            x = torch.tanh(self.a(x))
        if x.size(0) > 2:
            x = self.b(x)
        else:
            x = x * 2
        return x


def networks():
    yield "MLP", nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4), nn.Softmax(-1)), [(5, 8)], {0: "n"}
    yield "convnet", ConvNet(), [(3, 3, 12, 12)], {0: "n"}
    yield "residual block", Residual(), [(2, 4, 9, 9)], {0: "n"}
    yield "inverted residual block", Inverted(), [(2, 4, 7, 7)], {0: "n", 2: "h", 3: "w"}
    yield "LSTM", Recurrent(nn.LSTM, num_layers=2, bidirectional=True), [(7, 3, 5)], {0: "t", 1: "n"}
    yield "GRU", Recurrent(nn.GRU, num_layers=2, batch_first=True), [(3, 7, 5)], {0: "n", 1: "t"}
    yield "RNN", Recurrent(nn.RNN, bidirectional=True, nonlinearity="relu"), [(4, 2, 5)], {}
    yield "transformer encoder", Encoder(), [(2, 6, 8)], {0: "n", 1: "t"}
    yield "GPT", Gpt(), [torch.randint(0, 11, (2, 7))], {0: "n", 1: "t"}
    yield "decoder", Decoder(), [(2, 4, 5, 4)], {}
    yield "mixed", Mixed(), [(3, 7, 6)], {}


def export(module, inputs, axes, **options):
    target = io.BytesIO()
    names = [f"input{i}" for i in range(len(inputs))]
    dynamic = {names[0]: axes} if axes else None
    torch.onnx.export(module, tuple(inputs), target, input_names=names, dynamic_axes=dynamic, **options)
    return target.getvalue()


def statistics(model):
    tensors = onnx.load_from_string(model).graph.initializer
    return {each.name: torch.tensor(numpy_helper.to_array(each)) for each in tensors if "running" in each.name}


def record(container, name, module, inputs, axes, scripted=False):
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0.1, 0.4)
    for key, buffer in module.named_buffers():
        if key.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    inputs = [torch.randn(each) if isinstance(each, tuple) else each for each in inputs]
    for mode in ["folded", "named", "training"]:
        normed = any(isinstance(each, nn.BatchNorm2d) for each in module.modules())
        if (mode == "training" and not normed) or (scripted and mode == "folded"):
            continue
        module.train(mode == "training")
        module.zero_grad()
        exported = torch.jit.script(module) if scripted else module
        version = 11 if mode == "folded" and name in ("MLP", "convnet", "LSTM") else 16
        keep = {} if mode == "folded" else {
            "do_constant_folding": False,
            "training": TrainingMode.TRAINING if mode == "training" else TrainingMode.PRESERVE,
        }
        before = {key: value.clone() for key, value in module.state_dict().items()}
        if name in ("transformer encoder",):
            module.train()  # else PyTorch takes a fused operator that it cannot export; there is no dropout
        model = export(exported, inputs, axes, opset_version=version, **keep)
        module.load_state_dict(before)
        if mode == "training":  # exporting was a step itself
            module.load_state_dict(dict(before, **statistics(model)))
        output = module(*[int(each) if each.ndim == 0 else each for each in inputs])
        probe = torch.randn_like(output)
        (output * probe).sum().backward()
        case = {
            "name": f"{name}, {mode}",
            "model": container.place(model),
            "inputs": [container.encode(each.numpy()) for each in inputs],
            "outputs": [container.encode(output.detach().numpy())],
            "training": mode == "training" or (mode == "named" and module.training),
        }
        if mode != "folded":
            case["probe"] = container.encode(probe.numpy())
            grads = {key: value.grad for key, value in module.named_parameters() if value.grad is not None}
            case["grads"] = {key: container.encode(grad.numpy()) for key, grad in grads.items()}
        if mode == "training":
            case["after"] = {
                key: container.encode(value.numpy()) for key, value in module.named_buffers() if "running" in key
            }
        container.cases.append(case)
        module.load_state_dict(before)


def main():
    warnings.simplefilter("ignore")
    container = onnx_container.Container()
    for name, module, inputs, axes in networks():
        torch.manual_seed(zlib.crc32(name.encode()))
        record(container, name, module, inputs, axes)
    for count, rows in [(3, 2), (0, 4)]:
        torch.manual_seed(0)
        record(container, f"branch and loop of {count}", Scripted(), [(rows, 4), torch.tensor(count)], {0: "n"}, True)
    container.write("networks.bin")


if __name__ == "__main__":
    main()
