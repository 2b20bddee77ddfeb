"""Records low-rank adapters by the equations of PEFT's `tuners/lora/layer.py`, written in PyTorch, since Debian has no PEFT:
`/usr/bin/python3 tools/oracle/lora.py`. Not part of record.py, as each case is a layer with an adapter."""

import json
import math

from encoding import encode, torch
from recorder import FIXTURES

F = torch.nn.functional


def case(name, base, x, weight, bias, A, B, forward, change, alpha, rank, rslora=False, options=None):
    """`forward(weight)` is the layer, `change(A, B)` the adapter's output for x, both without scaling; `delta` that of the weight."""
    scaling = alpha / (math.sqrt(rank) if rslora else rank)
    out_change, delta = change
    A, B = A.requires_grad_(), B.requires_grad_()
    output = forward(weight) + out_change(A, B) * scaling
    seed = torch.randn(output.shape, generator=torch.Generator().manual_seed(len(name)))
    grads = torch.autograd.grad(output, [A, B], seed)
    merged = weight + delta(A, B) * scaling
    again = forward(merged)
    assert torch.allclose(again, output, atol=1e-4), name
    return {
        "name": name,
        "layer": base,
        "options": options or {},
        "rank": rank,
        "alpha": alpha,
        "rslora": rslora,
        "input": encode(x.to(torch.int32) if not x.is_floating_point() else x),
        "weight": encode(weight),
        "bias": None if bias is None else encode(bias),
        "A": encode(A.contiguous()),
        "B": encode(B.contiguous()),
        "output": encode(output.contiguous()),
        "gradOutput": encode(seed),
        "grads": [encode(each.contiguous()) for each in grads],
        "merged": encode(merged.contiguous()),
    }


def cases():
    g = torch.Generator().manual_seed(18)
    randn = lambda *shape: torch.randn(*shape, generator=g) * 0.5
    for rank, alpha, rslora in [(2, 4, False), (3, 5, True)]:
        x, w, b = randn(4, 3, 6), randn(5, 6), randn(5)
        A, B = randn(rank, 6), randn(5, rank)
        change = (lambda a, b, x=x: x @ a.T @ b.T, lambda a, b: b @ a)
        yield case(f"linear rank {rank}", "Linear", x, w, b, A, B, lambda w, x=x, b=b: F.linear(x, w, b), change, alpha, rank, rslora)
        w = randn(6, 5)
        change = (lambda a, b, x=x: x @ a.T @ b.T, lambda a, b: (b @ a).T)
        yield case(f"conv1d rank {rank}", "Conv1D", x, w, b, A.detach(), B.detach(), lambda w, x=x, b=b: x @ w + b, change, alpha, rank, rslora)
    x, w = torch.tensor([[1, 4, 2], [0, 1, 1]]), randn(7, 5)
    A, B = randn(2, 7), randn(5, 2)
    change = (lambda a, b: F.embedding(x, a.T) @ b.T, lambda a, b: (b @ a).T)
    yield case("embedding", "Embedding", x, w, None, A, B, lambda w: F.embedding(x, w), change, 3, 2)
    for name, kernel, options in [
        ("pointwise", 1, {}),
        ("strided", 3, {"stride": 2, "padding": 1}),
        ("dilated", 3, {"dilation": 2, "padding": 2}),
    ]:
        x, w, b = randn(2, 3, 6, 7), randn(4, 3, kernel, kernel), randn(4)
        A, B = randn(2, 3, kernel, kernel), randn(4, 2, 1, 1)
        change = (
            lambda a, b, x=x, options=options: F.conv2d(F.conv2d(x, a, **options), b),
            lambda a, b: F.conv2d(a.transpose(0, 1), b).transpose(0, 1),
        )
        layer = lambda w, x=x, b=b, options=options: F.conv2d(x, w, b, **options)
        yield case(f"convolution, {name}", "Conv2d", x, w, b, A, B, layer, change, 4, 2, options=options)


if __name__ == "__main__":
    path = FIXTURES / "lora.json"
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in cases())
    path.write_text(f'{{"torch":{json.dumps(torch.__version__)},"cases":[\n{lines}\n]}}\n')
    print(f"lora: {path.stat().st_size} bytes")
