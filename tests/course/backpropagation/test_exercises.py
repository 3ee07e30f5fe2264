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


Layer = ex.linear_layer.model_answer


class KeepsItsInputOnTheClass(Layer):
    def forward(self, x):
        type(self).x = x
        return x @ self.weight.T + self.bias


class TakesASmallStep(Layer):
    def backward(self, dout):
        dx = super().backward(dout)
        self.weight = self.weight - 0.01 * self.dweight
        return dx


class ReturnsAll(Layer):
    def backward(self, dout):
        return super().backward(dout), self.dweight, self.dbias


class ReturnsNothing(Layer):
    def backward(self, dout):
        super().backward(dout)


class LeavesNothing(Layer):
    def backward(self, dout):
        return dout @ self.weight


class LeavesNoBias(Layer):
    def backward(self, dout):
        self.dweight = dout.T @ self.x
        return dout @ self.weight


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (KeepsItsInputOnTheClass, "Two layers disturb each other"),
        (TakesASmallStep, "`forward` gives other numbers for the same batch"),
        (ReturnsAll, "`backward` returns 3 results. It should return `dx` alone"),
        (ReturnsNothing, "`backward` returns None. It should return `dx`"),
        (LeavesNothing, "there is nothing in `self.dweight` and `self.dbias`."),
        (LeavesNoBias, "there is nothing in `self.dbias`."),
    ],
)
def test_how_a_layer_is_used_is_judged_too(layer, words):
    verdict = ex.linear_layer.check(layer)
    assert verdict.status == "wrong"
    assert words in verdict.diagnosis
    assert "raised" not in repr(verdict)


def test_windows_that_leave_out_the_last_row_are_as_the_notebook_says():
    starts, kernel, stride = (0, 2), 3, 2
    y = F.conv2d(np.ones((1, 1, 6, 6)), np.ones((1, 1, kernel, kernel)), stride=stride)
    assert y.shape[2] == len(starts)
    assert starts[-1] + kernel - 1 == 4  # the last row that is read; row 5 is not
    spread_out = (len(starts) - 1) * stride + 1
    assert F.conv2d(np.ones((1, 1, 6, 6)), np.ones((1, 1, spread_out, spread_out))).shape[2] == 4


def test_units_that_start_alike_get_the_same_gradient():
    rng = np.random.default_rng(0)
    first, second, head = (np.full(shape, 0.5) for shape in ((5, 8), (4, 5), (3, 4)))
    for _ in range(3):
        x, labels = rng.normal(size=(6, 8)), rng.integers(3, size=6)
        a = F.relu(F.linear(x, first))
        b = F.relu(F.linear(a, second))
        dscores = F.cross_entropy_backward(F.linear(b, head), labels)
        db, dhead, _ = F.linear_backward(dscores, b, head)
        da, dsecond, _ = F.linear_backward(F.relu_backward(db, b), a, second)
        dfirst = F.linear_backward(F.relu_backward(da, a), x, first)[1]
        first, second, head = first - dfirst, second - dsecond, head - dhead
    assert (first == first[:1]).all()
    assert np.ptp(first[0]) > 0.1
    np.testing.assert_allclose(second, second[:1].repeat(4, axis=0), rtol=1e-12)
