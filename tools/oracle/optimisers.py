"""Trajectories of the optimisers over 20 steps of given gradients, and gradient clipping."""

from calling import fill_in
from encoding import dtype_name, encode, encode_argument, torch
from recorder import Family
from tensors import INF, NAN, f32, f64, randn, values, zeros

STEPS = 20
SHAPES = ((2, 2), (3,))
OPTIMISERS = (
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "weightDecay": 0.05}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "weightDecay": 0.05, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "betas": [0.8, 0.9], "eps": 1e-4}),
    ("Adam", {"lr": 0.05, "weightDecay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "weightDecay": 0.1, "maximize": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05, "weightDecay": 0.2}),
    ("AdamW", {"lr": 0.05, "amsgrad": True}),
    ("AdamW", {"lr": 0.05, "weightDecay": 0, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.2, "lrDecay": 0.1}),
    ("Adagrad", {"lr": 0.2, "initialAccumulatorValue": 0.5, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.2, "weightDecay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9}),
    ("RMSprop", {"lr": 0.02, "centered": True}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.5, "centered": True, "weightDecay": 0.1, "eps": 1e-4}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-3}),
    ("Adadelta", {"weightDecay": 0.1}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.05, "betas": [0.8, 0.99]}),
    ("NAdam", {"lr": 0.05, "weightDecay": 0.1, "momentumDecay": 0.01}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.05, "betas": [0.9, 0.99]}),
    ("RAdam", {"lr": 0.05, "weightDecay": 0.1}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.05, "betas": [0.8, 0.9]}),
    ("Adamax", {"lr": 0.05, "weightDecay": 0.1}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.05, "etas": [0.3, 1.5], "stepSizes": [0.01, 0.1]}),
    ("Rprop", {"lr": 0.05, "maximize": True}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.1, "lambd": 0.05, "alpha": 0.9, "t0": 5}),
    ("ASGD", {"lr": 0.1, "weightDecay": 0.1, "maximize": True}),
)
# SGD's lr has no default in PyTorch 1.13, so it is always given.
GROUPED = (
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("Adam", {"lr": 0.02}),
    ("AdamW", {"lr": 0.02}),
    ("RMSprop", {"lr": 0.01}),
)
# NAdam's loop over single tensors counts one momentum twice in 1.13 (corrected in 2.0); its multi-tensor form is right.
PECULIAR = {"NAdam": {"foreach": True}}


def run(family, name, optimizer, options, dtype, groups=None, missing=()):
    """`groups` holds the options of each parameter's own group; `missing` the (step, parameter) pairs without a gradient."""
    generator = family.generator(name)
    parameters = [torch.nn.Parameter(randn(*shape, dtype=dtype)(generator)) for shape in SHAPES]
    case = {
        "name": name,
        "optimizer": optimizer,
        "options": encode_argument(options),
        "params": [encode(p) for p in parameters],
    }
    handed = parameters
    if groups:
        case["groups"] = [{"params": [index], **encode_argument(given)} for index, given in enumerate(groups)]
        handed = [{"params": [p], **fill_in(given, [])} for p, given in zip(parameters, groups)]
    made = getattr(torch.optim, optimizer)(handed, **fill_in(options, []), **PECULIAR.get(optimizer, {}))
    grads, trajectory = [], []
    for step in range(STEPS):
        for index, parameter in enumerate(parameters):
            gradient = randn(*parameter.shape, dtype=dtype)(generator)
            parameter.grad = None if (step, index) in missing else gradient
        grads.append([None if p.grad is None else encode(p.grad) for p in parameters])
        torch.set_default_dtype(f64)  # of NAdam's product of momenta, which is of the default dtype whatever the parameter's
        made.step()
        torch.set_default_dtype(f32)
        trajectory.append([encode(p) for p in parameters])
    family.add({**case, "grads": grads, "trajectory": trajectory})


def trajectories(family):
    for optimizer, options in OPTIMISERS:
        label = f"{optimizer} {options}".replace("'", "")
        run(family, f"{label} float64", optimizer, options, f64)
    for optimizer in ("SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta", "NAdam", "RAdam", "Adamax", "Rprop", "ASGD"):
        options = {"lr": 0.05, "momentum": 0.9} if optimizer == "SGD" else {"lr": 0.05}
        run(family, f"{optimizer} float32", optimizer, options, f32)
        run(
            family,
            f"{optimizer} with gradients missing",
            optimizer,
            options,
            f64,
            missing={(0, 1), (5, 0), (6, 0), (9, 1), (11, 0), (11, 1)},
        )
    for optimizer, options in GROUPED:
        run(family, f"{optimizer} groups", optimizer, options, f64, groups=[{}, {"lr": 0.003, "weightDecay": 0.1}])


# Functions of a matrix and a vector; conformance/optim.test.ts has the same.
OBJECTIVES = {
    "bowl": lambda a, b: (a * a * torch.arange(1, 5, dtype=a.dtype).reshape(2, 2)).sum() + (b - 1).pow(2).sum() * 3,
    "rosenbrock": lambda a, b: (1 - a).pow(2).sum() + 100 * (a[:, 1] - a[:, 0].pow(2)).pow(2).sum() + b.pow(4).sum(),
    "cosines": lambda a, b: (a.cos() + 0.1 * a * a).sum() + (b.sin() * b).sum(),
}
SEARCHES = (
    ("bowl", {"lr": 0.1}),
    ("bowl", {"lineSearchFn": "strongWolfe"}),
    ("bowl", {"lr": 0.1, "maxIter": 4, "historySize": 2}),
    ("rosenbrock", {"lineSearchFn": "strongWolfe", "maxIter": 8}),
    ("rosenbrock", {"lineSearchFn": "strongWolfe", "maxIter": 6, "historySize": 3}),
    ("rosenbrock", {"lineSearchFn": "strongWolfe", "maxEval": 5}),
    ("rosenbrock", {"lr": 1e-3, "maxIter": 5}),
    ("rosenbrock", {"lr": 0.01, "lineSearchFn": "strongWolfe", "maxIter": 5}),
    ("cosines", {"lineSearchFn": "strongWolfe"}),
    ("cosines", {"lr": 0.5, "maxIter": 3, "toleranceGrad": 1e-3}),
    ("cosines", {"lr": 3, "lineSearchFn": "strongWolfe", "maxIter": 4, "toleranceChange": 1e-4}),
)


def search(family, objective, options):
    """Six steps of LBFGS down an objective: parameters after each, the loss before it, and counts."""
    name = f"LBFGS {objective} {options}".replace("'", "")
    generator = family.generator(name)
    parameters = [torch.nn.Parameter(randn(*shape, dtype=f64)(generator)) for shape in SHAPES]
    given = {key: "strong_wolfe" if value == "strongWolfe" else value for key, value in options.items()}
    made = torch.optim.LBFGS(parameters, **fill_in(given, []))
    case = {
        "name": name,
        "optimizer": "LBFGS",
        "objective": objective,
        "options": encode_argument(options),
        "params": [encode(p) for p in parameters],
    }

    def closure():
        made.zero_grad()
        loss = OBJECTIVES[objective](*parameters)
        loss.backward()
        return loss

    steps = []
    for _ in range(6):
        loss = made.step(closure)
        state = made.state[parameters[0]]
        steps.append(
            {
                "params": [encode(p) for p in parameters],
                "loss": loss.item(),
                "funcEvals": state["func_evals"],
                "nIter": state["n_iter"],
            }
        )
    family.add({**case, "steps": steps})


def clipping(family):
    """Inputs are the gradients; outputs the returned norm, then the gradients after."""

    def clip(function, answers):
        def call(inputs, args):
            parameters = [torch.nn.Parameter(torch.zeros_like(gradient)) for gradient in inputs]
            for parameter, gradient in zip(parameters, inputs):
                parameter.grad = gradient.clone()
            options = fill_in(args[1], []) if len(args) > 1 else {}
            answer = function(parameters, args[0], **options)
            return ([answer] if answers else []) + [parameter.grad for parameter in parameters]

        return call

    utils = torch.nn.utils
    for dtype in (f32, f64):
        pair = [randn(2, 3, dtype=dtype), randn(4, dtype=dtype)]
        kind = dtype_name(dtype)
        for args in ([1.0], [100.0], [0.5, {"normType": 1}], [0.5, {"normType": INF}], [1.5, {"normType": 3}]):
            family.case(
                f"clipGradNorm_ {args} {kind}".replace("'", ""),
                "clipGradNorm_",
                pair,
                args,
                fn=clip(utils.clip_grad_norm_, True),
            )
        family.case(f"clipGradValue_ {kind}", "clipGradValue_", pair, [0.4], fn=clip(utils.clip_grad_value_, False))
    family.case("clipGradNorm_ of zeros", "clipGradNorm_", [zeros(3)], [1.0], fn=clip(utils.clip_grad_norm_, True))
    family.case(
        "clipGradNorm_ of infinities",
        "clipGradNorm_",
        [values([INF, 1.0])],
        [1.0],
        fn=clip(utils.clip_grad_norm_, True),
    )
    family.error(
        "clipGradNorm_ refusing NaN",
        "clipGradNorm_",
        [values([NAN, 1.0])],
        [1.0, {"errorIfNonfinite": True}],
        fn=clip(utils.clip_grad_norm_, True),
    )


def record():
    family = Family("optimisers")
    trajectories(family)
    for objective, options in SEARCHES:
        search(family, objective, options)
    clipping(family)
    return [family]
