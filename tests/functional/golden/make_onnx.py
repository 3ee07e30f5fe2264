"""Store the ONNX node conformance cases of the operators that cnnlib claims.

Run ``python tests/golden/make_onnx.py`` where onnx is installed. Cases with more than two spatial
axes are listed by name only: cnnlib has no such operations, and their arrays are large.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases
from onnx.helper import get_attribute_value

CLAIMED = (
    "AveragePool", "BatchNormalization", "Conv", "Flatten", "Gemm", "GlobalAveragePool", "LRN",
    "LeakyRelu", "LogSoftmax", "MaxPool", "Relu", "Sigmoid", "Softmax", "SoftmaxCrossEntropyLoss",
    "Tanh",
)  # fmt: skip

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # some cases of other operators overflow on purpose
    everything = collect_testcases()

cases, arrays = [], {}
for case in everything:
    nodes = case.model.graph.node
    if len(nodes) != 1 or nodes[0].op_type not in CLAIMED:
        continue
    inputs, outputs = case.data_sets[0]
    attributes = {a.name: get_attribute_value(a) for a in nodes[0].attribute}
    cases.append(
        {
            "name": case.name,
            "op": nodes[0].op_type,
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

about = {"onnx_version": onnx.__version__, "of_all_cases": len(everything), "cases": cases}
path = Path(__file__).with_name("onnx.npz")
np.savez_compressed(path, about=np.array(json.dumps(about)), **arrays)
print(
    f"{len(cases)} of {len(everything)} cases, onnx {onnx.__version__}: "
    f"{path.stat().st_size // 1024} kB"
)
