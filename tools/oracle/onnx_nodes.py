"""Records ONNX's own tests of single operators (python3-onnx) in packages/onnx/src/testing/fixtures/nodes.bin.

`python3 tools/oracle/onnx_nodes.py` writes it."""

import warnings

import numpy
import onnx_container

import onnx
from onnx.backend.test.case.node import collect_testcases

LARGEST = 60_000  # bytes of a case; the few larger ones repeat what others test


def size(value):
    if value is None:
        return 0
    return sum(map(size, value)) if isinstance(value, list) else numpy.asarray(value).nbytes


def main():
    warnings.simplefilter("ignore")
    numpy.random.seed(0)
    container = onnx_container.Container()

    def encode_all(values, infos):
        return [container.encode(each, info.type.tensor_type.elem_type) for each, info in zip(values, infos)]

    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        for number, (inputs, outputs) in enumerate(case.data_sets):
            if any(onnx.TensorProto.STRING == each.type.tensor_type.elem_type for each in case.model.graph.input):
                continue
            if size(list(inputs)) + size(list(outputs)) > LARGEST:
                print("too large:", case.name)
                continue
            case.model.doc_string = ""
            container.cases.append({
                "name": case.name if number == 0 else f"{case.name} {number}",
                "model": container.place(case.model.SerializeToString()),
                "inputs": encode_all(inputs, case.model.graph.input),
                "outputs": encode_all(outputs, case.model.graph.output),
                "rtol": case.rtol,
                "atol": case.atol,
            })
    container.write("nodes.bin")


if __name__ == "__main__":
    main()
