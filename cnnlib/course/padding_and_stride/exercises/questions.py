"""The quiz of chapter 03."""

from cnnlib.course.judge.quiz import Quiz, right, wrong

quiz = Quiz(
    "ex.quiz",
    (
        "A 3×3 kernel slides over a picture at stride 1. With which padding does every pixel lie "
        "under equally many windows?",
        wrong(
            "0: no invented pixels, so no pixel is favoured",
            "Without padding a corner lies under a single window, and a pixel in the middle under "
            "9.",
        ),
        wrong(
            "1: that is same padding, which treats all pixels the same",
            "It keeps the size the same. A corner lies under 4 windows, an edge under 6, the "
            "interior under 9.",
        ),
        right(
            "2: the window must go so far out that its last weight meets the first pixel",
            "Full padding, K − 1. Now each pixel lies under each of the nine weights once.",
        ),
        wrong(
            "None: a border can never be made fair",
            "It can, at a price: with enough padding every pixel is read 9 times, but the map "
            "grows.",
        ),
    ),
    (
        "A map of 12×12 meets a 3×3 kernel at stride 2, without padding. (12 − 3)/2 is 4.5. What "
        "happens?",
        wrong(
            "An error: the division must come out whole",
            "Many slides demand it, and it is a good habit to look. But frameworks round down, and "
            "so does `cnnlib`.",
        ),
        right(
            "The output is 5×5, and the last row and the last column of the input are never read",
            "Rounded down there are 4 whole steps, so 5 stops. The last window ends in row 10, and "
            "nothing says that row 11 is lost.",
        ),
        wrong(
            "The output is 6×6: the last window sticks out and reads zeros",
            "That would be rounding up. A window that does not fit in whole is not computed.",
        ),
        wrong(
            "The output is 5×5, made of windows that are stretched a little to cover everything",
            "The size is right, but a window never changes its size or its step. What is left over "
            "stays unread.",
        ),
    ),
    (
        "A layer with a 5×5 kernel and padding 2 gets a map of 32×32. Its stride is 2. How large "
        "is the output?",
        right(
            "16×16",
            "32 + 4 − 5 = 31, that is 15 whole steps of 2, so 16 stops. The padding is called "
            "same, but it keeps the size at stride 1 only.",
        ),
        wrong(
            "32×32: padding 2 is same padding for a 5×5 kernel",
            "It is, at stride 1. At stride 2 the window stops half as often.",
        ),
        wrong(
            "14×14",
            "That is the output without padding: (32 − 5)/2 is 13.5, rounded down, plus 1.",
        ),
        wrong(
            "15×15",
            "These are the steps. There is one stop more than there are steps.",
        ),
    ),
    (
        "Why do nearly all kernels have an odd size?",
        wrong(
            "An even kernel cannot be slid over a picture",
            "It can: the 2×2 kernel of this notebook does nothing else.",
        ),
        wrong(
            "Odd kernels have fewer weights",
            "A 3×3 kernel has more weights than a 2×2. The number of weights does not decide it.",
        ),
        wrong(
            "The formula for the output size gives a whole number for odd kernels only",
            "At stride 1 there is no division in it, and at larger strides the remainder depends "
            "on the input too.",
        ),
        right(
            "They have a centre pixel, so equal padding on both sides can keep the size",
            "An even kernel would need half a pixel on each side. With all of it on one side, the "
            "picture moves.",
        ),
    ),
    (
        "At stride 1, a map holds `[[3, 8, 1], [4, 9, 2], [7, 5, 6]]`. A book prints "
        "`[[3, 1], [7, 11]]` for the same input and kernel at stride 2. What do you say?",
        wrong(
            "It may be right: at stride 2 the windows hold other pixels",
            "They are some of the same windows. Stride leaves windows out, and makes no new ones.",
        ),
        right(
            "It is wrong, and that can be seen without the input: 11 is not in the first map",
            "A strided map holds every second row and column of the map at stride 1: "
            "`[[3, 1], [7, 6]]`.",
        ),
        wrong(
            "Without the kernel nobody can say",
            "The first map is enough. Its cells `[::2, ::2]` are the whole answer.",
        ),
    ),
    (
        "Three layers of 3×3 stand against one of 7×7, each with C channels in and out. Which "
        "sentence is true?",
        wrong(
            "Both can compute exactly the same",
            "They see the same 49 pixels. But 27 numbers cannot set 49 weights freely, and the "
            "stack weighs the centre most.",
        ),
        wrong(
            "The stack sees 9×9 pixels, since three times three is nine",
            "Neighbouring windows overlap. Each layer adds K − 1 = 2 pixels: 3, 5, 7.",
        ),
        right(
            "Both see 7×7 pixels, and the stack has 27C² weights instead of 49C²",
            "About 55% of the weights for the same view, with room for two more activation "
            "functions.",
        ),
        wrong(
            "The stack has more weights, because it has more layers",
            "Three times 9 is 27, and 7 times 7 is 49. The area of a kernel grows faster than its "
            "side.",
        ),
    ),
)
