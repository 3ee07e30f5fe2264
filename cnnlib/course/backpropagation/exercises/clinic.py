"""The clinic: a training step with four faults."""

from functools import partial
from itertools import combinations

import numpy as np

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.course.backpropagation.exercises.shared import chapter
from cnnlib.course.judge import textbook
from cnnlib.course.judge.numbers import halves
from cnnlib.course.judge.run import Call, case


def _step_case(rng: np.random.Generator) -> Call:
    n, classes, c = (int(rng.integers(low, 4)) for low in (1, 2, 1))
    h, w = (2 * int(a) for a in rng.integers(1, 3, 2))
    images, filters = halves(rng, n, 1, h, w) / 4, halves(rng, c, 1, 3, 3) / 4
    weight = halves(rng, classes, c * h * w // 4) / 4
    lr = float(rng.choice([0.125, 0.25, 0.5]))
    return case(images, rng.integers(0, classes, n), filters, weight, lr)


def _step_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(7)

    def of(n: int, c: int, classes: int, h: int, w: int, lr: float = 0.5) -> Call:
        images, filters = halves(rng, n, 1, h, w) / 4, halves(rng, c, 1, 3, 3) / 4
        weight = halves(rng, classes, c * h * w // 4) / 4
        return case(images, np.arange(n) % classes, filters, weight, lr)

    images, labels, filters, weight, lr = of(2, 2, 3, 4, 4).args
    return {
        "there is one image": [of(1, 2, 3, 4, 2)],
        "there are more than three images": [of(6, 1, 2, 2, 4)],
        "every pixel is 0": [case(0 * images, labels, filters, weight, lr)],
        "every map is negative": [case(abs(images) + 1, labels, -abs(filters) - 1, weight, lr)],
        "every filter is 0": [case(images, labels, 0 * filters, weight, lr)],
        "every weight is 0": [case(images, labels, filters, 0 * weight, lr)],
        "every image has the same label": [case(images, np.array([2, 2]), filters, weight, lr)],
        "the scores are large": [case(images, labels, 64 * filters, 64 * weight, lr)],
        "`lr` is 0": [case(images, labels, filters, weight, 0.0)],
    }


def _step_oracle(images, labels, filters, weight, lr):
    """Return the weights after a step that is made by the loops of the textbook."""
    maps = reference.conv2d(images, filters, padding=1)
    active = maps * (maps > 0)
    pooled = reference.max_pool2d(active, 2)
    flat = pooled.reshape(len(images), -1)
    dscores = textbook.cross_entropy_backward(reference.linear(flat, weight), labels)
    dflat, dweight, _ = reference.linear_backward(dscores, flat, weight)
    dactive = reference.max_pool2d_backward(dflat.reshape(pooled.shape), active, 2)
    _, dfilters, _ = reference.conv2d_backward(dactive * (maps > 0), images, filters, padding=1)
    return filters - lr * dfilters, weight - lr * dweight


@chapter.coding(
    "The clinic: patient D",
    level=3,
    minutes=15,
    parts=("the new filters", "the new weight"),
    cases=_step_case,
    regions=_step_regions(),
    oracle=_step_oracle,
    hints=[
        "Patient B of the lesson had one of the four faults. Two more make a gradient wrong: the "
        "gradient check finds them. The last one leaves the gradient right and walks the wrong "
        "way.",
        "With `lr=1`, old filters minus new filters is the gradient that a step has used. Give it "
        "to `check_gradient`, with a function of the filters that returns the loss.",
        "Ask each line: does `cross_entropy_backward` want scores or probabilities? Which `weight` "
        "made the scores? Does the gate look at the input? Do both steps go downhill?",
    ],
)
def repaired_step(images, labels, filters, weight, lr):
    """Return filters and weight after one step of training."""
    maps = F.conv2d(images, filters, padding=1)
    active = F.relu(maps)
    pooled = F.max_pool2d(active, 2)
    flat = F.flatten(pooled)
    scores = F.linear(flat, weight)

    dscores = F.cross_entropy_backward(scores, labels)
    dflat = dscores @ weight
    dweight = dscores.T @ flat
    dpooled = F.flatten_backward(dflat, pooled)
    dactive = F.max_pool2d_backward(dpooled, active, 2)
    dmaps = np.where(maps > 0, dactive, 0)
    _, dfilters, _ = F.conv2d_backward(dmaps, images, filters, padding=1)
    return filters - lr * dfilters, weight - lr * dweight


def _sick_step(faults, images, labels, filters, weight, lr):
    """Take a step with some of the faults of patient D, and with some that a repair may add."""
    maps = F.conv2d(images, filters, padding=1)
    active = F.relu(maps)
    pooled = F.max_pool2d(active, 2)
    flat = F.flatten(pooled)
    scores = F.linear(flat, weight)

    out = F.softmax(scores) if faults & {"softmax", "twice"} else scores
    dscores = F.cross_entropy_backward(out, labels)
    if "twice" in faults:
        dscores = F.softmax_backward(dscores, scores)
    if "divided" in faults:
        dscores = dscores / len(images)
    if "sum" in faults:
        dscores = dscores * len(images)
    dweight = dscores.T @ flat
    stepped = weight + lr * dweight if "climbs" in faults else weight - lr * dweight
    dflat = dscores @ (stepped if "order" in faults else weight)
    dactive = F.max_pool2d_backward(F.flatten_backward(dflat, pooled), active, 2)
    gate = dactive if "gate" in faults else maps
    dmaps = dactive if "no gate" in faults else np.where(gate > 0, dactive, 0)
    _, dfilters, _ = F.conv2d_backward(dmaps, images, filters, padding=1)
    if "gradients" in faults:
        return dfilters, dweight
    rate = 1 if "no rate" in faults else lr
    return filters + lr * dfilters if "sign" in faults else filters - rate * dfilters, stepped


# Each fault: where it is, and what to say when it is the only one left.
_FAULTS = {
    "softmax": (
        "what `cross_entropy_backward` is given",
        "One fault is left. `cross_entropy_backward` has its softmax inside and wants the scores; "
        "it is given probabilities, so softmax is applied twice.",
    ),
    "order": (
        "the order of the lines",
        "One fault is left. The weight is changed before the gradient has gone back through it: "
        "`dflat` needs the weight that made the scores.",
    ),
    "gate": (
        "the gate of the ReLU",
        "One fault is left. The gate of the ReLU looks at the gradient, but whether it is open "
        "depends on the input: `maps > 0`.",
    ),
    "sign": (
        "the direction of a step",
        "One fault is left. The filters step along their gradient, so the loss climbs: a step goes "
        "against it, with a minus.",
    ),
}


def _what_is_left(left):
    places = [_FAULTS[fault][0] for fault in left]
    if len(left) == 1:
        return _FAULTS[left[0]][1]
    if len(left) == len(_FAULTS):
        return (
            "This is patient D as it came in, with all four faults. Begin at the top: what does "
            "`cross_entropy_backward` expect?"
        )
    count = {2: "Two", 3: "Three"}[len(left)]
    return f"{count} faults are left. Look at {', at '.join(places[:-1])} and at {places[-1]}."


for _count in range(1, len(_FAULTS) + 1):
    for _left in combinations(_FAULTS, _count):
        repaired_step.mistake(_what_is_left(_left))(partial(_sick_step, set(_left)))
for _added, _diagnosis in {
    "no gate": "The gate of the ReLU is gone, so its gradient passes everywhere. Let it through "
    "where `maps > 0`.",
    "climbs": "The weight steps along its gradient, so the loss climbs. Both steps go against the "
    "gradient, with a minus.",
    "divided": "The gradient is divided by the batch size twice. `cross_entropy_backward` has "
    "done it already.",
    "sum": "The gradient of the batch is a sum, but the loss is a mean over the images: divide it "
    "by their number, as `cross_entropy_backward` does.",
    "twice": "Softmax is still applied twice, though its gradient is now right. It would learn "
    "no better than patient B did: give the scores to `cross_entropy_backward`.",
    "gradients": "These are the gradients. Return the new filters and the new weight: old minus "
    "`lr` times gradient.",
    "no rate": "The filters step by their whole gradient. Multiply it by `lr`.",
}.items():
    repaired_step.mistake(_diagnosis)(partial(_sick_step, {_added}))
