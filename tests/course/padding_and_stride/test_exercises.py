"""What the exercises of notebook 03 say to wrong answers that are written in other ways."""

import numpy as np
import pytest

from cnnlib.course.padding_and_stride import exercises as ex


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


def size_by_true_division(size, kernel_size, stride=1, padding=0):
    steps = (size - kernel_size + 2 * padding) / stride
    return 1 + steps


def size_by_overshooting(size, kernel_size, stride=1, padding=0):
    start, places = 0, 1
    while start < size + 2 * padding - kernel_size:
        start += stride
        places += 1
    return places


def pad_in_front_and_slide_by_one(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded = np.pad(x, ((padding[0], 0), (padding[1], 0)))
    return ex.conv2d.model_answer(padded, kernel)


def turned_and_unpadded(x, kernel, stride=(1, 1), padding=(0, 0)):
    return ex.conv2d.model_answer(x, np.flip(kernel), stride)


def pad_and_refuse_zero(x, padding):
    h, w = x.shape[2:]
    y = np.zeros((*x.shape[:2], h + 2 * padding[0], w + 2 * padding[1]), x.dtype)
    y[..., padding[0] : -padding[0], padding[1] : -padding[1]] = x
    return y


def layers_with_the_strides_summed(target, kernel_size, stride=1):
    seen, step, layers = 1, 1, 0
    while seen < target:
        seen += (kernel_size - 1) * step
        layers += 1
        step = max(1, layers * stride)
    return layers


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (ex.output_size, size_by_true_division, "`/` keeps the fraction"),
        (ex.output_size, size_by_overshooting, "as if the division were rounded up"),
        (ex.same_padding, lambda kernel_size: ((kernel_size - 1) / 2,) * 2, "cannot be halved"),
        (ex.pad, pad_and_refuse_zero, "Does a slice end in `-down`"),
        (ex.layers_needed, layers_with_the_strides_summed, "They multiply: 2, 4, 8."),
        (ex.conv2d, pad_in_front_and_slide_by_one, "on the left only, and the stride is not used"),
        (ex.conv2d, turned_and_unpadded, "flipped (half a turn), and the padding is not used"),
        (
            ex.conv2d,
            lambda x, kernel, stride=(1, 1), padding=(0, 0): ex.conv2d.model_answer(
                x, kernel, stride, padding
            ).tolist(),
            "np.array(",
        ),
    ],
)
def test_a_variant_of_a_mistake_is_named(exercise, answer, words):
    verdict = exercise.check(answer)
    assert verdict.status == "wrong"
    assert words in verdict.diagnosis


def test_pixels_seen_and_their_span_are_the_same_in_every_case():
    """Where the stride is larger than the kernel they differ, and both are called the view."""
    for trial in ex.layers_needed.trials:
        _, kernel_size, stride = (*trial.call.args, *trial.call.kwargs.values(), 1)[:3]
        assert stride <= kernel_size
