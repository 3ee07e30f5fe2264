"""Store the ONNX node conformance cases of the operators that cnnlib claims.

    python tests/functional/make_onnx.py          # every operator
    python tests/functional/make_onnx.py Conv     # this one

Run it where onnx is installed. An operator has one file, ``golden/onnx/<operator>.npz``. Cases with
more than two spatial axes are listed by name only: cnnlib has no such operations, and their arrays
are large.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases
from onnx.helper import get_attribute_value

CLAIMED = (
    "AveragePool", "BatchNormalization", "Conv", "Flatten", "Gemm", "GlobalAveragePool", "LRN",
    "LeakyRelu", "LogSoftmax", "MaxPool", "Relu", "Sigmoid", "Softmax", "SoftmaxCrossEntropyLoss",
    "Tanh",
)  # fmt: skip
FOLDER = Path(__file__).parent / "golden" / "onnx"


def store(op: str, everything: list[Any]) -> str:
    """Write the cases of one operator; return how many there are."""
    cases, arrays = [], {}
    for case in everything:
        nodes = case.model.graph.node
        if len(nodes) != 1 or nodes[0].op_type != op:
            continue
        inputs, outputs = case.data_sets[0]
        attributes = {a.name: get_attribute_value(a) for a in nodes[0].attribute}
        cases.append(
            {
                "name": case.name,
                "op": op,
                "inputs": len(inputs),
                # An input that is left out has an empty name.
                "given": [bool(name) for name in nodes[0].input],
                "shape": list(np.shape(inputs[0])),
                "dtype": str(np.asarray(inputs[0]).dtype),
                "attributes": {
                    name: value.decode() if isinstance(value, bytes) else value
                    for name, value in attributes.items()
                },
            }
        )
        if np.ndim(inputs[0]) <= 4:
            for position, value in enumerate(inputs):
                arrays[f"{case.name}/in{position}"] = np.asarray(value)
            arrays[f"{case.name}/out"] = np.asarray(outputs[0])
    path = FOLDER / f"{op}.npz"
    about = {"onnx_version": onnx.__version__, "cases": cases}
    np.savez_compressed(path, about=np.array(json.dumps(about)), **arrays)
    return f"{len(cases)} cases, {path.stat().st_size // 1024} kB"


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some cases of other operators overflow on purpose
        found = collect_testcases()
    print(f"onnx {onnx.__version__}: {len(found)} cases in all")
    for op in sys.argv[1:] or CLAIMED:
        print(f"{op}: {store(op, found)}")
