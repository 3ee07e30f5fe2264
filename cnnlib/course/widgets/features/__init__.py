"""The feature-map browser: any channel of any layer, and the place in the picture that it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import traitlets
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.drawing.theme import diverging_colours
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.layers import LayerOutput, axis_window, outputs
from cnnlib.course.widgets.kit.maps import draw_maps
from cnnlib.course.widgets.kit.numbers import integer_within
from cnnlib.course.widgets.kit.subject import Networks, Subject, packed_pixels, shown
from cnnlib.types import Array

__all__ = ["FeatureMapBrowser"]

TILES = 16  # maps in the stored picture


class FeatureMapBrowser(Widget):
    """Step through the layers and channels of a network, and see what each makes of a picture.

    Beside a map stand its shape, how much of the picture each of its places sees, and, marked in
    the picture, what the place with the largest value sees. The kernel keeps what all layers made
    of the picture, so that a step costs next to nothing.

    Parameters
    ----------
    networks : Subject or mapping from str to Subject
        What `widgets.subject` returns; several, under names, can be chosen from.
    network, picture : str, optional
        What to begin with; the first unless given.
    layer : int or str
        A layer of `layers` by its number, or by its path, such as ``"6.main.3"``.
    channel : int

    Raises
    ------
    TypeError, ValueError
        If there is no such thing.

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> from cnnlib.course import widgets
    >>> subject = widgets.subject(course_cnn(np.random.default_rng(0)), {"a line": np.eye(28)})
    >>> browser = FeatureMapBrowser(subject, layer=2, channel=5)
    >>> browser
    FeatureMapBrowser(a line, layer 2 MaxPool2d(2), channel 5 of 16: map 12×12, sees 6×6)
    >>> browser.map.shape
    (12, 12)
    """

    needs_kernel = True
    _esm = script("features/widget.js")
    _css = styles("features/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"diverging": diverging_colours()}

    given = traitlets.Any().tag(sync=True)
    input = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        networks: Subject | Mapping[str, Subject],
        *,
        network: str | None = None,
        picture: str | None = None,
        layer: int | str = 0,
        channel: int = 0,
    ) -> None:
        self._networks = Networks(type(self).__name__, networks)
        self._kept: tuple[tuple[str, str], list[LayerOutput]] = (("", ""), [])
        # What the layers are called, and their sizes; the numbers would take up much memory.
        self._layers = {
            name: [_without_numbers(made) for made in self._run(name, one.pictures[0])]
            for name, one in self._networks.subjects.items()
        }
        first, shown_first = self._networks.first(network, picture)
        super().__init__(network=first, picture=shown_first, layer=layer, channel=channel)
        self.given = [
            {**told, "layers": [_told(one) for one in self._layers[told["name"]]]}
            for told in self._networks.told()
        ]
        self.observe(lambda change: self._reply(), "settings")
        self._reply()

    network = setting("network", "Which of the networks is looked into.")
    picture = setting("picture", "Which of its pictures it looks at.")
    layer = setting("layer", "The number of the layer among `layers`.")
    channel = setting("channel", "The number of the map among the layer's.")

    @property
    def layers(self) -> list[str]:
        """The layers of the network, as a summary names them."""
        return [one.name for one in self._layers[self.network]]

    @property
    def values(self) -> Array:
        """What the layer made of the picture: maps (C, H, W) or values (F,)."""
        return self._made().values

    @property
    def map(self) -> Array:
        """The map that is shown, (H, W); one number where the layer makes values."""
        return np.atleast_2d(self.values[self.channel])

    @property
    def strongest(self) -> tuple[int, int]:
        """Row and column of the largest value of the map."""
        row, column = np.unravel_index(int(self.map.argmax()), self.map.shape)
        return int(row), int(column)

    @property
    def window(self) -> tuple[int, int, int, int]:
        """What the strongest place sees of the picture: row, column, height, width.

        What lies beyond the edge is left out. Behind `Flatten` it is the whole picture.
        """
        return self._window(self.strongest)

    def _window(self, place: tuple[int, int]) -> tuple[int, int, int, int]:
        height, width = self._subject.shape[1:]
        view = self._made().view
        if view is None:
            return 0, 0, height, width
        row, rows = axis_window(view[0], place[0], height)
        column, columns = axis_window(view[1], place[1], width)
        return row, column, rows, columns

    @property
    def _subject(self) -> Subject:
        return self._networks.subjects[self.network]

    def _made(self) -> LayerOutput:
        return self._run(self.network, self.picture)[self.layer]

    def _run(self, network: str, picture: str) -> list[LayerOutput]:
        """Return what all layers made of a picture; it is kept until another one is asked for."""
        if self._kept[0] != (network, picture):
            one = self._networks.subjects[network]
            with one.at_work:
                made = outputs(one.model, one.input(one.pixels(picture)))
            self._kept = (network, picture), made
        return self._kept[1]

    def _reply(self) -> None:
        """Tell the browser what it has asked for."""
        of = dict(self.settings)
        values = self.values
        with self.hold_sync():
            if self.input.get("of") != [self.network, self.picture]:
                pixels = packed_pixels(self._subject.pixels(self.picture))
                self.input = {"of": [self.network, self.picture], **pixels}
            self.answer = {
                "of": of,
                "map": self.map.astype(np.float32).tobytes(),
                "peaks": values.reshape(len(values), -1).max(axis=1).astype(np.float32).tobytes(),
            }

    def _checked(self, network: object, picture: object, layer: object, channel: object) -> Any:
        op = type(self).__name__
        network, picture, _ = self._networks.checked(network, picture)
        layers = self._layers[network]
        if isinstance(layer, str):
            paths = [one.path for one in layers]
            if layer not in paths:
                raise ValueError(
                    f"{op}: layer {layer[:40]!r} is none of the paths of {network!r}, which are "
                    f"{', '.join(paths[:4])} and so on to {paths[-1]}. Look at widget.layers."
                )
            layer = paths.index(layer)
        layer = integer_within(op, "layer", layer, 0, len(layers) - 1)
        count = len(layers[layer].values)
        where = f"; layer {layers[layer].name} has so many channels"
        channel = checks.integer(op, "channel", channel, 0)
        integer_within(op, "channel", channel, 0, count - 1, where)
        return {"network": network, "picture": picture, "layer": layer, "channel": channel}

    def _picture(self) -> tuple[Figure, str]:
        one, made, window = self._subject, self._made(), self.window
        fig, (left, middle, right) = drawing.new(ncols=3, width=11, height=4)
        image = shown(one.pixels(self.picture), one.white)
        drawing.image(image, left, highlight=[window], title=f"{self.picture}, {_by(image)}")
        draw_maps(self.map[None], middle, f"channel {self.channel}, {_by(self.map)}")
        maps = made.values[:TILES].reshape(len(made.values[:TILES]), -1)
        draw_maps(
            made.values[:TILES] if made.values.ndim == 3 else maps[:, :, None],
            right,
            f"channels 0 to {len(maps) - 1} of {len(made.values)}",
        )
        fig.suptitle(made.name)
        alt = (
            f"A feature-map browser: {self.picture}, layer {made.name}, channel {self.channel} of "
            f"{len(made.values)}. Each place of the map of {_by(self.map)} sees {self._sees()} of "
            "the picture. Marked in the picture is what its strongest place sees."
        )
        return fig, alt

    def _sees(self) -> str:
        view = self._made().view
        return "all" if view is None else f"{view[0].field}×{view[1].field}"

    def __repr__(self) -> str:
        made = self._made()
        return (
            f"{type(self).__name__}({self.picture}, layer {made.name}, channel {self.channel} of "
            f"{len(made.values)}: map {_by(self.map)}, sees {self._sees()})"
        )


def _without_numbers(made: LayerOutput) -> LayerOutput:
    return replace(made, values=np.broadcast_to(np.float32(0), made.values.shape))


def _told(made: LayerOutput) -> dict[str, Any]:
    view = made.view and [[axis.start, axis.jump, axis.field] for axis in made.view]
    return {"name": made.name, "shape": list(made.values.shape), "view": view}


def _by(image: Array) -> str:
    return f"{image.shape[0]}×{image.shape[1]}"
