"""The quiz of chapter 04."""

from cnnlib.course.judge.quiz import Quiz, right, wrong

quiz = Quiz(
    "ex.quiz",
    (
        "The first layer of a network looks at colour images. How many filters does it have?",
        wrong(
            "Three, one each for red, green and blue.",
            "Many texts say so. Three is the number of kernels in each filter; every filter looks "
            "at all three channels.",
        ),
        wrong(
            "One, because the results of the channels are added.",
            "They are added inside one filter, and so one filter makes one map. A layer may have "
            "many filters.",
        ),
        right(
            "As many as its author chose.",
            "The number of filters is free. It decides how many maps come out, and nothing about "
            "the image sets it.",
        ),
        wrong(
            "A multiple of three.",
            "The number of kernels is a multiple of three, because each filter has three. The "
            "number of filters can be any.",
        ),
    ),
    (
        "A layer has 4 filters of 5×5 on an input with 8 channels. Which count is right?",
        wrong(
            "4 kernels and 4 biases.",
            "That takes filter and kernel for one thing. Each filter is a stack of 8 kernels.",
        ),
        right(
            "32 kernels and 4 biases.",
            "Each of the 4 filters has 8 kernels and, after adding their results, one bias.",
        ),
        wrong(
            "32 kernels and 32 biases.",
            "The 32 kernels are right. But the bias is added once for each filter, after the "
            "results of its kernels are added.",
        ),
        wrong(
            "8 kernels and 8 biases.",
            "That has one kernel for each channel, which is what a single filter needs. There are "
            "4 filters.",
        ),
    ),
    (
        "Which 1×1 filter, with weights for red, green and blue, answers to a red saucer and "
        "hardly to a white cup?",
        wrong(
            "(1, 0, 0)",
            "That is the red channel itself. White contains all the red there is, so the cup is "
            "even brighter than the saucer.",
        ),
        wrong(
            "(1/3, 1/3, 1/3)",
            "That is the mean, a grey picture. White is brightest in it.",
        ),
        wrong(
            "(−1/2, −1/2, 1)",
            "That one asks for blue: on the saucer it answers below 0.",
        ),
        right(
            "(1, −1/2, −1/2)",
            "On white, green and blue cancel the red, and 0 is left. On the saucer there is "
            "little of them to cancel it.",
        ),
    ),
    (
        "Two 3×3 convolutions without padding follow each other, with nothing between them. What "
        "can the pair compute that one convolution cannot?",
        right(
            "Nothing: a single 5×5 convolution gives the same numbers.",
            "A weighted sum of weighted sums is a weighted sum. Only a bend between the two, such "
            "as ReLU, makes the second layer worth having.",
        ),
        wrong(
            "It can find more complicated shapes.",
            "That is what depth is for, but only with an activation function in between. Without "
            "it the two collapse into one layer.",
        ),
        wrong(
            "It sees a larger part of the image than any single convolution.",
            "It sees 5×5 pixels, more than one 3×3 layer does. A single 5×5 layer sees as many.",
        ),
        wrong(
            "It gives numbers below zero.",
            "One convolution does that too, with negative weights.",
        ),
    ),
    (
        "What does a 1×1 convolution do to an input of 64 channels?",
        wrong(
            "It multiplies every number by the same weight.",
            "With one channel and one filter it would. Each filter here has 64 weights, one for "
            "each channel.",
        ),
        wrong(
            "It makes the image smaller.",
            "Height and width stay, because a kernel of 1 fits at every pixel. The number of "
            "channels can become smaller.",
        ),
        wrong(
            "It mixes each pixel with its neighbours.",
            "A kernel of 1×1 covers a single pixel. It takes at least 2 pixels to see a neighbour.",
        ),
        right(
            "It mixes the channels of each pixel: a small matrix product at every place.",
            "Every filter gives a weighted sum of the 64 numbers of a pixel, the same at every "
            "pixel.",
        ),
    ),
    (
        "Why is a convolution by im2col faster than the plain loops?",
        wrong(
            "It needs fewer multiplications.",
            "It makes exactly as many. The windows overlap, and each is still multiplied in full.",
        ),
        right(
            "It does the same multiplications in long, regular runs.",
            "The work of Python's loops around each product is gone. The price is memory: about "
            "K² times the image at stride 1.",
        ),
        wrong(
            "It needs less memory.",
            "It needs more: each pixel is written down once for every window that it lies in.",
        ),
        wrong(
            "It leaves out the products with zeros of the padding.",
            "The zeros are written into the matrix like any other number, and multiplied too.",
        ),
    ),
)
