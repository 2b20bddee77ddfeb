"""Learning rates of the schedules over 40 epochs, the first being the one before any step."""

from calling import fill_in
from encoding import encode_argument, torch
from recorder import Family

schedulers = torch.optim.lr_scheduler
EPOCHS = 40
# LambdaLR takes a function; these are its names, written out in the README.
FORMULAS = {
    "inverseTime": lambda epoch: 1 / (1 + 0.1 * epoch),
    "warmUp": lambda epoch: min(1, (epoch + 1) / 10),
    "inverseSquareRoot": lambda epoch: min((epoch + 1) ** -0.5, (epoch + 1) * 8**-1.5),
}
SCHEDULES = (
    ("StepLR", {"stepSize": 7}),
    ("StepLR", {"stepSize": 5, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [3, 9, 20], "gamma": 0.3}),
    ("MultiStepLR", {"milestones": [5, 5, 12]}),
    ("ExponentialLR", {"gamma": 0.93}),
    ("CosineAnnealingLR", {"tMax": 10}),
    ("CosineAnnealingLR", {"tMax": 40, "etaMin": 0.01}),
    ("CosineAnnealingLR", {"tMax": 15, "etaMin": 0.02}),
    ("CosineAnnealingWarmRestarts", {"t0": 10}),
    ("CosineAnnealingWarmRestarts", {"t0": 5, "tMult": 2, "etaMin": 0.01}),
    ("LinearLR", {}),
    ("LinearLR", {"startFactor": 0.1, "endFactor": 0.8, "totalIters": 12}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.25, "totalIters": 8}),
    ("PolynomialLR", {"totalIters": 20}),
    ("PolynomialLR", {"totalIters": 30, "power": 2}),
    ("OneCycleLR", {"maxLr": 0.5, "totalSteps": 40}),
    ("OneCycleLR", {"maxLr": 0.5, "epochs": 8, "stepsPerEpoch": 5, "pctStart": 0.4, "annealStrategy": "linear"}),
    ("OneCycleLR", {"maxLr": 0.5, "totalSteps": 40, "threePhase": True, "divFactor": 10, "finalDivFactor": 100}),
    ("OneCycleLR", {"maxLr": 0.3, "totalSteps": 40, "cycleMomentum": False}),
    ("OneCycleLR", {"maxLr": 0.3, "totalSteps": 40, "baseMomentum": 0.7, "maxMomentum": 0.9}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.1, "stepSizeUp": 5}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.1, "stepSizeUp": 3, "stepSizeDown": 8}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.1, "stepSizeUp": 4, "mode": "triangular2"}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.1, "stepSizeUp": 4, "mode": "expRange", "gamma": 0.95}),
    ("CyclicLR", {"baseLr": [0.02], "maxLr": [0.2], "stepSizeUp": 6, "cycleMomentum": False}),
    ("CyclicLR", {"baseLr": 0.02, "maxLr": 0.2, "stepSizeUp": 6, "baseMomentum": 0.6, "maxMomentum": 0.95}),
)
PLATEAUS = (
    {},
    {"patience": 2},
    {"factor": 0.5, "patience": 3, "cooldown": 2},
    {"patience": 1, "minLr": 0.02},
    {"patience": 2, "threshold": 0.2, "thresholdMode": "abs"},
    {"mode": "max", "patience": 2},
    {"mode": "max", "patience": 2, "threshold": 0.1},
    {"patience": 0, "factor": 0.9},
    {"patience": 1, "eps": 0.02},
)
METRICS = [
    round(value, 4)
    for value in (
        *(1 / (1 + 0.5 * epoch) for epoch in range(10)),
        *(0.18 + 0.01 * (epoch % 3) for epoch in range(12)),
        *(0.15 - 0.002 * epoch for epoch in range(6)),
        *(0.15 for _ in range(11)),
    )
]
# PyTorch's names that no rule turns into camelCase and back.
SPELLINGS = {"t_max": "T_max", "t0": "T_0", "t_mult": "T_mult"}


def optimiser(lr=0.1, momentum=0.9):
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.zeros(1)
    return torch.optim.SGD([parameter], lr=lr, momentum=momentum)


def make(scheduler, options, on):
    if scheduler == "LambdaLR":
        return schedulers.LambdaLR(on, FORMULAS[options["formula"]])
    given = {SPELLINGS.get(key, key): value for key, value in fill_in(options, []).items()}
    if scheduler in ("ChainedScheduler", "SequentialLR"):
        parts = [make(part["scheduler"], part["options"], on) for part in options["schedulers"]]
        return (
            schedulers.ChainedScheduler(parts)
            if scheduler == "ChainedScheduler"
            else schedulers.SequentialLR(on, parts, options["milestones"])
        )
    if given.get("mode") == "expRange":
        given["mode"] = "exp_range"
    return getattr(schedulers, scheduler)(on, **given)


def follow(family, scheduler, options, metrics=None, note=""):
    on = optimiser()
    made = make(scheduler, options, on)
    group = on.param_groups[0]
    lrs, momenta = [group["lr"]], [group["momentum"]]
    for epoch in range(EPOCHS - 1):
        on.step()
        made.step(*([metrics[epoch]] if metrics else []))
        lrs.append(group["lr"])
        momenta.append(group["momentum"])
    case = {
        "name": f"{scheduler} {note or options}".replace("'", ""),
        "scheduler": scheduler,
        "baseLr": 0.1,
        "momentum": 0.9,
        "options": encode_argument(options),
        "lrs": lrs,
    }
    if metrics:
        case["metrics"] = metrics
    if scheduler in ("OneCycleLR", "CyclicLR"):
        case["momenta"] = momenta
    family.add(case)


def record():
    family = Family("schedules")
    for scheduler, options in SCHEDULES:
        follow(family, scheduler, options)
    for formula in FORMULAS:
        follow(family, "LambdaLR", {"formula": formula})
    for options in PLATEAUS:
        rising = options.get("mode") == "max"
        follow(family, "ReduceLROnPlateau", options, [round(1 - value, 4) for value in METRICS] if rising else METRICS)
    warm = {"scheduler": "LinearLR", "options": {"startFactor": 0.1, "totalIters": 5}}
    decay = {"scheduler": "ExponentialLR", "options": {"gamma": 0.9}}
    cosine = {"scheduler": "CosineAnnealingLR", "options": {"tMax": 20}}
    follow(family, "ChainedScheduler", {"schedulers": [warm, decay]}, note="warm-up and decay")
    follow(
        family,
        "ChainedScheduler",
        {
            "schedulers": [
                {"scheduler": "ConstantLR", "options": {"totalIters": 4}},
                {"scheduler": "StepLR", "options": {"stepSize": 6}},
            ]
        },
        note="constant and step",
    )
    follow(family, "SequentialLR", {"schedulers": [warm, decay], "milestones": [5]}, note="warm-up then decay")
    follow(
        family,
        "SequentialLR",
        {"schedulers": [warm, cosine, decay], "milestones": [5, 25]},
        note="warm-up then cosine then decay",
    )
    return [family]
