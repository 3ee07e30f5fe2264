"""The training of the notebook, run beforehand: for a browser's Python, where it takes minutes.

The weights are those of `load_digits_cnn`. The curve of their training was not kept, so the stored
one is of the same training on another machine, where the weights end slightly differently:

    python -m cnnlib.course.training_a_cnn.stored_run
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from cnnlib.course.training_a_cnn.recipes import RECIPES, train
from cnnlib.datasets import load_digits
from cnnlib.files import write_whole
from cnnlib.history import Epoch, History
from cnnlib.model import Sequential
from cnnlib.pretrained import load_digits_cnn

__all__ = ["load"]

CURVE = Path(__file__).with_name("stored_run.json")


def load(model: Sequential) -> History:
    """Give a network the stored weights instead of training it, and say so.

    Parameters
    ----------
    model : Sequential
        Built as `cnnlib.architectures.course_cnn` is. It is written to.

    Returns
    -------
    History
        Of the same training.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.architectures import course_cnn
    >>> history = load(course_cnn(np.random.default_rng(0)))
    Not trained here: the stored weights, and the curve of the same training on another machine.
    >>> history
    History(12 epochs, 1500 batches)
    """
    model.load_state_dict(load_digits_cnn().state_dict())
    stored = json.loads(CURVE.read_text(encoding="utf-8"))
    print(
        "Not trained here: the stored weights, and the curve of the same training on another "
        "machine."
    )
    return History([Epoch(**epoch) for epoch in stored["epochs"]], stored["batch_losses"])


def keep(history: History) -> None:
    """Store a curve beside this file, to as many digits as a figure can show."""
    epochs = [
        {name: round(value, 6) for name, value in asdict(epoch).items()} for epoch in history.epochs
    ]
    losses = [round(loss, 4) for loss in history.batch_losses]
    lines = ",\n".join(json.dumps(epoch) for epoch in epochs)
    text = f'{{"epochs": [\n{lines}\n],\n"batch_losses": {json.dumps(losses)}}}\n'
    write_whole(CURVE, text.encode())


if __name__ == "__main__":
    keep(train(RECIPES["digits"], load_digits(), seed=0)[1])
