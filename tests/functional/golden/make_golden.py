"""Ask PyTorch for every operation's outputs and gradients, and store them: the golden results.

Run ``python tests/golden/make_golden.py`` where torch is installed. The cases are listed in
`golden_cases.py`. Their inputs are drawn there from a fixed seed, and stored too, so that the
comparison does not depend on NumPy's random streams.
"""

from pathlib import Path

import numpy as np
import torch
from golden_cases import CASES, draw
from golden_oracle import expected

arrays: dict[str, np.ndarray] = {"torch_version": np.array(torch.__version__.split("+")[0])}
for number, case in enumerate(CASES):
    inputs, dout = draw(case)
    for name, value in {**inputs, "dout": dout, **expected(case, inputs, dout)}.items():
        arrays[f"{number}/{name}"] = value

path = Path(__file__).with_name("golden.npz")
np.savez_compressed(path, **arrays)
print(f"{len(CASES)} cases from torch {arrays['torch_version']}: {path.stat().st_size // 1024} kB")
