"""torchvision's classifiers: their state dicts, and what small ones compute, for packages/models."""

import gzip
import json
import pathlib

from counted_weights import fill, uniform
from encoding import encode, torch
from torch import nn
from torchvision import models
from torchvision.models.densenet import DenseNet
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.models.vision_transformer import VisionTransformer

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "packages" / "models" / "testing" / "fixtures"
# Names of architectures in packages/models/src/vision/architectures.ts.
NAMES = (
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    *("resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2"),
    *(f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")),
    *(f"densenet{depth}" for depth in (121, 161, 169, 201)),
    *(f"shufflenet_v2_x{width}" for width in ("0_5", "1_0", "1_5", "2_0")),
    *("squeezenet1_0", "squeezenet1_1"),
    *("alexnet", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"),
    *(f"efficientnet_b{size}" for size in range(8)),
    *("vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32"),
)


def narrow(model):
    """The classifier with its hidden layers cut to 16 features: 400 MB less."""
    layers = list(model.classifier)
    linear = [index for index, layer in enumerate(layers) if isinstance(layer, nn.Linear)]
    for place, index in enumerate(linear):
        layer = layers[index]
        layers[index] = nn.Linear(
            layer.in_features if place == 0 else 16,
            layer.out_features if place == len(linear) - 1 else 16,
        )
    model.classifier = nn.Sequential(*layers)
    return model


def cases():
    """Name, network, size of the images. Without dropout, which the two sides draw differently."""
    yield "resnet18", models.resnet18(num_classes=10), 64
    dilation = [False, True, True]
    yield (
        "Bottleneck",
        ResNet(Bottleneck, [1, 2, 1, 1], 10, groups=2, width_per_group=16, replace_stride_with_dilation=dilation),
        64,
    )
    yield "vgg11", narrow(models.vgg11(num_classes=10, dropout=0)), 32
    yield "vgg11_bn", narrow(models.vgg11_bn(num_classes=10, dropout=0)), 32
    yield "alexnet", narrow(models.alexnet(num_classes=10, dropout=0)), 64
    yield "mobilenet_v2", models.mobilenet_v2(num_classes=10, dropout=0, width_mult=0.5), 64
    yield "mobilenet_v3_large", models.mobilenet_v3_large(num_classes=10, dropout=0, width_mult=0.5), 64
    yield (
        "mobilenet_v3_small",
        models.mobilenet_v3_small(num_classes=10, dropout=0, reduced_tail=True, dilated=True),
        64,
    )
    efficientnet = models.efficientnet_b0(num_classes=10, stochastic_depth_prob=0)
    efficientnet.classifier[0].p = 0
    yield "efficientnet_b0", efficientnet, 64
    yield "densenet", DenseNet(8, (2, 3, 2, 1), 12, bn_size=2, num_classes=10), 64
    yield "shufflenet_v2_x0_5", models.shufflenet_v2_x0_5(num_classes=10), 64
    yield "squeezenet1_0", models.squeezenet1_0(num_classes=10, dropout=0), 64
    yield "squeezenet1_1", models.squeezenet1_1(num_classes=10, dropout=0), 64
    sizes = {"patch_size": 8, "num_layers": 2, "num_heads": 4, "hidden_dim": 32, "mlp_dim": 64}
    yield "vit", VisionTransformer(image_size=32, num_classes=10, **sizes), 32
    yield "vit with a layer before the head", VisionTransformer(
        image_size=24, num_classes=10, representation_size=16, **sizes
    ), 24


def against(name, tensor):
    """A tensor as one number: its product with random numbers of its name."""
    return float((tensor.double() * uniform(f"{name}?", tuple(tensor.shape))).sum())


def record_case(name, model, size):
    fill(model.double())
    images = uniform("images", (2, 3, size, size))
    model.eval()
    with torch.no_grad():
        evaluated = model(images)
    model.train()
    images.requires_grad_()
    trained = model(images)
    (trained * uniform("weights of the scores", trained.shape)).sum().backward()
    return {
        "name": name,
        "size": size,
        "evaluated": encode(evaluated),
        "trained": encode(trained),
        "gradients": {
            "images": against("images", images.grad),
            **{key: against(key, parameter.grad) for key, parameter in model.named_parameters()},
        },
        "buffers": {key: against(key, buffer) for key, buffer in model.named_buffers()},
    }


def state_of(name):
    """Lines `name dtype shape`."""
    state = models.get_model(name).state_dict()
    return "\n".join(f"{key} {str(tensor.dtype)[6:]} {list(tensor.shape)}" for key, tensor in state.items())


class VisionModels:
    def write(self):
        FIXTURES.mkdir(parents=True, exist_ok=True)
        self.write_file("vision.json.gz", {"cases": [record_case(*case) for case in cases()]})
        # The state dicts repeat themselves: 30 KB instead of 900.
        self.write_file("vision_states.json.gz", {name: state_of(name) for name in NAMES})

    def write_file(self, name, value):
        packed = gzip.compress(json.dumps(value, separators=(",", ":")).encode(), mtime=0)
        (FIXTURES / name).write_bytes(packed)
        print(f"{name}: {len(packed)} bytes")


def record():
    return [VisionModels()]
