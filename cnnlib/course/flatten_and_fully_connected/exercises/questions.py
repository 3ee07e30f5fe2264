"""The quiz of chapter 06."""

from cnnlib.course.judge.quiz import Quiz, right, wrong

quiz = Quiz(
    "ex.quiz",
    (
        "In 01, flattening did harm. Why is it safe after convolution and pooling?",
        wrong(
            "The maps are so small that neighbours no longer matter.",
            "Small helps with the number of weights. But 7×7 pixels of a raw image, flattened, "
            "would have lost their neighbours just the same.",
        ),
        wrong(
            "The dense layer learns which numbers were neighbours.",
            "It may learn large weights, but it is never told who stood beside whom: shuffle the "
            "row once, in the same way for every image, and it learns equally well.",
        ),
        right(
            "Each value already says what was found in its neighbourhood.",
            "The filters have compared the neighbours already. What is left to do is to weigh what "
            "they found, and a weighted sum can do that in any fixed order.",
        ),
        wrong(
            "ReLU has removed everything that depends on the order.",
            "ReLU treats each number alone. It makes negative ones 0 and changes nothing about "
            "the order.",
        ),
    ),
    (
        "All ten scores of a network are multiplied by 3. What happens to its answer?",
        wrong(
            "Nothing at all: only differences between scores count.",
            "That holds when the same number is added to every score. Multiplying by 3 makes the "
            "differences three times as large.",
        ),
        right(
            "The same class wins, with a larger probability.",
            "The order of the scores stays, so the winner stays. Larger differences make the "
            "softmax more certain, though the network knows no more than before.",
        ),
        wrong(
            "Every probability is multiplied by 3.",
            "Then they would add up to 3. Softmax divides by the sum, so they always add up to 1.",
        ),
        wrong(
            "Another class may win, since exponentials grow so fast.",
            "They grow fast, but always in the same order: the largest score has the largest "
            "exponential, whatever positive factor it is multiplied by.",
        ),
    ),
    (
        "A network for digits is shown a photograph of a cat. Softmax gives the class 3 a "
        "probability of 0.97. What does this tell you?",
        right(
            "That the score of the 3 lies far above the other nine scores.",
            "Softmax only compares the ten scores with each other. They must share out 1 among "
            "them, even where none of the ten fits.",
        ),
        wrong(
            "That the network is right in 97 of 100 such cases.",
            "That would have to be counted on pictures with known answers. The number comes from "
            "ten scores alone, and here no answer is right at all.",
        ),
        wrong(
            "That 97% of the cat looks like a 3.",
            "It only looks more like a 3 than like the other nine digits. There is no class for "
            "“none of these”, so the ten share out the whole 1.",
        ),
        wrong(
            "That softmax was computed wrongly, or else all ten would be near 0.",
            "All ten cannot be near 0, since they add up to 1. The number is computed correctly; "
            "it answers another question.",
        ),
    ),
    (
        "A model ends in a softmax layer, and its output goes into `F.cross_entropy`. What do you "
        "notice?",
        wrong(
            "An error: `F.cross_entropy` refuses probabilities.",
            "It cannot know. Probabilities are floats of the same shape as scores, so nothing "
            "looks wrong about them.",
        ),
        wrong(
            "Nothing: softmax of probabilities gives the same probabilities.",
            "It does not. From 0, 0 and 1 it makes about 0.21, 0.21 and 0.58, since only their "
            "small differences count.",
        ),
        wrong(
            "The loss becomes `nan`, because two exponentials overflow.",
            "Probabilities lie between 0 and 1, so the second exponential is at most e. Nothing "
            "overflows.",
        ),
        right(
            "No error, but the loss stays well above 0 even for perfect answers.",
            "A softmax is inside `F.cross_entropy`, so it is applied twice. Among three classes a "
            "perfect answer still costs 0.55. Hand it the scores.",
        ),
    ),
    (
        "A new network for ten classes has a first loss of 40. What is the most likely reason?",
        wrong(
            "None is needed: it has not learned anything yet.",
            "A network without an opinion has the loss ln 10 = 2.303. At 40 it is very sure of "
            "wrong answers.",
        ),
        right(
            "Its scores are far too large: perhaps the pixels were not divided by 255.",
            "Large scores make the softmax very sure of an answer that is mostly wrong, and that "
            "is what cross-entropy punishes most.",
        ),
        wrong(
            "The learning rate is too high.",
            "The first loss is measured before the first step, so the learning rate has not acted "
            "yet. It would be the suspect if the loss rose later.",
        ),
        wrong(
            "There are too few training digits.",
            "That shows later, as a gap between training and validation. The first loss hardly "
            "depends on how many digits there are.",
        ),
    ),
    (
        "A dense layer from 28×28 pixels to ten scores is rewritten as a convolution with ten "
        "28×28 kernels. It gets one grey image of 30×40 pixels. What comes out?",
        wrong(
            "An error, since a dense layer accepts one size only.",
            "The dense layer would refuse. As a convolution, the same weights slide over any "
            "image that is at least 28×28.",
        ),
        wrong(
            "Ten scores, as before.",
            "That is what comes out for 28×28, where the kernel fits in one place only. Here it "
            "fits in more.",
        ),
        right(
            "Ten maps of 3×13.",
            "The kernel fits at 30 − 28 + 1 = 3 heights and 40 − 28 + 1 = 13 widths. At each place "
            "the ten scores are those of the dense layer for that window.",
        ),
        wrong(
            "Ten maps of 30×40.",
            "That would need padding. Without it, a 28×28 kernel fits at 3 · 13 places only.",
        ),
    ),
)
