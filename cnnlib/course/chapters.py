"""The one list of the course's chapters. Everything else about them derives from it.

A chapter has one name, its slug: the notebook is called after it, and so is its room, the package
beside this file, which holds what belongs to the chapter alone:

- ``exercises.py`` (or a package of that name): its exercises and its quiz,
- ``figures.py`` (or a package of that name): the figures that no other chapter draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

__all__ = ["CHAPTERS", "Chapter", "chapter_of"]


@dataclass(frozen=True)
class Chapter:
    """A chapter of the course.

    Attributes
    ----------
    number : int
    slug : str
        Its name in code and in files.
    title : str
    goal : str
        What a reader can do after it; README says "After it you can …".
    """

    number: int
    slug: str
    title: str
    goal: str

    @property
    def heading(self) -> str:
        """Number and title, as the notebook begins: "02 Convolution"."""
        return f"{self.number:02} {self.title}"

    @property
    def notebook(self) -> str:
        """The name of the notebook, without its ending: "02_convolution"."""
        return f"{self.number:02}_{self.slug}"

    @property
    def room(self) -> str:
        """The name of the package that belongs to the chapter."""
        return f"{__package__}.{self.slug}"

    def exercises(self) -> ModuleType:
        """Import the exercises of the chapter, which notebooks call ``ex``."""
        return import_module(f"{self.room}.exercises")


CHAPTERS = (
    Chapter(0, "start_here", "Start here", "find your way, and read a line of NumPy"),
    Chapter(
        1, "pixels_and_channels", "Pixels and channels", "read a photograph as a block of numbers"
    ),
    Chapter(2, "convolution", "Convolution", "slide a kernel by hand, in code, and over a cat"),
    Chapter(
        3,
        "padding_and_stride",
        "Padding and stride",
        "say how large the output is, and which pixels are never seen",
    ),
    Chapter(
        4,
        "multichannel_filters",
        "Multi-channel filters",
        "count a layer's parameters, and turn loops into one matrix product",
    ),
    Chapter(5, "pooling", "Pooling", "shrink a map, and say what that costs"),
    Chapter(
        6,
        "flatten_and_fully_connected",
        "Flatten and fully connected",
        "go from maps to probabilities to one number: the loss",
    ),
    Chapter(
        7,
        "backpropagation",
        "Backpropagation",
        "derive every gradient of a network, convolution included, and check it",
    ),
    Chapter(
        8, "alexnet_sizing", "Sizing AlexNet", "work out every row of a famous network on paper"
    ),
    Chapter(9, "training_a_cnn", "Training a CNN", "train, judge and doubt a network of your own"),
    Chapter(
        10,
        "inside_the_network",
        "Inside the network",
        "see what a network looks at and looks for, and fool it",
    ),
    Chapter(
        11,
        "lenet_to_resnet",
        "From LeNet to ResNet",
        "say what each famous network brought, and measure it small",
    ),
    Chapter(
        12,
        "beyond_numpy",
        "Beyond NumPy",
        "take a trained network to PyTorch, into a file, into a browser, and to many machines",
    ),
)


def chapter_of(module: str) -> Chapter:
    """Return the chapter whose room holds a module, given the module's ``__name__``.

    Raises
    ------
    ValueError
        If no room holds it.

    Examples
    --------
    >>> chapter_of("cnnlib.course.pooling.exercises").heading
    '05 Pooling'
    """
    for chapter in CHAPTERS:
        if f"{module}.".startswith(f"{chapter.room}."):
            return chapter
    raise ValueError(
        f"chapter_of: {module} is in no chapter's room. The rooms are "
        f"{', '.join(chapter.room for chapter in CHAPTERS)}."
    )
