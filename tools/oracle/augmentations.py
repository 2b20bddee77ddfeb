"""torchvision's transforms of tones, its perspective, crops and automatic augmentations, with given parameters."""

import torchvision.transforms.autoaugment as auto
import torchvision.transforms.functional as F
from encoding import torch
from recorder import Family
from tensors import Spec, f32, u8, uniform

SHAPES = ((3, 6, 9), (1, 2, 40), (2, 3, 17, 19))
TONES = {
    "invert": (F.invert, [()], (u8, f32)),
    "solarize": (F.solarize, [(128,), (0,), (255,)], (u8,)),
    "posterize": (F.posterize, [(bits,) for bits in range(9)], (u8,)),
    "equalize": (F.equalize, [()], (u8,)),
    "autocontrast": (F.autocontrast, [()], (u8, f32)),
    "sharpness": (F.adjust_sharpness, [(0,), (0.4,), (1.7,), (2.0,)], (u8, f32)),
}
# Of a picture of 13 by 11 pixels. No pixel comes from halfway between two, where rounding would decide.
CORNERS = {
    "still": [[0, 0], [12, 0], [12, 10], [0, 10]],
    "moved": [[1, 2], [12, 0], [9, 10], [2, 8]],
    "narrow": [[3, 0], [10, 0], [10, 7], [0, 8]],
    "turned": [[2, 3], [11, 1], [12, 9], [0, 8]],
}
MAGNITUDES = {
    "Identity": [0],
    "ShearX": [0.13, -0.29, 0.83],
    "ShearY": [0.13, -0.29, 0.83],
    "TranslateX": [2.7, -1.99, 30],
    "TranslateY": [2.7, -1.99, 30],
    "Rotate": [9.3, -27.1, 131],
    "Brightness": [0.27, -0.63, 0.99],
    "Color": [0.27, -0.63, 0.99],
    "Contrast": [0.27, -0.63, 0.99],
    "Sharpness": [0.27, -0.63, 0.99],
    "Posterize": [7, 2, 0],
    "Solarize": [200, 0, 255],
    "AutoContrast": [0],
    "Equalize": [0],
    "Invert": [0],
}
FLOAT = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness")
DISTORTIONS = FLOAT[:5]
MODES = {"nearest": F.InterpolationMode.NEAREST, "bilinear": F.InterpolationMode.BILINEAR}


def picture(*shape, dtype=u8):
    """Dark on one side, so that histograms are not flat."""

    def make(generator):
        values = torch.rand(shape, generator=generator) * torch.linspace(0.2, 0.9, shape[-1])
        return (values * 255).to(u8) if dtype == u8 else values

    return Spec(make)


def tones(family):
    for call, (function, variants, dtypes) in TONES.items():
        for shape in SHAPES:
            for args in variants:
                for dtype in dtypes:
                    family.case(
                        f"{call} {shape} {list(args)} {str(dtype)[6:]}",
                        call,
                        [picture(*shape, dtype=dtype)],
                        list(args),
                        fn=lambda inputs, args, function=function: function(inputs[0], *args),
                    )
    for call, function in (("autocontrast", F.autocontrast), ("equalize", F.equalize)):
        constant = Spec(lambda generator: torch.full((1, 20, 20), 77, dtype=u8))
        family.case(f"{call} constant", call, [constant], [], fn=lambda inputs, args, f=function: f(inputs[0]))
    family.case(
        "solarize float", "solarize", [picture(3, 6, 9, dtype=f32)], [0.3], fn=lambda i, args: F.solarize(i[0], 0.3)
    )


def perspectives(family):
    start = CORNERS["still"]
    for name, end in CORNERS.items():
        for mode, fill in (("bilinear", 0), ("nearest", 0), ("nearest", 0.25)):
            family.case(
                f"perspective {name} {mode} {fill}",
                "perspective",
                [uniform(0, 1, 2, 11, 13)],
                [end, mode, fill],
                fn=lambda inputs, args, end=end, mode=mode, fill=fill: F.perspective(
                    inputs[0].double(), start, end, MODES[mode], fill or None
                ).float(),
            )


def crops(family):
    for shape in ((3, 6, 9), (2, 1, 7, 7), (1, 5, 4)):
        for size in (4, [3, 4], [5, 2]):
            pair = [size, size] if isinstance(size, int) else size
            stacked = lambda found: torch.stack(found, -4)
            family.case(
                f"fiveCrop {shape} {size}",
                "fiveCrop",
                [picture(*shape)],
                [size],
                fn=lambda inputs, args, pair=pair: stacked(F.five_crop(inputs[0], pair)),
            )
            for vertical in (False, True):
                family.case(
                    f"tenCrop {shape} {size} {vertical}",
                    "tenCrop",
                    [picture(*shape)],
                    [size, {"verticalFlip": vertical}],
                    fn=lambda inputs, args, pair=pair, vertical=vertical: stacked(
                        F.ten_crop(inputs[0], pair, vertical)
                    ),
                )


def operations(family):
    for name, magnitudes in MAGNITUDES.items():
        for magnitude in magnitudes:
            for dtype in (u8, f32) if name in FLOAT else (u8,):
                for mode in ("nearest", "bilinear"):
                    for shape in ((3, 11, 17), (1, 18, 16)) if mode == "nearest" or name in DISTORTIONS else ():
                        family.case(
                            f"{name} {magnitude} {mode} {shape} {str(dtype)[6:]}",
                            "operation",
                            [picture(*shape, dtype=dtype)],
                            [name, magnitude, mode],
                            fn=lambda inputs, args, name=name, magnitude=magnitude, mode=mode: auto._apply_op(
                                inputs[0], name, magnitude, MODES[mode], None
                            ),
                        )


def spaces(family):
    """The magnitudes of every operation, and the pairs of every policy."""
    for policy in auto.AutoAugmentPolicy:
        pairs = [[[part for part in step if part is not None] for step in pair] for pair in auto.AutoAugment(policy).policies]
        family.case(f"policy {policy.value}", "policy", [], [policy.value, pairs], fn=lambda inputs, args: [])
    for height, width in ((32, 32), (224, 331), (11, 17)):
        for bins in (2, 10, 31):
            found = {
                "AutoAugment": auto.AutoAugment()._augmentation_space(bins, (height, width)),
                "RandAugment": auto.RandAugment()._augmentation_space(bins, (height, width)),
                "TrivialAugmentWide": auto.TrivialAugmentWide()._augmentation_space(bins),
            }
            if bins == 10:
                found["AugMix"] = auto.AugMix()._augmentation_space(bins, (height, width))
                found["AugMix without colours"] = auto.AugMix(all_ops=False)._augmentation_space(bins, (height, width))
            for name, space in found.items():
                family.case(
                    f"space {name} {height}x{width} {bins}",
                    "space",
                    [],
                    [name, height, width, bins, [[key, signed, values.ndim] for key, (values, signed) in space.items()]],
                    fn=lambda inputs, args, space=space: [values.float() for values, _ in space.values()],
                )


def mixtures(family):
    """The mean and the standard deviation of each pixel over many calls of AugMix."""
    settings = {
        "as by default": ({}, {}),
        "of two chains, without colours": (
            {"severity": 6, "mixture_width": 2, "chain_depth": 2, "all_ops": False},
            {"severity": 6, "mixtureWidth": 2, "chainDepth": 2, "allOps": False},
        ),
        "with small weights": ({"severity": 10, "alpha": 0.3}, {"severity": 10, "alpha": 0.3}),
    }
    for name, (options, ours) in settings.items():

        def mixed(inputs, args, options=options):
            torch.manual_seed(5)
            transform = auto.AugMix(**options)
            results = torch.stack([transform(inputs[0]).double() for _ in range(args[1])])
            return [results.mean(0).float(), results.std(0).float()]

        family.case(f"AugMix {name}", "augMix", [picture(3, 9, 10)], [ours, 4000], fn=mixed)


def record():
    family = Family("augmentations")
    tones(family)
    perspectives(family)
    crops(family)
    operations(family)
    spaces(family)
    mixtures(family)
    return [family]
