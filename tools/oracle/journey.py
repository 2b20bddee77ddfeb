"""A small convnet trained in PyTorch, as torch.save writes it, with its outputs for some images: `journey.pth` and `journey.json`.

    /usr/bin/python3 tools/oracle/journey.py
"""

import json
import pathlib

import torch
from torch import nn

from encoding import encode

FOLDER = pathlib.Path(__file__).parents[2] / "conformance" / "onnx_models" / "fixtures"


def network():
    """Three kinds of 8 × 8 images are told apart."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 16),
        nn.ReLU(),
        nn.Linear(16, 3),
    )


def images(count, generator):
    """Rows, columns and diagonals, with noise."""
    labels = torch.randint(0, 3, (count,), generator=generator)
    made = torch.randn(count, 1, 8, 8, generator=generator) * 0.3
    for image, label in zip(made, labels):
        at = int(torch.randint(0, 8, (), generator=generator))
        if label == 0:
            image[0, at] += 1
        elif label == 1:
            image[0, :, at] += 1
        else:
            image[0] += torch.eye(8).roll(at, 1)
    return made, labels


def main():
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    model = network()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        x, labels = images(64, generator)
        loss = nn.functional.cross_entropy(model(x), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
    torch.save(model.state_dict(), FOLDER / "journey.pth")
    x, labels = images(48, generator)
    with torch.no_grad():
        outputs = model(x)
    print("right:", int((outputs.argmax(1) == labels).sum()), "of", len(labels))
    recorded = {"images": encode(x), "labels": encode(labels.int()), "outputs": encode(outputs)}
    (FOLDER / "journey.json").write_text(json.dumps(recorded) + "\n")


if __name__ == "__main__":
    main()
