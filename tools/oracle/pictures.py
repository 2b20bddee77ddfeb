"""Reference results for transforms of pictures: sampling under affine maps, resizing, smoothing."""

import math

import torch.nn.functional as F
from encoding import torch
from recorder import Family
from tensors import uniform

# Degrees clockwise, pixels to the right and down, factor, degrees along x and y, the fixed point from the middle.
MAPS = {
    "identity": (0, (0, 0), 1, (0, 0), (0, 0)),
    "turned": (31, (0, 0), 1, (0, 0), (0, 0)),
    "turned far": (-137.5, (0, 0), 1, (0, 0), (0, 0)),
    "moved": (0, (2, -1), 1, (0, 0), (0, 0)),
    "smaller": (0, (0, 0), 0.63, (0, 0), (0, 0)),
    "larger": (0, (0, 0), 1.71, (0, 0), (0, 0)),
    "sheared": (0, (0, 0), 1, (23, 0), (0, 0)),
    "sheared both ways": (0, (0, 0), 1, (17, -11), (0, 0)),
    "about a corner": (20, (0, 0), 1.1, (0, 0), (-3.5, -2.5)),
    "all": (12.5, (1, 2), 0.87, (7, 5), (1.5, -1)),
}


def forward(angle, translate, scale, shear, centre):
    """The map as a product of its parts, on places measured in pixels from the middle."""

    def matrix(rows):
        return torch.tensor(rows, dtype=torch.float64)

    turn, along_x, along_y = (math.radians(degrees) for degrees in (angle, *shear))
    back = matrix([[1, 0, centre[0] + translate[0]], [0, 1, centre[1] + translate[1]], [0, 0, 1]])
    turned = matrix([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    sheared_y = matrix([[1, 0, 0], [-math.tan(along_y), 1, 0], [0, 0, 1]])
    sheared_x = matrix([[1, -math.tan(along_x), 0], [0, 1, 0], [0, 0, 1]])
    scaled = matrix([[scale, 0, 0], [0, scale, 0], [0, 0, 1]])
    return back @ turned @ sheared_y @ sheared_x @ scaled @ matrix([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]])


def sample(image, parts, mode, fill):
    height, width = image.shape[-2:]
    to_pixels = torch.diag(torch.tensor([width / 2, height / 2, 1], dtype=torch.float64))
    theta = torch.linalg.inv(to_pixels) @ torch.linalg.inv(forward(*parts)) @ to_pixels
    grid = F.affine_grid(theta[None, :2], (1, *image.shape), align_corners=False)
    # Beyond the edges there is zero; of the difference from the fill it is the fill.
    shifted = F.grid_sample(image.double()[None] - fill, grid, mode, "zeros", align_corners=False)[0]
    return [(shifted + fill).to(image.dtype)]


def resize(image, size, mode, antialias):
    options = {"antialias": antialias, "align_corners": False} if mode != "nearest" else {}
    return [F.interpolate(image.double()[None], size, mode=mode, **options)[0].to(image.dtype)]


def smooth(image, size, sigma):
    def kernel(length):
        steps = torch.arange(length, dtype=torch.float64) - (length - 1) / 2
        weights = torch.exp(-0.5 * (steps / sigma) ** 2)
        return weights / weights.sum()

    height, width = size
    padded = F.pad(image.double()[None], [width // 2, width // 2, height // 2, height // 2], "reflect")[0]
    weights = kernel(height)[:, None] * kernel(width)
    return [F.conv2d(padded[:, None], weights[None, None])[:, 0].to(image.dtype)]


def record():
    family = Family("pictures")
    for name, parts in MAPS.items():
        for mode, fill in (("bilinear", 0), ("bilinear", 0.5), ("nearest", 0), ("nearest", 0.25)):
            family.case(
                f"affine {name} {mode} {fill}",
                "affine",
                [uniform(0, 1, 2, 6, 9)],
                [dict(zip(("angle", "translate", "scale", "shear", "centre"), parts)), mode, fill],
                fn=lambda inputs, args, parts=parts, mode=mode, fill=fill: sample(inputs[0], parts, mode, fill),
            )
    for size in ((8, 12), (5, 5), (3, 2), (1, 1), (13, 20), (6, 9), (7, 4)):
        for mode, antialias in (("bilinear", True), ("bilinear", False), ("nearest", False), ("bicubic", True)):
            family.case(
                f"resize to {size} {mode} {antialias}",
                "resize",
                [uniform(0, 1, 2, 6, 9)],
                [list(size), mode, antialias],
                fn=lambda inputs, args, size=size, mode=mode, antialias=antialias: resize(
                    inputs[0], size, mode, antialias
                ),
            )
    for size, sigma in (((3, 3), 0.5), ((5, 5), 1.3), ((1, 7), 2.0), ((9, 3), 0.8)):
        family.case(
            f"smooth {size} {sigma}",
            "smooth",
            [uniform(0, 1, 2, 6, 9)],
            [list(size), sigma],
            fn=lambda inputs, args, size=size, sigma=sigma: smooth(inputs[0], size, sigma),
        )
    return [family]
