"""Optimisers: a step or two, each computed on paper."""

import numpy as np
import pytest

from cnnlib.layers import Parameter
from cnnlib.optim import SGD, Adam, AdamW, CosineAnnealingLR, Scheduler, StepLR


def weight(value=1.0, grad=2.0):
    parameter = Parameter("weight", (1,), lambda: np.array([value]), np.float64)
    parameter.grad = np.array([grad])
    return parameter


def after(optimizer, steps):
    for _ in range(steps):
        optimizer.step()
    return float(optimizer.parameters[0].value[0])


def test_plain_sgd():
    assert after(SGD([weight()], lr=0.1), 2) == pytest.approx(1 - 0.1 * 2 - 0.1 * 2)


def test_momentum():
    # velocity 2, then 0.9·2 + 2 = 3.8
    assert after(SGD([weight()], lr=0.1, momentum=0.9), 2) == pytest.approx(1 - 0.2 - 0.38)


def test_nesterov():
    # step 1: 2 + 0.9·2 = 3.8; step 2: velocity 3.8, so 2 + 0.9·3.8 = 5.42
    optimizer = SGD([weight()], lr=0.1, momentum=0.9, nesterov=True)
    assert after(optimizer, 2) == pytest.approx(1 - 0.38 - 0.542)


def test_weight_decay():
    # gradient 2 + 0.5·1 = 2.5, value 0.75; then 2 + 0.5·0.75 = 2.375
    assert after(SGD([weight()], lr=0.1, weight_decay=0.5), 2) == pytest.approx(0.75 - 0.2375)


def test_adam_steps_by_the_learning_rate_whatever_the_scale():
    # With a constant gradient both corrected averages equal it: every step is lr · g / |g|.
    assert after(Adam([weight(grad=2.0)], lr=0.1), 3) == pytest.approx(0.7)
    assert after(Adam([weight(grad=-1e-3)], lr=0.1), 3) == pytest.approx(1.3, abs=1e-5)


def test_adam_second_step_by_hand():
    parameter = weight(value=0.0, grad=1.0)
    optimizer = Adam([parameter], lr=0.1, betas=(0.5, 0.5), eps=0.0)
    optimizer.step()
    parameter.grad = np.array([3.0])
    optimizer.step()
    # mean: 0.5, then 1.75, corrected by 1 - 0.25: 7/3. square: 0.5, then 4.75, corrected: 19/3.
    assert parameter.value[0] == pytest.approx(-0.1 - 0.1 * (7 / 3) / np.sqrt(19 / 3))


def test_adamw_shrinks_apart_from_the_step():
    # 1 · (1 - 0.1·0.5) = 0.95, then a step of lr
    assert after(AdamW([weight()], lr=0.1, weight_decay=0.5), 1) == pytest.approx(0.85)


def test_adam_adds_weight_decay_to_the_gradient():
    # gradient 2 + 0.5·1: a first step of lr, whatever the size
    assert after(Adam([weight()], lr=0.1, weight_decay=0.5), 1) == pytest.approx(0.9)
    # with a gradient of 0, the decay alone drives the step
    assert after(Adam([weight(grad=0.0)], lr=0.1, weight_decay=0.5), 1) == pytest.approx(0.9)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, 0.1, momentum=0.9, nesterov=True),
        lambda p: Adam(p, 0.1),
        lambda p: AdamW(p, 0.1),
    ],
)
def test_state_dict_carries_on_exactly(make):
    parameters, others = [weight(), weight(2.0)], [weight(), weight(2.0)]
    optimizer, other = make(parameters), make(others)
    after(optimizer, 3)
    optimizer.lr = 0.05
    state = optimizer.state_dict()
    before = {name: np.copy(value) for name, value in state.items()}
    for mine, theirs in zip(parameters, others, strict=True):
        theirs.value = mine.value.copy()
    other.load_state_dict(state)
    assert after(optimizer, 2) == after(other, 2)
    assert other.lr == 0.05
    # The steps since have not moved what was handed out.
    for name, value in before.items():
        np.testing.assert_array_equal(state[name], value)


def test_state_of_other_parameters_is_refused():
    optimizer = SGD([weight()], 0.1, momentum=0.9)
    after(optimizer, 1)
    state = optimizer.state_dict()
    wide = Parameter("weight", (2,), lambda: np.ones(2), np.float64)
    other = SGD([wide], 0.3, momentum=0.9)
    with pytest.raises(ValueError, match=r"velocity.0 of shape \(1,\) belongs to no parameter"):
        other.load_state_dict(state)
    with pytest.raises(ValueError, match=r"velocity.7 of shape .* belongs to no parameter"):
        other.load_state_dict({"velocity.7": np.ones(2), "lr": 1.0, "steps": 1})
    with pytest.raises(ValueError, match="expected lr and steps"):
        other.load_state_dict({})
    assert other.lr == 0.3


def test_state_of_another_kind_of_optimiser_is_refused():
    sgd, adam, adamw = SGD([weight()], 0.1, momentum=0.9), Adam([weight()]), AdamW([weight()])
    for optimizer in (sgd, adam, adamw):
        after(optimizer, 1)
    with pytest.raises(ValueError, match=r"^SGD.load_state_dict: mean.0 is from another kind"):
        sgd.load_state_dict(adam.state_dict())
    with pytest.raises(ValueError, match=r"this one keeps mean and square\. Build the same"):
        adam.load_state_dict(sgd.state_dict())
    adamw.load_state_dict(adam.state_dict())
    assert adamw.state_dict().keys() == adam.state_dict().keys()


def test_an_optimiser_of_ones_own_may_keep_what_it_likes():
    class Slow(SGD):
        _keeps = None

    slow = Slow([weight()], 0.1)
    slow.load_state_dict({"drift.0": np.ones(1), "lr": 0.2, "steps": 3})
    assert slow.state_dict().keys() == {"drift.0", "lr", "steps"}


def test_float32_stays_float32_and_gradients_are_left_alone():
    for make in (SGD, Adam, AdamW):
        parameter = Parameter("weight", (2,), lambda: np.ones(2), np.float32)
        parameter.grad = np.ones(2, np.float32)
        parameter.grad.setflags(write=False)
        optimizer = make([parameter], lr=0.1, weight_decay=0.1)
        optimizer.step()
        assert parameter.value.dtype == np.float32
        assert (parameter.value < 1).all()


def test_step_schedule():
    optimizer = SGD([weight()], lr=1.0)
    schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    rates = []
    for _ in range(5):
        schedule.step()
        rates.append(optimizer.lr)
    assert rates == [1.0, 0.5, 0.5, 0.25, 0.25]


def test_cosine_schedule():
    optimizer = SGD([weight()], lr=1.0)
    schedule = CosineAnnealingLR(optimizer, T_max=4, eta_min=0.2)
    rates = []
    for _ in range(6):
        schedule.step()
        rates.append(optimizer.lr)
    half = np.sqrt(0.5)
    expected = [0.6 + 0.4 * half, 0.6, 0.6 - 0.4 * half, 0.2, 0.2, 0.2]
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: SGD([], lr=0.1), ValueError, "Pass model.parameters()"),
        (lambda: SGD([np.zeros(3)], lr=0.1), TypeError, "expected Parameter objects"),
        (lambda: SGD([weight()], lr=-0.1), ValueError, "lr must be at least 0, got -0.1"),
        (lambda: SGD([weight()], lr="fast"), TypeError, "lr must be a number, got 'fast'"),
        (lambda: SGD([weight()], lr=float("nan")), ValueError, "lr must be finite"),
        (lambda: SGD([weight()], lr=0.1, nesterov=True), ValueError, "momentum above 0"),
        (lambda: Adam([weight()], betas=(0.9, 1.0)), ValueError, "below 1"),
        (lambda: StepLR(SGD([weight()], lr=1.0), 0), ValueError, "step_size must be at least 1"),
    ],
)
def test_bad_settings_name_the_fix(make, error, words):
    with pytest.raises(error) as caught:
        make()
    assert words in str(caught.value)


@pytest.mark.parametrize("make", [SGD, Adam])
def test_step_without_gradients_changes_nothing(make):
    ready, empty = weight(), weight()
    empty.grad = None
    optimizer = make([ready, empty], lr=0.1)
    with pytest.raises(ValueError, match=r"has no gradient yet. Run model.backward"):
        optimizer.step()
    assert ready.value.tolist() == [1.0]


# --- a schedule of one's own --------------------------------------------------------------------


class Warmup(Scheduler):
    """Rise to the start in a few epochs."""

    def __init__(self, optimizer, length):
        super().__init__(optimizer)
        self.length = length

    def rate(self, epoch):
        return self.start * min((epoch + 1) / self.length, 1)


def test_a_schedule_of_ones_own_needs_its_rate_alone():
    optimizer = SGD([weight()], lr=1.0)
    schedule = Warmup(optimizer, 4)
    rates = []
    for _ in range(4):
        schedule.step()
        rates.append(optimizer.lr)
    assert rates == [0.5, 0.75, 1.0, 1.0]
    assert schedule.epochs == 4


@pytest.mark.parametrize(
    "make",
    [lambda o: StepLR(o, 2, 0.3), lambda o: CosineAnnealingLR(o, 7, 0.01), lambda o: Warmup(o, 5)],
)
def test_a_schedule_carries_on_from_its_state(make):
    optimizer, other = SGD([weight()], lr=0.7), SGD([weight()], lr=0.7)
    schedule, follower = make(optimizer), make(other)
    for _ in range(3):
        schedule.step()
    other.lr = 5.0
    follower.load_state_dict(schedule.state_dict())
    assert other.lr == 5.0
    for _ in range(3):
        schedule.step()
        follower.step()
        assert optimizer.lr == other.lr
    assert follower.state_dict() == {"epochs": 6, "start": 0.7}


@pytest.mark.parametrize(
    ("state", "error"),
    [({}, ValueError), ({"epochs": 2}, ValueError), ({"epochs": -1, "start": 0.1}, ValueError),
     ({"epochs": 1.5, "start": 0.1}, TypeError), ({"epochs": 1, "start": "x"}, TypeError)],
)  # fmt: skip
def test_a_schedule_refuses_another_state(state, error):
    schedule = StepLR(SGD([weight()], lr=0.7), 2)
    with pytest.raises(error, match=r"^StepLR.load_state_dict: "):
        schedule.load_state_dict(state)
    assert schedule.state_dict() == {"epochs": 0, "start": 0.7}


@pytest.mark.parametrize(
    ("rate", "error", "words"),
    [(float("nan"), ValueError, "must be finite"), (-1, ValueError, "must be at least 0, got -1"),
     (None, TypeError, "must be a number, got None")],
)  # fmt: skip
def test_a_rate_that_is_none_is_refused(rate, error, words):
    class Odd(Scheduler):
        def rate(self, epoch):
            return rate

    optimizer = SGD([weight()], lr=0.5)
    schedule = Odd(optimizer)
    with pytest.raises(error, match=rf"^Odd.rate\(1\): the learning rate {words}"):
        schedule.step()
    assert (optimizer.lr, schedule.epochs) == (0.5, 0)


def test_a_schedule_without_a_rate_is_refused_at_once():
    class Idle(Scheduler):
        pass

    for kind in (Idle, Scheduler):
        with pytest.raises(TypeError, match=rf"^{kind.__name__}: rate is not defined. Derive"):
            kind(SGD([weight()], lr=0.5))
    with pytest.raises(TypeError, match=r"^StepLR: optimizer must be an optimiser .* got 0.1"):
        StepLR(0.1, 2)


def test_adam_does_not_go_on_without_its_averages():
    sgd, adam = SGD([weight()], 0.1), Adam([weight()], 0.2)
    after(sgd, 3)  # without momentum it keeps no averages
    with pytest.raises(ValueError, match=r"^Adam.load_state_dict: mean.0 is missing"):
        adam.load_state_dict(sgd.state_dict())
    assert adam.lr == 0.2
    adam.load_state_dict(Adam([weight()], 0.3).state_dict())  # before the first step there are none
    assert adam.lr == 0.3
