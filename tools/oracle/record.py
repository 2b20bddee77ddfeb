"""Records the conformance fixtures: `/usr/bin/python3 tools/oracle/record.py [module …]`, all modules by default."""

import importlib
import sys

MODULES = (
    "elementwise_unary",
    "elementwise_binary",
    "elementwise_ternary",
    "promotion",
    "reductions",
    "ordering",
    "order_statistics",
    "searching",
    "shapes",
    "indexing",
    "gather_scatter",
    "placing",
    "calculus",
    "products",
    "composed_products",
    "stacking",
    "convolutions",
    "fourier",
    "linear_algebra",
    "modules",
    "recurrent",
    "attention",
    "losses",
    "functional",
    "vision",
    "initialisers",
    "optimisers",
    "schedules",
    "training",
    "printing",
    "second_order",
    "creation",
    "half_rounding",
    "sizes",
    "edges",
    "pictures",
    "augmentations",
    "vision_models",
    "language_models",
)


def main(names):
    for name in names or MODULES:
        for family in importlib.import_module(name).record():
            family.write()


if __name__ == "__main__":
    main(sys.argv[1:])
