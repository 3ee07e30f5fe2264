"""What the exercises of notebook 07 say about patient D, and about a layer, is true."""

import re

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.course.backpropagation import exercises as ex
from cnnlib.course.tools.notebook_rules import Notebook
from cnnlib.datasets import load_digits


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


@pytest.fixture(scope="module")
def patient():
    """The function that stands in the notebook as text, for the reader to copy."""
    cells = Notebook.read("07_backpropagation").prose
    text = next(cell.source for cell in cells if cell.id == "exercise-repaired-step")
    names = {"F": F, "np": np}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    return names["my_repaired_step"]


def test_patient_d_has_all_four_faults(patient):
    assert "with all four faults" in ex.repaired_step.check(patient).diagnosis


def test_patient_d_does_not_learn_and_the_repaired_one_does(patient):
    images, labels = load_digits().train
    ten = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    images, labels = images[ten].astype(np.float64), labels[ten]

    def loss_after(step):
        rng = np.random.default_rng(0)
        filters = rng.standard_normal((4, 1, 3, 3)) * np.sqrt(2 / 9)
        weight = rng.standard_normal((10, 784)) * np.sqrt(2 / 784)
        for _ in range(60):
            filters, weight = step(images, labels, filters, weight, 0.05)
        maps = F.relu(F.conv2d(images, filters, padding=1))
        return F.cross_entropy(F.linear(F.flatten(F.max_pool2d(maps, 2)), weight), labels)

    assert loss_after(patient) > 0.5
    assert loss_after(ex.repaired_step.model_answer) < 0.1


def test_each_fault_that_is_left_is_counted(patient):
    counts = [mistake.diagnosis.split()[0] for mistake in ex.repaired_step.mistakes]
    assert [counts.count(word) for word in ("One", "Two", "Three")] == [4, 6, 4]


def test_a_layer_with_only_its_stub_is_not_attempted():
    class Stub:
        def __init__(self, weight, bias):
            pass

        def forward(self, x):
            return ...

        def backward(self, dout):
            return ...

    assert ex.linear_layer.check(Stub).status == "todo"


def test_a_layer_that_forgets_its_input_is_told_the_line():
    class Forgetful(ex.linear_layer.model_answer):
        def forward(self, x):
            return x @ self.weight.T + self.bias

        def backward(self, dout):
            return dout @ self.weight, dout.T @ self.x

    text = repr(ex.linear_layer.check(Forgetful)).replace("\n", " ")
    assert "AttributeError" in text
    assert "dout.T @ self.x" in text


def test_slopes_in_place_of_the_gradient_are_shown_where_they_differ():
    def slopes(dout, x, leak=0):
        return np.where(x > 0, 1, leak)  # whole numbers where there is no leak

    verdict = ex.relu_backward.check(slopes)
    assert verdict.diagnosis.startswith("These are the slopes of the ReLU")
    assert "[0.5]" in repr(verdict)
