"""What a browser takes instead of the training is a result of that training."""

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.course.training_a_cnn import stored_run
from cnnlib.datasets import load_digits
from cnnlib.history import Epoch, History
from cnnlib.pretrained import load_digits_cnn
from cnnlib.training import evaluate


def test_the_weights_are_the_stored_ones_and_the_curve_is_of_a_whole_training(capsys) -> None:
    model = course_cnn(np.random.default_rng(7))
    history = stored_run.load(model)
    assert capsys.readouterr().out.startswith("Not trained here: ")
    stored = load_digits_cnn().state_dict()
    assert all(np.array_equal(value, stored[name]) for name, value in model.state_dict().items())
    assert [epoch.number for epoch in history.epochs] == list(range(1, 13))
    assert len(history.batch_losses) == 12 * 125
    for k, epoch in enumerate(history.epochs):
        assert abs(np.mean(history.batch_losses[125 * k : 125 * (k + 1)]) - epoch.train_loss) < 1e-3
    # Two machines end near each other.
    loss, accuracy = evaluate(model, load_digits().validation)
    assert abs(history.epochs[-1].validation_loss - loss) < 0.01
    assert abs(history.epochs[-1].validation_accuracy - accuracy) < 0.01


def test_a_curve_is_stored_as_it_is_read(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(stored_run, "CURVE", tmp_path / "curve.json")
    kept = History([Epoch(1, 0.5, 0.75, 0.25, 0.875, 2.0)], [0.5, 0.25])
    stored_run.keep(kept)
    assert stored_run.load(course_cnn(np.random.default_rng(0))) == kept
