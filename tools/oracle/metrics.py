"""Records metrics as scikit-learn computes them: `/usr/bin/python3 tools/oracle/metrics.py` (Debian's python3-sklearn). Not part of
record.py, since it needs no PyTorch."""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

FILE = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "train" / "metrics.json"
warnings.simplefilter("ignore")


def number(value):
    """Whole numbers without a fraction, so that the file is small."""
    return int(value) if value == int(value) else float(value)


def array(values, dtype):
    values = np.asarray(values)
    return {"dtype": dtype, "shape": list(values.shape), "data": [number(v) for v in values.reshape(-1)]}


def plain(value):
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    return None if np.isnan(value) else number(value)


def case(name, metric, options, output, target, expected, weight=None, labels=False, regression=False, float64=False):
    """`expected` is scikit-learn's figure; the test splits the samples into batches."""
    floats = "float64" if float64 else "float32"
    row = {
        "name": f"{metric}: {name}",
        "metric": metric,
        "options": options,
        "output": array(output, "int32" if labels else floats),
        "target": array(target, floats if regression else "int32"),
        "expected": plain(expected),
    }
    if weight is not None:
        row["weight"] = array(weight, "float32")
    return row


def sixteenths(generator, *shape):
    """Numbers that float32 and JSON hold in few digits, with ties."""
    return np.round(generator.standard_normal(shape) * 16) / 16


def kinds_of_average(generator):
    classes = 5
    for name, present in [("all classes", 5), ("absent classes", 3)]:
        target = generator.randint(0, present, 23)
        predicted = np.where(generator.rand(23) < 0.5, target, generator.randint(0, present, 23))
        scores = sixteenths(generator, 23, classes) / 4
        scores[np.arange(23), predicted] += 2
        skip = target.copy()
        skip[[1, 5, 6]] = -100
        kept = skip != -100
        for what, output, given, right, chosen, extra in [
            ("scores", scores, {}, target, predicted, {}),
            ("labels", predicted, {"numClasses": classes}, target, predicted, {"labels": True}),
            ("ignored", scores, {"ignoreIndex": -100}, skip, predicted, {}),
        ]:
            title = f"{what}, {name}"
            y, p = (right[kept], chosen[kept]) if what == "ignored" else (right, chosen)
            every = list(range(classes))
            yield case(title, "Accuracy", given, output, right, m.accuracy_score(y, p), **extra)
            yield case(title + ", macro", "Accuracy", {**given, "average": "macro"}, output, right,
                       m.balanced_accuracy_score(y, p), **extra)
            for metric, figure in [("Precision", m.precision_score), ("Recall", m.recall_score), ("F1", m.f1_score)]:
                for average in ["micro", "macro", "weighted"]:
                    yield case(f"{title}, {average}", metric, {**given, "average": average}, output, right,
                               figure(y, p, average=average), **extra)
                yield case(f"{title}, none", metric, {**given, "average": "none"}, output, right,
                           figure(y, p, average=None, labels=every), **extra)
            for normalize in ["none", "true", "pred", "all"]:
                yield case(f"{title}, {normalize}", "ConfusionMatrix", {**given, "normalize": normalize}, output, right,
                           m.confusion_matrix(y, p, labels=every, normalize=None if normalize == "none" else normalize), **extra)


def top(generator):
    # No ties: scikit-learn takes the higher class then, PyTorch either.
    scores = np.stack([generator.permutation(6) for _ in range(19)]) / 8
    target = generator.randint(0, 6, 19)
    for k in [1, 2, 3, 5]:
        yield case(f"top {k}", "Accuracy", {"topK": k}, scores, target, m.top_k_accuracy_score(target, scores, k=k, labels=range(6)))


def binary(generator):
    target = generator.randint(0, 2, 31)
    probabilities = np.clip(np.round((target * 0.25 + generator.rand(31) * 0.75) * 16) / 16, 0, 1)
    logits = sixteenths(generator, 31)
    for what, output, options, chosen in [
        ("probabilities", probabilities, {}, probabilities >= 0.5),
        ("threshold", probabilities, {"threshold": 0.75}, probabilities >= 0.75),
        ("logits", logits, {"threshold": 0}, logits >= 0),
        ("labels", (logits >= 0).astype(int), {}, logits >= 0),
        ("nothing predicted", logits * 0, {}, logits > 99),
    ]:
        extra = {"labels": what == "labels"}
        yield case(what, "Accuracy", options, output, target, m.accuracy_score(target, chosen), **extra)
        for metric, figure in [("Precision", m.precision_score), ("Recall", m.recall_score), ("F1", m.f1_score)]:
            yield case(what, metric, options, output, target, figure(target, chosen), **extra)
        yield case(what, "ConfusionMatrix", options, output, target, m.confusion_matrix(target, chosen), **extra)


def ranking(generator):
    target = generator.randint(0, 2, 41)
    scores = np.round((target * 0.3 + generator.rand(41)) * 16) / 16
    distinct = target * 0.3 + generator.permutation(41) / 64
    weight = np.round(generator.rand(41) * 8) / 8
    for metric, figure in [("RocAuc", m.roc_auc_score), ("AveragePrecision", m.average_precision_score)]:
        yield case("ties", metric, {}, scores, target, figure(target, scores))
        yield case("no ties", metric, {}, distinct, target, figure(target, distinct), float64=True)
        yield case("weights", metric, {}, scores, target, figure(target, scores, sample_weight=weight), weight=weight)
        yield case("all scores equal", metric, {}, scores * 0, target, figure(target, scores * 0))
        # As fine as the scores, so that counting loses nothing.
        steps = [float(x) for x in np.arange(0, 1.5, 1 / 16)]
        yield case("thresholds", metric, {"thresholds": steps}, scores, target, figure(target, scores))
        yield case("thresholds and weights", metric, {"thresholds": steps}, scores, target,
                   figure(target, scores, sample_weight=weight), weight=weight)
    labels = generator.randint(0, 4, 37)
    many = np.round(generator.rand(37, 4) * 16) / 16
    many[np.arange(37), labels] += 0.25
    one_hot = np.eye(4, dtype=int)[labels]
    steps = [float(x) for x in np.arange(0, 1.5, 1 / 16)]
    for metric, figure in [("RocAuc", m.roc_auc_score), ("AveragePrecision", m.average_precision_score)]:
        for average in ["macro", "weighted", "none"]:
            expected = figure(one_hot, many, average=None if average == "none" else average)
            yield case(f"classes, {average}", metric, {"average": average}, many, labels, expected)
            yield case(f"classes, {average}, thresholds", metric, {"average": average, "thresholds": steps}, many, labels, expected)
        skip = labels.copy()
        skip[:5] = -1
        yield case("classes, ignored", metric, {"ignoreIndex": -1}, many, skip, figure(one_hot[5:], many[5:], average="macro"))


def regression(generator):
    target = sixteenths(generator, 29)
    output = target + sixteenths(generator, 29) / 2
    weight = np.round(generator.rand(29) * 8) / 8
    outputs = sixteenths(generator, 29, 3) * [1, 4, 0.25]
    targets = outputs + sixteenths(generator, 29, 3)
    for metric, figure in [
        ("R2Score", m.r2_score), ("MeanAbsoluteError", m.mean_absolute_error), ("MeanSquaredError", m.mean_squared_error)
    ]:
        add = lambda *args, **more: case(*args, regression=True, **more)
        yield add("plain", metric, {}, output, target, figure(target, output))
        yield add("weights", metric, {}, output, target, figure(target, output, sample_weight=weight), weight=weight)
        yield add("far from 0", metric, {}, output + 1024, target + 1024, figure(target + 1024, output + 1024))
        yield add("float64 far from 0", metric, {}, output + 2**30, target + 2**30, figure(target + 2**30, output + 2**30), float64=True)
        yield add("outputs", metric, {}, outputs, targets, figure(targets, outputs))
        yield add("outputs, raw", metric, {"multioutput": "rawValues"}, outputs, targets,
                  figure(targets, outputs, multioutput="raw_values"))
        yield add("outputs, weights", metric, {}, outputs, targets, figure(targets, outputs, sample_weight=weight), weight=weight)
    yield add("outputs, by variance", "R2Score", {"multioutput": "varianceWeighted"}, outputs, targets,
              m.r2_score(targets, outputs, multioutput="variance_weighted"))
    yield add("constant", "R2Score", {}, output, target * 0 + 3, m.r2_score(target * 0 + 3, output))
    yield add("constant and right", "R2Score", {}, output * 0 + 3, target * 0 + 3, m.r2_score(target * 0 + 3, target * 0 + 3))
    yield add("root", "MeanSquaredError", {"squared": False}, output, target, m.mean_squared_error(target, output, squared=False))
    yield add("outputs, root", "MeanSquaredError", {"squared": False}, outputs, targets,
              m.mean_squared_error(targets, outputs, squared=False))


if __name__ == "__main__":
    draw = np.random.RandomState(19)
    cases = [row for family in [kinds_of_average, top, binary, ranking, regression] for row in family(draw)]
    FILE.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in cases)
    FILE.write_text(f'{{"scikit-learn":"{sklearn.__version__}","cases":[\n{lines}\n]}}\n')
    print(f"{FILE.name}: {len(cases)} cases")
