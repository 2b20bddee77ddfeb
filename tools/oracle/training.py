"""Whole trainings of a small network: gradient accumulation, clipping, smoothed labels, averages of the weights."""

import copy

from encoding import encode, encode_argument, torch
from modules import randomise
from recorder import Family

nn = torch.nn
OPTIMIZERS = {"SGD": torch.optim.SGD, "AdamW": torch.optim.AdamW}
STEPS = 5


def network():
    # Before a batch norm a bias has no gradient but rounding, which Adam would blow up.
    return nn.Sequential(nn.Linear(4, 6, bias=False), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3))


def moving_average(decay):
    return lambda averaged, current, count: averaged * decay + current * (1 - decay)


def warming_average(decay):
    def average(averaged, current, count):
        share = min(decay, (1 + int(count)) / (10 + int(count)))
        return averaged * share + current * (1 - share)

    return average


AVERAGES = {"swa": None, "ema": moving_average(0.9), "emaWarmup": warming_average(0.9)}


def training(family, name, optimizer, options, micro, accumulate, smoothing, max_norm, average, use_buffers):
    generator = family.generator(name)
    model = network().double()
    randomise(model, generator)
    averaged = torch.optim.swa_utils.AveragedModel(model, avg_fn=AVERAGES[average], use_buffers=use_buffers)
    case = {
        "name": name,
        "optimizer": optimizer,
        "options": encode_argument({key: value for key, value in options.items()}),
        "accumulate": accumulate,
        "labelSmoothing": smoothing,
        "maxNorm": max_norm,
        "average": average,
        "useBuffers": use_buffers,
        "state": {key: encode(value) for key, value in model.state_dict().items()},
        "steps": [],
    }
    snake = {"weightDecay": "weight_decay"}
    made = OPTIMIZERS[optimizer](model.parameters(), **{snake.get(key, key): value for key, value in options.items()})
    for _ in range(STEPS):
        made.zero_grad()
        batches = []
        for _ in range(accumulate):
            inputs = torch.randn(micro, 4, generator=generator, dtype=torch.float64)
            labels = torch.randint(0, 3, (micro,), generator=generator)
            loss = nn.functional.cross_entropy(model(inputs), labels, label_smoothing=smoothing) / accumulate
            loss.backward()
            batches.append({"inputs": encode(inputs), "labels": encode(labels.int()), "loss": encode(loss.detach())})
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        made.step()
        averaged.update_parameters(model)
        state = averaged.module.state_dict()
        kept = [key for key, value in state.items() if value.is_floating_point()]
        if not use_buffers:  # PyTorch 2 copies buffers then, 1.13 leaves them alone
            kept = [key for key, _ in averaged.module.named_parameters()]
        case["steps"].append(
            {
                "batches": batches,
                "norm": encode(norm.detach()),
                "parameters": {key: encode(copy.copy(value.detach())) for key, value in model.named_parameters()},
                "averaged": {key: encode(state[key]) for key in kept},
            }
        )
    family.add(case)


def record():
    family = Family("training")
    momentum = {"lr": 0.3, "momentum": 0.9, "weightDecay": 0.01}
    training(family, "SGD, one batch a step", "SGD", momentum, 6, 1, 0.0, 0.5, "swa", False)
    training(family, "SGD, three batches a step, labels smoothed", "SGD", momentum, 4, 3, 0.1, 0.5, "ema", True)
    training(family, "AdamW, two batches a step", "AdamW", {"lr": 0.05}, 5, 2, 0.2, 1e9, "emaWarmup", False)
    training(family, "AdamW, averages of buffers too", "AdamW", {"lr": 0.05}, 5, 1, 0.0, 0.2, "swa", True)
    return [family]
