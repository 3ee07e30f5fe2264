"""The quiz of chapter 07."""

from cnnlib.course.judge.quiz import Quiz, right, wrong

quiz = Quiz(
    "ex.quiz",
    (
        "Your new network reads digits with an accuracy of 85% after three epochs, and its loss "
        "fell in every one. What does that prove about its gradients?",
        wrong(
            "They are right; wrong ones could not have trained it.",
            "Patient C trained well with a wrong gradient, and so did the network whose "
            "convolutions got none. The layers that are right make up for the others.",
        ),
        wrong(
            "They are right in the convolutions, since those do most of the work.",
            "It is the other way round: random filters are useful enough for a dense layer that "
            "learns alone, and so the convolutions may have learned nothing.",
        ),
        right(
            "Only that the steps pointed roughly downhill.",
            "Some layer learned. The gradient norms tell which ones did; whether each slope is "
            "right, only a gradient check can tell.",
        ),
        wrong(
            "Nothing at all, since guessing gives nearly as much.",
            "Guessing among ten digits gives 10%. Something has learned; the question is what.",
        ),
    ),
    (
        "A gradient check passes on random numbers. On real digits, with fresh biases, it fails. "
        "What do you look at first?",
        right(
            "Whether some inputs of a ReLU are exactly 0.",
            "Black pixels and zero biases put the ReLU on its corner, where the code says 0 and "
            "the nudge says one half. Move the biases a little, and check again.",
        ),
        wrong(
            "The backward code, since a failed check means a bug.",
            "That is the usual reason, so it is tempting. But this code has just passed where no "
            "corner was near, so the place is the more likely cause.",
        ),
        wrong(
            "The tolerance, which is too strict for real data.",
            "At a corner the two slopes differ by half of the gradient. A tolerance that lets this "
            "pass would let most bugs pass as well.",
        ),
    ),
    (
        "A central difference with h = 0.01 is a little off. Would h = 1e-13 be better, in "
        "float64?",
        wrong(
            "Yes, its error shrinks with h², so the smaller the better.",
            "The error that comes from the bend of the curve does shrink like that. But a second "
            "error grows as h shrinks: rounding.",
        ),
        right(
            "No, the two values then agree in nearly all digits, and mostly rounding is left.",
            "A float64 keeps about 16 digits. Their difference keeps only the last two or three, "
            "and dividing by 2h blows up the noise; 1e-5 is near the best.",
        ),
        wrong(
            "No, 1e-13 is so small that float64 takes it for 0.",
            "Float64 can hold numbers far smaller than that. What is lost are the digits of "
            "f(x + h) - f(x - h).",
        ),
    ),
    (
        "In a network of dense layers, every weight starts at 0.5 and every bias at 0. What "
        "happens in training?",
        wrong(
            "Nothing moves, since every gradient is 0.",
            "That is nearly what happens when all weights are 0: only the last biases move then. "
            "With 0.5, signals and gradients do flow.",
        ),
        wrong(
            "It learns as usual, only more slowly at first.",
            "No patience helps: nothing in the steps can tell one unit from another.",
        ),
        wrong(
            "The signals explode after a few layers, however narrow they are.",
            "Large weights can do that, and in a wide layer 0.5 is large. But equal weights spoil "
            "the training at any scale, small ones too.",
        ),
        right(
            "The units of each hidden layer stay copies of each other, and work as one.",
            "Equal units get equal gradients and take equal steps. Random starting weights break "
            "the tie.",
        ),
    ),
    (
        "A network with ten classes has just been built, and its first loss is 60. What is the "
        "most likely cause?",
        wrong(
            "The learning rate is too high.",
            "It can ruin the loss, but only from the second step on. Here no step has been taken.",
        ),
        right(
            "The inputs or the first weights are far too large.",
            "A network that knows nothing should lose about ln 10 = 2.3. Huge scores make it "
            "confident and wrong, as with bytes from 0 to 255.",
        ),
        wrong(
            "It has too few weights for the task.",
            "A small network that has learned nothing is unsure, and being unsure costs 2.3.",
        ),
        wrong(
            "All its ReLUs are dead.",
            "Then all scores would be the biases, equal for every image, and the loss about 2.3. "
            "That is how patient A ended, not how it began.",
        ),
    ),
    (
        "Two machines each compute the gradient of half a batch, 32 images here and 32 there. The "
        "loss is a mean. How do you get the gradient of the whole batch?",
        wrong(
            "Add the two.",
            "Gradients do add where paths meet. But each half was already divided by its own 32, "
            "so the sum is twice as large as it should be.",
        ),
        wrong(
            "Keep the one that is larger, entry by entry.",
            "That would be right for the winners of max pooling. In a mean every image counts the "
            "same.",
        ),
        right(
            "Take the average of the two.",
            "The loss of the whole is the average of the two losses, and so is its gradient. With "
            "parts of unequal size it would be a weighted average.",
        ),
    ),
)
